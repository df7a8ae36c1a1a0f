"""Print a formula in its canonical text, the one that the Coq kernel prints too.

A negation is ``~`` before its body, another prefix operator is ``BOX(…)``, ``BOX[a](…)`` or ``G(…)``, a binary
connective stands between blanks, and a binary formula has parentheses wherever it is part of a
negation or of another binary formula, nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pxl.errors import GoalTooLarge
from pxl.formula.signature import PXL, Signature
from pxl.formula.table import Formula, Node

# Texts up to this long are made once and reused; longer ones would make a deep formula quadratic.
_REUSED_CHARS = 160


def format_formula(formula: Formula, max_chars: int | None = None, signature: Signature = PXL) -> str:
    """Return the canonical text; ``parse`` gives the formula back.

    A formula made by a program may share so much that its text is exponentially longer than
    its table: give ``max_chars`` for those. Raises ``GoalTooLarge`` when the text is longer.

    >>> format_formula(Formula((("atom", "A"), ("atom", "B"), ("conj", 0, 1), ("neg", 2), ("impl", 3, 0))))
    '~(A /\\\\ B) -> A'
    """
    nodes = formula.nodes
    if max_chars is not None and _lengths(formula, max_chars, signature)[-1] > max_chars:
        raise GoalTooLarge(f"The canonical text of the goal is over the limit of {max_chars:,} characters.")
    between, openings = signature.between, signature.openings
    short = node_texts(formula, _REUSED_CHARS, signature)
    pieces: list[str] = []
    agenda: list[int | str] = [len(nodes) - 1]
    while agenda:
        item = agenda.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        text = short[item]
        if text is not None:
            pieces.append(text)
            continue
        node = nodes[item]
        op = node[0]
        if op in between:
            _push_unit(agenda, nodes, node[2], between)
            agenda.append(between[op])
            _push_unit(agenda, nodes, node[1], between)
        elif op == "neg":
            _push_unit(agenda, nodes, node[1], between)
            agenda.append(signature.negation)
        elif op == "atom" or op == "bot":
            pieces.append(node[1] if op == "atom" else signature.falsity[0])
        else:
            agenda += (")", node[1], openings.get(op) or signature.opening(op))
    return "".join(pieces)


def _push_unit(agenda: list[int | str], nodes: Sequence[Node], position: int, between: Mapping[str, str]) -> None:
    if nodes[position][0] in between:
        agenda += (")", position, "(")
    else:
        agenda.append(position)


def node_texts(formula: Formula, max_chars: int, signature: Signature = PXL) -> list[str | None]:
    """Return the canonical text of each node, or None where it is over ``max_chars``.

    >>> node_texts(Formula((("atom", "A"), ("neg", 0), ("disj", 0, 1), ("box", 2))), 8)
    ['A', '~A', 'A \\\\/ ~A', None]
    """
    between, openings = signature.between, signature.openings
    bare: list[str | None] = []
    unit: list[str | None] = []
    for node in formula.nodes:
        op = node[0]
        text: str | None
        if op in between:
            left, right = unit[node[1]], unit[node[2]]
            text = None if left is None or right is None else left + between[op] + right
            if text is not None and len(text) > max_chars:
                text = None
            bare.append(text)
            unit.append(None if text is None else f"({text})")
            continue
        if op == "atom":
            text = node[1]
        elif op == "bot":
            text = signature.falsity[0]
        elif op == "neg":
            body = unit[node[1]]
            text = None if body is None else signature.negation + body
        else:
            body = bare[node[1]]
            text = None if body is None else f"{openings.get(op) or signature.opening(op)}{body})"
        if text is not None and len(text) > max_chars:
            text = None
        bare.append(text)
        unit.append(text)
    return bare


def _lengths(formula: Formula, cap: int, signature: Signature) -> list[int]:
    """Return the length of each node's text in characters, or ``cap + 1`` when it is over ``cap``."""
    between = signature.between
    bare: list[int] = []
    unit: list[int] = []
    for node in formula.nodes:
        op = node[0]
        parentheses = 0
        if op in between:
            length = unit[node[1]] + len(between[op]) + unit[node[2]]
            parentheses = 2
        elif op == "atom":
            length = len(node[1])
        elif op == "bot":
            length = len(signature.falsity[0])
        elif op == "neg":
            length = len(signature.negation) + unit[node[1]]
        else:
            length = len(signature.opening(op)) + bare[node[1]] + 1
        bare.append(min(length, cap + 1))
        unit.append(min(length + parentheses, cap + 1))
    return bare
