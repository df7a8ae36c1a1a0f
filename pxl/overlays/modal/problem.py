"""A modal question as one table of nodes: the goal, its assumptions and the setting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pxl.formula import Formula
from pxl.formula.table import Node
from pxl.overlays.modal.setting import Setting

PLAIN = "BOX"       # what the relation of BOX and DIAMOND without a label is called


@dataclass(frozen=True)
class Problem:
    """What is asked: ``nodes`` children first, as in a formula, except that atoms and relations are numbered.

    A node is ("atom", k) ("bot",) ("neg", i) ("conj", i, j) … ("box", r, i) ("dia", r, i), with 0-based places i, j.
    ``globally`` are the places of assumptions that hold at every world, ``locally`` those at the world in question.
    """

    nodes: tuple[Node, ...]
    goal: int
    globally: tuple[int, ...]
    locally: tuple[int, ...]
    setting: Setting


@dataclass(frozen=True)
class Clauses:
    """A problem's clauses over the numbers of its nodes (1-based), as the checker numbers them.

    ``literals[k]`` is the literal of node k + 1: its own number, or its child's flipped for a negation.
    ``modal`` has one :class:`Modal` for each box and diamond.
    """

    literals: tuple[int, ...]
    clauses: tuple[tuple[int, ...], ...]
    heads: tuple[int, ...]
    modal: tuple[Modal, ...]


@dataclass(frozen=True)
class Modal:
    """A box over a relation, or a diamond read as one: literal ``box`` says that ``body`` holds at every successor."""

    relation: int
    box: int
    body: int


def relation_of(op: str) -> str | None:
    """Return the relation that a formula's operator speaks of, or None when it is not modal.

    >>> relation_of("box:a"), relation_of("dia"), relation_of("conj")
    ('a', 'BOX', None)
    """
    kind, _, label = op.partition(":")
    return (label or PLAIN) if kind in ("box", "dia") else None


def relations_in(formulas: Sequence[Formula]) -> tuple[str, ...]:
    """Return the relations that formulas speak of, in order of first occurrence."""
    found = {relation_of(node[0]): None for formula in formulas for node in formula.nodes}
    return tuple(name for name in found if name is not None)


def make_problem(goal: Formula, assumptions: Sequence[Formula], *, is_global: bool, setting: Setting,
                 relations: Sequence[str]) -> tuple[Problem, dict[str, str]]:
    """Return the problem with its atoms numbered by first occurrence, and the map from ``p1``, … to their names."""
    table: dict[Node, int] = {}
    atoms: dict[str, int] = {}
    numbers = {name: k for k, name in enumerate(relations, 1)}
    roots = []
    for formula in (goal, *assumptions):
        place: list[int] = []
        for node in formula.nodes:
            op = node[0]
            if op == "atom":
                new: Node = ("atom", atoms.setdefault(node[1], len(atoms) + 1))
            else:
                name = relation_of(op)
                below = tuple(place[i] for i in node[1:])
                new = (op, *below) if name is None else (op[:3], numbers[name], *below)
            place.append(table.setdefault(new, len(table)))
        roots.append(place[-1])
    rest = tuple(roots[1:])
    problem = Problem(tuple(table), roots[0], rest if is_global else (), () if is_global else rest, setting)
    return problem, {f"p{k}": name for name, k in atoms.items()}


def clauses_of(problem: Problem) -> Clauses:
    """Return the clauses that define the nodes, then one for each global assumption."""
    literals: list[int] = []
    clauses: list[tuple[int, ...]] = []
    heads: list[int] = []
    modal: list[Modal] = []
    for v, node in enumerate(problem.nodes, 1):
        op = node[0]
        if op == "neg":
            literals.append(-literals[node[1]])
            continue
        literals.append(v)
        if op in ("box", "dia"):
            sign = 1 if op == "box" else -1
            item = Modal(node[1], sign * v, sign * literals[node[2]])
            modal.append(item)
            if item.relation in problem.setting.reflexive:
                clauses.append((-item.box, item.body))
        elif op != "atom":
            clauses.extend(_definition(op, v, *(literals[i] for i in node[1:])))
        heads += [v] * (len(clauses) - len(heads))
    clauses += [(literals[place],) for place in problem.globally]
    heads += [0] * (len(clauses) - len(heads))
    return Clauses(tuple(literals), tuple(clauses), tuple(heads), tuple(modal))


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
