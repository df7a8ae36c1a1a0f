"""Define what a session is: one live prover that runs sentences and always rolls them back."""

from __future__ import annotations

import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, Protocol

from pxl.errors import CoqRejected, ProverCrashed, ProverProtocolError, ProverTimeout
from pxl.prover.channel import Channel
from pxl.prover.sentence import is_sentence

_MESSAGE_MAX_CHARS = 4000

# What Coq prints about a theorem without assumptions.
CLOSED = "Closed under the global context"
_OUT_OF_MEMORY = "Out of memory"


class Session(Protocol):
    """One live prover. It belongs to one thread at a time; any thread may call ``kill``.

    ``engine`` is ``serapi`` (sertop) or ``coqidetop``. ``generation`` tells sessions apart
    for the life of a pool; ``uses`` counts calls of ``run``. ``death`` is None while the
    session can be used, else why not: ``timeout``, ``crash``, ``protocol`` or ``closed``.
    """

    @property
    def engine(self) -> str: ...
    @property
    def pid(self) -> int: ...
    @property
    def generation(self) -> int: ...
    @property
    def uses(self) -> int: ...
    @property
    def death(self) -> str | None: ...

    def warm(self, deadline: float) -> None:
        """Wait until the prover talks and has executed its preamble; a failure or a wrong verdict kills it."""

    def run(self, sentences: Sequence[str], query: str | None, deadline: float) -> str | None:
        """Execute the sentences above the base state, all or nothing, then the query.

        Each is one sentence; a definition inside an open proof is more than engines count on.
        Return what the query printed (None without a query). The session is back at its base
        state when this returns or raises :class:`CoqRejected`; any other error has killed it, and
        so has a refusal for want of memory, which a prover keeps and cannot do without.
        ``deadline`` is a moment of ``time.monotonic()``; after it comes :class:`ProverTimeout`.
        """

    def is_fit(self) -> bool:
        """Say whether an idle session can serve the next request: it lives, is silent, and is not stopped."""

    def rss_bytes(self) -> int:
        """Return its resident memory; 0 when it is gone or the system does not tell."""

    def kill(self) -> None:
        """Kill the prover from any thread; its owner, if it has one, sees it crash."""

    def close(self) -> None:
        """Kill the prover's process group and reap it; idempotent."""


class PipeSession(ABC):
    """What both engines share; an engine adds how to greet and how to transact."""

    engine: ClassVar[str]

    def __init__(self, channel: Channel, *, generation: int = 1, preamble: Sequence[str] = (),
                 accepted: Sequence[Sequence[str]] = (), refused: Sequence[str] = ()) -> None:
        self._channel = channel
        self._preamble = tuple(preamble)
        self._accepted = tuple(map(tuple, accepted))
        self._refused = tuple(refused)
        self.pid = channel.pid
        self.generation = generation
        self.uses = 0
        self.death: str | None = None
        self._close_lock = threading.Lock()

    def warm(self, deadline: float) -> None:
        """See :meth:`Session.warm`."""
        with self._dying_of_errors():
            self._greet(deadline)
            try:
                self._refuse_non_sentences(self._preamble)
                if self._preamble:
                    self._transact(self._preamble, True, deadline)
            except CoqRejected as refusal:
                raise ProverCrashed(f"Coq refused the session's preamble: {refusal.detail}",
                                    stderr_tail=self._channel.stderr_tail) from refusal
            for texts in self._accepted:
                self._refuse_non_sentences(texts)
                self._must_accept(texts, deadline)
            if self._refused:
                self._refuse_non_sentences(self._refused)
                self._must_refuse(self._refused, deadline)

    def _must_accept(self, texts: Sequence[str], deadline: float) -> None:
        try:
            self._transact(texts, False, deadline)
        except CoqRejected as refusal:
            raise self._broken(f"refuses a true theorem: {refusal.detail}") from refusal

    def _must_refuse(self, texts: Sequence[str], deadline: float) -> None:
        try:
            self._transact(texts, False, deadline)
        except CoqRejected:
            return
        raise self._broken("accepts a false theorem, so it proves nothing")

    def run(self, sentences: Sequence[str], query: str | None, deadline: float) -> str | None:
        """See :meth:`Session.run`.

        The query travels as a last sentence: it cannot answer unless all before it succeeded,
        and a failing goal is not executed a second time for its sake. A deadline that has
        passed before anything was asked costs the request, not the session.
        """
        if self.death is not None:
            raise ProverCrashed(f"the session is dead ({self.death})")
        texts = (*sentences, query) if query is not None else tuple(sentences)
        self._refuse_non_sentences(texts)
        if time.monotonic() >= deadline:
            raise ProverTimeout("no time was left to ask the prover")
        self.uses += 1
        if not texts:
            return None
        with self._dying_of_errors():
            printed = self._transact(texts, False, deadline)
        return "\n".join(printed) if query is not None else None

    @contextmanager
    def _dying_of_errors(self) -> Iterator[None]:
        """Kill the prover when anything but a refusal comes out; translate what is not ours."""
        try:
            yield
        except CoqRejected as refusal:
            if _OUT_OF_MEMORY in refusal.detail:
                self._die("memory")
            raise
        except (ValueError, LookupError, TypeError) as error:
            # Strict reading ends in these when an answer has not the shape that is due.
            self._die("protocol")
            raise self._broken(f"answered unreadably: {error}") from error
        except BaseException as error:
            self._die(_cause(error))
            raise

    def is_fit(self) -> bool:
        """See :meth:`Session.is_fit`."""
        return self.death is None and self._channel.quiet and not self._channel.stopped

    def rss_bytes(self) -> int:
        """See :meth:`Session.rss_bytes`."""
        if self.death is not None:
            return 0
        try:
            with open(f"/proc/{self.pid}/statm", "rb") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            return 0

    def kill(self) -> None:
        """See :meth:`Session.kill`."""
        self._channel.kill()

    def close(self) -> None:
        """See :meth:`Session.close`."""
        self._die("closed")

    @abstractmethod
    def _greet(self, deadline: float) -> None:
        """Wait until the prover answers."""

    @abstractmethod
    def _transact(self, texts: Sequence[str], keep: bool, deadline: float) -> list[str]:
        """Execute the sentences above the base state; return what the last one printed.

        With ``keep`` the state after them becomes the base state, else they are rolled back.
        Raise :class:`CoqRejected` only once the prover is known to be at its base state.
        """

    def _broken(self, what: str) -> ProverProtocolError:
        return ProverProtocolError(f"the prover {what}"[:_MESSAGE_MAX_CHARS],
                                   stderr_tail=self._channel.stderr_tail)

    def _die(self, cause: str) -> None:
        with self._close_lock:
            if self.death is None:
                self.death = cause
            self._channel.close()

    @staticmethod
    def _refuse_non_sentences(texts: Sequence[str]) -> None:
        for text in texts:
            if not is_sentence(text):
                raise CoqRejected(f"this is not one Coq sentence: {text[:80]!r}")


# Why a request is refused that Coq accepts and nobody wants as a proof (Axiom, Admitted).
ASSUMES = "a sentence assumes what it does not prove"


def rejection(message: str) -> CoqRejected:
    """Return the refusal that carries Coq's message, bounded."""
    return CoqRejected(message.strip()[:_MESSAGE_MAX_CHARS] or "Coq gave no reason")


def _cause(error: BaseException) -> str:
    if isinstance(error, ProverTimeout):
        return "timeout"
    return "protocol" if isinstance(error, ProverProtocolError) else "crash"
