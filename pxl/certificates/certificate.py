"""Certificates: what the search hands to the kernel, and the text they travel as.

The rules are those of ``pxl/kernel/Clausal.v`` and ``Countermodel.v``; the text is read by
``Transport.v``. A certificate is a sequence of natural numbers, each written in base 32,
least significant digit first, one character a digit: ``chr(48 + digit + 32 * more)``, where
``more`` is 1 when another digit follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pxl.formula import Formula

# The digits are the characters from 0 (no more digits follow) and P (another follows) on, 32 of each.
_FOREIGN = re.compile(r"[^0-o]")
_TOO_LONG = re.compile(r"[P-o]{9}")

OPCODES = {"atom": 1, "bot": 2, "neg": 3, "conj": 4, "disj": 5,
           "impl": 6, "iff": 7, "box": 8, "dia": 9}


@dataclass(frozen=True)
class Rup:
    """A clause that follows from the clauses ``hints`` by unit propagation, in that order.

    Literals are signed node numbers (1-based, as in DIMACS); hints are clause numbers.
    """

    literals: tuple[int, ...]
    hints: tuple[int, ...]


@dataclass(frozen=True)
class Necessitation:
    """Rigid necessitation: from ``C ∨ g`` infer ``C ∨ □g`` (``node`` is □g; dually for ◇)."""

    premise: int
    node: int


Step = Rup | Necessitation


@dataclass(frozen=True)
class Proof:
    """A clausal proof: the last step derives the clause that holds the goal alone."""

    formula: Formula
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Countermodel:
    """A finite universal model: the true atoms of each world, and where the goal is false."""

    worlds: tuple[frozenset[str], ...]
    designated: int = 0


def atom_number(name: str) -> int:
    """Return the kernel's number of a renamed atom.

    >>> atom_number("p12")
    12
    """
    if not (name[:1] == "p" and name[1:].isascii() and name[1:].isdigit() and name[1] != "0"):
        raise ValueError(f"not a renamed atom: {name!r}")
    return int(name[1:])


def encode_numbers(numbers: Iterable[int], check_time: Callable[[], None] = lambda: None) -> str:
    """Write natural numbers as certificate text, calling ``check_time`` now and then.

    >>> encode_numbers([0, 5, 31, 32, 1000])
    '05OP1XO'
    """
    memo: dict[int, str] = {}
    parts = []
    for position, n in enumerate(numbers):
        if not position & 32767:
            check_time()
        text = memo.get(n)
        if text is None:
            digits, rest = [], n
            while rest > 31:
                digits.append(chr(80 + (rest & 31)))
                rest >>= 5
            digits.append(chr(48 + rest))
            text = memo[n] = "".join(digits)
        parts.append(text)
    return "".join(parts)


def are_digits(text: str) -> bool:
    """Say whether a text is digits of whole numbers and nothing else: from ``0`` to ``o``, none of them missing.

    A number has at most nine, as it has wherever certificates come from. Whatever is put into a sentence for Coq as a
    certificate passes this first.

    >>> are_digits("05OP1XO"), are_digits('0" idtac "'), are_digits("0P")
    (True, False, False)
    """
    return _FOREIGN.search(text) is None and text[-1:] < "P" and _TOO_LONG.search(text) is None


def decode_numbers(text: str) -> list[int]:
    """Read certificate text; the inverse of :func:`encode_numbers`. Raises ValueError for one that is not digits.

    >>> decode_numbers("05OP1XO")
    [0, 5, 31, 32, 1000]
    """
    if not are_digits(text):
        raise ValueError("not a certificate: it is not digits as certificates have them")
    numbers, value, shift = [], 0, 0
    for char in text:
        code = ord(char) - 48
        value |= (code & 31) << shift
        if code & 32:
            shift += 5
        else:
            numbers.append(value)
            value, shift = 0, 0
    return numbers


def decode_countermodel(text: str) -> Countermodel:
    """Read a countermodel's certificate text; raises ValueError when it is none.

    >>> decode_countermodel("0100") == Countermodel((frozenset({"p1"}), frozenset()), 0)
    True
    """
    numbers = decode_numbers(text)
    worlds: list[frozenset[str]] = []
    world: list[str] = []
    for number in numbers[1:]:
        if number:
            world.append(f"p{number}")
        else:
            worlds.append(frozenset(world))
            world = []
    if world or not numbers or numbers[0] >= len(worlds):
        raise ValueError("not a countermodel")
    return Countermodel(tuple(worlds), numbers[0])


def encode(certificate: Proof | Countermodel, check_time: Callable[[], None] = lambda: None) -> str:
    """Return the text of a certificate whose atoms are renamed ``p1``, ``p2``, …"""
    if isinstance(certificate, Proof):
        return encode_numbers(_proof_numbers(certificate), check_time)
    return encode_numbers(_countermodel_numbers(certificate), check_time)


def _proof_numbers(proof: Proof) -> Iterator[int]:
    for node in proof.formula.nodes:
        op = node[0]
        yield OPCODES[op]
        if op == "atom":
            yield atom_number(node[1])
        else:
            for child in node[1:]:
                yield child + 1
    yield 0
    for step in proof.steps:
        if isinstance(step, Rup):
            yield 1
            for literal in step.literals:
                yield 2 * literal if literal > 0 else 1 - 2 * literal
            yield 0
            yield from step.hints
            yield 0
        else:
            yield 2
            yield step.premise
            yield step.node


def _countermodel_numbers(model: Countermodel) -> Iterator[int]:
    yield model.designated
    for world in model.worlds:
        yield from sorted(map(atom_number, world))
        yield 0
