"""Generated families of goals, each with a parameter that makes it harder.

The shapes are standard: pigeonhole principles under boxes, random modal clauses in the manner
of Giunchiglia and Sebastiani (uniform k-CNF with boxed literals), independent diamonds, towers.
Every generator is a function of its parameters (and a seed), so that two machines ask the same.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from functools import reduce

from pxl.formula import Builder, Formula

TEXTBOOK = (
    "BOX(A -> A)", "A -> BOX(A)", "BOX(A) -> A", "BOX(A) -> BOX(BOX(A))", "DIA(A) -> BOX(DIA(A))",
    "BOX(A -> B) -> (BOX(A) -> BOX(B))", "BOX(A /\\ B) <-> (BOX(A) /\\ BOX(B))", "DIA(A) -> BOX(A)",
    "DIA(A \\/ B) <-> (DIA(A) \\/ DIA(B))", "BOX(A \\/ B) -> (BOX(A) \\/ BOX(B))", "A -> BOX(DIA(A))",
    "DIA(BOX(A)) -> BOX(A)", "DIA(BOX(A)) <-> BOX(A)", "~BOX(A) <-> DIA(~A)", "BOX(DIA(A)) -> DIA(BOX(A))",
    "BOX(A \\/ BOX(B)) <-> (BOX(A) \\/ BOX(B))", "BOX(A /\\ B -> A)", "BOX(A -> A \\/ B)",
    "BOX((A -> B) -> ((B -> C) -> (A -> C)))", "BOX(A /\\ BOX(B) -> BOX(A /\\ B))",
    "(DIA(A) /\\ DIA(B)) -> DIA(A /\\ B)", "DIA a /\\ DIA b /\\ DIA c /\\ DIA d -> DIA(a /\\ b /\\ c /\\ d)",
    "BOX(BOX(A) -> B) \\/ BOX(BOX(B) -> A)", "BOX(Good(x) and TrueP(y) and not TrueP(z) and Coherent(s))",
)


def _all(b: Builder, parts: Sequence[int]) -> int:
    return reduce(b.conj, parts)


def _any(b: Builder, parts: Sequence[int]) -> int:
    return reduce(b.disj, parts)


def _pigeon_clauses(b: Builder, pigeons: int, holes: int) -> list[int]:
    sits = [[b.atom(f"s{i}_{j}") for j in range(holes)] for i in range(pigeons)]
    clauses = [_any(b, row) for row in sits]
    for j in range(holes):
        for i, k in itertools.combinations(range(pigeons), 2):
            clauses.append(b.disj(b.neg(sits[i][j]), b.neg(sits[k][j])))
    return clauses


def boxed_pigeonhole(pigeons: int) -> Formula:
    """¬⋀□(clause): the clauses of n pigeons in n - 1 holes cannot all be necessary. Proved."""
    b = Builder()
    return b.formula(b.neg(_all(b, [b.box(c) for c in _pigeon_clauses(b, pigeons, pigeons - 1)])))


def pigeonhole_in_box(pigeons: int) -> Formula:
    """□¬⋀clause: one box around the pigeonhole principle. Proved."""
    b = Builder()
    return b.formula(b.box(b.neg(_all(b, _pigeon_clauses(b, pigeons, pigeons - 1)))))


def diamonds(count: int) -> Formula:
    """◇a1 ∧ … ∧ ◇an → ◇(a1 ∧ … ∧ an). Refuted for n ≥ 2, by n + 1 worlds or fewer."""
    b = Builder()
    names = [b.atom(f"a{k}") for k in range(1, count + 1)]
    return b.formula(b.impl(_all(b, [b.dia(a) for a in names]), b.dia(_all(b, names))))


def nesting(depth: int) -> Formula:
    """A tower of alternating boxes and diamonds over A implies its innermost ◇A or □A. Proved."""
    b = Builder()
    inner = b.box(b.atom("A"))
    tower = inner
    for level in range(depth - 1):
        tower = b.dia(tower) if level % 2 else b.box(tower)
    return b.formula(b.impl(tower, inner))


def random_modal_cnf(atoms: int, clauses: int, depth: int, seed: int, width: int = 3,
                     modal: float = 0.5) -> Formula:
    """The negation of a random modal CNF: ``clauses`` clauses of ``width`` literals, each a box of a
    clause of depth - 1 with probability ``modal`` while depth lasts, else an atom; signs even."""
    b, rng = Builder(), random.Random(f"{atoms},{clauses},{depth},{seed}")

    def clause(level: int) -> int:
        literals = []
        for _ in range(width):
            if level and rng.random() < modal:
                x = b.box(clause(level - 1))
            else:
                x = b.atom(f"a{rng.randint(1, atoms)}")
            literals.append(b.neg(x) if rng.random() < 0.5 else x)
        return _any(b, literals)

    return b.formula(b.neg(_all(b, [clause(depth) for _ in range(clauses)])))


def large(chars: int, seed: int = 0) -> Formula:
    """X → X ∨ a over a body X of many small random parts; about ``chars`` characters. Proved."""
    b, rng = Builder(), random.Random(seed)
    names = [b.atom(f"a{k}") for k in range(200)]
    parts = []
    for _ in range(max(1, chars // 56)):
        x, y, z = rng.sample(names, 3)
        op, other = rng.choice((b.conj, b.disj, b.impl, b.iff)), rng.choice((b.box, b.dia, b.neg))
        parts.append(op(x, other(b.impl(y, z))))
    body = _all(b, parts)
    return b.formula(b.impl(body, b.disj(body, names[0])))
