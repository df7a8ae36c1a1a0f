"""Counts and measures what happened in the last while, in bounded memory."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence

# Neighbouring buckets differ by 2 %, so that a quantile is right to 1 %.
_GROWTH = math.log(1.02)
_LEAST_S = 1e-6


class Window:
    """The durations of the last ``span_s`` seconds, as counts in buckets of equal ratio; safe between threads.

    Time passes in ``slices`` steps: what is older than the span is forgotten a slice at a time.
    """

    def __init__(self, span_s: float = 300.0, slices: int = 30, clock: Callable[[], float] = time.monotonic) -> None:
        self.span_s = span_s
        self._step_s, self._clock = span_s / slices, clock
        self._slices: deque[tuple[int, Counter[int]]] = deque(maxlen=slices)
        self._lock = threading.Lock()

    def add(self, seconds: float) -> None:
        """Count one duration."""
        bucket = math.ceil(math.log(max(seconds, _LEAST_S)) / _GROWTH)
        now = int(self._clock() / self._step_s)
        with self._lock:
            if not self._slices or self._slices[-1][0] != now:
                self._slices.append((now, Counter()))
            self._slices[-1][1][bucket] += 1

    def quantiles(self, shares: Sequence[float]) -> tuple[float, ...]:
        """Return the durations in seconds that these shares of all do not exceed; NaN when there was none."""
        total = self._total()
        wanted = {share: max(1, math.ceil(share * total.total())) for share in shares}
        found, seen = dict.fromkeys(shares, math.nan), 0
        for bucket in sorted(total):
            before, seen = seen, seen + total[bucket]
            for share, rank in wanted.items():
                if before < rank <= seen:
                    found[share] = math.exp((bucket - 0.5) * _GROWTH)
        return tuple(found[share] for share in shares)

    def __len__(self) -> int:
        """Return how many durations there were."""
        return self._total().total()

    def _total(self) -> Counter[int]:
        oldest = int(self._clock() / self._step_s) - (self._slices.maxlen or 0)
        total: Counter[int] = Counter()
        with self._lock:
            for at, counts in self._slices:
                if at > oldest:
                    total.update(counts)
        return total


class Share:
    """How many of the events in the last ``span_s`` seconds were of the wanted kind; safe between threads."""

    def __init__(self, span_s: float = 300.0, slices: int = 30, clock: Callable[[], float] = time.monotonic) -> None:
        self._step_s, self._clock = span_s / slices, clock
        self._slices: deque[list[int]] = deque(maxlen=slices)        # moment, wanted, all
        self._lock = threading.Lock()

    def add(self, is_wanted: bool) -> None:
        """Count one event."""
        now = int(self._clock() / self._step_s)
        with self._lock:
            if not self._slices or self._slices[-1][0] != now:
                self._slices.append([now, 0, 0])
            last = self._slices[-1]
            last[1] += is_wanted
            last[2] += 1

    def percent(self) -> float:
        """Return the share from 0 to 100; NaN when there was no event."""
        oldest = int(self._clock() / self._step_s) - (self._slices.maxlen or 0)
        with self._lock:
            recent = [counts for counts in self._slices if counts[0] > oldest]
        wanted, total = sum(counts[1] for counts in recent), sum(counts[2] for counts in recent)
        return 100 * wanted / total if total else math.nan
