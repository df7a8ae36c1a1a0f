"""Knows whether the server can prove: by a recent success, or by trying.

A thread asks two small questions through the real pipeline, one to be proved and one to be
refuted, whenever there has been no kernel verdict for a while. Reading the state never waits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pxl.errors import PoolBusy, PxlError
from pxl.overlays.contract import Reading
from pxl.overlays.s5 import overlay as s5
from pxl.verdict.outcome import PROVED, REFUTED, Decide

log = logging.getLogger("pxl.health")

FRESH_S = 30.0          # a success older than this proves nothing
IDLE_S = 10.0           # with no success for this long, try
RETRY_S = 1.0           # after a failure, try again this soon
SATURATED_S = 5.0       # after finding every session busy
PROBE_TIMEOUT_S = 10.0

_QUESTIONS = (("BOX(p1 -> p1)", PROVED), ("p1 -> BOX(p1)", REFUTED))


class PoolStats(Protocol):
    """What health reads of the pool, in sessions and requests."""

    @property
    def total(self) -> int: ...
    @property
    def idle(self) -> int: ...
    @property
    def busy(self) -> int: ...
    @property
    def waiting(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def restarts(self) -> Mapping[str, int]: ...
    @property
    def sessions(self) -> Sequence[Any]: ...


@dataclass(frozen=True)
class Readiness:
    """Whether goals can be proved now, and if not, why; ``age_s`` is since the last success."""

    is_ready: bool
    reason: str | None
    age_s: float | None


class SelfProof:
    """Keeps the evidence that proofs work, fresh.

    ``decide`` is the pipeline below the cache; ``certified_at`` tells the moment of the last verdict that
    a client's goal got from the kernel. Saturation is no evidence of a fault: while every
    session works for somebody, the last word stands for ``grace_s`` longer.
    """

    def __init__(self, decide: Decide, certified_at: Callable[[], float | None], *, grace_s: float = 60.0,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._decide = decide
        self._certified_at = certified_at
        self._grace_s = grace_s
        self._clock = clock
        self._proved_at: float | None = None
        self._failure: tuple[float, str] | None = None
        self._is_saturated = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to try in the background."""
        self._thread = threading.Thread(target=self._watch, name="pxl-self-proof", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Try no more; a try under way goes on."""
        self._stop.set()

    def close(self) -> None:
        """Stop trying; wait for the thread."""
        self.stop()
        if self._thread is not None:
            self._thread.join(timeout=PROBE_TIMEOUT_S + 1)

    def readiness(self) -> Readiness:
        """Return the present state; never waits."""
        now, success, failure = self._clock(), self._last_success(), self._failure
        age = None if success is None else now - success
        if failure is not None and (success is None or failure[0] >= success):
            return Readiness(False, failure[1], age)
        if age is None:
            return Readiness(False, "no self-proof has finished yet", None)
        if age > FRESH_S + (self._grace_s if self._is_saturated else 0.0):
            return Readiness(False, f"nothing has been proved for {age:.0f} s", age)
        return Readiness(True, None, age)

    def probe(self) -> Readiness:
        """Ask both questions through the pipeline and remember how it went."""
        deadline, overlay = self._clock() + PROBE_TIMEOUT_S, s5.overlay()
        try:
            for goal, expected in _QUESTIONS:
                outcome = self._decide(overlay.read(Reading(goal)), deadline)
                if outcome.verdict != expected:
                    raise PxlError(f"the self-proof of {goal} gave {outcome.verdict}, not {expected}"
                                   + (f" ({outcome.detail})" if outcome.detail else ""))
        except PoolBusy:
            self._is_saturated = True
        except PxlError as error:
            self._fail(error.detail)
        else:
            self._is_saturated = False
            self._proved_at = self._clock()
        return self.readiness()

    def wait_s(self) -> float:
        """Return the seconds until the next try is due."""
        if self._failure is None and self._last_success() is None:
            return 0.0
        if not self.readiness().is_ready:
            return RETRY_S
        if self._is_saturated:
            return SATURATED_S
        success = self._last_success()
        return IDLE_S if success is None else max(RETRY_S, IDLE_S - (self._clock() - success))

    def _fail(self, detail: str) -> None:
        if self._failure is None or self._failure[1] != detail:
            log.error("self-proof failed: %s", detail)
        self._failure = (self._clock(), detail)

    def _last_success(self) -> float | None:
        moments = [at for at in (self._proved_at, self._certified_at()) if at is not None]
        return max(moments, default=None)

    def _watch(self) -> None:
        while not self._stop.wait(self.wait_s()):
            readiness = self.readiness()
            if readiness.is_ready and readiness.age_s is not None and readiness.age_s < IDLE_S - 0.5:
                continue
            try:
                self.probe()
            except Exception as error:      # a thread top: a bug must not end the watch
                log.exception("self-proof broke")
                self._fail(f"self-proof broke: {type(error).__name__}")
