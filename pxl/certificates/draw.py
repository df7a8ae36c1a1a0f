"""Draws a countermodel as text: one box for each world, the one that falsifies the goal in double lines."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

MAX_WORLDS = 24
MAX_BOX_CHARS = 36
MAX_INDENT_CHARS = 30

_LINES = {"single": "┌─┐│└┘", "double": "╔═╗║╚╝"}
_ASCII = {"single": "+-+|++", "double": "#=#|##"}


def draw(model: Mapping[str, Any], width: int = 80, *, in_ascii: bool = False) -> str:
    """Return the drawing of a countermodel as replies carry it, its boxes at most ``width`` columns wide.

    Below them each fact of the falsification trace has a line, indented under the one that it explains.

    >>> print(draw({"worlds": [{"name": "w0", "true": ["A"], "designated": True},
    ...                        {"name": "w1", "true": [], "designated": False}],
    ...             "designated": "w0", "falsification_trace_omitted": 7, "falsification_trace": [
    ...                 {"formula": "A -> BOX(A)", "world": "w0", "value": False, "depth": 0},
    ...                 {"formula": "A", "world": "w0", "value": True, "depth": 1},
    ...                 {"formula": "BOX(A)", "world": "w0", "value": False, "depth": 1},
    ...                 {"formula": "A", "world": "w1", "value": False, "depth": 2}]}, in_ascii=True))
    #= w0 =#  +- w1 -+
    | A    |  | -    |
    #======#  +------+
    The goal is false at w0. Every world sees every world; each lists its true atoms.
      w0: A -> BOX(A) is false
        w0: A is true
        w0: BOX(A) is false
          w1: A is false
      ... and 7 more lines of reasons, left out
    """
    lines: list[str] = []
    row: list[list[str]] = []
    worlds = model["worlds"]
    for world in worlds[:MAX_WORLDS]:
        box = _box(world, _ASCII if in_ascii else _LINES, min(MAX_BOX_CHARS, width - 4))
        if row and sum(len(b[0]) + 2 for b in row) + len(box[0]) > width:
            lines += _beside(row)
            row = []
        row.append(box)
    lines += _beside(row)
    if len(worlds) > MAX_WORLDS:
        lines.append(f"... and {len(worlds) - MAX_WORLDS} more worlds")
    access = model.get("access") or {"kind": "universal"}
    if access["kind"] == "listed":
        for relation in access["relations"]:
            lines += _relation(relation, worlds, width)
        sight = "Worlds see what the relations list"
    else:
        sight = "Every world sees every world"
    lines.append(f"The goal is false at {model['designated']}. {sight}; each lists its true atoms.")
    for fact in model.get("falsification_trace") or ():
        indent = min(2 * (fact["depth"] + 1), MAX_INDENT_CHARS, width // 3)
        text = _cut(fact["formula"], max(20, width - indent - len(fact["world"]) - len(": ... is false")))
        lines.append(f"{' ' * indent}{fact['world']}: {text} is {str(fact['value']).lower()}")
    if left_out := model.get("falsification_trace_omitted"):
        lines.append(f"  ... and {left_out} more {'line' if left_out == 1 else 'lines'} of reasons, left out")
    return "\n".join(lines)


def _relation(relation: Mapping[str, Any], worlds: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    """Return the lines that list what each world sees by a relation, which worlds see nothing included.

    >>> _relation({"relation": "a", "edges": [["w0", "w0"], ["w0", "w1"]]}, [{"name": "w0"}, {"name": "w1"}], 80)
    ['a: w0 sees w0 w1; w1 sees nothing']
    """
    seen: dict[str, list[str]] = {world["name"]: [] for world in worlds[:MAX_WORLDS]}
    for here, there in relation["edges"]:
        if here in seen:
            seen[here].append(there)
    told = "; ".join(f"{here} sees {' '.join(there) or 'nothing'}" for here, there in seen.items())
    return textwrap.wrap(f"{relation['relation']}: {told}", width, subsequent_indent="    ", break_on_hyphens=False)


def _cut(text: str, size: int) -> str:
    """Return a text without its end where it is longer than ``size`` characters.

    >>> _cut("A -> BOX(A)", 4)
    'A ->...'
    """
    return text if len(text) <= size else text[:size] + "..."


def _box(world: Mapping[str, Any], styles: Mapping[str, str], inner: int) -> list[str]:
    style = tuple(styles["double" if world["designated"] else "single"])
    left_top, across, right_top, side, left_low, right_low = style
    body = textwrap.wrap(" ".join(world["true"]) or "-", inner, break_on_hyphens=False)
    title = f"{across} {world['name']} {across}"
    size = max(len(title), *(len(line) + 2 for line in body))
    return [left_top + title.ljust(size, across) + right_top,
            *(f"{side} {line.ljust(size - 2)} {side}" for line in body),
            left_low + across * size + right_low]


def _beside(boxes: list[list[str]]) -> list[str]:
    height = max((len(box) for box in boxes), default=0)
    padded = [box[:-1] + [_blank(box)] * (height - len(box)) + box[-1:] for box in boxes]
    return ["  ".join(parts) for parts in zip(*padded, strict=True)]


def _blank(box: list[str]) -> str:
    side = box[1][0]
    return side + " " * (len(box[0]) - 2) + side
