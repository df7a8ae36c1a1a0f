"""Answers many questions at once: a few at a time, each for itself, in the order in which they are settled."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from pxl.answering.problems import Problem, from_error, unexpected
from pxl.errors import PoolBusy, PxlError
from pxl.verdict.cancel import Cancel

log = logging.getLogger("pxl.batch")

Q = TypeVar("Q")
A = TypeVar("A")

MAX_ITEMS = 1000
LIMIT_S = 600.0
_RETRY_S = 0.1
_LONGEST_RETRY_S = 2.0


class BatchTimeout(PxlError):
    """The whole batch ran out of time before this item was begun."""

    code, status, title = "batch-timeout", 503, "The batch ran out of time"


@dataclass(frozen=True)
class Settled(Generic[A]):
    """What became of the item at ``index`` (from 0): an answer, or the problem that it met."""

    index: int
    answer: A | None
    problem: Problem | None


def settle_all(questions: Sequence[Q | PxlError], ask: Callable[[Q, Cancel], A], *, width: int, cancel: Cancel,
               limit_s: float = LIMIT_S,
               clock: Callable[[], float] = time.monotonic) -> Generator[Settled[A], None, None]:
    """Yield what became of every question, ``width`` of them in work at a time.

    A question that is an error already is its own outcome. A busy pool is waited for, as long as there is time.
    After ``limit_s`` seconds no question is begun any more. When the iterator is closed, or ``cancel`` is
    set, what is in work is cancelled, and its threads have ended when this returns.
    """
    deadline = clock() + limit_s

    def settle(index: int, question: Q | PxlError) -> Settled[A]:
        try:
            if isinstance(question, PxlError):
                raise question
            return Settled(index, patiently(question, ask, cancel, deadline, clock), None)
        except PxlError as error:
            return Settled(index, None, from_error(error))
        except Exception as error:      # a thread top: a bug costs one item, not the batch
            log.error("item %d: unexpected %s", index, type(error).__name__, exc_info=error)
            return Settled(index, None, unexpected())

    threads = ThreadPoolExecutor(width, thread_name_prefix="pxl-batch")
    try:
        waiting = iter(enumerate(questions))
        in_work: set[Future[Settled[A]]] = set()
        while True:
            for index, question in waiting:
                in_work.add(threads.submit(settle, index, question))
                if len(in_work) >= width:
                    break
            if not in_work:
                return
            done, in_work = wait(in_work, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        cancel.set()
        threads.shutdown(wait=True, cancel_futures=True)


def patiently(question: Q, ask: Callable[[Q, Cancel], A], cancel: Cancel, deadline: float,
              clock: Callable[[], float] = time.monotonic) -> A:
    """Return the answer to a question, asking again while the pool is busy and there is time."""
    pause = _RETRY_S
    while True:
        cancel.check()
        if clock() >= deadline:
            raise BatchTimeout("send the items that are left in another batch", retry_after_s=1)
        try:
            return ask(question, cancel)
        except PoolBusy:
            if deadline - clock() <= pause:
                raise
            cancel.wait(pause)
            pause = min(2 * pause, _LONGEST_RETRY_S)
