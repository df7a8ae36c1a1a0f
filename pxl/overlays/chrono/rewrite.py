"""Rewrite formulas of linear time into others: the core, negation normal form, finite time inside infinite time."""

from __future__ import annotations

from typing import Any

from pxl.formula import Builder, Formula, atoms
from pxl.overlays.chrono.core import core_of, time_of
from pxl.overlays.chrono.language import CHRONO

_DUALS = {"conj": "disj", "disj": "conj", "eventually": "globally", "globally": "eventually", "until": "release",
          "release": "until", "weak_until": "strong_release", "strong_release": "weak_until", "prev": "weak_prev",
          "weak_prev": "prev", "once": "historically", "historically": "once", "since": "triggered",
          "triggered": "since", "box": "dia", "dia": "box"}


def core(formula: Formula) -> Formula:
    """Return the formula with ⊥, connectives, X, U, Y and S only; equivalent at every time of every run."""
    table, root = core_of(formula)
    b = Builder(CHRONO)
    place: list[int] = []
    for op, *members in table.nodes[:root]:
        if op == "atom":
            place.append(b.atom(members[0]))
        else:
            place.append(b.node(op, *(place[m - 1] for m in members)))
    return b.formula(place[-1])


def negation_normal_form(formula: Formula, finite: bool) -> Formula:
    """Return an equivalent formula without -> and <-> that negates only atoms, ⊥ and, over finite time, X⊤ and At t ⊤.
    """
    b = Builder(CHRONO)
    memo: dict[tuple[int, bool], int] = {}
    nodes = formula.nodes
    for k, (op, *members) in enumerate(nodes):
        for positive in (True, False):
            memo[k, positive] = _normal(b, op, members, positive, finite, memo)
    return b.formula(memo[len(nodes) - 1, True])


def _normal(b: Builder, op: str, members: list[Any], positive: bool, finite: bool,
            memo: dict[tuple[int, bool], int]) -> int:
    if op in ("atom", "bot"):
        body = b.atom(members[0]) if op == "atom" else b.bot()
        return body if positive else b.neg(body)

    def part(which: int, sign: bool = positive) -> int:
        return memo[members[which], sign]

    if op == "neg":
        return part(0, not positive)
    if op == "impl":
        return b.node("disj" if positive else "conj", part(0, not positive), part(1))
    if op == "iff":
        # a <-> b is (a /\ b) \/ (~a /\ ~b), and its negation (a /\ ~b) \/ (~a /\ b).
        return b.disj(b.conj(memo[members[0], True], memo[members[1], positive]),
                      b.conj(memo[members[0], False], memo[members[1], not positive]))
    parts = [part(k) for k in range(len(members))]
    if positive:
        return b.node(op, *parts)
    if op == "next" or time_of(op) is not None:
        body = b.node(op, *parts)
        return b.disj(body, b.neg(b.node(op, b.top()))) if finite else body
    return b.node(_DUALS[op], *parts)


def finite_to_omega(formula: Formula) -> tuple[Formula, str]:
    """Return a formula that is valid over infinite time exactly when this one is over finite time, and the new atom.

    The atom says that time has not ended yet (De Giacomo and Vardi 2013, with past).
    """
    taken = set(atoms(formula))
    alive = next(name for name in ("alive", *(f"alive{k}" for k in range(len(taken) + 1))) if name not in taken)
    b = Builder(CHRONO)
    a = b.atom(alive)
    place: list[int] = []
    for op, *members in formula.nodes:
        place.append(b.atom(members[0]) if op == "atom" else _alive(b, a, op, [place[m] for m in members]))
    # Time has begun, and it ends once and for all.
    ends = b.node("until", a, b.node("globally", b.neg(a)))
    return b.formula(b.impl(b.conj(a, ends), place[-1])), alive


def _alive(b: Builder, alive: int, op: str, parts: list[int]) -> int:
    def while_alive(x: int) -> int:
        return b.conj(alive, x)

    def unless_ended(x: int) -> int:
        return b.impl(alive, x)

    match op:
        case "next" | "eventually" | "dia":
            return b.node(op, while_alive(parts[0]))
        case "globally" | "box":
            return b.node(op, unless_ended(parts[0]))
        case "until":
            return b.node(op, parts[0], while_alive(parts[1]))
        case "weak_until":
            return b.node(op, parts[0], b.disj(b.neg(alive), parts[1]))
        case "release":
            return b.node(op, parts[0], unless_ended(parts[1]))
        case "strong_release":
            return b.node(op, while_alive(parts[0]), parts[1])
    if time_of(op) is not None:
        return b.node(op, while_alive(parts[0]))
    return b.bot() if op == "bot" else b.node(op, *parts)


def eternal(formula: Formula) -> str | None:
    """Return the first tensed operator of a formula, or None: then it is a formula of the kernel as it stands."""
    return next((op for op, *_ in formula.nodes if op not in _TENSELESS), None)


_TENSELESS = frozenset({"atom", "bot", "neg", "conj", "disj", "impl", "iff", "box", "dia"})

