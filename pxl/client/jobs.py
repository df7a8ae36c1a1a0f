"""A goal that was handed in for later, and how it stands."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pxl.client.failures import ClientError, NotUnderstood, TimedOut, refusal
from pxl.client.replies import verdict_from
from pxl.client.values import Verdict

PENDING, RUNNING, COMPLETED, FAILED, CANCELLED = "pending", "running", "completed", "failed", "cancelled"

FIRST_LOOK_S = 0.05
LATER_LOOK_S = 1.0

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)


@dataclass(frozen=True)
class JobState:
    """How a job stood when it was looked at.

    ``position`` is how many jobs are before it. ``verdict`` is there when the status is ``completed``,
    ``error`` when it is ``failed``.
    """

    id: str
    status: str
    position: int
    elapsed_ms: float
    verdict: Verdict | None
    error: ClientError | None

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.status not in (PENDING, RUNNING)


class Job:
    """The handle of one job. The server keeps a job for a while after its end (ten minutes, as it is set up)."""

    def __init__(self, ask: Callable[..., Any], sleep: Callable[[float], None], job_id: str,
                 goal: str | None = None) -> None:
        if not _ID.fullmatch(job_id):
            raise ValueError(f"{job_id[:60]!r} is not the id of a job")
        self.id, self.goal = job_id, goal
        self._ask, self._sleep, self._path = ask, sleep, f"/v1/proofs/{job_id}"

    def __repr__(self) -> str:
        return f"Job({self.id!r})"

    def state(self) -> JobState:
        """Return how it stands; raises Refused when the server does not know it (any more)."""
        state: JobState = self._ask("GET", self._path, self._read)
        return state

    def wait(self, timeout_s: float | None = None) -> Verdict:
        """Return the verdict as soon as it is there.

        Raises what went wrong with the goal, or TimedOut after ``timeout_s``; the job goes on then.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        pause_s = FIRST_LOOK_S
        while not (state := self.state()).is_over:
            left_s = pause_s if deadline is None else deadline - time.monotonic()
            if left_s <= 0:
                raise TimedOut(f"the proof is {state.status} after {timeout_s:g} s: wait again, or cancel it")
            self._sleep(min(pause_s, left_s))
            pause_s = min(pause_s * 2, LATER_LOOK_S)
        if state.verdict is not None:
            return state.verdict
        raise state.error or ClientError(f"the proof was {state.status}")

    def cancel(self) -> JobState:
        """Take the goal back: its session is freed, and the server forgets the job."""
        state: JobState = self._ask("DELETE", self._path, self._read)
        return state

    def certificate(self) -> str:
        """Return the text of a .v file that coqc re-checks; raises Refused when there is none (yet)."""
        text: str = self._ask("GET", f"{self._path}/certificate",
                              lambda reply: reply.content.decode("utf-8", "replace"))
        return text

    def _read(self, reply: Any) -> JobState:
        try:
            document = reply.json()
        except ValueError:
            raise NotUnderstood(f"{reply.url} answered without JSON") from None
        return state_from(document, self.goal, self.id)


def state_from(document: Any, goal: str | None, job_id: str | None = None) -> JobState:
    """Return the state that a document describes; NotUnderstood when it is none, or one of another job."""
    try:
        status, result, problem = document["status"], document["result"], document["error"]
        if job_id is not None and document["id"] != job_id:
            raise NotUnderstood("the answer is about another job than the one that was asked about")
        if status not in (PENDING, RUNNING, COMPLETED, FAILED, CANCELLED) or (status == COMPLETED) != bool(result):
            raise NotUnderstood(f"this is not the state of a job: {str(status)[:60]!r}")
        verdict = verdict_from(result, result["goal"] if goal is None else goal) if result else None
        error = refusal(document["links"]["self"], problem["status"], {}, json.dumps(problem)) if problem else None
        progress = document["progress"]
        return JobState(document["id"], status, progress["position"], progress["elapsed_ms"], verdict, error)
    except (KeyError, TypeError) as error:
        raise NotUnderstood(f"this is not the state of a job: {type(error).__name__}: {error}") from None
