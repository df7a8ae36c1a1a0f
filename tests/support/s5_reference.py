"""Independent references for the tests: a brute-force decision and a second checker.

Both are written from the definitions (OVERLAYS-free S5, ``docs/certificates.md``) and share
nothing with the search but the formula table.
"""

from __future__ import annotations

import random
from itertools import combinations

from pxl.certificates.certificate import Proof, Rup
from pxl.formula import Builder, Formula, atoms


def holds(formula: Formula, worlds: list[frozenset[str]], world: int) -> bool:
    """Evaluate by the textbook definition, world by world."""
    memo: dict[tuple[int, int], bool] = {}
    everywhere = range(len(worlds))

    def value(k: int, w: int) -> bool:
        if (k, w) not in memo:
            node = formula.nodes[k]
            match node[0]:
                case "atom":
                    result = node[1] in worlds[w]
                case "bot":
                    result = False
                case "neg":
                    result = not value(node[1], w)
                case "conj":
                    result = value(node[1], w) and value(node[2], w)
                case "disj":
                    result = value(node[1], w) or value(node[2], w)
                case "impl":
                    result = not value(node[1], w) or value(node[2], w)
                case "iff":
                    result = value(node[1], w) == value(node[2], w)
                case "box":
                    result = all(value(node[1], u) for u in everywhere)
                case "dia":
                    result = any(value(node[1], u) for u in everywhere)
            memo[k, w] = result
        return memo[k, w]

    return value(len(formula.nodes) - 1, world)


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


def proof_fault(proof: Proof) -> str | None:
    """Return why a proof certificate is wrong, or None when every step of it is right."""
    literals: list[int] = []
    clauses: list[tuple[int, ...]] = []
    modal: set[int] = set()
    body: dict[int, int] = {}
    for v, node in enumerate(proof.formula.nodes, 1):
        x, y = (literals[node[k]] if len(node) > k and node[0] != "atom" else 0 for k in (1, 2))
        literals.append(-x if node[0] == "neg" else v)
        match node[0]:
            case "conj":
                clauses += [(-v, x), (-v, y), (v, -x, -y)]
            case "disj":
                clauses += [(v, -x), (v, -y), (-v, x, y)]
            case "impl":
                clauses += [(v, x), (v, -y), (-v, -x, y)]
            case "iff":
                clauses += [(-v, -x, y), (-v, x, -y), (v, x, y), (v, -x, -y)]
            case "bot":
                clauses += [(-v,)]
            case "box":
                clauses += [(-v, x)]
                modal.add(v)
                body[v] = x
            case "dia":
                clauses += [(v, -x)]
                modal.add(v)
                body[v] = x
    for step in proof.steps:
        if isinstance(step, Rup):
            fault = _rup_fault(step, clauses)
            if fault:
                return fault
            clauses.append(step.literals)
        else:
            if not 1 <= step.premise <= len(clauses) or step.node not in modal:
                return "necessitation of something that is not there"
            is_box = proof.formula.nodes[step.node - 1][0] == "box"
            gone = body[step.node] if is_box else -body[step.node]
            rest = tuple(lit for lit in clauses[step.premise - 1] if lit != gone)
            if any(abs(lit) not in modal for lit in rest):
                return "necessitation from a clause that is not rigid"
            clauses.append((*rest, step.node if is_box else -step.node))
    if not proof.steps or set(clauses[-1]) != {literals[-1]}:
        return "the last clause is not the goal"
    return None


def _rup_fault(step: Rup, clauses: list[tuple[int, ...]]) -> str | None:
    false: set[int] = set()
    for lit in step.literals:
        if -lit in false:
            return None
        false.add(lit)
    for hint in step.hints:
        if not 1 <= hint <= len(clauses):
            return "a hint that is not there"
        open_literals = {lit for lit in clauses[hint - 1] if lit not in false}
        if not open_literals:
            return None
        if len(open_literals) > 1:
            return "a hint that is not unit"
        false.add(-open_literals.pop())
    return "hints without a conflict"


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
