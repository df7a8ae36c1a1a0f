"""What a decision procedure with a kernel behind it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pxl.formula import Formula

Verdict = Literal["proved", "refuted", "unknown"]

PROVED: Verdict = "proved"
REFUTED: Verdict = "refuted"
UNKNOWN: Verdict = "unknown"

TIMEOUT = "timeout"      # the one reason that more time may mend


@dataclass(frozen=True)
class Countermodel:
    """A finite universal model: the true atoms of each world, and the world where the goal is false."""

    worlds: tuple[frozenset[str], ...]
    designated: int = 0


@dataclass(frozen=True)
class Outcome:
    """A verdict on a renamed formula (atoms ``p1``, ``p2``, …), and what it stands on.

    ``reason`` (a code: ``timeout``, ``size``, …) and ``detail`` (a sentence) are there when the
    verdict is unknown. ``statement`` is the theorem as Coq knows it, ``certificate`` a
    self-contained ``.v`` file. Times in seconds.
    """

    verdict: Verdict
    reason: str | None = None
    detail: str | None = None
    countermodel: Countermodel | None = None
    statement: str | None = None
    certificate: str | None = None
    assumptions: str | None = None
    engine: str | None = None
    generation: int | None = None
    queue_s: float = 0.0
    search_s: float = 0.0
    kernel_s: float = 0.0

    @property
    def is_definite(self) -> bool:
        """Say whether the kernel accepted a theorem."""
        return self.verdict != UNKNOWN

    @property
    def needs_time(self) -> bool:
        """Say whether the same question with a later deadline may get a verdict."""
        return self.reason == TIMEOUT


# Decide a renamed formula before a moment of time.monotonic(); raises PoolBusy, ProverError,
# KernelDisagreement. A deadline that runs out is an outcome (unknown, timeout), not an error.
Decide = Callable[[Formula, float], Outcome]
