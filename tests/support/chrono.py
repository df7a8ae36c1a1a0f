"""What the tests of chrono share: a second evaluator, a second decision procedure, a second checker of proofs."""

from __future__ import annotations

import itertools
import random

from pxl.certificates.certificate import decode_numbers
from pxl.formula import Builder, Formula
from pxl.overlays.chrono.language import CHRONO

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


# --- the textbook's definitions, over a run written as (moments, loop) -------------------------------------------

def holds(formula: Formula, moments: list[set[str]], loop: int | None, at: int = 0) -> bool:
    """Evaluate by the definitions, each quantifier over all times up to a horizon beyond which all repeats."""
    nodes = formula.nodes
    length = len(moments)
    period = 0 if loop is None else length - loop
    horizon = length + period * (len(nodes) + 1)
    memo: dict[tuple[int, int], bool] = {}

    def last(i: int) -> int:
        return length - 1 if loop is None else max(i, horizon) + period

    def value(v: int, i: int) -> bool:
        key = v, i
        if key not in memo:
            memo[key] = compute(nodes[v], i)
        return memo[key]

    def compute(node: tuple, i: int) -> bool:
        op, *parts = node
        if op == "atom":
            k = i if i < length or loop is None else loop + (i - loop) % period
            return parts[0] in moments[k]
        if op == "bot":
            return False
        a, b = parts[0], parts[-1]
        later, earlier = range(i, last(i) + 1), range(i, -1, -1)
        match op:
            case "neg":
                return not value(a, i)
            case "conj":
                return value(a, i) and value(b, i)
            case "disj":
                return value(a, i) or value(b, i)
            case "impl":
                return value(b, i) or not value(a, i)
            case "iff":
                return value(a, i) == value(b, i)
            case "next":
                return i + 1 <= last(i) and value(a, i + 1)
            case "eventually":
                return any(value(a, k) for k in later)
            case "globally":
                return all(value(a, k) for k in later)
            case "until":
                return any(value(b, k) and all(value(a, j) for j in range(i, k)) for k in later)
            case "weak_until":
                return (all(value(a, k) for k in later)
                        or any(value(b, k) and all(value(a, j) for j in range(i, k)) for k in later))
            case "release":
                return all(value(b, k) or any(value(a, j) for j in range(i, k)) for k in later)
            case "strong_release":
                return any(value(a, k) and all(value(b, j) for j in range(i, k + 1)) for k in later)
            case "prev":
                return i > 0 and value(a, i - 1)
            case "weak_prev":
                return i == 0 or value(a, i - 1)
            case "once":
                return any(value(a, k) for k in earlier)
            case "historically":
                return all(value(a, k) for k in earlier)
            case "since":
                return any(value(b, k) and all(value(a, j) for j in range(k + 1, i + 1)) for k in earlier)
            case "triggered":
                return all(value(b, k) or any(value(a, j) for j in range(k + 1, i + 1)) for k in earlier)
            case "box":
                return all(value(a, k) for k in range(last(i) + 1))
            case "dia":
                return any(value(a, k) for k in range(last(i) + 1))
        time = int(op[3:])
        return (loop is not None or time < length) and value(a, time)

    return value(len(nodes) - 1, at)


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


# --- a second checker of proofs, written from the contract --------------------------------------------------------

CODES = {1: "atom", 2: "bot", 3: "neg", 4: "conj", 5: "disj", 6: "impl", 7: "iff", 8: "next", 9: "until", 10: "prev",
         11: "since"}


def expand(formula: Formula) -> tuple:
    """Return the core of a formula as a tree of tuples, as the contract writes it."""
    def no(k: tuple) -> tuple:
        return k[1] if k[0] == "neg" else ("neg", k)

    top = ("neg", ("bot",))
    core: list[tuple] = []
    for op, *parts in formula.nodes:
        if op == "atom":
            core.append(("atom", int(parts[0][1:])))
            continue
        kids = [core[k] for k in parts]
        a, b = (kids[0], kids[-1]) if kids else ((), ())
        core.append({
            "neg": lambda: no(a), "eventually": lambda: ("until", top, a), "globally": lambda: ("neg", ("until", top, no(a))),
            "weak_until": lambda: ("neg", ("until", no(b), ("neg", ("disj", a, b)))),
            "release": lambda: ("neg", ("until", no(a), no(b))),
            "strong_release": lambda: ("until", b, ("conj", a, b)),
            "weak_prev": lambda: ("neg", ("prev", no(a))),
            "once": lambda: ("since", top, a), "historically": lambda: ("neg", ("since", top, no(a))),
            "triggered": lambda: ("neg", ("since", no(a), no(b))),
            "box": lambda: ("neg", ("since", top, ("until", top, no(a)))),
            "dia": lambda: ("since", top, ("until", top, a)),
        }.get(op, lambda: at(op, a) if op.startswith("at:") else (op, *kids))())
    return core[-1]


def at(op: str, a: tuple) -> tuple:
    top = ("neg", ("bot",))
    for _ in range(int(op[3:])):
        a = ("next", a)
    return ("since", top, ("conj", ("neg", ("prev", top)), a))


def accepts(formula: Formula, finite: bool, text: str) -> bool:
    """Say whether a certificate text proves the formula, by the contract's rules and nothing else."""
    try:
        return _accepts(formula, finite, decode_numbers(text))
    except (IndexError, KeyError, ValueError):
        return False


def _accepts(formula: Formula, finite: bool, numbers: list[int]) -> bool:
    stream = iter(numbers)

    def get() -> int:
        for n in stream:
            return n
        raise IndexError

    def until_zero() -> list[int]:
        found = []
        while n := get():
            found.append(n)
        return found

    meanings: list = [None, ("bot",)]
    lits = [0, 2]
    shape: list = [None, ("bot",)]
    clauses: list = [None]

    def node(op: str, *parts: int) -> None:
        v = len(meanings)
        if op == "atom":
            meanings.append((op, *parts))
            lits.append(2 * v)
            shape.append((op,))
            return
        if any(not 1 <= p < v for p in parts):
            raise IndexError
        meanings.append((op, *(meanings[p] for p in parts)))
        shape.append((op, *parts))
        lits.append(lits[parts[0]] ^ 1 if op == "neg" else 2 * v)
        t, f = 2 * v, 2 * v + 1
        xs = [lits[p] for p in parts]
        if op == "bot":
            clauses.append([f])
        elif op in ("conj", "disj", "impl", "iff", "until", "since"):
            x, y = xs
            clauses.extend({"conj": [[f, x], [f, y], [t, x ^ 1, y ^ 1]], "disj": [[t, x ^ 1], [t, y ^ 1], [f, x, y]],
                            "impl": [[t, x], [t, y ^ 1], [f, x ^ 1, y]],
                            "iff": [[f, x ^ 1, y], [f, x, y ^ 1], [t, x, y], [t, x ^ 1, y ^ 1]]}.get(
                                op, [[t, y ^ 1], [f, x, y]]))
        elif op in ("next", "prev"):
            clauses.append([f, 6 if op == "next" else 8])
            u = parts[0]
            if shape[u][0] == ("until" if op == "next" else "since"):
                a, b = (lits[p] for p in shape[u][1:])
                clauses.extend([[2 * u + 1, b, t], [2 * u, a ^ 1, f]])

    clauses.append([3])
    for header in (("neg", 1), ("next", 2), ("prev", 2), ("neg", 3), ("until", 2, 5)):
        node(*header)
    clauses.append([12] if finite else [6])
    while code := get():
        op = CODES[code]
        node(op, *(get() for _ in range({"bot": 0, "atom": 1, "neg": 1, "next": 1, "prev": 1}.get(op, 2))))
    root = get()
    if not 1 <= root < len(meanings) or meanings[root] != expand(formula):
        return False

    def steps_to(now: int, then: int) -> bool:
        """Say whether the literal ``now`` says of this moment what ``then`` says of the next one."""
        v, w = now >> 1, then >> 1
        if not (1 <= v < len(shape) and 1 <= w < len(shape)):
            return False
        forward = shape[v][0] == "next" and then == lits[shape[v][1]] ^ (now & 1)
        backward = shape[w][0] == "prev" and now == lits[shape[w][1]] ^ (then & 1)
        return forward or backward

    last: list[int] | None = None
    for kind in stream:
        if kind == 1:
            clause, hints = until_zero(), until_zero()
            false = set(clause)
            done = not hints and any(lit ^ 1 in false for lit in clause)
            for h in hints:
                if h < 1:
                    raise IndexError
                left = {lit for lit in clauses[h] if lit not in false}
                if len(left) > 1:
                    return False
                if not left:
                    done = True
                    break
                false |= {lit ^ 1 for lit in left}
            if not done:
                return False
            last = clause
        elif kind == 2:
            premise, here = get(), until_zero()
            if premise < 1 or len(here) != len(clauses[premise]):
                return False
            if not all(steps_to(now, then) for now, then in zip(here, clauses[premise], strict=True)):
                return False
            last = here + ([7] if finite else [])
        elif kind == 3:
            i, v, x, never, stays = (get() for _ in range(5))
            op, a, b = shape[v]
            if op != "until" or min(never, stays) < 1 or not steps_to(x, i):
                return False
            if shape[x >> 1][0] != "next":
                return False
            if not set(clauses[never]) <= {i ^ 1, lits[b] ^ 1}:
                return False
            if not set(clauses[stays]) <= {i ^ 1, lits[a] ^ 1, 7, x}:
                return False
            last = [i ^ 1, 2 * v + 1]
        else:
            return False
        clauses.append(last)
    return last is not None and set(last) <= {8, lits[root]}
