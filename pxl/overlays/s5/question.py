"""A goal of S5 as the kernel is asked: one formula, in which assumptions are premises.

That the formula is a theorem exactly when the goal follows from the assumptions, globally or locally, is
proved in ``pxl/kernel/Consequence.v``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from pxl.certificates.certificate import Countermodel, Proof, decode_countermodel, decode_numbers, encode
from pxl.certificates.model import ModelView, model_view
from pxl.certificates.sentences import Script, script_of
from pxl.formula import Formula, atoms, evaluate, format_formula, node_texts, with_atoms
from pxl.formula.table import occurrences
from pxl.overlays.contract import Explanation, SearchResult
from pxl.search.elimination import Budget, Exhausted
from pxl.search.sat import SearchExhausted

Search = Callable[[Formula, float, Budget], Proof | Countermodel | Exhausted]

SHOWN_CHARS = 4000
SHOWN_ATOMS = 100
_WORDS_CHARS = 400
_CLAUSES = {"atom": 0, "neg": 0, "conj": 3, "disj": 3, "impl": 3, "iff": 4, "bot": 1, "box": 1, "dia": 1}


@dataclass(frozen=True)
class Assumptions:
    """What is assumed, with atoms renamed as in the whole question: at every world, or at the one in question."""

    formulas: tuple[Formula, ...]
    is_global: bool


@dataclass(frozen=True, eq=False)
class S5Question:
    """``goal`` has the client's atoms; ``whole`` is what Coq is asked, and ``renamed`` the goal with its atoms."""

    goal: Formula
    whole: Formula
    renamed: Formula
    names: Mapping[str, str]
    assumed: Assumptions | None
    find: Search
    overlay: str = "pxl"

    @cached_property
    def normalized(self) -> str:
        return format_formula(self.goal)

    @cached_property
    def key(self) -> str:
        text = format_formula(self.whole)
        if self.assumed is None:
            return text
        return f"{'global' if self.assumed.is_global else 'local'} {len(self.assumed.formulas)}: {text}"

    def search(self, deadline: float, budget: Budget) -> SearchResult | Exhausted:
        """Search, and write down what was found."""
        def check_time() -> None:
            if budget.is_stopped():
                raise SearchExhausted("stopped", "the search was stopped")
            if time.monotonic() >= deadline:
                raise SearchExhausted("timeout", "writing the certificate ran out of time")

        found = self.find(self.whole, deadline, budget)
        if isinstance(found, Exhausted):
            return found
        try:
            return SearchResult(isinstance(found, Proof), encode(found, check_time))
        except SearchExhausted as limit:
            return Exhausted(limit.reason, limit.detail)

    def script(self, proved: bool, certificate: str) -> Script:
        """Write the sentences. Raises ValueError for a countermodel that is none, or one with foreign atoms."""
        if not proved:
            model = decode_countermodel(certificate)
            if not frozenset().union(*model.worlds) <= frozenset(atoms(self.whole)):
                raise ValueError("a countermodel with foreign atoms")
        return script_of(self.whole, proved, certificate)

    def explain(self, proved: bool, certificate: str, script: Script, used: tuple[int, ...] | None) -> Explanation:
        """Say what was certified, in the client's atoms."""
        model = None if proved else self._model(decode_countermodel(certificate))
        coq = script.statement
        if len(coq) > SHOWN_CHARS:
            coq = f"{'' if proved else '~ '}Prov goal, where goal is defined in the certificate"
        named = None
        if len(self.names) <= SHOWN_ATOMS:
            named = {f"Atom {number}": name for number, name in enumerate(self.names.values(), 1)}
        return Explanation(self._words(proved), self._statement(proved), coq, named, model,
                           self._used(certificate) if proved else None)

    def _words(self, proved: bool) -> str:
        text = self.normalized
        shown = text if len(text) <= _WORDS_CHARS else f"the goal ({len(text)} characters)"
        if self.assumed is not None:
            where = ("every model all of whose worlds satisfy the assumptions" if self.assumed.is_global
                     else "every world that satisfies the assumptions")
            if proved:
                return f"{shown} follows from the assumptions: it is true at {_at(where)} (kernel-checked)."
            return (f"{shown} does not follow from the assumptions: it is false at a world of the countermodel, "
                    f"which satisfies them (kernel-checked).")
        if proved:
            return f"{shown} is a theorem of PXL: true at every world of every model (kernel-checked)."
        return (f"{shown} is not a theorem of PXL: it is false at a world of the countermodel, "
                f"so PXL does not derive it (kernel-checked).")

    def _statement(self, proved: bool) -> str:
        place = "at every world of every S5 model"
        if self.assumed is not None:
            place = ("at every world of every S5 model all of whose worlds satisfy the assumptions"
                     if self.assumed.is_global else "at every world of every S5 model that satisfies the assumptions")
        return f"true {place}" if proved else f"not true {place}"

    def _model(self, model: Countermodel) -> ModelView:
        view = model_view(self.renamed, self.names, model)
        if not view.is_falsified:
            raise AssertionError("the countermodel, as it would be shown, does not falsify the goal")
        if self.assumed is None:
            return view
        shown = []
        for formula in self.assumed.formulas:
            truth = evaluate(formula, model.worlds)[-1]
            holds = tuple(place for place in range(len(model.worlds)) if truth >> place & 1)
            needed = range(len(model.worlds)) if self.assumed.is_global else (model.designated,)
            if not set(needed) <= set(holds):
                raise AssertionError("the countermodel, as it would be shown, does not satisfy an assumption")
            shown.append((formula, holds))
        return view.under(tuple((self._text(formula), holds) for formula, holds in shown))

    def _text(self, formula: Formula) -> str:
        named = with_atoms(formula, self.names)
        return node_texts(named, _WORDS_CHARS)[-1] or f"(an assumption of more than {_WORDS_CHARS} characters)"

    def _used(self, certificate: str) -> tuple[int, ...] | None:
        """Return the positions of the assumptions whose premise clause a proof's certificate hints at.

        The premise of node v = x -> rest is the clause {v, x}, the first of the three that define v. Where v stands
        in the formula once more, another clause may stand for its premise, which then counts as used.
        """
        table = encode(Proof(self.whole, ()))
        if self.assumed is None or not certificate.startswith(table):
            return None
        first, number = [], 1
        for node in self.whole.nodes:
            first.append(number)
            number += _CLAUSES[node[0]]
        hinted = _hints(decode_numbers(certificate[len(table):]))
        standing = occurrences(self.whole.nodes)
        used, place = [], len(self.whole.nodes) - 1
        for position in range(len(self.assumed.formulas)):
            if first[place] in hinted or standing[place] > 1:
                used.append(position)
            place = self.whole.nodes[place][2]
        return tuple(used)


def _hints(steps: list[int]) -> set[int]:
    """Return every clause number that some step of an accepted proof names."""
    found: set[int] = set()
    place = 0
    while place < len(steps):
        if steps[place] == 1:
            hints = steps.index(0, place) + 1
            place = steps.index(0, hints) + 1
            found.update(steps[hints:place - 1])
        else:
            found.add(steps[place + 1])
            place += 3
    return found


def _at(where: str) -> str:
    return f"every world of {where}" if where.startswith("every model") else where
