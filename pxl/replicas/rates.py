"""Counts requests in Redis, so that several servers share one limit; without Redis each counts for itself."""

from __future__ import annotations

from typing import Any

from limits.storage import RedisStorage
from redis import RedisError

from pxl.access.rate_counters import LockedMemory
from pxl.replicas.link import RedisLink

SCHEME = "pxl+redis"


class SharedRates(RedisStorage):
    """The library's own storage in Redis, over a link that fails at once, with the one in memory behind it.

    Flask-Limiter's own fallback covers its limits, not those that are counted by hand, and looks for Redis again
    only every 2 to 32 s.
    """

    STORAGE_SCHEME = [SCHEME]

    def __init__(self, uri: str, link: RedisLink, **options: Any) -> None:
        self._link = link
        self._local = LockedMemory()
        super().__init__("redis://", connection_pool=link.client.connection_pool, key_prefix="pxl:l")

    def get_connection(self, readonly: bool = False) -> Any:
        """Return the client that does not ask while the link has a problem."""
        return self._link.client

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and return the count."""
        try:
            return super().incr(key, expiry, amount)
        except RedisError:
            return self._local.incr(key, expiry, amount)

    def get(self, key: str) -> int:
        """Return the count."""
        try:
            return super().get(key)
        except RedisError:
            return self._local.get(key)

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in unix seconds."""
        try:
            return super().get_expiry(key)
        except RedisError:
            return self._local.get_expiry(key)
