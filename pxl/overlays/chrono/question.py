"""A goal about time as Coq is asked it: one formula, of all runs or of one trace, in which assumptions are premises."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pxl.certificates.sentences import Script
from pxl.formula import Formula, atoms, format_formula
from pxl.formula.table import occurrences
from pxl.overlays.chrono.core import core_of
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.chrono.proof import encode_proof, used_nodes
from pxl.overlays.chrono.runs import MAX_CELLS, Run, TooLong, refutes
from pxl.overlays.chrono.search import decide
from pxl.overlays.chrono.sentences import read_run, run_text, script_of, trace_text
from pxl.overlays.chrono.view import RunView, run_view
from pxl.overlays.contract import Explanation, SearchResult
from pxl.search.elimination import Budget, Exhausted
from pxl.search.sat import SearchExhausted

NO_CERTIFICATE = "0"        # a trace is evaluated: there is nothing to search for

_SHOWN_CHARS = 4000
_SHOWN_ATOMS = 100
_WORDS_CHARS = 400


@dataclass(frozen=True)
class Kind:
    """What a question is about: finite or infinite runs, or one trace; truth at time 0, or at every time."""

    finite: bool
    always: bool
    trace: tuple[frozenset[str], ...] | None    # with atoms renamed


@dataclass(frozen=True)
class Assumptions:
    """What is assumed, with atoms renamed as in the whole question: at every time, or at that of the goal."""

    formulas: tuple[Formula, ...]
    is_global: bool


@dataclass(frozen=True, eq=False)
class ChronoQuestion:
    """``goal`` has the client's atoms, ``whole`` is what Coq is asked, and ``shown`` what a run is shown to refute."""

    goal: Formula
    whole: Formula
    shown: Formula
    names: Mapping[str, str]
    kind: Kind
    assumed: Assumptions | None = None
    overlay: str = "chrono"

    @cached_property
    def normalized(self) -> str:
        return format_formula(self.goal, signature=CHRONO)

    @cached_property
    def key(self) -> str:
        about = "infinite" if not self.kind.finite else "finite"
        if self.kind.trace is not None:
            about = f"trace {trace_text(self.kind.trace)}"
        assumed = ""
        if self.assumed is not None:
            assumed = f" {'global' if self.assumed.is_global else 'local'} {len(self.assumed.formulas)}"
        when = "always" if self.kind.always else "start"
        return f"{about} {when}{assumed}: {format_formula(self.whole, signature=CHRONO)}"

    def search(self, deadline: float, budget: Budget) -> SearchResult | Exhausted:
        """Search, or evaluate the trace, and write down what was found."""
        if self.kind.trace is not None:
            try:
                return SearchResult(not refutes(self.whole, Run(self.kind.trace)), NO_CERTIFICATE)
            except TooLong as limit:
                return Exhausted("size", f"too much to evaluate: {limit}")

        def check_time() -> None:
            if budget.is_stopped():
                raise SearchExhausted("stopped", "the search was stopped")
            if time.monotonic() >= deadline:
                raise SearchExhausted("timeout", "writing the certificate ran out of time")

        found = decide(self.whole, self.kind.finite, deadline, budget)
        if isinstance(found, Exhausted):
            return found
        if isinstance(found, Run):
            return SearchResult(False, run_text(found))
        try:
            certificate = encode_proof(found, check_time)
            return SearchResult(True, certificate, self._used(certificate))
        except SearchExhausted as limit:
            return Exhausted(limit.reason, limit.detail)

    def _used(self, certificate: str) -> tuple[int, ...] | None:
        """Return the positions of the assumptions x whose premise clause {v, x} of v = (x → rest) a proof hints at.

        Where v stands in the formula once more, another clause may stand for the premise, which then counts as used.
        """
        if self.assumed is None:
            return None
        table, _ = core_of(self.whole)
        places = table.insert(self.whole)
        hinted, standing = used_nodes(certificate, table), occurrences(table.nodes)
        if hinted is None:
            return None
        used, node = [], len(self.whole.nodes) - 1
        if self.whole.nodes[node][0] == "globally":
            node = self.whole.nodes[node][1]
        for position in range(len(self.assumed.formulas)):
            if places[node] in hinted or standing[places[node]] > 1:
                used.append(position)
            node = self.whole.nodes[node][2]
        return tuple(used)

    def script(self, proved: bool, certificate: str) -> Script:
        """Write the sentences. Raises ValueError for a run that is none, or one with foreign atoms."""
        if self.kind.trace is not None:
            if certificate != NO_CERTIFICATE:
                raise ValueError("a trace needs no certificate")
        elif not proved:
            run = read_run(certificate)
            if (run.loop is None) != self.kind.finite:
                raise ValueError("a run that ends where none should, or the other way round")
            if not frozenset().union(*run.moments) <= frozenset(atoms(self.whole)):
                raise ValueError("a run with foreign atoms")
            if len(run.moments) * len(self.whole.nodes) > MAX_CELLS:
                raise ValueError("a run that is too long to show")
        return script_of(self.whole, proved, self.kind.finite, self.kind.trace, certificate)

    def explain(self, proved: bool, certificate: str, script: Script, used: tuple[int, ...] | None) -> Explanation:
        """Say what was certified, in the client's atoms."""
        model = None if proved else self._model(certificate)
        coq = script.statement if len(script.statement) <= _SHOWN_CHARS else (
            f"{script.statement[:40]}..., which is defined in the certificate")
        named = None
        if len(self.names) <= _SHOWN_ATOMS:
            named = {f"Atom {number}": name for number, name in enumerate(self.names.values(), 1)}
        place = self._place()
        text = self.normalized
        shown = text if len(text) <= _WORDS_CHARS else f"the goal ({len(text)} characters)"
        if proved:
            words = f"{shown} is true {place} (kernel-checked)."
        elif model is not None and self.kind.trace is not None:
            words = f"{shown} is not true {place}: {model.reason()} (kernel-checked)."
        else:
            words = f"{shown} is not true {place}: it fails on the run of the countermodel (kernel-checked)."
        return Explanation(words, f"true {place}" if proved else f"not true {place}", coq, named, model,
                           self._used(certificate) if proved else None)

    def _place(self) -> str:
        """Say of which runs, and of which of their times, the goal is said to hold."""
        when = "at every time" if self.kind.always else "at time 0"
        if self.kind.trace is not None:
            size = len(self.kind.trace)
            which = f"the given trace of {size} {'moment' if size == 1 else 'moments'}"
        else:
            which = f"every {'finite' if self.kind.finite else 'infinite'} run"
        if self.assumed is None:
            return f"{when} of {which}"
        if self.assumed.is_global:
            return f"{when} of {which} at all of whose times the assumptions are true"
        if self.kind.always:
            return f"at every time of {which} at which the assumptions are true"
        return f"{when} of {which} that satisfies the assumptions at time 0"

    def _model(self, certificate: str) -> RunView:
        trace = self.kind.trace
        run = read_run(certificate) if trace is None else Run(trace)
        kind = "trace" if trace is not None else "finite" if run.loop is None else "lasso"
        view = run_view(self.shown, self.names, run, kind, self.assumed.formulas if self.assumed else ())
        if not (view.is_falsified and refutes(self.whole, run)):
            raise AssertionError("the run, as it would be shown, does not refute the goal")
        return view
