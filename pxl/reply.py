"""Writes answers as the JSON that clients read."""

from __future__ import annotations

from typing import Any

from pxl.model import ModelView
from pxl.outcome import PROVED, REFUTED
from pxl.service import Answer

MAX_LISTED_WORLDS = 64     # a larger access relation is named, not listed pair by pair


def prove_reply(answer: Answer, request_id: str, want_certificate: bool) -> dict[str, Any]:
    """Return the reply of ``POST /prove``: ``ok`` is true for a proved goal and for nothing else."""
    reply = {
        "ok": answer.verdict == PROVED, "verdict": answer.verdict, "reason": answer.reason, "detail": answer.detail,
        "id": request_id, "goal": answer.goal, "goal_normalized": answer.goal_normalized,
        "statement": {"words": answer.words, "coq": answer.coq, "assumptions": answer.assumptions},
        "kernel_hash": answer.kernel_hash, "proof_method": answer.proof_method,
        "cache_hit": answer.cached is not None, "cache": answer.cached, "shared": answer.is_shared,
        "session": None if answer.generation is None else {"engine": answer.engine, "generation": answer.generation},
        "countermodel": answer.model and countermodel(answer.model),
        "latency_ms": answer.timings.total, "timings": _timings(answer),
    }
    if want_certificate:
        reply["certificate"] = answer.certificate
    return reply


def countermodel_reply(answer: Answer, request_id: str) -> dict[str, Any]:
    """Return the reply of ``POST /countermodel``: found, certainly none, or (null) not known."""
    model = answer.model
    return {
        "ok": answer.verdict != "unknown",
        "countermodel_found": {PROVED: False, REFUTED: True}.get(answer.verdict),
        "verdict": answer.verdict, "reason": answer.reason, "detail": answer.detail,
        "id": request_id, "goal": answer.goal, "goal_normalized": answer.goal_normalized,
        "model": model and countermodel(model),
        "falsifying_world": model and _name(model.designated),
        "kripke_structure": model and _kripke(model),
        "kernel_hash": answer.kernel_hash, "method": answer.proof_method, "cache_hit": answer.cached is not None,
        "latency_ms": answer.timings.total, "timings": _timings(answer),
    }


def countermodel(model: ModelView) -> dict[str, Any]:
    """Return a countermodel; worlds are called ``w0``, ``w1``, … in the order that was certified."""
    return {
        "worlds": [{"name": _name(place), "true": list(atoms), "designated": place == model.designated}
                   for place, atoms in enumerate(model.worlds)],
        "designated": _name(model.designated),
        "access": {"kind": "universal", "words": "every world sees every world, itself included"},
        "atoms": list(model.atoms),
        "subformulas": None if model.subformulas is None else [
            {"formula": sub.text, "holds_at": [_name(place) for place in sub.holds_at]} for sub in model.subformulas],
        "falsification_trace": None if model.trace is None else [
            {"formula": line.text, "world": _name(line.world), "value": line.value} for line in model.trace],
        "omitted": model.omitted,
    }


def _kripke(model: ModelView) -> dict[str, Any]:
    names = [_name(place) for place in range(len(model.worlds))]
    listed = len(names) <= MAX_LISTED_WORLDS
    return {"worlds": names,
            "accessibility_relation": [[a, b] for a in names for b in names] if listed else "universal",
            "valuation_function": {name: list(atoms) for name, atoms in zip(names, model.worlds, strict=True)}}


def _timings(answer: Answer) -> dict[str, float]:
    times = answer.timings
    return {"parse": times.parse, "queue": times.queue, "search": times.search, "kernel": times.kernel}


def _name(place: int) -> str:
    return f"w{place}"
