"""Evaluate a formula at every world of a finite universal model, all worlds at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pxl.formula.table import Formula


def evaluate(formula: Formula, worlds: Sequence[Collection[str]]) -> list[int]:
    """Return one bit mask per node of the table: bit ``k`` says that it holds at world ``k``.

    A world is the collection of the atoms true there; every world sees every world, itself
    included. Raises ``ValueError`` when there is no world, for a model has at least one.

    >>> refuted = Formula((("atom", "A"), ("box", 0), ("impl", 0, 1)))      # A -> BOX(A)
    >>> evaluate(refuted, [{"A"}, set()])
    [1, 0, 2]
    """
    if not worlds:
        raise ValueError("a model has at least one world")
    true_at: dict[str, int] = {}
    for k, world in enumerate(worlds):
        bit = 1 << k
        for name in world:
            true_at[name] = true_at.get(name, 0) | bit
    everywhere = (1 << len(worlds)) - 1
    masks: list[int] = []
    for node in formula.nodes:
        match node:
            case ("atom", name):
                mask = true_at.get(name, 0)
            case ("neg", i):
                mask = everywhere ^ masks[i]
            case ("conj", i, j):
                mask = masks[i] & masks[j]
            case ("disj", i, j):
                mask = masks[i] | masks[j]
            case ("impl", i, j):
                mask = (everywhere ^ masks[i]) | masks[j]
            case ("iff", i, j):
                mask = everywhere ^ masks[i] ^ masks[j]
            case ("box", i):
                mask = everywhere if masks[i] == everywhere else 0
            case ("dia", i):
                mask = everywhere if masks[i] else 0
            case ("bot",):
                mask = 0
            case _:
                raise ValueError(f"not a node: {node!r}")
        masks.append(mask)
    return masks
