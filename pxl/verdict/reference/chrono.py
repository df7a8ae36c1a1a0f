"""Linear time: a checker of proofs and an evaluator of runs and traces, from docs/chrono.md and the textbook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pxl.certificates.certificate import decode_numbers
from pxl.formula import Formula
from pxl.formula.table import Node
from pxl.overlays.chrono.sentences import read_run

Moments = Sequence[frozenset[str]]


def fault(formula: Formula, proved: bool, finite: bool, trace: Moments | None, text: str) -> str | None:
    """Return why a certificate does not settle a renamed formula, on a trace where there is one; None if it does."""
    if trace is not None:
        return None if holds(formula, trace, None) == proved else "the trace says otherwise"
    if proved:
        return None if accepts(formula, finite, text) else "a step of the proof is wrong"
    run = read_run(text)
    if (run.loop is None) != finite:
        return "a run that ends where none should, or the other way round"
    return "the run does not refute the goal" if holds(formula, run.moments, run.loop) else None


def holds(formula: Formula, moments: Moments, loop: int | None, at: int = 0) -> bool:
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

    def compute(node: Node, i: int) -> bool:
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


# What a core node's number is.
CODES = {1: "atom", 2: "bot", 3: "neg", 4: "conj", 5: "disj", 6: "impl", 7: "iff", 8: "next", 9: "until", 10: "prev",
         11: "since"}


def expand(formula: Formula) -> Node:
    """Return the core of a formula as a tree of tuples, as the contract writes it."""
    core: list[Node] = []
    for op, *parts in formula.nodes:
        core.append(("atom", int(parts[0][1:])) if op == "atom" else _core(op, [core[k] for k in parts]))
    return core[-1]


def _no(k: Node) -> Node:
    return k[1] if k[0] == "neg" else ("neg", k)


def _core(op: str, kids: list[Node]) -> Node:
    a, b = (kids[0], kids[-1]) if kids else ((), ())
    top = ("neg", ("bot",))
    match op:
        case "neg":
            return _no(a)
        case "eventually":
            return ("until", top, a)
        case "globally":
            return ("neg", ("until", top, _no(a)))
        case "weak_until":
            return ("neg", ("until", _no(b), ("neg", ("disj", a, b))))
        case "release":
            return ("neg", ("until", _no(a), _no(b)))
        case "strong_release":
            return ("until", b, ("conj", a, b))
        case "weak_prev":
            return ("neg", ("prev", _no(a)))
        case "once":
            return ("since", top, a)
        case "historically":
            return ("neg", ("since", top, _no(a)))
        case "triggered":
            return ("neg", ("since", _no(a), _no(b)))
        case "box":
            return ("neg", ("since", top, ("until", top, _no(a))))
        case "dia":
            return ("since", top, ("until", top, a))
    return at(op, a) if op.startswith("at:") else (op, *kids)


def at(op: str, a: Node) -> Node:
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

    meanings: list[Any] = [None, ("bot",)]
    lits = [0, 2]
    shape: list[Any] = [None, ("bot",)]
    clauses: list[Any] = [None]

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
        return bool(forward or backward)

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
