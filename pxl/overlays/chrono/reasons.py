"""Why a formula is true or false at a time of a run: the subformulas and times that force its value."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from pxl.formula import Formula, Node
from pxl.overlays.chrono.core import time_of
from pxl.overlays.chrono.runs import Run, truth

MAX_FACTS = 1_000


@dataclass(frozen=True)
class Settled:
    """A run, its loop written out until all truth values repeat with it, and the row of each node on it."""

    run: Run
    rows: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Fact:
    """A node, a time, its truth value there; ``depth`` is one more than that of the fact that it explains."""

    node: int
    time: int
    value: bool
    depth: int


def settle(formula: Formula, run: Run) -> Settled:
    """Evaluate a formula on a run, with its loop written out no more often than the truth values need."""
    rows, unrolled = truth(formula, run)
    if run.loop is None:
        return Settled(run, tuple(map(tuple, rows)))
    period, size = len(run.moments) - run.loop, len(unrolled.moments)
    begin = run.loop
    for row in rows:
        begin = next((k + 1 for k in range(size - period - 1, begin - 1, -1) if row[k] != row[k + period]), begin)
    times = -(-(begin - run.loop) // period)
    length = len(run.moments) + times * period
    return Settled(Run(unrolled.moments[:length], run.loop + times * period),
                   tuple(tuple(row[:length]) for row in rows))


def falsification(formula: Formula, settled: Settled) -> list[Fact]:
    """Return the facts that make the formula false at time 0, each followed by its reasons, one deeper.

    A fact that several others rest on stands only once, under the first of them. Of very many facts the first
    ``MAX_FACTS`` are returned.
    """
    agenda = [(len(formula.nodes) - 1, 0, 0)]
    seen: set[tuple[int, int]] = set()
    facts: list[Fact] = []
    while agenda and len(facts) < MAX_FACTS:
        node, time, depth = agenda.pop()
        if (node, time) in seen:
            continue
        seen.add((node, time))
        facts.append(Fact(node, time, bool(settled.rows[node][time]), depth))
        found = _Reasons(settled, time).of(formula.nodes[node], facts[-1].value)
        agenda += [(child, at, depth + 1) for child, at in reversed(found[:MAX_FACTS])]
    return facts


_DESCENDS = frozenset({"globally", "box", "historically", "conj", "impl"})


def first_failure(formula: Formula, settled: Settled) -> Fact:
    """Return the first fact at which the goal fails: what is under its G, BOX and H, and the consequents in these."""
    found = Fact(len(formula.nodes) - 1, 0, False, 0)
    while formula.nodes[found.node][0] in _DESCENDS:
        op = formula.nodes[found.node][0]
        reasons = _Reasons(settled, found.time).of(formula.nodes[found.node], False)
        node, time = next((child, at) for child, at in reasons if not settled.rows[child][at])
        if op == "impl" and formula.nodes[node][0] not in _DESCENDS:
            break
        found = Fact(node, time, False, found.depth + 1)
    return found


Reason = tuple[int, int]


class _Reasons:
    def __init__(self, settled: Settled, time: int) -> None:
        self._rows, self._time = settled.rows, time
        size, loop = len(settled.run.moments), settled.run.loop
        self._after = time + 1 if time + 1 < size else loop
        self._loop, self._size = loop, size

    @property
    def _later(self) -> Iterable[int]:
        around = range(self._loop, self._time) if self._loop is not None else ()
        return itertools.chain(range(self._time, self._size), around)

    def _is(self, node: int, time: int) -> bool:
        return bool(self._rows[node][time])

    def of(self, node: Node, value: bool) -> list[Reason]:
        op, *members = node
        t = self._time
        if op in ("atom", "bot"):
            return []
        a, b = members[0], members[-1]
        match op:
            case "neg":
                return [(a, t)]
            case "conj" | "disj":
                if value == (op == "conj"):
                    return [(a, t), (b, t)]
                return [(a if self._is(a, t) == value else b, t)]
            case "impl":
                if not value:
                    return [(a, t), (b, t)]
                return [(b if self._is(b, t) else a, t)]
            case "iff":
                return [(a, t), (b, t)]
            case "next":
                return [] if self._after is None else [(a, self._after)]
            case "prev" | "weak_prev":
                return [(a, t - 1)] if t else []
            case "eventually" | "once" | "dia":
                return self._some(a, self._times(op), True, value)
            case "globally" | "historically" | "box":
                return self._some(a, self._times(op), False, not value)
            case "until" | "since":
                return self._until(self._times(op), [(a, True)], [(b, True)], value)
            case "weak_until":
                return self._until(self._later, [(b, False)], [(a, False), (b, False)], not value)
            case "release" | "triggered":
                return self._until(self._times(op), [(a, False)], [(b, False)], not value)
            case "strong_release":
                return self._until(self._later, [(b, True)], [(a, True), (b, True)], value)
        at = time_of(op)
        if at is not None and at >= self._size:
            at = None if self._loop is None else self._loop + (at - self._loop) % (self._size - self._loop)
        return [] if at is None else [(a, at)]

    def _times(self, op: str) -> Iterable[int]:
        if op in ("box", "dia"):
            return range(self._size)
        return range(self._time, -1, -1) if op in ("once", "historically", "since", "triggered") else self._later

    def _some(self, node: int, times: Iterable[int], wanted: bool, found: bool) -> list[Reason]:
        """Say why one of the times has, or none has, the value ``wanted`` of the node."""
        if found:
            return [(node, next(k for k in times if self._is(node, k) == wanted))]
        return [(node, k) for k in times]

    def _until(self, times: Iterable[int], before: list[tuple[int, bool]], goal: list[tuple[int, bool]],
               value: bool) -> list[Reason]:
        """Say why the goal is, or is not, met at one of the times, with all of ``before`` at those before it."""
        def met(what: list[tuple[int, bool]], at: int) -> bool:
            return all(self._is(node, at) == wanted for node, wanted in what)

        def why_not(what: list[tuple[int, bool]], at: int) -> Reason:
            return next((node, at) for node, wanted in what if self._is(node, at) != wanted)

        reasons: list[Reason] = []
        for k in times:
            if value:
                if met(goal, k):
                    return [(node, k) for node, _ in goal] + reasons
                reasons += [(node, k) for node, _ in before]
            else:
                reasons.append(why_not(goal, k))
                if not met(before, k):
                    return [*reasons, why_not(before, k)]
        return reasons
