"""Hold a conversation with one child process: requests and answers until an absolute deadline.

Nothing here knows what the bytes mean. A channel belongs to one thread at a time; only
:meth:`Channel.kill` may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pexpect.exceptions import TIMEOUT, ExceptionPexpect
from pexpect.expect import searcher_string

from pxl.errors import ProverCrashed, ProverError, ProverProtocolError, ProverTimeout
from pxl.prover.pipes import PipeSpawn, TooLong
from pxl.prover.process import ChildProcess

if TYPE_CHECKING:
    _SearcherOfBytes = searcher_string[bytes]
else:
    # It is generic for the type checker only.
    _SearcherOfBytes = searcher_string

_SHOWN_BYTES = 200
_COMPLETE, _UNREADABLE = 0, 1


class Channel:
    """A child process in its own process group, spoken to through pexpect.

    ``max_answer_bytes`` bounds what the child may say between two writes. Every method that
    waits takes ``deadline``, a moment of ``time.monotonic()``, and raises
    :class:`ProverTimeout` after it, :class:`ProverCrashed` when the child is gone and
    :class:`ProverProtocolError` when it says too much or speaks unasked. After any of
    these the owner calls :meth:`close`.
    """

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], *, max_answer_bytes: int) -> None:
        self._process = ChildProcess(argv, env)
        self.pid = self._process.pid
        self._spawn = PipeSpawn(self._process.stdin, self._process.stdout, self._process.stderr,
                                max_answer_bytes=max_answer_bytes)
        self._closed = False

    @property
    def quiet(self) -> bool:
        """Say whether the child runs with nothing to say, as one must that was asked nothing."""
        return not self._closed and not self._spawn.has_output

    @property
    def stopped(self) -> bool:
        """Say whether the child was stopped by a signal or a debugger, as far as the system tells (Linux)."""
        return self._process.stopped

    @property
    def stderr_tail(self) -> str:
        """Return the last 4 KiB that the child wrote to standard error."""
        return self._spawn.stderr_tail

    def write(self, data: bytes, deadline: float, *, after_silence: bool = True) -> None:
        """Write all of ``data``, reading whatever comes meanwhile so that neither side can block.

        With ``after_silence`` the child must have nothing left to say: an answer to an earlier
        request must never pass for one to this request.
        """
        spawn = self._spawn
        spawn.deadline = deadline
        try:
            if after_silence:
                spawn.read_available()
                if unasked := spawn.unmatched:
                    raise self._broken(f"spoke unasked: {unasked[:_SHOWN_BYTES]!r}")
            spawn.send(data)
        except ExceptionPexpect as error:
            raise self._failure(error) from error

    def read_until(self, end: bytes, deadline: float, *, opening: Sequence[bytes]) -> bytes:
        """Return what the child says up to and including the first ``end``.

        It must begin with one of ``opening``, so that garbage is known before the deadline.
        """
        spawn = self._spawn
        spawn.deadline = deadline
        try:
            found = spawn.expect_loop(_AnswerSearcher(end, opening), None)
        except ExceptionPexpect as error:
            raise self._failure(error) from error
        if found == _UNREADABLE:
            raise self._broken(f"answered unreadably: {spawn.unmatched[:_SHOWN_BYTES]!r}")
        assert spawn.before is not None
        return spawn.before + end

    def kill(self) -> None:
        """Kill the whole process group now; callable from any thread, any number of times."""
        self._process.kill()

    def close(self) -> None:
        """Kill the group, reap the child, close the pipes; idempotent."""
        if not self._closed:
            self._closed = True
            self._process.close()

    def _failure(self, error: ExceptionPexpect) -> ProverError:
        if isinstance(error, TIMEOUT):
            return ProverTimeout("the prover did not answer in time", stderr_tail=self.stderr_tail)
        if isinstance(error, TooLong):
            return self._broken(str(error))
        status = self._process.end()
        self._spawn.drain_stderr()
        return ProverCrashed(f"the prover ended, {status}", stderr_tail=self.stderr_tail)

    def _broken(self, what: str) -> ProverProtocolError:
        return ProverProtocolError(f"the prover {what}", stderr_tail=self.stderr_tail)


class _AnswerSearcher(_SearcherOfBytes):
    """Search an answer's end for pexpect, and see that the answer begins with one of the openings.

    Finds ``_UNREADABLE``, of no length and at the answer's beginning, as soon as it cannot begin so.
    """

    def __init__(self, end: bytes, opening: Sequence[bytes]) -> None:
        super().__init__([end])
        self._end, self._opening = end, tuple(opening)
        # pexpect shows so much of what it showed before again: the beginning, until it is known to be right.
        self.longest_string = max(len(end), *map(len, opening))
        self._is_opened = False

    def search(self, buffer: bytes, freshlen: int, searchwindowsize: int | None = None) -> int:
        """Return what is found in ``buffer``, of which the last ``freshlen`` bytes are new; -1 for nothing."""
        if not self._is_opened:
            self._is_opened = buffer.startswith(self._opening)
            if not self._is_opened and not any(word.startswith(buffer) for word in self._opening):
                self.start, self.end, self.match = 0, 0, b""
                return _UNREADABLE
        start = buffer.find(self._end, max(0, len(buffer) - freshlen - len(self._end) + 1))
        if start < 0:
            return start
        self.start, self.end, self.match = start, start + len(self._end), self._end
        return _COMPLETE
