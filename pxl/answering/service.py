"""Takes a query to an answer: read, cache, decide once for all who ask, explain."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from pxl.answering.answer import Answer, Timings
from pxl.answering.flight import DeadlinePassed, SingleFlight, TooManyWait, Withdrawn
from pxl.answering.query import Query
from pxl.answering.theories import Theories
from pxl.cache import CacheStats, ProofCache, key_maker
from pxl.errors import KernelDisagreement, PoolBusy, ProverError, ProverTimeout, PxlError, RequestError
from pxl.formula import Limits
from pxl.overlays.contract import DEFAULT_OVERLAY, GLOBAL, Model, Overlay, Question, Reading
from pxl.overlays.registry import Registry, check_options
from pxl.overlays.s5 import overlay as s5
from pxl.verdict import evidence
from pxl.verdict.cancel import Cancel
from pxl.verdict.outcome import PROVED, REFUTED, TIMEOUT, UNKNOWN, Decide, Outcome

log = logging.getLogger("pxl.service")

# Reading and explaining a short goal is remembered; it is pure, and costs more than a cache hit.
_MEMO_CHARS = 500
_MEMO_GOALS = 512
_SHOWN_CHARS = 4000
_LOGGED_CHARS = 200
_NOTHING = "Nothing was certified about this goal: a limit ran out, which says nothing about its truth."
_FALSUM = "BOT"
_CONSISTENCY = {
    True: " The assumptions are consistent: a model of theirs was certified.",
    False: " But the assumptions contradict each other, so that everything follows from them (kernel-checked).",
    None: " Whether the assumptions contradict each other was not settled: its limit ran out.",
}


@dataclass(frozen=True, eq=False)
class Asked:
    """A query that was read: the question, the key that equal ones have, and the same question of a goal that is false.

    ``words`` is equal for two queries of the same key only when they have the same atoms, too.
    """

    overlay: Overlay
    reading: Reading
    question: Question
    key: bytes
    words: str


@dataclass(frozen=True)
class Told:
    """What a definite outcome means in the client's words; ``model_json`` is the model's document as text."""

    words: str
    statement: str | None = None
    coq: str | None = None
    atoms: Mapping[str, str] | None = None
    model: Model | None = None
    model_json: str | None = None
    used: tuple[int, ...] | None = None


class Service:
    """Answers queries with decision procedures, a cache, and one run for equal questions in flight.

    ``max_in_flight`` bounds the runs, those that wait for a session among them; ``max_followers`` the
    requests that wait for the run of an equal question, which need a thread and nothing else. The next
    one gets PoolBusy at once, so that whoever calls keeps threads for cached answers and health checks.
    """

    def __init__(self, decide: Decide, kernel_hash: str, cache: ProofCache, *,
                 overlays: Registry | None = None, theories: Theories | None = None,
                 timeout_s: float = 30.0, max_timeout_s: float = 60.0, max_in_flight: int = 1_000_000,
                 max_followers: int = 1_000_000, coq_version: str = "", limits: Limits = Limits(),
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.kernel_hash = kernel_hash
        self.timeout_s, self.max_timeout_s = timeout_s, max_timeout_s
        self.overlays = overlays or Registry.of(s5.overlay())
        self.theories = theories or Theories.none()
        self._coq_version = coq_version
        self._decide = decide
        self._cache = cache
        self._limits = limits
        self._clock = clock
        self._key_of = key_maker(kernel_hash, self.overlays.library_hash)
        self._places = threading.BoundedSemaphore(max_in_flight)
        self._flights: SingleFlight[tuple[Outcome, float]] = SingleFlight(_is_worth_again, clock,
                                                                            max_waiters=max_followers)
        self._read_short = lru_cache(_MEMO_GOALS)(self._read)
        self._explain_short = lru_cache(_MEMO_GOALS)(self._explain)
        self._falsum_short = lru_cache(_MEMO_GOALS)(self._falsum)
        self._certified_at: float | None = None

    @property
    def certified_at(self) -> float | None:
        """Return the moment of the latest verdict that the kernel gave; None before the first."""
        return self._certified_at

    def cache_stats(self) -> CacheStats:
        """Return the counts of the cache."""
        return self._cache.stats()

    def examine(self, query: Query | str) -> str:
        """Return the overlay that a query asks; raise RequestError when there is nothing to decide. Decide nothing."""
        return self._asked(query if isinstance(query, Query) else Query(query)).overlay.name

    def reload_theories(self) -> None:
        """Read the theory files again; questions that were read with the old ones are read anew."""
        self.theories.load(self.overlays)
        # A new memory: what is being read just now with the old theories goes into the old one.
        self._read_short = lru_cache(_MEMO_GOALS)(self._read)

    def prove(self, query: Query | str, timeout_s: float | None = None, want_certificate: bool = False,
              cancel: Cancel | None = None, *, admitted: Callable[[], None] = lambda: None) -> Answer:
        """Answer a query, or a text for the default overlay, within ``timeout_s`` seconds (at most ``max_timeout_s``).

        ``admitted`` is called before there is an answer, and once the goal has a session (or needs none), before its
        work begins, so never for a goal that is turned away; what it raises ends the request. Raises RequestError when
        the goal cannot be read, OverlayBroken, PoolBusy, ProverError, KernelDisagreement, and Cancelled soon after
        ``cancel`` is set.
        """
        query = query if isinstance(query, Query) else Query(query)
        began = self._clock()
        deadline = began + min(timeout_s or self.timeout_s, self.max_timeout_s)
        is_short = len(query.text) <= _MEMO_CHARS
        asked = self._asked(query)
        question = asked.question
        read = self._clock()
        kept = self._cache.get(asked.key, asked.words)
        if kept:
            admitted()
            outcome, hit, is_shared, spent = kept[0], kept[1], False, (0.0, 0.0, 0.0)
        else:
            hit = None
            outcome, is_shared = self._settle(asked, deadline, cancel, admitted)
            spent = outcome.queue_s, outcome.search_s, outcome.kernel_s
        told = (self._explain_short if is_short else self._explain)(asked, outcome)
        consistent = self._consistent(asked, is_short, outcome, deadline, cancel) if asked.reading.assumptions else None
        words = told.words
        if asked.reading.assumptions and outcome.verdict == PROVED:
            words += _CONSISTENCY[consistent]
        timings = Timings(*(round(1000 * s, 3) for s in (read - began, *spent, self._clock() - began)))
        checked = outcome.checked
        log.debug("%s (%s) in %.1f ms: %s", outcome.verdict, hit or outcome.reason or "decided", timings.total,
                  question.normalized[:_LOGGED_CHARS])
        return Answer(
            outcome.verdict, outcome.reason, outcome.detail, asked.overlay.name, query.goal, question.normalized, words,
            told.statement, told.coq, told.atoms, checked and checked.assumptions, _used(asked, outcome, told),
            consistent, told.model, told.model_json, self._certificate(asked, outcome) if want_certificate else None,
            self.kernel_hash, checked and checked.engine, hit, is_shared, checked and checked.generation, timings,
            outcome.script)

    def _asked(self, query: Query) -> Asked:
        return self._read_short(query) if len(query.text) <= _MEMO_CHARS else self._read(query)

    def _read(self, query: Query) -> Asked:
        if query.is_plain:
            overlay = self.overlays.get(DEFAULT_OVERLAY)
            reading = Reading(query.goal, limits=self._limits)
        else:
            query = self.theories.applied(query)
            overlay = self.overlays.get(query.overlay or DEFAULT_OVERLAY)
            check_options(overlay, query.options)
            reading = Reading(query.goal, query.options, query.assumptions, query.consequence or GLOBAL, self._limits)
        return self._to_be_asked(overlay, reading)

    def _to_be_asked(self, overlay: Overlay, reading: Reading) -> Asked:
        question = overlay.read(reading)
        words = question.normalized
        if reading.assumptions:
            words = "\0".join((words, *question.names.values()))
        return Asked(overlay, reading, question, self._key(overlay, question), words)

    def _key(self, overlay: Overlay, question: Question) -> bytes:
        """Return the key of a question; equal ones share their answer, whichever built-in overlay was asked.

        What an installed package makes of another overlay's question it keeps for itself: its sentences are its own.
        """
        key = self._key_of(question)
        if question.overlay == overlay.name or self.overlays.is_built_in(overlay.name):
            return key
        return hashlib.sha256(key + overlay.name.encode()).digest()

    def _falsum(self, asked: Asked) -> Asked | None:
        """Return the question whether the assumptions contradict each other; None where it cannot be asked."""
        try:
            return self._to_be_asked(asked.overlay, replace(asked.reading, goal=_FALSUM))
        except RequestError:
            return None

    def _consistent(self, asked: Asked, is_short: bool, outcome: Outcome, deadline: float,
                    cancel: Cancel | None) -> bool | None:
        """Say whether the assumptions have a model. A countermodel to the goal is one; else the kernel is asked."""
        if outcome.verdict != PROVED:
            return True if outcome.verdict == REFUTED else None
        falsum = (self._falsum_short if is_short else self._falsum)(asked)
        if falsum is None:
            return None
        kept = self._cache.get(falsum.key, falsum.words)
        try:
            found = kept[0] if kept else self._settle(falsum, deadline, cancel, lambda: None)[0]
        except (PoolBusy, ProverError, KernelDisagreement) as why:
            log.warning("whether assumptions are consistent was not settled: %s", why.detail)
            return None
        return {PROVED: False, REFUTED: True}.get(found.verdict)

    def _settle(self, asked: Asked, deadline: float, cancel: Cancel | None,
                admitted: Callable[[], None]) -> tuple[Outcome, bool]:
        def lead() -> tuple[Outcome, float]:
            with self._place():
                found = self._run(asked, deadline, cancel, seated)
                seated()        # nothing had to be decided, and there is an answer
                return found

        def seated() -> None:
            try:
                claim()
            except PxlError as refusal:
                raise Withdrawn from refusal    # not the fault of those who wait for this run

        claim = _once(admitted)
        try:
            landed = self._flights.run(asked.key, deadline, lead, cancel)
        except Withdrawn as withdrawn:
            assert withdrawn.__cause__ is not None
            raise withdrawn.__cause__ from None
        except DeadlinePassed:
            claim()
            return _out_of_time("an equal question in flight was not settled in time"), True
        except TooManyWait:
            raise PoolBusy("too many requests wait for the same goals", retry_after_s=1) from None
        claim()
        return landed.value[0], landed.shared

    def _run(self, asked: Asked, deadline: float, cancel: Cancel | None,
             seated: Callable[[], None]) -> tuple[Outcome, float]:
        """Return the outcome and the seconds that were spent on deciding."""
        # The run that a caller just missed has filled the cache.
        kept = self._cache.get(asked.key, asked.words, is_second_look=True)
        if kept:
            return kept[0], 0.0
        began = self._clock()
        if began >= deadline:
            return _out_of_time("reading the goal took all its time"), 0.0
        try:
            outcome = self._decide(asked.question, deadline, cancel, seated)
        except ProverTimeout as late:
            outcome = _out_of_time(late.detail)
        except KernelDisagreement as bug:
            log.error("the kernel rejected what the search found for %s: %s (overlay %s)",
                      asked.question.normalized[:_SHOWN_CHARS], bug.detail, asked.overlay.name)
            raise
        ended = self._clock()
        if outcome.verdict != UNKNOWN:
            self._certified_at = ended
            self._cache.put(asked.key, asked.words, outcome)
        return outcome, ended - began - outcome.queue_s

    @staticmethod
    def _explain(asked: Asked, outcome: Outcome) -> Told:
        if outcome.script is None or outcome.verdict == UNKNOWN:
            return Told(_NOTHING)
        is_proved = outcome.verdict == PROVED
        try:
            meant = asked.question.explain(is_proved, outcome.certificate, outcome.script, outcome.used)
        except AssertionError as bug:
            raise KernelDisagreement(str(bug)) from bug
        text = None
        if meant.model is not None:
            document = meant.model.document()
            if asked.overlay.name != DEFAULT_OVERLAY:
                # Clients draw universal models themselves, and no others.
                document = {**document, "drawing": meant.model.lines()}
            text = json.dumps(document)
        return Told(meant.words, meant.statement, meant.coq, meant.atoms, meant.model, text, meant.used)

    def _certificate(self, asked: Asked, outcome: Outcome) -> str | None:
        """Return the file that coqc re-checks, headed by the client's question; None when nothing was certified."""
        if outcome.script is None:
            return None
        libraries = self.overlays.libraries(asked.overlay.name, asked.question.overlay)
        made_by = {"Kernel": self.kernel_hash, "Coq": self._coq_version}
        if libraries:
            made_by["Libraries"] = ", ".join(
                f"{library.name} {self.overlays.hash_of(library)}" for library in libraries)
        return evidence.write(asked.overlay.name, asked.reading, asked.question, outcome.verdict, outcome.certificate,
                              outcome.script, made_by, libraries)

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


def _used(asked: Asked, outcome: Outcome, told: Told) -> tuple[Any, ...] | None:
    used = outcome.used if told.used is None else told.used
    if used is None or outcome.verdict != PROVED:
        return None
    return tuple(asked.reading.assumptions[place] for place in used)
