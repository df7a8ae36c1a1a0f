"""Give pexpect a child's three pipes: one deadline and one poll over all of them.

pexpect's own ways over pipes wait for each read apart, do not read while they write, and leave standard
error unread. Here its expectations stay as they are, and what carries the bytes for them is replaced.
"""

from __future__ import annotations

import math
import os
import select
import time
from typing import TYPE_CHECKING

from pexpect.exceptions import EOF, TIMEOUT, ExceptionPexpect
from pexpect.spawnbase import SpawnBase

if TYPE_CHECKING:
    _SpawnOfBytes = SpawnBase[bytes]
else:
    # It is generic for the type checker only.
    _SpawnOfBytes = SpawnBase

_CHUNK = 1 << 16
# After each match pexpect copies all that it was given and did not match. What it is given at a time bounds that,
# so that a megabyte of short lines takes no longer than one long line.
_PIECE = 1 << 12
_STDERR_TAIL_BYTES = 4096
# poll() takes no timeout beyond 24 days; the callers loop.
_LONGEST_WAIT_S = 3600.0


class TooLong(ExceptionPexpect):
    """The child said more than it may between two requests."""


class PipeSpawn(_SpawnOfBytes):
    """A child that pexpect talks to through non-blocking pipes.

    ``deadline``, a moment of ``time.monotonic()``, bounds every wait in place of pexpect's timeouts, which are
    the wall clock's and begin anew with each call. Raises pexpect's ``TIMEOUT`` after it, ``EOF`` when the child
    has closed its standard output or input, :class:`TooLong` when it says more than ``max_answer_bytes`` between
    two calls of :meth:`send`. Whoever waits also drains standard error.
    """

    def __init__(self, stdin: int, stdout: int, stderr: int, *, max_answer_bytes: int) -> None:
        super().__init__(timeout=None, maxread=_PIECE)
        # Its default sleeps 0.1 ms after each read.
        self.delayafterread = None
        self.child_fd = stdout
        self.closed = False
        self.deadline = -math.inf
        self._stdin, self._stderr = stdin, stderr
        self._max_answer_bytes = max_answer_bytes
        self._answer_bytes = 0
        # Read from the child and not yet handed to pexpect.
        self._unread = bytearray()
        self._stderr_tail = bytearray()
        self._poll = select.poll()
        self._poll.register(stdout, select.POLLIN)
        self._poll.register(stderr, select.POLLIN)

    @property
    def stderr_tail(self) -> str:
        """Return the last 4 KiB that the child wrote to standard error."""
        return self._stderr_tail.decode("utf-8", "replace")

    @property
    def unmatched(self) -> bytes:
        """Return what the child has said and nobody has matched."""
        return self.buffer + self._unread

    @property
    def has_output(self) -> bool:
        """Say whether there is something to match or to read, the end of the output included. Reads nothing."""
        poll = select.poll()
        poll.register(self.child_fd, select.POLLIN)
        return bool(self._unread or self.buffer or poll.poll(0))

    def read_nonblocking(self, size: int = 1, timeout: float | None = None) -> bytes:
        """Return the next bytes, at most ``size``, as pexpect asks for them; wait for them until the deadline."""
        unread = self._unread
        while not unread:
            self._pump()
        piece = bytes(unread) if len(unread) <= size else bytes(unread[:size])
        del unread[:size]
        return piece

    def send(self, data: bytes) -> int:
        """Write all of ``data``, reading whatever comes meanwhile so that neither side can block; return its length."""
        self._answer_bytes = len(self.buffer) + len(self._unread)
        view = memoryview(data)
        # Most requests fit the pipe, and then no waiting is needed.
        view = view[self._write_some(view):]
        if not view:
            return len(data)
        self._poll.register(self._stdin, select.POLLOUT)
        try:
            while view:
                if self._pump():
                    view = view[self._write_some(view):]
        finally:
            self._poll.unregister(self._stdin)
        return len(data)

    def read_available(self) -> None:
        """Read what can be read now, without waiting."""
        self._take(0)

    def drain_stderr(self) -> None:
        """Read what is left in standard error, for a child that has ended."""
        while self._read_stderr():
            pass

    def _pump(self) -> bool:
        """Wait for one event, take what can be read, and say whether standard input has room."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TIMEOUT("the deadline has passed")
        return self._take(math.ceil(min(left, _LONGEST_WAIT_S) * 1000))

    def _take(self, milliseconds: int) -> bool:
        writable = False
        for fd, event in self._poll.poll(milliseconds):
            if fd == self._stdin:
                writable = True
            elif fd == self._stderr:
                if self._read_stderr() == b"":
                    self._poll.unregister(fd)
            elif event & (select.POLLIN | select.POLLHUP | select.POLLERR):
                self._read_stdout()
        return writable

    def _read_stdout(self) -> None:
        try:
            chunk = super().read_nonblocking(_CHUNK)
        except BlockingIOError:
            return
        self._unread += chunk
        self._answer_bytes += len(chunk)
        if self._answer_bytes > self._max_answer_bytes:
            raise TooLong(f"answered with more than {self._max_answer_bytes} bytes")

    def _read_stderr(self) -> bytes | None:
        """Return what is there and keep its end; empty at the end of the file, None when nothing is there now."""
        try:
            chunk = os.read(self._stderr, _CHUNK)
        except BlockingIOError:
            return None
        self._stderr_tail += chunk
        del self._stderr_tail[:-_STDERR_TAIL_BYTES]
        return chunk

    def _write_some(self, view: memoryview) -> int:
        try:
            return os.write(self._stdin, view)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise EOF("the child has closed its standard input") from error
