"""Shows a finite countermodel of a modal question in the client's own atoms and relations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pxl.certificates.draw import draw
from pxl.certificates.model import (
    MAX_SUBFORMULAS,
    MAX_TEXT_CHARS,
    MAX_TRACE,
    Subformula,
    TruthReason,
    reasons,
    world_name,
)
from pxl.formula import format_formula, node_texts
from pxl.formula.signature import Signature
from pxl.formula.table import Formula, Node
from pxl.overlays.modal import frames
from pxl.overlays.modal.certificate import Model
from pxl.overlays.modal.problem import PLAIN, Problem


@dataclass(frozen=True)
class Names:
    """What atoms and relations are called: by the client, and in its language. ``relations`` are in their order."""

    atoms: Mapping[str, str]
    relations: Sequence[str]
    signature: Signature


@dataclass(frozen=True, eq=False)
class FrameView:
    """A countermodel as the client reads it: each relation is listed edge by edge.

    ``trace`` says why the goal is false, at most ``MAX_TRACE`` lines; ``trace_omitted`` counts those left out.
    ``subformulas`` and ``trace`` are None, and ``omitted`` says why, when the goal is too large to list.
    """

    model: Model
    worlds: tuple[tuple[str, ...], ...]
    relations: tuple[tuple[str, str], ...]      # name and logic
    atoms: tuple[str, ...]
    subformulas: tuple[Subformula, ...] | None
    trace: tuple[TruthReason, ...] | None
    trace_omitted: int
    omitted: str | None
    assumptions: tuple[Subformula, ...] | None

    def document(self) -> dict[str, Any]:
        """Return it for JSON; worlds are called ``w0``, ``w1``, … in the order that was certified."""
        document = {
            "worlds": [{"name": world_name(place), "true": list(atoms), "designated": place == self.model.designated}
                       for place, atoms in enumerate(self.worlds)],
            "designated": world_name(self.model.designated),
            "access": {
                "kind": "listed", "words": "a world sees those that the relation lists for it, and no others",
                "relations": [{"relation": name, "logic": logic,
                               "edges": [[world_name(w), world_name(u)] for w in range(len(self.worlds))
                                         for u in self.model.successors(number, w)]}
                              for number, (name, logic) in enumerate(self.relations, 1)]},
            "atoms": list(self.atoms),
            "subformulas": None if self.subformulas is None else [_listed(sub) for sub in self.subformulas],
            "falsification_trace": None if self.trace is None else [
                {"formula": line.text, "world": world_name(line.world), "value": line.value, "depth": line.depth}
                for line in self.trace],
            "falsification_trace_omitted": self.trace_omitted,
            "omitted": self.omitted,
        }
        if self.assumptions is not None:
            document["assumptions"] = [_listed(sub) for sub in self.assumptions]
        return document

    def lines(self) -> list[str]:
        """Return it drawn for a terminal."""
        return draw(self.document()).splitlines()


def _listed(sub: Subformula) -> dict[str, Any]:
    return {"formula": sub.text, "holds_at": [world_name(place) for place in sub.holds_at]}


def named_formula(problem: Problem, place: int, names: Names) -> Formula:
    """Return the part of a problem's table up to a place, in the client's atoms and the operators of its language.

    The result is a table whose last node is the formula; it may hold nodes that the formula does not use.
    """
    nodes: list[Node] = []
    for node in problem.nodes[:place + 1]:
        if node[0] == "atom":
            node = ("atom", names.atoms[f"p{node[1]}"])
        elif node[0] in ("box", "dia"):
            name = names.relations[node[1] - 1]
            node = (node[0] if name == PLAIN else f"{node[0]}:{name}", node[2])
        nodes.append(node)
    return Formula(tuple(nodes))


def frame_view(problem: Problem, names: Names, model: Model) -> FrameView:
    """Return the view of a countermodel; raises AssertionError when it does not refute the problem."""
    if not frames.refutes(problem, model.worlds, [list(row) for row in model.access], model.designated):
        raise AssertionError("the countermodel, as it would be shown, does not refute the goal")
    truth = frames.truth(problem.nodes, model.worlds, model.access)
    places = range(len(model.worlds))

    def sub(text: str | None, node: int) -> Subformula:
        return Subformula(text if text is not None else f"(more than {MAX_TEXT_CHARS} characters)",
                          tuple(w for w in places if truth[node] >> w & 1))

    worlds = tuple(tuple(names.atoms[f"p{k}"] for k in sorted(world)) for world in model.worlds)
    relations = tuple((name, problem.setting.logic(number).name)
                      for number, name in enumerate(names.relations, 1))
    size = problem.goal + 1
    subformulas = trace = omitted = assumptions = None
    trace_omitted = 0
    if size > MAX_SUBFORMULAS:
        omitted = f"the goal has {size} subformulas; at most {MAX_SUBFORMULAS} are listed"
    else:
        texts = node_texts(named_formula(problem, problem.goal, names), MAX_TEXT_CHARS, names.signature)
        subformulas = tuple(sub(text, node) for node, text in enumerate(texts))
        lines = _trace(problem, truth, model)
        trace = tuple(TruthReason(subformulas[node].text, world, value, depth)
                      for node, world, value, depth in lines[:MAX_TRACE])
        trace_omitted = len(lines) - len(trace)
    assumed = (*problem.globally, *problem.locally)
    if assumed:
        texts = node_texts(named_formula(problem, max(assumed), names), MAX_TEXT_CHARS, names.signature)
        assumptions = tuple(sub(texts[place], place) for place in assumed)
    return FrameView(model, worlds, relations, tuple(names.atoms.values()), subformulas, trace, trace_omitted, omitted,
                     assumptions)


def text_of(problem: Problem, place: int, names: Names) -> str:
    """Return the canonical text of the formula at a place in the client's language."""
    return format_formula(named_formula(problem, place, names), signature=names.signature)


def _trace(problem: Problem, truth: list[int], model: Model) -> list[tuple[int, int, bool, int]]:
    """Return the facts (node, world, value, depth) that make the goal false, each followed by its reasons."""
    agenda = [(problem.goal, model.designated, 0)]
    seen: set[tuple[int, int]] = set()
    lines = []
    while agenda:
        node, world, depth = agenda.pop()
        if (node, world) in seen:
            continue
        seen.add((node, world))
        value = bool(truth[node] >> world & 1)
        lines.append((node, world, value, depth))
        made = problem.nodes[node]
        around = model.successors(made[1], world) if made[0] in ("box", "dia") else ()
        agenda += [(child, at, depth + 1) for child, at in reversed(reasons(made, world, value, truth, around))]
    return lines
