"""Counting requests in memory bears many at once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from limits import RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from pxl.access.rate_counters import MEMORY, LockedMemory

ROUNDS = 60


@pytest.fixture
def restless() -> Iterator[None]:
    """Let threads change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_requests_at_once_are_all_counted_and_none_fails(restless):
    """The library's own storage starts one timer twice, sooner or later."""
    storage = storage_from_string(MEMORY)
    limiter, item = FixedWindowRateLimiter(storage), RateLimitItemPerMinute(1_000_000)
    together = threading.Barrier(8, action=lambda: storage.timer.join())     # all come when its timer has run out

    def hit(_: int) -> None:
        for _ in range(ROUNDS):
            together.wait(20)
            limiter.hit(item, "everybody")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(hit, range(8)))
    assert isinstance(storage, LockedMemory)
    assert limiter.get_window_stats(item, "everybody").remaining == 1_000_000 - 8 * ROUNDS
