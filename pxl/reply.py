"""Writes answers as the JSON that clients read."""

from __future__ import annotations

import json
from typing import Any

from pxl.model import ModelView, world_name
from pxl.outcome import PROVED, REFUTED
from pxl.service import Answer

MAX_LISTED_WORLDS = 64     # a larger access relation is named, not listed pair by pair


def prove_text(answer: Answer, request_id: str, want_certificate: bool) -> str:
    """Return the reply of ``POST /prove`` as JSON: ``ok`` is true for a proved goal and for nothing else."""
    reply: dict[str, Any] = {
        "ok": answer.verdict == PROVED, "verdict": answer.verdict, "reason": answer.reason, "detail": answer.detail,
        "id": request_id, "goal": answer.goal, "goal_normalized": answer.goal_normalized,
        "statement": {"words": answer.words, "coq": answer.coq, "atoms": answer.atoms,
                      "assumptions": answer.assumptions},
        "kernel_hash": answer.kernel_hash, "proof_method": answer.proof_method,
        "cache_hit": answer.cached is not None, "cache": answer.cached, "shared": answer.is_shared,
        "session": None if answer.generation is None else {"engine": answer.engine, "generation": answer.generation},
        "latency_ms": answer.timings.total, "timings": _timings(answer),
    }
    if want_certificate:
        reply["certificate"] = answer.certificate
    # The countermodel is the long part, and the same for every client: its text is made once.
    return f'{json.dumps(reply)[:-1]}, "countermodel": {answer.model.json if answer.model else "null"}}}'


def countermodel_reply(answer: Answer, request_id: str) -> dict[str, Any]:
    """Return the reply of ``POST /countermodel``: found, certainly none, or (null) not known."""
    model = answer.model
    return {
        "ok": answer.verdict != "unknown",
        "countermodel_found": {PROVED: False, REFUTED: True}.get(answer.verdict),
        "verdict": answer.verdict, "reason": answer.reason, "detail": answer.detail,
        "id": request_id, "goal": answer.goal, "goal_normalized": answer.goal_normalized,
        "model": model and model.document(),
        "falsifying_world": model and world_name(model.designated),
        "kripke_structure": model and _kripke(model),
        "kernel_hash": answer.kernel_hash, "method": answer.proof_method, "cache_hit": answer.cached is not None,
        "latency_ms": answer.timings.total, "timings": _timings(answer),
    }


def _kripke(model: ModelView) -> dict[str, Any]:
    names = [world_name(place) for place in range(len(model.worlds))]
    listed = len(names) <= MAX_LISTED_WORLDS
    return {"worlds": names,
            "accessibility_relation": [[a, b] for a in names for b in names] if listed else "universal",
            "valuation_function": {name: list(atoms) for name, atoms in zip(names, model.worlds, strict=True)}}


def _timings(answer: Answer) -> dict[str, float]:
    times = answer.timings
    return {"parse": times.parse, "queue": times.queue, "search": times.search, "kernel": times.kernel}
