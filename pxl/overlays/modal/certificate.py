"""Certificates of the modal overlay, and the text they travel as.

The rules are those of the checker in ``coq/``; ``docs/modal.md`` describes both kinds. The text is a sequence
of natural numbers, written as :mod:`pxl.certificates.certificate` writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pxl.certificates.certificate import OPCODES, Rup, decode_numbers, encode_numbers
from pxl.overlays.modal.problem import Problem, clauses_of


@dataclass(frozen=True)
class Successor:
    """The successor rule: clause ``premise``, read at a successor by ``relation``, says ``literals`` here.

    The literals stand in the order of the premise's.
    """

    relation: int
    premise: int
    literals: tuple[int, ...]


Step = Rup | Successor


@dataclass(frozen=True)
class Proof:
    """A clausal proof: the last step derives the goal, or the falsity of a local assumption, or both as one clause."""

    problem: Problem
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Model:
    """A finite model: the true atoms of each world, and for each relation the successors of each world.

    ``access[r - 1][w]`` has bit u when R_r w u. The goal is false at world ``designated``.
    """

    worlds: tuple[frozenset[int], ...]
    access: tuple[tuple[int, ...], ...]
    designated: int = 0

    def successors(self, relation: int, world: int) -> list[int]:
        mask = self.access[relation - 1][world]
        return [u for u in range(len(self.worlds)) if mask >> u & 1]


def encode(certificate: Proof | Model, check_time: Callable[[], None] = lambda: None) -> str:
    """Return the text of a certificate."""
    numbers = _proof_numbers(certificate) if isinstance(certificate, Proof) else _model_numbers(certificate)
    return encode_numbers(numbers, check_time)


def _number(literal: int) -> int:
    return 2 * literal if literal > 0 else 1 - 2 * literal


def _table_numbers(problem: Problem) -> Iterator[int]:
    for node in problem.nodes:
        op = node[0]
        yield OPCODES[op]
        if op == "atom":
            yield node[1]
        elif op in ("box", "dia"):
            yield node[1]
            yield node[2] + 1
        else:
            for child in node[1:]:
                yield child + 1
    yield 0


def _proof_numbers(proof: Proof) -> Iterator[int]:
    problem = proof.problem
    yield from _table_numbers(problem)
    for place in (problem.goal, *problem.globally, *problem.locally):
        yield place + 1
    for step in proof.steps:
        if isinstance(step, Rup):
            yield 1
            yield from map(_number, step.literals)
            yield 0
            yield from step.hints
        else:
            yield 2
            yield step.relation
            yield step.premise
            yield from map(_number, step.literals)
        yield 0


def _model_numbers(model: Model) -> Iterator[int]:
    yield model.designated
    yield len(model.worlds)
    for world in model.worlds:
        yield from sorted(world)
        yield 0
    for relation in range(1, len(model.access) + 1):
        for w in range(len(model.worlds)):
            for u in model.successors(relation, w):
                yield u + 1
            yield 0


def decode_model(text: str, relations: int) -> Model:
    """Read a model's certificate text; raises ValueError when it is none.

    >>> decode_model("02102000", 1)
    Model(worlds=(frozenset({1}), frozenset({2})), access=((0, 0),), designated=0)
    """
    numbers = decode_numbers(text)
    lists: list[list[int]] = [[]]
    for number in numbers[2:]:
        if number:
            lists[-1].append(number)
        else:
            lists.append([])
    count = numbers[1] if len(numbers) > 1 else 0
    if lists[-1] or len(lists) - 1 != count * (relations + 1) or not count or numbers[0] >= count:
        raise ValueError("not a model")
    if any(not 1 <= u <= count for row in lists[count:] for u in row):
        raise ValueError("not a model")
    rows = [sum(1 << u - 1 for u in set(row)) for row in lists[count:-1]]
    return Model(tuple(map(frozenset, lists[:count])),
                 tuple(tuple(rows[k * count:(k + 1) * count]) for k in range(relations)), numbers[0])


def used_assumptions(problem: Problem, text: str) -> tuple[int, ...] | None:
    """Return the positions of the assumptions that a proof rests on, given the problem with the proof's table.

    A global one is used when its clause is; a local one when its falsity stands in the last clause. None where the
    proof has another table.
    """
    numbers = decode_numbers(text)
    nodes = [place + 1 for place in (problem.goal, *problem.globally, *problem.locally)]
    own = [*_table_numbers(problem), *nodes]
    if numbers[:len(own)] != own:
        return None
    place = len(own)
    named: set[int] = set()
    last: list[int] = []
    while place < len(numbers):
        end = numbers.index(0, place + 1)
        last = numbers[place + 1:end]
        if numbers[place] == 1:
            place, end = end, numbers.index(0, end + 1)
            named.update(numbers[place + 1:end])
        else:
            named.add(last[1])
            last = last[2:]
        place = end + 1
    if problem.globally:
        first = len(clauses_of(problem).clauses) - len(problem.globally) + 1
        return tuple(k for k in range(len(problem.globally)) if first + k in named)
    literals = clauses_of(problem).literals
    false = {n // 2 if n % 2 == 0 else -(n // 2) for n in last} - {literals[nodes[0] - 1]}
    return tuple(k for k, node in enumerate(nodes[1:]) if -literals[node - 1] in false)
