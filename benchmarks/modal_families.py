"""Scalable families for K, KT and S4, in the manner of Heuerding and Schwendimann's benchmark method (LWB).

Each family has provable members (``p``) and, by a small change, unprovable ones (``n``), and a size. The names are
theirs where the idea is; the formulas are written anew.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import reduce

from pxl.formula import Builder, Formula

Family = Callable[[int, bool], Formula]


class Maker(Builder):
    """A builder with what the families share."""

    def all(self, parts: Sequence[int]) -> int:
        return reduce(self.conj, parts) if parts else self.top()

    def any(self, parts: Sequence[int]) -> int:
        return reduce(self.disj, parts) if parts else self.bot()

    def boxes(self, count: int, body: int) -> int:
        for _ in range(count):
            body = self.box(body)
        return body

    def dias(self, count: int, body: int) -> int:
        for _ in range(count):
            body = self.dia(body)
        return body

    def every(self, depth: int, body: int) -> int:
        """True at every world that is at most ``depth`` steps away."""
        return self.all([self.boxes(k, body) for k in range(depth + 1)])

    def p(self, k: int) -> int:
        return self.atom(f"p{k}")


def branch(n: int, provable: bool) -> Formula:
    """A binary tree of depth n over n atoms (Halpern and Moses): no atom is true at all of its leaves."""
    b = Maker()
    at = [b.atom(f"d{i}") for i in range(n + 2)]
    tree = [b.impl(at[i + 1], at[i]) for i in range(n + 1)]
    for i in range(1, n + 1):
        for side in (b.p(i), b.neg(b.p(i))):
            tree.append(b.impl(at[i], b.impl(side, b.box(b.impl(at[i], side)))))
    for i in range(n):
        here = b.conj(at[i], b.neg(at[i + 1]))
        for side in (b.p(i + 1), b.neg(b.p(i + 1))):
            tree.append(b.impl(here, b.dia(b.all([at[i + 1], b.neg(at[i + 2]), side]))))
    premises = [at[0], b.neg(at[1]), b.every(n, b.all(tree))]
    if provable:
        premises.append(b.boxes(n, b.p(n // 3 + 1)))
    return b.formula(b.neg(b.all(premises)))


def pigeons(n: int, provable: bool) -> Formula:
    """ph: n + 1 pigeons do not sit in n holes, told of boxes; n pigeons may."""
    b = Maker()
    count = n + 1 if provable else n
    sits = [[b.box(b.disj(b.atom(f"s{i}_{j}"), b.atom("x"))) for j in range(n)] for i in range(count)]
    clashes = [b.conj(sits[i][j], sits[k][j]) for j in range(n) for i, k in itertools.combinations(range(count), 2)]
    return b.formula(b.impl(b.all([b.any(row) for row in sits]), b.any(clashes)))


def polygon(n: int, provable: bool) -> Formula:
    """poly: the corners of a polygon cannot differ from their neighbours all round when they are odd in number."""
    b = Maker()
    corners = 2 * n + 1 if provable else 2 * n + 2
    told = [b.boxes(k % 2 + 1, b.dias(k % 3, b.p(k))) for k in range(corners)]
    differ = [b.iff(told[k], b.neg(told[(k + 1) % corners])) for k in range(corners)]
    return b.formula(b.impl(b.boxes(n, b.all(differ)), b.boxes(n, b.bot())))


def linear(n: int, provable: bool) -> Formula:
    """lin: where any two of n + 1 propositions compare, one of them is least."""
    b = Maker()

    def below(i: int, j: int) -> int:
        return b.box(b.impl(b.p(i), b.p(j)))

    pairs = list(itertools.combinations(range(n + 1), 2))
    if not provable:
        pairs.remove((0, n))
    premises = [b.disj(below(i, j), below(j, i)) for i, j in pairs]
    least = [b.all([below(i, j) for j in range(n + 1) if j != i]) for i in range(n + 1)]
    return b.formula(b.impl(b.all(premises), b.any(least)))


def path(n: int, provable: bool) -> Formula:
    """path: where a step leads at most two colours on, and may lead one on, n steps may lead n on, but need not."""
    b = Maker()
    width = 4
    steps = [b.impl(b.p(j), b.all([b.dia(b.p((j + 1) % width)),
                                   b.box(b.any([b.p((j + k) % width) for k in range(3)]))])) for j in range(width)]
    steps += [b.neg(b.conj(b.p(i), b.p(j))) for i, j in itertools.combinations(range(width), 2)]
    start = b.conj(b.p(0), b.every(n, b.all(steps)))
    goal = (b.dias if provable else b.boxes)(n, b.p(n % width))
    return b.formula(b.impl(start, goal))


def d4(n: int, provable: bool) -> Formula:
    """d4: instances of the axioms D and 4 at each depth carry a box n steps down; one left out stops it."""
    b = Maker()
    p = b.p(1)
    levels = [i for i in range(n + 1) if provable or i != n // 2]
    premises = [b.boxes(i, b.conj(b.impl(b.box(p), b.boxes(2, p)), b.impl(b.box(p), b.dia(p)))) for i in levels]
    return b.formula(b.impl(b.all(premises), b.impl(b.box(p), b.boxes(n, b.dia(p)))))


def t4p(n: int, provable: bool) -> Formula:
    """t4p: axioms T and 4 for n propositions, within boxes, reduce a tower of n boxes and diamonds of each."""
    b = Maker()
    parts, goals = [], []
    for k in range(n):
        p = b.p(k)
        if provable or k != n // 2:
            parts.append(b.every(n, b.conj(b.impl(p, b.dia(p)), b.impl(b.dia(b.dia(p)), b.dia(p)))))
        goals.append(b.impl(b.dias(n + 1, p), b.dia(p)))
        goals.append(b.impl(b.boxes(k, p), b.boxes(k, b.dia(p))))
    return b.formula(b.impl(b.all(parts), b.all(goals)))


def depth(n: int, provable: bool) -> Formula:
    """md: n boxes shrink to k boxes and n - k diamonds, for every k; a box too few does not."""
    b = Maker()
    p = b.p(0)
    parts = [b.impl(b.boxes(n, p), b.boxes(k, b.dias(n - k, p))) for k in range(n)]
    if not provable:
        k = n // 2
        parts.append(b.impl(b.boxes(k, p), b.boxes(k + 1, b.dias(n - k, p))))
    return b.formula(b.all(parts))


def s5_in(n: int, provable: bool) -> Formula:
    """s5: □◇(a theorem of S5), which S4 proves; without □◇ it does not."""
    b = Maker()
    fives = [b.impl(b.dia(b.p(k)), b.box(b.dia(b.conj(b.p(k), b.disj(b.p(k), b.p(k + 1)))))) for k in range(n)]
    body = b.all(fives)
    return b.formula(b.box(b.dia(body)) if provable else b.box(body))


def intuitionistic(n: int, provable: bool) -> Formula:
    """ipc: Gödel's translation of de Bruijn's intuitionistic theorem on a ring of 2n + 1 arrows; n: all but one."""
    b = Maker()
    count = 2 * n + 1
    atoms = [b.box(b.p(k)) for k in range(count)]
    goal = b.all(atoms)

    def arrow(x: int, y: int) -> int:
        return b.box(b.impl(x, y))

    steps = [b.conj(arrow(atoms[k], atoms[(k + 1) % count]), arrow(atoms[(k + 1) % count], atoms[k]))
             for k in range(count)]
    premises = [arrow(step, goal) for step in steps]
    return b.formula(arrow(b.all(premises if provable else premises[:-1]), goal))


def grz(n: int, provable: bool) -> Formula:
    """grz: Grzegorczyk's axiom for n propositions and their negations yields McKinsey's, □◇p → ◇□p; n: all but one."""
    b = Maker()
    premises, goals = [], []
    for k in range(n):
        for p in (b.p(k), b.neg(b.p(k))):
            told = b.box(b.impl(b.box(b.impl(b.box(b.impl(p, b.box(p))), p)), p))
            premises.append(told if provable or k != n // 2 else b.box(b.impl(b.box(p), p)))
        goals.append(b.impl(b.box(b.dia(b.p(k))), b.dia(b.box(b.p(k)))))
    return b.formula(b.impl(b.all(premises), b.all(goals)))


FAMILIES: dict[str, dict[str, Family]] = {
    "k": {"branch": branch, "d4": d4, "lin": linear, "path": path, "ph": pigeons, "poly": polygon, "t4p": t4p},
    "t": {"branch": branch, "lin": linear, "md": depth, "path": path, "ph": pigeons, "poly": polygon},
    "s4": {"branch": branch, "grz": grz, "ipc": intuitionistic, "lin": linear, "ph": pigeons, "poly": polygon,
           "s5": s5_in},
}
