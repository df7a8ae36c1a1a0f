"""The service manager hears the truth: ready when goals can be proved, alive while the pool is, stopping when told to stop."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from pxl.host.notify import Notifier, Watchdog
from tests.support.prover import engines_present, until
from tests.support.real_server import ROOT, serving

PTRACE_ATTACH, PTRACE_DETACH = 16, 17
WAIT_FOR_ANY_THREAD = 0x40000000        # __WALL


class Manager:
    """A service manager's end of the socket; what it heard, and when (``time.monotonic``)."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.heard: list[tuple[float, str]] = []

    def close(self) -> None:
        self._socket.close()

    def listen(self, seconds: float) -> None:
        """Take in all that comes in that time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            with contextlib.suppress(TimeoutError):
                self.heard.append((time.monotonic(), self._socket.recv(4096).decode()))

    def next(self, start: str, seconds: float = 10.0) -> str:
        """Wait for a message that begins so; what comes before it is passed over."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            with contextlib.suppress(TimeoutError):
                text = self._socket.recv(4096).decode()
                self.heard.append((time.monotonic(), text))
                if text.startswith(start):
                    return text
        raise AssertionError(f"no {start} in {seconds} s, only {self.heard[-5:]}")

    def beats_since(self, moment: float) -> int:
        return sum(at >= moment and text == "WATCHDOG=1" for at, text in self.heard)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(str(tmp_path / "notify"))
    yield manager
    manager.close()


def test_nothing_is_sent_without_a_manager() -> None:
    for environ in ({}, {"NOTIFY_SOCKET": "vsock:2:1234"}, {"NOTIFY_SOCKET": ""}, {"WATCHDOG_USEC": "1000"}):
        notifier = Notifier.from_env(environ)
        assert notifier.watchdog_s is None
        notifier.ready("")


@pytest.mark.parametrize(("environ", "watchdog_s"), [
    ({"WATCHDOG_USEC": "30000000"}, 30.0),
    ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
    ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),      # meant for another process
    ({"WATCHDOG_USEC": "0"}, None), ({"WATCHDOG_USEC": "-5"}, None), ({"WATCHDOG_USEC": "soon"}, None), ({}, None)])
def test_the_watchdogs_time_is_read_from_the_environment(environ: dict[str, str], watchdog_s: float | None) -> None:
    assert Notifier.from_env({"NOTIFY_SOCKET": "/run/notify", **environ}).watchdog_s == watchdog_s


@pytest.mark.parametrize("kind", ["file", "abstract"])
def test_every_state_is_said_in_the_protocols_words(kind: str, tmp_path: Path) -> None:
    manager = Manager(f"@pxl-test-{os.getpid()}" if kind == "abstract" else str(tmp_path / "notify"))
    with contextlib.closing(manager):
        notifier = Notifier.from_env({"NOTIFY_SOCKET": manager.address})
        notifier.ready("serving")
        assert manager.next("READY") == "READY=1\nSTATUS=serving"
        notifier.reloading()
        assert manager.next("RELOADING").startswith("RELOADING=1\nMONOTONIC_USEC=")
        notifier.stopping("going")
        assert manager.next("STOPPING") == "STOPPING=1\nSTATUS=going"
        notifier.status("some text")
        assert manager.next("STATUS") == "STATUS=some text"
        notifier.alive()
        assert manager.next("WATCHDOG") == "WATCHDOG=1"


def test_a_manager_that_is_gone_harms_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Notifier.from_env({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready("serving")
    assert "the service manager was not reached" in caplog.text


def test_one_part_that_stands_still_ends_the_beats_and_they_return_with_it(manager: Manager) -> None:
    ages = {"pool": 0.0, "loop": 0.0}
    notifier = Notifier(manager.address, watchdog_s=0.3)
    watchdog = Watchdog(notifier, {"pool": lambda: ages["pool"], "loop": lambda: ages["loop"]})
    watchdog.start()
    try:
        manager.next("WATCHDOG")
        for part in ages:
            ages[part] = 100.0
            manager.next(f"STATUS=the {part} has not moved for 100 s")
            moment = time.monotonic()
            manager.listen(0.5)
            assert manager.beats_since(moment) == 0
            ages[part] = 0.0
            manager.next("WATCHDOG")
    finally:
        watchdog.stop()
    moment = time.monotonic()
    manager.listen(0.3)
    assert manager.beats_since(moment) == 0


def test_a_real_server_says_when_it_is_ready_reloads_and_stops(manager: Manager, tmp_path: Path) -> None:
    with serving(engines_present()[0], tmp_path / "log", NOTIFY_SOCKET=manager.address, PXL_POOL_SIZE="1",
                 WATCHDOG_USEC="600000") as server:
        assert manager.next("READY", 30) == f"READY=1\nSTATUS=serving on 127.0.0.1:{server.port} with 1 sessions"
        assert server.get("/readyz").status == 200
        manager.next("WATCHDOG")
        server.process.send_signal(signal.SIGHUP)
        manager.next("RELOADING=1\nMONOTONIC_USEC=")
        manager.next("READY")
        server.process.send_signal(signal.SIGTERM)
        manager.next("STOPPING=1\nSTATUS=finishing the requests in flight")
        assert server.process.wait(20) == 0


def test_a_start_that_fails_never_says_ready(manager: Manager, tmp_path: Path) -> None:
    engine = engines_present()[0]
    done = subprocess.run([sys.executable, "serve_pxl.py"], cwd=ROOT, timeout=60, check=False, capture_output=True, env={
        **os.environ, "NOTIFY_SOCKET": manager.address, "PXL_SERVER_PORT": "0", "PXL_ENGINE": "coqidetop",
        "PXL_COQIDETOP": "/bin/false", "PXL_POOL_SIZE": "1"})
    assert done.returncode != 0, engine
    manager.listen(0.1)
    assert not [text for _, text in manager.heard if text.startswith("READY")]


@contextlib.contextmanager
def stopped(thread: int) -> Iterator[None]:
    """Hold one thread of another process, as a debugger does, while all its others run on."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.ptrace(PTRACE_ATTACH, thread, None, None) == 0, os.strerror(ctypes.get_errno())
    os.waitpid(thread, WAIT_FOR_ANY_THREAD)
    try:
        yield
    finally:
        libc.ptrace(PTRACE_DETACH, thread, None, None)


def supervisor_of(process: int, session: int) -> int:
    """Return the thread that started a session."""
    for task in Path(f"/proc/{process}/task").iterdir():
        if str(session) in (task / "children").read_text().split():
            return int(task.name)
    raise AssertionError("no thread has this child")


def test_the_watchdog_starves_when_the_pools_supervisor_hangs_although_http_answers(manager: Manager, tmp_path: Path) -> None:
    with serving(engines_present()[0], tmp_path / "log", NOTIFY_SOCKET=manager.address, PXL_POOL_SIZE="1",
                 WATCHDOG_USEC="600000") as server:
        manager.next("READY", 30)
        with stopped(supervisor_of(server.process.pid, server.pids()[0])):
            manager.next("STATUS=the pool's supervisor has not moved for ", 15)
            moment = time.monotonic()
            manager.listen(1.5)
            assert manager.beats_since(moment) == 0
            with urlopen(f"http://127.0.0.1:{server.port}/livez", timeout=10) as reply:
                assert reply.status == 200
        manager.next("WATCHDOG")
        until(lambda: "the service manager is no longer told" in (tmp_path / "log").read_text())
