"""The web application: the unversioned routes, and what becomes of errors."""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from pxl import __version__
from pxl.access.security_txt import SecurityText
from pxl.answering.answer import Answer
from pxl.answering.jobs import JobTable
from pxl.answering.problems import MEDIA_TYPE, Problem, from_error, from_status, unexpected
from pxl.answering.query import Query
from pxl.answering.service import Service
from pxl.errors import AuthError, PxlError, ShuttingDown
from pxl.http import metrics_view, overlay_routes, v1, v1_docs
from pxl.http.auth_routes import token_routes
from pxl.http.disconnect import DisconnectWatch
from pxl.http.drain import Drain
from pxl.http.gate import AccessControl, Gate, claims_itself
from pxl.http.json_body import read_object, require_json, truth_member, whole_member
from pxl.http.query_body import read_query
from pxl.http.reply import countermodel_reply, prove_text
from pxl.http.watch import Watch
from pxl.verdict.self_proof import PoolStats, SelfProof

log = logging.getLogger("pxl.http")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_PROVE_MEMBERS = ("timeout_ms", "certificate")
_COUNTERMODEL_MEMBERS = ("timeout_ms",)


class SharedState(Protocol):
    """What health tells of the stores that replicas share; nothing here may wait."""

    def problems(self) -> list[str]: ...
    def stats(self) -> dict[str, int]: ...


@dataclass(frozen=True)
class Parts:
    """What the application is made of; ``pool_stats`` must not wait for a session.

    ``about`` is put into ``/health`` as it is: engine, coq_version, …
    """

    service: Service
    self_proof: SelfProof
    pool_stats: Callable[[], PoolStats]
    drain: Drain
    max_request_bytes: int = 1_048_576
    about: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    jobs: JobTable = field(default_factory=JobTable)
    disconnects: DisconnectWatch = field(default_factory=DisconnectWatch)
    gate: Gate = field(default_factory=Gate)
    security: SecurityText = SecurityText()
    shared: SharedState | None = None
    watch: Watch | None = None


def create_app(parts: Parts) -> Flask:
    """Return the WSGI application over the parts given; it owns none of them."""
    app = Flask("pxl", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = parts.max_request_bytes
    app.url_map.merge_slashes = False      # a redirect would turn a POST into a GET
    if parts.watch is not None:
        parts.watch.surround(app)
    app.before_request(_name_request)
    access_control = AccessControl(app, parts.gate, parts.drain)
    if parts.watch is not None:
        parts.watch.guard(app)
        metrics_view.add_routes(app, parts.watch.metrics, parts.watch.performance, parts.watch.policy.is_text_default)
    _routes_for_goals(app, parts)
    state = _routes_for_health(app, parts)
    v1.add_routes(app, v1.V1Context(parts.service, parts.jobs, parts.disconnects, parts.drain.admit, state,
                               lambda: parts.pool_stats().size, parts.about))
    overlay_routes.add_routes(app, parts.service, parts.disconnects)
    v1_docs.add_routes(app)
    if parts.gate.guard.tokens is not None:
        token_routes(app, parts.gate.guard.tokens)
    _errors(app, parts.drain, access_control)

    @app.get("/")
    def index() -> Response:
        """Say what this is and which routes there are."""
        routes = sorted((f"{method} {rule.rule}" for rule in app.url_map.iter_rules()
                         for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}), key=lambda r: r.split()[::-1])
        return _json({"name": "LOGOS PXL Core", "version": __version__, "id": g.request_id,
                      "kernel_hash": parts.service.kernel_hash, "routes": routes})

    @app.get("/.well-known/security.txt")
    def security_txt() -> Response:
        """Say whom to tell of a weakness (RFC 9116)."""
        return Response(parts.security.text(time.time()), content_type="text/plain; charset=utf-8")

    return app


def _routes_for_goals(app: Flask, parts: Parts) -> None:
    longest_ms = int(parts.service.max_timeout_s * 1000)

    def answer(query: Query, body: dict[str, Any], want_certificate: bool) -> Answer:
        timeout_ms = whole_member(body, "timeout_ms", 1, longest_ms)
        timeout_s = None if timeout_ms is None else timeout_ms / 1000
        with parts.disconnects.watching(request.environ.get("waitress.client_disconnected")) as cancel:
            return parts.service.prove(query, timeout_s, want_certificate, cancel, admitted=g.claim)

    def read() -> dict[str, Any]:
        require_json(request.content_type, request.headers.get("Content-Encoding"))
        return read_object(request.get_data(cache=False))

    @app.post("/prove")
    @claims_itself
    def prove() -> Response:
        """Prove or refute a goal."""
        body = read()
        query, want_certificate = read_query(body, "goal", _PROVE_MEMBERS), truth_member(body, "certificate")
        text = prove_text(answer(query, body, want_certificate), g.request_id, want_certificate)
        return Response(text + "\n", content_type="application/json")

    @app.post("/countermodel")
    @claims_itself
    def countermodel() -> Response:
        """Look for a countermodel to a goal."""
        body = read()
        query = read_query(body, "goal", _COUNTERMODEL_MEMBERS)
        return _json(countermodel_reply(answer(query, body, False), g.request_id))


def _routes_for_health(app: Flask, parts: Parts) -> Callable[[], tuple[dict[str, Any], bool]]:
    def state() -> tuple[dict[str, Any], bool]:
        pool, readiness = parts.pool_stats(), parts.self_proof.readiness()
        draining = parts.drain.is_draining
        is_ready = readiness.is_ready and not draining and pool.total > 0
        reasons = ["the server is shutting down"] if draining else []
        if readiness.reason:
            reasons.append(readiness.reason)
        if pool.total < pool.size:
            reasons.append(f"{pool.size - pool.total} of {pool.size} sessions are missing")
        reasons += parts.shared.problems() if parts.shared else []
        broken = parts.service.overlays.broken(), parts.service.theories.broken()
        status = "fail" if not is_ready else "degraded" if reasons else "ok"
        return {
            "status": status, "ready": is_ready, "kernel_hash": parts.service.kernel_hash,
            "session_pool": {
                # Alive and idle: what clients know as active.
                "total_sessions": pool.total, "active_sessions": pool.idle, "idle_sessions": pool.idle,
                "busy_sessions": pool.busy, "max_pool_size": pool.size, "waiting_requests": pool.waiting,
                "utilization_rate": round(pool.busy / pool.total, 4) if pool.total else 0.0,
            },
            "timestamp": int(time.time()), "version": __version__, **parts.about,
            "self_proof_age_s": None if readiness.age_s is None else round(readiness.age_s, 3),
            "overlays": list(parts.service.overlays.names()),
            "broken_overlays": broken[0], "broken_theories": broken[1],
            "reasons": reasons, "warnings": [*parts.warnings, *(
                f"the Coq library of the overlay {name} has not passed its gates"
                for name in parts.service.overlays.ungated()), *(
                f"the {kind} {name} cannot be used: {reason}"
                for kind, found in zip(("overlay", "theory"), broken, strict=True) for name, reason in found.items())],
            "id": g.request_id,
        }, is_ready

    @app.get("/health")
    def health() -> Response:
        """Tell whether goals can be proved, and the state of the pool."""
        document, is_ready = state()
        return _json(document, 200 if is_ready else 503)

    @app.get("/health/proof_server")
    def proof_server() -> Response:
        """Tell the same with the cache and each session."""
        document, is_ready = state()
        cache = parts.service.cache_stats()
        document["cache"] = {"size": cache.size, "places": cache.places, "max_size": cache.max_places,
                             "hits": cache.hits, "exact_hits": cache.exact_hits,
                             "prefetch_hits": cache.prefetch_hits, "misses": cache.misses}
        if parts.shared:
            document["shared_cache"] = parts.shared.stats()
        pool = parts.pool_stats()
        document["sessions"] = [vars(session) for session in pool.sessions]
        document["restarts"] = dict(pool.restarts)
        return _json(document, 200 if is_ready else 503)

    @app.get("/healthz")
    @app.get("/livez")
    def alive() -> Response:
        """Tell that the process answers; nothing else is looked at."""
        return _json({"status": "ok", "id": g.request_id})

    @app.get("/readyz")
    def ready() -> Response:
        """Tell whether to send goals here."""
        document, is_ready = state()
        return _json({"status": "ready" if is_ready else "not ready", "ready": is_ready,
                      "reasons": document["reasons"], "id": g.request_id}, 200 if is_ready else 503)

    return state


def _errors(app: Flask, drain: Drain, access_control: AccessControl) -> None:
    @app.errorhandler(PxlError)
    def ours(error: PxlError) -> Response:
        if drain.is_expired and error.status == 503:
            # The sessions were taken disconnects from work that outlived the drain.
            error = ShuttingDown("the server shut down before the goal was settled", retry_after_s=5)
        g.failure = error
        level = logging.ERROR if error.status >= 500 and error.status != 503 else \
            logging.WARNING if error.status >= 500 else logging.INFO
        response = _problem(from_error(error))
        if isinstance(error, AuthError):
            response.headers["WWW-Authenticate"] = access_control.challenge(error)      # and logs who it was
        else:
            log.log(level, "%s %s: %s", g.request_id, error.title, _printable(error.detail))
        return response

    @app.errorhandler(HTTPException)
    def of_http(error: HTTPException) -> Response:
        limited = access_control.rate_error(error)
        if limited is not None:
            return ours(limited)
        headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
        status = error.code or 500
        detail = _hint(status, headers) or error.description or ""
        return _problem(from_status(status, detail, headers))

    @app.errorhandler(Exception)
    def foreign(error: Exception) -> Response:
        log.error("%s unexpected %s", g.request_id, type(error).__name__, exc_info=error)
        return _problem(unexpected())


def _hint(status: int, headers: Mapping[str, str]) -> str:
    if status == 404:
        return "there is nothing here; GET / lists the routes"
    if status == 405:
        return f"{request.method} is not for this route; allowed: {headers.get('Allow', '')}"
    if status == 413:
        return f"the body is larger than {request.max_content_length} bytes (setting MAX_REQUEST_SIZE)"
    return ""


def _name_request() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document) + "\n", status, content_type="application/json")


def _problem(problem: Problem) -> Response:
    g.problem = problem.code
    document = problem.document(request.path, g.request_id)
    response = Response(json.dumps(document) + "\n", problem.status, content_type=MEDIA_TYPE)
    response.headers.extend(problem.headers)
    return response


def _printable(text: str) -> str:
    """Return text that cannot end or restyle a log line."""
    return text[:500].encode("unicode_escape").decode("ascii")
