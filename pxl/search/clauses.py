"""The clauses of a formula's table: what each node's definition says.

The numbering is the kernel's (``Clausal.v``): defining clauses in table order, then one
clause for each step of a proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pxl.formula import Formula


@dataclass(frozen=True)
class ClauseForm:
    """A formula as clauses over the numbers of its nodes (1-based).

    ``literals[k]`` is the literal of node ``k + 1``: its own number, or the flipped literal of
    its child for a negation. ``clauses[k]`` is defining clause ``k + 1``. ``boxes`` and ``dias``
    map a modal node to the literal of what it speaks of.
    """

    root: int
    literals: tuple[int, ...]
    clauses: tuple[tuple[int, ...], ...]
    boxes: dict[int, int]
    dias: dict[int, int]


def clause_form(formula: Formula) -> ClauseForm:
    """Return the clausal form of a formula, in time linear in its table."""
    literals: list[int] = []
    clauses: list[tuple[int, ...]] = []
    boxes: dict[int, int] = {}
    dias: dict[int, int] = {}
    for v, node in enumerate(formula.nodes, 1):
        op = node[0]
        if op == "neg":
            literals.append(-literals[node[1]])
            continue
        literals.append(v)
        if op == "box":
            boxes[v] = literals[node[1]]
        elif op == "dia":
            dias[v] = literals[node[1]]
        clauses.extend(_definition(op, v, *(literals[i] for i in node[1:] if op != "atom")))
    return ClauseForm(literals[-1], tuple(literals), tuple(clauses), boxes, dias)


def _definition(op: str, v: int, x: int = 0, y: int = 0) -> Iterator[tuple[int, ...]]:
    if op == "conj":
        yield from ((-v, x), (-v, y), (v, -x, -y))
    elif op == "disj":
        yield from ((v, -x), (v, -y), (-v, x, y))
    elif op == "impl":
        yield from ((v, x), (v, -y), (-v, -x, y))
    elif op == "iff":
        yield from ((-v, -x, y), (-v, x, -y), (v, x, y), (v, -x, -y))
    elif op == "bot":
        yield (-v,)
    elif op == "box":
        yield (-v, x)
    elif op == "dia":
        yield (v, -x)


def needed_signs(formula: Formula) -> tuple[int, ...]:
    """Return, for each node, in which directions its definition is needed to refute the formula.

    Bit 1: the node may have to be true; bit 2: it may have to be false (Plaisted and Greenbaum
    1986). A clause with the literal ``v`` speaks when node v is false, one with ``-v`` when it is true.
    """
    signs = [0] * len(formula.nodes)
    signs[-1] = 2
    for k in range(len(signs) - 1, -1, -1):
        op, sign = formula.nodes[k][0], signs[k]
        if op == "atom" or op == "bot":
            continue
        flipped = (sign >> 1) | (sign & 1) << 1
        if op == "iff":
            sign = flipped = 3 if sign else 0
        left = flipped if op in ("neg", "impl", "iff") else sign
        for child, part in zip(formula.nodes[k][1:], (left, sign)):
            signs[child] |= part
    return tuple(signs)


def simplified(clause: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the clause without repeated literals, or None when it is a tautology.

    >>> simplified((1, -2, 1)), simplified((1, 2, -1))
    ((1, -2), None)
    """
    literals = tuple(dict.fromkeys(clause))
    return None if any(-literal in literals for literal in literals) else literals
