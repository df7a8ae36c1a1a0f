"""Decide a question: search for a certificate, then have the kernel accept it.

This is the only place that turns a certificate into a verdict, and it does so only on the
kernel's word. The session is taken before the search begins: what bounds the sessions then
bounds the searches too, and a flood of hopeless goals waits in one queue.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable

from pxl.certificates.sentences import Script, must_be_digits
from pxl.errors import KernelDisagreement, ProverCrashed, ProverProtocolError, ProverTimeout, ShuttingDown
from pxl.overlays.contract import Question, SearchResult
from pxl.search.elimination import Budget, Exhausted
from pxl.search.sat import SearchExhausted
from pxl.verdict.cancel import Cancel
from pxl.verdict.checker import Checked, Kernel, KernelLimit, Lease
from pxl.verdict.outcome import PROVED, REFUTED, SIZE, TIMEOUT, UNKNOWN, Outcome


class Decider:
    """The search of a question's overlay and the kernel, joined. The search is untrusted."""

    def __init__(self, kernel: Kernel, *, max_certificate_bytes: int = 8 * 1024 * 1024) -> None:
        self._kernel = kernel
        self._max_certificate_bytes = max_certificate_bytes
        self._stopped = threading.Event()
        # A number takes a byte at least: a longer proof need not be written to be refused.
        self._budget = Budget(max_certificate_numbers=max_certificate_bytes)

    def stop(self) -> None:
        """Make every search, also those that run, end in :class:`ShuttingDown`."""
        self._stopped.set()

    def __call__(self, question: Question, deadline: float, cancel: Cancel | None = None,
                 leased: Callable[[], None] = lambda: None) -> Outcome:
        """Decide the question before the moment ``deadline``; call ``leased`` once a session is there.

        Raises :class:`KernelDisagreement` when the kernel refuses what the search found,
        :class:`PoolBusy` when no session is free, :class:`ProverError` when sessions fail
        twice in a row, :class:`ShuttingDown` once stopped, :class:`Cancelled` soon after ``cancel`` is
        set: a search then stops, and a check, which cannot be stopped, costs its session.
        """
        work, cancel = _Work(time.monotonic()), cancel or Cancel()
        try:
            with self._kernel.lease(deadline) as lease:
                work.leased()
                leased()
                found = self._search(question, deadline, cancel)
                try:
                    script = _script(question, found)
                except ValueError as bug:
                    raise KernelDisagreement(f"what the search found is no certificate: {bug}") from bug
                work.searched()
                try:
                    checked = self._check(lease, script, deadline, cancel)
                except (ProverCrashed, ProverProtocolError):
                    checked = None
            if checked is None:
                # Whatever broke the session may have nothing to do with this goal: one fresh try.
                with self._kernel.lease(deadline) as lease:
                    checked = self._check(lease, script, deadline, cancel)
        except SearchExhausted as limit:
            cancel.check()
            if self._stopped.is_set():
                raise ShuttingDown("the server shut down before the goal was settled", retry_after_s=5) from limit
            return work.unknown(limit.reason, limit.detail)
        except ProverTimeout:
            return work.unknown(TIMEOUT, "the kernel's check ran out of time")
        except KernelLimit as limit:
            return work.unknown(SIZE, f"the kernel's check needs more than its session has: {limit}")
        return work.settled(found, script, checked)

    def recheck(self, question: Question, found: SearchResult, deadline: float, cancel: Cancel | None = None,
                leased: Callable[[], None] = lambda: None) -> Outcome:
        """Have the kernel check what somebody else found.

        Raises ValueError when it cannot be a certificate, :class:`KernelDisagreement` when the kernel refuses it,
        :class:`KernelLimit`, :class:`PoolBusy`, :class:`ProverError`.
        """
        work, cancel = _Work(time.monotonic()), cancel or Cancel()
        with self._kernel.lease(deadline) as lease:
            work.leased()
            leased()
            script = _script(question, found)
            work.searched()
            return work.settled(found, script, self._check(lease, script, deadline, cancel))

    def _search(self, question: Question, deadline: float, cancel: Cancel) -> SearchResult:
        cancel.check()
        budget = dataclasses.replace(self._budget, is_stopped=lambda: cancel.is_set or self._stopped.is_set())
        found = question.search(deadline, budget)
        if isinstance(found, Exhausted):
            raise SearchExhausted(found.reason, found.detail)
        cancel.check()
        if len(found.certificate) > self._max_certificate_bytes:
            raise SearchExhausted(SIZE, f"the certificate has {len(found.certificate)} bytes; "
                                        f"the limit is {self._max_certificate_bytes}")
        return found

    @staticmethod
    def _check(lease: Lease, script: Script, deadline: float, cancel: Cancel) -> Checked:
        try:
            with cancel.watching(lease.kill):
                return lease.check(script, deadline)
        except (ProverCrashed, ProverProtocolError):
            cancel.check()      # the reason, if it was cancelled
            raise


def _script(question: Question, found: SearchResult) -> Script:
    """Write the sentences; whoever's overlay it is, nothing but digits is given to it as a certificate."""
    must_be_digits(found.certificate)
    return question.script(found.proved, found.certificate)


class _Work:
    """The clock of one decision."""

    def __init__(self, asked: float) -> None:
        self._asked = asked
        self._leased_at: float | None = None
        self._searched: float | None = None

    def leased(self) -> None:
        self._leased_at = time.monotonic()

    def searched(self) -> None:
        self._searched = time.monotonic()

    def _times(self) -> tuple[float, float, float]:
        """Return the seconds in the queue, of search and at the kernel."""
        now = time.monotonic()
        leased = self._leased_at or now
        searched = self._searched or now
        return leased - self._asked, searched - leased, now - searched

    def settled(self, found: SearchResult, script: Script, checked: Checked) -> Outcome:
        queue_s, search_s, kernel_s = self._times()
        return Outcome(PROVED if found.proved else REFUTED, certificate=found.certificate, used=found.used,
                       script=script, checked=checked, queue_s=queue_s, search_s=search_s, kernel_s=kernel_s)

    def unknown(self, reason: str, detail: str) -> Outcome:
        queue_s, search_s, kernel_s = self._times()
        return Outcome(UNKNOWN, reason, detail, queue_s=queue_s, search_s=search_s, kernel_s=kernel_s)
