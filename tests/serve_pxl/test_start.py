"""The server as an operator starts it: its lines, its log, its end."""

from __future__ import annotations

import re
import secrets
import signal
import time
from pathlib import Path

import pytest
import requests

from pxl.access.signing import sign_v1
from tests.support.fake_decider import eventually
from tests.support.started_server import LINES, started, url_of

ROOT = Path(__file__).resolve().parents[2]


def test_the_lines_of_the_start_are_those_that_operators_know():
    with started() as (process, lines):
        assert len(lines) == len(LINES), "\n".join(lines)
        found = {}
        for line, pattern in zip(lines, LINES, strict=True):
            match = re.fullmatch(pattern, line)
            assert match, line
            found |= match.groupdict()
        assert found["hash"].startswith(found["short"])
        health = requests.get(found["url"] + "/health", timeout=30).json()
        assert health["ready"] is True and health["kernel_hash"] == found["hash"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_debug_logs_more_and_shows_clients_nothing_of_it(signum):
    with started("--debug") as (process, lines):
        answer = requests.post(url_of(lines) + "/prove", json={"goal": "BOX(A -> A)"}, timeout=30)
        assert answer.json()["verdict"] == "proved" and "DEBUG" not in answer.text
        refused = requests.post(url_of(lines) + "/prove", data=b"{", headers={"Content-Type": "application/json"}, timeout=30)
        assert refused.status_code == 400 and "Traceback" not in refused.text
        process.send_signal(signum)
        log, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        assert re.search(r"^DEBUG:pxl.service:proved \(decided\) in [0-9.]+ ms: BOX\(A -> A\)$", log, re.MULTILINE)
        assert re.search(r"^DEBUG:pxl.http:[0-9a-f]{32} POST /prove 200$", log, re.MULTILINE)
        assert log.rstrip().endswith("INFO:pxl:stopped: every request was answered")


def test_with_authentication_the_start_says_so_and_the_key_is_read_again_on_sighup(tmp_path):
    first, second = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2, "ffeeddccbbaa99887766554433221100" * 2
    file, body = tmp_path / "key", b'{"goal": "BOX(A -> A)"}'
    file.write_text(first)

    def status(url: str, key: str) -> int:
        # A second ahead: what was signed in the second of the start is refused.
        stamp, nonce = str(int(time.time()) + 1), secrets.token_urlsafe(16)
        signature = sign_v1(key.encode(), stamp, nonce, body)
        return requests.post(f"{url}/prove", data=body, timeout=30, headers={
            "Content-Type": "application/json", "X-Timestamp": stamp, "X-Nonce": nonce, "X-Signature": signature}).status_code

    with started(ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY_FILE=str(file), PXL_HOST="127.0.0.1") as (process, lines):
        assert "HMAC Authentication: Enabled" in lines
        url = url_of(lines)
        assert requests.post(f"{url}/prove", data=body, timeout=30).status_code == 401
        assert (status(url, first), status(url, second)) == (200, 401)
        file.write_text(second)
        process.send_signal(signal.SIGHUP)
        eventually(lambda: status(url, second) == 200)
        assert status(url, first) == 401
        health = requests.get(f"{url}/health", timeout=30)
        assert health.json()["warnings"] == []
        for header, member in (("X-PXL-Coqchk", "coqchk"), ("X-Build-SHA", "build_sha"), ("X-V4-SHA", "v4_sha")):
            assert health.headers[header] == health.json()[member]
        assert re.fullmatch("unverified|verified-[0-9]{8}_[0-9]{6}", health.headers["X-PXL-Coqchk"])
        assert re.fullmatch("[0-9a-f]{64}", health.headers["X-V4-SHA"])


def test_an_open_address_without_authentication_is_warned_about():
    with started(PXL_HOST="0.0.0.0") as (_, lines):
        assert any("without authentication" in line and line.startswith("WARNING") for line in lines), lines
        url = f"http://127.0.0.1:{url_of(lines).rpartition(':')[2]}"
        health = requests.get(f"{url}/health", timeout=30)
        assert "without authentication" in health.json()["warnings"][0]
