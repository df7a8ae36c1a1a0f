"""The core of a chrono formula: eleven operators, in the table that the certificate numbers.

Every operator of the language is one of the core's or an abbreviation, expanded here exactly as the function
``core`` of ``Syntax.v`` expands it; X and Y are strong, U and S reflexive. Nodes are numbered from 1, and the
first six are the same in every table: ⊥, ⊤, X⊤, Y⊤, ¬X⊤ (the last moment) and F¬X⊤ (there is a last moment).
"""

from __future__ import annotations

from typing import Any

from pxl.errors import GoalTooLarge
from pxl.formula import Formula
from pxl.formula.table import Node

BOT, TOP, HAS_NEXT, HAS_PREV, IS_LAST, ENDS = range(1, 7)
HEADER = (("bot",), ("neg", BOT), ("next", TOP), ("prev", TOP), ("neg", HAS_NEXT), ("until", TOP, IS_LAST))

MAX_TREE = 100_000      # Coq walks the core as a tree
MAX_TIME = 1_000        # the t of At t
_DIGITS = 18            # of longer times only the first digits are read: they are over the limit anyway

_SAME = frozenset({"bot", "conj", "disj", "impl", "iff", "next", "prev", "until", "since"})


class CoreTable:
    """A growing table of core nodes, each with its literal: a negation's is its child's, flipped."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.literals: list[int] = []
        self._places: dict[Node, int] = {}
        for node in HEADER:
            self.add(*node)

    def __len__(self) -> int:
        return len(self.nodes)

    def add(self, op: str, *members: Any) -> int:
        """Return the number of a node, which is new unless the table has it."""
        node = (op, *members)
        place = self._places.get(node)
        if place is None:
            self.nodes.append(node)
            place = self._places[node] = len(self.nodes)
            self.literals.append(-self.literals[members[0] - 1] if op == "neg" else place)
        return place

    def opposite(self, place: int) -> int:
        """Return the number of a node's negation; that of a negation is its child."""
        node = self.nodes[place - 1]
        return node[1] if node[0] == "neg" else self.add("neg", place)

    def literal(self, place: int) -> int:
        return self.literals[place - 1]

    def of_literal(self, literal: int) -> int:
        """Return the number of a node that a literal says is true."""
        return literal if literal > 0 else self.add("neg", -literal)

    def insert(self, formula: Formula) -> list[int]:
        """Expand a formula into the table and return the number of each subformula's core."""
        place: list[int] = []
        for node in formula.nodes:
            if node[0] == "atom":
                place.append(self.add("atom", node[1]))
            else:
                place.append(self._expand(node[0], [place[child] for child in node[1:]]))
        return place

    def _expand(self, op: str, parts: list[int]) -> int:
        add, opposite = self.add, self.opposite
        if op in _SAME:
            return add(op, *parts)
        a, b = parts[0], parts[-1]
        match op:
            case "neg":
                return opposite(a)
            case "eventually":
                return add("until", TOP, a)
            case "globally":
                return add("neg", add("until", TOP, opposite(a)))
            case "weak_until":
                return add("neg", add("until", opposite(b), add("neg", add("disj", a, b))))
            case "release":
                return add("neg", add("until", opposite(a), opposite(b)))
            case "strong_release":
                return add("until", b, add("conj", a, b))
            case "weak_prev":
                return add("neg", add("prev", opposite(a)))
            case "once":
                return add("since", TOP, a)
            case "historically":
                return add("neg", add("since", TOP, opposite(a)))
            case "triggered":
                return add("neg", add("since", opposite(a), opposite(b)))
            case "box":
                return add("neg", add("since", TOP, add("until", TOP, opposite(a))))
            case "dia":
                return add("since", TOP, add("until", TOP, a))
        time = time_of(op)
        if time is None:
            raise ValueError(f"not an operator of chrono: {op!r}")
        for _ in range(time):
            a = add("next", a)
        return add("since", TOP, add("conj", add("neg", HAS_PREV), a))


def time_of(op: str) -> int | None:
    """Return the t of the operator ``At t``, or None for another one.

    >>> time_of("at:5"), time_of("next")
    (5, None)
    """
    return int(op[3:][:_DIGITS]) if op.startswith("at:") else None


def check_times(formula: Formula) -> None:
    """Raise GoalTooLarge when the formula speaks of a time that is too far away."""
    for node in formula.nodes:
        time = time_of(node[0])
        if time is not None and time > MAX_TIME:
            raise GoalTooLarge(f"At {time} is over the limit of At {MAX_TIME}.")


def core_of(formula: Formula) -> tuple[CoreTable, int]:
    """Return a table with a formula's core and the number of its node. Raises GoalTooLarge."""
    check_times(formula)
    # Each is at least as many operators, and they need not be written out to see that.
    if sum(time_of(node[0]) or 0 for node in formula.nodes) > MAX_TREE:
        raise GoalTooLarge(f"The goal, with At written out, is over the limit of {MAX_TREE:,} operators.")
    table = CoreTable()
    root = table.insert(formula)[-1]
    sizes: list[int] = []
    for node in table.nodes:
        children = () if node[0] == "atom" else node[1:]
        sizes.append(min(1 + sum(sizes[child - 1] for child in children), MAX_TREE + 1))
    if sizes[root - 1] > MAX_TREE:
        raise GoalTooLarge(f"The goal, with W, M and <-> written out, is over the limit of {MAX_TREE:,} operators.")
    return table, root
