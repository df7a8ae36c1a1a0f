"""The files of a batch: goals to ask, and the answers so far."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pxl.errors import RequestError

TIMEOUT_RANGE_MS = (1, 3_600_000)


class UnusableFile(RequestError):
    """A file of a batch is not what it must be; the text names the line and the cure."""

    code, title = "unusable-file", "Unusable file"


@dataclass(frozen=True)
class Task:
    """One goal of a batch, the id that the answer will carry, and its own time, in seconds, or None."""

    id: str | int
    goal: str
    timeout_s: float | None = None


def read_tasks(data: bytes, name: str) -> list[Task]:
    """Return the goals of a file: one a line, as plain text or as a JSON object.

    Empty lines and lines that begin with ``#`` are left out. The id is the line's number, unless the object
    names one. Raises UnusableFile for a line that is neither, and for an id that stands twice.

    >>> read_tasks(b'# axioms\\nBOX(A) -> A\\n{"id": "x7", "goal": "A", "timeout_ms": 500}', "goals")
    [Task(id=2, goal='BOX(A) -> A', timeout_s=None), Task(id='x7', goal='A', timeout_s=0.5)]
    """
    tasks: list[Task] = []
    lines_of: dict[int | str, int] = {}
    for number, raw in enumerate(data.split(b"\n"), 1):
        place = f"{name}, line {number}"
        try:
            line = raw.decode("utf-8").removeprefix("\ufeff").strip()
        except UnicodeDecodeError:
            raise UnusableFile(f"{place}: this is not UTF-8") from None
        if not line or line.startswith("#"):
            continue
        task = _task(line, number, place) if line.startswith("{") else Task(number, line)
        if task.id in lines_of:
            raise UnusableFile(f"{place}: the id {json.dumps(task.id)} stands already in line {lines_of[task.id]}")
        lines_of[task.id] = number
        tasks.append(task)
    return tasks


def _task(line: str, number: int, place: str) -> Task:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UnusableFile(f"{place}: this is not JSON: {error}") from None
    own, goal, timeout_ms = record.get("id"), record.get("goal"), record.get("timeout_ms")
    if not isinstance(goal, str):
        raise UnusableFile(f'{place}: the member "goal" must be there and be text')
    if own is not None and (isinstance(own, bool) or not isinstance(own, (str, int))):
        raise UnusableFile(f'{place}: "id" must be text or a whole number')
    low, high = TIMEOUT_RANGE_MS
    if timeout_ms is None:
        return Task(number if own is None else own, goal)
    if isinstance(timeout_ms, bool) or not isinstance(timeout_ms, int) or not low <= timeout_ms <= high:
        raise UnusableFile(f'{place}: "timeout_ms" must be a whole number from {low} to {high}')
    return Task(number if own is None else own, goal, timeout_ms / 1000)


class Ledger:
    """The answers of a batch, as JSON lines; each stands there once, and what stands there is final.

    Opening reads the answers of an earlier run. A last line without an end was torn by an interruption
    and is taken away. Nobody else may write while it is open.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.answered: dict[str | int, dict[str, Any]] = {}
        self._file = file

    @classmethod
    def open(cls, path: Path) -> Ledger:
        """Open or make the file; UnusableFile when it holds something else or is being written."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        file = os.fdopen(descriptor, "r+b")
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UnusableFile(f"{path}: another run is writing to this file") from None
            ledger = cls(file)
            ledger._read(path)
        except BaseException:
            file.close()
            raise
        return ledger

    def _read(self, path: Path) -> None:
        end = 0
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n"):
                if not _may_be_ours(line):
                    raise UnusableFile(f"{path}, line {number}: these are not answers of a batch")
                break
            record = _record(line)
            if record is None:
                raise UnusableFile(f"{path}, line {number}: this is not an answer of a batch")
            self.answered[record["id"]] = record
            end += len(line)
        self._file.seek(end)
        self._file.truncate()

    def open_tasks(self, tasks: list[Task], name: str) -> list[Task]:
        """Return the tasks that have no answer yet; UnusableFile when an answer is about another goal."""
        left = []
        for task in tasks:
            record = self.answered.get(task.id)
            if record is None:
                left.append(task)
            elif record["goal"] != task.goal:
                raise UnusableFile(f"{name}: the goal with the id {json.dumps(task.id)} is not the one that was "
                                   f"answered before: the file has changed; write to a new one")
        return left

    def write(self, record: dict[str, Any]) -> None:
        """Write one answer; when this returns, an interruption of this program cannot lose it."""
        self._file.write(json.dumps(record).encode("ascii") + b"\n")
        self._file.flush()
        self.answered[record["id"]] = {"id": record["id"], "goal": record["goal"], "verdict": record["verdict"]}

    def answers_to(self, tasks: list[Task]) -> Iterator[dict[str, Any]]:
        """Yield what is known of these tasks: at least id, goal and verdict."""
        return (self.answered[task.id] for task in tasks if task.id in self.answered)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _record(line: bytes) -> dict[str, Any] | None:
    """Return the members of an answer that are needed later; None when the line is none."""
    try:
        record = json.loads(line)
        own, goal, verdict = record["id"], record["goal"], record["verdict"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if isinstance(own, bool) or not isinstance(own, (str, int)) or not isinstance(goal, str):
        return None
    return {"id": own, "goal": goal, "verdict": verdict}


def _may_be_ours(torn: bytes) -> bool:
    """Say whether a line without an end may be the beginning of an answer: those begin with the id."""
    start = b'{"id": '
    return torn[:len(start)] == start[:len(torn)]
