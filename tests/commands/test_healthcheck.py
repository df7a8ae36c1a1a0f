"""The health check that containers run ends with 0 when the server can prove, else with 1, and says why."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pxl.prover.engines import EngineConfig
from tests.support.prover import engines_present, until
from tests.support.real_server import ROOT, RealServer, serving
from tests.support.replicas import free_port


def check(*options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PXL_")}
    return subprocess.run([sys.executable, "-m", "pxl.commands.healthcheck", *options], cwd=ROOT, env=kept | environ, capture_output=True,
                          text=True, check=False, timeout=30)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with serving(engines_present()[0], tmp_path_factory.mktemp("server") / "log", PXL_POOL_SIZE="1") as server:
        yield server


@contextmanager
def saying(answer: bytes) -> Iterator[int]:
    """Something that listens, and answers whatever is asked with these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(answer)
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_server_that_can_prove_is_healthy(server: RealServer) -> None:
    done = check(PXL_SERVER_PORT=str(server.port))
    assert (done.returncode, done.stdout, done.stderr) == (0, "healthy: 200 ok\n", "")


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1", "localhost"])
def test_it_asks_where_the_settings_say_that_the_server_listens(host: str, server: RealServer) -> None:
    assert check(PXL_SERVER_PORT=str(server.port), PXL_HOST=host).returncode == 0


def test_what_is_typed_goes_before_the_settings(server: RealServer) -> None:
    assert check("--port", str(server.port), "--host", "127.0.0.1", "--path", "/livez", "--timeout", "2").returncode == 0


def test_a_proxy_in_the_environment_is_not_asked(server: RealServer) -> None:
    assert check(PXL_SERVER_PORT=str(server.port), http_proxy="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9").returncode == 0


def test_a_server_that_cannot_prove_is_unhealthy_and_alive(tmp_path: Path) -> None:
    """Coq goes away while the server runs, and comes back."""
    engine, program = engines_present()[0], tmp_path / "coqidetop"
    program.symlink_to(engine.binary)
    with serving(EngineConfig("coqidetop", str(program)), tmp_path / "log", PXL_POOL_SIZE="1") as server:
        environ = {"PXL_SERVER_PORT": str(server.port)}
        assert check(**environ).returncode == 0
        program.unlink()
        program.symlink_to("/bin/false")
        os.kill(server.pids()[0], signal.SIGKILL)
        until(lambda: check(**environ).returncode == 1, 60)
        assert check(**environ).stdout.startswith("unhealthy: 503 fail ")
        assert check("--path", "/livez", **environ).returncode == 0
        program.unlink()
        program.symlink_to(engine.binary)
        until(lambda: check(**environ).returncode == 0, 60)


def test_nobody_there_is_unhealthy() -> None:
    done = check(PXL_SERVER_PORT=str(free_port()))
    assert done.returncode == 1 and "Connection refused" in done.stdout and done.stderr == ""


def test_a_silent_one_is_unhealthy_after_the_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = check("--timeout", "0.3", PXL_SERVER_PORT=str(listener.getsockname()[1]))
    assert done.returncode == 1 and "timed out" in done.stdout


UNWELL = b'{"status": "fail", "reasons": ["nothing proved", "for long"]}'


@pytest.mark.parametrize(("answer", "words"), [
    (b"HTTP/1.1 503 no\r\nContent-Length: %d\r\n\r\n%s" % (len(UNWELL), UNWELL), "unhealthy: 503 fail nothing proved; for long"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "unhealthy: "),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "unhealthy: "),
    (b"SSH-2.0-OpenSSH\r\n", "unhealthy: "), (b"", "unhealthy: ")])
def test_another_answer_is_unhealthy(answer: bytes, words: str) -> None:
    with saying(answer) as port:
        done = check(PXL_SERVER_PORT=str(port))
    assert done.returncode == 1 and done.stdout.startswith(words) and done.stderr == ""


@pytest.mark.parametrize("arguments", [("--nonsense",), ("--port", "many")])
def test_a_wrong_call_is_1_too_for_docker_keeps_2_for_itself(arguments: tuple[str, ...]) -> None:
    assert check(*arguments).returncode == 1


def test_bad_configuration_is_told(tmp_path: Path) -> None:
    done = check(PXL_POOL_SIZE="none")
    assert done.returncode == 1 and "PXL_POOL_SIZE" in done.stdout
