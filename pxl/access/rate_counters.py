"""Counts requests in memory, for the limits of one server."""

from __future__ import annotations

import threading

from limits.storage import MemoryStorage

MEMORY = "pxl-memory://"        # the URI under which the limiter finds it


class LockedMemory(MemoryStorage):
    """The library's counters in memory, counting one at a time.

    Left to itself, two requests at once may start its timer twice: a RuntimeError, and a 500 for one of them.
    """

    STORAGE_SCHEME = ["pxl-memory"]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: str) -> None:
        self._counting = threading.Lock()
        super().__init__(uri, wrap_exceptions, **options)

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and return the new number; ``expiry`` is in seconds from now."""
        with self._counting:
            return super().incr(key, expiry, amount)
