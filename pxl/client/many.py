"""Works through many tasks with a few threads, and never holds more than a few answers."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from pxl.client.failures import ClientError
from pxl.client.values import Verdict

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Item:
    """What became of one goal among many: ``outcome`` is its verdict, or why there is none."""

    place: int
    goal: str
    outcome: Verdict | ClientError

    @property
    def verdict(self) -> Verdict:
        """The verdict; raises the error when there is none."""
        if isinstance(self.outcome, ClientError):
            raise self.outcome
        return self.outcome


def in_parallel(work: Callable[[T], R], tasks: Iterable[T], jobs: int) -> Generator[R, None, None]:
    """Yield what the work makes of each task, as it is done, not in order.

    At most ``jobs`` tasks are worked on and as many wait; ``tasks`` is read only as far as that.
    What the work raises is raised here. Left early, what is under way is not waited for.
    """
    if jobs < 1:
        raise ValueError("jobs must be at least 1")
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    done: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def toil() -> None:
        while (holder := waiting.get()) is not None:
            try:
                done.put((work(holder[0]), None))
            except Exception as error:
                done.put((None, error))

    def taken() -> R:
        result: R
        result, error = done.get()
        if error is not None:
            raise error
        return result

    crew: list[threading.Thread] = []
    under_way, is_finished = 0, False
    try:
        for task in tasks:
            if len(crew) < jobs:
                # Daemons: an impatient user's second Ctrl-C must not wait for a server's answer.
                crew.append(threading.Thread(target=toil, name="pxl-client", daemon=True))
                crew[-1].start()
            waiting.put((task,))
            under_way += 1
            if under_way == 2 * jobs:
                result = taken()
                under_way -= 1
                yield result
        while under_way:
            result = taken()
            under_way -= 1
            yield result
        is_finished = True
    finally:
        while not waiting.empty():
            try:
                waiting.get_nowait()
            except queue.Empty:
                break
        for _ in crew:
            waiting.put(None)
        if is_finished:
            for thread in crew:
                thread.join()
