"""Tells an observer what became of each goal, in whatever way it was asked."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from pxl.answering.answer import Answer
from pxl.answering.service import Service
from pxl.errors import PxlError


class Observer(Protocol):
    """Hears of answers and failures, in the thread of whoever asked; must not raise."""

    def answered(self, answer: Answer) -> None: ...

    def failed(self, error: PxlError) -> None: ...


class ObservedService(Service):
    """A service with an observer; ``observe`` it before the first goal."""

    observer: Observer | None = None

    def observe(self, observer: Observer) -> None:
        """Tell this observer of every goal from now on."""
        self.observer = observer

    def prove(self, *arguments: Any, **options: Any) -> Answer:
        """Answer a goal as :class:`Service` does."""
        try:
            answer = super().prove(*arguments, **options)
        except PxlError as failure:
            if self.observer is not None:
                self.observer.failed(failure)
            raise
        if self.observer is not None:
            self.observer.answered(answer)
        return answer


class Latest(threading.local):
    """The answer that the present thread got last: a request for one goal is served by one thread."""

    answer: Answer | None = None

    def answered(self, answer: Answer) -> None:
        """Remember the answer."""
        self.answer = answer

    def take(self) -> Answer | None:
        """Return the answer and forget it."""
        answer, self.answer = self.answer, None
        return answer
