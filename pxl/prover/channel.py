"""Own one child process: talk to it over pipes until an absolute deadline, then kill its group.

Nothing here knows what the bytes mean. A channel belongs to one thread at a time; only
:meth:`Channel.kill` may be called from any thread.
"""

from __future__ import annotations

import logging
import math
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence

from pxl.errors import ProverCrashed, ProverProtocolError, ProverTimeout

_log = logging.getLogger(__name__)

_CHUNK = 1 << 16
_STDERR_TAIL_BYTES = 4096
_STAT_BYTES = 4096
# How long a killed process may take to be gone: only one stuck in the system takes any time.
_REAP_S = 5.0
# poll() takes no timeout beyond 24 days; the callers loop.
_LONGEST_WAIT_S = 3600.0


class Channel:
    """A child process in its own process group, its three pipes and their buffers.

    ``max_answer_bytes`` bounds what the child may say between two writes. Every method that
    waits takes ``deadline``, a moment of ``time.monotonic()``, and raises
    :class:`ProverTimeout` after it, :class:`ProverCrashed` when the child is gone and
    :class:`ProverProtocolError` when it says too much or speaks unasked. After any of
    these the owner calls :meth:`close`.
    """

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], *, max_answer_bytes: int) -> None:
        try:
            self._process = subprocess.Popen(
                argv, env=env, cwd="/", bufsize=0, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as error:
            raise ProverCrashed(f"{argv[0]} does not start: {error}") from error
        self.pid = self._process.pid
        self._max_answer_bytes = max_answer_bytes
        self._answer = bytearray()
        self._answer_bytes = 0
        self._stderr = bytearray()
        self._reap_lock = threading.Lock()
        self._closed = False
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._stdin = self._process.stdin.fileno()
        self._stdout = self._process.stdout.fileno()
        self._stderr_fd = self._process.stderr.fileno()
        for fd in (self._stdin, self._stdout, self._stderr_fd):
            os.set_blocking(fd, False)
        self._poll = select.poll()
        self._poll.register(self._stdout, select.POLLIN)
        self._poll.register(self._stderr_fd, select.POLLIN)

    @property
    def quiet(self) -> bool:
        """Say whether the child runs with nothing to say, as one must that was asked nothing."""
        if self._closed:
            return False
        poll = select.poll()
        poll.register(self._stdout, select.POLLIN)
        return not self._answer and not poll.poll(0)

    @property
    def stopped(self) -> bool:
        """Say whether the child was stopped by a signal or a debugger, as far as the system tells (Linux)."""
        try:
            with open(f"/proc/{self.pid}/stat", "rb", buffering=0) as file:
                # The state follows the program's name, which is in parentheses and may hold some itself.
                return file.read(_STAT_BYTES).rpartition(b") ")[2][:1] in (b"T", b"t")
        except OSError:
            return False

    @property
    def stderr_tail(self) -> str:
        """Return the last 4 KiB that the child wrote to standard error."""
        return self._stderr.decode("utf-8", "replace")

    def write(self, data: bytes, deadline: float, *, after_silence: bool = True) -> None:
        """Write all of ``data``, reading whatever comes meanwhile so that neither side can block.

        With ``after_silence`` the child must have nothing left to say: an answer to an earlier
        request must never pass for one to this request.
        """
        if after_silence:
            self._pump(time.monotonic(), wait=False)
            if self._answer:
                raise self._broken(f"spoke unasked: {bytes(self._answer[:200])!r}")
        self._answer_bytes = len(self._answer)
        view = memoryview(data)
        # Most requests fit the pipe, and then no waiting is needed.
        view = view[self._write_some(view):]
        if not view:
            return
        self._poll.register(self._stdin, select.POLLOUT)
        try:
            while view:
                if self._pump(deadline):
                    view = view[self._write_some(view):]
        finally:
            self._poll.unregister(self._stdin)

    def read_until(self, end: bytes, deadline: float, *, opening: Sequence[bytes]) -> bytes:
        """Return what the child says up to and including the first ``end``.

        It must begin with one of ``opening``, so that garbage is known before the deadline.
        """
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

    def _pump(self, deadline: float, *, wait: bool = True) -> bool:
        """Wait for one event, take what can be read, and say whether standard input has room."""
        left = deadline - time.monotonic()
        if wait and left <= 0:
            raise ProverTimeout("the prover did not answer in time", stderr_tail=self.stderr_tail)
        writable = False
        for fd, event in self._poll.poll(math.ceil(min(left, _LONGEST_WAIT_S) * 1000) if wait else 0):
            if fd == self._stdin:
                writable = True
            elif fd == self._stderr_fd:
                self._read_stderr()
            elif event & (select.POLLIN | select.POLLHUP | select.POLLERR):
                self._read_stdout()
        return writable

    def _read_stdout(self) -> None:
        chunk = _read(self._stdout)
        if chunk == b"":
            raise self._ended()
        if chunk:
            self._answer += chunk
            self._answer_bytes += len(chunk)
            if self._answer_bytes > self._max_answer_bytes:
                raise self._broken(f"answered with more than {self._max_answer_bytes} bytes")

    def _read_stderr(self) -> None:
        chunk = _read(self._stderr_fd)
        if chunk == b"":
            self._poll.unregister(self._stderr_fd)
        elif chunk:
            self._keep(chunk)

    def _keep(self, chunk: bytes) -> None:
        self._stderr += chunk
        del self._stderr[:-_STDERR_TAIL_BYTES]

    def _write_some(self, view: memoryview) -> int:
        try:
            return os.write(self._stdin, view)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._ended() from error

    def _broken(self, what: str) -> ProverProtocolError:
        return ProverProtocolError(f"the prover {what}", stderr_tail=self.stderr_tail)

    def _ended(self) -> ProverCrashed:
        # The process is on its way out; SIGKILL does not change the status of one that is.
        self._kill_and_reap()
        while chunk := _read(self._stderr_fd):
            self._keep(chunk)
        return ProverCrashed(f"the prover ended, {_status_text(self._process.returncode)}",
                             stderr_tail=self.stderr_tail)

    def kill(self) -> None:
        """Kill the whole process group now; callable from any thread, any number of times."""
        with self._reap_lock:
            self._kill_group()

    def _kill_group(self) -> None:
        # Once reaped, the leader's number may be a stranger's.
        if self._process.returncode is None:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                # macOS says EPERM for a group of zombies.
                pass

    def _kill_and_reap(self) -> None:
        with self._reap_lock:
            self._kill_group()
            try:
                self._process.wait(_REAP_S)
            except subprocess.TimeoutExpired:
                _log.error("process %d survives SIGKILL", self.pid)

    def close(self) -> None:
        """Kill the group, reap the child, close the pipes; idempotent."""
        if self._closed:
            return
        self._closed = True
        self._kill_and_reap()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe
            pipe.close()


def _read(fd: int) -> bytes | None:
    """Return what is there, empty at the end of the file, None when nothing is there now."""
    try:
        return os.read(fd, _CHUNK)
    except BlockingIOError:
        return None


def _status_text(status: int | None) -> str:
    """Return an exit status in words.

    >>> _status_text(125), _status_text(-9), _status_text(None)
    ('exit status 125', 'killed by SIGKILL', 'exit status unknown')
    """
    if status is None:
        return "exit status unknown"
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}"
