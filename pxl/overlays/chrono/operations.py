"""The operations of the overlay: normalize, validate, transform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pxl.errors import NotSupported
from pxl.formula import Formula, format_formula, parse
from pxl.overlays.chrono import notations, rewrite
from pxl.overlays.chrono.core import check_times
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.contract import GLOBAL, Json, Operation, Reading

MAX_CHARS = 1_000_000

Ask = Callable[[Reading], dict[str, Any]]

_GOAL = {"type": "string", "description": "A formula of linear time."}
_SEMANTICS = {"type": "string", "enum": ["infinite", "omega", "finite"], "default": "infinite",
              "description": "Whether time goes on for ever, or ends."}
_TARGETS = ("core", "nnf", "black", "nusmv", "fo", "finite_to_omega", "eternal")


def _is_finite(request: Mapping[str, Json]) -> bool:
    return request.get("semantics") == "finite"


def normalize(request: Mapping[str, Json], ask: Ask) -> dict[str, Any]:
    """Return a normal form of a formula, with the certified answer to its equivalence at every time."""
    goal = parse(request["goal"], signature=CHRONO)
    form = request.get("form", "nnf")
    normal = rewrite.core(goal) if form == "core" else rewrite.negation_normal_form(goal, _is_finite(request))
    text, normal_text = _text(goal), _text(normal)
    semantics = "finite" if _is_finite(request) else "infinite"
    reply = ask(Reading(f"({text}) <-> ({normal_text})", {"semantics": semantics, "at": "always"}))
    return {"goal": text, "form": form, "normalized": normal_text, "equivalence": reply}


def validate(request: Mapping[str, Json], ask: Ask) -> dict[str, Any]:
    """Return the certified answer to a formula: of a trace when there is one, of all runs otherwise."""
    options = {name: request[name] for name in ("semantics", "at", "trace") if name in request}
    return dict(ask(Reading(request["goal"], options, tuple(request.get("assumptions", ())),
                            request.get("consequence", GLOBAL))))


def transform(request: Mapping[str, Json], ask: Ask) -> dict[str, Any]:
    """Return a formula in another form or notation."""
    goal = parse(request["goal"], signature=CHRONO)
    check_times(goal)
    to, finite = request["to"], _is_finite(request)
    reply: dict[str, Any] = {"goal": _text(goal), "to": to}
    match to:
        case "core":
            reply["result"] = _text(rewrite.core(goal))
            reply["words"] = "equivalent at every time of every run, with X, U, Y and S only"
        case "nnf":
            reply["result"] = _text(rewrite.negation_normal_form(goal, finite))
            runs = "finite" if finite else "infinite"
            reply["words"] = f"equivalent at every time of every {runs} run, negations inside"
        case "black" | "nusmv":
            write = notations.black if to == "black" else notations.nusmv
            reply["result"], reply["atoms"] = write(goal)
            reply["words"] = f"the same formula {'for BLACK' if to == 'black' else 'as an LTLSPEC of NuSMV'}"
        case "fo":
            reply["result"] = notations.first_order(goal, finite)
            reply["words"] = ("the standard translation (B-theory of time): true of the natural numbers"
                              f"{' up to n' if finite else ''} exactly when the goal is true at time 0")
        case "finite_to_omega":
            result, alive = rewrite.finite_to_omega(goal)
            reply["result"], reply["atom"] = _text(result), alive
            reply["words"] = (f"valid over infinite time exactly when the goal is valid over finite time; {alive} says "
                              "that time has not ended")
        case "eternal":
            reply["result"] = _eternal(goal)
            reply["words"] = ("a formula of the kernel (C-theory of time): a theorem of PXL exactly when the goal is "
                              "valid over infinite time")
    return reply


def _eternal(goal: Formula) -> str:
    tensed = rewrite.eternal(goal)
    if tensed is not None:
        raise NotSupported(f"the formula is tensed: {tensed.replace('_', ' ')} has no counterpart among the eternal "
                           "operators, which are BOX (at all times) and DIA (at some time)")
    return format_formula(goal, MAX_CHARS)


def _text(formula: Formula) -> str:
    return format_formula(formula, MAX_CHARS, CHRONO)


OPERATIONS = (
    Operation(
        "normalize", "Bring a formula into negation normal form or into the core, with a certified equivalence.",
        MappingProxyType({
            "type": "object", "required": ["goal"], "additionalProperties": False,
            "properties": {
                "goal": _GOAL, "semantics": _SEMANTICS,
                "form": {"type": "string", "enum": ["nnf", "core"], "default": "nnf",
                         "description": "Which normal form."}},
        }), normalize),
    Operation(
        "validate", "Evaluate a formula on a trace, or decide whether it is valid; both verdicts are certified.",
        MappingProxyType({
            "type": "object", "required": ["goal"], "additionalProperties": False,
            "properties": {
                "goal": _GOAL, "semantics": _SEMANTICS,
                "at": {"type": "string", "enum": ["start", "always"], "default": "start",
                       "description": "At time 0, or at every time."},
                "trace": {"type": "array", "minItems": 1, "items": {"type": "array", "items": {"type": "string"}},
                          "description": "The true atoms of each moment."},
                "assumptions": {"type": "array", "items": {"type": "string"},
                                "description": "Formulas that are assumed."},
                "consequence": {"type": "string", "enum": ["global", "local"], "default": "global",
                                "description": "Assumed at every time, or at that of the goal."}},
        }), validate),
    Operation(
        "transform", "Write a formula in another form or for another program.",
        MappingProxyType({
            "type": "object", "required": ["goal", "to"], "additionalProperties": False,
            "properties": {
                "goal": _GOAL, "semantics": _SEMANTICS,
                "to": {"type": "string", "enum": list(_TARGETS), "description": "The form or notation."}},
        }), transform),
)
