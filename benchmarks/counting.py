"""`python -m benchmarks.counting`: what counting a request costs, by who counts; all kinds interleaved in one run.

Processor time in microseconds of a request to an empty Flask route, in this process, without sockets.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_flask_exporter import NO_PREFIX, PrometheusMetrics
from werkzeug.test import EnvironBuilder

from pxl.telemetry.metrics import HTTP_BUCKETS_S
from pxl.telemetry.request_record import UNMATCHED

ROUNDS = 9
REQUESTS = 1500
_DURATION, _TOTAL = "http_request_duration_seconds", "http_requests_total"


def nothing() -> Flask:
    """Return an application that counts nothing."""
    app = Flask("counting")
    app.add_url_rule("/prove", "prove", lambda: "ok", methods=["POST"])
    return app


def hooks() -> Flask:
    """Return one with a hook before and one after over prometheus-client, as the server has them."""
    app, registry = nothing(), CollectorRegistry()
    total = Counter(_TOTAL, "Requests.", ("method", "route", "status"), registry=registry)
    duration = Histogram(_DURATION, "Time.", ("method", "route"), buckets=HTTP_BUCKETS_S, registry=registry)
    children: dict[tuple[Any, tuple[str, ...]], Any] = {}

    def child(metric: Any, *labels: str) -> Any:
        found = children.get((metric, labels))
        if found is None:
            found = children[metric, labels] = metric.labels(*labels)
        return found

    def begin() -> None:
        g.began = time.perf_counter()

    def end(response: Response) -> Response:
        child(total, request.method, route(request), str(response.status_code)).inc()
        child(duration, request.method, route(request)).observe(time.perf_counter() - g.began)
        return response

    app.before_request(begin)
    app.after_request(end)
    return app


def exporter_series() -> Flask:
    """Return one with the exporter's own series, grouped by route."""
    app = nothing()
    PrometheusMetrics(app, path=None, group_by=route, defaults_prefix=NO_PREFIX, buckets=HTTP_BUCKETS_S,
                      registry=CollectorRegistry())
    return app


def exporter_decorators() -> Flask:
    """Return one whose dispatch is wrapped in the exporter's decorators, with the server's names and labels."""
    app = nothing()
    exporter = PrometheusMetrics.for_app_factory(path=None, export_defaults=False, registry=CollectorRegistry())
    labels = {"method": lambda: request.method, "route": lambda: route(request)}
    timed = exporter.histogram(_DURATION, "Time.", labels=labels, buckets=HTTP_BUCKETS_S)
    counted = exporter.counter(_TOTAL, "Requests.", labels={**labels, "status": lambda reply: reply.status_code})
    app.full_dispatch_request = counted(timed(app.full_dispatch_request))   # type: ignore[method-assign]
    return app


def route(asked: Any) -> str:
    return asked.url_rule.rule if asked.url_rule else UNMATCHED


def cost_us(app: Flask) -> float:
    """Return the mean processor time of a request, in microseconds."""
    spent = 0.0
    for _ in range(REQUESTS):
        environ = EnvironBuilder(path="/prove", method="POST").get_environ()
        began = time.process_time()
        app.wsgi_app(environ, lambda *_: lambda _: None).close()    # type: ignore[attr-defined]
        spent += time.process_time() - began
    return spent / REQUESTS * 1e6


def main() -> None:
    """Print the best and the median round of each kind."""
    kinds: tuple[Callable[[], Flask], ...] = (nothing, hooks, exporter_series, exporter_decorators)
    apps = {kind.__name__: kind() for kind in kinds}
    rounds: dict[str, list[float]] = {name: [] for name in apps}
    for _ in range(ROUNDS):
        for name in random.sample(sorted(apps), len(apps)):
            rounds[name].append(cost_us(apps[name]))
    for name, costs in rounds.items():
        print(f"{name:20} best {min(costs):6.1f}  median {statistics.median(costs):6.1f} µs")


if __name__ == "__main__":
    main()
