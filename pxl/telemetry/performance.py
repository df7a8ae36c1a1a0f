"""Reports how long each endpoint takes: of the last day, of the last five minutes, and in a file for later."""

from __future__ import annotations

import json
import logging
import math
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pxl.telemetry.metrics import METHODS, OTHER
from pxl.telemetry.request_record import RequestRecord
from pxl.telemetry.window import Window

log = logging.getLogger("performance")

DAY_S = 86_400.0
RECENT_S = 300.0
WRITE_EVERY_S = 60.0

_SHARES = (0.5, 0.9, 0.95, 0.99)
_NAMES = ("p50_duration_ms", "p90_duration_ms", "p95_duration_ms", "p99_duration_ms")


class _Endpoint:
    def __init__(self, clock: Callable[[], float]) -> None:
        self.count = self.failures = 0
        self.total_s = 0.0
        self.day = Window(DAY_S, 24, clock)
        self.recent = Window(RECENT_S, 30, clock)


class Performance:
    """The durations of one server's endpoints; safe between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic,
                 wall_clock: Callable[[], float] = time.time) -> None:
        self._clock, self._wall_clock = clock, wall_clock
        self._began = wall_clock()
        self._lock = threading.Lock()
        self._endpoints: dict[str, _Endpoint] = {}

    def request(self, record: RequestRecord) -> None:
        """Count a request that was answered."""
        name = f"{record.method if record.method in METHODS else OTHER} {record.rule}"
        with self._lock:
            endpoint = self._endpoints.get(name)
            if endpoint is None:
                endpoint = self._endpoints[name] = _Endpoint(self._clock)
            endpoint.count += 1
            endpoint.failures += record.status >= 500
            endpoint.total_s += record.duration_s
        endpoint.day.add(record.duration_s)
        endpoint.recent.add(record.duration_s)

    def report(self) -> dict[str, Any]:
        """Return the report, JSON-ready: counts and mean since the start, percentiles of the last day.

        ``recent`` has the percentiles of the last five minutes; what there is no duration for is None.
        """
        with self._lock:
            endpoints = [(name, endpoint, endpoint.count, endpoint.failures, endpoint.total_s)
                         for name, endpoint in sorted(self._endpoints.items())]
        return {"generated_at": int(self._wall_clock()), "since": int(self._began), "window_s": int(DAY_S),
                "recent_window_s": int(RECENT_S), "endpoints": [
                    {"name": name, "call_count": count, "error_count": failures,
                     "mean_duration_ms": round(1000 * total_s / count, 3), **_percentiles(endpoint.day),
                     "recent": {"call_count": len(endpoint.recent), **_percentiles(endpoint.recent)}}
                    for name, endpoint, count, failures, total_s in endpoints]}


class PerformanceFile:
    """Writes the report to a file now and then, whole or not at all, and counts the times it could not."""

    def __init__(self, path: Path, performance: Performance, failed: Callable[[], None],
                 every_s: float = WRITE_EVERY_S) -> None:
        self._path, self._performance, self._failed, self._every_s = path, performance, failed, every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="pxl-performance", daemon=True)

    def start(self) -> None:
        """Write it once, and from now on again and again."""
        self.write()
        self._thread.start()

    def close(self) -> None:
        """Write it a last time; idempotent."""
        if not self._stop.is_set() and self._thread.ident is not None:
            self._stop.set()
            self._thread.join()

    def write(self) -> None:
        """Write it now."""
        beside = self._path.with_name(f".{self._path.name}.new")
        try:
            beside.write_text(json.dumps(self._performance.report(), indent=1) + "\n", encoding="utf-8")
            os.replace(beside, self._path)
        except OSError as why:
            self._failed()
            log.warning("%s cannot be written: %s", self._path.name, why.strerror)
            try:
                beside.unlink(missing_ok=True)
            except OSError:
                pass

    def _work(self) -> None:
        while not self._stop.wait(self._every_s):
            self.write()
        self.write()


def _percentiles(window: Window) -> dict[str, float | None]:
    found = window.quantiles(_SHARES)
    return {name: None if math.isnan(value) else round(1000 * value, 3)
            for name, value in zip(_NAMES, found, strict=True)}
