"""Shows a finite universal countermodel in the client's own atoms."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pxl.formula import Formula, evaluate, node_texts
from pxl.outcome import Countermodel

MAX_SUBFORMULAS = 200
MAX_TEXT_CHARS = 400
MAX_TRACE = 60


@dataclass(frozen=True)
class Subformula:
    """One subformula and the positions of the worlds where it is true."""

    text: str
    holds_at: tuple[int, ...]


@dataclass(frozen=True)
class Because:
    """One line of the reason why the goal is false: a subformula, a world, its truth value there."""

    text: str
    world: int
    value: bool


@dataclass(frozen=True, eq=False)
class ModelView:
    """A countermodel as the client reads it; every world sees every world.

    ``worlds`` are the true atoms of each, in the order of the goal. ``subformulas`` and ``trace``
    are None, and ``omitted`` says why, when the goal is too large to list.
    """

    worlds: tuple[tuple[str, ...], ...]
    designated: int
    atoms: tuple[str, ...]
    subformulas: tuple[Subformula, ...] | None
    trace: tuple[Because, ...] | None
    omitted: str | None
    is_falsified: bool

    def document(self) -> dict[str, Any]:
        """Return it for JSON; worlds are called ``w0``, ``w1``, … in the order that was certified."""
        return {
            "worlds": [{"name": world_name(place), "true": list(atoms), "designated": place == self.designated}
                       for place, atoms in enumerate(self.worlds)],
            "designated": world_name(self.designated),
            "access": {"kind": "universal", "words": "every world sees every world, itself included"},
            "atoms": list(self.atoms),
            "subformulas": None if self.subformulas is None else [
                {"formula": sub.text, "holds_at": [world_name(place) for place in sub.holds_at]}
                for sub in self.subformulas],
            "falsification_trace": None if self.trace is None else [
                {"formula": line.text, "world": world_name(line.world), "value": line.value} for line in self.trace],
            "omitted": self.omitted,
        }

    @cached_property
    def json(self) -> str:
        """The document as JSON text, made once."""
        return json.dumps(self.document())


def world_name(place: int) -> str:
    """Return what clients call the world at a place.

    >>> world_name(0)
    'w0'
    """
    return f"w{place}"


def model_view(formula: Formula, names: Mapping[str, str], model: Countermodel) -> ModelView:
    """Return the view of a countermodel to a renamed formula; ``names`` maps its atoms to the client's."""
    order = {new: place for place, new in enumerate(names)}
    worlds = tuple(tuple(names[p] for p in sorted(world & order.keys(), key=order.__getitem__))
                   for world in model.worlds)
    truth = evaluate(formula, model.worlds)
    is_falsified = not truth[-1] >> model.designated & 1
    subformulas = trace = omitted = None
    if len(formula.nodes) > MAX_SUBFORMULAS:
        omitted = f"the goal has {len(formula.nodes)} subformulas; at most {MAX_SUBFORMULAS} are listed"
    else:
        texts = [text if text is not None else f"(a subformula of more than {MAX_TEXT_CHARS} characters)"
                 for text in node_texts(_named(formula, names), MAX_TEXT_CHARS)]
        subformulas = tuple(Subformula(text, tuple(w for w in range(len(worlds)) if bits >> w & 1))
                            for text, bits in zip(texts, truth, strict=True))
        trace = tuple(Because(texts[node], world, value)
                      for node, world, value in _trace(formula, truth, model)) if is_falsified else ()
    return ModelView(worlds, model.designated, tuple(names.values()), subformulas, trace, omitted, is_falsified)


def _named(formula: Formula, names: Mapping[str, str]) -> Formula:
    return Formula(tuple(("atom", names[node[1]]) if node[0] == "atom" else node for node in formula.nodes))


def _trace(formula: Formula, truth: list[int], model: Countermodel) -> list[tuple[int, int, bool]]:
    """Return the facts that make the goal false at the designated world, each followed by its reasons."""
    everywhere = range(len(model.worlds))
    start = (len(formula.nodes) - 1, model.designated)
    seen, queue, lines = {start}, deque([start]), []
    while queue and len(lines) < MAX_TRACE:
        node, world = queue.popleft()
        value = bool(truth[node] >> world & 1)
        lines.append((node, world, value))
        for reason in _reasons(formula.nodes[node], world, value, truth, everywhere):
            if reason not in seen:
                seen.add(reason)
                queue.append(reason)
    return lines


def _reasons(node: tuple, world: int, value: bool, truth: list[int], everywhere: range) -> list[tuple[int, int]]:
    """Return the (child, world) pairs whose values force the value of a node at a world."""
    def is_true(child: int, at: int) -> bool:
        return bool(truth[child] >> at & 1)

    match node:
        case ("neg", i):
            return [(i, world)]
        case ("conj", i, j) | ("disj", i, j):
            if value == (node[0] == "conj"):
                return [(i, world), (j, world)]
            return [(i if is_true(i, world) == value else j, world)]
        case ("impl", i, j):
            if not value:
                return [(i, world), (j, world)]
            return [(j if is_true(j, world) else i, world)]
        case ("iff", i, j):
            return [(i, world), (j, world)]
        case ("box", i) | ("dia", i):
            if value == (node[0] == "box"):
                return [(i, at) for at in everywhere]
            return [(i, next(at for at in everywhere if is_true(i, at) == value))]
        case _:
            return []
