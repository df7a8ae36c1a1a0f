"""Counts what the server does, in a registry of its own, under the names that operators know."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from pxl.answering.answer import Answer
from pxl.cache import CacheStats
from pxl.errors import KernelDisagreement, PoolBusy, PxlError
from pxl.host.memory_limit import memory_limit_bytes
from pxl.telemetry.request_record import UNMATCHED, RequestRecord
from pxl.telemetry.window import Share, Window
from pxl.verdict.outcome import PROVED, REFUTED, SIZE, TIMEOUT, UNKNOWN

WINDOW_S = 300.0

# Where the objectives are (0.3 s and 0.5 s), and around them.
HTTP_BUCKETS_S = (.005, .01, .025, .05, .1, .2, .3, .5, 1, 2.5, 5, 10, 30)
PROOF_BUCKETS_S = (.001, .0025, .005, .01, .025, .05, .1, .2, .3, .5, 1, 2.5, 5, 10, 30, 60)
CERTIFICATE_BUCKETS = (64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 8_388_608)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"})
RESTARTS = ("uses", "rss", "crash", "timeout", "protocol", "memory")
REFUSALS = ("missing", "signature", "timestamp", "nonce", "token", "forbidden")
SOURCES = ("kernel", "cache", "shared")
OTHER = "other"
_MAX_KEYS = 64          # key ids told apart; a ring that is rotated for years has more
_PROVE = "/prove"
# The routes that ask about one goal and wait for its answer.
DIRECT = frozenset({_PROVE, "/countermodel", "/v1/proofs"})


class PoolStats(Protocol):
    """What is told of the pool; :class:`pxl.prover.stats.PoolStats` says what it means."""

    @property
    def total(self) -> int: ...
    @property
    def idle(self) -> int: ...
    @property
    def busy(self) -> int: ...
    @property
    def starting(self) -> int: ...
    @property
    def waiting(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def generation(self) -> int: ...
    @property
    def restarts(self) -> Mapping[str, int]: ...
    @property
    def sessions(self) -> Iterable[Session]: ...


class Session(Protocol):
    """One session of it."""

    @property
    def rss_bytes(self) -> int: ...


@dataclass(frozen=True)
class Sources:
    """Where numbers are read that others keep; none of these may wait for a session.

    ``log_errors`` and ``log_drops`` tell, by log, what could not be written and what was given up.
    """

    pool: Callable[[], PoolStats]
    cache: Callable[[], CacheStats]
    log_errors: Callable[[], Mapping[str, int]] = dict
    log_drops: Callable[[], Mapping[str, int]] = dict


class Metrics:
    """The metrics of one server. ``build`` are the labels of ``pxl_build_info``; safe between threads."""

    def __init__(self, sources: Sources, build: Mapping[str, str], overlays: Iterable[str],
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = registry = CollectorRegistry()
        self._verified = Share(WINDOW_S, clock=clock)
        self._hits = Share(WINDOW_S, clock=clock)
        self._latency = Window(WINDOW_S, clock=clock)
        self._requests = Counter("http_requests_total", "Requests answered, by method, route and status.",
                                 ("method", "route", "status"), registry=registry)
        self._duration = Histogram("http_request_duration_seconds", "Time from a request's arrival to its answer.",
                                   ("method", "route"), buckets=HTTP_BUCKETS_S, registry=registry)
        self._proofs = Counter("pxl_proofs_total", "Goals answered: what, and whence the kernel's word came.",
                               ("overlay", "verdict", "source"), registry=registry)
        self._unknown = Counter("pxl_proof_unknown_total", "Goals that a limit left unknown.", ("reason",),
                                registry=registry)
        self._disagreements = Counter("pxl_kernel_disagreements_total",
                                      "Certificates that the search believed in and the kernel refused: bugs.",
                                      registry=registry)
        self._stages = {stage: Histogram(f"pxl_proof_{stage}_seconds", f"Time of a goal {where}.", ("overlay",),
                                         buckets=PROOF_BUCKETS_S, registry=registry)
                        for stage, where in (("queue", "waiting for a session"), ("search", "in the search"),
                                             ("kernel", "in the kernel"))}
        self._certificates = Histogram("pxl_certificate_bytes", "Size of the certificates that the kernel accepted.",
                                       buckets=CERTIFICATE_BUCKETS, registry=registry)
        self._refusals = Counter("pxl_auth_failures_total", "Requests whose credentials were not accepted.",
                                 ("reason",), registry=registry)
        self._callers = Counter("pxl_auth_requests_total", "Requests with accepted credentials, by scheme and key.",
                                ("scheme", "key_id"), registry=registry)
        self._rejections = Counter("pxl_rejections_total", "Requests answered with a problem, by its code.", ("code",),
                                   registry=registry)
        self._limited = Counter("pxl_rate_limited_total", "Requests refused by a rate limit.", registry=registry)
        self._keys: set[str] = set()
        self._children: dict[tuple[Any, tuple[str, ...]], Any] = {}
        self._begin(overlays)
        ProcessCollector(registry=registry)
        registry.register(_Live(sources, dict(build), clock, self._verified, self._latency, self._hits))

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it stands; what other collectors give, so that any writer can write this."""
        for metric in self._registry.collect():
            # The moment when a counter was first seen is one more series for each, and nobody asks for it.
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric

    def request(self, record: RequestRecord) -> None:
        """Count a request that was answered."""
        method = record.method if record.method in METHODS else OTHER
        self._child(self._requests, method, record.rule, str(record.status)).inc()
        if record.rule != UNMATCHED:      # its time says nothing, and there would be a histogram for each method
            self._child(self._duration, method, record.rule).observe(record.duration_s)
        if record.rule == _PROVE and record.status == 200:      # a flood of quick refusals must not hide slow proofs
            self._latency.add(record.duration_s)
        if record.refusal:
            self._refusals.labels(record.refusal).inc()
        elif record.kind not in ("anonymous", ""):
            self._callers.labels(record.kind, self._key(record)).inc()
        if record.problem:
            self._rejections.labels(record.problem).inc()
            if record.problem == "rate-limited":
                self._limited.inc()
            elif record.problem == PoolBusy.code and record.rule in DIRECT:
                self._verified.add(False)

    def answered(self, answer: Answer) -> None:
        """Count a goal that got its answer, in whatever way it was asked."""
        source = "cache" if answer.cached else "shared" if answer.is_shared else "kernel"
        self._child(self._proofs, answer.overlay, answer.verdict, source).inc()
        self._verified.add(answer.verdict != UNKNOWN)
        self._hits.add(answer.cached is not None)
        if answer.verdict == UNKNOWN:
            self._unknown.labels(answer.reason or OTHER).inc()
        if source == "kernel":
            for stage, histogram in self._stages.items():
                histogram.labels(answer.overlay).observe(getattr(answer.timings, stage) / 1000)
            if answer.script is not None:
                self._certificates.observe(answer.script.certificate_chars)

    def failed(self, error: PxlError) -> None:
        """Count a goal that got no answer; a busy pool where the client is told of it, for others wait and retry."""
        if isinstance(error, KernelDisagreement):
            self._disagreements.inc()
        if error.status >= 500 and not isinstance(error, PoolBusy):
            self._verified.add(False)

    def _child(self, metric: Any, *labels: str) -> Any:
        """Return what ``metric.labels`` does, sooner."""
        child = self._children.get((metric, labels))
        if child is None:
            child = self._children[metric, labels] = metric.labels(*labels)
        return child

    def _key(self, record: RequestRecord) -> str:
        """Return what the request's key is counted under; people are not told apart."""
        if record.kind not in ("hmac", "signature"):
            return ""
        if record.user not in self._keys:
            if len(self._keys) >= _MAX_KEYS:
                return OTHER
            self._keys.add(record.user)
        return record.user

    def _begin(self, overlays: Iterable[str]) -> None:
        """Begin at 0 what alerts look at: a counter that first appears with 1 has never risen."""
        for overlay in overlays:
            for verdict in (PROVED, REFUTED, UNKNOWN):
                for source in SOURCES:
                    self._proofs.labels(overlay, verdict, source)
            for histogram in self._stages.values():
                histogram.labels(overlay)
        for reason in (TIMEOUT, SIZE):
            self._unknown.labels(reason)
        for refusal in REFUSALS:
            self._refusals.labels(refusal)
        for status in ("200", "500", "503"):
            self._requests.labels("POST", _PROVE, status)
        for code in (PoolBusy.code, "rate-limited", "internal-error"):
            self._rejections.labels(code)


class _Live:
    """Reads, at each scrape, what the pool, the cache and the logs know of themselves."""

    def __init__(self, sources: Sources, build: dict[str, str], clock: Callable[[], float],
                 verified: Share, latency: Window, hits: Share) -> None:
        self._sources, self._build, self._clock = sources, build, clock
        self._verified, self._latency, self._hits = verified, latency, hits
        self._began = clock()
        self._memory_limit = memory_limit_bytes()

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: the registry would have to ask the pool."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        pool, cache = self._sources.pool(), self._sources.cache()
        yield GaugeMetricFamily("proof_queue_length", "Requests that wait for a session.", pool.waiting)
        yield _gauges("pxl_pool_sessions", "Coq sessions, by what they do.", "state",
                      {"idle": pool.idle, "busy": pool.busy, "starting": pool.starting})
        yield GaugeMetricFamily("pxl_pool_size", "Sessions that there should be.", pool.size)
        yield GaugeMetricFamily("pxl_pool_generation", "Number of the newest session.", pool.generation)
        yield GaugeMetricFamily("pxl_pool_rss_bytes", "Resident memory of all sessions.",
                                sum(session.rss_bytes for session in pool.sessions))
        yield _counters("pxl_worker_restarts_total", "Sessions replaced, by reason.", "reason",
                        {**dict.fromkeys(RESTARTS, 0), **pool.restarts})
        yield GaugeMetricFamily("pxl_cache_entries", "Verdicts kept.", cache.size)
        yield _counters("pxl_cache_hits_total", "Goals answered from the cache, by whether their atoms were the same.",
                        "kind", {"exact": cache.exact_hits, "prefetch": cache.prefetch_hits})
        yield CounterMetricFamily("pxl_cache_misses_total", "Goals that the cache did not have.", cache.misses)
        yield CounterMetricFamily("pxl_cache_evictions_total", "Verdicts dropped for want of room.", cache.evictions)
        yield _counters("pxl_log_errors_total", "Failed attempts to write to a log.", "log", self._sources.log_errors())
        yield _counters("pxl_log_dropped_total", "Log lines given up because they could not be written soon enough.",
                        "log", self._sources.log_drops())
        info = GaugeMetricFamily("pxl_build_info", "Always 1; its labels say what is running.",
                                 labels=list(self._build))
        info.add_metric(list(self._build.values()), 1)
        yield info
        yield from self._documents(pool, cache)

    def _documents(self, pool: PoolStats, cache: CacheStats) -> Iterator[Metric]:
        """Yield the metrics that scripts and dashboards of the first versions read, units in the names and all."""
        p95, = self._latency.quantiles((0.95,))
        for name, text, value in (
                ("uptime_seconds", "Time since the start.", self._clock() - self._began),
                ("verification_ratio_percent", "Well-formed requests of the last five minutes that got a "
                 "kernel-checked verdict.", self._verified.percent()),
                ("p95_latency_ms", "95 % of the answers of POST /prove in the last five minutes took no longer.",
                 1000 * p95),
                ("cache_hit_rate_percent", "Answers of the last five minutes from the cache.", self._hits.percent()),
                ("session_pool_total", "Live Coq sessions.", pool.total),
                ("session_pool_busy", "Busy Coq sessions.", pool.busy),
                ("cache_size", "Verdicts kept.", cache.size),
                ("memory_limit_bytes", "Memory that this server may use.", self._memory_limit)):
            yield GaugeMetricFamily(f"logos_pxl_{name}", text, value)
        for name, text, value in (
                ("cache_hits_total", "Goals answered from the cache.", cache.hits),
                ("cache_misses_total", "Goals that the cache did not have.", cache.misses),
                ("cache_prefetch_hits_total", "Goals answered from the cache although their atoms had other names.",
                 cache.prefetch_hits)):
            yield CounterMetricFamily(f"logos_pxl_{name}", text, value)


def _gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _counters(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
