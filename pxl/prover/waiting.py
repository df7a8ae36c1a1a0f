"""Queue the requests that wait for a session, first come, first served."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from pxl.errors import PxlError
from pxl.prover.session import Session


class Waiter:
    """A request in the queue, and what became of it: ``served`` is set once it has a session or an error."""

    def __init__(self) -> None:
        self.served = threading.Event()
        self.session: Session | None = None
        self.error: PxlError | None = None


class Waiters:
    """The queue, with room for ``places`` requests.

    It does not guard itself: the pool's lock does. Only :attr:`Waiter.served` is waited for without it.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._queue: deque[Waiter] = deque()

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def is_full(self) -> bool:
        """Say whether the next request must be sent away."""
        return len(self._queue) >= self._places

    def add(self) -> Waiter:
        """Put a request at the end of the queue."""
        waiter = Waiter()
        self._queue.append(waiter)
        return waiter

    def remove(self, waiter: Waiter) -> None:
        """Take a request that waits no longer out of the queue."""
        self._queue.remove(waiter)

    def serve(self, session: Session) -> None:
        """Give a session to the request that has waited longest; there must be one."""
        waiter = self._queue.popleft()
        waiter.session = session
        waiter.served.set()

    def send_away(self, error: Callable[[], PxlError]) -> int:
        """Give every request an error of its own, and return how many there were."""
        count = len(self._queue)
        while self._queue:
            waiter = self._queue.popleft()
            waiter.error = error()
            waiter.served.set()
        return count
