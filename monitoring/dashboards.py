#!/usr/bin/env python3
"""Write the Grafana dashboards: `python monitoring/dashboards.py` makes the files in monitoring/grafana anew.

A dashboard is a list of panels, a panel a title, a unit and its queries; everything that Grafana
wants besides is the same for all, and stands here once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).resolve().parent / "grafana"
SCHEMA_VERSION = 39
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24


@dataclass(frozen=True)
class Panel:
    """One picture: queries with their legends; ``limits`` are drawn as lines, the first amber, the next red."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    about: str = ""
    limits: tuple[float, ...] = ()
    kind: str = "timeseries"
    width: int = 12


@dataclass(frozen=True)
class Dashboard:
    """A page of panels, with the file's name and the uid that the documents give it."""

    file: str
    uid: str
    title: str
    panels: tuple[Panel, ...]


_PROOFS = 'route=~"/prove|/countermodel|/v1/proofs.*|/v1/overlays/<name>/<operation>"'

DASHBOARDS = (
    Dashboard("pxl-core-metrics.json", "pxl-core-main", "PXL Core: proofs", (
        Panel("Verification ratio", "percent", (("logos_pxl_verification_ratio_percent", "{{instance}}"),),
              "Kernel-checked verdicts among the well-formed requests of five minutes; the objective is 94 %.",
              (90,), "stat", 6),
        Panel("P95 latency of /prove", "ms", (("logos_pxl_p95_latency_ms", "{{instance}}"),),
              "Over five minutes; the objective is 300 ms.", (300, 500), "stat", 6),
        Panel("Cache hit rate", "percent", (("logos_pxl_cache_hit_rate_percent", "{{instance}}"),), "", (70,), "stat",
              6),
        Panel("Up since", "s", (("logos_pxl_uptime_seconds", "{{instance}}"),), "", (), "stat", 6),
        Panel("Request rate", "reqps", (("sum by (route) (rate(http_requests_total[5m]))", "{{route}}"),)),
        Panel("Latency distribution", "s", tuple(
            (f"histogram_quantile({q}, sum by (le) (rate(http_request_duration_seconds_bucket{{{_PROOFS}}}[5m])))",
             name)
            for q, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))), "Requests for verdicts.", (0.3, 0.5)),
        Panel("Error rate", "percent", tuple(
            (f'100 * sum by (job) (rate(http_requests_total{{status=~"{status}"}}[5m])) '
             "/ sum by (job) (rate(http_requests_total[5m]))", name)
            for status, name in (("5..", "5xx"), ("4..", "4xx"))), "Of all requests; 4xx are the clients'.", (5,)),
        Panel("Queue depth", "short", (("proof_queue_length", "{{instance}}"),), "Requests that wait for a session.",
              (10, 20)),
        Panel("Verdicts", "ops", (
            ("sum by (overlay, verdict) (rate(pxl_proofs_total[5m]))", "{{overlay}} {{verdict}}"),)),
        Panel("Where verdicts came from", "ops", (("sum by (source) (rate(pxl_proofs_total[5m]))", "{{source}}"),),
              "The kernel, the cache (kernel-checked before), or an equal question in flight."),
        Panel("Search and kernel time", "s", tuple(
            (f"histogram_quantile(0.95, sum by (le) (rate(pxl_proof_{stage}_seconds_bucket[5m])))", f"{stage} p95")
            for stage in ("queue", "search", "kernel"))),
        Panel("Unknown, by reason", "ops", (("sum by (reason) (rate(pxl_proof_unknown_total[5m]))", "{{reason}}"),)),
        Panel("Sessions", "short", (("pxl_pool_sessions", "{{instance}} {{state}}"),
                                    ("pxl_pool_size", "{{instance}} size"))),
        Panel("Cache entries", "short", (("logos_pxl_cache_size", "{{instance}}"),), "A full cache is normal."),
    )),
    Dashboard("api-gateway-metrics.json", "gateway-perf", "PXL Core: the HTTP side", (
        Panel("Requests by status", "reqps", (("sum by (status) (rate(http_requests_total[5m]))", "{{status}}"),)),
        Panel("P95 by route", "s", (
            ("histogram_quantile(0.95, sum by (route, le) (rate(http_request_duration_seconds_bucket[5m])))",
             "{{route}}"),),
            "", (0.3, 0.5)),
        Panel("Refusals, by code", "reqps", (("sum by (code) (rate(pxl_rejections_total[5m]))", "{{code}}"),)),
        Panel("Rate limited", "reqps", (("sum by (job) (rate(pxl_rate_limited_total[5m]))", "429"),)),
        Panel("Error ratio and its objective", "percentunit", (
            ("job:pxl_errors:ratio_rate5m", "5 minutes"), ("job:pxl_errors:ratio_rate1h", "1 hour"),
            ("job:pxl_errors:ratio_rate6h", "6 hours")), "99.9 % of the requests for verdicts must not fail.",
            (0.001, 0.05)),
        Panel("Requests for verdicts", "reqps", (("job:pxl_requests:rate5m", "{{job}}"),)),
    )),
    Dashboard("system-resources.json", "sys-resources", "PXL Core: resources", (
        Panel("CPU of the server's process", "percentunit", (("rate(process_cpu_seconds_total[5m])", "{{instance}}"),),
              "1 is a whole core; the sessions are processes of their own.", (0.7,)),
        Panel("Memory", "bytes", (("process_resident_memory_bytes", "{{instance}} server"),
                                  ("pxl_pool_rss_bytes", "{{instance}} sessions"),
                                  ("logos_pxl_memory_limit_bytes > 0", "{{instance}} limit"))),
        Panel("Memory used of the limit", "percentunit", (("instance:pxl_memory:ratio", "{{instance}}"),), "",
              (0.8, 0.95)),
        Panel("Virtual memory", "bytes", (("process_virtual_memory_bytes", "{{instance}}"),)),
        Panel("Open files", "short", (("process_open_fds", "{{instance}}"), ("process_max_fds", "{{instance}} limit"))),
        Panel("Session restarts, by reason", "ops", (
            ("sum by (reason) (rate(pxl_worker_restarts_total[5m]))", "{{reason}}"),), "`uses` and `rss` are routine."),
        Panel("Certificate size", "bytes", (
            ("histogram_quantile(0.95, sum by (le) (rate(pxl_certificate_bytes_bucket[5m])))", "p95"),)),
        Panel("Failed attempts to write a log", "ops", (("sum by (log) (rate(pxl_log_errors_total[5m]))", "{{log}}"),)),
    )),
    Dashboard("security-monitoring.json", "security-events", "PXL Core: security", (
        Panel("Failed authentication, by reason", "reqps", (
            ("sum by (reason) (rate(pxl_auth_failures_total[5m]))", "{{reason}}"),), "", (1,)),
        Panel("Accepted, by scheme and key", "reqps", (
            ("sum by (scheme, key_id) (rate(pxl_auth_requests_total[5m]))", "{{scheme}} {{key_id}}"),),
            "When nobody uses the old key any more, it can end."),
        Panel("401 and 403", "reqps", (
            ('sum by (status) (rate(http_requests_total{status=~"401|403"}[5m]))', "{{status}}"),)),
        Panel("429", "reqps", (('sum by (route) (rate(http_requests_total{status="429"}[5m]))', "{{route}}"),)),
        Panel("Replays", "reqps", (('sum by (job) (rate(pxl_auth_failures_total{reason="nonce"}[5m]))', "{{job}}"),)),
        Panel("What is running", "short", (("pxl_build_info", "{{version}} {{build_sha}} {{kernel_hash}} {{coqchk}}"),),
              "The kernel's hash must be the same on every replica.", (), "stat"),
    )),
)


def _thresholds(limits: tuple[float, ...], *, low_is_bad: bool) -> dict[str, Any]:
    colours = ("orange", "red")
    if low_is_bad:
        steps = [{"color": "red", "value": None}, *({"color": "green", "value": limit} for limit in limits[:1])]
    else:
        steps = [{"color": "green", "value": None},
                 *({"color": colours[min(place, 1)], "value": limit} for place, limit in enumerate(limits))]
    return {"mode": "absolute", "steps": steps}


def panel_json(panel: Panel, number: int, x: int, y: int) -> dict[str, Any]:
    """Return a panel as Grafana stores it."""
    height = 4 if panel.kind == "stat" else 8
    low_is_bad = panel.unit == "percent" and panel.kind == "stat"
    style = {"thresholdsStyle": {"mode": "line" if panel.limits else "off"}} if panel.kind == "timeseries" else {}
    return {
        "id": number, "type": panel.kind, "title": panel.title, "description": panel.about, "datasource": DATASOURCE,
        "gridPos": {"h": height, "w": panel.width, "x": x, "y": y},
        "fieldConfig": {"defaults": {"unit": panel.unit, "custom": style,
                                     "thresholds": _thresholds(panel.limits, low_is_bad=low_is_bad)}, "overrides": []},
        "targets": [{"refId": chr(65 + place), "expr": query, "legendFormat": legend, "datasource": DATASOURCE}
                    for place, (query, legend) in enumerate(panel.queries)],
    }


def dashboard_json(dashboard: Dashboard) -> dict[str, Any]:
    """Return a dashboard as Grafana stores it."""
    panels, x, y, row = [], 0, 0, 0
    for number, panel in enumerate(dashboard.panels, 1):
        if x + panel.width > COLUMNS:
            x, y = 0, y + row
            row = 0
        panels.append(panel_json(panel, number, x, y))
        row = max(row, panels[-1]["gridPos"]["h"])
        x += panel.width
    return {
        "uid": dashboard.uid, "title": dashboard.title, "tags": ["pxl"], "schemaVersion": SCHEMA_VERSION, "version": 1,
        "editable": True, "refresh": "30s", "time": {"from": "now-6h", "to": "now"}, "timezone": "utc",
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus",
                                 "label": "Prometheus"}]},
        "annotations": {"list": []}, "panels": panels,
    }


def text(dashboard: Dashboard) -> str:
    """Return the file's text."""
    return json.dumps(dashboard_json(dashboard), indent=1) + "\n"


def main() -> None:
    """Write the files."""
    for dashboard in DASHBOARDS:
        (DIRECTORY / dashboard.file).write_text(text(dashboard), encoding="utf-8")


if __name__ == "__main__":
    main()
