"""Keeps definite verdicts for a while, under keys that only equal questions share."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cachetools import TTLCache

from pxl.overlays.contract import Question
from pxl.verdict.outcome import UNKNOWN, Outcome

UNIT_BYTES = 64 * 1024      # a verdict takes one place for each begun unit of its size

Hit = Literal["exact", "prefetch"]


def question_key(kernel_hash: str, library_hash: str, overlay: str, key: str) -> bytes:
    """Return the key of a question everywhere: SHA-256 over kernel, library, overlay, and its key in the overlay.

    Each part is preceded by its length, so that no two questions share a string.
    """
    digest = hashlib.sha256()
    for part in (kernel_hash, library_hash, overlay, key):
        data = part.encode()
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.digest()


def key_maker(kernel_hash: str, library_hash: Callable[[str], str]) -> Callable[[Question], bytes]:
    """Return what makes the keys of questions; ``library_hash`` gives the hash of an overlay's Coq library."""
    return lambda question: question_key(kernel_hash, library_hash(question.overlay), question.overlay, question.key)


@dataclass(frozen=True)
class CacheStats:
    """Counts since the start, and what is held now. ``places`` is what ``size`` is bounded by."""

    size: int
    places: int
    max_places: int
    exact_hits: int
    prefetch_hits: int
    misses: int
    evictions: int = 0

    @property
    def hits(self) -> int:
        return self.exact_hits + self.prefetch_hits


@dataclass(frozen=True)
class _CacheEntry:
    outcome: Outcome
    asked_as: str
    places: int


class _Store(TTLCache[bytes, _CacheEntry]):
    """Counts what it drops for want of room; what expires is not among it."""

    evictions = 0

    def popitem(self) -> tuple[bytes, _CacheEntry]:
        item = super().popitem()
        self.evictions += 1
        return item


class ProofCache:
    """A bounded store of outcomes with a time to live, safe to share between threads.

    A hit is *exact* when the goal has the atoms of the goal that filled the entry, and *prefetch*
    when only the renamed form is the same. An outcome that is not definite is never kept.
    """

    def __init__(self, max_places: int = 1000, ttl_s: float = 300.0,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._kept = _Store(max_places, ttl_s, timer=clock, getsizeof=lambda kept: kept.places)
        self._exact = self._prefetch = self._misses = 0

    def get(self, key: bytes, goal_text: str, *, is_second_look: bool = False) -> tuple[Outcome, Hit] | None:
        """Return the outcome kept for a question and how it was hit; count either way.

        A miss at a second look for the same request is not counted again.
        """
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                self._misses += not is_second_look
                return None
            if kept.asked_as == goal_text:
                self._exact += 1
                return kept.outcome, "exact"
            self._prefetch += 1
            return kept.outcome, "prefetch"

    def put(self, key: bytes, goal_text: str, outcome: Outcome) -> bool:
        """Keep a definite outcome that fits; say whether it was kept."""
        if outcome.verdict == UNKNOWN:
            return False
        kept = _CacheEntry(outcome, goal_text, 1 + _weight(goal_text, outcome) // UNIT_BYTES)
        with self._lock:
            if kept.places > self._kept.maxsize:
                return False
            self._kept[key] = kept
        return True

    def stats(self) -> CacheStats:
        """Return the counts and the present size."""
        with self._lock:
            self._kept.expire()
            return CacheStats(len(self._kept), int(self._kept.currsize), int(self._kept.maxsize),
                              self._exact, self._prefetch, self._misses, self._kept.evictions)

    def clear(self) -> None:
        """Forget every verdict; the counts stay."""
        with self._lock:
            self._kept.clear()


def _weight(goal_text: str, outcome: Outcome) -> int:
    """Return about how many bytes an entry holds."""
    script = outcome.script
    return len(goal_text) + len(outcome.certificate) + (
        sum(map(len, script.sentences)) + len(script.statement) + len(script.certificate) if script else 0)
