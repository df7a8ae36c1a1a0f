"""A conversation over pipes through pexpect: deadlines, bounds, openings, and time that grows with length only."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pexpect.exceptions import EOF, TIMEOUT
from pexpect.spawnbase import SpawnBase

from pxl.errors import ProverCrashed, ProverProtocolError, ProverTimeout
from pxl.prover.channel import Channel
from pxl.prover.pipes import PipeSpawn, TooLong
from tests.support.prover import is_running, soon, until

MIB = 1 << 20


def channel(script: str, max_answer_bytes: int = MIB) -> Channel:
    return Channel([sys.executable, "-S", "-c", script], dict(os.environ), max_answer_bytes=max_answer_bytes)


def test_a_request_larger_than_the_pipes_is_written_while_answers_come() -> None:
    """Neither side blocks when both have much to say."""
    echo = channel("import os\nwhile data := os.read(0, 65536): os.write(1, data)", 64 * MIB)
    data = b"x" * (8 * MIB) + b"\n"
    echo.write(data, soon())
    assert echo.read_until(b"\n", soon(), opening=[b"x"]) == data
    echo.close()


def test_every_wait_of_a_channel_ends() -> None:
    """Writing to one that does not read, and reading from one that does not write, time out."""
    deaf = channel("import signal; signal.pause()")
    for wait in (lambda: deaf.write(b"x" * MIB, soon(0.05), after_silence=False),
                 lambda: deaf.read_until(b"\n", soon(0.05), opening=[b""])):
        with pytest.raises(ProverTimeout):
            wait()
    deaf.close()


def test_the_size_of_an_answer_is_bounded() -> None:
    """The bound is on all that is said to one request."""
    loud = channel("import os\nos.read(0, 1)\nwhile True: os.write(1, b'line\\n')", 100_000)
    loud.write(b"?", soon())
    with pytest.raises(ProverProtocolError, match="more than 100000"):
        while True:
            loud.read_until(b"\n", soon(), opening=[b"line"])
    loud.close()


def test_the_whole_process_group_is_killed(tmp_path: Path) -> None:
    """What the prover started dies with it."""
    parent = channel("import subprocess, signal\np = subprocess.Popen(['sleep', '1000'])\n"
                     "print(p.pid, flush=True)\nsignal.pause()")
    grandchild = int(parent.read_until(b"\n", soon(), opening=[b""]))
    assert is_running(grandchild)
    parent.close()
    until(lambda: not is_running(grandchild))


def test_a_program_that_cannot_be_executed_is_a_crash() -> None:
    """The operating system's reason is passed on."""
    with pytest.raises(ProverCrashed, match="does not start.*No such file"):
        Channel(["/nonexistent"], {}, max_answer_bytes=1)


OPENING = (b"<value", b"<feedback")
# Writes its first argument in as many pieces as its further arguments say, each once the one before can have been read.
IN_PIECES = """
import os, sys, time
data, rest = sys.argv[1].encode(), list(map(int, sys.argv[2:]))
for size in rest:
    os.write(1, data[:size])
    data = data[size:]
    time.sleep(0.01)
os.write(1, data)
os.read(0, 1)
"""


@pytest.mark.parametrize("cuts", [(), (1,), (3, 2), (6, 1, 1), (8, 3, 3, 2), (1,) * 17])
def test_an_answer_is_found_however_it_is_cut(cuts: tuple[int, ...]) -> None:
    """Neither the opening nor the end need come in one piece, and what follows an answer is not lost."""
    child = Channel([sys.executable, "-S", "-c", IN_PIECES, "<value></value><feedback></value>", *map(str, cuts)],
                    dict(os.environ), max_answer_bytes=MIB)
    assert child.read_until(b"</value>", soon(), opening=OPENING) == b"<value></value>"
    assert child.read_until(b"</value>", soon(), opening=OPENING) == b"<feedback></value>"
    child.close()


@pytest.mark.parametrize("garbage", ["x", "<vain></value>", "<", "<feed</value>", " <value></value>"])
@pytest.mark.parametrize("cuts", [(), (1,), (2, 1, 1, 1)])
def test_garbage_is_known_before_the_end_and_the_deadline(garbage: str, cuts: tuple[int, ...]) -> None:
    """The first byte that no opening has is one too many, and the error shows what came."""
    child = Channel([sys.executable, "-S", "-c", IN_PIECES, garbage + "?", *map(str, cuts)], dict(os.environ),
                    max_answer_bytes=MIB)
    with pytest.raises(ProverProtocolError, match=f"answered unreadably: b'{garbage[0]}"):
        child.read_until(b"</value>", soon(60), opening=OPENING)
    child.close()


def test_the_end_of_one_answer_does_not_open_the_next() -> None:
    """Garbage behind an answer is found when the next answer is due."""
    child = channel("import os\nos.write(1, b'<value></value>no')\nos.read(0, 1)")
    assert child.read_until(b"</value>", soon(), opening=OPENING) == b"<value></value>"
    with pytest.raises(ProverProtocolError, match="answered unreadably: b'no'"):
        child.read_until(b"</value>", soon(60), opening=OPENING)
    child.close()


def test_an_answer_that_was_there_before_its_request_is_none() -> None:
    """Neither what pexpect holds unmatched nor what lies in the pipe may answer what is written next."""
    for later in ("", "import time; time.sleep(0.05)\n"):
        early = channel(f"import os\nos.write(1, b'one\\n')\n{later}os.write(1, b'two\\n')\nos.read(0, 1)")
        assert early.read_until(b"\n", soon(), opening=[b"one"]) == b"one\n"
        until(lambda: not early.quiet)
        with pytest.raises(ProverProtocolError, match="spoke unasked: b'two"):
            early.write(b"?", soon())
        early.close()


def test_the_time_for_an_answer_grows_with_its_length_and_no_faster() -> None:
    """Sixty-five thousand lines that all came while the request was written, and then 32 MB without an end between.

    Whatever copied what is left for each line, or what is there for each piece, would copy gigabytes.
    """
    child = channel("import os\n"
                    "def say(data):\n    while data: data = data[os.write(1, data):]\n"
                    f"say((b'line' * 15 + b'\\n') * {1 << 16})\n"
                    f"asked = 0\nwhile asked < {MIB}: asked += len(os.read(0, 65536))\n"
                    f"for _ in range(32): say(b'x' * {MIB})\nsay(b'.')\nos.read(0, 1)", 64 * MIB)
    child.write(b"?" * MIB, soon(60), after_silence=False)
    began = time.process_time()
    for _ in range(1 << 16):
        assert len(child.read_until(b"\n", soon(60), opening=[b"line"])) == 61
    assert len(child.read_until(b".", soon(60), opening=[b"x"])) == 32 * MIB + 1
    assert time.process_time() - began < 5
    child.close()


@contextmanager
def pipes(said: bytes, max_answer_bytes: int = MIB) -> Iterator[tuple[PipeSpawn, int]]:
    """Yield what pexpect uses over pipes of which nobody holds the other ends but the test, and the end to read."""
    (asked, stdin), (stdout, says), (stderr, complains) = os.pipe(), os.pipe(), os.pipe()
    for fd in (stdin, stdout, stderr):
        os.set_blocking(fd, False)
    os.write(says, said)
    os.close(says)
    os.close(complains)
    try:
        yield PipeSpawn(stdin, stdout, stderr, max_answer_bytes=max_answer_bytes), asked
    finally:
        for fd in (asked, stdin, stdout, stderr):
            os.close(fd)


@given(st.binary(max_size=300), st.lists(st.integers(1, 50)))
def test_pexpect_is_given_all_and_never_more_than_it_asks_for(said: bytes, sizes: list[int]) -> None:
    """The bytes come in their order; then the end of the file, and not before."""
    with pipes(said) as (spawn, _):
        assert isinstance(spawn, SpawnBase)
        spawn.deadline = soon()
        heard = b""
        for size in sizes:
            if len(heard) == len(said):
                break
            piece = spawn.read_nonblocking(size)
            assert 0 < len(piece) <= size
            heard += piece
        while len(heard) < len(said):
            heard += spawn.read_nonblocking(100)
        assert heard == said
        with pytest.raises(EOF):
            spawn.read_nonblocking(1)


def test_pexpects_own_expectations_hold_over_the_pipes() -> None:
    """What is expected, sent, too long or too late is told in pexpect's terms."""
    with pipes(b"one two three") as (spawn, asked):
        spawn.deadline = soon()
        assert spawn.send(b"hello") == 5 and os.read(asked, 10) == b"hello"
        assert spawn.expect_exact([b"four", b"two"]) == 1
        assert (spawn.before, spawn.after, spawn.unmatched) == (b"one ", b"two", b" three")
        assert spawn.expect(b"thr(e+)") == 0 and spawn.has_output
        with pytest.raises(EOF):
            spawn.expect_exact(b"four")
    with pipes(b"one two three", max_answer_bytes=12) as (spawn, _):
        spawn.deadline = soon()
        with pytest.raises(TooLong, match="more than 12 bytes"):
            spawn.expect_exact(b"one")
    with pipes(b"one two three") as (spawn, _):
        spawn.deadline = time.monotonic()
        with pytest.raises(TIMEOUT):
            spawn.expect_exact(b"one")
