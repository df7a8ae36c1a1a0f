"""Turns a solver's trace into the steps of a proof, leaving out what it does not need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pxl.certificates.certificate import Rup
from pxl.overlays.modal.certificate import Step, Successor
from pxl.search.sat import Trace


@dataclass(frozen=True)
class LearntClause:
    """A clause learnt by the successor rule from the clause of a core.

    ``position`` is the core's among the trace's, or None when ``premise`` is a tautology. ``added`` is a
    literal that the premise is weakened by. ``here`` maps each literal of the premise to what it says one step before.
    """

    relation: int
    position: int | None
    premise: tuple[int, ...]
    added: int | None
    here: Mapping[int, int]


def proof_steps(trace: Trace, inputs: list[int | LearntClause], defining: int,
                check_time: Callable[[], None] = lambda: None) -> list[Step]:
    """Return the steps that the last core of a trace needs, numbered for the checker.

    ``inputs`` says what each input clause was: the number of one of the ``defining`` clauses, or how it was learnt.
    """
    # A clause is known by its trace number, or by the negative of (its core's position + 1).
    final = -len(trace.cores)

    def rests_on(place: int) -> tuple[int, ...]:
        source = inputs[place]
        return (~source.position,) if isinstance(source, LearntClause) and source.position is not None else ()

    needed = trace.needed(final, rests_on, check_time)
    steps: list[Step] = []
    number: dict[int, int] = {}

    def add(literals: tuple[int, ...], hints: tuple[int, ...]) -> int:
        steps.append(Rup(literals, tuple(number[hint] for hint in hints)))
        return defining + len(steps)

    for key in sorted(k for k in needed if isinstance(k, int) and k > 0):
        if key in trace.learnt:
            clause = trace.learnt[key]
            number[key] = add(clause.literals, clause.hints)
            continue
        source = inputs[trace.inputs[key]]
        if not isinstance(source, LearntClause):
            number[key] = source
            continue
        premise = source.premise
        hints: tuple[int, ...] = ()
        if source.position is not None:
            core = trace.cores[source.position]
            premise, hints = core.literals, core.hints
        if source.added is not None:
            premise += (source.added,)
        place = add(premise, hints)
        steps.append(Successor(source.relation, place, tuple(source.here[literal] for literal in premise)))
        number[key] = defining + len(steps)
    add(trace.cores[-1].literals, trace.cores[-1].hints)
    return steps
