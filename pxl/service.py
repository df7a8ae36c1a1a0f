"""Takes a goal from text to an answer: parse, cache, decide once for all who ask, explain."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from pxl.cache import CacheStats, Hit, ProofCache, question_key
from pxl.cancel import Cancel
from pxl.errors import KernelDisagreement, PoolBusy, ProverTimeout, PxlError
from pxl.flight import DeadlinePassed, SingleFlight, TooManyWait, Withdrawn
from pxl.formula import Formula, Limits, format_formula, parse, rename_atoms
from pxl.model import ModelView, model_view
from pxl.outcome import PROVED, REFUTED, TIMEOUT, UNKNOWN, Decide, Outcome
from pxl.render import Script, atoms_line, certificate_file

log = logging.getLogger("pxl.service")

OVERLAY = "pxl"

# Reading and explaining a short goal is remembered; it is pure, and costs more than a cache hit.
_MEMO_CHARS = 500
_MEMO_GOALS = 512
_SHOWN_CHARS = 4000
_SHOWN_ATOMS = 100
_LOGGED_CHARS = 200


@dataclass(frozen=True)
class Timings:
    """Where the time went, in milliseconds; what was not done took 0."""

    parse: float
    queue: float
    search: float
    kernel: float
    total: float


@dataclass(frozen=True, eq=False)
class Question:
    """A goal that was read: its formula with renamed atoms, their names, its canonical text and key."""

    normalized: str
    renamed: Formula
    names: Mapping[str, str]
    key: bytes


@dataclass(frozen=True)
class Explanation:
    """What a definite outcome means in the client's words."""

    words: str
    coq: str | None
    atoms: Mapping[str, str] | None
    model: ModelView | None


@dataclass(frozen=True)
class Answer:
    """All there is to say about one goal.

    ``atoms`` says whose name each atom of the statement ``coq`` stands for, unless they are very many.
    ``reason`` (a code) and ``detail`` (a sentence) are set when the verdict is unknown. ``cached``
    tells how the cache was hit, if it was; ``is_shared`` that an equal question in flight
    answered this one too.
    """

    verdict: str
    reason: str | None
    detail: str | None
    goal: str
    goal_normalized: str
    words: str
    coq: str | None
    atoms: Mapping[str, str] | None
    assumptions: str | None
    model: ModelView | None
    certificate: str | None
    kernel_hash: str
    engine: str | None
    cached: Hit | None
    is_shared: bool
    generation: int | None
    timings: Timings
    script: Script | None = None        # what the kernel accepted
    overlay: str = OVERLAY

    @property
    def proof_method(self) -> str | None:
        """Return the engine that checked the verdict, with ``_cached`` when it was kept from before."""
        return f"{self.engine}_cached" if self.engine and self.cached else self.engine


class Service:
    """Answers goals with a decision procedure, a cache, and one run for equal questions in flight.

    ``max_in_flight`` bounds the runs, those that wait for a session among them; ``max_followers`` the
    requests that wait for the run of an equal question, which need a thread and nothing else. The next
    one gets PoolBusy at once, so that whoever calls keeps threads for cached answers and health checks.
    """

    def __init__(self, decide: Decide, kernel_hash: str, cache: ProofCache, *,
                 timeout_s: float = 30.0, max_timeout_s: float = 60.0, max_in_flight: int = 1_000_000,
                 max_followers: int = 1_000_000, coq_version: str = "", limits: Limits = Limits(),
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.kernel_hash = kernel_hash
        self.timeout_s, self.max_timeout_s = timeout_s, max_timeout_s
        self._coq_version = coq_version
        self._decide = decide
        self._cache = cache
        self._limits = limits
        self._clock = clock
        self._places = threading.BoundedSemaphore(max_in_flight)
        self._flights: SingleFlight[tuple[Outcome, float]] = SingleFlight(_is_worth_again, clock,
                                                                            max_waiters=max_followers)
        self._read_short = lru_cache(_MEMO_GOALS)(self._read)
        self._explain_short = lru_cache(_MEMO_GOALS)(self._explain)
        self._certified_at: float | None = None

    @property
    def certified_at(self) -> float | None:
        """Return the moment of the latest verdict that the kernel gave; None before the first."""
        return self._certified_at

    def cache_stats(self) -> CacheStats:
        """Return the counts of the cache."""
        return self._cache.stats()

    def examine(self, goal: str) -> None:
        """Raise RequestError when the goal is not a formula; decide nothing."""
        self._question(goal)

    def prove(self, goal: str, timeout_s: float | None = None, want_certificate: bool = False,
              cancel: Cancel | None = None, *, admitted: Callable[[], None] = lambda: None) -> Answer:
        """Answer a goal within ``timeout_s`` seconds (at most ``max_timeout_s``).

        ``admitted`` is called once the goal was read and has a place (or needs none), before its work begins; what it
        raises ends the request. Raises RequestError when the goal is not a formula, PoolBusy, ProverError,
        KernelDisagreement, and Cancelled soon after ``cancel`` is set.
        """
        began = self._clock()
        deadline = began + min(timeout_s or self.timeout_s, self.max_timeout_s)
        is_short = len(goal) <= _MEMO_CHARS
        question = self._question(goal)
        read = self._clock()
        kept = self._cache.get(question.key, question.normalized)
        if kept:
            admitted()
            outcome, hit, is_shared, spent = kept[0], kept[1], False, (0.0, 0.0, 0.0)
        else:
            hit = None
            outcome, is_shared = self._settle(question, deadline, cancel, admitted)
            spent = outcome.queue_s, outcome.search_s, outcome.kernel_s
        told = (self._explain_short if is_short else self._explain)(question, outcome)
        timings = Timings(*(round(1000 * s, 3) for s in (read - began, *spent, self._clock() - began)))
        checked = outcome.checked
        log.debug("%s (%s) in %.1f ms: %s", outcome.verdict, hit or outcome.reason or "decided", timings.total,
                  question.normalized[:_LOGGED_CHARS])
        return Answer(
            outcome.verdict, outcome.reason, outcome.detail, goal, question.normalized, told.words, told.coq,
            told.atoms, checked and checked.assumptions, told.model,
            self._certificate(question, outcome) if want_certificate else None,
            self.kernel_hash, checked and checked.engine, hit, is_shared, checked and checked.generation, timings,
            outcome.script)

    def _question(self, goal: str) -> Question:
        return self._read_short(goal) if len(goal) <= _MEMO_CHARS else self._read(goal)

    def _read(self, goal: str) -> Question:
        formula = parse(goal, self._limits)
        renamed, names = rename_atoms(formula)
        key = question_key(self.kernel_hash, OVERLAY, "", format_formula(renamed))
        return Question(format_formula(formula), renamed, names, key)

    def _settle(self, question: Question, deadline: float, cancel: Cancel | None,
                admitted: Callable[[], None]) -> tuple[Outcome, bool]:
        def lead() -> tuple[Outcome, float]:
            with self._place():
                try:
                    claim()
                except PxlError as refusal:
                    raise Withdrawn from refusal    # not the fault of those who wait for this run
                return self._run(question, deadline, cancel)

        claim = _once(admitted)
        try:
            landed = self._flights.run(question.key, deadline, lead, cancel, claim)
        except Withdrawn as withdrawn:
            assert withdrawn.__cause__ is not None
            raise withdrawn.__cause__ from None
        except DeadlinePassed:
            return _out_of_time("an equal question in flight was not settled in time"), True
        except TooManyWait:
            raise PoolBusy("too many requests wait for the same goals", retry_after_s=1) from None
        return landed.value[0], landed.shared

    def _run(self, question: Question, deadline: float, cancel: Cancel | None) -> tuple[Outcome, float]:
        """Return the outcome and the seconds that were spent on deciding."""
        # The run that a caller just missed has filled the cache.
        kept = self._cache.get(question.key, question.normalized, is_second_look=True)
        if kept:
            return kept[0], 0.0
        began = self._clock()
        if began >= deadline:
            return _out_of_time("reading the goal took all its time"), 0.0
        try:
            outcome = self._decide(question.renamed, deadline, cancel)
        except ProverTimeout as late:
            outcome = _out_of_time(late.detail)
        except KernelDisagreement as bug:
            log.error("the kernel rejected what the search found for %s: %s", question.normalized[:_SHOWN_CHARS],
                      bug.detail)
            raise
        ended = self._clock()
        if outcome.verdict != UNKNOWN:
            self._certified_at = ended
            self._cache.put(question.key, question.normalized, outcome)
        return outcome, ended - began - outcome.queue_s

    @staticmethod
    def _explain(question: Question, outcome: Outcome) -> Explanation:
        model = None
        if outcome.countermodel is not None:
            model = model_view(question.renamed, question.names, outcome.countermodel)
            if not model.is_falsified:
                raise KernelDisagreement("the countermodel, as it would be shown, does not falsify the goal")
        coq = outcome.script and outcome.script.statement
        if coq and len(coq) > _SHOWN_CHARS:
            coq = f"{'' if outcome.verdict == PROVED else '~ '}Prov goal, where goal is defined in the certificate"
        atoms = None
        if coq and len(question.names) <= _SHOWN_ATOMS:
            atoms = {f"Atom {number}": name for number, name in enumerate(question.names.values(), 1)}
        return Explanation(_words(outcome, question.normalized), coq, atoms, model)

    def _certificate(self, question: Question, outcome: Outcome) -> str | None:
        """Return the file that coqc re-checks, headed by the client's goal; None when nothing was certified."""
        if outcome.script is None:
            return None
        goal = question.normalized if len(question.normalized) <= _SHOWN_CHARS else "(too long to repeat here)"
        return certificate_file(outcome.script, "\n   ".join((
            f"Goal: {goal}", f"Verdict: {outcome.verdict}", f"Atoms: {atoms_line(question.names)}",
            f"Kernel: {self.kernel_hash}", f"Coq: {self._coq_version}")))

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise PoolBusy("every session is busy and the queue is full", retry_after_s=1)
        try:
            yield
        finally:
            self._places.release()


def _once(call: Callable[[], None]) -> Callable[[], None]:
    """Return a function that calls ``call`` the first time, and nothing from then on."""
    calls = [call]

    def first() -> None:
        while calls:
            calls.pop()()

    return first


def _is_worth_again(value: tuple[Outcome, float], remaining_s: float) -> bool:
    outcome, spent_s = value
    return outcome.reason == TIMEOUT and remaining_s > max(spent_s, 0.0)


def _out_of_time(detail: str) -> Outcome:
    return Outcome(UNKNOWN, reason=TIMEOUT, detail=detail)


def _words(outcome: Outcome, goal: str) -> str:
    shown = goal if len(goal) <= 400 else f"the goal ({len(goal)} characters)"
    if outcome.verdict == PROVED:
        return f"{shown} is a theorem of PXL: true at every world of every model (kernel-checked)."
    if outcome.verdict == REFUTED:
        return (f"{shown} is not a theorem of PXL: it is false at a world of the countermodel, "
                f"so PXL does not derive it (kernel-checked).")
    return "Nothing was certified about this goal: a limit ran out, which says nothing about its truth."

