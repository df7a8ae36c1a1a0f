"""Lazy type elimination for the modal logics: decide a problem, and say why.

One incremental SAT solver has the clauses that hold at every world. A model of it is a type: what one world makes
true. A false □g of a type demands a successor where g is false and what the setting hands on is true; one that does
not exist yields a core, which by the successor rule is a clause about the type itself. It is learnt, the types that it
contradicts are dropped, and the types before them look for other successors. Types are shared, so the search is a
graph and ends. Only what makes the goal false matters at a type (``needed``): what nothing rests on demands nothing.
Nothing here is trusted: the kernel checks a proof, and a countermodel is evaluated before it is returned.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice

from pxl.certificates.certificate import Rup
from pxl.overlays.modal import frames
from pxl.overlays.modal.certificate import Model, Proof, Successor
from pxl.overlays.modal.problem import Problem, clauses_of
from pxl.overlays.modal.proof import LearntClause, proof_steps
from pxl.overlays.modal.rules import choices, demands, extended, needed_signs
from pxl.search.clauses import simplified
from pxl.search.elimination import Budget, Exhausted
from pxl.search.sat import SatSolver, SearchExhausted

_SERIAL_CANDIDATES = 64
_TIDIED = 32
# A literal of a type takes a few dozen bytes; the trace's limit is taken as a measure for them, too.
_BYTES_A_LITERAL = 16
_MAX_WEIGHT = 1 << 40


def decide(problem: Problem, deadline: float, budget: Budget = Budget()) -> Proof | Model | Exhausted:
    """Decide a problem before the moment ``deadline``: a proof, a model that refutes it, or which limit ran out."""
    solver = SatSolver(deadline, budget.max_trace_bytes, budget.is_stopped)
    try:
        return _Search(problem, solver, deadline, budget).run()
    except SearchExhausted as limit:
        return Exhausted(limit.reason, limit.detail)
    finally:
        solver.close()


class _Type:
    """A set of literals that a world makes true; ``needed`` are those that the refutation rests on."""

    __slots__ = ("model", "needed", "next", "before", "is_alive", "is_settled")

    def __init__(self, model: set[int]) -> None:
        self.model = model
        self.needed: set[int] = set()
        self.next: dict[int, _Type] = {}        # by demand
        self.before: set[_Type] = set()
        self.is_alive, self.is_settled = True, False


class _Search:
    def __init__(self, problem: Problem, solver: SatSolver, deadline: float, budget: Budget) -> None:
        self._began = time.monotonic()
        self._solver, self._deadline, self._budget = solver, deadline, budget
        # Where what one box says follows from another's, everything matters at a type.
        problem, self._is_full = extended(problem)
        self._problem = problem
        self._setting = setting = problem.setting
        self._clauses = clauses = clauses_of(problem)
        self._choices = choices(problem, clauses)
        self._inputs: list[int | LearntClause] = []
        self._cores = 0
        signs = [3] * len(problem.nodes) if self._is_full else needed_signs(problem)
        self._add_clauses(signs)
        self._roots = [-clauses.literals[problem.goal]]
        self._roots += [clauses.literals[place] for place in problem.locally]
        self._roots = list(dict.fromkeys(self._roots))
        self._everywhere = list(dict.fromkeys(clauses.literals[place] for place in problem.globally))
        self._rules = demands(setting, clauses.modal)
        # A demand is a false box, known by its literal; those that fail are asked first the next time.
        self._demands = [(-m.box, m.relation, -m.body, m.box) for m in clauses.modal
                         if signs[abs(m.box) - 1] & (2 if m.box > 0 else 1)]
        # A demand for any successor at all is known by a number above all literals.
        self._serial = {r: len(problem.nodes) + 1 + r for r in setting.relations
                        if setting.logic(r).is_serial and r not in setting.reflexive}
        self._below = {r: {s for s in setting.relations if r in setting.above[s]} for r in setting.relations}
        self._looks_back = any(rule.backward or rule.fixed for rule in self._rules.values())
        self._weights = self._weigh()
        self._witnesses: dict[int, list[_Type]] = {witness: [] for _, _, witness, _ in self._demands}
        self._live: dict[_Type, None] = {}
        self._is_clash = False
        self._agenda: list[_Type] = []

    def _add_clauses(self, signs: list[int]) -> None:
        units = []
        for number, (clause, head) in enumerate(zip(self._clauses.clauses, self._clauses.heads), 1):
            if not number & 4095:
                self._solver.check_time()
            clean = simplified(clause)
            if clean is None or head and not signs[head - 1] & (2 if head in clause else 1):
                continue
            if len(clean) == 1:
                units.append((number, clean))
                continue
            self._inputs.append(number)
            self._solver.add(clean)
        # A variable above all nodes makes the solver give every node a value.
        units.append((0, (len(self._problem.nodes) + 1,)))
        for number, clean in units:
            self._inputs.append(number)
            self._solver.add(clean)

    def _weigh(self) -> dict[int, int]:
        """Return how much each literal seems to cost when it is needed: demands are dear."""
        weights: dict[int, int] = {}
        modal = {abs(m.box): m for m in self._clauses.modal}
        for v, node in enumerate(self._problem.nodes, 1):
            if v in modal:
                m = modal[v]
                weights[m.box] = 4 + weights.get(m.body, 1)
                weights[-m.box] = 1000 + weights.get(-m.body, 1)
            elif node[0] in ("atom", "bot"):
                weights[v] = weights[-v] = 1
            elif node[0] != "neg":
                for literal in (v, -v):
                    cost = min(sum(weights.get(part, 1) for part in parts) for parts in self._choices[literal])
                    weights[literal] = min(cost, _MAX_WEIGHT)
        return weights

    # --- the search -----------------------------------------------------------------------------

    def run(self) -> Proof | Model:
        clash = next((x for x in self._roots if -x in self._roots), None)
        if clash is not None:
            return self._checked([Rup((-clash, clash), ())])
        while True:
            model = self._solve(self._roots)
            if model is None:
                return self._proof()
            root = self._new_type(model)
            self._require(root, self._roots)
            self._agenda.append(root)
            if not self._settle(root):
                return self._proof()
            if root.is_alive:
                return self._countermodel(root)

    def _settle(self, root: _Type) -> bool:
        """Find every type that is reached from the root, or drop the root; False when no world is possible."""
        while self._agenda and root.is_alive:
            self._solver.check_time()
            here = self._agenda.pop()
            if here.is_settled or not here.is_alive or not (here.before or here is root):
                continue
            here.is_settled = True
            if not self._expand(here):
                return False
        return True

    def _expand(self, here: _Type) -> bool:
        """Find a successor for each demand of a type; drop it when there is none; False when no world is possible."""
        size = -1
        while size != len(here.needed):
            size = len(here.needed)
            relations = set()
            required: dict[int, tuple[dict[int, int], set[int]]] = {}
            for position, (demand, relation, witness, box) in enumerate(self._demands):
                if demand not in here.needed:
                    continue
                relations.add(relation)
                if relation not in required:
                    required[relation] = self._required(here, relation)
                if not self._meet(here, demand, relation, witness, box, *required[relation]):
                    # A demand that failed is likely to fail again: ask it first next time.
                    self._demands.insert(0, self._demands.pop(position))
                    return bool(self._solver.core or self._is_clash)
                if len(here.needed) != size:
                    break
            else:
                for relation, demand in self._serial.items():
                    reasons, handed = self._required(here, relation)
                    is_open = handed or self._rules[relation].backward
                    if not is_open or not relations.isdisjoint(self._below[relation]):
                        here.next.pop(demand, None)
                    elif not self._meet(here, demand, relation, 0, 0, reasons, handed):
                        return bool(self._solver.core or self._is_clash)
                    elif len(here.needed) != size:
                        break
        return True

    def _required(self, here: _Type, relation: int) -> tuple[dict[int, int], set[int]]:
        """Return what successors must make true, each literal with the one here that says so, and what is handed on."""
        rule = self._rules[relation]
        needed, model = here.needed, here.model
        reasons: dict[int, int] = {}
        for box, body in rule.forward:
            if box in needed:
                reasons.setdefault(body, box)
        for box in rule.kept:
            if box in needed:
                reasons[box] = box
        handed = set(reasons)
        for box in rule.fixed:
            if -box in model:
                reasons[-box] = -box
        for box, body in rule.backward:
            if -body in model:
                reasons.setdefault(-box, -body)
        return reasons, handed

    def _meet(self, here: _Type, demand: int, relation: int, witness: int, box: int,
              reasons: dict[int, int], handed: set[int]) -> bool:
        """Tie a type to a successor that meets a demand, or learn that there is none and drop it."""
        there = here.next.get(demand)
        if there is None or not there.is_alive or not reasons.keys() <= there.model:
            if there is not None:
                del here.next[demand]
                if there not in here.next.values():
                    there.before.discard(here)
            there = self._find(witness, reasons, handed)
            if there is None:
                there = self._make(here, relation, witness, box, reasons)
                if there is None:
                    return False
            here.next[demand] = there
            there.before.add(here)
            if not there.is_settled:
                self._agenda.append(there)
        self._require(there, handed)
        if witness:
            self._require(there, (witness,))
        if self._looks_back:
            rule = self._rules[relation]
            self._require(here, [body for box, body in rule.backward if box in there.needed])
            self._require(here, [box for box in rule.fixed if box in there.needed])
        return True

    def _find(self, witness: int, reasons: dict[int, int], handed: set[int]) -> _Type | None:
        if not witness:
            candidates: Iterator[_Type] = islice(reversed(self._live), _SERIAL_CANDIDATES)
        else:
            known = self._witnesses[witness]
            if len(known) > _TIDIED and not known[-1].is_alive:
                known[:] = [kind for kind in known if kind.is_alive]
            candidates = reversed(known)
        for there in candidates:
            if there.is_alive and handed <= there.needed and reasons.keys() <= there.model:
                return there
        return None

    def _make(self, here: _Type, relation: int, witness: int, box: int, reasons: dict[int, int]) -> _Type | None:
        """Return a new type that meets a demand, or learn why there is none."""
        self._is_clash = False
        clash = -witness if -witness in reasons else next((x for x in reasons if -x in reasons), None)
        if clash is not None:
            self._is_clash = True
            self._learn(relation, witness, box, reasons, [clash, -clash], None)
            return None
        asked = [*reasons] if not witness or witness in reasons else [witness, *reasons]
        model = self._solve(asked)
        if model is None:
            self._learn(relation, witness, box, reasons, self._solver.core, self._cores - 1)
            return None
        return self._new_type(model)

    def _learn(self, relation: int, witness: int, box: int, reasons: dict[int, int], core: list[int],
               position: int | None) -> None:
        """Learn by the successor rule what a core says of the worlds before, and drop the types that it contradicts."""
        here = {-x: -reasons[x] for x in core if x in reasons}
        added = None
        if witness in core and witness not in reasons or witness and not self._setting.logic(relation).is_serial:
            # Without a successor the clause still holds, for the box does; only of a serial relation it says more.
            here[-witness] = box
            if witness not in core:
                added = -witness
        self._inputs.append(LearntClause(relation, position, tuple(-x for x in core), added, here))
        clause = tuple(dict.fromkeys(here.values()))
        self._solver.add(clause)
        opposite = {-x for x in clause}
        for kind in [kind for kind in self._live if opposite <= kind.model]:
            self._drop(kind)

    def _drop(self, kind: _Type) -> None:
        kind.is_alive = False
        del self._live[kind]
        for before in kind.before:
            if before.is_alive:
                before.is_settled = False
                self._agenda.append(before)
        for there in kind.next.values():
            there.before.discard(kind)

    def _solve(self, assumptions: list[int]) -> set[int] | None:
        model = self._solver.solve(assumptions)
        if model is None:
            self._cores += 1
            return None
        return set(model)

    def _new_type(self, model: set[int]) -> _Type:
        kind = _Type(model)
        self._live[kind] = None
        if len(self._live) * len(model) * _BYTES_A_LITERAL > self._budget.max_trace_bytes:
            raise SearchExhausted("size", f"the search needs more than {len(self._live)} worlds at once")
        if self._is_full:
            self._require(kind, model)
        self._require(kind, self._everywhere)
        return kind

    def _require(self, kind: _Type, literals: Iterable[int]) -> None:
        """Note that a refutation rests on literals of a type, and on one choice of what makes each of them true."""
        model, needed, weights = kind.model, kind.needed, self._weights
        agenda = [literal for literal in literals if literal not in needed]
        if not agenda:
            return
        while agenda:
            literal = agenda.pop()
            if literal in needed:
                continue
            needed.add(literal)
            if literal in self._witnesses:
                self._witnesses[literal].append(kind)
            options = self._choices.get(literal)
            if options is None:
                continue
            best = None
            for parts in options:
                if all(part in model for part in parts):
                    cost = sum(weights.get(part, 1) for part in parts if part not in needed)
                    if best is None or cost < best[0]:
                        best = cost, parts
            if best is not None:
                agenda += best[1]
        if kind.is_settled:
            kind.is_settled = False
            self._agenda.append(kind)
        if self._looks_back:
            for before in kind.before:
                if before.is_alive and before.is_settled:
                    before.is_settled = False
                    self._agenda.append(before)

    # --- what comes of it -----------------------------------------------------------------------

    def _proof(self) -> Proof:
        return self._checked(proof_steps(self._solver.trace(), self._inputs, len(self._clauses.clauses),
                                         self._solver.check_time))

    def _checked(self, steps: list[Rup | Successor]) -> Proof:
        numbers = sum(len(s.literals) + 3 + (len(s.hints) if isinstance(s, Rup) else 1) for s in steps)
        if numbers > self._budget.max_certificate_numbers:
            raise SearchExhausted("size", f"the proof has {numbers} numbers; the limit is "
                                          f"{self._budget.max_certificate_numbers}")
        return Proof(self._problem, tuple(steps))

    def _countermodel(self, root: _Type) -> Model:
        order = {root: 0}
        for kind in (found := [root]):      # grows as it goes
            for there in kind.next.values():
                if there not in order:
                    order[there] = len(order)
                    found.append(there)
        relation_of = {demand: relation for demand, relation, _, _ in self._demands}
        relation_of |= {demand: relation for relation, demand in self._serial.items()}
        access = [[0] * len(order) for _ in self._setting.relations]
        for kind, place in order.items():
            for demand, there in kind.next.items():
                access[relation_of[demand] - 1][place] |= 1 << order[there]
        check_time = self._solver.check_time
        access = frames.close(self._setting, access, check_time)
        for relation in self._serial:
            for w, seen in enumerate(access[relation - 1]):
                if not seen:
                    access[relation - 1][w] = 1 << w
        access = frames.close(self._setting, access, check_time)
        atoms = [(v, node[1]) for v, node in enumerate(self._problem.nodes, 1) if node[0] == "atom"]
        worlds = tuple(frozenset(k for v, k in atoms if v in kind.needed) for kind in order)
        # A smaller model is worth as much time again, and what it spares the kernel: about the square of its worlds.
        now = time.monotonic()
        spared = min(1.0, 1e-7 * len(worlds) ** 2 * len(self._problem.nodes))
        until = now + min((self._deadline - now) / 5, now - self._began + 0.005 + spared)
        return frames.minimise(self._problem, Model(worlds, tuple(map(tuple, access)), 0), until, check_time)
