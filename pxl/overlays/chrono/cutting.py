"""Cut the proof out of what a solver did: the steps that its last core needs, numbered for Coq."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pxl.certificates.certificate import Rup
from pxl.formula.table import Node
from pxl.overlays.chrono.clauses import Clause, definition
from pxl.overlays.chrono.core import HEADER, CoreTable
from pxl.overlays.chrono.proof import Induction, Proof, Step, Successor, numbered
from pxl.search.sat import Trace

# Where a clause given to the solver comes from. A core is its number in the trace, or a tautology.
Core = int | Clause


@dataclass(frozen=True)
class DefinedClause:
    """Clause ``which`` of node ``node``'s definition; node 0 stands for the semantics."""

    node: int
    which: int


@dataclass(frozen=True)
class SuccessorClause:
    """The successor rule on a core; ``here`` maps each literal of the core's clause to its counterpart."""

    core: Core
    here: dict[int, int]


@dataclass(frozen=True)
class InductionClause:
    """Until induction from two cores."""

    invariant: int
    node: int
    after: int
    never: Core
    stays: Core


Source = DefinedClause | SuccessorClause | InductionClause


def cut(trace: Trace, sources: Sequence[Source], table: CoreTable, root: int, kept: int, final: Core,
        check_time: Callable[[], None] = lambda: None) -> Proof:
    """Return the proof that ends in the core ``final``: the steps that it needs, and the nodes that these speak of.

    The first ``kept`` nodes of the table are the header's and the goal's; later ones stay only if they are needed.
    """
    def rests_on(place: int) -> tuple[int | Clause, ...]:
        source = sources[place]
        if isinstance(source, SuccessorClause):
            return (_key(source.core),)
        return (_key(source.never), _key(source.stays)) if isinstance(source, InductionClause) else ()

    needed = trace.needed(_key(final), rests_on, check_time)
    order = sorted(key for key in needed if isinstance(key, int) and key > 0)
    writer = _Writer(trace, sources, table, root, kept, order, needed)
    return writer.write(order, final)


def _key(core: Core) -> int | Clause:
    return ~core if isinstance(core, int) else core


class _Writer:
    def __init__(self, trace: Trace, sources: Sequence[Source], table: CoreTable, root: int, kept: int,
                 order: list[int], needed: set[int | Clause]) -> None:
        self._trace, self._sources, self._table = trace, sources, table
        self._place = self._renumber(kept, order, needed)
        self._root = self._place[root]
        self._nodes = tuple(self._renamed(v) for v in sorted(self._place) if v > len(HEADER))
        self._number: dict[int | Clause, int] = {}
        self._spelled: dict[int | Clause, Clause] = {}
        self._first, self._count = numbered(table, sorted(self._place))
        self._steps: list[Step] = []

    def _renumber(self, kept: int, order: list[int], needed: set[int | Clause]) -> dict[int, int]:
        wanted = set(range(1, kept + 1))
        fresh: set[int] = set()
        for key in needed:
            if isinstance(key, tuple):
                fresh.update(map(abs, key))
            elif key < 0:
                fresh.update(map(abs, self._trace.cores[~key].literals))
            elif key in self._trace.learnt:
                fresh.update(map(abs, self._trace.learnt[key].literals))
        for key in order:
            if key in self._trace.inputs:
                match self._sources[self._trace.inputs[key]]:
                    case DefinedClause(node, _):
                        fresh.add(node)
                    case SuccessorClause(_, here):
                        fresh.update(map(abs, here.values()))
                    case InductionClause(invariant, node, after):
                        fresh.update((abs(invariant), node, abs(after)))
        stack = [v for v in fresh if v > kept]
        while stack:
            v = stack.pop()
            if v in wanted:
                continue
            wanted.add(v)
            stack += [child for child in self._table.nodes[v - 1][1:] if child not in wanted]
        return {v: k for k, v in enumerate(sorted(wanted), 1)}

    def _renamed(self, v: int) -> Node:
        op, *members = self._table.nodes[v - 1]
        return (op, *members) if op == "atom" else (op, *(self._place[m] for m in members))

    def _literals(self, literals: Sequence[int]) -> tuple[int, ...]:
        return tuple(self._place[lit] if lit > 0 else -self._place[-lit] for lit in literals)

    def write(self, order: list[int], final: Core) -> Proof:
        for key in order:
            learnt = self._trace.learnt.get(key)
            if learnt is not None:
                self._push(key, Rup(self._literals(learnt.literals), tuple(self._number[h] for h in learnt.hints)))
                continue
            match self._sources[self._trace.inputs[key]]:
                case DefinedClause(node, which):
                    self._number[key] = self._first[node] + which
                case SuccessorClause(core, here):
                    premise, literals = self._core(core)
                    self._push(key, Successor(premise, self._literals([here[lit] for lit in literals])))
                case InductionClause(invariant, node, after, never, stays):
                    never_number, stays_number = self._core(never)[0], self._core(stays)[0]
                    i, x = self._literals((invariant, after))
                    self._push(key, Induction(i, self._place[node], x, never_number, stays_number))
        number, literals = self._core(final)
        if not self._steps or number != self._count + len(self._steps):
            self._steps.append(Rup(self._literals(literals), (number,)))
        return Proof(self._nodes, self._root, tuple(self._steps))

    def _push(self, key: int | Clause, step: Step) -> None:
        self._steps.append(step)
        self._number[key] = self._count + len(self._steps)

    def _core(self, core: Core) -> tuple[int, Clause]:
        """Return the number and the clause of a core, derived where it is first asked for."""
        key = _key(core)
        if isinstance(core, tuple):
            if key not in self._number:
                self._push(key, Rup(self._literals(core), ()))
            return self._number[key], core
        found = self._trace.cores[core]
        if key not in self._number:
            step = Rup(self._literals(found.literals), tuple(self._number[h] for h in found.hints))
            # What the solver says again after learning it need not be derived again, unless it must come last.
            said = self._said(found.hints[0]) if len(found.hints) == 1 else None
            if said is not None and set(said) == set(found.literals) and len(said) == len(found.literals):
                self._number[key], self._spelled[key] = step.hints[0], said
            else:
                self._push(key, step)
        return self._number[key], self._spelled.get(key, found.literals)

    def _said(self, key: int) -> Clause | None:
        """Return the clause of a trace number as the proof has it, or None for one that a rule derived."""
        learnt = self._trace.learnt.get(key)
        if learnt is not None:
            return learnt.literals
        source = self._sources[self._trace.inputs[key]]
        if isinstance(source, DefinedClause) and source.node:
            return definition(self._table, source.node)[source.which]
        return None
