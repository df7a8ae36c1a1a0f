"""Shares certificates between servers; each server's own kernel checks one before it is answered.

What is kept is untrusted, as what the search finds is. An entry that is refused is dropped, and the goal decided anew.
Where the store cannot be reached, goals are decided as if there were none.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pxl.certificates.certificate import are_digits
from pxl.errors import KernelDisagreement, ProverCrashed, ProverProtocolError, ProverTimeout, StoreUnavailable
from pxl.overlays.contract import Question, SearchResult
from pxl.replicas.link import RedisLink
from pxl.verdict.cancel import Cancel
from pxl.verdict.checker import KernelLimit
from pxl.verdict.outcome import PROVED, UNKNOWN, Outcome

log = logging.getLogger("pxl.cache")

MAX_CHARS = 256 * 1024

# A letter and a certificate, which must be digits, so that nothing else ever stands in a sentence for Coq.
_ENTRY = re.compile(rb"([PR])([0-o]+)")


@dataclass(frozen=True)
class SharedStats:
    """Counts since the start: entries the kernel accepted, goals without one, and entries refused."""

    hits: int
    misses: int
    refused: int


class CheckingDecide(Protocol):
    """Decides, or has the kernel check what somebody else found."""

    def __call__(self, question: Question, deadline: float, cancel: Cancel | None = None,
                 leased: Callable[[], None] = ...) -> Outcome: ...

    def recheck(self, question: Question, found: SearchResult, deadline: float, cancel: Cancel | None = None,
                leased: Callable[[], None] = ...) -> Outcome: ...


class SharedCache:
    """Keeps certificates in Redis for ``ttl_s`` seconds; never fails, only misses."""

    def __init__(self, link: RedisLink, ttl_s: float) -> None:
        self._link, self._ttl_ms = link, max(1, round(1000 * ttl_s))

    def get(self, key: bytes) -> bytes | None:
        """Return what is kept, whatever it is; None when nothing is, or nobody knows."""
        try:
            # One byte more than is legal: what is too long is seen to be, and never fetched whole.
            found = self._link.call(lambda client: client.getrange(_name(key), 0, MAX_CHARS + 1))
            return found if isinstance(found, bytes) and found else None
        except StoreUnavailable:
            return None

    def put(self, key: bytes, entry: bytes) -> None:
        """Keep an entry, if that is possible."""
        try:
            self._link.call(lambda client: client.set(_name(key), entry, px=self._ttl_ms))
        except StoreUnavailable:
            pass

    def drop(self, key: bytes) -> None:
        """Forget an entry, if that is possible."""
        try:
            self._link.call(lambda client: client.delete(_name(key)))
        except StoreUnavailable:
            pass


class SharedDecider:
    """Decides by a shared certificate that the kernel accepts, else anew, and then shares the new one.

    ``key_of`` returns the key that equal questions have on every server.
    """

    def __init__(self, decide: CheckingDecide, cache: SharedCache, key_of: Callable[[Question], bytes]) -> None:
        self._decide, self._cache, self._key_of = decide, cache, key_of
        self._lock = threading.Lock()
        self._stats = SharedStats(0, 0, 0)

    def stats(self) -> SharedStats:
        """Return the counts."""
        return self._stats

    def __call__(self, question: Question, deadline: float, cancel: Cancel | None = None,
                 leased: Callable[[], None] = lambda: None) -> Outcome:
        """Decide the question before the moment ``deadline``; raises what the decider raises."""
        key = self._key_of(question)
        entry = self._cache.get(key)
        outcome = None if entry is None else self._recheck(key, entry, question, deadline, cancel, leased)
        if outcome is not None:
            self._count(1, 0, 0)
            return outcome
        self._count(0, 1, 0)
        outcome = self._decide(question, deadline, cancel, leased)
        if outcome.verdict != UNKNOWN and 0 < len(outcome.certificate) <= MAX_CHARS:
            letter = b"P" if outcome.verdict == PROVED else b"R"
            self._cache.put(key, letter + outcome.certificate.encode("ascii"))
        return outcome

    def _recheck(self, key: bytes, entry: bytes, question: Question, deadline: float,
                 cancel: Cancel | None, leased: Callable[[], None]) -> Outcome | None:
        now = time.monotonic()
        try:
            found = read_entry(entry)
            # An entry may be made to take long: half of the time is left for the search.
            outcome = self._decide.recheck(question, found, now + (deadline - now) / 2, cancel, leased)
            if not found.proved and outcome.script:
                # Coq may accept what cannot be shown.
                question.explain(False, found.certificate, outcome.script, None)
            return outcome
        except (ValueError, AssertionError, KernelDisagreement, KernelLimit, ProverTimeout) as why:
            log.warning("a shared certificate was refused and is dropped: %s: %s", type(why).__name__,
                        ascii(str(why)[:300]))
            self._count(0, 0, 1)
            self._cache.drop(key)
        except (ProverCrashed, ProverProtocolError) as broken:
            log.warning("the session broke while it checked a shared certificate: %s", broken.detail)
        return None

    def _count(self, hit: int, miss: int, refused: int) -> None:
        with self._lock:
            old = self._stats
            self._stats = SharedStats(old.hits + hit, old.misses + miss, old.refused + refused)


def read_entry(entry: bytes) -> SearchResult:
    """Return what an entry claims; raises ValueError when it holds anything but a certificate's digits."""
    match = _ENTRY.fullmatch(entry) if len(entry) <= MAX_CHARS + 1 else None
    if match is None or not are_digits(match[2].decode("ascii")):
        raise ValueError("not a certificate")
    return SearchResult(match[1] == b"P", match[2].decode("ascii"))


def _name(key: bytes) -> str:
    return f"pxl:c:{key.hex()}"
