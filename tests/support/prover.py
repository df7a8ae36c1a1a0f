"""What the tests of the prover share: the engines present, and waiting without sleeping long."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from pxl.prover.engines import EngineConfig

SERTOP_VARIABLE = "PXL_TEST_SERTOP"


def engines_present() -> list[EngineConfig]:
    """Return coqidetop always, and sertop where PXL_TEST_SERTOP or PATH has it."""
    coqidetop = shutil.which("coqidetop.opt") or shutil.which("coqidetop") or "coqidetop"
    found = [EngineConfig("coqidetop", coqidetop)]
    if sertop := shutil.which(os.environ.get(SERTOP_VARIABLE) or "sertop"):
        found.append(EngineConfig("serapi", sertop))
    return found


def soon(seconds: float = 10.0) -> float:
    """Return a deadline that a healthy machine keeps easily."""
    return time.monotonic() + seconds


def until(claim: Callable[[], bool], seconds: float = 60.0) -> None:
    """Poll until the claim holds; fail when it does not come to."""
    deadline = soon(seconds)
    while not claim():
        assert time.monotonic() < deadline, f"still not so after {seconds} s: {claim}"
        threading.Event().wait(0.005)


def is_running(pid: int) -> bool:
    """Say whether the process exists and is no zombie."""
    return _state(pid) not in b"ZX"


def _state(pid: int) -> bytes:
    """Return the letter of a process's state, X when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return b"X"


def stop(pids: Iterable[int]) -> None:
    """Stop processes with SIGSTOP, and wait until they are: the system takes its time."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    until(lambda: all(_state(pid) in b"TZX" for pid in pids))


def open_files() -> int:
    """Return how many file descriptors this process holds."""
    return len(os.listdir("/proc/self/fd"))


def children() -> list[int]:
    """Return this process's children, zombies among them."""
    found = []
    for task in os.listdir("/proc/self/task"):
        # A thread of another test's server may end just now.
        with suppress(FileNotFoundError), open(f"/proc/self/task/{task}/children") as file:
            found += [int(pid) for pid in file.read().split()]
    return found
