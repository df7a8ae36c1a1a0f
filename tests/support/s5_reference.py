"""An independent decision of S5 for the tests, by brute force; the second checker is `pxl/verdict/reference/s5.py`.

Both are written from the definitions (OVERLAYS-free S5, ``docs/certificates.md``) and share
nothing with the search but the formula table.
"""

from __future__ import annotations

import random
from itertools import combinations

from pxl.formula import Builder, Formula, atoms


def is_theorem(formula: Formula) -> bool:
    """Decide S5 by brute force: true at every world of every universal model over its atoms.

    A model is a non-empty set of valuations. Each node is evaluated in all models at once: a bit
    for every (model, world) pair, so three atoms (255 models, 1,024 pairs) stay cheap.
    """
    names = sorted(atoms(formula))
    valuations = [frozenset(c) for n in range(len(names) + 1) for c in combinations(names, n)]
    pairs = [(model, w) for model in range(1, 1 << len(valuations))
             for w in range(len(valuations)) if model >> w & 1]
    everywhere = (1 << len(pairs)) - 1
    blocks, start = [], 0
    for model in range(1, 1 << len(valuations)):
        size = model.bit_count()
        blocks.append(((1 << size) - 1) << start)
        start += size
    truth: list[int] = []
    for node in formula.nodes:
        match node[0]:
            case "atom":
                mask = sum(1 << k for k, (_, w) in enumerate(pairs) if node[1] in valuations[w])
            case "bot":
                mask = 0
            case "neg":
                mask = everywhere ^ truth[node[1]]
            case "conj":
                mask = truth[node[1]] & truth[node[2]]
            case "disj":
                mask = truth[node[1]] | truth[node[2]]
            case "impl":
                mask = (everywhere ^ truth[node[1]]) | truth[node[2]]
            case "iff":
                mask = everywhere ^ truth[node[1]] ^ truth[node[2]]
            case "box":
                mask = sum(block for block in blocks if truth[node[1]] & block == block)
            case "dia":
                mask = sum(block for block in blocks if truth[node[1]] & block)
        truth.append(mask)
    return truth[-1] == everywhere


def random_formula(rng: random.Random, atom_count: int, depth: int) -> Formula:
    """Return a random formula with modal operators at every level."""
    b = Builder()

    def build(level: int) -> int:
        if not level or rng.random() < 0.12:
            return b.bot() if rng.random() < 0.04 else b.atom(f"p{rng.randint(1, atom_count)}")
        op = rng.choice(("neg", "conj", "disj", "impl", "iff", "box", "dia", "box", "dia"))
        children = [build(level - 1) for _ in range(1 if op in ("neg", "box", "dia") else 2)]
        return getattr(b, op)(*children)

    return b.formula(build(depth))
