"""Clausal proofs of linear time: their steps, how their clauses are numbered, and their text.

The rules are those of ``Clausal.v`` of the library PXLChrono. Every clause holds at every moment of every run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pxl.certificates.certificate import Rup, atom_number, decode_numbers, encode_numbers
from pxl.formula.table import Node
from pxl.overlays.chrono.clauses import definition
from pxl.overlays.chrono.core import HEADER, CoreTable

OPCODES = {"atom": 1, "bot": 2, "neg": 3, "conj": 4, "disj": 5, "impl": 6, "iff": 7,
           "next": 8, "until": 9, "prev": 10, "since": 11}
_BINARY = frozenset({"conj", "disj", "impl", "iff", "until", "since"})
SEMANTICS = 0       # the key of the clause {X⊤} or {F¬X⊤}


@dataclass(frozen=True)
class Successor:
    """The clause ``premise``, which holds at the next moment too, in the words of this one."""

    premise: int
    literals: tuple[int, ...]


@dataclass(frozen=True)
class Induction:
    """Until induction: ``invariant`` refutes the until ``node``; ``after`` says now what it says at the next moment.

    ``never`` is a clause within {¬i, ¬b}, ``stays`` one within {¬i, ¬a, ¬X⊤, after}.
    """

    invariant: int
    node: int
    after: int
    never: int
    stays: int


Step = Rup | Successor | Induction


@dataclass(frozen=True)
class Proof:
    """A clausal proof: the table's nodes after the header's, the goal's number, and the steps to the last clause."""

    nodes: tuple[Node, ...]
    root: int
    steps: tuple[Step, ...]


def numbered(table: CoreTable, nodes: Iterable[int]) -> tuple[dict[int, int], int]:
    """Return the number of each node's first defining clause, and how many clauses they have together."""
    first: dict[int, int] = {}
    count = 0
    for v in nodes:
        first[v] = count + 1
        count += len(definition(table, v))
        if v == len(HEADER):
            count += 1
            first[SEMANTICS] = count
    return first, count


def used_nodes(certificate: str, table: CoreTable) -> set[int] | None:
    """Return the nodes of a goal's table whose first defining clause a proof's certificate names in a step.

    None where the certificate begins with another table.
    """
    numbers = decode_numbers(certificate)
    own = list(_numbers(Proof(tuple(table.nodes[len(HEADER):]), 0, ())))[:-2]
    if numbers[:len(own)] != own:
        return None
    first, hinted = numbered(table, range(1, len(table) + 1))[0], _hints(iter(numbers))
    return {v for v, number in first.items() if number in hinted}


def _hints(numbers: Iterator[int]) -> set[int]:
    arities = {OPCODES[op]: 0 if op == "bot" else 2 if op in _BINARY else 1 for op in OPCODES}
    for code in iter(lambda: next(numbers, 0), 0):
        for _ in range(arities.get(code, 0)):
            next(numbers, 0)
    next(numbers, 0)

    def until_zero() -> list[int]:
        return list(iter(lambda: next(numbers, 0), 0))

    found: set[int] = set()
    for kind in numbers:
        if kind == 1:
            until_zero()
            found.update(until_zero())
        elif kind == 2:
            found.add(next(numbers, 0))
            until_zero()
        else:
            found.update([next(numbers, 0) for _ in range(5)][3:])
    return found


def encode_proof(proof: Proof, check_time: Callable[[], None] = lambda: None) -> str:
    """Return the certificate text of a proof whose atoms are renamed ``p1``, ``p2``, …"""
    return encode_numbers(_numbers(proof), check_time)


def _numbers(proof: Proof) -> Iterator[int]:
    for op, *members in proof.nodes:
        yield OPCODES[op]
        if op == "atom":
            yield atom_number(members[0])
        else:
            yield from members
    yield 0
    yield proof.root
    for step in proof.steps:
        match step:
            case Rup(literals, hints):
                yield 1
                yield from map(_literal_number, literals)
                yield 0
                yield from hints
                yield 0
            case Successor(premise, literals):
                yield 2
                yield premise
                yield from map(_literal_number, literals)
                yield 0
            case Induction(invariant, node, after, never, stays):
                yield from (3, _literal_number(invariant), node, _literal_number(after), never, stays)


def _literal_number(literal: int) -> int:
    return 2 * literal if literal > 0 else 1 - 2 * literal
