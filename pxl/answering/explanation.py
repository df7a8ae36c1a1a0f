"""Says what a definite outcome means in the client's words, and writes the file that re-checks it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pxl.answering.reader import MEMO_GOALS, ParsedQuery
from pxl.errors import KernelDisagreement
from pxl.overlays.contract import DEFAULT_OVERLAY, Model
from pxl.verdict.outcome import PROVED, UNKNOWN, Outcome

_NOTHING = "Nothing was certified about this goal: a limit ran out, which says nothing about its truth."


@dataclass(frozen=True)
class ExplainedOutcome:
    """What a definite outcome means in the client's words; ``model_json`` is the model's document as text."""

    words: str
    statement: str | None = None
    coq: str | None = None
    atoms: Mapping[str, str] | None = None
    model: Model | None = None
    model_json: str | None = None
    used: tuple[int, ...] | None = None


class Explainer:
    """Explains outcomes; remembers what it said of short goals."""

    def __init__(self) -> None:
        self._explain_short = lru_cache(MEMO_GOALS)(_explain)

    def explain(self, parsed: ParsedQuery, outcome: Outcome) -> ExplainedOutcome:
        """Return the outcome in the client's words; raise KernelDisagreement where the overlay contradicts it."""
        return (self._explain_short if parsed.is_short else _explain)(parsed, outcome)


def used_assumptions(parsed: ParsedQuery, outcome: Outcome, explained: ExplainedOutcome) -> tuple[Any, ...] | None:
    """Return the assumptions that a proof used, as they were sent; None where that is not known."""
    used = outcome.used if explained.used is None else explained.used
    if used is None or outcome.verdict != PROVED:
        return None
    return tuple(parsed.reading.assumptions[place] for place in used)


def _explain(parsed: ParsedQuery, outcome: Outcome) -> ExplainedOutcome:
    if outcome.script is None or outcome.verdict == UNKNOWN:
        return ExplainedOutcome(_NOTHING)
    is_proved = outcome.verdict == PROVED
    try:
        meant = parsed.question.explain(is_proved, outcome.certificate, outcome.script, outcome.used)
    except AssertionError as bug:
        raise KernelDisagreement(str(bug)) from bug
    text = None
    if meant.model is not None:
        document = meant.model.document()
        if parsed.overlay.name != DEFAULT_OVERLAY:
            # Clients draw universal models themselves, and no others.
            document = {**document, "drawing": meant.model.lines()}
        text = json.dumps(document)
    return ExplainedOutcome(meant.words, meant.statement, meant.coq, meant.atoms, meant.model, text, meant.used)
