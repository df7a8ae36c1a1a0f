"""Takes a query to an answer: read, cache, decide once for all who ask, explain."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pxl.answering.answer import Answer, Timings
from pxl.answering.explanation import Explainer, used_assumptions
from pxl.answering.flight import DeadlinePassed, SingleFlight, TooManyWait, Withdrawn
from pxl.answering.query import Query
from pxl.answering.reader import ParsedQuery, QueryReader
from pxl.answering.theories import Theories
from pxl.cache import CacheStats, ProofCache, key_maker
from pxl.errors import KernelDisagreement, PoolBusy, ProverError, ProverTimeout, PxlError
from pxl.formula import Limits
from pxl.overlays.registry import Registry
from pxl.overlays.s5 import overlay as s5
from pxl.verdict import evidence
from pxl.verdict.cancel import Cancel
from pxl.verdict.outcome import PROVED, REFUTED, TIMEOUT, UNKNOWN, Decide, Outcome

log = logging.getLogger("pxl.service")

_SHOWN_CHARS = 4000
_LOGGED_CHARS = 200
_CONSISTENCY = {
    True: " The assumptions are consistent: a model of theirs was certified.",
    False: " But the assumptions contradict each other, so that everything follows from them (kernel-checked).",
    None: " Whether the assumptions contradict each other was not settled: its limit ran out.",
}


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
        self._clock = clock
        self._places = threading.BoundedSemaphore(max_in_flight)
        self._flights: SingleFlight[tuple[Outcome, float]] = SingleFlight(_is_worth_again, clock,
                                                                            max_waiters=max_followers)
        self._reader = QueryReader(self.overlays, self.theories, key_maker(kernel_hash, self.overlays.library_hash),
                                   limits)
        self._explainer = Explainer()
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
        return self._reader.read(query if isinstance(query, Query) else Query(query)).overlay.name

    def reload_theories(self) -> None:
        """Read the theory files again; questions that were read with the old ones are read anew."""
        self.theories.load(self.overlays)
        self._reader.forget()

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
        parsed = self._reader.read(query)
        question = parsed.question
        read = self._clock()
        kept = self._cache.get(parsed.key, parsed.words)
        if kept:
            admitted()
            outcome, hit, is_shared, durations = kept[0], kept[1], False, (0.0, 0.0, 0.0)
        else:
            hit = None
            outcome, is_shared = self._settle(parsed, deadline, cancel, admitted)
            durations = outcome.queue_s, outcome.search_s, outcome.kernel_s
        explained = self._explainer.explain(parsed, outcome)
        consistent = self._consistent(parsed, outcome, deadline, cancel) if parsed.reading.assumptions else None
        words = explained.words
        if parsed.reading.assumptions and outcome.verdict == PROVED:
            words += _CONSISTENCY[consistent]
        timings = Timings(*(round(1000 * s, 3) for s in (read - began, *durations, self._clock() - began)))
        checked = outcome.checked
        log.debug("%s (%s) in %.1f ms: %s", outcome.verdict, hit or outcome.reason or "decided", timings.total,
                  question.normalized[:_LOGGED_CHARS])
        return Answer(
            verdict=outcome.verdict, reason=outcome.reason, detail=outcome.detail, overlay=parsed.overlay.name,
            goal=query.goal, goal_normalized=question.normalized, words=words, statement=explained.statement,
            coq=explained.coq, atoms=explained.atoms, rests_on=checked.assumptions if checked else None,
            used_assumptions=used_assumptions(parsed, outcome, explained), assumptions_consistent=consistent,
            model=explained.model, model_json=explained.model_json,
            certificate=self._certificate(parsed, outcome) if want_certificate else None,
            kernel_hash=self.kernel_hash, engine=checked.engine if checked else None, cached=hit, is_shared=is_shared,
            generation=checked.generation if checked else None, timings=timings, script=outcome.script)

    def _consistent(self, parsed: ParsedQuery, outcome: Outcome, deadline: float,
                    cancel: Cancel | None) -> bool | None:
        """Say whether the assumptions have a model. A countermodel to the goal is one; else the kernel is asked."""
        if outcome.verdict != PROVED:
            return True if outcome.verdict == REFUTED else None
        falsum = self._reader.falsum(parsed)
        if falsum is None:
            return None
        kept = self._cache.get(falsum.key, falsum.words)
        try:
            found = kept[0] if kept else self._settle(falsum, deadline, cancel, lambda: None)[0]
        except (PoolBusy, ProverError, KernelDisagreement) as why:
            log.warning("whether assumptions are consistent was not settled: %s", why.detail)
            return None
        return {PROVED: False, REFUTED: True}.get(found.verdict)

    def _settle(self, parsed: ParsedQuery, deadline: float, cancel: Cancel | None,
                admitted: Callable[[], None]) -> tuple[Outcome, bool]:
        def lead() -> tuple[Outcome, float]:
            with self._place():
                found = self._run(parsed, deadline, cancel, leased)
                leased()        # nothing had to be decided, and there is an answer
                return found

        def leased() -> None:
            try:
                claim()
            except PxlError as refusal:
                raise Withdrawn from refusal    # not the fault of those who wait for this run

        claim = _once(admitted)
        try:
            result = self._flights.run(parsed.key, deadline, lead, cancel)
        except Withdrawn as withdrawn:
            assert withdrawn.__cause__ is not None
            raise withdrawn.__cause__ from None
        except DeadlinePassed:
            claim()
            return _out_of_time("an equal question in flight was not settled in time"), True
        except TooManyWait:
            raise PoolBusy("too many requests wait for the same goals", retry_after_s=1) from None
        claim()
        return result.value[0], result.shared

    def _run(self, parsed: ParsedQuery, deadline: float, cancel: Cancel | None,
             leased: Callable[[], None]) -> tuple[Outcome, float]:
        """Return the outcome and the seconds that were durations on deciding."""
        # The run that a caller just missed has filled the cache.
        kept = self._cache.get(parsed.key, parsed.words, is_second_look=True)
        if kept:
            return kept[0], 0.0
        began = self._clock()
        if began >= deadline:
            return _out_of_time("reading the goal took all its time"), 0.0
        try:
            outcome = self._decide(parsed.question, deadline, cancel, leased)
        except ProverTimeout as late:
            outcome = _out_of_time(late.detail)
        except KernelDisagreement as bug:
            log.error("the kernel rejected what the search found for %s: %s (overlay %s)",
                      parsed.question.normalized[:_SHOWN_CHARS], bug.detail, parsed.overlay.name)
            raise
        ended = self._clock()
        if outcome.verdict != UNKNOWN:
            self._certified_at = ended
            self._cache.put(parsed.key, parsed.words, outcome)
        return outcome, ended - began - outcome.queue_s

    def _certificate(self, parsed: ParsedQuery, outcome: Outcome) -> str | None:
        """Return the file that coqc re-checks, headed by the client's question; None when nothing was certified."""
        if outcome.script is None:
            return None
        libraries = self.overlays.libraries(parsed.overlay.name, parsed.question.overlay)
        document = evidence.document_of(
            parsed.overlay.name, parsed.reading, outcome.verdict, outcome.certificate, self.kernel_hash,
            self._coq_version, {library.name: self.overlays.hash_of(library) for library in libraries})
        return evidence.render(document, parsed.question, outcome.script, libraries)

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
