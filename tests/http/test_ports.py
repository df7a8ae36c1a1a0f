"""The ports of early documents lead to the same server, when they are asked for."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pxl.errors import ConfigError
from pxl.settings import Settings
from tests.support.prover import engines_present
from tests.support.real_server import ROOT, serving
from tests.support.replicas import free_port, send

ALIASES = ("PXL_CORE_PORT", "OVERLAY_CHRONO_PORT", "OVERLAY_V4_PORT")


def test_they_are_off_unless_set() -> None:
    assert Settings.from_env({}).ports == (8088,)
    assert Settings.from_env({name: "" for name in ALIASES}).ports == (8088,)


def test_each_has_its_variable() -> None:
    assert Settings.from_env(dict(zip(ALIASES, ("8080", "8081", "8082")))).ports == (8088, 8080, 8081, 8082)


@pytest.mark.parametrize("environ", [{"PXL_CORE_PORT": "8088"}, {"PXL_CORE_PORT": "81", "OVERLAY_V4_PORT": "81"}])
def test_one_port_twice_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="name one port twice"):
        Settings.from_env(environ)


@pytest.mark.parametrize("text", ["0", "65536", "http"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="OVERLAY_V4_PORT"):
        Settings.from_env({"OVERLAY_V4_PORT": text})


def test_every_port_answers_the_same_and_stops_with_the_server(tmp_path: Path) -> None:
    ports = [free_port() for _ in ALIASES]
    log = tmp_path / "log"
    with serving(engines_present()[0], log, PXL_POOL_SIZE="1", **dict(zip(ALIASES, map(str, ports)))) as server:
        for port in (server.port, *ports):
            assert send(port, "GET", "/healthz").status == send(port, "GET", "/health").status == 200
            reply = send(port, "POST", "/prove", b'{"goal": "BOX(A -> A)"}', {"Content-Type": "application/json"})
            assert reply.document["ok"] is True
            assert f"Serving on http://127.0.0.1:{port}" in log.read_text()
        assert server.port not in ports
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_one_that_is_taken_stops_the_start_and_names_the_variables() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run([sys.executable, "serve_pxl.py"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
                              env=os.environ | {"PXL_SERVER_PORT": "0", "OVERLAY_V4_PORT": str(taken.getsockname()[1])})
    assert done.returncode == 2
    assert "Address already in use" in done.stderr and "OVERLAY_V4_PORT" in done.stderr and "Traceback" not in done.stderr
