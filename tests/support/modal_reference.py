"""A naive decision for the tests of the modal overlay.

It eliminates all types of a formula, exhaustively and without a SAT solver, and shares no code with the search but the
table of nodes and the setting. The second checker of certificates is ``pxl/verdict/reference/modal.py``.
"""

from __future__ import annotations

import random

from pxl.formula import Builder, Formula
from pxl.formula.table import canonical
from pxl.verdict.reference.modal import PROPERTIES

NAMES = ("k", "d", "t", "b", "kb", "k4", "d4", "s4", "k45", "kd45", "s5")


def is_entailed(problem) -> bool:
    """Decide a problem by eliminating types: all assignments to its atoms and boxes, grouped by what they say of the boxes.

    The relations of the greatest model are read off the textbook's canonical frames, for relations that are
    unrelated, or contained in S5 relations, or a converse pair of K relations.
    """
    nodes, setting = problem.nodes, problem.setting
    free = [k for k, node in enumerate(nodes) if node[0] in ("atom", "box", "dia")]
    modal = [k for k in free if nodes[k][0] != "atom"]
    groups: dict[tuple[int, int], list[bool]] = {}
    total = 1 << len(free)
    everywhere = (1 << total) - 1
    columns = {}
    for place, k in enumerate(free):
        block = ((1 << (1 << place)) - 1) << (1 << place)
        period = 2 << place
        columns[k] = sum(block << start for start in range(0, total, period))
    masks: list[int] = []
    for k, node in enumerate(nodes):
        op = node[0]
        if k in columns:
            mask = columns[k]
        elif op == "bot":
            mask = 0
        elif op == "neg":
            mask = everywhere ^ masks[node[1]]
        else:
            x, y = masks[node[1]], masks[node[2]]
            mask = {"conj": x & y, "disj": x | y, "impl": everywhere ^ x | y, "iff": everywhere ^ x ^ y}[op]
        masks.append(mask)
    legal = everywhere
    for place in problem.globally:
        legal &= masks[place]
    has = [PROPERTIES[logic.name] for logic in setting.logics]
    boxes = []          # (relation, mask of types where the box is true, mask where its body is)
    for k in modal:
        flip = everywhere if nodes[k][0] == "dia" else 0
        relation = nodes[k][1]
        box, body = masks[k] ^ flip, masks[nodes[k][2]] ^ flip
        boxes.append((relation, box, body))
        if "t" in has[relation - 1]:
            legal &= everywhere ^ box | body
    bad = everywhere ^ masks[problem.goal]
    for place in problem.locally:
        bad &= masks[place]
    for t in range(total):
        if legal >> t & 1:
            key = (sum((b >> t & 1) << m for m, (_, b, _) in enumerate(boxes)),
                   sum((h >> t & 1) << m for m, (_, _, h) in enumerate(boxes)))
            groups.setdefault(key, [False])[0] |= bool(bad >> t & 1)
    keys = list(groups)
    alive = (1 << len(keys)) - 1
    is_box = [sum((b >> m & 1) << g for g, (b, _) in enumerate(keys)) for m in range(len(boxes))]
    is_body = [sum((h >> m & 1) << g for g, (_, h) in enumerate(keys)) for m in range(len(boxes))]
    rows = []
    for relation in setting.relations:
        row = []
        above = {relation} | {s for r, s in setting.included if r == relation}
        back = {s for r, s in setting.converse if r == relation}
        if "b" in has[relation - 1]:
            back.add(relation)
        for b, h in keys:
            seen = alive
            for m, (s, _, _) in enumerate(boxes):
                if s in above:
                    if b >> m & 1:
                        seen &= is_body[m]
                        if "4" in has[s - 1]:
                            seen &= is_box[m]
                    elif "5" in has[s - 1]:
                        seen &= ~is_box[m]
                if s in back and not h >> m & 1:
                    seen &= ~is_box[m]
            row.append(seen)
        rows.append(row)
    shrunk = True
    while shrunk:
        shrunk = False
        for g, (b, _) in enumerate(keys):
            if not alive >> g & 1:
                continue
            fine = all(b >> m & 1 or rows[s - 1][g] & alive & ~is_body[m] for m, (s, _, _) in enumerate(boxes))
            fine = fine and all(rows[r - 1][g] & alive for r in setting.relations if "d" in has[r - 1])
            if not fine:
                alive ^= 1 << g
                shrunk = True
    return not any(groups[key][0] for g, key in enumerate(keys) if alive >> g & 1)


def random_formula(rng: random.Random, atoms: int, depth: int, modal: int, labels: tuple[str, ...] = ("",)) -> Formula:
    """Return a random formula with at most ``modal`` distinct boxes and diamonds."""
    while True:
        nodes: list[tuple] = []

        def build(level: int, nodes=nodes) -> int:
            if not level or rng.random() < 0.12:
                nodes.append(("bot",) if rng.random() < 0.04 else ("atom", f"p{rng.randint(1, atoms)}"))
                return len(nodes) - 1
            op = rng.choice(("neg", "conj", "disj", "impl", "iff", "box", "dia", "box", "dia"))
            children = [build(level - 1) for _ in range(1 if op in ("neg", "box", "dia") else 2)]
            if op in ("box", "dia"):
                label = rng.choice(labels)
                op = f"{op}:{label}" if label else op
            nodes.append((op, *children))
            return len(nodes) - 1

        formula = canonical(nodes, build(depth))
        if sum(node[0][:3] in ("box", "dia") for node in formula.nodes) <= modal:
            return formula


def plain(text_builder) -> Formula:
    """Return the formula that a function of a Builder makes."""
    b = Builder()
    return b.formula(text_builder(b))
