"""What is taken back stops soon, gives back what it held, and harms nobody who asked the same."""

from __future__ import annotations

import dataclasses
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from pxl.answering.service import Service
from pxl.cache import ProofCache
from pxl.composition.prover import build
from pxl.errors import Cancelled, ProverCrashed
from pxl.formula import parse
from pxl.http.disconnect import DisconnectWatch
from pxl.overlays.contract import Reading
from pxl.overlays.s5.overlay import S5
from pxl.search.elimination import Budget, Exhausted, decide
from pxl.settings import Settings
from pxl.verdict.cancel import Cancel
from pxl.verdict.decider import Decider
from tests.support.fake_decider import FakeDecider, eventually
from tests.support.prover import is_running


class TestCancel:
    def test_it_goes_one_way(self):
        cancel = Cancel()
        cancel.check()
        cancel.set()
        cancel.set()
        assert cancel.is_set
        with pytest.raises(Cancelled):
            cancel.check()

    def test_a_watcher_is_called_once_and_only_within_its_block(self):
        cancel, calls = Cancel(), []
        with cancel.watching(lambda: calls.append("over")):
            pass
        with cancel.watching(lambda: calls.append("within")):
            cancel.set()
            cancel.set()
        assert calls == ["within"]

    def test_nothing_begins_to_watch_what_is_cancelled(self):
        cancel = Cancel()
        cancel.set()
        with pytest.raises(Cancelled), cancel.watching(lambda: None):
            pytest.fail("the block was entered")

    def test_a_block_does_not_end_while_its_watcher_is_called(self):
        cancel, begun, go_on, order = Cancel(), threading.Event(), threading.Event(), []

        def watcher():
            begun.set()
            go_on.wait(10)
            order.append("watcher")

        with ThreadPoolExecutor(2) as threads:
            with cancel.watching(watcher):
                setting = threads.submit(cancel.set)
                begun.wait(10)
                threads.submit(go_on.set)
            order.append("block")
            setting.result(10)
        assert order == ["watcher", "block"]

    def test_waiting_ends_with_either(self):
        cancel, other = Cancel(), Future()
        other.set_result(None)
        cancel.wait(60, other)
        cancel.set()
        cancel.wait(60)
        cancel.wait(60, Future())


class Kernel:
    """One lease, whose check lasts until it is killed."""

    def __init__(self) -> None:
        self.checking, self.killed = threading.Event(), threading.Event()
        self.leases = self.free = 0

    @contextmanager
    def lease(self, deadline):
        self.leases += 1
        try:
            yield self
        finally:
            self.free += 1

    def check(self, script, deadline):
        self.checking.set()
        assert self.killed.wait(10)
        raise ProverCrashed("the session is gone")

    def kill(self):
        self.killed.set()


@pytest.fixture
def prover():
    """A prover of this test's own: its threads end with it, before other files count threads."""
    own = build(dataclasses.replace(Settings.from_env(), pool_size=2, cache_ttl_s=0.0))
    try:
        own.start()
        yield own
    finally:
        own.close()


class TestDeciding:
    def test_a_check_is_killed_and_not_tried_again(self):
        kernel, cancel = Kernel(), Cancel()
        with ThreadPoolExecutor(1) as threads:
            work = threads.submit(Decider(kernel), S5().read(Reading("p1 -> p1")), time.monotonic() + 30, cancel)
            assert kernel.checking.wait(10)
            cancel.set()
            with pytest.raises(Cancelled):
                work.result(10)
        assert (kernel.leases, kernel.free) == (1, 1)

    def test_a_search_ends_without_harm_to_its_session(self):
        kernel, cancel = Kernel(), Cancel()

        def search(formula, deadline, budget):
            assert not budget.is_stopped()
            cancel.set()
            assert budget.is_stopped()
            return Exhausted("stopped", "the search was stopped")

        with pytest.raises(Cancelled):
            Decider(kernel)(S5(search).read(Reading("p1")), time.monotonic() + 30, cancel)
        assert (kernel.leases, kernel.free) == (1, 1) and not kernel.killed.is_set()

    def test_what_was_cancelled_in_the_queue_is_not_searched(self):
        kernel, cancel = Kernel(), Cancel()
        cancel.set()
        with pytest.raises(Cancelled):
            Decider(kernel)(S5(lambda *_: pytest.fail("searched")).read(Reading("p1")), time.monotonic() + 30, cancel)
        assert kernel.free == 1

    def test_the_real_search_asks_often(self):
        holes = [[f"x{p}_{h}" for h in range(8)] for p in range(9)]
        some = " /\\ ".join("(" + " \\/ ".join(row) + ")" for row in holes)
        clash = " \\/ ".join(f"({holes[a][h]} /\\ {holes[b][h]})" for h in range(8) for a in range(9) for b in range(a))
        asked: list[float] = []

        def is_stopped():
            asked.append(time.monotonic())
            return len(asked) == 20

        found = decide(parse(f"{some} -> {clash}"), time.monotonic() + 60, Budget(is_stopped=is_stopped))
        assert isinstance(found, Exhausted) and found.reason == "stopped"
        assert max(b - a for a, b in zip(asked, asked[1:])) < 1.0

    def test_a_real_session_is_given_back_and_replaced(self, prover):
        """A check that Coq takes long over is cut off; the pool is whole again, and the next goal is proved."""
        cancel = Cancel()
        decider = Decider(_Endless(prover.pool))
        with ThreadPoolExecutor(1) as threads:
            work = threads.submit(decider, S5().read(Reading("p1 -> p1")), time.monotonic() + 60, cancel)
            eventually(lambda: decider._kernel.pid is not None and prover.pool.stats().busy == 1)
            began = time.monotonic()
            cancel.set()
            with pytest.raises(Cancelled):
                work.result(10)
            assert time.monotonic() - began < 2.0
        eventually(lambda: not is_running(decider._kernel.pid))
        eventually(lambda: prover.pool.stats().idle == 2)
        assert prover.service.prove("BOX(A) -> A").verdict == "proved"


class _Endless:
    """A kernel whose every check is a computation that Coq does not finish."""

    def __init__(self, pool) -> None:
        self._pool, self.pid = pool, None

    @contextmanager
    def lease(self, deadline):
        with self._pool.lease(deadline) as session:
            self.session = session
            yield self

    def check(self, script, deadline):
        self.pid = self.session.pid
        self.session.run(["Fixpoint slow (n : nat) : bool := match n with O => true | S m => if slow m then slow m else false end.",
                          "Definition endless := Eval vm_compute in slow 100."], None, deadline)

    def kill(self):
        self.session.kill()


class TestOneFlight:
    """Equal questions are one run; whoever leads it may go away."""

    def service(self) -> tuple[Service, FakeDecider]:
        decider = FakeDecider()
        return Service(decider.decide, "hash", ProofCache()), decider

    def test_a_cancelled_question_leaves_at_once_and_frees_its_place(self):
        service, decider = self.service()
        cancel = Cancel()
        with ThreadPoolExecutor(1) as threads, decider.held():
            work = threads.submit(service.prove, "A", None, False, cancel)
            eventually(lambda: decider.running == 1)
            cancel.set()
            with pytest.raises(Cancelled):
                work.result(10)
            eventually(lambda: decider.running == 0)

    def test_whoever_waited_for_a_cancelled_leader_asks_again(self):
        service, decider = self.service()
        cancel = Cancel()
        with ThreadPoolExecutor(4) as threads, decider.held():
            leader = threads.submit(service.prove, "A -> A", None, False, cancel)
            eventually(lambda: decider.running == 1)
            others = [threads.submit(service.prove, "A -> A") for _ in range(3)]
            eventually(lambda: service.cache_stats().misses == 4)
            cancel.set()
            with pytest.raises(Cancelled):
                leader.result(10)
            eventually(lambda: decider.runs == 2)
            decider.release()
            assert {other.result(10).verdict for other in others} == {"proved"}
        assert decider.runs == 2

    def test_a_waiter_that_is_cancelled_leaves_the_leader_alone(self):
        service, decider = self.service()
        cancel = Cancel()
        with ThreadPoolExecutor(2) as threads, decider.held():
            leader = threads.submit(service.prove, "A -> A")
            eventually(lambda: decider.running == 1)
            waiter = threads.submit(service.prove, "A -> A", None, False, cancel)
            eventually(lambda: service.cache_stats().misses == 2)
            cancel.set()
            with pytest.raises(Cancelled):
                waiter.result(10)
            decider.release()
            assert leader.result(10).verdict == "proved"


def watchers() -> int:
    return sum(thread.name == "pxl-away" for thread in threading.enumerate())


class TestAway:
    def test_work_is_cancelled_soon_after_its_client_left(self):
        gone = threading.Event()
        with DisconnectWatch(poll_s=0.005).watching(gone.is_set) as cancel:
            assert not cancel.is_set
            gone.set()
            cancel.wait(10)
            assert cancel.is_set

    def test_one_thread_watches_them_all(self):
        eventually(lambda: watchers() == 0)     # those of other tests end by themselves
        away = DisconnectWatch(poll_s=0.005)
        with away.watching(lambda: False) as first, away.watching(lambda: True) as second, away.watching(None) as third:
            second.wait(10)
            assert watchers() == 1
            assert (first.is_set, second.is_set, third.is_set) == (False, True, False)

    def test_the_thread_ends_when_there_is_nothing_to_watch_and_starts_again(self):
        away = DisconnectWatch(poll_s=0.001)
        for _ in range(2):
            with away.watching(lambda: True) as cancel:
                cancel.wait(10)
            eventually(lambda: watchers() == 0)
