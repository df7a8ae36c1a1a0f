"""SIGTERM lets work in flight finish, refuses new work, and ends with status 0."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from pxl.errors import ShuttingDown
from pxl.http.drain import Drain
from tests.support.fake_decider import Clock, eventually

ROOT = Path(__file__).resolve().parents[2]


class TestDrain:
    def test_it_is_open_until_told(self):
        drain = Drain(30)
        drain.admit()
        assert not drain.is_draining and not drain.is_expired and drain.remaining_s() == float("inf")

    def test_it_refuses_new_work_and_expires_when_its_time_is_over(self):
        clock = Clock()
        drain = Drain(30, clock)
        drain.begin()
        with pytest.raises(ShuttingDown) as caught:
            drain.admit()
        assert caught.value.retry_after_s == 30
        clock.now += 29
        assert not drain.is_expired
        clock.now += 1
        assert drain.is_expired and not drain.is_urgent

    def test_a_second_call_is_urgent_and_does_not_lengthen_the_time(self):
        clock = Clock()
        drain = Drain(30, clock)
        drain.begin()
        clock.now += 10
        drain.begin()
        assert drain.is_urgent and drain.remaining_s() == 20


class Program:
    """A server in a process of its own, which holds its proofs until told."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{process.stdout.readline().strip()}"

    def prove(self) -> requests.Response:
        return requests.post(self.url + "/prove", json={"goal": "A -> A"}, timeout=30)

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, timeout=30)

    def let_proofs_finish(self) -> None:
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        eventually(lambda: self.get("/readyz").status_code == 503)

    def has_work(self) -> bool:
        return self.get("/health/proof_server").json()["cache"]["misses"] > 0


@contextmanager
def program(drain_timeout: str) -> Iterator[Program]:
    process = subprocess.Popen([sys.executable, "-m", "tests.support.live_server", drain_timeout], text=True, cwd=ROOT,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"})
    try:
        yield Program(process)
    finally:
        process.kill()
        process.communicate()


def test_work_in_flight_finishes_and_new_work_is_refused():
    with program("20") as server, ThreadPoolExecutor(1) as threads:
        in_flight = threads.submit(server.prove)
        eventually(server.has_work)
        server.terminate()
        refused = server.prove()
        assert refused.status_code == 503 and refused.json()["code"] == "shutting-down"
        assert int(refused.headers["Retry-After"]) >= 1
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert server.get("/healthz").status_code == 200
        assert server.get("/health").json()["ready"] is False
        server.let_proofs_finish()
        assert in_flight.result().json()["verdict"] == "proved"
        assert server.process.wait(10) == 0


def test_an_idle_server_ends_at_once():
    with program("20") as server:
        server.get("/healthz")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(5) == 0


def test_work_that_outlives_the_drain_is_answered_503_and_not_cut_off():
    with program("0.3") as server, ThreadPoolExecutor(1) as threads:
        in_flight = threads.submit(server.prove)
        eventually(server.has_work)
        server.process.send_signal(signal.SIGTERM)
        response = in_flight.result()
        assert response.status_code == 503 and response.json()["code"] == "shutting-down"
        assert server.process.wait(10) == 0


def test_a_second_sigterm_ends_at_once():
    with program("60") as server, ThreadPoolExecutor(1) as threads:
        in_flight = threads.submit(server.prove)
        eventually(server.has_work)
        server.terminate()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(5) == 1
        assert isinstance(in_flight.exception(), requests.ConnectionError)
