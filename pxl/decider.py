"""Decide a renamed S5 formula: search for a certificate, then have the kernel accept it.

This is the only place that turns a certificate into a verdict, and it does so only on the
kernel's word. The session is taken before the search begins: what bounds the sessions then
bounds the searches too, and a flood of hopeless goals waits in one queue.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable

from pxl.cancel import Cancel
from pxl.certificate import Countermodel, Proof
from pxl.checker import Checked, Kernel, KernelLimit, Seat
from pxl.errors import ProverCrashed, ProverProtocolError, ProverTimeout, ShuttingDown
from pxl.formula import Formula
from pxl.outcome import PROVED, REFUTED, SIZE, TIMEOUT, UNKNOWN, Outcome
from pxl.render import Script, goal_script, script_of
from pxl.search import Budget, Exhausted, SearchExhausted, decide

Search = Callable[[Formula, float, Budget], Proof | Countermodel | Exhausted]


class Decider:
    """The search and the kernel, joined. ``search`` is untrusted and can be any function."""

    def __init__(self, kernel: Kernel, *, max_certificate_bytes: int = 8 * 1024 * 1024,
                 search: Search = decide) -> None:
        self._kernel, self._search = kernel, search
        self._max_certificate_bytes = max_certificate_bytes
        self._stopped = threading.Event()
        # A number takes a byte at least: a longer proof need not be written to be refused.
        self._budget = Budget(max_certificate_numbers=max_certificate_bytes)

    def stop(self) -> None:
        """Make every search, also those that run, end in :class:`ShuttingDown`."""
        self._stopped.set()

    def __call__(self, formula: Formula, deadline: float, cancel: Cancel | None = None) -> Outcome:
        """Decide the formula before the moment ``deadline``.

        Raises :class:`KernelDisagreement` when the kernel refuses what the search found,
        :class:`PoolBusy` when no session is free, :class:`ProverError` when sessions fail
        twice in a row, :class:`ShuttingDown` once stopped, :class:`Cancelled` soon after ``cancel`` is
        set: a search then stops, and a check, which cannot be stopped, costs its session.
        """
        work, cancel = _Work(time.monotonic()), cancel or Cancel()
        budget = dataclasses.replace(self._budget, is_stopped=lambda: cancel.is_set or self._stopped.is_set())
        try:
            with self._kernel.seat(deadline) as seat:
                work.seated()
                cancel.check()
                found = self._search(formula, deadline, budget)
                if isinstance(found, Exhausted):
                    raise SearchExhausted(found.reason, found.detail)
                script = self._script(found, formula, deadline, cancel)
                work.searched()
                checked = self._check(seat, script, deadline, cancel)
            if checked is None:
                # Whatever broke the session may have nothing to do with this goal: one fresh try.
                cancel.check()
                with self._kernel.seat(deadline) as seat, cancel.watching(seat.kill):
                    checked = seat.check(script, deadline)
        except (ProverCrashed, ProverProtocolError):
            cancel.check()      # the reason, if it was cancelled
            raise
        except SearchExhausted as limit:
            cancel.check()
            if self._stopped.is_set():
                raise ShuttingDown("the server shut down before the goal was settled", retry_after_s=5) from limit
            return work.unknown(limit.reason, limit.detail)
        except ProverTimeout:
            return work.unknown(TIMEOUT, "the kernel's check ran out of time")
        except KernelLimit as limit:
            return work.unknown(SIZE, f"the kernel's check needs more than its session has: {limit}")
        is_proof = isinstance(found, Proof)
        return Outcome(PROVED if is_proof else REFUTED, countermodel=None if is_proof else found,
                       script=script, checked=checked, **work.times())

    def recheck(self, formula: Formula, found: str | Countermodel, deadline: float,
                cancel: Cancel | None = None) -> Outcome:
        """Have the kernel check what somebody else found: the text of a proof, or a countermodel.

        Raises :class:`KernelDisagreement` when the kernel refuses it, :class:`KernelLimit`, :class:`PoolBusy`,
        :class:`ProverError`.
        """
        work, cancel = _Work(time.monotonic()), cancel or Cancel()
        with self._kernel.seat(deadline) as seat:
            work.seated()
            is_proof = isinstance(found, str)
            script = script_of(formula, True, found) if is_proof else goal_script(found, formula)
            work.searched()
            try:
                with cancel.watching(seat.kill):
                    checked = seat.check(script, deadline)
            except (ProverCrashed, ProverProtocolError):
                cancel.check()      # the reason, if it was cancelled
                raise
        return Outcome(PROVED if is_proof else REFUTED, countermodel=None if is_proof else found,
                       script=script, checked=checked, **work.times())

    def _script(self, found: Proof | Countermodel, formula: Formula, deadline: float, cancel: Cancel) -> Script:
        def check_time() -> None:
            cancel.check()
            if time.monotonic() >= deadline:
                raise SearchExhausted(TIMEOUT, "writing the certificate ran out of time")

        script = goal_script(found, formula, check_time)
        if script.certificate_chars > self._max_certificate_bytes:
            raise SearchExhausted(SIZE, f"the certificate has {script.certificate_chars} bytes; "
                                        f"the limit is {self._max_certificate_bytes}")
        return script

    @staticmethod
    def _check(seat: Seat, script: Script, deadline: float, cancel: Cancel) -> Checked | None:
        try:
            with cancel.watching(seat.kill):
                return seat.check(script, deadline)
        except (ProverCrashed, ProverProtocolError):
            return None


class _Work:
    """The clock of one decision."""

    def __init__(self, asked: float) -> None:
        self._asked = asked
        self._seated: float | None = None
        self._searched: float | None = None

    def seated(self) -> None:
        self._seated = time.monotonic()

    def searched(self) -> None:
        self._searched = time.monotonic()

    def times(self) -> dict[str, float]:
        now = time.monotonic()
        seated = self._seated or now
        searched = self._searched or now
        return {"queue_s": seated - self._asked, "search_s": searched - seated, "kernel_s": now - searched}

    def unknown(self, reason: str, detail: str) -> Outcome:
        return Outcome(UNKNOWN, reason, detail, **self.times())
