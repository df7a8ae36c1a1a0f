"""Jobs run in order on few threads, are kept for a while, and can be cancelled; the table is bounded."""

from __future__ import annotations

import threading

import pytest

from pxl.answering.jobs import JobLimits, JobTable
from pxl.errors import PoolBusy, ProverCrashed, ShuttingDown, UnknownProof
from tests.support.fake_decider import Clock, eventually


class Gate:
    """Work that goes on until it is let go or cancelled."""

    def __init__(self) -> None:
        self.open, self.running = threading.Event(), 0

    def work(self, cancel) -> str:
        self.running += 1
        try:
            while not self.open.is_set():
                cancel.wait(0.002)
                cancel.check()
            return '"done"'
        finally:
            self.running -= 1


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def table(gate, clock):
    jobs = JobTable(JobLimits(workers=1, capacity=3, max_bytes=1000, ttl_s=60), clock)
    yield jobs
    gate.open.set()
    jobs.close()


def status(table: JobTable, job) -> str:
    return table.get(job.job_id).status


class TestLife:
    def test_a_job_is_pending_then_running_then_completed(self, table, gate, clock):
        first, second = table.submit("a", gate.work), table.submit("b", gate.work)
        eventually(lambda: status(table, first) == "running")
        assert status(table, second) == "pending"
        clock.now += 5
        gate.open.set()
        eventually(lambda: status(table, second) == "completed")
        done = table.get(first.job_id)
        assert (done.result, done.subject, done.problem) == ('"done"', "a", None)
        assert done.ended - done.created == 5

    def test_a_pending_job_tells_how_many_are_before_it(self, table, gate):
        jobs = [table.submit(n, gate.work) for n in range(3)]
        eventually(lambda: gate.running == 1)
        assert [table.get(job.job_id).position for job in jobs] == [0, 0, 1]

    def test_an_error_of_ours_fails_the_job_with_its_problem(self, table):
        def crash(cancel):
            raise ProverCrashed("gone")
        job = table.submit("a", crash)
        eventually(lambda: status(table, job) == "failed")
        problem = table.get(job.job_id).problem
        assert (problem.code, problem.status, problem.detail) == ("prover-crashed", 503, "gone")

    def test_a_bug_fails_the_job_and_tells_nothing_and_the_thread_lives(self, table, gate, caplog):
        def bug(cancel):
            raise RuntimeError("secret")
        job = table.submit("a", bug)
        eventually(lambda: status(table, job) == "failed")
        assert table.get(job.job_id).problem.code == "internal-error" and "secret" in caplog.text
        gate.open.set()
        after = table.submit("b", gate.work)
        eventually(lambda: status(table, after) == "completed")


class TestCancelling:
    def test_a_running_job_stops_and_is_forgotten(self, table, gate):
        job = table.submit("a", gate.work)
        eventually(lambda: gate.running == 1)
        assert table.cancel(job.job_id).status == "cancelled"
        with pytest.raises(UnknownProof):
            table.get(job.job_id)
        eventually(lambda: gate.running == 0)

    def test_a_pending_job_is_never_begun(self, table, gate):
        table.submit("a", gate.work)
        began = []
        pending = table.submit("b", lambda cancel: began.append(1) or '""')
        assert table.cancel(pending.job_id).status == "cancelled"
        gate.open.set()
        last = table.submit("c", gate.work)
        eventually(lambda: status(table, last) == "completed")
        assert not began

    def test_a_job_that_is_over_is_shown_as_it_ended(self, table, gate):
        gate.open.set()
        job = table.submit("a", gate.work)
        eventually(lambda: status(table, job) == "completed")
        assert table.cancel(job.job_id).status == "completed" and len(table) == 0

    def test_closing_cancels_everything_and_refuses_more(self, table, gate):
        jobs = [table.submit(n, gate.work) for n in range(2)]
        eventually(lambda: gate.running == 1)
        table.close()
        assert gate.running == 0 and status(table, jobs[0]) == "cancelled"
        with pytest.raises(ShuttingDown):
            table.submit("late", gate.work)
        table.close()

    def test_a_job_is_its_owners(self, table, gate):
        job = table.submit("a", gate.work, owner="jwt:ann")
        assert table.get(job.job_id, "jwt:ann").job_id == job.job_id
        for stranger in ("", "jwt:bob", "hmac:ann"):
            with pytest.raises(UnknownProof):
                table.get(job.job_id, stranger)
            with pytest.raises(UnknownProof):
                table.cancel(job.job_id, stranger)


class TestBounds:
    def test_what_ended_long_ago_is_forgotten(self, table, gate, clock):
        gate.open.set()
        job = table.submit("a", gate.work)
        eventually(lambda: status(table, job) == "completed")
        clock.now += 60
        assert status(table, job) == "completed"
        clock.now += 1
        with pytest.raises(UnknownProof):
            table.get(job.job_id)

    def test_unfinished_work_is_never_forgotten_for_its_age(self, table, gate, clock):
        job = table.submit("a", gate.work)
        clock.now += 1_000_000
        eventually(lambda: status(table, job) == "running")

    def test_a_table_full_of_unfinished_work_takes_no_more(self, table, gate):
        for n in range(3):
            table.submit(n, gate.work)
        with pytest.raises(PoolBusy):
            table.submit("more", gate.work)

    def test_what_ended_first_makes_room(self, table, gate, clock):
        gate.open.set()
        jobs = []
        for n in range(4):
            jobs.append(table.submit(n, gate.work))
            eventually(lambda: status(table, jobs[-1]) == "completed")
            clock.now += 1
        with pytest.raises(UnknownProof):
            table.get(jobs[0].job_id)
        assert [status(table, job) for job in jobs[1:]] == ["completed"] * 3

    def test_bytes_are_counted_with_the_results(self, table, gate):
        large = table.submit("a", lambda cancel: "x" * 900, weight=50)
        eventually(lambda: status(table, large) == "completed")
        gate.open.set()
        table.submit("b", gate.work, weight=51)
        with pytest.raises(UnknownProof):
            table.get(large.job_id)
        with pytest.raises(PoolBusy):
            table.submit("c", gate.work, weight=1001)

    def test_threads_are_few_and_end(self, gate):
        def workers() -> int:
            return sum(thread.name.startswith("pxl-job") for thread in threading.enumerate())

        before = workers()
        jobs = JobTable(JobLimits(workers=2))
        assert workers() == before
        for n in range(10):
            jobs.submit(n, gate.work)
        assert workers() == before + 2
        jobs.close()
        assert workers() == before
