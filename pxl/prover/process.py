"""Own one child process in a group of its own: start it, look at it, kill the group, reap it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence

from pxl.errors import ProverCrashed

_log = logging.getLogger(__name__)

_STAT_BYTES = 4096
# How long a killed process may take to be gone: only one stuck in the system takes any time.
_REAP_S = 5.0


class ChildProcess:
    """A child process that leads its own process group, and its three pipes, which do not block.

    Any thread may call :meth:`kill`; the rest belongs to one thread at a time. Raises
    :class:`ProverCrashed` when the program cannot be executed.
    """

    def __init__(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        try:
            self._process = subprocess.Popen(
                argv, env=env, cwd="/", bufsize=0, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as error:
            raise ProverCrashed(f"{argv[0]} does not start: {error}") from error
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self.pid = self._process.pid
        self.stdin, self.stdout, self.stderr = (pipe.fileno() for pipe in self._pipes)
        for fd in (self.stdin, self.stdout, self.stderr):
            os.set_blocking(fd, False)
        self._reap_lock = threading.Lock()

    @property
    def stopped(self) -> bool:
        """Say whether the child was stopped by a signal or a debugger, as far as the system tells (Linux)."""
        try:
            with open(f"/proc/{self.pid}/stat", "rb", buffering=0) as file:
                # The state follows the program's name, which is in parentheses and may hold some itself.
                return file.read(_STAT_BYTES).rpartition(b") ")[2][:1] in (b"T", b"t")
        except OSError:
            return False

    def kill(self) -> None:
        """Kill the whole process group now; callable from any thread, any number of times."""
        with self._reap_lock:
            self._kill_group()

    def end(self) -> str:
        """Kill the group, reap the child and return its exit status in words.

        SIGKILL does not change the status of a process that is on its way out.
        """
        with self._reap_lock:
            self._kill_group()
            try:
                self._process.wait(_REAP_S)
            except subprocess.TimeoutExpired:
                _log.error("process %d survives SIGKILL", self.pid)
            return status_text(self._process.returncode)

    def close(self) -> None:
        """End the child and close its pipes; idempotent."""
        self.end()
        for pipe in self._pipes:
            pipe.close()

    def _kill_group(self) -> None:
        # Once reaped, the leader's number may be a stranger's.
        if self._process.returncode is None:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                # macOS says EPERM for a group of zombies.
                pass


def status_text(status: int | None) -> str:
    """Return an exit status in words.

    >>> status_text(125), status_text(-9), status_text(None)
    ('exit status 125', 'killed by SIGKILL', 'exit status unknown')
    """
    if status is None:
        return "exit status unknown"
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}"
