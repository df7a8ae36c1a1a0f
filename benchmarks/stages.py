"""The documents' load test: 10, 50, then 100 users, who ask once a second, and some goals more often than others."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

from benchmarks import families, load
from benchmarks.processes import get, serving

USERS = (10, 50, 100)
GOALS = 400
PAUSE_S = 1.0
P95_MS, P99_MS, ERROR_PERCENT, HIT_PERCENT = 300.0, 500.0, 5.0, 85.0


def goals() -> list[str]:
    """Return goals that are all different to the cache."""
    several = -(-GOALS // len(families.TEXTBOOK))
    return [f"{'~~' * n}({goal})" for n in range(several) for goal in families.TEXTBOOK][:GOALS]


def stage(port: int, users: int, seconds: float) -> tuple[load.Figures, int]:
    """Have users ask for some seconds; return the figures of what was answered 200, and how many requests were not.

    The goal of rank r is asked with a probability that goes as 1/r, as Zipf's law has it.
    """
    asked = goals()
    weights = [1 / rank for rank in range(1, len(asked) + 1)]
    latencies: list[float] = []
    errors: list[BaseException] = []

    def user(number: int) -> None:
        choose, connection = random.Random(1000 * users + number), load.Connection(port)
        turn = time.perf_counter() + PAUSE_S * number / users
        end = time.perf_counter() + seconds
        while turn < end:
            threading.Event().wait(max(0.0, turn - time.perf_counter()))
            began = time.perf_counter()
            try:
                connection.ask(choose.choices(asked, weights)[0])
                latencies.append(time.perf_counter() - began)
            except (RuntimeError, OSError) as error:
                errors.append(error)
                connection = load.Connection(port)
            turn += PAUSE_S
        connection.close()

    threads = [threading.Thread(target=user, args=(number,)) for number in range(users)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return load.figures(latencies, time.perf_counter() - began), len(errors)


def measure(seconds: float, show: Callable[[str, load.Figures], None]) -> dict[str, Any]:
    """Run the stages one after the other against one server, which begins with an empty cache."""
    results: dict[str, Any] = {}
    with serving("serve_pxl.py", RATE_LIMIT_ENABLED="false") as (_, port):
        for users in USERS:
            figures, errors = stage(port, users, seconds)
            show(f"{users} users, {errors} errors", figures)
            results[f"{users} users"] = {**vars(figures), "errors": errors}
        told = get(port, "/metrics")
    results["cache_hit_rate_percent"] = told["logos_pxl_cache_hit_rate_percent"]
    results["verification_ratio_percent"] = told["logos_pxl_verification_ratio_percent"]
    results["objectives_met"] = {
        "p95": all(results[f"{users} users"]["p95"] < P95_MS for users in USERS),
        "p99": all(results[f"{users} users"]["p99"] < P99_MS for users in USERS),
        "errors": all(100 * results[f"{users} users"]["errors"] < ERROR_PERCENT * results[f"{users} users"]["count"]
                      for users in USERS),
        "cache": results["cache_hit_rate_percent"] >= HIT_PERCENT}
    return results
