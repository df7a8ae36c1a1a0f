"""Lets equal questions that are asked at the same time share one run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Generic, TypeVar

from pxl.errors import Cancelled
from pxl.verdict.cancel import Cancel

V = TypeVar("V")


@dataclass(frozen=True)
class FlightResult(Generic[V]):
    """The value of a run, and whether another caller made it."""

    value: V
    shared: bool


class DeadlinePassed(Exception):
    """A caller's own deadline passed while another caller's run was still going."""


class TooManyWait(Exception):
    """An equal question is in flight, and as many callers as may already wait for others' runs."""


class Withdrawn(Exception):
    """The leader gave up before it began, for a reason of its own."""


class SingleFlight(Generic[V]):
    """Runs each question once at a time, for all who ask it meanwhile.

    The first to ask leads and runs with its own deadline; the others wait, each until its own.
    A failure is shared as a value is: once, with everyone who waited, and never with later askers.
    A leader may have had less time than a waiter has left. So a waiter that receives a value
    asks ``worth_again(value, remaining_s)``; when that says yes, it asks again, and leads if
    nobody else does. It must say no when the remaining time is not longer than the run that
    failed, or a crowd with nearly equal deadlines would run one after another in vain.
    At most ``max_waiters`` wait, over all questions.
    """

    def __init__(self, worth_again: Callable[[V, float], bool], clock: Callable[[], float] = time.monotonic, *,
                 max_waiters: int = 1_000_000) -> None:
        self._worth_again = worth_again
        self._clock = clock
        self._max_waiters = max_waiters
        self._waiting = 0
        self._lock = threading.Lock()
        self._flights: dict[Hashable, Future[V]] = {}

    def run(self, key: Hashable, deadline: float, call: Callable[[], V],
            cancel: Cancel | None = None) -> FlightResult[V]:
        """Return the value of ``call`` or of the equal run in flight.

        Raises what the run raised, DeadlinePassed, or TooManyWait at once. ``call`` must itself end by
        ``deadline``, and raise Cancelled once its ``cancel`` is set, as this does for a caller that waits; the
        others ask again. They do so, too, when it raises Withdrawn.
        """
        while True:
            with self._lock:
                future = self._flights.get(key)
                if future is None:
                    mine: Future[V] = Future()
                    self._flights[key] = mine
            if future is None:
                return FlightResult(self._lead(key, mine, call), shared=False)
            try:
                value = self._await(future, deadline, cancel)
            except (Cancelled, Withdrawn):
                if cancel is not None:
                    cancel.check()
                continue        # it was the leader who gave up, not this caller
            if not self._worth_again(value, deadline - self._clock()):
                return FlightResult(value, shared=True)

    def __len__(self) -> int:
        """Return how many questions are in flight."""
        with self._lock:
            return len(self._flights)

    @property
    def waiting(self) -> int:
        """Return how many callers wait for the run of another, over all questions."""
        with self._lock:
            return self._waiting

    def _await(self, future: Future[V], deadline: float, cancel: Cancel | None) -> V:
        with self._lock:
            if self._waiting >= self._max_waiters:
                raise TooManyWait
            self._waiting += 1
        try:
            if cancel is not None:
                cancel.wait(max(0.0, deadline - self._clock()), future)
                cancel.check()
            return future.result(timeout=max(0.0, deadline - self._clock()))
        except FutureTimeout:
            if not future.done():
                raise DeadlinePassed from None
            return future.result()      # it landed just then, or the run itself raised TimeoutError
        finally:
            with self._lock:
                self._waiting -= 1

    def _lead(self, key: Hashable, future: Future[V], call: Callable[[], V]) -> V:
        try:
            value = call()
        except BaseException as failure:
            self._leave(key)
            future.set_exception(failure)
            raise
        self._leave(key)
        future.set_result(value)
        return value

    def _leave(self, key: Hashable) -> None:
        # Before the result is set: whoever asks after a failure starts anew, and a waiter that
        # wants more time finds either no flight or a newer one, never this one again.
        with self._lock:
            del self._flights[key]
