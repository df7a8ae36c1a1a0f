"""Stand between the server and a real prover, and break what passes when told.

Run as ``faulty_prover.py ORDERS PROVER [the prover's own arguments]``. Before each goal, and at
its start, it looks into the directory ORDERS for a file named after one of the faults below; it
removes the file and commits the fault, so that one order is one fault, in whichever session comes
first. An order to commit ``always-FAULT`` stays. ``executable`` writes a program that tests can start as the prover.
"""

from __future__ import annotations

import os
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Container
from pathlib import Path

# A goal begins with these bytes on their way to the prover, and its theorem with the second ones.
GOAL = b"Definition goal"
PROVED = b"Prov goal."
# What only a goal of nine atoms or more has, and how long the fault "slow" holds one up.
NINTH_ATOM = b"(Atom 9)"
SLOW_S = 0.6

AT_GOAL = {
    "garbage": "answers with bytes that are no protocol's",
    "half": "ends in the middle of its answer",
    "hang": "never answers",
    "close": "closes its output and lives on",
    "stderr": "writes 4 MiB to standard error, then answers as it should",
    "stderr-endless": "writes to standard error for ever and never answers",
    "late-garbage": "answers as it should, and goes on talking",
    "refuse": "refuses this goal and every other from then on",
    "slow": "answers late when the goal has nine atoms or more, without using the processor meanwhile",
}
AT_START = {
    "die": "does not start",
    "mute": "starts and never greets",
    "yes": "is another program, which says yes to everything",
}


def executable(directory: Path, orders: Path, prover: str) -> str:
    """Write a program that passes everything on to the prover until it finds an order."""
    program = directory / f"faulty-{Path(prover).name}"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{Path(__file__).resolve()}" "{orders}" "{prover}" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def ordered(orders: str, faults: Container[str]) -> str:
    """Return which of these faults to commit now, empty when none is ordered."""
    for name in sorted(os.listdir(orders)):
        fault = name.removeprefix("always-")
        if fault not in faults:
            continue
        try:
            if fault == name:
                os.unlink(os.path.join(orders, name))
            return fault
        except FileNotFoundError:
            pass            # another session was faster
    return ""


def say(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data):]


def main(orders: str, argv: list[str]) -> int:
    """Pass bytes both ways until one side ends."""
    match ordered(orders, AT_START):
        case "die":
            say(2, b"Error: cannot find the library")
            return 3
        case "mute":
            signal.pause()
        case "yes":
            fake = Path(__file__).with_name("fake_prover.py")
            os.execv(sys.executable, [sys.executable, "-S", str(fake), "none", *argv[1:]])
    prover = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    to, out = prover.stdin.fileno(), prover.stdout.fileno()
    fault = ""
    while True:
        ready, _, _ = select.select([0, out], [], [])
        if 0 in ready:
            request = os.read(0, 1 << 16)
            if not request:
                return 0
            if GOAL in request:
                fault = fault if fault == "refuse" else ordered(orders, AT_GOAL)
                commit_before(fault, request)
                if fault == "refuse":
                    request = request.replace(PROVED, b"Prov gaol.")
            say(to, request)
        if out in ready:
            answer = os.read(out, 1 << 16)
            if not answer:
                return 1
            if fault == "half":
                say(1, answer[:len(answer) // 2])
                return 0
            say(1, answer)
            if fault == "late-garbage":
                say(1, b"\x00 and another thing")


def commit_before(fault: str, request: bytes) -> None:
    """Commit the faults that need no answer of the prover's."""
    if fault == "garbage":
        say(1, b"\x00\xff\xfe) segfault ((\n")
    elif fault == "hang":
        signal.pause()
    elif fault == "slow" and NINTH_ATOM in request:
        time.sleep(SLOW_S)
    elif fault == "close":
        os.close(1)
        signal.pause()
    elif fault == "stderr":
        for _ in range(1024):
            say(2, b"warning: " + b"x" * 4086 + b"\n")
    elif fault == "stderr-endless":
        while True:
            say(2, b"warning " * 512)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
