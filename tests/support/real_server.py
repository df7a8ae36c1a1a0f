"""A real server with real Coq sessions in a process of its own, to be broken from outside."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil

from benchmarks.families import pigeonhole_in_box
from pxl.formula import format_formula
from pxl.prover.engines import EngineConfig
from tests.support.prover import is_running, until

ROOT = Path(__file__).resolve().parents[2]
SLACK_S = 3.0       # for a busy machine; what the server promises itself is stated in each test


@dataclass(frozen=True)
class Reply:
    """One answer and how long it took, in seconds."""

    status: int
    headers: Any
    document: dict[str, Any]
    took_s: float

    @property
    def verdict(self) -> str | None:
        return self.document.get("verdict")

    def is_fair(self, valid: bool) -> bool:
        """Say whether this is a right verdict, an honest unknown, or a refusal that says when to come back."""
        if self.status == 503:
            return (self.document["ok"] is False and int(self.headers["Retry-After"]) >= 1
                    and self.headers["Content-Type"] == "application/problem+json")
        return (self.status == 200 and self.document["ok"] is (self.verdict == "proved")
                and self.verdict in (("proved" if valid else "refuted"), "unknown"))


@dataclass(frozen=True)
class Footprint:
    """What a leak adds to: threads, open files and child processes, zombies among them."""

    threads: int
    files: int
    children: int

    def is_within(self, other: Footprint) -> bool:
        # A connection that is being closed may have been counted there.
        return self.threads <= other.threads and self.files <= other.files and self.children == other.children


class RealServer:
    """What a test holds of a running server. Goals that it makes are new to the cache."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log
        self._numbers = itertools.count(1)

    # Asking

    def ask(self, goal: str, **members: Any) -> Reply:
        return self._request("POST", "/prove", json.dumps({"goal": goal, **members}))

    def ask_in(self, threads: ThreadPoolExecutor, goal: str, **members: Any) -> Future[Reply]:
        return threads.submit(self.ask, goal, **members)

    def goal(self, valid: bool) -> str:
        """Return a small goal that was not asked before, even under other names."""
        some = self._contingent()
        return f"BOX({some}) -> {some}" if valid else f"{some} -> BOX({some})"

    def slow_goal(self, pigeons: int = 7) -> str:
        """Return a valid goal that keeps the kernel for a second or more (seven pigeons), or for ever (twelve)."""
        return f"{self._contingent()} -> {format_formula(pigeonhole_in_box(pigeons))}"

    def _contingent(self) -> str:
        """Return a monotone formula, neither valid nor absurd, of a shape of its own."""
        number, text = next(self._numbers), "A"
        for place in range(number.bit_length()):
            text = f"({text} {'/' + chr(92) if number >> place & 1 else chr(92) + '/'} B{place})"
        return text

    def is_well(self) -> bool:
        """Ask a valid and an invalid goal; say whether both are decided, and rightly."""
        replies = [self.ask(self.goal(True)), self.ask(self.goal(False))]
        if [reply.verdict for reply in replies] == ["proved", "refuted"]:
            return True
        print(*replies, sep="\n")       # shown when the test fails
        return False

    # Looking

    def get(self, path: str) -> Reply:
        return self._request("GET", path)

    def _request(self, method: str, path: str, body: str | None = None) -> Reply:
        began = time.monotonic()
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            return Reply(response.status, response.headers, json.loads(response.read()), time.monotonic() - began)

    def details(self) -> dict[str, Any]:
        return self.get("/health/proof_server").document

    def sessions(self) -> list[dict[str, Any]]:
        return self.details()["sessions"]

    def pids(self) -> list[int]:
        return [session["pid"] for session in self.sessions()]

    def restarts(self) -> int:
        return sum(self.details()["restarts"].values())

    def is_calm(self) -> bool:
        """Say whether all sessions are there, idle, and nobody waits."""
        health = self.get("/health")
        pool = health.document["session_pool"]
        return (health.status == 200 and pool["idle_sessions"] == pool["max_pool_size"]
                and pool["waiting_requests"] == pool["busy_sessions"] == 0)

    def footprint(self) -> Footprint:
        process = psutil.Process(self.process.pid)
        return Footprint(process.num_threads(), process.num_fds(), len(process.children()))

    def children(self) -> list[int]:
        return [child.pid for child in psutil.Process(self.process.pid).children()]

    def cpu_s(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def checking(self, other_than: int = 0) -> int:
        """Wait until a session works on a check; return its process."""
        found: list[int] = []

        def is_checking() -> bool:
            found[:] = [session["pid"] for session in self.sessions()
                        if session["busy"] and session["pid"] != other_than and _is_computing(session["pid"])]
            return bool(found)
        until(is_checking, 20)
        return found[0]


def _is_computing(pid: int) -> bool:
    # While the search runs, the session that is held for it waits. The prover may be another program's child.
    try:
        process = psutil.Process(pid)
        return any(each.status() == psutil.STATUS_RUNNING for each in (process, *process.children()))
    except psutil.NoSuchProcess:
        return False


def environment(engine: EngineConfig, **settings: str) -> dict[str, str]:
    """Return the environment of a server on a free port with two sessions of an engine."""
    kind, variable = ("sertop", "PXL_SERTOP") if engine.kind == "serapi" else ("coqidetop", "PXL_COQIDETOP")
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("PXL_") or name == "PXL_KERNEL_DIR"}
    return {**kept, "PXL_SERVER_PORT": "0", "PXL_HOST": "127.0.0.1", "PXL_POOL_SIZE": "2", "PXL_DRAIN_TIMEOUT": "0",
            "PXL_ENGINE": kind, variable: engine.binary, **settings}


def command() -> list[str]:
    return [sys.executable, str(ROOT / "serve_pxl.py")]


def start(engine: EngineConfig, log: Path, prefix: Sequence[str] = (), stdout: int | None = None,
          **settings: str) -> subprocess.Popen[bytes]:
    """Start a server's process and do not wait for anything."""
    with log.open("wb") as errors:
        return subprocess.Popen([*prefix, *command()], cwd=ROOT, env=environment(engine, **settings),
                                stdin=subprocess.DEVNULL, stdout=stdout or errors, stderr=errors)


@contextmanager
def serving(engine: EngineConfig, log: Path, *, prefix: Sequence[str] = (), stdout: int | None = None,
            **settings: str) -> Iterator[RealServer]:
    """Run a server until the block ends, then see to it that nothing of it is left.

    ``prefix`` is a command that runs it; ``stdout`` an open file for its output instead of the log.
    """
    process = start(engine, log, prefix, stdout, **settings)
    children: list[psutil.Process] = []
    try:
        until(lambda: process.poll() is not None or _port(log) is not None, 60)
        port = _port(log)
        assert process.poll() is None and port is not None, log.read_text()
        yield RealServer(process, port, log)
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    until(lambda: not any(is_running(child.pid) for child in children))


def start_in_vain(engine: EngineConfig, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a server that cannot start; return how it ended."""
    return subprocess.run(command(), cwd=ROOT, env=environment(engine, **settings), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=30)


def _port(log: Path) -> int | None:
    found = re.search(r"Serving on http://\S+:(\d+)", log.read_text(errors="replace"))
    return int(found[1]) if found else None
