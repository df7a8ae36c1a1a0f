"""The versioned API: proofs now, later or many at once, and health. Whom to let in is decided before."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from threading import BoundedSemaphore
from typing import Any

from flask import Flask, Response, g, request

from pxl.answering.answer import Answer
from pxl.answering.batch import LIMIT_S, MAX_ITEMS, patiently, settle_all
from pxl.answering.jobs import COMPLETED, Job, JobTable
from pxl.answering.service import Service
from pxl.errors import NoCertificate, PoolBusy
from pxl.http.disconnect import DisconnectWatch
from pxl.http.json_body import read_object, require_json
from pxl.http.reply import prove_text
from pxl.http.v1_body import Item, ProofRequest, read_items, read_proof_request
from pxl.verdict.cancel import Cancel
from pxl.verdict.evidence import data_of

NDJSON = "application/x-ndjson"
MAX_BATCHES = 4         # at a time; each has threads of its own

_STATUS = {"ok": "healthy", "degraded": "degraded", "fail": "unhealthy"}
_STATE = ("ready", "version", "kernel_hash", "timestamp", "reasons", "warnings")
_MAKE = ("coqchk", "build_sha", "v4_sha", "coq_version", "engine")
@dataclass(frozen=True)
class V1Context:
    """What the routes work with. ``admit`` refuses new work; ``health`` tells ``/health``'s document and readiness."""

    service: Service
    jobs: JobTable
    disconnects: DisconnectWatch
    admit: Callable[[], None]
    health: Callable[[], tuple[dict[str, Any], bool]]
    sessions: Callable[[], int]
    about: Mapping[str, Any]


@dataclass(frozen=True)
class _ProofQuery:
    proof: ProofRequest
    overlay: str
    at: int         # seconds of the epoch, for the client; the table has its own clock


def add_routes(app: Flask, context: V1Context) -> None:
    """Add every route below ``/v1``."""
    _add_proofs(app, context)
    _add_batch(app, context)

    @app.get("/v1/health")
    def v1_health() -> Response:
        """Tell whether goals can be proved, by what, and what that was checked with."""
        state, is_ready = context.health()
        document = {name: state[name] for name in _STATE}
        made = {name: context.about.get(name, "unknown") for name in _MAKE}
        return _json({"status": _STATUS[state["status"]], **document, **made, "id": g.request_id},
                     200 if is_ready else 503)


def _add_proofs(app: Flask, context: V1Context) -> None:
    longest_ms = int(context.service.max_timeout_s * 1000)

    @app.post("/v1/proofs")
    def v1_prove() -> Response:
        """Decide a formula now, or take it on when the client prefers to hear later."""
        proof = read_proof_request(_body(context), longest_ms)
        if _prefers_async():
            return _take_on(proof)
        with context.disconnects.watching(_is_gone()) as cancel:
            answer = _ask(context, proof, cancel)
        return _written(prove_text(answer, g.request_id, proof.want_certificate))

    def _take_on(proof: ProofRequest) -> Response:
        overlay = context.service.examine(proof.query)

        def work(cancel: Cancel) -> str:
            answer = patiently(proof, partial(_ask, context), cancel, time.monotonic() + LIMIT_S)
            return prove_text(answer, request_id, proof.want_certificate)

        request_id = g.request_id
        asked = _ProofQuery(proof, overlay, int(time.time()))
        job = context.jobs.submit(asked, work, owner=_owner(), weight=len(proof.query.text))
        response = _job(context, job, 202)
        response.headers["Location"] = f"/v1/proofs/{job.job_id}"
        response.headers["Preference-Applied"] = "respond-async"
        return response

    @app.get("/v1/proofs/<job_id>")
    def v1_proof(job_id: str) -> Response:
        """Tell how a proof stands."""
        return _job(context, context.jobs.get(job_id, _owner()))

    @app.delete("/v1/proofs/<job_id>")
    def v1_cancel(job_id: str) -> Response:
        """Cancel a proof that is under way, and forget it."""
        return _job(context, context.jobs.cancel(job_id, _owner()))

    @app.get("/v1/proofs/<job_id>/certificate")
    def v1_certificate(job_id: str) -> Response:
        """Return the file that coqc checks again, or its data to who takes JSON and no text."""
        job = context.jobs.get(job_id, _owner())
        if job.status != COMPLETED:
            raise NoCertificate(f"the proof is {job.status}; its certificate is there once it is completed")
        # Not kept with the job, for it may be large: the cache has it, or it is found and checked anew.
        proof: ProofRequest = job.subject.proof
        with context.disconnects.watching(_is_gone()) as cancel:
            answer = context.service.prove(proof.query, proof.timeout_s, True, cancel)
        if answer.certificate is None:
            raise NoCertificate("the verdict is unknown: nothing was certified")
        takes = request.accept_mimetypes
        if takes["application/json"] > 0 and takes["text/plain"] == 0:
            return Response(json.dumps(data_of(answer.certificate).members()), content_type="application/json",
                            headers={"Content-Disposition": f'attachment; filename="proof_{job.job_id}.json"'})
        return Response(answer.certificate, content_type="text/plain; charset=utf-8",
                        headers={"Content-Disposition": f'attachment; filename="proof_{job.job_id}.v"'})


def _add_batch(app: Flask, context: V1Context) -> None:
    longest_ms = int(context.service.max_timeout_s * 1000)
    places = BoundedSemaphore(MAX_BATCHES)

    @app.post("/v1/proofs:batch")
    def v1_batch() -> Response:
        """Decide up to 1,000 formulas, each for itself."""
        items = read_items(_body(context), longest_ms, MAX_ITEMS)
        if not places.acquire(blocking=False):
            raise PoolBusy(f"{MAX_BATCHES} batches are in work, which is as many as are taken", retry_after_s=5)
        results = _results(context, items, _is_gone(), g.request_id)
        if NDJSON in request.accept_mimetypes.values():
            response = Response((text + "\n" for _, text in results), content_type=NDJSON)
            response.call_on_close(results.close)       # also when the client went disconnects before the end
            response.call_on_close(places.release)
            return response
        try:
            *lines, (_, summary) = results
        finally:
            places.release()
        lines.sort()
        return _written(f'{{"id": {json.dumps(g.request_id)}, "results": [{", ".join(text for _, text in lines)}], '
                        f'{summary[1:]}')


def _results(context: V1Context, items: list[Item], is_gone: Callable[[], bool] | None, request_id: str,
             ) -> Generator[tuple[int, str], None, None]:
    """Yield each item's number and JSON object, as they are settled; last the summary."""
    began, counts = time.monotonic(), {"proved": 0, "refuted": 0, "unknown": 0, "failed": 0}

    questions, width = [item.question for item in items], max(1, context.sessions())
    with context.disconnects.watching(is_gone) as cancel, \
            closing(settle_all(questions, partial(_ask, context), width=width, cancel=cancel)) as outcomes:
        for outcome in outcomes:
            answer, problem = outcome.answer, outcome.problem
            counts[answer.verdict if answer else "failed"] += 1
            line = {"index": outcome.index, "id": items[outcome.index].client_id,
                    "error": problem and problem.document("/v1/proofs:batch", request_id)}
            result = prove_text(answer, request_id, False) if answer else "null"
            yield outcome.index, f'{json.dumps(line)[:-1]}, "result": {result}}}'
    counts = {"total": len(items), **counts}
    yield len(items), json.dumps({"summary": {**counts, "elapsed_ms": round(1000 * (time.monotonic() - began), 3)}})


def _ask(context: V1Context, proof: ProofRequest, cancel: Cancel) -> Answer:
    return context.service.prove(proof.query, proof.timeout_s, proof.want_certificate, cancel)


def _body(context: V1Context) -> dict[str, Any]:
    context.admit()
    require_json(request.content_type, request.headers.get("Content-Encoding"))
    return read_object(request.get_data(cache=False))


def _prefers_async() -> bool:
    """Say whether the client asked for 202 (RFC 7240)."""
    wishes = ",".join(request.headers.getlist("Prefer")).split(",")
    return any(wish.partition(";")[0].strip().lower() == "respond-async" for wish in wishes)


def _is_gone() -> Callable[[], bool] | None:
    return request.environ.get("waitress.client_disconnected")


def _owner() -> str:
    """Return who asks, as authentication found; empty where there is none."""
    identity = getattr(g, "identity", None)
    return f"{identity.kind}:{identity.name}" if identity is not None else ""


def _job(context: V1Context, job: Job, status: int = 200) -> Response:
    asked, url = job.subject, f"/v1/proofs/{job.job_id}"
    ended = context.jobs.clock() if job.ended is None else job.ended
    document = {
        "id": job.job_id, "status": job.status, "overlay": asked.overlay,
        "created_at": asked.at,
        "progress": {"position": job.position, "elapsed_ms": round(1000 * (ended - job.created), 3),
                     "timeout_ms": round(1000 * min(asked.proof.timeout_s or context.service.timeout_s,
                                                    context.service.max_timeout_s))},
        "links": {"self": url, "certificate": f"{url}/certificate" if job.status == COMPLETED else None},
        "error": job.problem and job.problem.document(url, job.job_id),
    }
    # The result is text already, and may be long.
    response = _written(f'{json.dumps(document)[:-1]}, "result": {job.result or "null"}}}', status)
    if not job.is_over:
        response.headers["Retry-After"] = "1"
    return response


def _written(text: str, status: int = 200) -> Response:
    return Response(text + "\n", status, content_type="application/json")


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return _written(json.dumps(document), status)
