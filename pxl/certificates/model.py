"""Shows a finite universal countermodel in the client's own atoms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pxl.certificates.certificate import Countermodel
from pxl.certificates.draw import draw
from pxl.formula import Formula, evaluate, node_texts, with_atoms
from pxl.formula.table import Node

MAX_SUBFORMULAS = 200
MAX_TEXT_CHARS = 400
MAX_TRACE = 20


@dataclass(frozen=True)
class Subformula:
    """One subformula and the positions of the worlds where it is true."""

    text: str
    holds_at: tuple[int, ...]


@dataclass(frozen=True)
class TruthReason:
    """One line of the reason why the goal is false: a subformula, a world, its truth value there.

    ``depth`` is 0 for the goal, and one more for each reason than for the line that it explains.
    """

    text: str
    world: int
    value: bool
    depth: int


@dataclass(frozen=True, eq=False)
class ModelView:
    """A countermodel as the client reads it; every world sees every world.

    ``worlds`` are the true atoms of each, in the order of the goal. ``subformulas`` and ``trace``
    are None, and ``omitted`` says why, when the goal is too large to list. ``trace_omitted`` counts the
    lines that ``trace``, which has at most ``MAX_TRACE``, leaves out. ``assumptions`` are those of the
    question with the worlds where each is true; None when it has none.
    """

    worlds: tuple[tuple[str, ...], ...]
    designated: int
    atoms: tuple[str, ...]
    subformulas: tuple[Subformula, ...] | None
    trace: tuple[TruthReason, ...] | None
    trace_omitted: int
    omitted: str | None
    is_falsified: bool
    assumptions: tuple[tuple[str, tuple[int, ...]], ...] | None = None

    def under(self, assumptions: tuple[tuple[str, tuple[int, ...]], ...]) -> ModelView:
        """Return the view with the assumptions of the question, each with the worlds where it is true."""
        return replace(self, assumptions=assumptions)

    def document(self) -> dict[str, Any]:
        """Return it for JSON; worlds are called ``w0``, ``w1``, … in the order that was certified."""
        document = {
            "worlds": [{"name": world_name(place), "true": list(atoms), "designated": place == self.designated}
                       for place, atoms in enumerate(self.worlds)],
            "designated": world_name(self.designated),
            "access": {"kind": "universal", "words": "every world sees every world, itself included"},
            "atoms": list(self.atoms),
            "subformulas": None if self.subformulas is None else [
                {"formula": sub.text, "holds_at": [world_name(place) for place in sub.holds_at]}
                for sub in self.subformulas],
            "falsification_trace": None if self.trace is None else [
                {"formula": line.text, "world": world_name(line.world), "value": line.value, "depth": line.depth}
                for line in self.trace],
            "falsification_trace_omitted": self.trace_omitted,
            "omitted": self.omitted,
        }
        if self.assumptions is not None:
            document["assumptions"] = [{"formula": text, "holds_at": [world_name(place) for place in holds_at]}
                                       for text, holds_at in self.assumptions]
        return document

    def lines(self) -> list[str]:
        """Return it drawn for a terminal."""
        return draw(self.document()).splitlines()


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
    trace_omitted = 0
    if len(formula.nodes) > MAX_SUBFORMULAS:
        omitted = f"the goal has {len(formula.nodes)} subformulas; at most {MAX_SUBFORMULAS} are listed"
    else:
        texts = [text if text is not None else f"(a subformula of more than {MAX_TEXT_CHARS} characters)"
                 for text in node_texts(with_atoms(formula, names), MAX_TEXT_CHARS)]
        subformulas = tuple(Subformula(text, tuple(w for w in range(len(worlds)) if bits >> w & 1))
                            for text, bits in zip(texts, truth, strict=True))
        lines = _trace(formula, truth, model) if is_falsified else []
        trace = tuple(TruthReason(texts[node], world, value, depth) for node, world, value, depth in lines[:MAX_TRACE])
        trace_omitted = len(lines) - len(trace)
    return ModelView(worlds, model.designated, tuple(names.values()), subformulas, trace, trace_omitted, omitted,
                     is_falsified)


def _trace(formula: Formula, truth: list[int], model: Countermodel) -> list[tuple[int, int, bool, int]]:
    """Return the facts that make the goal false at the designated world, with their depths.

    Each is followed by its reasons, one deeper, and each of these by its own. A fact that several
    others rest on stands only once, under the first of them; what is necessary or possible is so at
    every world, and stands for one.
    """
    everywhere = range(len(model.worlds))
    agenda = [(len(formula.nodes) - 1, model.designated, 0)]
    seen: set[tuple[int, int | None]] = set()
    lines = []
    while agenda:
        node, world, depth = agenda.pop()
        is_modal = formula.nodes[node][0] in ("box", "dia")
        fact = node, None if is_modal else world
        if fact in seen:
            continue
        seen.add(fact)
        value = bool(truth[node] >> world & 1)
        lines.append((node, world, value, depth))
        found = reasons(formula.nodes[node], world, value, truth, everywhere)
        agenda += [(child, at, depth + 1) for child, at in reversed(found)]
    return lines


def reasons(node: Node, world: int, value: bool, truth: Sequence[int], around: Sequence[int]) -> list[tuple[int, int]]:
    """Return the (child, world) pairs whose values force the value of a node at a world.

    ``truth`` has a bit for each world; ``around`` are the worlds that a box or diamond speaks of.
    """
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
        case ("box" | "dia", *_, i):
            if value == (node[0] == "box"):
                return [(i, at) for at in around]
            return [(i, next(at for at in around if is_true(i, at) == value))]
        case _:
            return []
