"""Lazy type elimination for S5: decide a formula, and say why.

One incremental SAT solver holds the defining clauses. A model with the goal false fixes the
truth value of every modal node, the same at all worlds. Each false □g then needs a world with
g false under those values; a world that does not exist yields a core, which is a clause
``C ∨ g`` with C modal, hence by rigid necessitation ``C ∨ □g``, which is learnt. The search
ends with the goal proved or with all worlds found. Nothing here is trusted: the kernel
checks the certificate, and a countermodel is evaluated before it is returned.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from pxl.certificates.certificate import Countermodel, Necessitation, Proof, Rup, Step
from pxl.formula import Formula, evaluate
from pxl.search.clauses import ClauseForm, clause_form, needed_signs, simplified
from pxl.search.sat import SatSolver, SearchExhausted, Trace


@dataclass(frozen=True)
class Exhausted:
    """No verdict: a stated limit ran out. ``reason`` is that of :class:`SearchExhausted`."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Budget:
    """Limits of one search: bytes of trace, numbers in the certificate, and who may stop it early."""

    max_trace_bytes: int = 64 * 1024 * 1024
    max_certificate_numbers: int = 8 * 1024 * 1024
    is_stopped: Callable[[], bool] = lambda: False


def decide(formula: Formula, deadline: float, budget: Budget = Budget()) -> Proof | Countermodel | Exhausted:
    """Decide whether an S5 formula is a theorem, before the moment ``deadline``.

    Returns a proof, a countermodel that refutes it, or which limit ran out.
    """
    form = clause_form(formula)
    solver = SatSolver(deadline, budget.max_trace_bytes, budget.is_stopped)
    try:
        search = _Search(formula, form, solver, deadline, budget)
        return search.run()
    except SearchExhausted as limit:
        return Exhausted(limit.reason, limit.detail)
    finally:
        solver.close()


class _Search:
    def __init__(self, formula: Formula, form: ClauseForm, solver: SatSolver,
                 deadline: float, budget: Budget) -> None:
        self._formula, self._form = formula, form
        self._solver, self._deadline, self._budget = solver, deadline, budget
        self._began = time.monotonic()
        self._inputs: list[int | tuple[int, int]] = []     # defining clause number, or (core, node)
        self._cores = 0
        signs = needed_signs(formula)
        units = []
        for number, clause in enumerate(form.clauses, 1):
            if not number & 4095:
                solver.check_time()
            clean = simplified(clause)
            head = max(map(abs, clause))
            if clean is None or not signs[head - 1] & (2 if head in clause else 1):
                continue
            if len(clean) == 1:
                units.append((number, clean))
                continue
            self._inputs.append(number)
            solver.add(clean)
        for number, clean in units:
            self._inputs.append(number)
            solver.add(clean)
        self._modal = [*form.boxes, *form.dias]
        # A demand (modal node, its literal, what its witness must make true): ¬g for a false □g, g for a true ◇g.
        self._demands = [(v, -v, -g) for v, g in form.boxes.items() if signs[v - 1] & 2]
        self._demands += [(v, v, g) for v, g in form.dias.items() if signs[v - 1] & 1]

    def run(self) -> Proof | Countermodel:
        root = self._form.root
        while True:
            model = self._solve([-root])
            if model is None:
                return self._proof()
            worlds = self._worlds(model)
            if worlds is not None:
                return self._countermodel(model, worlds)

    def _solve(self, assumptions: list[int]) -> set[int] | None:
        model = self._solver.solve(assumptions)
        if model is None:
            self._cores += 1
            return None
        return set(model)

    def _worlds(self, model: set[int]) -> list[set[int]] | None:
        """Find a world for each demand of the model, or learn a clause and return None."""
        worlds = [model]
        modal = [v if v in model else -v for v in self._modal]
        for position, (node, when, witness) in enumerate(self._demands):
            if when not in model or any(witness in world for world in worlds):
                continue
            world = self._solve([witness, *modal])
            if world is None:
                self._learn(node, witness)
                # A demand that failed is likely to fail again: ask it first next time.
                self._demands.insert(0, self._demands.pop(position))
                return None
            worlds.append(world)
        return worlds

    def _learn(self, node: int, witness: int) -> None:
        """Add ``C ∨ □g`` (or ``C ∨ ¬◇g``), by rigid necessitation from the core's clause."""
        head = node if node in self._form.boxes else -node
        clause = [-literal for literal in self._solver.core if literal != witness]
        clean = simplified((*clause, head))
        if clean is not None:
            self._inputs.append((self._cores - 1, node))
            self._solver.add(clean)

    def _countermodel(self, model: set[int], worlds: list[set[int]]) -> Countermodel:
        # A smaller model is worth as much time again, and a tenth of what is left for the kernel.
        now = time.monotonic()
        until = now + min((self._deadline - now) / 10, now - self._began + 0.005)
        if len(worlds) > 1:
            worlds = self._fewer_worlds(model, worlds, until)
        names = [(v, node[1]) for v, node in enumerate(self._formula.nodes, 1) if node[0] == "atom"]
        valuations = [frozenset(name for v, name in names if v in world) for world in worlds]
        return minimise(self._formula, valuations, until, self._solver.check_time)

    def _fewer_worlds(self, model: set[int], worlds: list[set[int]], until: float) -> list[set[int]]:
        """Let each world meet as many demands as it can, the first one also the goal's falsity."""
        modal = [v if v in model else -v for v in self._modal]
        unmet = [witness for _, when, witness in self._demands if when in model]
        fewer: list[set[int]] = []
        while unmet or not fewer:
            must = unmet[0] if fewer else -self._form.root
            wanted = [witness for witness in unmet if witness != must]
            world = None
            while world is None:
                if time.monotonic() >= until or len(fewer) + 1 >= len(worlds):
                    return worlds
                world = self._solve([must, *wanted, *modal])
                if world is None:
                    blamed = set(self._solver.core)
                    wanted.remove(next(witness for witness in reversed(wanted) if witness in blamed))
            fewer.append(world)
            unmet = [witness for witness in unmet if witness not in world]
        return fewer

    def _proof(self) -> Proof:
        trace = self._solver.trace()
        proof = Proof(self._formula, trim(trace, self._inputs, len(self._form.clauses), self._solver.check_time))
        numbers = sum(len(s.literals) + len(s.hints) + 3 if isinstance(s, Rup) else 3 for s in proof.steps)
        if numbers > self._budget.max_certificate_numbers:
            raise SearchExhausted("size", f"the proof has {numbers} numbers; the limit is "
                                          f"{self._budget.max_certificate_numbers}")
        return proof


def trim(trace: Trace, inputs: list[int | tuple[int, int]], defining: int,
         check_time: Callable[[], None] = lambda: None) -> tuple[Step, ...]:
    """Return the steps that the last core of a trace needs, numbered for the kernel.

    ``inputs`` says what each input clause was: a defining clause's number, or the core and the
    modal node of a necessitation. ``defining`` is how many defining clauses there are.
    """
    # A clause is known by its trace number, or by the negative of (its core's position + 1).
    final = -len(trace.cores)

    def rests_on(place: int) -> tuple[int, ...]:
        source = inputs[place]
        return () if isinstance(source, int) else (~source[0],)

    needed = trace.needed(final, rests_on, check_time)
    steps: list[Step] = []
    number: dict[int, int] = {}

    def add_core(key: int) -> None:
        core = trace.cores[-key - 1]
        steps.append(Rup(core.literals, tuple(number[h] for h in core.hints)))
        number[key] = defining + len(steps)

    for key in sorted(k for k in needed if isinstance(k, int) and k > 0):
        if key in trace.learnt:
            clause = trace.learnt[key]
            steps.append(Rup(clause.literals, tuple(number[h] for h in clause.hints)))
            number[key] = defining + len(steps)
            continue
        source = inputs[trace.inputs[key]]
        if isinstance(source, int):
            number[key] = source
            continue
        core_key = -source[0] - 1
        if core_key not in number:
            add_core(core_key)
        steps.append(Necessitation(number[core_key], source[1]))
        number[key] = defining + len(steps)
    add_core(final)
    return tuple(steps)


def minimise(formula: Formula, worlds: list[frozenset[str]], until: float,
             check_time: Callable[[], None] = lambda: None) -> Countermodel:
    """Drop the worlds that the refutation does not need, up to the moment ``until``; world 0 is designated.

    Raises ``AssertionError`` when the worlds do not refute the formula: a bug of the search.
    """
    def refutes(candidate: list[frozenset[str]]) -> bool:
        return not evaluate(formula, candidate)[-1] & 1

    worlds = list(dict.fromkeys(worlds))
    if not refutes(worlds):
        raise AssertionError("the search found worlds that do not refute the goal")
    k = len(worlds) - 1
    while k > 0 and time.monotonic() < until:
        check_time()
        smaller = worlds[:k] + worlds[k + 1:]
        if refutes(smaller):
            worlds = smaller
        k -= 1
    return Countermodel(tuple(worlds), 0)
