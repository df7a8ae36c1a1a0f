"""Ask the kernel: run one goal's sentences in a session and accept nothing but its word.

A verdict exists only when Coq accepted ``Qed`` and ``Print Assumptions`` named nothing
outside a short allow-list of primitive-integer operations.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from pxl.certificates.sentences import QUERY, Script, right_script
from pxl.errors import CoqRejected, KernelDisagreement, ProverProtocolError
from pxl.prover.pool import Pool
from pxl.prover.session import CLOSED, Session

# What `unpack` (Words.v) computes with; it carries a certificate to the checker, and no theorem
# of the kernel rests on it.
ALLOWED_PRIMITIVES = frozenset({
    "PrimInt63.int", "PrimInt63.add", "PrimInt63.land", "PrimInt63.lsr", "PrimInt63.ltb",
    "array", "array_get", "array_length",
})

_RESOURCE = re.compile(r"Stack overflow|Out of memory|Timeout!", re.IGNORECASE)


class KernelLimit(Exception):
    """Coq ran out of stack or memory on a certificate: a stated limit, not a verdict."""


@dataclass(frozen=True)
class Checked:
    """The kernel accepted: by which engine and session, and how long it took, in seconds."""

    engine: str
    generation: int
    assumptions: str
    kernel_s: float


class Lease(Protocol):
    """A place at the kernel: one session, for one goal."""

    def check(self, script: Script, deadline: float) -> Checked: ...

    def kill(self) -> None: ...


class Kernel(Protocol):
    """What the decider needs of the kernel."""

    def lease(self, deadline: float) -> AbstractContextManager[Lease]: ...


class Checker:
    """Checks scripts with the sessions of a pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @contextmanager
    def lease(self, deadline: float) -> Iterator[Lease]:
        """Hold a session. Raises :class:`PoolBusy` and :class:`ProverError` as the pool does."""
        with self._pool.lease(deadline) as session:
            yield SessionLease(session)

    def check(self, script: Script, deadline: float) -> Checked:
        """Have Coq accept a script in whatever session is free; see :meth:`SessionLease.check`."""
        with self.lease(deadline) as lease:
            return lease.check(script, deadline)


class SessionLease:
    """Checks scripts in one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def kill(self) -> None:
        """Kill the session, from any thread; a check in it then raises ProverCrashed."""
        self._session.kill()

    def check(self, script: Script, deadline: float) -> Checked:
        """Have Coq accept the script, or raise.

        Raises :class:`KernelDisagreement` when Coq refuses a sentence or the theorem rests on
        something it must not, :class:`KernelLimit` when Coq ran out of stack or memory,
        :class:`ProverError` when the session fails. A refusal is believed of a session that
        still accepts what is right; any other is closed.
        """
        began = time.monotonic()
        try:
            answer = self._session.run(script.sentences, QUERY, deadline)
        except CoqRejected as refusal:
            if _RESOURCE.search(refusal.detail):
                raise KernelLimit(refusal.detail) from refusal
            self._must_accept_what_is_right(deadline)
            raise KernelDisagreement(f"Coq refused the certificate: {refusal.detail}") from refusal
        return Checked(self._session.engine, self._session.generation, _allowed(answer or ""),
                       time.monotonic() - began)

    def _must_accept_what_is_right(self, deadline: float) -> None:
        try:
            self._session.run(right_script().sentences, QUERY, deadline)
        except CoqRejected as refusal:
            self._session.close()
            raise ProverProtocolError(f"the session refuses what is right: {refusal.detail}") from refusal


def _allowed(answer: str) -> str:
    """Return the answer of ``Print Assumptions`` when every name in it is allowed.

    >>> _allowed("Closed under the global context")
    'Closed under the global context'
    >>> _allowed("Axioms:\\ncheat : False")
    Traceback (most recent call last):
    pxl.errors.KernelDisagreement: the theorem rests on cheat
    """
    text = answer.strip()
    if text == CLOSED:
        return CLOSED
    lines = text.splitlines()
    if not lines or lines[0].strip() != "Axioms:" or len(lines) < 2:
        raise KernelDisagreement("Coq did not say what the theorem rests on")
    names = [line.split()[0] for line in lines[1:] if line[:1].strip()]
    foreign = [name for name in names if name not in ALLOWED_PRIMITIVES]
    if foreign or not names:
        raise KernelDisagreement(f"the theorem rests on {', '.join(foreign) or 'something unnamed'}")
    return f"primitive integers and arrays ({len(names)} operations, transport only)"
