"""The operators' scripts against a real server, and against servers that are not right; and their timers."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.scripts import real_signed_server

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "scripts").glob("*.sh"))
BATS = sorted((ROOT / "tests" / "operations" / "bats").glob("*.bats"))
TIMERS = sorted((ROOT / "configs" / "systemd").glob("*.timer"))
KEY = "5f4dcc3b5aa765d61d8327deb882cf995f4dcc3b5aa765d61d8327deb882cf99"

EMPTY = {"logos_pxl_verification_ratio_percent": None, "logos_pxl_p95_latency_ms": None,
         "logos_pxl_session_pool_total": 0, "logos_pxl_session_pool_busy": 0}
BAD = {"logos_pxl_verification_ratio_percent": 89.5, "logos_pxl_p95_latency_ms": 300.25,
       "logos_pxl_cache_hit_rate_percent": 79.9, "logos_pxl_session_pool_total": 5, "logos_pxl_session_pool_busy": 4,
       "logos_pxl_cache_size": 3, "logos_pxl_cache_hits_total": 1, "logos_pxl_cache_misses_total": 2}


@contextmanager
def saying(status: int, media_type: str, text: str) -> Iterator[str]:
    """Serve one answer to every request."""
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@contextmanager
def silent() -> Iterator[str]:
    """Accept connections and never answer."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="module")
def servers(tmp_path_factory) -> Iterator[dict[str, str]]:
    """Start a real server and the others; return their addresses as the bats files know them."""
    with (real_signed_server(tmp_path_factory.mktemp("server"), KEY) as real,
          saying(200, "text/html", "<html>A page</html>") as html,
          saying(500, "application/problem+json", '{"ok": false, "error": "broken"}') as error,
          saying(200, "application/json", json.dumps(EMPTY)) as empty,
          saying(200, "application/json", json.dumps(BAD)) as bad, silent() as slow):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            dead = f"http://127.0.0.1:{closed.getsockname()[1]}"
        yield {"OK_URL": real.url, "OK_POOL": str(real.pool), "OK_KERNEL_DIR": str(real.kernel_dir), "HTML_URL": html,
               "ERROR_URL": error, "EMPTY_URL": empty, "BAD_URL": bad, "SLOW_URL": slow, "DEAD_URL": dead,
               "HMAC_SECRET_KEY": KEY, "PXL_TOKEN_FILE": str(real.token_file), "PXL_PYTHON": sys.executable}


@pytest.mark.parametrize("file", BATS, ids=lambda file: file.stem)
def test_bats(file: Path, servers: dict[str, str]) -> None:
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith(("PXL_", "HMAC_", "JWT_", "BASE_URL"))}
    done = subprocess.run(["bats", "--print-output-on-failure", str(file)], env=clean | servers, capture_output=True,
                          text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_scripts_are_clean() -> None:
    done = subprocess.run(["shellcheck", "--external-sources", *SCRIPTS, ROOT / "scripts" / "lib" / "common.sh"],
                          cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_can_be_run_and_is_strict(script: Path) -> None:
    assert os.access(script, os.X_OK)
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n") and "\nset -euo pipefail\n" in text


class TestTimers:
    def test_each_runs_a_script_that_is_there_at_a_time_of_its_own(self) -> None:
        times = []
        for timer in TIMERS:
            lines = dict(line.split("=", 1) for line in timer.read_text(encoding="utf-8").splitlines() if "=" in line)
            name = lines["Unit"].removeprefix("pxl-script@").removesuffix(".service")
            assert (ROOT / "scripts" / f"{name}.sh").is_file() and timer.name == f"pxl-{name}.timer"
            times.append(lines["OnCalendar"].split()[-2])
        assert len(set(times)) == len(times) == 7

    @pytest.mark.parametrize(("name", "calendar"), [
        ("rotate_logs", "*-*-* 02:00:00 UTC"), ("daily_health_check", "*-*-* 09:00:00 UTC"),
        ("weekly_performance_review", "Sun *-*-* 12:00:00 UTC"), ("weekly_security_audit", "Sun *-*-* 14:00:00 UTC"),
        ("monthly_capacity_review", "Mon *-*-01..07 09:30:00 UTC")])
    def test_the_documented_times_are_kept(self, name: str, calendar: str) -> None:
        timer = (ROOT / "configs" / "systemd" / f"pxl-{name}.timer").read_text(encoding="utf-8")
        assert f"OnCalendar={calendar}\n" in timer
        done = subprocess.run(["systemd-analyze", "calendar", calendar], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr

    def test_the_service_lets_its_scripts_sign_and_write_where_they_write(self) -> None:
        lines = (ROOT / "configs" / "systemd" / "pxl-script@.service").read_text(encoding="utf-8").splitlines()
        named = dict(line.removeprefix("Environment=").split("=", 1) for line in lines if line.startswith("Environment="))
        writable, = (line.split("=", 1)[1].replace("-/", "/").split() for line in lines if line.startswith("ReadWritePaths="))
        assert {named["PXL_LOG_DIR"], named["BACKUP_DIR"], named["EXPORT_DIR"]} <= set(writable)
        assert named["HMAC_SECRET_KEY_FILE"] == "%d/hmac-secret-key"
        assert "LoadCredential=hmac-secret-key:/etc/pxl/hmac-secret-key" in lines
        assert "SystemCallErrorNumber=EPERM" in lines       # a refused call is an error that is told, no SIGSYS

    def test_systemd_accepts_the_units(self, tmp_path: Path) -> None:
        # The program that the unit names is not installed here: a copy names one that is.
        for unit in (ROOT / "configs" / "systemd").iterdir():
            text = unit.read_text(encoding="utf-8").replace("/opt/logos-pxl-core/scripts/%i.sh", "/bin/true")
            (tmp_path / unit.name).write_text(text, encoding="utf-8")
        shutil.copy(tmp_path / "pxl-script@.service", tmp_path / "pxl-script@rotate_logs.service")
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", *sorted(map(str, tmp_path.glob("*.timer")))],
                              env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"}, capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
