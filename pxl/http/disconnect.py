"""Cancels work whose client has gone away, by asking the connection now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pxl.verdict.cancel import Cancel

POLL_S = 0.25
_IDLE_POLLS = 3         # after so many without anything to watch, the thread ends

IsGone = Callable[[], bool]


class DisconnectWatch:
    """One thread for all connections; it starts when there is something to watch, and ends by itself.

    ``poll_s`` is in seconds. Work that takes less is never asked about.
    """

    def __init__(self, poll_s: float = POLL_S) -> None:
        self._poll_s = poll_s
        self._lock = threading.Lock()
        self._watched: dict[Cancel, IsGone] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, is_gone: IsGone | None) -> Iterator[Cancel]:
        """Yield a cancel that is set when the client goes away within the block; never, where nobody can tell."""
        cancel = Cancel()
        if is_gone is None:
            yield cancel
            return
        with self._lock:
            self._watched[cancel] = is_gone
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="pxl-away", daemon=True)
                self._thread.start()
        try:
            yield cancel
        finally:
            with self._lock:
                self._watched.pop(cancel, None)

    def _watch(self) -> None:
        pause, idle = threading.Event(), 0
        while True:
            pause.wait(self._poll_s)
            with self._lock:
                watched = list(self._watched.items())
                idle = 0 if watched else idle + 1
                if idle > _IDLE_POLLS:
                    self._thread = None
                    return
            for cancel, is_gone in watched:
                if is_gone():
                    cancel.set()
