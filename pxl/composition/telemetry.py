"""Puts the metrics and logs together from settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pxl import __version__
from pxl.http.watch import Watch, WatchPolicy
from pxl.settings import PROMETHEUS, Settings
from pxl.telemetry.logs import PERFORMANCE, Logs
from pxl.telemetry.metrics import Metrics, PoolStats, Sources
from pxl.telemetry.observed import ObservedService
from pxl.telemetry.performance import Performance, PerformanceFile

_BUILD = ("build_sha", "v4_sha", "kernel_hash", "coqchk", "engine")


def build_logs(settings: Settings) -> Logs:
    """Return the logs; nothing is opened yet."""
    return Logs(Path(settings.log_dir) if settings.log_dir else None)


def build_watch(settings: Settings, service: ObservedService, pool: Callable[[], PoolStats], about: Mapping[str, Any],
                logs: Logs | None = None) -> Watch:
    """Return what watches the application, and have the service tell it of every goal.

    ``about`` is what ``/health`` says of the make; whoever starts the watch's file closes it.
    """
    build = {"version": __version__, **{name: str(about.get(name, "unknown")) for name in _BUILD},
             "kernel_hash": service.kernel_hash}
    sources = Sources(pool, service.cache_stats)
    if logs is not None:
        sources = replace(sources, log_errors=logs.errors, log_drops=logs.drops)
    metrics, performance = Metrics(sources, build, service.overlays.names()), Performance()
    file = None
    if logs is not None and logs.directory is not None:
        file = PerformanceFile(logs.directory / PERFORMANCE, performance, logs.performance_failed)
    policy = WatchPolicy(settings.log_anonymize, settings.audit_fail_closed, settings.metrics_default == PROMETHEUS)
    watch = Watch(metrics, performance, logs, file, policy)
    service.observe(watch)
    return watch
