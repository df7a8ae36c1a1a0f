"""Decide a renamed S5 formula: search for a certificate, then have the kernel accept it.

This is the only place that turns a certificate into a verdict, and it does so only on the
kernel's word.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from pxl.certificate import Countermodel, Proof
from pxl.checker import Checked, Kernel, KernelLimit
from pxl.errors import ProverCrashed, ProverTimeout
from pxl.formula import Formula
from pxl.render import Script, goal_script
from pxl.search import Budget, Exhausted, decide

Search = Callable[[Formula, float, Budget], Proof | Countermodel | Exhausted]


@dataclass(frozen=True)
class Outcome:
    """What became of one formula. Times in seconds.

    ``verdict`` is ``proved``, ``refuted`` or ``unknown``; only the last has a ``reason``
    (``timeout`` or ``size``) with its ``detail``, and only the others a ``script``.
    """

    verdict: str
    reason: str | None = None
    detail: str | None = None
    countermodel: Countermodel | None = None
    script: Script | None = None
    checked: Checked | None = None
    search_s: float = 0.0
    kernel_s: float = 0.0
    queue_s: float = 0.0


class Decider:
    """The search and the kernel, joined. ``search`` is untrusted and can be any function."""

    def __init__(self, kernel: Kernel, *, budget: Budget = Budget(),
                 max_certificate_bytes: int = 16 * 1024 * 1024, search: Search = decide) -> None:
        self._kernel, self._budget, self._search = kernel, budget, search
        self._max_certificate_bytes = max_certificate_bytes

    def __call__(self, formula: Formula, deadline: float) -> Outcome:
        """Decide the formula before the moment ``deadline``.

        Raises :class:`KernelDisagreement` when the kernel refuses what the search found,
        :class:`PoolBusy` when no session is free, :class:`ProverError` when sessions fail
        twice in a row.
        """
        began = time.monotonic()
        found = self._search(formula, deadline, self._budget)
        searched = time.monotonic()
        if isinstance(found, Exhausted):
            return Outcome("unknown", found.reason, found.detail, search_s=searched - began)
        script = goal_script(found, formula)
        if script.certificate_chars > self._max_certificate_bytes:
            return Outcome("unknown", "size", f"the certificate has {script.certificate_chars} bytes; the limit is "
                           f"{self._max_certificate_bytes}", search_s=searched - began)
        try:
            checked = self._check(script, deadline)
        except ProverTimeout:
            return Outcome("unknown", "timeout", "the kernel's check ran out of time",
                           search_s=searched - began, kernel_s=time.monotonic() - searched)
        except KernelLimit as limit:
            return Outcome("unknown", "size", f"the kernel's check is too large for its session: {limit}",
                           search_s=searched - began, kernel_s=time.monotonic() - searched)
        return Outcome("proved" if isinstance(found, Proof) else "refuted",
                       countermodel=None if isinstance(found, Proof) else found,
                       script=script, checked=checked, search_s=searched - began,
                       kernel_s=checked.kernel_s, queue_s=checked.queue_s)

    def _check(self, script: Script, deadline: float) -> Checked:
        try:
            return self._kernel.check(script, deadline)
        except ProverCrashed:
            # Whatever killed the session may have been meant for another: one fresh try.
            return self._kernel.check(script, deadline)
