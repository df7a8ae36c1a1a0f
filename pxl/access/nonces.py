"""Remembers the nonces that were used, so that none is accepted twice."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Protocol

from pxl.errors import AuthError, NonceStoreFull

log = logging.getLogger("pxl.auth")

WINDOW_S = 60           # how far a timestamp may be from the server's clock, in either direction
# A timestamp from the end of the window ahead is valid for 2 × WINDOW_S; ten seconds more for what is in between.
RETENTION_S = 130
_SPARE_S = 5            # from a look at the clock to the claim that follows
_REMEMBERED_S = RETENTION_S - WINDOW_S - _SPARE_S      # from the second of a signature on


class NonceStore(Protocol):
    """Where used nonces are remembered for at least RETENTION_S seconds; never forgotten earlier."""

    def claim(self, key_id: str, nonce: str, now: float) -> None:
        """Take a nonce; ``now`` is in unix seconds.

        Raises AuthError when it was taken before, NonceStoreFull when that cannot be told.
        """


class MemoryNonceStore:
    """Keeps up to ``capacity`` live nonces of each key in this process; a full one refuses rather than forgets."""

    def __init__(self, capacity: int = 200_000) -> None:
        self.capacity = capacity
        self._lock = threading.Lock()
        self._live: dict[str, set[str]] = {}                    # key id → nonces
        self._queue: list[tuple[float, str, str]] = []          # heap of expiry (unix seconds), key id, nonce

    def claim(self, key_id: str, nonce: str, now: float) -> None:
        """Take a nonce, once per key; see :class:`NonceStore`."""
        with self._lock:
            while self._queue and self._queue[0][0] <= now:
                _, of, expired = heappop(self._queue)
                self._live[of].discard(expired)
            live = self._live.setdefault(key_id, set())
            if nonce in live:
                raise AuthError("Nonce already used")
            if len(live) >= self.capacity:
                raise NonceStoreFull(f"{self.capacity} requests of this key in {RETENTION_S} s are all that can be "
                                     f"remembered: try again later", retry_after_s=5)
            live.add(nonce)
            heappush(self._queue, (now + RETENTION_S, key_id, nonce))

    def __len__(self) -> int:
        with self._lock:
            return len(self._queue)


class Freshness:
    """Says whether a moment of signing is recent and of a time from which every used nonce is remembered.

    ``started_at`` (unix seconds) is since when the nonce store remembers: the start of the process, or 0 for a store
    that outlives it; that store says itself, by ``store_since``, when it last began. ``fence_s`` moves that boundary
    up: a client whose clock runs ahead may have signed, before the start, for a moment after it.
    """

    def __init__(self, clock: Callable[[], float], started_at: float, fence_s: float = 0.0,
                 store_since: Callable[[], float] = lambda: 0.0) -> None:
        self._clock = clock
        self._fence_s, self._store_since = fence_s, store_since
        self._lock = threading.Lock()
        self._remembers_from = started_at + fence_s
        self._latest = 0.0          # the clock's highest reading, since it was last set back
        self._highest = 0           # the latest moment of signing that was admitted

    def check(self, timestamp: int) -> None:
        """Accept the unix second of a signature, or raise AuthError."""
        now = self.now()
        if not abs(now - timestamp) <= WINDOW_S:
            raise self._refusal(f"Timestamp is more than {WINDOW_S} s from the server's clock, which says {int(now)}")
        self.check_remembered(timestamp)

    def admit(self, timestamp: int) -> float:
        """Return the time at which to claim the nonce of a signature that was checked; raises AuthError.

        A nonce is claimed at ``timestamp - WINDOW_S`` at the earliest and kept for RETENTION_S from then. Whoever comes
        later than that, after a long wait, might find it forgotten.
        """
        with self._lock:
            self._highest = max(self._highest, timestamp)
        now = self.now()
        if now >= timestamp + _REMEMBERED_S:
            raise self._refusal("Timestamp is too old by now: sign the request again")
        self.check_remembered(timestamp)
        return now

    def now(self) -> float:
        """Return the clock's time in unix seconds, with an eye on a clock that was set back."""
        with self._lock:
            now = self._clock()
            if now < self._latest - _SPARE_S:
                # What was signed so long before the highest reading may be forgotten, as far as anything was signed.
                boundary = min(self._highest + 1, self._latest - _REMEMBERED_S)
                self._remembers_from = max(self._remembers_from, boundary)
                log.warning("the clock was set back by %d s: requests signed before %d are refused",
                            self._latest - now, self._remembers_from)
                self._latest = now
            self._latest = max(self._latest, now)
            return now

    def check_remembered(self, timestamp: int) -> None:
        """Raise AuthError for a moment from which nonces may have been forgotten.

        To be asked again after a claim, which is when a shared store tells that it was emptied.
        """
        if timestamp < max(self._remembers_from, self._store_since() + self._fence_s):
            raise self._refusal("Timestamp is from before the server's start, or before its clock was set: "
                                "sign the request again")

    def _refusal(self, detail: str) -> AuthError:
        return AuthError(detail, challenge=f'HMAC-SHA256 error="timestamp", server-time="{int(self._clock())}"')
