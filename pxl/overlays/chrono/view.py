"""Shows a run that refutes a goal, in the client's own atoms: as JSON, and as a timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pxl.formula import Formula, node_texts, with_atoms
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.chrono.reasons import Fact, falsification, first_failure, settle
from pxl.overlays.chrono.runs import Run

MAX_SUBFORMULAS = 200
MAX_CELLS = 20_000
MAX_TEXT_CHARS = 400
MAX_TRACE = 20
MAX_DRAWN = 24
MAX_NAME_CHARS = 30
MAX_BECAUSE = 4


@dataclass(frozen=True, eq=False)
class RunView:
    """A run as the client reads it; times count from 0, and after the last one comes ``loop`` again, or nothing.

    ``facts`` are why the goal is false at time 0; of these ``omitted`` are left out (no more than a thousand are
    counted), and the one at place ``failing`` says when it fails first. ``subformulas``, with the times at which each
    holds, are None when there are too many. ``assumptions`` are those of the question with the times at which each
    holds.
    """

    kind: str       # lasso, finite, trace
    moments: tuple[tuple[str, ...], ...]
    loop: int | None
    atoms: tuple[str, ...]
    subformulas: tuple[tuple[str, tuple[int, ...]], ...] | None
    facts: tuple[tuple[str, Fact], ...]
    omitted: int
    failing: int
    is_falsified: bool
    assumptions: tuple[tuple[str, tuple[int, ...]], ...] | None = None

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        document = {
            "kind": self.kind,
            "times": [{"time": k, "true": list(atoms), "in_loop": self.loop is not None and k >= self.loop}
                      for k, atoms in enumerate(self.moments)],
            "loop": None if self.loop is None else {"from": self.loop, "to": len(self.moments) - 1},
            "words": self._shape(),
            "atoms": list(self.atoms),
            "fails_at": {"time": self.facts[self.failing][1].time, "formula": self.facts[self.failing][0]},
            "reason": self.reason(),
            "subformulas": None if self.subformulas is None else [
                {"formula": text, "holds_at": list(times)} for text, times in self.subformulas],
            "falsification_trace": [{"formula": text, "time": fact.time, "value": fact.value, "depth": fact.depth}
                                    for text, fact in self.facts],
            "falsification_trace_omitted": self.omitted,
        }
        if self.assumptions is not None:
            document["assumptions"] = [{"formula": text, "holds_at": list(times)} for text, times in self.assumptions]
        return document

    def reason(self) -> str:
        """Say in a sentence where the goal fails first, and why."""
        text, failing = self.facts[self.failing]
        because = []
        for other, fact in self.facts[self.failing + 1:]:
            if fact.depth <= failing.depth:
                break
            if fact.depth == failing.depth + 1:
                because.append(f"{other} is {str(fact.value).lower()} at time {fact.time}")
        more = ", ".join(because[:MAX_BECAUSE]) + (", ..." if len(because) > MAX_BECAUSE else "")
        return f"{text} is false at time {failing.time}{': ' if more else ''}{more}"

    def _shape(self) -> str:
        size = len(self.moments)
        if self.loop is None:
            return f"time ends after {size} {'moment' if size == 1 else 'moments'}"
        if size == 1:
            return "time 0 repeats for ever"
        return f"after time {size - 1} comes time {self.loop} again, for ever"

    def lines(self) -> list[str]:
        """Return a timeline, ``|:`` and ``:|`` around what repeats, and below it the facts."""
        # The moments around the one where the goal fails first, if not all have room.
        size = len(self.moments)
        start = max(0, min(self.facts[self.failing][1].time - MAX_DRAWN // 2, size - MAX_DRAWN))
        shown = range(start, min(size, start + MAX_DRAWN))
        wide = max(len(str(k)) for k in shown)
        names = [name if len(name) <= MAX_NAME_CHARS else name[:MAX_NAME_CHARS - 3] + "..." for name in self.atoms]
        margin = max([len("time"), *map(len, names)])
        begins = self.loop if self.loop in shown else None
        ends = self.loop is not None and size - 1 in shown

        def row(name: str, cells: list[str], is_head: bool = False) -> str:
            parts = [name.ljust(margin)]
            for k, cell in zip(shown, cells, strict=True):
                if k == begins:
                    parts.append("|:" if is_head else "| ")
                parts.append(cell.rjust(wide))
            if ends:
                parts.append(":|" if is_head else " |")
            return "  ".join(parts)

        drawn = [row("time", [str(k) for k in shown], True)]
        for name, atom in zip(names, self.atoms, strict=True):
            drawn.append(row(name, ["x" if atom in self.moments[k] else "." for k in shown]))
        if size > MAX_DRAWN:
            drawn.append(f"... and {size - MAX_DRAWN} more moments")
        shape = self._shape()
        drawn.append(f"The goal is false at time 0; {shape}.")
        for text, fact in self.facts:
            drawn.append(f"{'  ' * min(fact.depth + 1, 15)}{fact.time}: {_cut(text)} is {str(fact.value).lower()}")
        if self.omitted:
            lines = "line" if self.omitted == 1 else "lines"
            drawn.append(f"  ... and {self.omitted} more {lines} of reasons, left out")
        return drawn


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def run_view(formula: Formula, names: Mapping[str, str], run: Run, kind: str,
             assumptions: Sequence[Formula] = ()) -> RunView:
    """Return the view of a run on which a renamed formula is false; ``names`` maps its atoms to the client's."""
    settled = settle(formula, run)
    texts = _texts(formula, names)
    moments = tuple(tuple(name for new, name in names.items() if new in moment) for moment in settled.run.moments)
    subformulas = None
    if len(texts) <= MAX_SUBFORMULAS and len(texts) * len(moments) <= MAX_CELLS:
        subformulas = tuple((text, _times(row)) for text, row in zip(texts, settled.rows, strict=True))
    is_falsified = not settled.rows[-1][0]
    facts = falsification(formula, settled) if is_falsified else [Fact(len(texts) - 1, 0, True, 0)]
    first = first_failure(formula, settled) if is_falsified else facts[0]
    shown = facts[:MAX_TRACE]
    if first not in shown:
        shown = [*shown[:-1], first]
    held = tuple((_texts(each, names)[-1], _times(settle(each, run).rows[-1])) for each in assumptions)
    return RunView(kind, moments, settled.run.loop, tuple(names.values()), subformulas,
                   tuple((texts[fact.node], fact) for fact in shown), len(facts) - len(shown), shown.index(first),
                   is_falsified, held or None)


def _times(row: Sequence[int]) -> tuple[int, ...]:
    return tuple(k for k, bit in enumerate(row) if bit)


def _texts(formula: Formula, names: Mapping[str, str]) -> list[str]:
    named = with_atoms(formula, names)
    return [text if text is not None else f"(a subformula of more than {MAX_TEXT_CHARS} characters)"
            for text in node_texts(named, MAX_TEXT_CHARS, signature=CHRONO)]
