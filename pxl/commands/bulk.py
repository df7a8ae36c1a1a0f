"""Asks a server a file of goals: streams the answers out, and goes on where an earlier run stopped."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from pxl.client import Client, ClientError, GoalRefused, NoAnswer, NotUnderstood, Refused, TimedOut, Verdict
from pxl.client.failures import Busy, ServerFault
from pxl.client.many import in_parallel
from pxl.client.progress import Progress
from pxl.commands.ledger import Ledger, Task, UnusableFile, read_tasks

ALL_DEFINITE, SOME_UNKNOWN, FAULTS = 0, 3, 4
LISTED_FAULTS = 10

_REPLY_MEMBERS = ("ok", "verdict", "reason", "detail", "goal_normalized", "kernel_hash", "proof_method", "cache_hit",
                  "latency_ms", "statement", "countermodel")


class Stopped(ClientError):
    """The run is being ended; the goal was not asked, or not again."""


class Stop:
    """Whether the run is to end, and why; the goals under way are still waited for."""

    def __init__(self) -> None:
        self.reason = ""
        self._event = threading.Event()

    def set(self, reason: str) -> None:
        self.reason = self.reason or reason
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()

    def pause(self, seconds: float) -> None:
        """Wait; raise Stopped when the run ends first."""
        if self._event.wait(seconds):
            raise Stopped("the run was stopped")


def run(source: str, out: str | None, jobs: int, certificate: bool,
        make_client: Callable[[Callable[[float], None]], Client]) -> int:
    """Ask every goal of a file (``-`` is standard input) that ``out`` has no answer to; return the exit status.

    A verdict is an answer, and so is the refusal of a goal that is none: each is one line of output.
    What a later run may mend is told on standard error, and asked again by the same command. The
    run ends early when the server cannot be reached or takes no signature.
    """
    tasks = _tasks(source, out)
    ledger = Ledger.open(Path(out)) if out else Ledger(sys.stdout.buffer)
    stop, faults, began = Stop(), 0, time.monotonic()
    try:
        left = ledger.open_tasks(tasks, source)
        bar = Progress(len(left), sys.stderr, is_shown=None if out or not sys.stdout.isatty() else False)
        with make_client(stop.pause) as client, _signals(stop):
            ask = _asker(client, certificate, stop)
            try:
                for task, outcome in in_parallel(ask, _until(stop, left), jobs):
                    record = _record(task, outcome, certificate)
                    if record is not None:
                        ledger.write(record)
                        bar.count(record["verdict"] or "refused")
                    elif not isinstance(outcome, Stopped):
                        faults += 1
                        bar.count("failed")
                        if faults <= LISTED_FAULTS:
                            bar.clear()
                            _say(f"id {task.id}: {outcome}")
            finally:
                bar.close()
        return _sum_up(tasks, len(tasks) - len(left), ledger, stop.reason, time.monotonic() - began, out)
    finally:
        if out:
            ledger.close()


def _tasks(source: str, out: str | None) -> list[Task]:
    if out and source != "-" and os.path.exists(out) and os.path.samefile(source, out):
        raise UnusableFile(f"{source} cannot be both the goals and the answers")
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise UnusableFile(f"cannot read {source}: {error.strerror}") from None
    return read_tasks(data, "standard input" if source == "-" else source)


def _until(stop: Stop, tasks: list[Task]) -> Iterator[Task]:
    for task in tasks:
        if stop.is_set():
            return
        yield task


def _asker(client: Client, certificate: bool, stop: Stop) -> Callable[[Task], tuple[Task, Verdict | ClientError]]:
    def ask(task: Task) -> tuple[Task, Verdict | ClientError]:
        if stop.is_set():
            return task, Stopped("the run was stopped")
        try:
            return task, client.prove(task.goal, timeout_s=task.timeout_s, certificate=certificate)
        except ClientError as error:
            if _ends_the_run(error):
                stop.set(error.detail)
            return task, error
    return ask


def _ends_the_run(error: ClientError) -> bool:
    """Say whether the next goal would fare no better."""
    if isinstance(error, Refused):
        return not isinstance(error, (GoalRefused, Busy, ServerFault))
    return isinstance(error, (NoAnswer, NotUnderstood)) and not isinstance(error, TimedOut)


def _record(task: Task, outcome: Verdict | ClientError, certificate: bool) -> dict[str, Any] | None:
    """Return the line of output; None when there is nothing final to say."""
    if isinstance(outcome, Verdict):
        record = {"id": task.id, "goal": task.goal, **{name: outcome.reply.get(name) for name in _REPLY_MEMBERS},
                  "request_id": outcome.request_id}
        return {**record, "certificate": outcome.certificate} if certificate else record
    if isinstance(outcome, GoalRefused):
        return {"id": task.id, "goal": task.goal, "ok": False, "verdict": None, "error": outcome.detail,
                "status": outcome.status, "code": outcome.code, "request_id": outcome.request_id}
    return None


def _sum_up(tasks: list[Task], skipped: int, ledger: Ledger, stopped: str, took_s: float, out: str | None) -> int:
    counts = Counter(record["verdict"] or "refused" for record in ledger.answers_to(tasks))
    missing = len(tasks) - sum(counts.values())
    parts = [f"{counts[kind]} {kind}" for kind in ("proved", "refuted", "unknown", "refused") if counts[kind]]
    if missing:
        parts.append(f"{missing} not answered")
    earlier = f" ({skipped} answered by an earlier run)" if skipped else ""
    _say(f"{len(tasks)} goals: {', '.join(parts) or 'nothing to ask'}; {took_s:.1f} s{earlier}")
    if stopped:
        _say(f"stopped: {stopped}")
    if missing and out:
        _say("the same command goes on from here")
    if missing or counts["refused"]:
        return FAULTS
    return SOME_UNKNOWN if counts["unknown"] else ALL_DEFINITE


@contextmanager
def _signals(stop: Stop) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM end the run in order, and a second one at once."""
    def end(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set("interrupted")
        # Not print: this may run in the middle of one.
        os.write(2, b"\npxl: waiting for the goals under way; once more to leave at once\n")

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    print(f"pxl: {text}", file=sys.stderr, flush=True)
