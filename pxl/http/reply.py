"""Writes answers as the JSON that clients read."""

from __future__ import annotations

import json
from typing import Any

from pxl.answering.answer import Answer
from pxl.verdict.outcome import PROVED, REFUTED

MAX_LISTED_WORLDS = 64     # a larger access relation is named, not listed pair by pair


def prove_text(answer: Answer, request_id: str, want_certificate: bool) -> str:
    """Return the reply of ``POST /prove`` as JSON: ``ok`` is true for a proved goal and for nothing else."""
    reply: dict[str, Any] = {
        "ok": answer.verdict == PROVED, "verdict": answer.verdict, "reason": answer.reason, "detail": answer.detail,
        "id": request_id, "overlay": answer.overlay, "goal": answer.goal, "goal_normalized": answer.goal_normalized,
        "statement": {"words": answer.words, "certified": answer.statement, "coq": answer.coq, "atoms": answer.atoms,
                      "assumptions": answer.rests_on},
        "used_assumptions": answer.used_assumptions, "assumptions_consistent": answer.assumptions_consistent,
        "kernel_hash": answer.kernel_hash, "proof_method": answer.proof_method,
        "cache_hit": answer.cached is not None, "cache": answer.cached, "shared": answer.is_shared,
        "session": None if answer.generation is None else {"engine": answer.engine, "generation": answer.generation},
        "latency_ms": answer.timings.total, "timings": _timings(answer),
    }
    if want_certificate:
        reply["certificate"] = answer.certificate
    # The countermodel is the long part, and the same for every client: its text is made once.
    return f'{json.dumps(reply)[:-1]}, "countermodel": {answer.model_json or "null"}}}'


def countermodel_reply(answer: Answer, request_id: str) -> dict[str, Any]:
    """Return the reply of ``POST /countermodel``: found, certainly none, or (null) not known."""
    model = json.loads(answer.model_json) if answer.model_json else None
    return {
        "ok": answer.verdict != "unknown",
        "countermodel_found": {PROVED: False, REFUTED: True}.get(answer.verdict),
        "verdict": answer.verdict, "reason": answer.reason, "detail": answer.detail,
        "id": request_id, "overlay": answer.overlay, "goal": answer.goal, "goal_normalized": answer.goal_normalized,
        "statement": answer.statement,
        "model": model,
        "falsifying_world": model and model.get("designated"),
        "kripke_structure": model and _kripke(model),
        "kernel_hash": answer.kernel_hash, "method": answer.proof_method, "cache_hit": answer.cached is not None,
        "latency_ms": answer.timings.total, "timings": _timings(answer),
    }


def _kripke(model: dict[str, Any]) -> dict[str, Any] | None:
    """Return a model as a Kripke structure; None when it is none of named worlds that relations join."""
    worlds, access = model.get("worlds"), model.get("access")
    if not (isinstance(worlds, list) and isinstance(access, dict)
            and all(isinstance(world, dict) and {"name", "true"} <= world.keys() for world in worlds)):
        return None
    names = [world["name"] for world in worlds]
    relation: Any
    if access.get("kind") == "universal":
        relation = [[a, b] for a in names for b in names] if len(names) <= MAX_LISTED_WORLDS else "universal"
    else:
        listed = access.get("relations")
        if not (isinstance(listed, list)
                and all(isinstance(each, dict) and {"relation", "edges"} <= each.keys() for each in listed)):
            return None
        relations = {each["relation"]: each["edges"] for each in listed}
        relation = next(iter(relations.values())) if len(relations) == 1 else relations
    return {"worlds": names, "accessibility_relation": relation,
            "valuation_function": {world["name"]: world["true"] for world in worlds}}


def _timings(answer: Answer) -> dict[str, float]:
    times = answer.timings
    return {"parse": times.parse, "queue": times.queue, "search": times.search, "kernel": times.kernel}
