"""The routes that list overlays and theories, and those that run an overlay's own operations."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, g, request

from pxl.answering.query import Query
from pxl.answering.service import Service
from pxl.answering.theories import Theory
from pxl.errors import InvalidOption, UnknownOperation
from pxl.http.disconnect import DisconnectWatch
from pxl.http.json_body import read_object, require_json
from pxl.http.reply import prove_text
from pxl.overlays.contract import DEFAULT_OVERLAY, Example, Operation, Overlay, Reading
from pxl.overlays.registry import Entry
from pxl.overlays.schema import problem
from pxl.verdict.cancel import Cancel

_PLACE = re.compile(r"the request(?:\.(\w+)| lacks the member '(\w+)')")
COMMON_OPERATIONS = ("prove", "countermodel", "certificate")


def add_routes(app: Flask, service: Service, disconnects: DisconnectWatch) -> None:
    """Add the routes, with and without version."""
    registry = service.overlays

    @app.get("/overlays")
    @app.get("/v1/overlays")
    def overlays() -> Response:
        """List the overlays, those that cannot be asked among them."""
        entries = registry.entries()
        return _json({"overlays": [_entry(entry) for entry in entries], "default": DEFAULT_OVERLAY, "id": g.request_id})

    @app.get("/v1/overlays/<name>")
    def overlay(name: str) -> Response:
        """Describe an overlay."""
        entry = registry.entry(name)
        more = {} if entry.overlay is None else _language(entry.overlay)
        return _json({**_entry(entry), **more, "kernel_hash": service.kernel_hash, "id": g.request_id})

    @app.get("/theories")
    @app.get("/v1/theories")
    def theories() -> Response:
        """List the theories, those that cannot be used among them."""
        return _json({"theories": [_theory(theory) for theory in service.theories.all()], "id": g.request_id})

    @app.post("/v1/overlays/<name>/<operation>")
    def operate(name: str, operation: str) -> Response:
        """Run an operation of an overlay's own."""
        asked = registry.get(name)
        found = next((each for each in asked.operations if each.name == operation), None)
        if found is None:
            known = ", ".join(each.name for each in asked.operations) or "none"
            raise UnknownOperation(f"the overlay {name} has no operation of that name; it has: {known}")
        require_json(request.content_type, request.headers.get("Content-Encoding"))
        body = read_object(request.get_data(cache=False))
        check_request(found, body)
        began = time.monotonic()
        with disconnects.watching(request.environ.get("waitress.client_disconnected")) as cancel:
            reply = found.run(body, _asker(service, asked, cancel))
        return _json({**reply, "overlay": name, "operation": operation,
                      "latency_ms": round(1000 * (time.monotonic() - began), 3), "id": g.request_id})

    def _asker(service: Service, overlay: Overlay, cancel: Cancel) -> Any:
        request_id = g.request_id

        def ask(reading: Reading) -> dict[str, Any]:
            query = Query(reading.goal, overlay.name, reading.options, reading.assumptions, reading.consequence)
            reply: dict[str, Any] = json.loads(prove_text(service.prove(query, cancel=cancel), request_id, False))
            return reply

        return ask


def check_request(operation: Operation, body: Mapping[str, Any]) -> None:
    """Raise InvalidOption unless a request matches an operation's schema."""
    fault = problem(body, operation.schema, "the request")
    if fault is None:
        return
    members = operation.schema.get("properties", {})
    place = _PLACE.match(fault)
    field = (place[1] or place[2]) if place else ""
    declared = members.get(field)
    allowed = declared.get("enum") if isinstance(declared, Mapping) else list(members)
    raise InvalidOption(fault.replace("the request.", "", 1), field=field, allowed=allowed)


def _entry(entry: Entry) -> dict[str, Any]:
    """Return what lists say of an overlay."""
    overlay = entry.overlay
    document = {
        "name": entry.name, "title": entry.name.upper(), "logic": overlay.summary if overlay else "",
        "href": f"/v1/overlays/{entry.name}", "healthy": entry.reason is None, "reason": entry.reason,
        "origin": entry.origin, "version": overlay.version if overlay else None,
        "options": {name: dict(schema) for name, schema in overlay.options.items()} if overlay else {},
        "examples": [_example(entry.name, example) for example in overlay.examples] if overlay else [],
        "operations": [*COMMON_OPERATIONS, *(each.name for each in overlay.operations)] if overlay else [],
        "library": None,
        "load_ms": round(1000 * entry.load_s, 1),
    }
    if overlay and overlay.library:
        document["library"] = {"name": overlay.library.name, "hash": entry.library_hash or None,
                               "start_ms": None if entry.start_s is None else round(1000 * entry.start_s, 1)}
    return document


def _language(overlay: Overlay) -> dict[str, Any]:
    return {
        "description": overlay.summary,
        "own_operations": [{"name": each.name, "summary": each.summary, "schema": dict(each.schema),
                            "href": f"/v1/overlays/{overlay.name}/{each.name}"} for each in overlay.operations],
        "connectives": list(getattr(overlay, "connectives", ())), "constants": list(getattr(overlay, "constants", ())),
    }


def _example(overlay: str, example: Example) -> dict[str, Any]:
    """Return an example as the request that it is, and the verdict that it gets."""
    asked: dict[str, Any] = {"goal": example.goal}
    if overlay != DEFAULT_OVERLAY:
        asked["overlay"] = overlay
    asked.update(example.options)
    if example.assumptions:
        asked.update(assumptions=list(example.assumptions), consequence=example.consequence)
    return {"summary": example.summary, "request": asked, "verdict": example.verdict}


def _theory(theory: Theory) -> dict[str, Any]:
    return {"name": theory.name, "overlay": theory.overlay, "consequence": theory.consequence,
            "options": dict(theory.options), "assumptions": list(theory.assumptions),
            "healthy": theory.reason is None, "reason": theory.reason}


def _json(document: dict[str, Any]) -> Response:
    return Response(json.dumps(document) + "\n", content_type="application/json")
