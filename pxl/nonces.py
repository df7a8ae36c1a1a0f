"""Remembers the nonces that were used, so that none is accepted twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from pxl.errors import AuthError, NonceStoreFull

WINDOW_S = 60           # how far a timestamp may be from the server's clock, in either direction
# A timestamp from the end of the window ahead is valid for 2 × WINDOW_S; ten seconds more for what is in between.
RETENTION_S = 130
_SPARE_S = 5            # from the last look at the clock to the claim


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
        self._expiry_of: dict[str, dict[str, float]] = {}      # key id → nonce → unix seconds, oldest first

    def claim(self, key_id: str, nonce: str, now: float) -> None:
        """Take a nonce, once per key; see :class:`NonceStore`."""
        with self._lock:
            self._drop_expired(now)
            live = self._expiry_of.setdefault(key_id, {})
            if nonce in live:
                raise AuthError("Nonce already used")
            if len(live) >= self.capacity:
                raise NonceStoreFull(f"{self.capacity} requests of this key in {RETENTION_S} s are all that can be "
                                     f"remembered: try again later", retry_after_s=5)
            live[nonce] = now + RETENTION_S

    def _drop_expired(self, now: float) -> None:
        for key_id, live in list(self._expiry_of.items()):      # a few keys; each nonce is dropped once
            # A clock that was set back leaves later expiries in front: then more is kept, never less.
            while live and live[oldest := next(iter(live))] <= now:
                del live[oldest]
            if not live:
                del self._expiry_of[key_id]

    def __len__(self) -> int:
        with self._lock:
            return sum(map(len, self._expiry_of.values()))


class Freshness:
    """Says whether a moment of signing is recent and of a time from which every used nonce is remembered.

    ``started_at`` (unix seconds) is since when the nonce store remembers: the start of the process, or 0 for a store
    that outlives it, which ``remembers_from`` asks. ``fence_s`` moves that boundary up: a client whose clock runs
    ahead may have signed, before the start, for a moment after it.
    """

    def __init__(self, clock: Callable[[], float], started_at: float, fence_s: float = 0.0,
                 remembers_from: Callable[[], float] = lambda: 0.0) -> None:
        self._clock = clock
        self._started_at, self._fence_s, self._store_remembers_from = started_at, fence_s, remembers_from
        self._latest = started_at

    def check(self, timestamp: int) -> None:
        """Accept the unix second of a signature, or raise AuthError."""
        now = self.now()
        if not abs(now - timestamp) <= WINDOW_S:
            raise self._refusal(f"Timestamp is more than {WINDOW_S} s from the server's clock, which says {int(now)}")
        self.check_not_before_start(timestamp)
        self.check_remembered(timestamp)

    def check_not_before_start(self, timestamp: int) -> None:
        """Raise AuthError for a moment from which nonces may have been forgotten.

        To be asked again after a claim, which is when a shared store tells that it was emptied.
        """
        if timestamp < max(self._started_at, self._store_remembers_from()) + self._fence_s:
            raise self._refusal("Timestamp is from before the server's start: sign the request again")

    def check_remembered(self, timestamp: int) -> float:
        """Return the time, unless a nonce of that second may have been forgotten: then raise AuthError.

        A nonce is claimed at `timestamp - WINDOW_S` at the earliest and kept for RETENTION_S from then. Only a long
        wait between check and claim, or a clock that was set back, leads beyond that.
        """
        now = self.now()
        if self._latest >= timestamp + RETENTION_S - WINDOW_S - _SPARE_S:
            raise self._refusal("Timestamp is too old by now: sign the request again")
        return now

    def now(self) -> float:
        """Return the clock's time in unix seconds."""
        now = self._clock()
        # Two threads may write in either order; they differ by less than what is spare.
        self._latest = max(self._latest, now)
        return now

    def _refusal(self, detail: str) -> AuthError:
        return AuthError(detail, challenge=f'HMAC-SHA256 error="timestamp", server-time="{int(self._clock())}"')
