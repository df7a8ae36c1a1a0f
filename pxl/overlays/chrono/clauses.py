"""What each node of a core table says of one moment and the next, as clauses.

The clauses hold at every moment of every run, and their numbering is the certificate's: the header's, then
``{X⊤}`` for infinite time or ``{F¬X⊤}`` for finite time, then those of the other nodes in order.
"""

from __future__ import annotations

from pxl.overlays.chrono.core import ENDS, HAS_NEXT, HAS_PREV, CoreTable

Clause = tuple[int, ...]


def definition(table: CoreTable, v: int) -> tuple[Clause, ...]:
    """Return the defining clauses of node v, in the certificate's order."""
    op, *members = table.nodes[v - 1]
    if op in ("atom", "neg"):
        return ()
    lits = [table.literal(m) for m in members]
    match op:
        case "bot":
            return ((-v,),)
        case "conj":
            x, y = lits
            return (-v, x), (-v, y), (v, -x, -y)
        case "disj":
            x, y = lits
            return (v, -x), (v, -y), (-v, x, y)
        case "impl":
            x, y = lits
            return (v, x), (v, -y), (-v, -x, y)
        case "iff":
            x, y = lits
            return (-v, -x, y), (-v, x, -y), (v, x, y), (v, -x, -y)
        case "until" | "since":
            x, y = lits
            return (v, -y), (-v, x, y)
        case "next":
            return ((-v, HAS_NEXT), *_expansion(table, "until", v, members[0]))
        case "prev":
            return ((-v, HAS_PREV), *_expansion(table, "since", v, members[0]))
    raise ValueError(f"not a core operator: {op!r}")


def _expansion(table: CoreTable, op: str, v: int, u: int) -> tuple[Clause, ...]:
    node = table.nodes[u - 1]
    if node[0] != op:
        return ()
    x, y = table.literal(node[1]), table.literal(node[2])
    return (-u, y, v), (u, -x, -v)


def semantics(finite: bool) -> Clause:
    """Return the clause that says whether time ends."""
    return (ENDS,) if finite else (HAS_NEXT,)


def needed_signs(table: CoreTable, roots: dict[int, int], unfolded: dict[int, int]) -> list[int]:
    """Return, for each node, in which directions its definition is needed to make the roots as they must be.

    Bit 1: the node may have to be true; bit 2: it may have to be false (Plaisted and Greenbaum 1986). ``roots`` maps
    the number of a node to its bits; ``unfolded`` maps an until u to Xu and a since s to Ys, which it is unfolded to.
    """
    signs = [0] * len(table)
    for root, sign in roots.items():
        signs[root - 1] |= sign
    for k in range(len(signs) - 1, -1, -1):
        op, *members = table.nodes[k]
        sign = signs[k]
        if op in ("atom", "bot") or not sign:
            continue
        if k + 1 in unfolded:
            signs[unfolded[k + 1] - 1] |= sign
        flipped = (sign >> 1) | (sign & 1) << 1
        if op == "iff":
            sign = flipped = 3
        left = flipped if op in ("neg", "impl", "iff") else sign
        for child, part in zip(members, (left, sign)):
            signs[child - 1] |= part
    return signs


def is_needed(table: CoreTable, v: int, which: int, sign: int) -> bool:
    """Say whether a defining clause of node v speaks in one of the directions ``sign`` that are needed."""
    if table.nodes[v - 1][0] in ("next", "prev"):
        # Xu and Ys come with the unfolding of u and s, which is needed in the same directions.
        return bool(sign & (2 if which == 2 else 1))
    return bool(sign & (2 if v in definition(table, v)[which] else 1))
