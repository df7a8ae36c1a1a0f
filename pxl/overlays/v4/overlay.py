"""The overlay v4: many notations in, a question of another overlay out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pxl.errors import RequestError
from pxl.formula import Formula, format_formula
from pxl.overlays.contract import Example, Explanation, Json, Library, Operation, Overlay, Question, Reading
from pxl.overlays.registry import check_options
from pxl.overlays.v4.detect import READABLE, V4Reading, read_goal
from pxl.overlays.v4.operations import operations
from pxl.overlays.v4.reading import TARGETS, Read, settle

# How much longer than a goal its canonical text may be.
LONGER = 8
# What asks whether assumptions contradict each other; it is falsity in every notation.
FALSUM = "BOT"
_TEMPORAL = {"chrono", "nusmv", "black", "spot"}

OPTIONS: Mapping[str, Mapping[str, Json]] = MappingProxyType({
    "notation": {"type": "string", "enum": list(READABLE),
                 "description": "How goal and assumptions are written; without it, the only notation that fits."},
    "target": {"type": "string", "enum": list(TARGETS),
               "description": "The overlay that answers; without it, the one that the goal declares or needs."},
    "with": {"type": "object", "default": {},
             "description": 'Options for the overlay that answers, as in {"logic": "s4"}.'},
})

EXAMPLES = (
    Example("JSON as old clients send it.", {"type": "implies", "left": "A", "right": "A"}, "proved"),
    Example("LaTeX, which no other notation looks like.", "\\Box (A \\to B) \\to (\\Box A \\to \\Box B)", "proved"),
    Example("The same list of symbols that a program keeps.", ["->", "A", ["box", "A"]], "refuted"),
    Example("S-expressions, with a policy as assumptions, one of them in LaTeX.", "(box |Good(a)|)", "proved",
            assumptions=("(box (implies |Requested(a)| |Good(a)|))", "\\mathrm{Requested(a)}")),
    Example("NuSMV, for linear time.", "LTLSPEC G (req -> F ack) -> (G F req -> G F ack)", "proved"),
)


@dataclass(frozen=True, eq=False)
class V4Question:
    """A question of another overlay that says how the goal was read; Coq is asked nothing of its own."""

    inner: Question
    reading: V4Reading

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def explain(self, proved: bool, certificate: str, *rest: Any, **named: Any) -> Explanation:
        """Say what an accepted certificate means, and which reading of the goal it is about."""
        inner = self.inner.explain(proved, certificate, *rest, **named)
        return replace(inner, words=f"{inner.words} The goal was read as {self.reading.words}.")


@dataclass(frozen=True)
class V4:
    """The overlay; ``lookup`` returns the overlay of a name, or raises, as when there is none of that name."""

    lookup: Callable[[str], Overlay]
    name: str = "v4"
    summary: str = ("A layer of notations: JSON, LaTeX, Polish, S-expressions, TPTP, QMLTP, NuSMV, BLACK and Spot, "
                    "read for pxl, modal or chrono. It proves nothing that they do not.")
    version: str = "1.0"
    options: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: OPTIONS)
    # No session needs it: it holds the theorem that the layer adds none.
    library: Library | None = field(default_factory=lambda: Library("PXLV4", Path(__file__).parent / "coq", ()))
    examples: tuple[Example, ...] = EXAMPLES

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What it does besides: translate, validate, adapt."""
        return operations()

    def read(self, reading: Reading) -> V4Question:
        """Read a goal and hand it on as canonical text. Raises RequestError (AmbiguousNotation and others)."""
        notation, target = reading.options.get("notation"), reading.options.get("target")
        needed = target or _needed_by_assumptions(reading)
        if reading.goal == FALSUM:
            declared = needed or ("chrono" if notation in _TEMPORAL else None)
            found = V4Reading((notation or "text",), settle(Read(Formula((("bot",),)), declared), None))
        else:
            found = read_goal(reading.goal, reading.limits, notation, target)
        chosen = found.read.target or "pxl"
        options = {**found.read.options, **reading.options.get("with", {})}
        if reading.assumptions:
            _check_agreement(chosen, needed, found.read.options, reading.options.get("with", {}))
        overlay = self.lookup(chosen)
        check_options(overlay, options)
        assumed = _assumed(reading, chosen)
        limits = replace(reading.limits, max_chars=LONGER * reading.limits.max_chars)

        def text(read: Read) -> str:
            return format_formula(read.formula, limits.max_chars, TARGETS[chosen])

        inner = overlay.read(replace(reading, goal=text(found.read), options=options, limits=limits,
                                     assumptions=tuple(map(text, assumed))))
        return V4Question(inner, found)


def _assumed(reading: Reading, target: str | None) -> list[Read]:
    """Read the assumptions, all for one overlay or each for the least that has its operators."""
    found = []
    for number, goal in enumerate(reading.assumptions, 1):
        try:
            found.append(read_goal(goal, reading.limits, reading.options.get("notation"), target).read)
        except RequestError as fault:
            fault.detail = f"in assumption {number}: {fault.detail}"
            fault.args = (fault.detail,)
            raise
    return found


def _needed_by_assumptions(reading: Reading) -> str | None:
    """Return the overlay that the assumptions by themselves would go to; None when there are none."""
    needed = {read.target for read in _assumed(reading, None)}
    if len(needed) > 1:
        needed.discard("pxl")
    if len(needed) > 1:
        raise RequestError(f'the assumptions are for different overlays, {" and ".join(sorted(map(str, needed)))}')
    return needed.pop() if needed else None


def _check_agreement(chosen: str, needed: str | None, declared: Mapping[str, Any], said: Mapping[str, Any]) -> None:
    """Raise RequestError unless assumptions by themselves would be asked of the same overlay, with the same options.

    Whether they contradict each other is asked without the goal, and must be asked of the same logic.
    """
    if chosen != needed:
        raise RequestError(f"the goal is for the overlay {chosen}, the assumptions by themselves are for {needed}: say "
                           f'which with "target"')
    if not declared.items() <= said.items():
        wanted = ", ".join(f'"{name}": "{value}"' for name, value in declared.items())
        raise RequestError(f'with assumptions, the logic that the goal declares has to be said: "with": {{{wanted}}}')


def overlay(lookup: Callable[[str], Overlay]) -> V4:
    """Return the overlay; ``lookup`` gives the overlays that it hands goals on to."""
    return V4(lookup)
