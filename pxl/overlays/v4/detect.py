"""Find out in which notation a goal is written: the one whose reading is the only one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pxl.errors import RequestError
from pxl.formula import Limits, node_texts
from pxl.overlays.v4.coqterm import COQ
from pxl.overlays.v4.jsonform import JSON, JSON_LIST, JSON_TYPE
from pxl.overlays.v4.latex import LATEX_NOTATION
from pxl.overlays.v4.prefix import POLISH, SEXP
from pxl.overlays.v4.reading import TARGETS, Notation, Read, language_of, settle
from pxl.overlays.v4.temporal import BLACK, NUSMV, SPOT
from pxl.overlays.v4.text import CHRONO_NOTATION, TEXT
from pxl.overlays.v4.tptp import QMLTP, TPTP

NOTATIONS: Mapping[str, Notation] = MappingProxyType({notation.name: notation for notation in (
    TEXT, CHRONO_NOTATION, JSON, LATEX_NOTATION, POLISH, SEXP, TPTP, QMLTP, NUSMV, BLACK, SPOT, JSON_TYPE, JSON_LIST,
    COQ)})
READABLE = tuple(name for name, notation in NOTATIONS.items() if notation.read)
WRITABLE = tuple(name for name, notation in NOTATIONS.items() if notation.write)

_SHOWN_CHARS = 200


class AmbiguousNotation(RequestError):
    """The goal can be read in more than one way; ``readings`` maps each notation to what it would mean."""

    code, title = "ambiguous-notation", "The goal has more than one reading"

    def __init__(self, readings: Mapping[str, str]) -> None:
        shown = "; ".join(f"as {name} it is {text}" for name, text in readings.items())
        super().__init__(f'The goal has more than one reading: {shown}. Say which with "notation", as in '
                         f'"notation": "{next(iter(readings))}".')
        self.readings = dict(readings)

    def extras(self) -> dict[str, object]:
        return {"readings": self.readings}


@dataclass(frozen=True)
class V4Reading:
    """A goal with the notations that read it so, the first of which is named in replies."""

    notations: tuple[str, ...]
    read: Read

    @property
    def words(self) -> str:
        """Say what was read, in a few words."""
        return f"{self.notations[0]}, for {self.read.target}: {shown(self.read)}"


def read_goal(goal: Any, limits: Limits, notation: str | None = None, target: str | None = None) -> V4Reading:
    """Read a goal in the notation given, or in the only one that fits. Raises RequestError (AmbiguousNotation, …)."""
    if notation is not None:
        return V4Reading((notation,), _read(NOTATIONS[notation], goal, limits, target))
    found, faults = readings(goal, limits, target)
    if not found:
        raise faults[_likeliest(goal)]
    if len(found) > 1:
        raise AmbiguousNotation({reading.notations[0]: f"{shown(reading.read)} (for {reading.read.target})"
                                 for reading in found})
    return found[0]


def readings(goal: Any, limits: Limits, target: str | None = None) -> tuple[list[V4Reading], dict[str, RequestError]]:
    """Return the distinct readings of a goal, and why each of the other notations does not read it."""
    found: dict[Any, list[str]] = {}
    by_key: dict[Any, Read] = {}
    faults: dict[str, RequestError] = {}
    for name in READABLE:
        notation = NOTATIONS[name]
        if not notation.looks(goal):
            faults[name] = RequestError(f"the goal does not look like {name}")
            continue
        try:
            read = _read(notation, goal, limits, target)
        except RequestError as fault:
            faults[name] = fault
            continue
        is_sign = language_of(read.formula) == "chrono" or target is not None or _is_marked(notation, goal)
        if notation.is_temporal and not is_sign:
            faults[name] = RequestError(f"nothing in the goal is particular to {name}")
            continue
        key = (read.formula, read.target, tuple(sorted(read.options.items())))
        found.setdefault(key, []).append(name)
        by_key[key] = read
    return [V4Reading(tuple(names), by_key[key]) for key, names in found.items()], faults


def shown(read: Read) -> str:
    """Return the canonical text of a reading for a message."""
    text = node_texts(read.formula, _SHOWN_CHARS, TARGETS[read.target or "pxl"])[-1]
    return text or f"a formula of more than {_SHOWN_CHARS} characters"


def _read(notation: Notation, goal: Any, limits: Limits, target: str | None) -> Read:
    assert notation.read is not None
    return settle(notation.read(goal, limits, target), target)


def _is_marked(notation: Notation, goal: Any) -> bool:
    return (isinstance(goal, str) or notation is JSON) and notation.is_marked(goal)


def _likeliest(goal: Any) -> str:
    """Return the notation whose complaint is worth reading."""
    return next((name for name in READABLE if _is_marked(NOTATIONS[name], goal)), "text")
