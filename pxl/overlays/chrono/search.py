"""Decide a formula of linear time: a proof, a lasso, or a finite run that refutes it.

A run that refutes the goal is sought moment by moment. A moment without a successor, and a moment from which an
until that it promises cannot be fulfilled, become clauses that exclude them; the search ends when no first moment is
left, or when a run fulfils all its promises. Nothing here is trusted: Coq checks the certificate, and a
run is evaluated before it is returned.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from pxl.formula import Formula
from pxl.formula.table import Node
from pxl.overlays.chrono.core import ENDS, HAS_PREV, core_of
from pxl.overlays.chrono.proof import Proof
from pxl.overlays.chrono.reach import Reach
from pxl.overlays.chrono.reasoner import Moment, Reasoner
from pxl.overlays.chrono.runs import Run, TooLong, refutes
from pxl.overlays.chrono.small import minimised, small_run
from pxl.search.elimination import Budget, Exhausted
from pxl.search.sat import SatSolver, SearchExhausted

CLOSE_TO = 12           # how many rounds back a loop is tried to be closed


def decide(formula: Formula, finite: bool, deadline: float, budget: Budget = Budget(), *,
           try_tiny: bool = True) -> Proof | Run | Exhausted:
    """Decide whether a formula holds at time 0 of every run, before the moment ``deadline``.

    ``finite`` asks for every finite run, otherwise for every infinite one. ``try_tiny`` evaluates tiny runs before
    anything else. Raises GoalTooLarge.
    """
    table, root = core_of(formula)
    began = time.monotonic()
    small = small_run(formula, finite) if try_tiny else None
    if small is not None:
        return small
    solver = SatSolver(deadline, budget.max_trace_bytes, budget.is_stopped)
    try:
        found = _Search(Reasoner(table, root, finite, solver)).run()
        if isinstance(found, Proof):
            numbers = sum(len(node) for node in found.nodes) + sum(_numbers(step) for step in found.steps)
            if numbers > budget.max_certificate_numbers:
                raise SearchExhausted("size", f"the proof has {numbers} numbers; the limit is "
                                              f"{budget.max_certificate_numbers}")
            return found
        run = _run(found, table.nodes, finite)
        if not refutes(formula, run):
            raise AssertionError("the search found a run that does not refute the goal")
        now = time.monotonic()
        return minimised(formula, run, now + min((deadline - now) / 10, now - began + 0.005), solver.check_time)
    except SearchExhausted as limit:
        return Exhausted(limit.reason, limit.detail)
    except TooLong as limit:
        return Exhausted("size", f"a run was found that is too long to evaluate: {limit}")
    finally:
        solver.close()


def _numbers(step: object) -> int:
    return 4 + len(getattr(step, "literals", ())) + len(getattr(step, "hints", ()))


@dataclass(frozen=True)
class _Lasso:
    """Moments, and the place where the loop begins that the last one closes; None for a finite run."""

    moments: list[Moment]
    loop: int | None


def _run(lasso: _Lasso, nodes: list[Node], finite: bool) -> Run:
    names = [(k, node[1]) for k, node in enumerate(nodes) if node[0] == "atom"]
    return Run(tuple(frozenset(name for k, name in names if k < len(moment) and moment[k] > 0)
                     for moment in lasso.moments), lasso.loop)


class _Search:
    def __init__(self, reasoner: Reasoner) -> None:
        self._reasoner = reasoner
        self._reaches: dict[int, Reach] = {}
        self._path: list[Moment] = []
        # The places where all promises of the round before were fulfilled, and what the moments there demand.
        self._rounds: list[int] = []
        self._states: list[list[int]] = []

    def run(self) -> Proof | _Lasso:
        reasoner = self._reasoner
        first = [-reasoner.goal, -HAS_PREV]
        while True:
            start = (reasoner.ask([*first, *self._ending()]) if reasoner.finite else None) or reasoner.ask(first)
            if start is None:
                return reasoner.proof()
            self._path, self._rounds, self._states = [start], [0], [reasoner.state(start)]
            lasso = self._finite() if reasoner.finite else self._infinite()
            if lasso is not None:
                return lasso

    def _ending(self) -> list[int]:
        return [self._reasoner.table.literal(self._reasoner.table.nodes[ENDS - 1][2])]

    def _reach(self, u: int) -> Reach:
        if u not in self._reaches:
            self._reaches[u] = Reach(self._reasoner, u)
        return self._reaches[u]

    def _finite(self) -> _Lasso | None:
        reach = self._reach(ENDS)
        start = self._path[0]
        if not reach.is_met(start):
            more = reach.path(start)
            if more is None:
                self._drop_dead()
                return None
            self._path += more
        return _Lasso(self._path, None)

    def _infinite(self) -> _Lasso | None:
        """Go on until a loop closes; None when the first moment was excluded."""
        while self._path:
            promise = self._promise()
            if promise is not None:
                more = self._reach(promise).path(self._path[-1])
                if more is None:
                    self._drop_dead()
                else:
                    self._path += more
                continue
            lasso = self._close()
            if lasso is not None:
                return lasso
            after = self._reasoner.ask(list(self._reasoner.demands(self._path[-1])))
            if after is None:
                self._drop_dead()
            else:
                if self._rounds[-1] < len(self._path) - 1:
                    self._rounds.append(len(self._path) - 1)
                    self._states.append(self._reasoner.state(self._path[-1]))
                self._path.append(after)
        return None

    def _promise(self) -> int | None:
        """Return an until that was promised when the round began and has been promised, unfulfilled, ever since."""
        began = self._rounds[-1]
        moments = self._path[began + 1:]
        for u, x in self._reasoner.untils.items():
            if all(m[x - 1] > 0 for m in (self._path[began], *moments)) and not any(
                    self._reach(u).is_met(m) for m in moments):
                return u
        return None

    def _close(self) -> _Lasso | None:
        """Close a loop where a round began, if the last moment or one after it can demand what that moment does."""
        reasoner, end = self._reasoner, len(self._path) - 1
        here = reasoner.state(self._path[end])
        for place, state in zip(self._rounds, self._states, strict=True):
            if place < end and state == here:
                return _Lasso(self._path, place + 1)
        demands = list(reasoner.demands(self._path[end]))
        for place, state in zip(self._rounds[:-CLOSE_TO - 1:-1], self._states[::-1], strict=False):
            last = reasoner.ask([*demands, *state])
            if last is not None:
                return _Lasso([*self._path, last], place + 1)
        return None

    def _drop_dead(self) -> None:
        """Take back moments from the end of the path as long as they have no successor, and learn why."""
        reasoner = self._reasoner
        while self._path:
            demands = reasoner.demands(self._path[-1])
            if reasoner.ask(list(demands)) is not None:
                break
            reasoner.shrink()
            reasoner.step(demands)
            self._path.pop()
        while self._rounds and self._rounds[-1] >= len(self._path):
            self._rounds.pop()
            self._states.pop()
