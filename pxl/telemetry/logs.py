"""Writes log lines from threads of their own, so that no request ever waits for a disk or a reader."""

from __future__ import annotations

import logging
import os
import queue
import select
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from pxl.errors import ConfigError

SERVER_LOG = "pxl-server.log"
ACCESS_LOG = "access.log"
AUDIT_LOG = "audit.jsonl"
PERFORMANCE = "performance.json"

# The names under which errors are counted; the console is standard error and output.
NAMES = ("server", "access", "audit", "performance", "console")

MAX_LINES = 10_000          # kept of each log while it cannot be written
_MAX_CHARS = 8192
_BATCH_LINES = 1000
_LOOK_S = 0.5               # how soon a file that was renamed away is noticed without anything to write
_RETRY_S = 1.0
_LINGER_S = 0.05            # lines for which nobody waits are written together
_LAST_WORDS_S = 2.0
_MODE = 0o640


class Sink:
    """One file, which it opens anew where it was renamed away, or one open descriptor.

    What cannot be written is kept and tried again; beyond ``MAX_LINES`` the newest are given up. Both are counted.
    """

    def __init__(self, target: Path | int, *, linger_s: float = 0.0, max_lines: int = MAX_LINES) -> None:
        self.errors = self.drops = 0
        self.is_failing = False
        self._target, self._linger_s, self._max_lines = target, linger_s, max_lines
        self._fd = -1 if isinstance(target, Path) else target
        self._lines: queue.SimpleQueue[str | threading.Event | None] = queue.SimpleQueue()
        self._hurry = threading.Event()
        self._is_closing = False
        self._thread = threading.Thread(target=self._work, name="pxl-log", daemon=True)

    def open(self) -> None:
        """Open the file and begin; raises OSError when that is impossible now."""
        if isinstance(self._target, Path):
            self._open(self._target)
        self._thread.start()

    def put(self, line: str) -> None:
        """Have a line written soon, with a line end of its own; never waits and never fails.

        May be called anywhere, in a signal handler too.
        """
        if self._is_closing or self._lines.qsize() >= self._max_lines:
            self.drops += 1
        else:
            self._lines.put(line)

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that was put before is written; return whether it was in time."""
        done = threading.Event()
        self._lines.put(done)
        self._hurry.set()
        return done.wait(timeout_s)

    def close(self, timeout_s: float = _LAST_WORDS_S) -> None:
        """Write what is left, if that takes no longer than this; idempotent."""
        self._is_closing = True
        self._hurry.set()
        self._lines.put(None)
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _work(self) -> None:
        is_last = False
        while not is_last:
            lines, waiting, is_last = self._next()
            if lines or isinstance(self._target, Path):
                self._write("".join(lines).encode("utf-8", "backslashreplace"), len(lines))
            for done in waiting:
                done.set()
        if isinstance(self._target, Path) and self._fd >= 0:
            os.close(self._fd)

    def _next(self) -> tuple[list[str], list[threading.Event], bool]:
        """Return what has come, or nothing after a while."""
        lines: list[str] = []
        waiting: list[threading.Event] = []
        try:
            item = self._lines.get(timeout=_LOOK_S)
            if self._linger_s and isinstance(item, str):
                self._hurry.wait(self._linger_s)
            while True:
                if item is None:
                    return lines, waiting, True
                if isinstance(item, str):
                    lines.append(item)
                else:
                    self._hurry.clear()
                    waiting.append(item)
                if len(lines) >= _BATCH_LINES:
                    break
                item = self._lines.get_nowait()
        except queue.Empty:
            pass
        return lines, waiting, False

    def _write(self, data: bytes, count: int) -> None:
        """Write everything, however long it takes; give up only when closing."""
        written = 0
        while True:
            try:
                if self._reopen() and written < len(data):
                    written = data.rfind(b"\n", 0, written) + 1     # a line must not end in another file
                while written < len(data):
                    written += os.write(self._fd, self._piece(data, written))
                self.is_failing = False
                return
            except OSError:
                self.errors += 1
                self.is_failing = True
                if self._is_closing:
                    self.drops += data.count(b"\n", written)
                    return
                time.sleep(_RETRY_S)

    def _piece(self, data: bytes, start: int) -> bytes:
        """Return what to write at once: to a pipe that others write to, too, whole lines that go in undivided."""
        if isinstance(self._target, Path):
            return data[start:]
        most = start + select.PIPE_BUF
        return data[start:most if most >= len(data) else data.rfind(b"\n", start, most) + 1 or most]

    def _reopen(self) -> bool:
        """Open the file anew when its name leads elsewhere by now; say whether it did."""
        if not isinstance(self._target, Path):
            return False
        try:
            there, here = os.stat(self._target), os.fstat(self._fd)
            if (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino):
                return False
        except OSError:
            pass
        self._open(self._target)
        return True

    def _open(self, path: Path) -> None:
        opened = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = opened


class Logs:
    """The logs of one server: files in ``directory``, or without one lines of the audit on standard output.

    The server's own log always goes to standard error as well.
    """

    def __init__(self, directory: Path | None) -> None:
        self.directory = directory
        self._console = Sink(_descriptor(sys.__stderr__))
        self._sinks = {"console": self._console}
        self.access: Sink | None = None
        self._server: Sink | None = None
        if directory is None:
            self.audit = Sink(_descriptor(sys.__stdout__), linger_s=_LINGER_S)
        else:
            self._server = self._sinks["server"] = Sink(directory / SERVER_LOG)
            self.access = self._sinks["access"] = Sink(directory / ACCESS_LOG, linger_s=_LINGER_S)
            self.audit = Sink(directory / AUDIT_LOG, linger_s=_LINGER_S)
        self._sinks["audit"] = self.audit
        self._performance_errors = 0

    def open(self) -> None:
        """Open everything; raises ConfigError with the cure."""
        for name, sink in self._sinks.items():
            try:
                if self.directory is not None:
                    self.directory.mkdir(parents=True, exist_ok=True, mode=0o750)
                sink.open()
            except OSError as why:
                raise ConfigError(f"the {name} log cannot be written in {self.directory}: {why.strerror}: correct "
                                  f"PXL_LOG_DIR, or let this user write there") from why

    def take_over(self, level: str) -> None:
        """Have the whole program log here."""
        line = "%(levelname)s:%(name)s:%(message)s"
        handlers: list[logging.Handler] = [LineHandler(self._console, LineFormatter(line))]
        if self._server is not None:
            handlers.append(LineHandler(self._server, LineFormatter("%(asctime)s " + line)))
        logging.basicConfig(level=level, handlers=handlers, force=True)

    def say(self, line: str) -> None:
        """Put a line that is printed on standard output into the server's log, too."""
        if self._server is not None:
            self._server.put(f"{stamp(time.time())} {printable(line)}\n")

    def flush(self, timeout_s: float = _LAST_WORDS_S) -> None:
        """Wait until everything is written, but not for ever."""
        deadline = time.monotonic() + timeout_s
        for sink in self._sinks.values():
            sink.flush(max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        """Write what is left, if that does not take long; idempotent."""
        deadline = time.monotonic() + _LAST_WORDS_S
        for sink in self._sinks.values():
            sink.close(max(0.0, deadline - time.monotonic()))

    def performance_failed(self) -> None:
        """Count that the report on performance could not be written."""
        self._performance_errors += 1

    def errors(self) -> Mapping[str, int]:
        """Return how many attempts to write failed, by log."""
        found = {name: self._sinks[name].errors if name in self._sinks else 0 for name in NAMES}
        return {**found, "performance": self._performance_errors}

    def drops(self) -> Mapping[str, int]:
        """Return how many lines were given up, by log."""
        return {name: sink.drops for name, sink in self._sinks.items()}


def _descriptor(stream: TextIO | None) -> int:
    """Return the descriptor of a standard stream; closed before the start, it has lost its number."""
    return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC) if stream is None else stream.fileno()


class LineHandler(logging.Handler):
    """Hands the program's own log on to a sink."""

    def __init__(self, sink: Sink, formatter: logging.Formatter) -> None:
        super().__init__()
        self._sink = sink
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Put the record's line; one that cannot be formatted is counted."""
        try:
            self._sink.put(self.format(record) + "\n")
        except Exception:       # a border: a wrong log call is no reason to fail a request
            self._sink.errors += 1


class LineFormatter(logging.Formatter):
    """One line for each record; those of a traceback, which follow it, begin with a mark that no record has."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:      # noqa: N802
        """Return the moment, in UTC."""
        return stamp(record.created)

    def formatMessage(self, record: logging.LogRecord) -> str:      # noqa: N802
        """Return the record's line."""
        return printable(super().formatMessage(record))

    def formatException(self, ei: object) -> str:       # noqa: N802
        """Return the lines of a traceback."""
        text = super().formatException(ei)      # type: ignore[arg-type]
        return "\n".join(f"  | {printable(line)}" for line in text.split("\n"))

    def formatStack(self, stack_info: str) -> str:      # noqa: N802
        """Return the lines of a stack."""
        return "\n".join(f"  | {printable(line)}" for line in stack_info.split("\n"))


def printable(text: str) -> str:
    """Return text that cannot end a line, restyle a terminal or turn its direction.

    >>> printable("a\\n\\x1b[31mb\\u202ec")
    'a\\\\n\\\\x1b[31mb\\\\u202ec'
    """
    text = text if len(text) <= _MAX_CHARS else text[:_MAX_CHARS] + "…"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def stamp(moment: float) -> str:
    """Return a moment as logs have it.

    >>> stamp(1767225600.1239)
    '2026-01-01T00:00:00.123Z'
    """
    whole = int(moment)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int(1000 * (moment - whole)):03d}Z"
