"""The proof cache keeps definite verdicts for a while, and one flight answers all who ask meanwhile."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxl.answering.flight import DeadlinePassed, FlightResult, SingleFlight
from pxl.cache import UNIT_BYTES, ProofCache, question_key
from pxl.certificates.certificate import Countermodel, encode
from pxl.certificates.sentences import Script
from pxl.verdict.outcome import PROVED, REFUTED, UNKNOWN, Outcome
from tests.support.fake_decider import Clock, eventually

YES = Outcome(PROVED)
NO = Outcome(REFUTED, certificate=encode(Countermodel((frozenset({"p1"}), frozenset()))))
KEY, OTHER = b"k" * 32, b"o" * 32


def of_bytes(count: int) -> Outcome:
    return Outcome(PROVED, script=Script(("x" * count,), "", count))


class CacheContract:
    """What every proof cache does; a subclass says how to make one."""

    def make(self, max_places: int = 10, ttl_s: float = 300.0) -> ProofCache:
        raise NotImplementedError

    def advance(self, seconds: float) -> None:
        raise NotImplementedError

    @pytest.mark.parametrize("outcome", [YES, NO])
    def test_a_definite_verdict_is_kept(self, outcome):
        cache = self.make()
        assert cache.put(KEY, "A", outcome)
        assert cache.get(KEY, "A") == (outcome, "exact")

    def test_a_verdict_asked_with_other_atoms_is_a_prefetch_hit(self):
        cache = self.make()
        cache.put(KEY, "BOX(A -> A)", YES)
        assert cache.get(KEY, "BOX(P -> P)") == (YES, "prefetch")
        cache.get(KEY, "BOX(A -> A)")
        assert (cache.stats().exact_hits, cache.stats().prefetch_hits, cache.stats().hits) == (1, 1, 2)

    @pytest.mark.parametrize("reason", ["timeout", "size", None])
    def test_an_unknown_verdict_is_never_kept(self, reason):
        cache = self.make()
        assert not cache.put(KEY, "A", Outcome(UNKNOWN, reason=reason))
        assert cache.get(KEY, "A") is None

    def test_a_miss_is_counted_once_for_a_request_that_looks_twice(self):
        cache = self.make()
        assert cache.get(KEY, "A") is None
        assert cache.get(KEY, "A", is_second_look=True) is None
        assert cache.stats().misses == 1

    def test_a_verdict_is_forgotten_when_its_time_is_over(self):
        cache = self.make(ttl_s=300)
        cache.put(KEY, "A", YES)
        self.advance(299.9)
        assert cache.get(KEY, "A")
        self.advance(0.2)
        assert cache.get(KEY, "A") is None
        assert cache.stats().size == 0

    def test_reading_does_not_lengthen_a_life(self):
        cache = self.make(ttl_s=10)
        cache.put(KEY, "A", YES)
        for _ in range(3):
            self.advance(4)
            kept = cache.get(KEY, "A")
        assert kept is None

    def test_it_never_holds_more_than_its_places(self):
        cache = self.make(max_places=10)
        for n in range(100):
            cache.put(b"%32d" % n, "A", YES)
        assert cache.stats().size == cache.stats().max_places == 10
        assert cache.get(b"%32d" % 99, "A")

    def test_a_large_certificate_takes_several_places(self):
        cache = self.make(max_places=10)
        cache.put(KEY, "A", of_bytes(3 * UNIT_BYTES))
        assert (cache.stats().size, cache.stats().places) == (1, 4)

    def test_a_certificate_that_would_fill_the_cache_is_not_kept(self):
        cache = self.make(max_places=2)
        cache.put(OTHER, "B", YES)
        assert not cache.put(KEY, "A", of_bytes(2 * UNIT_BYTES))
        assert cache.get(OTHER, "B")

    def test_a_newer_outcome_replaces_the_older(self):
        cache = self.make()
        cache.put(KEY, "A", YES)
        cache.put(KEY, "A", NO)
        assert cache.get(KEY, "A") == (NO, "exact")
        assert cache.stats().size == 1

    def test_clearing_forgets_verdicts_and_keeps_counts(self):
        cache = self.make()
        cache.put(KEY, "A", YES)
        cache.get(KEY, "A")
        cache.clear()
        assert cache.get(KEY, "A") is None
        assert (cache.stats().size, cache.stats().hits) == (0, 1)

    def test_many_threads_lose_no_count(self):
        cache = self.make(max_places=5)

        def use(thread: int) -> None:
            for n in range(200):
                key = b"%32d" % (n % 7)
                if cache.get(key, "A") is None:
                    cache.put(key, "A", YES)

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(use, range(8)))
        stats = cache.stats()
        assert stats.hits + stats.misses == 8 * 200
        assert stats.size <= 5


class TestProofCache(CacheContract):
    @pytest.fixture(autouse=True)
    def clock(self):
        self.now = Clock()

    def make(self, max_places: int = 10, ttl_s: float = 300.0) -> ProofCache:
        return ProofCache(max_places, ttl_s, clock=self.now)

    def advance(self, seconds: float) -> None:
        self.now.now += seconds

    def test_a_life_of_zero_keeps_nothing(self):
        cache = self.make(ttl_s=0)
        cache.put(KEY, "A", YES)
        assert cache.get(KEY, "A") is None


class TestKeys:
    @given(st.lists(st.text(max_size=6), min_size=4, max_size=4), st.lists(st.text(max_size=6), min_size=4, max_size=4))
    def test_only_equal_questions_share_a_key(self, one, other):
        assert (question_key(*one) == question_key(*other)) == (one == other)

    def test_shifting_text_between_parts_changes_the_key(self):
        assert question_key("ab", "c", "", "d") != question_key("a", "bc", "", "d")
        assert question_key("k", "pxl", "1:x", "d") != question_key("k", "pxl", "", "1:xd")


def never_again(value, remaining_s):
    return False


class TestSingleFlight:
    def test_a_stampede_of_100_is_one_run(self):
        flight: SingleFlight = SingleFlight(never_again)
        started, release, deadline = threading.Event(), threading.Event(), time.monotonic() + 20

        def call():
            started.set()
            assert release.wait(10)
            return YES

        with ThreadPoolExecutor(1) as threads:
            leader = threads.submit(flight.run, "key", deadline, call)
            assert started.wait(10)
            crowd = [Waiter(flight, deadline) for _ in range(99)]
            for waiter in crowd:
                waiter.start()
            eventually(lambda: flight.waiting == len(crowd))
            release.set()
            assert not leader.result().shared
            assert all(waiter.finish() == FlightResult(YES, shared=True) for waiter in crowd)
        assert len(flight) == 0

    def test_a_failure_is_shared_once_and_forgotten(self):
        flight: SingleFlight = SingleFlight(never_again)
        started, release, runs = threading.Event(), threading.Event(), []

        def fail():
            runs.append(1)
            started.set()
            assert release.wait(10)
            raise OSError("no prover")

        with ThreadPoolExecutor(20) as threads:
            deadline = time.monotonic() + 20
            first = threads.submit(flight.run, "key", deadline, fail)
            assert started.wait(10)
            waiters = [Waiter(flight, deadline) for _ in range(19)]
            for waiter in waiters:
                waiter.start()
            eventually(lambda: flight.waiting == len(waiters))
            release.set()
            with pytest.raises(OSError, match="no prover"):
                first.result()
            assert {str(waiter.finish()) for waiter in waiters} == {"no prover"}
        assert len(runs) == 1
        assert flight.run("key", deadline, lambda: YES).value is YES

    def test_a_waiter_leaves_at_its_own_deadline(self):
        flight: SingleFlight = SingleFlight(never_again)
        started, release = threading.Event(), threading.Event()

        def slow():
            started.set()
            assert release.wait(10)
            return YES

        with ThreadPoolExecutor(1) as threads:
            leader = threads.submit(flight.run, "key", time.monotonic() + 10, slow)
            assert started.wait(10)
            with pytest.raises(DeadlinePassed):
                flight.run("key", time.monotonic() + 0.01, slow)
            release.set()
            assert leader.result().value is YES

    def test_a_waiter_with_more_time_than_the_leader_had_asks_again(self):
        late = Outcome(UNKNOWN, reason="timeout")
        flight: SingleFlight = SingleFlight(lambda value, remaining_s: value is late and remaining_s > 1)
        started, release, runs = threading.Event(), threading.Event(), []

        def hurried():
            started.set()
            assert release.wait(10)
            return late

        with ThreadPoolExecutor(1) as threads:
            leader = threads.submit(flight.run, "key", time.monotonic() + 0.1, hurried)
            assert started.wait(10)
            patient = Waiter(flight, time.monotonic() + 30, lambda: runs.append(1) or YES)
            patient.start()
            eventually(lambda: flight.waiting == 1)
            release.set()
            assert leader.result().value is late
            assert patient.finish().value is YES
        assert len(runs) == 1

    def test_a_crowd_with_no_more_time_than_the_leader_shares_its_word(self):
        late = Outcome(UNKNOWN, reason="timeout")
        flight: SingleFlight = SingleFlight(lambda value, remaining_s: remaining_s > 1)
        started, release, runs = threading.Event(), threading.Event(), []

        def hurried():
            runs.append(1)
            started.set()
            assert release.wait(10)
            return late

        with ThreadPoolExecutor(1) as threads:
            leader = threads.submit(flight.run, "key", time.monotonic() + 0.5, hurried)
            assert started.wait(10)
            crowd = [Waiter(flight, time.monotonic() + 0.9, hurried) for _ in range(20)]
            for waiter in crowd:
                waiter.start()
            eventually(lambda: flight.waiting == len(crowd))
            release.set()
            assert leader.result().value is late
            assert all(waiter.finish().value is late for waiter in crowd)
        assert len(runs) == 1

    def test_different_questions_do_not_wait_for_each_other(self):
        flight: SingleFlight = SingleFlight(never_again)
        inner = flight.run("one", time.monotonic() + 10,
                           lambda: flight.run("two", time.monotonic() + 10, lambda: YES))
        assert inner.value.value is YES and len(flight) == 0


class Waiter(threading.Thread):
    """A thread that asks a flight already under way; its call would be a second run."""

    def __init__(self, flight: SingleFlight, deadline: float, call=lambda: pytest.fail("ran again")) -> None:
        super().__init__(daemon=True)
        self._flight, self._deadline, self._call = flight, deadline, call
        self._result = None

    def run(self) -> None:
        try:
            self._result = self._flight.run("key", self._deadline, self._call)
        except Exception as error:
            self._result = error

    def finish(self):
        self.join(10)
        return self._result
