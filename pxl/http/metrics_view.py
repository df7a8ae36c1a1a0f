"""Shows the metrics: one address for jq and for Prometheus, told apart by what they accept."""

from __future__ import annotations

import json
import math
import re

from flask import Flask, Response, request
from prometheus_flask_exporter import PrometheusMetrics  # type: ignore[import-untyped]  # it has no types

from pxl.errors import RequestError
from pxl.telemetry.metrics import Metrics
from pxl.telemetry.performance import Performance

OPENMETRICS = "application/openmetrics-text"
TEXT = "text/plain"
# Asking for protobuf, which is not spoken here, is asking for the metrics and not for JSON.
_TEXTS = frozenset({TEXT, OPENMETRICS, "application/vnd.google.protobuf"})
_JSON = frozenset({"application/json"})
_QUALITY = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII)


def add_routes(app: Flask, metrics: Metrics, performance: Performance, is_text_default: bool = False) -> None:
    """Add the routes of the metrics; ``is_text_default`` says what those get who do not say what they want."""
    # Only its writers, over the server's own registry: its hooks would count every request a second time.
    exporter = PrometheusMetrics.for_app_factory(path=None, export_defaults=False, registry=metrics)

    def negotiated() -> Response:
        accept = ", ".join(request.headers.getlist("Accept"))
        wished = request.args.getlist("format")
        if wished and wished[-1] not in ("json", "prometheus"):
            raise RequestError("format is json or prometheus")
        is_text = wished[-1] == "prometheus" if wished else wants_text(accept, is_text_default)
        response = text(accept) if is_text else _json(as_json(metrics))
        response.vary.add("Accept")
        return response

    def text(accept: str) -> Response:
        # The exporter knows no qualities: it is told the one format that was chosen.
        is_openmetrics = _quality(accept, {OPENMETRICS}) >= max(_quality(accept, {TEXT}), 0.001)
        written, content_type = exporter.generate_metrics(OPENMETRICS if is_openmetrics else TEXT)
        return Response(written, content_type=content_type)

    @app.get("/metrics")
    def metrics_() -> Response:
        """Tell the metrics, as JSON or in Prometheus's formats."""
        return negotiated()

    @app.get("/metrics/prometheus")
    def prometheus() -> Response:
        """Tell the metrics in Prometheus's formats, whatever is accepted."""
        response = text(", ".join(request.headers.getlist("Accept")))
        response.vary.add("Accept")
        return response

    @app.get("/metrics/performance")
    def performance_() -> Response:
        """Tell how long each endpoint takes."""
        return _json(json.dumps(performance.report()))

    @app.get("/v1/metrics")
    def v1_metrics() -> Response:
        """Tell the metrics, as JSON or in Prometheus's formats."""
        return negotiated()


def wants_text(accept: str, is_default: bool = False) -> bool:
    """Say whether an Accept header names Prometheus's formats rather than JSON; ranges such as ``*/*`` name neither.

    >>> wants_text("text/plain"), wants_text("*/*"), wants_text("application/json, text/plain;q=0.5")
    (True, False, False)
    """
    text, as_json = _quality(accept, _TEXTS), _quality(accept, _JSON)
    return text > as_json or (is_default and as_json == 0)


def as_json(metrics: Metrics) -> str:
    """Return every sample that has no label, by its name; what is not a number, or not yet, is null."""
    values: dict[str, float | None] = {}
    for family in metrics.collect():
        for sample in family.samples:
            if not sample.labels:
                value = sample.value
                values[sample.name] = None if not math.isfinite(value) else \
                    int(value) if float(value).is_integer() else value
    return json.dumps(values, indent=1)


def _quality(accept: str, types: set[str] | frozenset[str]) -> float:
    """Return the greatest quality at which one of the types is named; 0 where none is."""
    best = 0.0
    for part in accept.split(","):
        name, *parameters = part.split(";")
        if name.strip().lower() in types:
            quality = 1.0
            for parameter in parameters:
                key, _, value = parameter.partition("=")
                if key.strip().lower() == "q":
                    quality = float(value) if _QUALITY.fullmatch(value := value.strip()) else 0.0
            best = max(best, quality)
    return best


def _json(text: str) -> Response:
    return Response(text + "\n", content_type="application/json")
