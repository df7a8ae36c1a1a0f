"""Reads goals of S5, alone or under assumptions, into questions that the kernel's own theorems answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pxl.formula import Builder, parse, rename_atoms, with_atoms
from pxl.overlays.contract import GLOBAL, Example, Json, Library, Operation, Reading
from pxl.overlays.s5.question import Assumptions, S5Question, Search
from pxl.overlays.texts import read_texts
from pxl.search.elimination import decide

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
        goal, assumed = read_texts(reading, lambda text, what: parse(text, reading.limits))
        if not assumed:
            renamed, names = rename_atoms(goal)
            return S5Question(goal, renamed, renamed, names, None, self.search)
        is_global = reading.consequence == GLOBAL
        builder = Builder()
        below = [builder.insert(formula) for formula in assumed]
        whole = builder.insert(goal)
        for number in reversed(below):
            whole = builder.impl(builder.box(number) if is_global else number, whole)
        renamed, names = rename_atoms(builder.formula(whole))
        new = {old: new for new, old in names.items()}
        return S5Question(goal, renamed, with_atoms(goal, new), names,
                          Assumptions(tuple(with_atoms(formula, new) for formula in assumed), is_global), self.search)


def overlay() -> S5:
    """Return the overlay."""
    return S5()
