"""Reads goals of S5, alone or under assumptions, into questions that the kernel's own theorems answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pxl.errors import FormulaSyntaxError, RequestError
from pxl.formula import Builder, Formula, parse, rename_atoms
from pxl.overlays.contract import GLOBAL, Example, Json, Library, Operation, Reading
from pxl.overlays.s5.question import Assumptions, S5Question, Search
from pxl.search import decide

EXAMPLES = (
    Example("What is necessary is so.", "BOX(A) -> A", "proved"),
    Example("What is so need not be necessary.", "A -> BOX(A)", "refuted"),
    Example("What follows from a policy that holds at every world.", "BOX(Good(a))", "proved",
            assumptions=("BOX(Requested(a) -> Good(a))", "Requested(a)")),
    Example("The same policy at one world says nothing of the others.", "BOX(Good(a))", "refuted",
            assumptions=("BOX(Requested(a) -> Good(a))", "Requested(a)"), consequence="local"),
)


@dataclass(frozen=True)
class S5:
    """The overlay; ``search`` is untrusted and can be any function."""

    search: Search = decide
    name: str = "pxl"
    summary: str = ("Propositional modal logic S5, the kernel itself: boxes and diamonds over one universal relation; "
                    "a proved goal is a theorem of the Hilbert system.")
    version: str = "1.0"
    options: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: MappingProxyType({}))
    library: Library | None = None
    examples: tuple[Example, ...] = EXAMPLES
    operations: tuple[Operation, ...] = ()
    connectives: tuple[str, ...] = ("~", "BOX", "DIA", "/\\", "\\/", "->", "<->")
    constants: tuple[str, ...] = ("TOP", "BOT")

    def read(self, reading: Reading) -> S5Question:
        """Read text. Raises RequestError (FormulaSyntaxError, GoalTooLarge)."""
        goal = parse(_text(reading.goal, "the goal"), reading.limits)
        if not reading.assumptions:
            renamed, names = rename_atoms(goal)
            return S5Question(goal, renamed, renamed, names, None, self.search)
        assumed = tuple(_assumption(text, number, reading) for number, text in enumerate(reading.assumptions, 1))
        is_global = reading.consequence == GLOBAL
        builder = Builder()
        below = [builder.insert(formula) for formula in assumed]
        whole = builder.insert(goal)
        for number in reversed(below):
            whole = builder.impl(builder.box(number) if is_global else number, whole)
        renamed, names = rename_atoms(builder.formula(whole))
        new = {old: new for new, old in names.items()}
        return S5Question(goal, renamed, _renamed(goal, new), names,
                          Assumptions(tuple(_renamed(formula, new) for formula in assumed), is_global), self.search)


def overlay() -> S5:
    """Return the overlay."""
    return S5()


def _assumption(given: Any, number: int, reading: Reading) -> Formula:
    try:
        return parse(_text(given, f"assumption {number}"), reading.limits)
    except FormulaSyntaxError as error:
        raise FormulaSyntaxError(f"in assumption {number}: {error.detail}", line=error.line, column=error.column,
                                 found=error.found, expected=error.expected, excerpt=error.excerpt) from None


def _text(given: Any, what: str) -> str:
    if not isinstance(given, str):
        raise RequestError(f"{what} must be text")
    return given


def _renamed(formula: Formula, new: Mapping[str, str]) -> Formula:
    return Formula(tuple(("atom", new[node[1]]) if node[0] == "atom" else node for node in formula.nodes))
