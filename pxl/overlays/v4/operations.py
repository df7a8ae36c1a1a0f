"""What v4 does besides reading goals: translate, validate, adapt. Nothing of it is a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pxl.errors import RequestError
from pxl.formula import Limits, atoms, format_formula
from pxl.overlays.contract import Json, Operation, Reading
from pxl.overlays.v4.detect import NOTATIONS, READABLE, WRITABLE, V4Reading, read_goal, readings, shown
from pxl.overlays.v4.reading import TARGETS

Answer = Callable[[Reading], dict[str, Any]]

_MAX_CHARS = 1_000_000
_FORMULA = {"description": "The formula: text, or JSON."}
_NOTATION = {"type": "string", "enum": list(READABLE),
             "description": "How it is written; without it, the only notation that fits."}
_TARGET = {"type": "string", "enum": list(TARGETS), "description": "The overlay it is meant for."}
_SHAPES = {"kernel": "text", "op": "json", "type": "json-type", "list": "json-list"}


def operations() -> tuple[Operation, ...]:
    """Return the operations."""
    return (
        Operation("translate", "Write a formula in another notation.",
                  _schema({"formula": _FORMULA, "from": _NOTATION, "target": _TARGET,
                           "to": {"type": "string", "enum": list(WRITABLE), "description": "The notation to write."}},
                          "formula", "to"), translate),
        Operation("validate",
                  "Say in which notations a formula is well-formed, what it means there, and why not in the others.",
                  _schema({"formula": _FORMULA, "notation": _NOTATION, "target": _TARGET}, "formula"), validate),
        Operation("adapt",
                  "Turn a formula into a request of the overlay that can answer it, in the shape that a client keeps.",
                  _schema({"formula": _FORMULA, "notation": _NOTATION, "target": _TARGET,
                           "shape": {"type": "string", "enum": list(_SHAPES), "default": "kernel",
                                     "description": "Of the formula in the reply: canonical text, JSON with op and "
                                                    "args, JSON with type, left and right, or lists."}},
                          "formula"), adapt),
    )


def translate(request: Mapping[str, Json], answer: Answer) -> dict[str, Any]:
    """Return the formula in the notation ``to``. Raises RequestError when it cannot be read, or written there."""
    reading = read_goal(request["formula"], Limits(), request.get("from"), request.get("target"))
    write = NOTATIONS[request["to"]].write
    assert write is not None
    return {"formula": write(reading.read.formula, _MAX_CHARS), "from": reading.notations[0], "to": request["to"],
            "normalized": _normalized(reading), "target": reading.read.target}


def validate(request: Mapping[str, Json], answer: Answer) -> dict[str, Any]:
    """Return every reading of the formula, and the complaint of every notation that has none."""
    goal, notation, target = request["formula"], request.get("notation"), request.get("target")
    faults: dict[str, RequestError] = {}
    if notation is None:
        found, faults = readings(goal, Limits(), target)
    else:
        try:
            found = [read_goal(goal, Limits(), notation, target)]
        except RequestError as fault:
            found, faults = [], {notation: fault}
    return {
        "valid": len(found) == 1,
        "ambiguous": len(found) > 1,
        "readings": [{"notations": list(reading.notations), "normalized": shown(reading.read),
                      "target": reading.read.target, "options": dict(reading.read.options)} for reading in found],
        "errors": {name: {"error": fault.detail, "code": fault.code, **fault.extras()}
                   for name, fault in faults.items()},
    }


def adapt(request: Mapping[str, Json], answer: Answer) -> dict[str, Any]:
    """Return the request that asks for the formula's verdict, and the formula in the shape asked for."""
    reading = read_goal(request["formula"], Limits(), request.get("notation"), request.get("target"))
    read = reading.read
    write = NOTATIONS[_SHAPES[request.get("shape", "kernel")]].write
    assert write is not None
    goal = _normalized(reading)
    return {"notation": reading.notations[0], "formula": write(read.formula, _MAX_CHARS),
            "atoms": list(atoms(read.formula)), "request": {"goal": goal, "overlay": read.target, **read.options}}


def _normalized(reading: V4Reading) -> str:
    return format_formula(reading.read.formula, _MAX_CHARS, TARGETS[reading.read.target or "pxl"])


def _schema(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
