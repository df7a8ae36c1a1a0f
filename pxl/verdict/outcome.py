"""What became of one question, with the kernel's word for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pxl.certificates.sentences import Script
from pxl.overlays.contract import Question
from pxl.verdict.cancel import Cancel
from pxl.verdict.checker import Checked

PROVED = "proved"
REFUTED = "refuted"
UNKNOWN = "unknown"

TIMEOUT = "timeout"      # the one reason that more time may mend
SIZE = "size"


@dataclass(frozen=True)
class Outcome:
    """A verdict on a question. Times in seconds.

    ``verdict`` is ``proved``, ``refuted`` or ``unknown``; only the last has a ``reason``
    (``timeout`` or ``size``) with its ``detail``, and only the others a ``certificate`` and the ``script`` that
    holds it. ``used`` are the positions of the assumptions that the search says a proof used.
    """

    verdict: str
    reason: str | None = None
    detail: str | None = None
    certificate: str = ""
    used: tuple[int, ...] | None = None
    script: Script | None = None
    checked: Checked | None = None
    search_s: float = 0.0
    kernel_s: float = 0.0
    queue_s: float = 0.0


class Decide(Protocol):
    """Decides a question before a moment of ``time.monotonic()``.

    Raises PoolBusy, ProverError, KernelDisagreement, and Cancelled once ``cancel`` is set; a deadline
    that runs out is an outcome (unknown, timeout), not an error. ``leased`` is called once a session is there and the
    work begins; what it raises ends the work.
    """

    def __call__(self, question: Question, deadline: float, cancel: Cancel | None = None,
                 leased: Callable[[], None] = ..., /) -> Outcome: ...
