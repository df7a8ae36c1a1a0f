"""Reads goals about time, with the overlay's options and assumptions, into questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pxl.errors import FormulaSyntaxError, InvalidOption
from pxl.formula import Builder, Formula, Limits, parse, rename_atoms, with_atoms
from pxl.overlays.chrono.core import core_of
from pxl.overlays.chrono.examples import EXAMPLES
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.chrono.operations import OPERATIONS
from pxl.overlays.chrono.question import Assumptions, ChronoQuestion, Kind
from pxl.overlays.chrono.sentences import PREAMBLE
from pxl.overlays.contract import GLOBAL, Example, Json, Library, Operation, Reading
from pxl.overlays.texts import read_texts

MAX_TRACE = 10_000

OPTIONS: Mapping[str, Mapping[str, Json]] = MappingProxyType({
    "semantics": {
        "type": "string", "enum": ["infinite", "omega", "finite"], "default": "infinite",
        "description": "Whether time goes on for ever (infinite, also called omega) or ends (finite: X is strong, so "
                       "X p is false at the last moment)."},
    "at": {
        "type": "string", "enum": ["start", "always"], "default": "start",
        "description": "Whether the goal must be true at time 0 (start, anchored validity) or at every time (always, "
                       "floating validity: G of the goal)."},
    "trace": {
        "type": "array", "minItems": 1, "maxItems": MAX_TRACE,
        "items": {"type": "array", "items": {"type": "string"}},
        "description": "A log to evaluate the goal on, instead of asking for all runs: for each moment the list of the "
                       "atoms that are true then. Time ends after the last one."},
})


@dataclass(frozen=True)
class Chrono:
    """The overlay."""

    name: str = "chrono"
    summary: str = ("Linear time with past: X F G U W R M, Y Z P H S T, At t, and BOX/DIA for all times and some time; "
                    "over infinite time, finite time, or a given trace.")
    version: str = "1.0"
    options: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: OPTIONS)
    library: Library | None = field(
        default_factory=lambda: Library("PXLChrono", Path(__file__).resolve().parent / "coq", PREAMBLE))
    examples: tuple[Example, ...] = EXAMPLES
    operations: tuple[Operation, ...] = OPERATIONS
    connectives: tuple[str, ...] = ("~", "X", "F", "G", "Y", "Z", "P", "H", "BOX", "DIA", "At 5", "U", "W", "R", "M",
                                    "S", "T", "/\\", "\\/", "->", "<->")
    constants: tuple[str, ...] = ("TOP", "BOT")

    def read(self, reading: Reading) -> ChronoQuestion:
        """Read text. Raises RequestError (FormulaSyntaxError, GoalTooLarge, InvalidOption)."""
        options = reading.options
        trace = options.get("trace")
        finite = options.get("semantics") == "finite" or trace is not None
        if trace is not None and options.get("semantics", "finite") != "finite":
            raise InvalidOption('a trace ends: with "trace", "semantics" is "finite", or is left out',
                                field="semantics", allowed=["finite"])
        if trace is not None and reading.assumptions:
            raise InvalidOption("a trace is what it is, and assumptions cannot change it: ask for each of them as a "
                                "goal, or write assumption -> goal", field="trace")
        always = options.get("at") == "always"
        goal, assumed = read_texts(reading, lambda text, what: parse(text, reading.limits, CHRONO))
        whole, is_shown_whole = _whole(goal, assumed, reading.consequence == GLOBAL, always)
        renamed, names = rename_atoms(whole)
        core_of(renamed)
        new = {old: new for new, old in names.items()}
        shown = renamed if is_shown_whole else with_atoms(_whole(goal, (), True, always)[0], new)
        moments = None if trace is None else _moments(trace, new, reading.limits)
        assumptions = None
        if assumed:
            assumptions = Assumptions(tuple(with_atoms(each, new) for each in assumed), reading.consequence == GLOBAL)
        return ChronoQuestion(goal, renamed, shown, names, Kind(finite, always, moments), assumptions)


def overlay() -> Chrono:
    """Return the overlay."""
    return Chrono()


def _whole(goal: Formula, assumed: tuple[Formula, ...], is_global: bool, always: bool) -> tuple[Formula, bool]:
    """Return the one formula that is asked, and whether a run that refutes it may still satisfy the goal in it."""
    b = Builder(CHRONO)
    below = [b.insert(formula) for formula in assumed]
    whole = b.insert(goal)
    if always and is_global:
        whole = b.node("globally", whole)
    for number in reversed(below):
        whole = b.impl(b.box(number) if is_global else number, whole)
    if always and not is_global:
        whole = b.node("globally", whole)
    return b.formula(whole), not assumed or (always and not is_global)


def _moments(trace: Any, new: Mapping[str, str], limits: Limits) -> tuple[frozenset[str], ...]:
    """Return a trace with atoms renamed; those that the goal does not speak of are left out. Raises RequestError."""
    canonical: dict[str, str | None] = {}
    moments = []
    for time, moment in enumerate(trace):
        for text in moment:
            if text not in canonical:
                try:
                    formula = parse(text, limits, CHRONO)
                except FormulaSyntaxError as error:
                    raise InvalidOption(f"trace[{time}] names {text[:60]!r}, which is no atom: {error.detail}",
                                        field="trace") from None
                if formula.nodes[-1][0] != "atom":
                    raise InvalidOption(f"trace[{time}] names {text[:60]!r}, which is a formula, not an atom",
                                        field="trace")
                canonical[text] = new.get(formula.nodes[-1][1])
        moments.append(frozenset(found for found in map(canonical.__getitem__, moment) if found is not None))
    return tuple(moments)
