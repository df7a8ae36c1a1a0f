"""Cancels work whose client has gone away, by asking the connection now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pxl.cancel import Cancel

POLL_S = 0.25

IsGone = Callable[[], bool]


class Away:
    """One thread for all connections, from ``start`` (or the first work to watch) to ``close``.

    ``poll_s`` is in seconds. Work that takes less is never asked about.
    """

    def __init__(self, poll_s: float = POLL_S) -> None:
        self._poll_s = poll_s
        self._lock = threading.Lock()
        self._watched: dict[Cancel, IsGone] = {}
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch; idempotent."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="pxl-away", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Watch no more; idempotent."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * self._poll_s + 1)

    @contextmanager
    def watching(self, is_gone: IsGone | None) -> Iterator[Cancel]:
        """Yield a cancel that is set when the client goes away within the block; never, where nobody can tell."""
        cancel = Cancel()
        if is_gone is None:
            yield cancel
            return
        self.start()
        with self._lock:
            self._watched[cancel] = is_gone
        try:
            yield cancel
        finally:
            with self._lock:
                self._watched.pop(cancel, None)

    def _watch(self) -> None:
        while not self._closed.wait(self._poll_s):
            with self._lock:
                watched = list(self._watched.items())
            for cancel, is_gone in watched:
                if is_gone():
                    cancel.set()
