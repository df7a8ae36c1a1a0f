"""The solver of one search, what its clauses come from, and what one moment asks of the next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pxl.overlays.chrono.clauses import definition, is_needed, needed_signs, semantics
from pxl.overlays.chrono.core import BOT, ENDS, HAS_NEXT, HAS_PREV, CoreTable
from pxl.overlays.chrono.cutting import Core, DefinedClause, InductionClause, Source, SuccessorClause, cut
from pxl.overlays.chrono.proof import SEMANTICS, Proof
from pxl.search.clauses import simplified
from pxl.search.sat import SatSolver

Moment = list[int]      # one moment's literals: the value of node v stands at place v - 1

MAX_NEEDED = 8          # after so many literals that a core does need, the others are not tried


class Reasoner:
    """A goal's clauses in an incremental solver.

    A moment is a model of the clauses: the values of all nodes at one time. What a moment asks of the next are
    pairs (now, then): a literal that, when it is true now, makes another one true at the next moment. A demand is made
    only in the direction that the refutation of the goal needs.
    """

    def __init__(self, table: CoreTable, root: int, finite: bool, solver: SatSolver) -> None:
        self.table, self.finite, self.solver = table, finite, solver
        self._root = root
        self._goal_size = len(table)
        self.sources: list[Source] = []
        self._cores = 0
        self.core: list[int] = []           # the assumptions that the last question without a moment failed by
        self.core_key: Core = 0
        unfolded = {}
        for u in range(1, self._goal_size + 1):
            op = table.nodes[u - 1][0]
            if op in ("until", "since"):
                unfolded[u] = table.add("next" if op == "until" else "prev", u)
        self.size = len(table)
        roots = {root: 2} | ({ENDS: 1} if finite else {})
        signs = needed_signs(table, roots, unfolded)
        self._inputs(signs)
        self.goal = table.literal(root)
        self.untils = {u: x for u, x in unfolded.items() if table.nodes[u - 1][0] == "until" and signs[u - 1] & 1}
        self._pairs = [(-BOT, HAS_PREV)]
        for v in range(1, self.size + 1):
            op, *members = table.nodes[v - 1]
            if op in ("next", "prev"):
                body = table.literal(members[0])
                now, then = (v, body) if op == "next" else (body, v)
                # Xh true now asks for h; h false now forbids Yh at the next moment.
                if signs[v - 1] & (1 if op == "next" else 2):
                    self._pairs.append((now, then))
                if signs[v - 1] & (2 if op == "next" else 1):
                    self._pairs.append((-now, -then))

    def _inputs(self, signs: list[int]) -> None:
        units: list[tuple[Source, tuple[int, ...]]] = [(DefinedClause(SEMANTICS, 0), semantics(self.finite))]
        for v in range(1, self.size + 1):
            sign = 3 if v in (BOT, HAS_NEXT, HAS_PREV) or (self.finite and v == ENDS) else signs[v - 1]
            if sign:
                for which, clause in enumerate(definition(self.table, v)):
                    clean = simplified(clause)
                    if clean is None or not is_needed(self.table, v, which, sign):
                        continue
                    if len(clean) == 1:
                        units.append((DefinedClause(v, which), clean))
                    else:
                        self._add(DefinedClause(v, which), clean)
        for source, clause in units:
            self._add(source, clause)

    def _add(self, source: Source, clause: Sequence[int]) -> None:
        clean = simplified(tuple(clause))
        if clean is not None:
            self.sources.append(source)
            self.solver.add(clean)

    def add_search_only(self, clause: Sequence[int]) -> None:
        """Add a clause that no proof may use: one with the negation of a selector that stands nowhere unnegated."""
        self._add(DefinedClause(-1, 0), clause)

    def selector(self) -> int:
        """Return a fresh variable for clauses that only steer the search."""
        return self.table.add("selector", -len(self.table))

    def define(self, op: str, *members: int) -> int:
        """Return the number of a node after the goal's, with its defining clauses in the solver."""
        before = len(self.table)
        v = self.table.add(op, *members)
        if len(self.table) > before:
            for which, clause in enumerate(definition(self.table, v)):
                self._add(DefinedClause(v, which), clause)
        return v

    def ask(self, assumptions: Sequence[int]) -> Moment | None:
        """Return a moment where the assumptions hold, or None; then ``core`` and ``core_key`` say why."""
        chosen = set(assumptions)
        for literal in assumptions:
            if -literal in chosen:
                self.core, self.core_key = [literal, -literal], (literal, -literal)
                return None
        model = self.solver.solve(assumptions)
        if model is None:
            self.core, self.core_key = self.solver.core, self._cores
            self._cores += 1
            return None
        if len(model) < self.size:
            model += [-v for v in range(len(model) + 1, self.size + 1)]
        return model[:self.size]

    def shrink(self, kept: Iterable[int] = ()) -> None:
        """Make the core smaller while that is cheap; it keeps the literals ``kept``."""
        kept, needed = set(kept), 0
        for literal in [each for each in self.core if each not in kept]:
            if needed == MAX_NEEDED or isinstance(self.core_key, tuple):
                return
            if literal not in self.core or len(self.core) < 2:
                continue
            core, key = self.core, self.core_key
            if self.ask([each for each in core if each != literal]) is not None:
                self.core, self.core_key = core, key
                needed += 1

    def demands(self, moment: Moment) -> dict[int, int]:
        """Map each literal that the next moment must make true to one that is true now and says so."""
        then_now: dict[int, int] = {}
        for now, then in self._pairs:
            if moment[abs(now) - 1] == now:
                then_now.setdefault(then, now)
        return then_now

    def state(self, moment: Moment) -> list[int]:
        """Return the literals that decide what a moment demands."""
        return [moment[abs(now) - 1] for now, _ in self._pairs]

    def step(self, demands: dict[int, int], extra: dict[int, int] | None = None) -> list[int]:
        """Learn what the last core says one moment earlier; return the literals that it blames now.

        ``extra`` maps further literals of the core's clause to their counterparts now.
        """
        here = {-then: -now for then, now in demands.items()} | (extra or {})
        clause = [here[-literal] for literal in self.core]
        if self.finite:
            clause.append(-HAS_NEXT)
        self._add(SuccessorClause(self.core_key, {-literal: here[-literal] for literal in self.core}), clause)
        return [demands[literal] for literal in self.core if literal in demands]

    def induce(self, invariant: int, u: int, after: int) -> None:
        """Learn that the literal ``invariant`` refutes the until u: it never meets the goal of u, and it stays."""
        _, a, b = self.table.nodes[u - 1]
        if self.ask([invariant, self.table.literal(b)]) is not None:
            raise AssertionError("an invariant meets what it should refute")
        never = self.core_key
        if self.ask([invariant, self.table.literal(a), HAS_NEXT, -after]) is not None:
            raise AssertionError("an invariant does not stay")
        self._add(InductionClause(invariant, u, after, never, self.core_key), [-invariant, -u])

    def proof(self) -> Proof:
        """Return the proof that ends in the last core."""
        trace = self.solver.trace()
        return cut(trace, self.sources, self.table, self._root, self._goal_size, self.core_key,
                   self.solver.check_time)
