"""What the successor rule lets a world demand of its successors, and what nodes a setting needs besides the goal's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pxl.overlays.modal.problem import Clauses, Modal, Problem, clauses_of
from pxl.overlays.modal.setting import Setting


@dataclass(frozen=True)
class Demands:
    """What a world w demands of a successor u by one relation, for each box that it may concern.

    ``forward``: (box, body): when the box holds at w, its body holds at u. ``backward``: the same from u to w.
    ``kept``: boxes that hold at u when they do at w. ``fixed``: boxes that hold at w when they do at u.
    """

    forward: tuple[tuple[int, int], ...]
    backward: tuple[tuple[int, int], ...]
    kept: tuple[int, ...]
    fixed: tuple[int, ...]


def demands(setting: Setting, modal: Sequence[Modal]) -> dict[int, Demands]:
    """Return the demands of each relation of a setting."""
    return {r: Demands(tuple((m.box, m.body) for m in modal if m.relation in setting.above[r]),
                       tuple((m.box, m.body) for m in modal if m.relation in setting.back[r]),
                       tuple(m.box for m in modal if _is_kept(setting, r, m.relation)),
                       tuple(m.box for m in modal if _is_fixed(setting, r, m.relation)))
            for r in setting.relations}


def _is_kept(setting: Setting, r: int, t: int) -> bool:
    """Say whether R_r w u implies that a box of t that holds at w holds at u."""
    logic = setting.logic(t)
    return t in setting.above[r] and logic.is_transitive or t in setting.back[r] and logic.is_euclidean


def _is_fixed(setting: Setting, r: int, t: int) -> bool:
    """Say whether R_r w u implies that a box of t that holds at u holds at w."""
    logic = setting.logic(t)
    return t in setting.above[r] and logic.is_euclidean or t in setting.back[r] and logic.is_transitive


def extended(problem: Problem) -> tuple[Problem, bool]:
    """Return the problem with the boxes that the rules need where relations of different logics are tied together.

    A demand on the successors by r must survive what r's own logic adds to r: □_t h holds at every world that a
    transitive r reaches when R_r is contained in R_t, and where t is not transitive only □_r h can say so.
    Also says whether there are such boxes, in the table before or not; else the problem comes back as it is.
    """
    setting = problem.setting
    if not setting.included and not setting.converse:
        return problem, False
    table = {node: place for place, node in enumerate(problem.nodes)}

    def place_of(literal: int) -> int:
        node = abs(literal) - 1
        return node if literal > 0 else table.setdefault(("neg", node), len(table))

    modal = list(clauses_of(problem).modal)
    known = {(m.relation, m.body) for m in modal}
    is_needed = False
    for m in modal:         # grows as it goes
        for r, literal in _missing(setting, m):
            is_needed = True
            if (r, literal) not in known:
                known.add((r, literal))
                box = table.setdefault(("box", r, place_of(literal)), len(table)) + 1
                modal.append(Modal(r, box, literal))
    return replace(problem, nodes=tuple(table)), is_needed


def _missing(setting: Setting, m: Modal) -> list[tuple[int, int]]:
    """Return the (relation, literal) pairs whose boxes must be in the table because ``m`` is.

    Each is a demand of ``demands`` that what r's logic adds to r would not keep by itself.
    """
    found = []
    for r in setting.relations:
        logic = setting.logic(r)
        is_above, is_back = m.relation in setting.above[r], m.relation in setting.back[r]
        is_kept, is_fixed = _is_kept(setting, r, m.relation), _is_fixed(setting, r, m.relation)
        if is_above and (logic.is_transitive and not is_kept or logic.is_euclidean and not is_fixed):
            found.append((r, m.body))
        if is_kept and not is_fixed and logic.is_euclidean:
            found.append((r, m.box))
        if (is_fixed and not is_kept and logic.is_euclidean
                or is_back and (logic.is_transitive and not is_fixed
                                or logic.is_euclidean and not (is_fixed and is_above))):
            found.append((r, -m.box))
    return found


def needed_signs(problem: Problem) -> list[int]:
    """Return, for each node, in which directions its definition is needed to refute the problem.

    Bit 1: the node may have to be true; bit 2: it may have to be false (Plaisted and Greenbaum 1986).
    """
    signs = [0] * len(problem.nodes)
    signs[problem.goal] |= 2
    for place in (*problem.globally, *problem.locally):
        signs[place] |= 1
    for k in range(len(signs) - 1, -1, -1):
        node, sign = problem.nodes[k], signs[k]
        op = node[0]
        if op in ("atom", "bot"):
            continue
        if op in ("box", "dia"):
            signs[node[2]] |= sign
            continue
        flipped = (sign >> 1) | (sign & 1) << 1
        if op == "iff":
            sign = flipped = 3 if sign else 0
        left = flipped if op in ("neg", "impl", "iff") else sign
        for child, part in zip(node[1:], (left, sign)):
            signs[child] |= part
    return signs


def choices(problem: Problem, clauses: Clauses) -> dict[int, tuple[tuple[int, ...], ...]]:
    """Return, for each literal of a compound node, the sets of literals of which one must hold for it to hold."""
    found: dict[int, tuple[tuple[int, ...], ...]] = {}
    for v, node in enumerate(problem.nodes, 1):
        op = node[0]
        if op in ("atom", "bot", "neg", "box", "dia"):
            continue
        x, y = (clauses.literals[i] for i in node[1:])
        match op:
            case "conj":
                found[v], found[-v] = ((x, y),), ((-x,), (-y,))
            case "disj":
                found[v], found[-v] = ((x,), (y,)), ((-x, -y),)
            case "impl":
                found[v], found[-v] = ((-x,), (y,)), ((x, -y),)
            case "iff":
                found[v], found[-v] = ((x, y), (-x, -y)), ((x, -y), (-x, y))
    for m in clauses.modal:
        if m.relation in problem.setting.reflexive:
            found[m.box] = ((m.body,),)
    return found
