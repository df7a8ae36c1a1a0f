"""What the tests of chrono share: random formulas, and a second decision procedure."""

from __future__ import annotations

import itertools
import random

from pxl.formula import Builder, Formula
from pxl.overlays.chrono.language import CHRONO
from pxl.verdict.reference.chrono import holds

UNARY = ("neg", "next", "eventually", "globally", "prev", "weak_prev", "once", "historically")
RARE = ("box", "dia", "at:0", "at:1", "at:2")
BINARY = ("conj", "disj", "impl", "iff", "until", "weak_until", "release", "strong_release", "since", "triggered")


def random_formula(chance: random.Random, atoms: int, size: int) -> Formula:
    """Return a random formula of about ``size`` operators."""
    b = Builder(CHRONO)

    def build(size: int) -> int:
        if size <= 0:
            return b.bot() if chance.random() < 0.05 else b.atom(f"p{chance.randint(1, atoms)}")
        if chance.random() < 0.5:
            op = chance.choice(RARE) if chance.random() < 0.1 else chance.choice(UNARY)
            return b.node(op, build(size - 1))
        left = chance.randint(0, size - 1)
        return b.node(chance.choice(BINARY), build(left), build(size - 1 - left))

    return b.formula(build(size))


def fails_somewhere(formula: Formula, atoms: int, finite: bool, length: int) -> bool:
    """Say whether one of all runs of that many moments refutes the formula."""
    names = [f"p{k + 1}" for k in range(atoms)]
    sets = [set(c) for n in range(atoms + 1) for c in itertools.combinations(names, n)]
    return any(not holds(formula, list(moments), loop)
               for moments in itertools.product(sets, repeat=length)
               for loop in ([None] if finite else range(length)))


# --- all types, and none of the solver ----------------------------------------------------------------------------

class Tableau:
    """Decide by the explicit graph of all types over X, U, Y and S; none of it is shared with the search."""

    def __init__(self, formula: Formula, finite: bool, max_elementary: int = 11) -> None:
        self._finite = finite
        self._nodes: list[tuple] = []
        self._table: dict[tuple, int] = {}
        place: list[int] = []
        for node in formula.nodes:
            place.append(self._n("atom", node[1]) if node[0] == "atom" else self._simple(node[0], [place[k] for k in node[1:]]))
        self.root = place[-1]
        if finite:
            self._n("X", self._true())
        for v, node in enumerate(list(self._nodes)):
            if node[0] in "US":
                self._n("X" if node[0] == "U" else "Y", v)
        self._n("Y", self._true())
        self.elementary = [v for v, node in enumerate(self._nodes) if node[0] in ("atom", "X", "Y")]
        self.is_small = len(self.elementary) <= max_elementary

    def _n(self, *node) -> int:
        if node not in self._table:
            self._table[node] = len(self._nodes)
            self._nodes.append(node)
        return self._table[node]

    def _not(self, a: int) -> int:
        return self._nodes[a][1] if self._nodes[a][0] == "not" else self._n("not", a)

    def _true(self) -> int:
        return self._not(self._n("false"))

    def _and(self, a: int, b: int) -> int:
        return self._n("and", a, b)

    def _or(self, a: int, b: int) -> int:
        return self._not(self._and(self._not(a), self._not(b)))

    def _simple(self, op: str, parts: list[int]) -> int:
        n, no = self._n, self._not
        a, b = (parts[0], parts[-1]) if parts else (0, 0)
        true = self._true()
        match op:
            case "bot":
                return n("false")
            case "neg":
                return no(a)
            case "conj":
                return self._and(a, b)
            case "disj":
                return self._or(a, b)
            case "impl":
                return self._or(no(a), b)
            case "iff":
                return self._and(self._or(no(a), b), self._or(no(b), a))
            case "next":
                return n("X", a)
            case "prev":
                return n("Y", a)
            case "weak_prev":
                return self._or(n("Y", a), no(n("Y", true)))
            case "eventually":
                return n("U", true, a)
            case "globally":
                return no(n("U", true, no(a)))
            case "until":
                return n("U", a, b)
            case "weak_until":
                return self._or(n("U", a, b), no(n("U", true, no(a))))
            case "release":
                return no(n("U", no(a), no(b)))
            case "strong_release":
                return self._and(n("U", true, a), no(n("U", no(a), no(b))))
            case "once":
                return n("S", true, a)
            case "historically":
                return no(n("S", true, no(a)))
            case "since":
                return n("S", a, b)
            case "triggered":
                return no(n("S", no(a), no(b)))
            case "box":
                return self._and(no(n("U", true, no(a))), no(n("S", true, no(a))))
            case "dia":
                return self._or(n("U", true, a), n("S", true, a))
        for _ in range(int(op[3:])):
            a = n("X", a)
        return n("S", true, self._and(no(n("Y", true)), a))

    def is_valid(self) -> bool:
        """Say whether no run refutes the formula: no good type is first and makes it false."""
        nodes, elementary = self._nodes, self.elementary
        order = [v for v, node in enumerate(nodes) if node[0] not in ("atom", "X", "Y")]
        nexts = [v for v in elementary if nodes[v][0] == "X"]
        prevs = [v for v in elementary if nodes[v][0] == "Y"]
        step = {nodes[v][1]: v for v in nexts + prevs if nodes[nodes[v][1]][0] in "US"
                and (nodes[nodes[v][1]][0] == "U") == (nodes[v][0] == "X")}
        true = self._true()
        types = []
        for bits in itertools.product((False, True), repeat=len(elementary)):
            value = dict(zip(elementary, bits, strict=True))
            for v in order:
                op, *parts = nodes[v]
                if op == "false":
                    value[v] = False
                elif op == "not":
                    value[v] = not value[parts[0]]
                elif op == "and":
                    value[v] = value[parts[0]] and value[parts[1]]
                else:
                    value[v] = value[parts[1]] or (value[parts[0]] and value[step[v]])
            first = not value[self._n("Y", true)]
            if first and any(value[v] for v in prevs):
                continue
            last = self._finite and not value[self._n("X", true)]
            if last and any(value[v] for v in nexts):
                continue
            types.append((value, first, last,
                          (tuple(value[nodes[v][1]] for v in nexts), tuple(value[v] for v in prevs)),
                          (tuple(value[v] for v in nexts), tuple(value[nodes[v][1]] for v in prevs))))
        untils = [v for v, node in enumerate(nodes) if node[0] == "U"]
        while True:
            size = len(types)
            keys: dict[tuple, list[int]] = {}
            for k, (_, _, _, come, _) in enumerate(types):
                keys.setdefault(come, []).append(k)
            if self._finite:
                good = {k for k, t in enumerate(types) if t[2]}
                good = self._backwards(types, keys, good)
                types = [t for k, t in enumerate(types) if k in good]
            else:
                types = [t for t in types if t[4] in keys]
                for u in untils:
                    keys = {}
                    for k, t in enumerate(types):
                        keys.setdefault(t[3], []).append(k)
                    good = self._backwards(types, keys, {k for k, t in enumerate(types) if t[0][nodes[u][2]]})
                    types = [t for k, t in enumerate(types) if not t[0][u] or k in good]
            if len(types) == size:
                break
        return not any(first and not value[self.root] for value, first, *_ in types)

    @staticmethod
    def _backwards(types: list, keys: dict, good: set[int]) -> set[int]:
        """Return the types from which a good one can be reached."""
        by_need: dict[tuple, list[int]] = {}
        for k, t in enumerate(types):
            if not t[2]:
                by_need.setdefault(t[4], []).append(k)
        good, agenda = set(good), list(good)
        while agenda:
            come = types[agenda.pop()][3]
            for k in by_need.get(come, ()):
                if k not in good:
                    good.add(k)
                    agenda.append(k)
        return good
