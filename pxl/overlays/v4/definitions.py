"""Connectives that are read and never kept: each stands for a formula in those of the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pxl.formula import Formula, Infix
from pxl.formula.table import Node, canonical

Make = Callable[..., int]


def _strict(make: Make, left: int, right: int) -> int:
    return make("box", make("impl", left, right))


def _contingent(make: Make, body: int) -> int:
    return make("conj", make("dia", body), make("dia", make("neg", body)))


# Each definition, and its Coq counterpart in coq/Syntax.v, says the same.
DEFINED: Mapping[str, Make] = {
    "xor": lambda make, left, right: make("neg", make("iff", left, right)),
    "nand": lambda make, left, right: make("neg", make("conj", left, right)),
    "nor": lambda make, left, right: make("neg", make("disj", left, right)),
    "strict": _strict,
    "implied": lambda make, left, right: make("impl", right, left),
    "contingent": _contingent,
}

EXTRA = (
    Infix("nand", ("nand", "⊼"), 40),
    Infix("xor", ("xor", "⊕"), 30),
    Infix("nor", ("nor", "⊽"), 30),
    Infix("strict", ("strictly_implies", "⥽"), 20, to_the_right=True),
)


def expand(formula: Formula, defined: Mapping[str, Make] = DEFINED) -> Formula:
    """Replace every defined connective by what it stands for. Linear in the size of the table.

    >>> expand(Formula((("atom", "A"), ("atom", "B"), ("strict", 0, 1))))
    Formula(nodes=(('atom', 'A'), ('atom', 'B'), ('impl', 0, 1), ('box', 2)))
    """
    if not any(node[0] in defined for node in formula.nodes):
        return formula
    nodes: list[Node] = []

    def make(op: str, *parts: object) -> int:
        nodes.append((op, *parts))
        return len(nodes) - 1

    places: list[int] = []
    for op, *parts in formula.nodes:
        if op == "atom":
            places.append(make(op, *parts))
        else:
            below = [places[part] for part in parts]
            places.append(defined[op](make, *below) if op in defined else make(op, *below))
    return canonical(nodes, places[-1])
