"""Says whether to ask again, and when."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from pxl.client.failures import Busy, ClientError, NoAnswer, TimedOut, Unauthorized


@dataclass(frozen=True)
class Retries:
    """How often a goal is sent, and how long is waited in between.

    ``attempts`` counts the first one. A server that names a time (Retry-After) is left alone for
    that time and up to a quarter more, so that a crowd does not come back at once; when it asks for
    more than ``max_wait_s``, the goal is given up, because asking earlier would be worse.
    Without a named time the wait doubles from ``first_wait_s``.
    """

    attempts: int = 5
    first_wait_s: float = 0.5
    max_wait_s: float = 60.0
    chance: Callable[[], float] = random.random

    def wait_s(self, failures: int, error: ClientError) -> float | None:
        """Return the seconds to wait after that many failures; None when asking again is no use."""
        if failures >= self.attempts or not may_pass(error):
            return None
        if error.retry_after_s is not None:
            if error.retry_after_s > self.max_wait_s:
                return None
            longer = self.chance() * max(0.25, error.retry_after_s / 4)
            return min(error.retry_after_s + longer, self.max_wait_s)
        doubled = self.first_wait_s * 2.0 ** min(failures - 1, 30)
        return min(doubled, self.max_wait_s) * (0.5 + self.chance() / 2)


def may_pass(error: ClientError) -> bool:
    """Say whether the same goal, sent again, may be answered.

    A goal may be proved twice without harm. A request that a proxy sent twice is refused as a
    replay; signed anew it is a new one. Where the time ran out, it would run out again.
    """
    if isinstance(error, Unauthorized):
        return error.is_nonce_used
    return isinstance(error, (Busy, NoAnswer)) and not isinstance(error, TimedOut)
