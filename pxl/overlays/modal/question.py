"""A modal question: how it is searched, checked and explained."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pxl.certificates.sentences import Script
from pxl.overlays.contract import Explanation, SearchResult
from pxl.overlays.modal.certificate import Proof, decode_model, encode, used_assumptions
from pxl.overlays.modal.model import Names, frame_view, text_of
from pxl.overlays.modal.problem import Problem
from pxl.overlays.modal.rules import extended
from pxl.overlays.modal.script import question_text, script_of, setting_term, texts_at
from pxl.overlays.modal.search import decide
from pxl.overlays.modal.words import claim_words, frame_words
from pxl.search.elimination import Budget, Exhausted
from pxl.search.sat import SearchExhausted

SHOWN_CHARS = 4000
SHOWN_ATOMS = 100


@dataclass(frozen=True, eq=False)
class ModalQuestion:
    """A problem with the names of what it speaks of; ``inclusions`` and ``converses`` are as they were asked for."""

    overlay: str
    problem: Problem
    called: Names
    inclusions: tuple[tuple[str, str], ...]
    converses: tuple[tuple[str, str], ...]

    @property
    def names(self) -> Mapping[str, str]:
        return self.called.atoms

    @cached_property
    def normalized(self) -> str:
        return text_of(self.problem, self.problem.goal, self.called)

    @cached_property
    def key(self) -> str:
        problem = self.problem
        texts = texts_at(problem, (problem.goal, *problem.globally, *problem.locally))
        question = question_text(texts[problem.goal], [texts[place] for place in problem.globally],
                                 [texts[place] for place in problem.locally])
        return f"{setting_term(problem.setting)}: {question}"

    def search(self, deadline: float, budget: Budget) -> SearchResult | Exhausted:
        """Search, and write down what was found."""
        def check_time() -> None:
            if budget.is_stopped():
                raise SearchExhausted("stopped", "the search was stopped")
            if time.monotonic() >= deadline:
                raise SearchExhausted("timeout", "writing the certificate ran out of time")

        found = decide(self.problem, deadline, budget)
        if isinstance(found, Exhausted):
            return found
        try:
            text = encode(found, check_time)
        except SearchExhausted as limit:
            return Exhausted(limit.reason, limit.detail)
        is_proof = isinstance(found, Proof)
        return SearchResult(is_proof, text, self._used(text) if is_proof else None)

    def script(self, proved: bool, certificate: str) -> Script:
        """Write the sentences. Raises ValueError for a countermodel that is none, or one with foreign atoms."""
        if not proved:
            model = decode_model(certificate, len(self.called.relations))
            if any(f"p{k}" not in self.names for world in model.worlds for k in world):
                raise ValueError("a countermodel with foreign atoms")
        return script_of(self.problem, proved, certificate)

    def explain(self, proved: bool, certificate: str, script: Script, used: tuple[int, ...] | None) -> Explanation:
        """Say what was certified, in the client's atoms and relations."""
        model = None
        if not proved:
            model = frame_view(self.problem, self.called, decode_model(certificate, len(self.called.relations)))
        coq = script.statement
        if len(coq) > SHOWN_CHARS:
            coq = "a theorem about goal, which is defined in the certificate"
        named = None
        if len(self.names) <= SHOWN_ATOMS:
            named = {f"Atom {number}": name for number, name in enumerate(self.names.values(), 1)}
            if len(self.called.relations) > 1 or self.called.relations[0] != "BOX":
                named |= {f"Relation {number}": name for number, name in enumerate(self.called.relations, 1)}
        kind = "global" if self.problem.globally else "local" if self.problem.locally else None
        frame = frame_words(self.problem.setting, self.called.relations, self.inclusions, self.converses)
        words, statement = claim_words(proved, self.normalized, kind, frame)
        return Explanation(words, statement, coq, named, model, self._used(certificate) if proved else None)

    def _used(self, certificate: str) -> tuple[int, ...] | None:
        if not self.problem.globally and not self.problem.locally:
            return None
        return used_assumptions(extended(self.problem)[0], certificate)
