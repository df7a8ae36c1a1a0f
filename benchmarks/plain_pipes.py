"""The transport that pexpect replaced, as the baseline of its cost: the same guarantees in one hand-written loop."""

from __future__ import annotations

import math
import os
import select
import time
from collections.abc import Mapping, Sequence

from pxl.errors import ProverCrashed, ProverProtocolError, ProverTimeout
from pxl.prover.process import ChildProcess

_CHUNK = 1 << 16
_STDERR_TAIL_BYTES = 4096
# poll() takes no timeout beyond 24 days; the callers loop.
_LONGEST_WAIT_S = 3600.0


class PlainPipes:
    """What :class:`pxl.prover.channel.Channel` does and promises, without pexpect."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], *, max_answer_bytes: int) -> None:
        self._process = ChildProcess(argv, env)
        self.pid = self._process.pid
        self._max_answer_bytes = max_answer_bytes
        self._answer = bytearray()
        self._answer_bytes = 0
        self._stderr = bytearray()
        self._closed = False
        self._poll = select.poll()
        self._poll.register(self._process.stdout, select.POLLIN)
        self._poll.register(self._process.stderr, select.POLLIN)

    @property
    def quiet(self) -> bool:
        """Say whether the child runs with nothing to say."""
        if self._closed:
            return False
        poll = select.poll()
        poll.register(self._process.stdout, select.POLLIN)
        return not self._answer and not poll.poll(0)

    @property
    def stopped(self) -> bool:
        """Say whether the child was stopped."""
        return self._process.stopped

    @property
    def stderr_tail(self) -> str:
        """Return the last 4 KiB of standard error."""
        return self._stderr.decode("utf-8", "replace")

    def write(self, data: bytes, deadline: float, *, after_silence: bool = True) -> None:
        """Write all of ``data``, reading meanwhile; with ``after_silence`` the child must have said nothing."""
        if after_silence:
            self._pump(time.monotonic(), wait=False)
            if self._answer:
                raise self._broken(f"spoke unasked: {bytes(self._answer[:200])!r}")
        self._answer_bytes = len(self._answer)
        view = memoryview(data)
        view = view[self._write_some(view):]
        if not view:
            return
        self._poll.register(self._process.stdin, select.POLLOUT)
        try:
            while view:
                if self._pump(deadline):
                    view = view[self._write_some(view):]
        finally:
            self._poll.unregister(self._process.stdin)

    def read_until(self, end: bytes, deadline: float, *, opening: Sequence[bytes]) -> bytes:
        """Return what the child says up to and including ``end``; it must begin with one of ``opening``."""
        start = 0
        while True:
            if not any(self._answer.startswith(word[:len(self._answer)]) for word in opening):
                raise self._broken(f"answered unreadably: {bytes(self._answer[:200])!r}")
            at = self._answer.find(end, start)
            if at >= 0:
                answer = bytes(self._answer[:at + len(end)])
                del self._answer[:at + len(end)]
                return answer
            start = max(0, len(self._answer) - len(end) + 1)
            self._pump(deadline)

    def kill(self) -> None:
        """Kill the process group."""
        self._process.kill()

    def close(self) -> None:
        """Kill the group, reap the child, close the pipes; idempotent."""
        self._closed = True
        self._process.close()

    def _pump(self, deadline: float, *, wait: bool = True) -> bool:
        left = deadline - time.monotonic()
        if wait and left <= 0:
            raise ProverTimeout("the prover did not answer in time", stderr_tail=self.stderr_tail)
        writable = False
        for fd, event in self._poll.poll(math.ceil(min(left, _LONGEST_WAIT_S) * 1000) if wait else 0):
            if fd == self._process.stdin:
                writable = True
            elif fd == self._process.stderr:
                self._read_stderr()
            elif event & (select.POLLIN | select.POLLHUP | select.POLLERR):
                self._read_stdout()
        return writable

    def _read_stdout(self) -> None:
        chunk = _read(self._process.stdout)
        if chunk == b"":
            raise self._ended()
        if chunk:
            self._answer += chunk
            self._answer_bytes += len(chunk)
            if self._answer_bytes > self._max_answer_bytes:
                raise self._broken(f"answered with more than {self._max_answer_bytes} bytes")

    def _read_stderr(self) -> None:
        chunk = _read(self._process.stderr)
        if chunk == b"":
            self._poll.unregister(self._process.stderr)
        elif chunk:
            self._keep(chunk)

    def _keep(self, chunk: bytes) -> None:
        self._stderr += chunk
        del self._stderr[:-_STDERR_TAIL_BYTES]

    def _write_some(self, view: memoryview) -> int:
        try:
            return os.write(self._process.stdin, view)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._ended() from error

    def _broken(self, what: str) -> ProverProtocolError:
        return ProverProtocolError(f"the prover {what}", stderr_tail=self.stderr_tail)

    def _ended(self) -> ProverCrashed:
        status = self._process.end()
        while chunk := _read(self._process.stderr):
            self._keep(chunk)
        return ProverCrashed(f"the prover ended, {status}", stderr_tail=self.stderr_tail)


def _read(fd: int) -> bytes | None:
    """Return what is there, empty at the end of the file, None when nothing is there now."""
    try:
        return os.read(fd, _CHUNK)
    except BlockingIOError:
        return None
