"""What a real server does when its sessions, its clients or its machine fail.

Each time: no wrong verdict; every request gets a fair answer in its time; the next request succeeds;
gauges return to where they were; nothing leaks. ``engine`` runs each test with every prover present.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import statistics
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from pxl.kernel.build import default_kernel_dir
from pxl.prover.engines import EngineConfig
from tests.support import fake_prover, faulty_prover
from tests.support.prover import engines_present, is_running, stop, until
from tests.support.real_server import SLACK_S, Footprint, RealServer, serving, start, start_in_vain


@pytest.fixture(scope="module", params=engines_present(), ids=lambda config: config.kind)
def engine(request: pytest.FixtureRequest) -> EngineConfig:
    return request.param


@pytest.fixture(scope="module")
def orders(engine: EngineConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory in which the sessions of ``faulty`` find their orders."""
    return tmp_path_factory.mktemp("orders")


@pytest.fixture(scope="module")
def shared(engine: EngineConfig, orders: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """A server that must survive every test that uses it; its sessions take orders."""
    directory = tmp_path_factory.mktemp("shared")
    program = faulty_prover.executable(directory, orders, engine.binary)
    with serving(replace(engine, binary=program), directory / "log") as server:
        yield server


@pytest.fixture
def server(shared: RealServer, orders: Path) -> Iterator[RealServer]:
    """The shared server; after the test it must be as it was before."""
    until(shared.is_calm)
    before = shared.footprint()
    yield shared
    for order in orders.iterdir():
        order.unlink()
    assert shared.is_well()
    until(shared.is_calm)
    assert leaves(shared, before)
    assert "Traceback" not in shared.log.read_text()


def leaves(server: RealServer, before: Footprint) -> bool:
    """Say whether the server comes to hold no more than before."""
    until(lambda: server.footprint().is_within(before))
    return True


def healed(server: RealServer) -> bool:
    return server.is_calm() and server.is_well()


# Sessions that end, stop, or talk nonsense


def test_a_session_killed_while_idle_is_replaced_unnoticed(server: RealServer) -> None:
    pids = server.pids()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not any(is_running(pid) for pid in pids))
    assert server.is_well()


def test_a_session_killed_in_a_check_costs_the_client_nothing(server: RealServer) -> None:
    restarts = server.restarts()
    with ThreadPoolExecutor(1) as threads:
        answer = server.ask_in(threads, server.slow_goal())
        os.kill(server.checking(), signal.SIGKILL)
        assert answer.result().verdict == "proved"
    assert server.restarts() == restarts + 1


def test_a_goal_whose_sessions_are_killed_twice_is_refused(server: RealServer) -> None:
    with ThreadPoolExecutor(1) as threads:
        answer = server.ask_in(threads, server.slow_goal(), timeout_ms=20_000)
        first = server.checking()
        os.kill(first, signal.SIGKILL)
        os.kill(server.checking(other_than=first), signal.SIGKILL)
        reply = answer.result()
    assert reply.is_fair(True) and (reply.status, reply.document["code"]) == (503, "prover-crashed")


def test_a_session_stopped_in_a_check_makes_the_answer_unknown_in_time(server: RealServer) -> None:
    with ThreadPoolExecutor(1) as threads:
        answer = server.ask_in(threads, server.slow_goal(), timeout_ms=1500)
        pid = server.checking()
        os.kill(pid, signal.SIGSTOP)
        reply = answer.result()
    assert (reply.status, reply.verdict, reply.document["reason"]) == (200, "unknown", "timeout")
    assert 1.5 <= reply.took_s < 1.5 + SLACK_S
    assert server.is_well()
    until(lambda: not is_running(pid))


def test_idle_sessions_that_are_stopped_are_replaced_unnoticed(server: RealServer) -> None:
    pids = server.pids()
    stop(pids)
    replies = [server.ask(server.goal(True), timeout_ms=20_000) for _ in range(3)]
    assert [reply.verdict for reply in replies] == ["proved"] * 3
    assert all(reply.took_s < SLACK_S for reply in replies)
    until(lambda: not any(is_running(pid) for pid in pids))


@pytest.mark.parametrize("fault", ["garbage", "half", "close", "stderr", "refuse"])
def test_a_session_that_breaks_at_a_goal_costs_the_client_nothing(server: RealServer, orders: Path, fault: str) -> None:
    for valid in (True, False):
        (orders / fault).touch()
        reply = server.ask(server.goal(valid), timeout_ms=10_000)
        assert reply.verdict == ("proved" if valid else "refuted"), reply
        assert not list(orders.iterdir())


@pytest.mark.parametrize("fault", ["hang", "stderr-endless"])
def test_a_session_that_falls_silent_makes_the_answer_unknown_in_time(
        server: RealServer, orders: Path, fault: str) -> None:
    (orders / fault).touch()
    reply = server.ask(server.goal(True), timeout_ms=500)
    assert (reply.verdict, reply.document["reason"]) == ("unknown", "timeout")
    assert reply.took_s < 0.5 + SLACK_S


def test_a_session_that_talks_when_nobody_asked_is_not_asked_again(server: RealServer, orders: Path) -> None:
    (orders / "late-garbage").touch()
    assert server.ask(server.goal(False)).is_fair(False)
    assert server.is_well() and server.is_well()


# Many clients, hopeless goals, and clients that leave


def test_a_hundred_equal_goals_are_one_run(server: RealServer) -> None:
    def uses() -> int:
        return sum(session["uses"] for session in server.sessions())

    assert server.is_well()
    before, goal = uses(), server.slow_goal()
    with ThreadPoolExecutor(100) as threads:
        replies = list(threads.map(server.ask, [goal] * 100))
    assert {reply.verdict for reply in replies} == {"proved"}
    assert sum(not reply.document["shared"] and not reply.document["cache_hit"] for reply in replies) == 1
    assert uses() == before + 1


@pytest.mark.parametrize("pigeons", [7, 12], ids=["long to check", "long to search"])
def test_a_hopeless_goal_is_unknown_at_its_deadline(server: RealServer, pigeons: int) -> None:
    reply = server.ask(server.slow_goal(pigeons), timeout_ms=200)
    assert (reply.status, reply.verdict, reply.document["reason"]) == (200, "unknown", "timeout")
    assert 200 <= reply.document["latency_ms"] and reply.took_s < 0.2 + SLACK_S


def test_clients_that_leave_do_no_harm(server: RealServer) -> None:
    """A hundred clients reset their connections while their goals are worked on."""
    for number in range(100):
        goal = server.slow_goal(12) if number < 4 else server.goal(number % 2 == 0)
        body = b'{"goal": "%s", "timeout_ms": 1000}' % goal.replace("\\", "\\\\").encode()
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
            connection.sendall(b"POST /prove HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                               b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# A server with little: memory, places in the queue, open files


@pytest.fixture(scope="module")
def tight(engine: EngineConfig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """A server whose sessions have 200 MiB of memory, with room for four to wait."""
    with serving(engine, tmp_path_factory.mktemp("tight") / "log",
                 PXL_SESSION_MEMORY_MB="200", PXL_MAX_QUEUE="4", PXL_QUEUE_WAIT="2") as server:
        yield server


def test_sessions_killed_again_and_again_never_make_an_answer_wrong(tight: RealServer) -> None:
    """Four clients ask while fifty sessions are killed."""
    until(tight.is_calm)
    before, server = tight.footprint(), tight
    over = threading.Event()

    def client(number: int) -> list[bool]:
        fair = []
        while not over.is_set():
            valid = bool((number + len(fair)) % 2)
            reply = server.ask(server.goal(valid), timeout_ms=10_000)
            fair.append(reply.is_fair(valid) and reply.took_s < 10 + SLACK_S)
            if reply.status == 503:
                over.wait(0.1)
        return fair

    with ThreadPoolExecutor(4) as threads:
        clients = [threads.submit(client, number) for number in range(4)]
        killed: set[int] = set()
        deadline = time.monotonic() + 60
        try:
            while len(killed) < 50 and time.monotonic() < deadline:
                for session in server.sessions():
                    # Those that end unused make the pool wait longer and longer: not too many of them.
                    if session["pid"] not in killed and (session["uses"] or session["generation"] % 5 == 0):
                        os.kill(session["pid"], signal.SIGKILL)
                        killed.add(session["pid"])
                over.wait(0.02)      # leave the processors to the sessions
        finally:
            over.set()
        answers = [fair for client_ in clients for fair in client_.result()]
    assert len(killed) >= 50 and len(answers) >= 8
    assert all(answers)
    until(lambda: healed(server), 40)
    assert leaves(server, before)


def test_a_check_that_needs_more_memory_than_there_is_ends_honestly(tight: RealServer) -> None:
    before = tight.footprint()
    for _ in range(2):
        reply = tight.ask(tight.slow_goal(8), timeout_ms=20_000)
        assert reply.is_fair(True) and reply.verdict != "proved", reply
        assert tight.is_well()
    until(tight.is_calm)
    assert leaves(tight, before)


def test_a_flood_of_goals_is_answered_or_sent_away(tight: RealServer) -> None:
    """Three hundred different goals at once; meanwhile the server's health is told without delay."""
    until(tight.is_calm)
    before = tight.footprint()
    asked = [(n % 2 == 0, tight.goal(n % 2 == 0)) for n in range(300)]
    over, looks = threading.Event(), []

    def look() -> None:
        while not over.is_set():
            looks.append(tight.get("/health"))

    with ThreadPoolExecutor(61) as threads:
        looking = threads.submit(look)
        replies = list(threads.map(lambda each: tight.ask(each[1]), asked))
        over.set()
        looking.result()
    assert all(reply.is_fair(valid) for (valid, _), reply in zip(asked, replies))
    statuses = [reply.status for reply in replies]
    assert statuses.count(200) >= 20 and statuses.count(503) >= 20
    assert all(look.status == 200 for look in looks)
    assert statistics.median(look.took_s for look in looks) < 0.2 and max(look.took_s for look in looks) < SLACK_S
    assert healed(tight)
    assert leaves(tight, before)


def test_a_server_without_open_files_recovers(engine: EngineConfig, tmp_path: Path) -> None:
    limited = ("prlimit", "--nofile=64", "--")
    with serving(engine, tmp_path / "log", prefix=limited, PXL_MAX_QUEUE="4") as server:
        idle = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(80)]
        for pid in server.children():
            os.kill(pid, signal.SIGKILL)
        cpu_s, second = server.cpu_s(), time.monotonic() + 1
        until(lambda: time.monotonic() > second)
        assert server.cpu_s() - cpu_s < 0.5
        for connection in idle:
            connection.close()
        until(lambda: healed(server), 30)


# Provers that are broken from the start, or break for good


def test_a_prover_that_says_yes_to_everything_is_refused_at_the_start(engine: EngineConfig, tmp_path: Path) -> None:
    ended = start_in_vain(replace(engine, binary=fake_prover.executable(tmp_path, "none")))
    assert ended.returncode == 1
    assert "accepts a false theorem" in ended.stderr and "Traceback" not in ended.stderr
    assert "Serving" not in ended.stderr


def test_a_prover_that_does_not_start_is_named_and_ends_the_start(engine: EngineConfig, tmp_path: Path) -> None:
    began = time.monotonic()
    ended = start_in_vain(replace(engine, binary=fake_prover.executable(tmp_path, "crash-at-start")))
    assert ended.returncode == 1 and time.monotonic() - began < 10
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("serve_pxl.py:") and "exit status 3" in last and "cannot find the library" in last
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("order", "complaint"), [
    ("always-die", "cannot find the library"), ("always-yes", "accepts a false theorem")])
def test_a_prover_that_breaks_for_good_is_reported_until_it_is_mended(
        server: RealServer, orders: Path, order: str, complaint: str) -> None:
    (orders / order).touch()
    for pid in server.pids():
        os.kill(pid, signal.SIGKILL)
    until(lambda: server.get("/health").status == 503)
    until(lambda: server.ask(server.goal(True)).document.get("code") == "prover-error")
    for valid in (True, False):
        reply = server.ask(server.goal(valid))
        assert reply.status == 503 and reply.is_fair(valid) and reply.took_s < SLACK_S
        assert complaint in reply.document["detail"]
    assert server.get("/healthz").status == 200
    (orders / order).unlink()
    until(lambda: healed(server), 30)


def copy_of_kernel(directory: Path) -> Path:
    source = Path(os.environ.get("PXL_KERNEL_DIR") or default_kernel_dir())
    return Path(shutil.copytree(source, directory / "kernel"))


def flip_a_byte(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def test_a_kernel_with_a_flipped_byte_is_refused_at_the_start(engine: EngineConfig, tmp_path: Path) -> None:
    kernel = copy_of_kernel(tmp_path)
    flip_a_byte(kernel / "Transport.vo")
    ended = start_in_vain(engine, PXL_KERNEL_DIR=str(kernel))
    assert ended.returncode == 2
    assert "Transport.vo" in ended.stderr and "make kernel" in ended.stderr and "Traceback" not in ended.stderr


def test_a_kernel_that_changes_under_a_server_is_not_loaded(engine: EngineConfig, tmp_path: Path) -> None:
    kernel = copy_of_kernel(tmp_path)
    with serving(engine, tmp_path / "log", PXL_KERNEL_DIR=str(kernel)) as server:
        whole = (kernel / "Transport.vo").read_bytes()
        flip_a_byte(kernel / "Transport.vo")
        for pid in server.pids():
            os.kill(pid, signal.SIGKILL)
        until(lambda: server.ask(server.goal(True)).document.get("code") == "prover-error")
        reply = server.ask(server.goal(True))
        assert reply.status == 503 and "Transport.vo" in reply.document["detail"]
        assert server.get("/health").status == 503
        (kernel / "Transport.vo").write_bytes(whole)
        until(lambda: healed(server), 30)
        assert "Traceback" not in server.log.read_text()


# The server's own end, and its output


def test_a_killed_server_leaves_no_session_behind(engine: EngineConfig, tmp_path: Path) -> None:
    with serving(engine, tmp_path / "log") as server, ThreadPoolExecutor(1) as threads:
        answer = threads.submit(server.ask, server.slow_goal(8))
        server.checking()
        pids = server.pids()
        server.process.kill()
        until(lambda: not any(is_running(pid) for pid in pids), 2)
        assert isinstance(answer.exception(), OSError)


def test_a_stopped_session_does_not_keep_the_server_from_ending(engine: EngineConfig, tmp_path: Path) -> None:
    with serving(engine, tmp_path / "log", PXL_DRAIN_TIMEOUT="0.5") as server, ThreadPoolExecutor(1) as threads:
        answer = threads.submit(server.ask, server.slow_goal(8))
        pid = server.checking()
        os.kill(pid, signal.SIGSTOP)
        server.process.send_signal(signal.SIGTERM)
        reply = answer.result()
        assert (reply.status, reply.document["code"]) == (503, "shutting-down") and reply.is_fair(True)
        assert server.process.wait(10) == 0
        assert not is_running(pid)


def test_a_server_whose_sessions_do_not_get_ready_can_be_ended(engine: EngineConfig, tmp_path: Path) -> None:
    mute = replace(engine, binary=fake_prover.executable(tmp_path, "mute-at-start"))
    process = start(mute, tmp_path / "log")
    try:
        # The overlays' libraries are tried in a session first, which is as mute as the others.
        until(lambda: psutil.Process(process.pid).children())
        pids = [child.pid for child in psutil.Process(process.pid).children()]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert not any(is_running(pid) for pid in pids)
        assert "Traceback" not in (tmp_path / "log").read_text()
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("output", ["full", "closed", "unread"])
def test_output_that_nobody_takes_does_not_stop_the_server(engine: EngineConfig, tmp_path: Path, output: str) -> None:
    if output == "full":
        taker = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, taker = os.pipe()
        os.close(reader)
    prefix = ("sh", "-c", 'exec "$@" >&-', "sh") if output == "closed" else ()
    try:
        with serving(engine, tmp_path / "log", prefix=prefix, stdout=taker) as server:
            assert healed(server)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(10) == 0
    finally:
        os.close(taker)
