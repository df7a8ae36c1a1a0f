"""Remembers that the server is stopping, and until when work in flight may go on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from pxl.errors import ShuttingDown


class Drain:
    """One way only: open, then draining, then expired. Its methods are safe in a signal handler.

    Waitress cuts work off after five seconds of its own; this has the operator's time instead.
    """

    def __init__(self, timeout_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._timeout_s = timeout_s
        self._clock = clock
        self._until: float | None = None
        self._signals = 0

    def begin(self) -> None:
        """Stop admitting. A second call means at once."""
        # No lock: a signal handler interrupts the very thread that might hold it.
        self._signals += 1
        if self._until is None:
            self._until = self._clock() + self._timeout_s

    @property
    def is_draining(self) -> bool:
        return self._until is not None

    @property
    def is_urgent(self) -> bool:
        """Say whether the server was told twice."""
        return self._signals > 1

    @property
    def is_expired(self) -> bool:
        """Say whether the time for work in flight is over."""
        return self._until is not None and self._clock() >= self._until

    def remaining_s(self) -> float:
        """Return the seconds left for work in flight; infinite while the server is open."""
        return math.inf if self._until is None else max(0.0, self._until - self._clock())

    def admit(self) -> None:
        """Raise ShuttingDown when no new work is taken."""
        if self._until is not None:
            raise ShuttingDown("the server is shutting down and takes no new work",
                               retry_after_s=max(1, math.ceil(min(self.remaining_s(), 30.0))))
