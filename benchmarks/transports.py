"""Compare ways to talk to one prover: this project's, the plain pipes it had before, and pexpect's own over pipes.

``goal`` is one request (a small theorem, its assumptions, rollback) to coqidetop until its last answer; ``echo`` is
the transport alone, one line there and back through ``cat``; ``5 MB`` is one long answer, ``1 MB in lines`` are
16,384 short ones. ``textbook`` is what counts: a textbook goal decided without a cache, with its search, by a decider
whose session speaks so; a server adds HTTP to that. The transports take turns in every round, so that what else the
machine does meets all of them. CPU is this process's, its threads together.

Run: ``python -m benchmarks.transports [rounds]``.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Protocol

from pexpect import fdpexpect, popen_spawn

from benchmarks import families
from benchmarks.plain_pipes import PlainPipes
from pxl.certificates.sentences import PREAMBLE, QUERY, right_scripts
from pxl.composition.prover import build
from pxl.overlays.contract import Question, Reading
from pxl.overlays.s5.overlay import S5
from pxl.prover.channel import Channel
from pxl.prover.coqidetop import CoqidetopSession, add_call, edit_at_call
from pxl.prover.engines import EngineConfig, find_engine
from pxl.prover.launch import confined, environment
from pxl.prover.pool import Pool, PoolLimits
from pxl.settings import Settings
from pxl.verdict.checker import Checker
from pxl.verdict.decider import Decider

SENTENCES = ("Definition a := 1.", "Theorem g : a = 1.", "Proof.", "exact eq_refl.", "Qed.", "Print Assumptions g.")
INIT = b'<call val="Init"><option val="none"/></call>'
STATUS = '<call val="Status"><bool val="true"/></call>'
END = b"</value>"
FAR = 1e9
LINES, LINE = 16384, b"(Feedback(" + b"x" * 53 + b"\n"
LONG = 5 << 20
# Says what its first argument evaluates to, at each byte that it reads.
SAYS = ("import os, sys\ndata = eval(sys.argv[1])\n"
        "while os.read(0, 1):\n    rest = memoryview(data)\n    while rest: rest = rest[os.write(1, rest):]")
LONG_ROUNDS = 10


class Transport(Protocol):
    """A conversation with one process."""

    def write(self, data: bytes) -> object:
        """Write all of ``data``."""

    def read(self, end: bytes) -> bytes:
        """Return what comes up to and including ``end``."""

    def close(self) -> None:
        """End the process."""


class ThroughChannel:
    """This project's channel, or the plain pipes that it had before."""

    def __init__(self, argv: list[str], make: type[Channel] | type[PlainPipes]) -> None:
        self._pipes = make(argv, dict(os.environ), max_answer_bytes=1 << 24)
        self.close = self._pipes.close

    def write(self, data: bytes) -> None:
        self._pipes.write(data, FAR, after_silence=False)

    def read(self, end: bytes) -> bytes:
        return self._pipes.read_until(end, FAR, opening=[b"<value", b"<feedback", b""])


class ThroughFdspawn:
    """Pipes that ``fdpexpect.fdspawn`` reads (with poll, 64 KiB at a time)."""

    def __init__(self, argv: list[str]) -> None:
        self._process = subprocess.Popen(argv, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL)
        self._reader = fdpexpect.fdspawn(self._process.stdout, timeout=60, maxread=65536, use_poll=True)
        # Its default waits 0.1 ms after each read.
        self._reader.delayafterread = None

    def write(self, data: bytes) -> None:
        self._process.stdin.write(data)

    def read(self, end: bytes) -> bytes:
        self._reader.expect_exact(end)
        return self._reader.before + end

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


class ThroughPopenSpawn:
    """``popen_spawn.PopenSpawn``, which reads in a thread of its own."""

    def __init__(self, argv: list[str]) -> None:
        self._child = popen_spawn.PopenSpawn(argv, timeout=60, maxread=65536)
        self.write = self._child.write

    def read(self, end: bytes) -> bytes:
        self._child.expect_exact(end)
        return self._child.before + end

    def close(self) -> None:
        self._child.kill(9)
        self._child.wait()


PLAIN, OURS = "plain pipes", "channel (pexpect)"
TRANSPORTS: Mapping[str, Callable[[list[str]], Transport]] = {
    PLAIN: lambda argv: ThroughChannel(argv, PlainPipes),
    OURS: lambda argv: ThroughChannel(argv, Channel),
    "fdspawn": ThroughFdspawn,
    "PopenSpawn": ThroughPopenSpawn,
}


@dataclasses.dataclass
class Times:
    """What one transport took, in seconds, a value a round."""

    wall: list[float] = dataclasses.field(default_factory=list)
    cpu: list[float] = dataclasses.field(default_factory=list)

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Add a round."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.cpu.append(time.process_time() - cpu)
        self.wall.append(time.perf_counter() - wall)

    def p(self, percent: int) -> float:
        """Return a percentile of the wall times in milliseconds."""
        return 1e3 * sorted(self.wall)[len(self.wall) * percent // 100]

    def cpu_mean(self) -> float:
        """Return the mean CPU time in milliseconds."""
        return 1e3 * sum(self.cpu) / len(self.cpu)


def requests(rounds: int) -> Iterator[bytes]:
    """Yield the rounds' requests, with the state ids that coqidetop will count."""
    last = 1
    for _ in range(rounds):
        tops = (1, *range(last + 1, last + len(SENTENCES)))
        adds = "".join(add_call(text, top) for top, text in zip(tops, SENTENCES))
        yield (adds + STATUS + edit_at_call(1)).encode()
        last += len(SENTENCES)


def converse(argv: list[str], dialogues: Sequence[tuple[bytes, bytes, int]], greeting: bytes = b"",
             check: Callable[[bytes], object] = lambda answer: None) -> dict[str, Times]:
    """Have every transport, by turns, write each request and read so many answers of such an end."""
    found = {name: Times() for name in TRANSPORTS}
    with ExitStack() as stack:
        opened = {}
        for name, make in TRANSPORTS.items():
            opened[name] = make(argv)
            stack.callback(opened[name].close)
            if greeting:
                opened[name].write(greeting)
                opened[name].read(END)
        for number, (request, end, answers) in enumerate(dialogues):
            for name in in_turn(list(TRANSPORTS), number):
                with found[name].measuring():
                    opened[name].write(request)
                    answer = b"".join([opened[name].read(end) for _ in range(answers)])
                check(answer)
    return found


def in_turn(names: list[str], number: int) -> list[str]:
    """Return the names with another one first each time."""
    first = number % len(names)
    return names[first:] + names[:first]


def check_goal(answer: bytes) -> None:
    """Raise unless coqidetop has accepted the theorem."""
    assert b"Closed&nbsp;under" in answer and not re.search(rb'<value val="fail"', answer)


@contextmanager
def deciding(config: EngineConfig, make: type[Channel] | type[PlainPipes]) -> Iterator[Decider]:
    """Yield a decider with one warm session that speaks through such a channel."""
    argv = confined(config.argv(), memory_bytes=config.memory_limit_bytes, stack_bytes=config.stack_limit_bytes)
    env = environment(os.environ, ocamlrunparam=config.ocamlrunparam)

    def start(generation: int) -> CoqidetopSession:
        pipes = make(argv, env, max_answer_bytes=config.max_answer_bytes)
        return CoqidetopSession(pipes, generation=generation, preamble=config.preamble, accepted=config.accepted)

    pool = Pool(start, PoolLimits(size=1))
    pool.start()
    try:
        pool.wait_ready(time.monotonic() + 60)
        yield Decider(Checker(pool))
    finally:
        pool.close(time.monotonic())


def questions() -> list[Question]:
    """Return the textbook's questions."""
    return [S5().read(Reading(goal)) for goal in families.TEXTBOOK]


def textbook(rounds: int) -> dict[str, Times]:
    """Decide every textbook goal so often over the plain pipes and over the channel, by turns."""
    settings = dataclasses.replace(Settings.from_env({}), engine="coqidetop")
    config = find_engine(settings, kernel_dir=build(settings).kernel.kernel_dir, preamble=PREAMBLE,
                         accepted=[(*script.sentences, QUERY) for script in right_scripts() * 2])
    found = {PLAIN: Times(), OURS: Times()}
    with deciding(config, PlainPipes) as plain, deciding(config, Channel) as ours:
        deciders = {PLAIN: plain, OURS: ours}
        for number in range(rounds):
            for question in questions():
                for name in in_turn(list(deciders), number):
                    with found[name].measuring():
                        outcome = deciders[name](question, time.monotonic() + 30)
                    assert outcome.checked is not None
    return found


def show(what: str, found: Mapping[str, Times]) -> None:
    """Print a row a transport, with its difference from the plain pipes."""
    floor = found[PLAIN]
    for name, times in found.items():
        print(f"{what:13} {name:18} p50 {times.p(50):8.3f}  p95 {times.p(95):8.3f} ms  CPU {times.cpu_mean():8.3f} ms"
              f"   p50 {100 * (times.p(50) / floor.p(50) - 1):+6.1f} %"
              f"  CPU {times.cpu_mean() - floor.cpu_mean():+7.3f} ms", flush=True)


def main(rounds: int) -> None:
    """Print every table."""
    coqidetop = shutil.which("coqidetop.opt") or "coqidetop"
    show("goal", converse([coqidetop, "-q", "-async-proofs", "off", "-main-channel", "stdfds"],
                          [(request, END, len(SENTENCES) + 2) for request in requests(rounds)], INIT, check_goal))
    show("echo", converse(["cat"], [(b"hello\n", b"\n", 1)] * rounds))
    says = [sys.executable, "-S", "-c", SAYS]
    show("5 MB", converse([*says, f"b'<value' + b'x' * {LONG} + b'</value>'"], [(b"?", END, 1)] * LONG_ROUNDS))
    show("1 MB in lines", converse([*says, f"{LINE!r} * {LINES}"], [(b"?", b"\n", LINES)] * LONG_ROUNDS))
    show("textbook", textbook(max(1, rounds // len(families.TEXTBOOK))))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
