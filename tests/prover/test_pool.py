"""The pool lends each session to one request at a time, bounds its queue, and replaces what dies."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from pxl.errors import CoqRejected, PoolBusy, ProverCrashed, ProverError, ProverTimeout, ShuttingDown
from pxl.prover.engines import EngineConfig, start_session
from pxl.prover.pool import Pool, PoolLimits
from tests.support.fake_prover import CLOSED, executable
from tests.support.prover import children, engines_present, is_running, open_files, soon, stop, until


class FakeSession:
    """A session in this process: it dies, grows and blocks on demand."""

    engine = "fake"

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.pid = 1_000_000 + generation
        self.uses = 0
        self.rss = 1
        self.death: str | None = None
        self.killed = threading.Event()
        self.closed = 0

    def warm(self, deadline: float) -> None:
        """Be ready at once."""

    def run(self, sentences: object, query: str | None, deadline: float) -> str | None:
        """Count; ``die`` ends the session."""
        self.uses += 1
        if query == "die":
            self.death = "crash"
            raise ProverCrashed("it was told to")
        if query == "block":
            self.killed.wait()
            self.death = "crash"
            raise ProverCrashed("it was killed")
        return query

    def is_fit(self) -> bool:
        return self.death is None and not self.killed.is_set()

    def rss_bytes(self) -> int:
        return self.rss

    def kill(self) -> None:
        self.killed.set()

    def close(self) -> None:
        self.closed += 1
        self.death = self.death or "closed"


class World:
    """Starts fake sessions and remembers them; ``broken`` says why starting fails."""

    def __init__(self) -> None:
        self.sessions: list[FakeSession] = []
        self.starts = 0
        self.broken: str | None = None
        self.threads: set[str] = set()
        self.gate: threading.Event | None = None

    def start(self, generation: int) -> FakeSession:
        self.threads.add(threading.current_thread().name)
        self.starts += 1
        if self.broken:
            raise ProverCrashed(self.broken)
        session = FakeSession(generation)
        if self.gate is not None:
            gate = self.gate
            session.warm = lambda deadline: (gate.wait(), None)[1]  # type: ignore[method-assign]
        self.sessions.append(session)
        return session

    def living(self) -> list[FakeSession]:
        return [session for session in self.sessions if not session.closed]


@pytest.fixture
def world() -> World:
    """A world in which sessions start."""
    return World()


@pytest.fixture
def make(world: World) -> Iterator[Callable[..., Pool]]:
    """Make started pools; all are closed, and their threads gone, afterwards."""
    pools: list[Pool] = []
    before = set(threading.enumerate())     # of other tests' pools, which last as long as the whole run

    def make(ready: bool = True, **limits: object) -> Pool:
        pool = Pool(world.start, PoolLimits(**{"size": 2, **limits}))
        pools.append(pool)
        pool.start()
        if ready:
            pool.wait_ready(soon())
        return pool

    yield make
    for pool in pools:
        pool.close(soon(0))
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("pxl-") and t not in before])
    assert world.living() == []


def in_thread(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Start the work in a thread; its result, or its exception, lands in the list."""
    result: list[object] = []

    def run() -> None:
        try:
            result.append(work())
        except Exception as error:
            result.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, result


def lease_generation(pool: Pool, deadline: float) -> int:
    with pool.lease(deadline) as session:
        return session.generation


def test_sessions_are_lent_one_request_each(make: Callable[..., Pool]) -> None:
    """No session is in two hands, and the numbers add up."""
    pool = make(size=3)
    with pool.lease(soon()) as one, pool.lease(soon()) as two:
        assert one is not two
        stats = pool.stats()
        assert (stats.idle, stats.busy, stats.total, stats.waiting, stats.size) == (1, 2, 3, 0, 3)
        assert [s.busy for s in stats.sessions].count(True) == 2
    stats = pool.stats()
    assert (stats.state, stats.idle, stats.busy, stats.leases, stats.generation) == ("ready", 3, 0, 2, 3)
    assert stats.restarts == {} and stats.refusals == 0


def test_every_process_is_started_by_one_thread(make: Callable[..., Pool], world: World) -> None:
    """A process dies with the thread that started it, so only the supervisor starts any."""
    pool = make(size=2, max_uses=1)
    for _ in range(10):
        with pool.lease(soon()) as session:
            session.run((), None, soon())
    until(lambda: world.starts == 12)
    assert world.threads == {"pxl-supervisor"}


def test_a_full_queue_refuses_at_once(make: Callable[..., Pool]) -> None:
    """Beyond ``max_waiting`` nobody waits: the refusal says when to come back."""
    pool = make(size=1, max_waiting=2)
    with pool.lease(soon()):
        waiting = [in_thread(partial(lease_generation, pool, soon())) for _ in range(2)]
        until(lambda: pool.stats().waiting == 2)
        began = time.monotonic()
        with pytest.raises(PoolBusy, match="No available Coq sessions") as caught:
            lease_generation(pool, soon())
        assert time.monotonic() - began < 0.1
        assert caught.value.retry_after_s is not None and 1 <= caught.value.retry_after_s <= 31
    for thread, result in waiting:
        thread.join()
        assert result == [1]
    assert pool.stats().refusals == 1 and pool.stats().waiting == 0


def test_waiting_has_two_ends(make: Callable[..., Pool]) -> None:
    """A request waits until the queue wait or its own deadline is over, whichever is sooner."""
    slow, fast = make(size=1, queue_wait_s=0.1), make(size=1, queue_wait_s=60.0)
    for pool, deadline in ((slow, 60.0), (fast, 0.1)):
        with pool.lease(soon()):
            began = time.monotonic()
            with pytest.raises(PoolBusy):
                lease_generation(pool, soon(deadline))
            assert 0.1 <= time.monotonic() - began < 1.0
        assert pool.stats().waiting == 0
        assert lease_generation(pool, soon())


def test_first_come_first_served(make: Callable[..., Pool]) -> None:
    """Requests get sessions in the order in which they asked."""
    pool = make(size=1)
    order: list[int] = []

    def ask(number: int) -> None:
        with pool.lease(soon()):
            order.append(number)

    threads = []
    with pool.lease(soon()):
        for number in range(10):
            threads.append(in_thread(partial(ask, number))[0])
            until(lambda: pool.stats().waiting == number + 1)
    for thread in threads:
        thread.join()
    assert order == list(range(10))


def test_no_lease_is_lost_in_a_crowd(make: Callable[..., Pool]) -> None:
    """Many threads, some giving up and some killing sessions, leave a full and idle pool."""
    pool = make(size=3, max_waiting=100, queue_wait_s=10.0, backoff_base_s=0.001)
    held = set()
    clashes = []
    counter = itertools.count()

    def work() -> None:
        for _ in range(25):
            number = next(counter)
            try:
                with pool.lease(soon(0.0005 if number % 7 == 0 else 10)) as session:
                    if session in held:
                        clashes.append(session)
                    held.add(session)
                    try:
                        session.run((), "die" if number % 31 == 0 else "live", soon())
                    finally:
                        held.discard(session)
            except (PoolBusy, ProverCrashed):
                pass

    crowd = [in_thread(work) for _ in range(16)]
    for thread, _ in crowd:
        thread.join()
    assert [result for _, result in crowd] == [[None]] * 16 and clashes == []
    until(lambda: pool.stats().idle == 3)
    stats = pool.stats()
    assert (stats.busy, stats.waiting, stats.starting) == (0, 0, 0) and stats.restarts["crash"] >= 1


def test_a_thundering_herd_is_bounded(make: Callable[..., Pool]) -> None:
    """Five hundred requests at once: as many as fit wait, the rest are sent away, and it passes."""
    pool = make(size=2, max_waiting=20, queue_wait_s=10.0)
    gate = threading.Event()
    seen: list[int] = []

    def work() -> str:
        with pool.lease(soon()):
            seen.append(pool.stats().waiting)
            gate.wait()
        return "served"

    herd = [in_thread(work) for _ in range(100)]
    until(lambda: pool.stats().refusals == 78)
    gate.set()
    for thread, _ in herd:
        thread.join()
    outcomes = [result[0] for _, result in herd]
    assert outcomes.count("served") == 22 and sum(isinstance(o, PoolBusy) for o in outcomes) == 78
    assert max(seen) <= 20 and pool.stats().waiting == 0


def test_a_session_is_recycled_after_its_uses(make: Callable[..., Pool], world: World) -> None:
    """The successor has the next generation number, and the old one is closed once."""
    pool = make(size=1, max_uses=3)
    generations = []
    for _ in range(7):
        with pool.lease(soon()) as session:
            session.run((), None, soon())
            generations.append(session.generation)
    assert generations == [1, 1, 1, 2, 2, 2, 3]
    until(lambda: pool.stats().restarts == {"uses": 2} and world.sessions[0].closed == 1)


def test_a_session_is_recycled_when_it_grew(make: Callable[..., Pool], world: World) -> None:
    """Resident memory is looked at every sixteen uses, and after a long goal."""
    pool = make(size=1, max_rss_bytes=1000)
    world.sessions[0].rss = 1001
    for _ in range(16):
        with pool.lease(soon()) as session:
            session.run((), None, soon())
    assert lease_generation(pool, soon()) == 2
    world.sessions[1].rss = 1001
    with pool.lease(soon()) as session:
        session.run((), None, soon())
        until(lambda began=time.monotonic(): time.monotonic() - began > 0.06)
    assert lease_generation(pool, soon()) == 3
    assert pool.stats().restarts == {"rss": 2}


def test_a_dead_session_is_replaced(make: Callable[..., Pool], world: World) -> None:
    """Whoever held it sees its error; the next request gets a new one."""
    pool = make(size=1)
    with pytest.raises(ProverCrashed), pool.lease(soon()) as session:
        session.run((), "die", soon())
    assert lease_generation(pool, soon()) == 2
    assert pool.stats().restarts == {"crash": 1}
    until(lambda: world.sessions[0].closed == 1)


def test_an_error_of_the_borrower_costs_no_session(make: Callable[..., Pool]) -> None:
    """A session that did not die is lent again."""
    pool = make(size=1)
    for error in (CoqRejected("no"), ZeroDivisionError()):
        with pytest.raises(type(error)), pool.lease(soon()):
            raise error
    assert lease_generation(pool, soon()) == 1


def test_an_idle_session_that_ended_is_replaced_before_anyone_asks(make: Callable[..., Pool], world: World) -> None:
    """The supervisor looks after idle sessions; a request never gets a dead one."""
    pool = make(size=2)
    world.sessions[1].kill()
    assert lease_generation(pool, soon()) != 2
    until(lambda: pool.stats().idle == 2 and world.sessions[1].closed == 1)
    world.sessions[0].kill()
    until(lambda: world.sessions[0].closed == 1)


def test_idle_sessions_that_end_all_at_once_turn_nobody_away(make: Callable[..., Pool], world: World) -> None:
    """Whatever killed them has said nothing about starting new ones; the next request waits for one."""
    pool = make(size=5)
    for session in list(world.sessions):
        session.kill()
    assert lease_generation(pool, soon()) > 5
    until(lambda: pool.stats().idle == 5)
    assert pool.stats().refusals == 0 and pool.stats().restarts == {"crash": 5}


def test_starts_that_fail_back_off(make: Callable[..., Pool], world: World) -> None:
    """Failing starts slow down, requests are told why at once, and recovery needs no help."""
    world.broken = "no such program"
    pool = make(ready=False, size=4, backoff_base_s=0.01, backoff_cap_s=0.1)
    with pytest.raises(ProverError, match="do not start: no such program"):
        pool.wait_ready(soon())
    assert pool.stats().state == "failing"
    with pytest.raises(ProverError, match="no such program") as caught:
        lease_generation(pool, soon())
    assert caught.value.retry_after_s == 1
    starts, began = world.starts, time.monotonic()
    until(lambda: time.monotonic() - began > 0.5)
    assert 3 <= world.starts - starts <= 8
    world.broken = None
    pool_is_full = lambda: pool.stats().idle == 4  # noqa: E731
    until(pool_is_full)
    assert pool.stats().state == "ready" and lease_generation(pool, soon())


def test_waiting_requests_learn_that_there_is_no_hope(make: Callable[..., Pool], world: World) -> None:
    """When the last session dies and none can be started, those in the queue are not left there."""
    pool = make(size=1, backoff_base_s=0.01, queue_wait_s=60.0)
    with pytest.raises(ProverCrashed), pool.lease(soon()) as session:
        waiting = [in_thread(partial(lease_generation, pool, soon(60))) for _ in range(3)]
        until(lambda: pool.stats().waiting == 3)
        world.broken = "disk full"
        session.run((), "die", soon())
    for thread, result in waiting:
        thread.join()
        assert isinstance(result[0], ProverError) and "disk full" in str(result[0])
    world.broken = None
    until(lambda: pool.stats().state == "ready")


def test_sessions_that_end_unused_do_not_restart_in_a_circle(make: Callable[..., Pool], world: World) -> None:
    """A session that dies idle counts as a failed start, so that restarts slow down."""
    pool = make(size=1, backoff_base_s=10.0)
    world.sessions[0].kill()
    until(lambda: world.sessions[0].closed == 1)
    assert world.starts == 1 and pool.stats().start_failures == 1


def test_warming_is_parallel_and_need_not_succeed(make: Callable[..., Pool], world: World) -> None:
    """All sessions are under way at once; a request that comes early waits for the first."""
    world.gate = threading.Event()
    pool = make(ready=False, size=3)
    until(lambda: pool.stats().starting == 3)
    assert pool.stats().state == "starting"
    with pytest.raises(ProverError, match="0 of 3"):
        pool.wait_ready(soon(0.05))
    thread, result = in_thread(partial(lease_generation, pool, soon()))
    until(lambda: pool.stats().waiting == 1)
    world.gate.set()
    thread.join()
    assert result[0] in (1, 2, 3)


def test_a_fault_in_warming_loses_no_slot(make: Callable[..., Pool], world: World) -> None:
    """Even an error that nobody foresaw leads to another start."""
    original = world.start

    def start(generation: int) -> FakeSession:
        session = original(generation)
        if generation == 1:
            session.warm = lambda deadline: 1 / 0  # type: ignore[method-assign, assignment, return-value]
        return session

    world.start = start  # type: ignore[method-assign]
    pool = make(size=1, backoff_base_s=0.01)
    assert lease_generation(pool, soon()) == 2


def test_the_supervisor_outlives_any_fault_in_starting(make: Callable[..., Pool], world: World) -> None:
    """With the supervisor every session would die, so nothing that starting raises ends it."""
    original, faults = world.start, [MemoryError(), OSError(24, "Too many open files"), ValueError("what?")]

    def start(generation: int) -> FakeSession:
        if faults:
            raise faults.pop()
        return original(generation)

    world.start = start  # type: ignore[method-assign]
    pool = make(ready=False, size=1, backoff_base_s=0.001)
    until(lambda: pool.stats().idle == 1)
    assert pool.stats().start_failures == 3


def test_closing_waits_for_the_busy_until_its_deadline(make: Callable[..., Pool], world: World) -> None:
    """Leases end in peace within the deadline; the queue and newcomers are told at once."""
    pool = make(size=1)
    entered, leave = threading.Event(), threading.Event()

    def work() -> str:
        with pool.lease(soon()) as session:
            entered.set()
            leave.wait()
            return str(session.run((), "peace", soon()))

    worker, work_result = in_thread(work)
    entered.wait()
    waiter, wait_result = in_thread(partial(lease_generation, pool, soon(60)))
    until(lambda: pool.stats().waiting == 1)
    closer, _ = in_thread(partial(pool.close, soon(60)))
    waiter.join()
    assert isinstance(wait_result[0], ShuttingDown)
    with pytest.raises(ShuttingDown):
        lease_generation(pool, soon())
    leave.set()
    worker.join()
    closer.join()
    assert work_result == ["peace"] and pool.stats().state == "closed" and world.living() == []


def test_closing_kills_what_does_not_end(make: Callable[..., Pool], world: World) -> None:
    """After the deadline busy sessions are killed, so that their requests end too."""
    pool = make(size=2)

    def work() -> None:
        with pool.lease(soon()) as session:
            session.run((), "block", soon(60))

    worker, result = in_thread(work)
    until(lambda: pool.stats().busy == 1)
    began = time.monotonic()
    pool.close(soon(0.1))
    worker.join()
    assert time.monotonic() - began < 2 and isinstance(result[0], ProverCrashed)
    pool.close(soon(0))
    assert world.living() == []


def test_closing_while_sessions_start(world: World) -> None:
    """Sessions under way when the pool is closed are closed too."""
    world.gate = threading.Event()
    pool = Pool(world.start, PoolLimits(size=3))
    pool.start()
    until(lambda: pool.stats().starting == 3)
    closer, _ = in_thread(partial(pool.close, soon(0)))
    until(lambda: all(session.killed.is_set() for session in world.sessions))
    world.gate.set()
    closer.join()
    assert world.living() == []


# With processes: the fake prover, then each real engine

GOAL = ("Definition a := 1.",)
QUERY = "Print Assumptions a."


def test_a_hundred_kills_leave_nothing_behind(tmp_path: Path) -> None:
    """Threads, descriptors and processes are as many after a hundred murders as before."""
    threads, files, processes = threading.active_count(), open_files(), len(children())
    config = EngineConfig("coqidetop", executable(tmp_path, "none"))
    pool = Pool(partial(start_session, config), PoolLimits(size=4, backoff_base_s=0.001))
    pool.start()
    pool.wait_ready(soon(30))
    full = (threading.active_count(), open_files(), len(children()))
    for index in range(100):
        # A session may turn out to have been killed while it was idle.
        with suppress(ProverCrashed), pool.lease(soon(30)) as session:
            if index % 3:
                session.run(GOAL, QUERY, soon())
            os.kill(session.pid, signal.SIGKILL)
            if index % 2:
                session.run(GOAL, QUERY, soon())
    until(lambda: pool.stats().idle == 4 and all(is_running(row.pid) for row in pool.stats().sessions))
    until(lambda: (threading.active_count(), open_files(), len(children())) == full)
    with pool.lease(soon()) as session:
        assert session.run(GOAL, QUERY, soon()) == CLOSED
    pool.close(soon())
    assert (threading.active_count(), open_files(), len(children())) == (threads, files, processes)


@pytest.fixture(params=engines_present(), ids=lambda config: config.kind)
def real(request: pytest.FixtureRequest) -> EngineConfig:
    """Each real engine present."""
    return request.param


def test_a_pool_of_real_sessions_survives_its_dead(real: EngineConfig) -> None:
    """Killed, stopped and overdue sessions are replaced, and the next request succeeds."""
    pool = Pool(partial(start_session, real), PoolLimits(size=2))
    pool.start()
    pool.wait_ready(soon(30))
    for spoil in (lambda pid: os.kill(pid, signal.SIGKILL), lambda pid: os.kill(pid, signal.SIGSTOP)):
        with pytest.raises((ProverCrashed, ProverTimeout)), pool.lease(soon()) as session:
            spoil(session.pid)
            session.run(GOAL, QUERY, soon(0.2))
        with pool.lease(soon(30)) as session:
            assert session.run(GOAL, QUERY, soon()) == CLOSED
    until(lambda: pool.stats().idle == 2)
    stats = pool.stats()
    assert stats.generation == 4 and stats.restarts == {"crash": 1, "timeout": 1}
    assert all(row.rss_bytes > 20 << 20 for row in stats.sessions)
    pids = [row.pid for row in stats.sessions]
    pool.close(soon())
    assert not any(is_running(pid) for pid in pids)


def test_sessions_stopped_while_idle_are_replaced_before_they_are_lent(real: EngineConfig) -> None:
    """Not one of the requests that come next waits for a process that does not run."""
    pool = Pool(partial(start_session, real), PoolLimits(size=2))
    pool.start()
    try:
        pool.wait_ready(soon(30))
        pids = [row.pid for row in pool.stats().sessions]
        stop(pids)
        for _ in range(3):
            with pool.lease(soon(30)) as session:
                assert session.pid not in pids
                assert session.run(GOAL, QUERY, soon()) == CLOSED
        until(lambda: not any(is_running(pid) for pid in pids))
        assert pool.stats().restarts == {"crash": 2}
    finally:
        pool.close(soon(0))


ORPHAN = """
import sys, threading, time
from functools import partial
from pxl.prover.engines import EngineConfig, start_session
from pxl.prover.pool import Pool, PoolLimits
kind, binary = sys.argv[1:]
burn = "Fixpoint burn (n x : nat) : nat := match n with O => x | S m => burn m (burn m x) end."
pool = Pool(partial(start_session, EngineConfig(kind, binary, preamble=(burn,))), PoolLimits(size=2))
pool.start()
pool.wait_ready(time.monotonic() + 30)
print(*(row.pid for row in pool.stats().sessions), flush=True)
def work():
    with pool.lease(time.monotonic() + 60) as session:
        session.run(("Definition x := Eval vm_compute in burn 100 0.",), None, time.monotonic() + 60)
threading.Thread(target=work).start()
while not any(row.uses for row in pool.stats().sessions):
    threading.Event().wait(0.01)
print("busy", flush=True)
"""


def test_sessions_die_with_the_server_whatever_kills_it(real: EngineConfig) -> None:
    """SIGKILL of the server leaves no prover behind, not even a busy one."""
    server = subprocess.Popen([sys.executable, "-c", ORPHAN, real.kind, real.binary], stdout=subprocess.PIPE, text=True,
                              cwd=Path(__file__).parents[2])
    assert server.stdout is not None
    pids = [int(word) for word in server.stdout.readline().split()]
    assert len(pids) == 2 and server.stdout.readline() == "busy\n"
    assert all(is_running(pid) for pid in pids)
    server.kill()
    server.wait()
    server.stdout.close()
    until(lambda: not any(is_running(pid) for pid in pids), seconds=2)
