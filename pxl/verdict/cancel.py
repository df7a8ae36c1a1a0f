"""Lets whoever asked for work take it back: one event that work looks at, waits on, and is woken by."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from typing import Any

from pxl.errors import Cancelled


class Cancel:
    """One way only: not cancelled, then cancelled. Any thread may call any method."""

    def __init__(self) -> None:
        # A future, so that one wait can end with either this or another future.
        self._event: Future[None] = Future()
        self._lock = threading.Lock()
        self._watchers: list[Callable[[], None]] = []

    @property
    def is_set(self) -> bool:
        return self._event.done()

    def set(self) -> None:
        """Cancel: call every watcher once, wake every waiter; idempotent."""
        # Watchers are called with the lock held: what a watcher kills is still its work's own, because
        # `watching` does not end meanwhile. They must therefore be quick, and not come back here.
        with self._lock:
            if self._event.done():
                return
            self._event.set_result(None)
            for watcher in self._watchers:
                watcher()

    def check(self) -> None:
        """Raise Cancelled when it is so."""
        if self._event.done():
            raise Cancelled("whoever asked for this took it back")

    def wait(self, timeout_s: float, other: Future[Any] | None = None) -> None:
        """Wait until cancelled, until the other future is done, or for ``timeout_s`` seconds."""
        wait([self._event] if other is None else [self._event, other], timeout_s, FIRST_COMPLETED)

    @contextmanager
    def watching(self, watcher: Callable[[], None]) -> Iterator[None]:
        """Have ``watcher`` called when this is cancelled within the block; raise Cancelled when it is already."""
        with self._lock:
            self.check()
            self._watchers.append(watcher)
        try:
            yield
        finally:
            with self._lock:
                self._watchers.remove(watcher)
