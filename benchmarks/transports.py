"""Compare ways to talk to one prover: this project's channel, and pexpect's two over pipes.

Each sends the same request (one small theorem, its assumptions, rollback) to coqidetop and
waits for its last answer. The echo row is the transport alone: one line there and back
through ``cat``. Run: ``python benchmarks/transports.py [rounds]``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

from pexpect import fdpexpect, popen_spawn

from pxl.prover.channel import Channel
from pxl.prover.coqidetop import add_call, edit_at_call

SENTENCES = ("Definition a := 1.", "Theorem g : a = 1.", "Proof.", "exact eq_refl.", "Qed.", "Print Assumptions g.")
INIT = b'<call val="Init"><option val="none"/></call>'
STATUS = '<call val="Status"><bool val="true"/></call>'
END = b"</value>"
FAR = 1e9


def requests(rounds: int) -> list[bytes]:
    """Return the rounds' requests, with the state ids that coqidetop will count."""
    found, last = [], 1
    for _ in range(rounds):
        tops = (1, *range(last + 1, last + len(SENTENCES)))
        adds = "".join(add_call(text, top) for top, text in zip(tops, SENTENCES))
        found.append((adds + STATUS + edit_at_call(1)).encode())
        last += len(SENTENCES)
    return found


def channel(argv: list[str]) -> tuple[Callable[[bytes], None], Callable[[bytes], bytes], Callable[[], None]]:
    """Talk through this project's channel."""
    pipes = Channel(argv, dict(os.environ), max_answer_bytes=1 << 24)
    return (lambda data: pipes.write(data, FAR, after_silence=False),
            lambda end: pipes.read_until(end, FAR, opening=[b""]), pipes.close)


def fdspawn(argv: list[str]) -> tuple[Callable[[bytes], None], Callable[[bytes], bytes], Callable[[], None]]:
    """Talk through pipes that ``fdpexpect.fdspawn`` reads (with poll, 64 KiB at a time)."""
    process = subprocess.Popen(argv, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    reader = fdpexpect.fdspawn(process.stdout, timeout=30, maxread=65536, use_poll=True)
    # Its default waits 0.1 ms after each read.
    reader.delayafterread = None

    def read(end: bytes) -> bytes:
        reader.expect_exact(end)
        return reader.before + end

    def close() -> None:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()

    return process.stdin.write, read, close


def spawn(argv: list[str]) -> tuple[Callable[[bytes], None], Callable[[bytes], bytes], Callable[[], None]]:
    """Talk through ``popen_spawn.PopenSpawn``, which reads in a thread of its own."""
    child = popen_spawn.PopenSpawn(argv, timeout=30, maxread=65536)

    def read(end: bytes) -> bytes:
        child.expect_exact(end)
        return child.before + end

    def close() -> None:
        child.kill(9)
        child.wait()

    return child.write, read, close


def measure(name: str, open_: Callable, rounds: int) -> None:
    """Print p50 and p95 of a goal and of an echo, in milliseconds."""
    coqidetop = shutil.which("coqidetop.opt") or "coqidetop"
    write, read, close = open_([coqidetop, "-q", "-async-proofs", "off", "-main-channel", "stdfds"])
    write(INIT)
    read(END)
    goals = []
    for request in requests(rounds):
        began = time.perf_counter()
        write(request)
        answer = b"".join(read(END) for _ in range(len(SENTENCES) + 2))
        goals.append(time.perf_counter() - began)
        assert b"Closed&nbsp;under" in answer and not re.search(rb'<value val="fail"', answer)
    close()
    write, read, close = open_(["cat"])
    echoes = []
    for _ in range(rounds):
        began = time.perf_counter()
        write(b"hello\n")
        read(b"\n")
        echoes.append(time.perf_counter() - began)
    close()
    print(f"{name:12} goal {_milliseconds(goals)}   echo {_milliseconds(echoes)}")


def _milliseconds(times: list[float]) -> str:
    ranked = sorted(times)
    return f"p50 {ranked[len(ranked) // 2] * 1e3:5.2f}  p95 {ranked[len(ranked) * 95 // 100] * 1e3:5.2f} ms"


if __name__ == "__main__":
    rounds_ = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for name_, open_transport in (("channel", channel), ("fdspawn", fdspawn), ("PopenSpawn", spawn)):
        measure(name_, open_transport, rounds_)
