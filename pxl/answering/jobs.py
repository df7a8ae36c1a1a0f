"""Keeps work that goes on after its request was answered: a bounded table of jobs and the threads that do them."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from pxl.answering.problems import Problem, from_error, unexpected
from pxl.errors import PoolBusy, PxlError, ShuttingDown, UnknownProof
from pxl.verdict.cancel import Cancel

log = logging.getLogger("pxl.jobs")

PENDING = "pending"
RUNNING = "running"
COMPLETED = "completed"
FAILED = "failed"
CANCELLED = "cancelled"

# What a job does: returns its result as JSON text; raises Cancelled soon after the cancel is set.
Work = Callable[[Cancel], str]


@dataclass(frozen=True)
class JobLimits:
    """``capacity`` jobs of ``max_bytes`` together, done by ``workers`` threads; kept ``ttl_s`` after their end."""

    workers: int = 4
    capacity: int = 1000
    max_bytes: int = 64 * 1024 * 1024
    ttl_s: float = 600.0


@dataclass(frozen=True, eq=False)
class Job:
    """One piece of work as it stood when it was looked at. Moments are of the table's clock.

    ``subject`` is what the client asked for; ``weight`` its bytes and the result's; ``position`` how
    many pending jobs are before it.
    """

    job_id: str
    owner: str
    subject: Any
    status: str
    created: float
    weight: int
    position: int = 0
    started: float | None = None
    ended: float | None = None
    result: str | None = None
    problem: Problem | None = None
    cancel: Cancel = field(default_factory=Cancel)

    @property
    def is_over(self) -> bool:
        return self.status in (COMPLETED, FAILED, CANCELLED)


class JobTable:
    """Does jobs in the order of their coming. Threads start with the first job and end with :meth:`close`.

    A job belongs to its ``owner``; to everybody else it is unknown.
    """

    def __init__(self, limits: JobLimits = JobLimits(), clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self.clock = clock
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}         # in the order of their coming
        self._bytes = 0
        self._closed = False
        self._threads = ThreadPoolExecutor(limits.workers, thread_name_prefix="pxl-job")

    def submit(self, subject: Any, work: Work, *, owner: str = "", weight: int = 0) -> Job:
        """Take work on and return its job; PoolBusy when the table is full of unfinished work."""
        job = Job(uuid.uuid4().hex, owner, subject, PENDING, self.clock(), weight)
        with self._lock:
            if self._closed:
                raise ShuttingDown("the server is shutting down and takes no new work", retry_after_s=30)
            self._make_room(weight)
            self._jobs[job.job_id] = job
            self._bytes += weight
            self._threads.submit(self._do, job.job_id, work)
            return self._seen(job)

    def get(self, job_id: str, owner: str = "") -> Job:
        """Return a job as it stands, or raise UnknownProof."""
        with self._lock:
            return self._seen(self._find(job_id, owner))

    def cancel(self, job_id: str, owner: str = "") -> Job:
        """Forget a job and return what it was last; unfinished work is cancelled and frees its session."""
        with self._lock:
            job = self._find(job_id, owner)
            self._forget(job_id)
        if job.is_over:
            return job
        job.cancel.set()
        return replace(job, status=CANCELLED, ended=self.clock())

    def stop(self) -> None:
        """Take no more work on, and cancel what is unfinished."""
        with self._lock:
            self._closed = True
            unfinished = [job for job in self._jobs.values() if not job.is_over]
        for job in unfinished:
            job.cancel.set()

    def close(self) -> None:
        """Stop, and wait until the threads have ended; idempotent."""
        self.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def __len__(self) -> int:
        with self._lock:
            return len(self._jobs)

    def _find(self, job_id: str, owner: str) -> Job:
        self._expire()
        job = self._jobs.get(job_id)
        if job is None or job.owner != owner:
            raise UnknownProof(f"no proof of yours has this id: it was cancelled, its end is more than "
                               f"{self.limits.ttl_s:g} s ago, it made room for newer ones, or the server was restarted")
        return job

    def _seen(self, job: Job) -> Job:
        if job.status != PENDING:
            return job
        position = 0
        for other in self._jobs.values():
            if other is job:
                break
            position += other.status == PENDING
        return replace(job, position=position)

    def _expire(self) -> None:
        before = self.clock() - self.limits.ttl_s
        for job_id in [job.job_id for job in self._jobs.values() if job.ended is not None and job.ended < before]:
            self._forget(job_id)

    def _make_room(self, weight: int) -> None:
        """Forget what ended first until a job of this weight fits."""
        self._expire()
        over = sorted((job for job in self._jobs.values() if job.is_over), key=lambda job: job.ended or 0.0)
        for job in over:
            if self._fits(weight):
                return
            self._forget(job.job_id)
        if not self._fits(weight):
            raise PoolBusy("as many proofs as the server keeps are unfinished", retry_after_s=5)

    def _fits(self, weight: int) -> bool:
        return len(self._jobs) < self.limits.capacity and self._bytes + weight <= self.limits.max_bytes

    def _forget(self, job_id: str) -> None:
        self._bytes -= self._jobs.pop(job_id).weight

    def _do(self, job_id: str, work: Work) -> None:
        job = self._change(job_id, status=RUNNING, started=self.clock())
        if job is None:
            return
        try:
            job.cancel.check()
            result = work(job.cancel)
        except PxlError as error:
            log.info("job %s %s", job_id, error.title)
            status = CANCELLED if job.cancel.is_set else FAILED
            self._change(job_id, status=status, ended=self.clock(), problem=from_error(error))
        except Exception as error:      # a thread top: a bug is this job's failure, not the thread's
            log.error("job %s unexpected %s", job_id, type(error).__name__, exc_info=error)
            self._change(job_id, status=FAILED, ended=self.clock(), problem=unexpected())
        else:
            self._change(job_id, status=COMPLETED, ended=self.clock(), result=result, weight=job.weight + len(result))

    def _change(self, job_id: str, **members: Any) -> Job | None:
        """Return the job changed so; None when it was forgotten meanwhile."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                return None
            changed = self._jobs[job_id] = replace(job, **members)
            self._bytes += changed.weight - job.weight
            return changed
