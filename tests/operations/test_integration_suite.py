"""The integration suite passes a server that is right, and fails each of many that are wrong in one way."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from pxl.client.signing import MessageAuth
from tests.support.live_server import running
from tests.support.scripts import real_signed_server

ROOT = Path(__file__).resolve().parents[2]
KEY = "8899aabbccddeeff00112233445566778899aabbccddeeff0011223344556677"
NO_MODEL = {"worlds": [{"name": "w0", "true": [], "designated": True}], "designated": "w0"}

Lie = Callable[[dict[str, Any]], dict[str, Any]]


def run(url: str, *more: str, **env: str) -> tuple[int, dict[str, Any], str]:
    """Run the suite as an operator does; return its status, its report and what it printed."""
    with_report = ["--json", "/dev/stderr"]
    done = subprocess.run([sys.executable, str(ROOT / "integration_test_suite.py"), "--url", url, "--formulas", "20",
                           "--load", "40", "--seed", "7", *with_report, *more], cwd=ROOT, env={"PATH": "/usr/bin:/bin", "PXL_TARGET_P95_MS": "20000", **env},
                          capture_output=True, text=True, timeout=200, check=False)
    assert done.stderr.startswith("{"), done.stderr
    return done.returncode, json.loads(done.stderr), done.stdout


@contextmanager
def telling(server: str, lie: Lie) -> Iterator[str]:
    """Stand between the suite and a server, and change what it says of goals."""
    session = requests.Session()
    session.trust_env = False

    class Liar(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.forward(None)

        def do_POST(self) -> None:
            self.forward(self.rfile.read(int(self.headers["Content-Length"])))

        def forward(self, body: bytes | None) -> None:
            kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "content-length")}
            reply = session.request(self.command, server + self.path, data=body, headers=kept, timeout=60)
            data = reply.content
            if self.path == "/prove" and reply.status_code == 200:
                data = json.dumps(lie(reply.json())).encode()
            self.send_response(reply.status_code)
            for name, value in reply.headers.items():
                if name.lower() not in ("content-length", "connection", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    class Listener(ThreadingHTTPServer):
        request_queue_size, daemon_threads = 128, True

    liar = Listener(("127.0.0.1", 0), Liar)
    thread = threading.Thread(target=liar.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{liar.server_port}"
    finally:
        liar.shutdown()
        thread.join(10)
        liar.server_close()
        session.close()


def yes(reply: dict[str, Any]) -> dict[str, Any]:
    return reply | {"ok": True, "verdict": "proved", "countermodel": None}


def no(reply: dict[str, Any]) -> dict[str, Any]:
    return reply | {"ok": False, "verdict": "refuted", "countermodel": reply["countermodel"] or NO_MODEL}


def at_random(reply: dict[str, Any]) -> dict[str, Any]:
    return random.choice((yes, no))(reply)


def rarely_wrong(reply: dict[str, Any]) -> dict[str, Any]:
    return yes(reply) if "possible" in reply["goal"] or len(reply["goal"]) % 11 == 0 else reply


def slowly(reply: dict[str, Any]) -> dict[str, Any]:
    threading.Event().wait(0.35 if reply['goal'].count('~') else 0)
    return reply


LIES: dict[str, Lie] = {
    "yes to all": yes,
    "no to all": no,
    "at random": at_random,
    "yes to a few": rarely_wrong,
    "unknown to all": lambda reply: reply | {"ok": False, "verdict": "unknown", "reason": "timeout"},
    "a countermodel that is none": lambda reply: reply | {"countermodel": reply["countermodel"] and NO_MODEL},
    "an answer to another goal": lambda reply: reply | {"goal": reply["goal"] + " "},
    "another kernel": lambda reply: reply | {"kernel_hash": "0" * 64},
    "nothing cached": lambda reply: reply | {"cache_hit": False},
    "a verdict without a theorem": lambda reply: reply | {"statement": reply["statement"] | {"coq": None}},
    "ok for refuted": lambda reply: reply | {"ok": True},
    "too slow": slowly,
}


@pytest.fixture(scope="module")
def honest() -> Iterator[str]:
    with running() as live:
        yield live.url


def test_a_server_that_is_right_passes(honest: str) -> None:
    status, report, said = run(honest)
    assert status == 0, said
    assert report["passed"] is True and report["failures"] == 0 and report["checks"] == len(report["results"]) > 60
    assert "checks passed." in said


@pytest.mark.parametrize("lie", LIES)
def test_a_server_that_is_wrong_fails(honest: str, lie: str) -> None:
    with telling(honest, LIES[lie]) as url:
        status, report, said = run(url, PXL_TARGET_P95_MS="300" if lie == "too slow" else "20000")
    assert status == 1 and report["passed"] is False, said


def test_the_proxy_itself_is_not_what_fails(honest: str) -> None:
    with telling(honest, lambda reply: reply) as url:
        status, _, said = run(url)
    assert status == 0, said


def test_nobody_there_is_a_failure() -> None:
    status, report, said = run("http://127.0.0.1:9")
    assert status == 1 and report["passed"] is False and "nothing answers" in said


def test_a_server_without_authentication_fails_when_there_is_a_key(honest: str) -> None:
    status, report, _ = run(honest, "--hmac-key", KEY)
    failed = {result["name"] for result in report["results"] if not result["passed"]}
    assert status == 1 and {"no signature: 401", "a request sent twice: 200, then 401"} <= failed


def test_a_wrong_call_is_2() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "integration_test_suite.py"), "--url", "localhost"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "--url" in done.stderr


@pytest.mark.parametrize(("more", "env", "told"), [
    ([], {"HMAC_SECRET_KEY_FILE": "/nobody/has/this"}, "/nobody/has/this"),
    ([], {"HMAC_SECRET_KEY_FILE": "/dev/null"}, "one line"),
    ([], {"HMAC_SECRET_KEY_FILE": "/dev/null", "HMAC_SECRET_KEY": KEY}, "unset one"),
    (["--jwt", "@/dev/null"], {}, "one line"),
])
def test_a_key_or_token_that_cannot_be_read_is_a_wrong_call(more: list[str], env: dict[str, str], told: str) -> None:
    done = subprocess.run([sys.executable, str(ROOT / "integration_test_suite.py"), *more], env=env,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and told in done.stderr, done.stderr


def test_a_real_server_with_keys_and_tokens_passes_with_every_overlay(tmp_path: Path) -> None:
    with real_signed_server(tmp_path, KEY, RATE_LIMIT_REQUESTS="100000",
                            PXL_RATE_LIMIT_TOTAL="0") as server:
        issued = requests.post(f"{server.url}/v1/auth/token", json={"roles": ["prove", "observe"]}, auth=MessageAuth(KEY), timeout=30)
        status, report, said = run(server.url, "--jwt", issued.json()["access_token"], HMAC_SECRET_KEY=KEY)
        key_file = tmp_path / "a key"
        key_file.write_text(KEY + "\n")
        with_key_only, _, said_then = run(server.url, HMAC_SECRET_KEY_FILE=str(key_file))
    assert status == 0, said
    assert with_key_only == 0 and "the metrics were not checked" in said_then, said_then
    names = {result["name"] for result in report["results"]}
    assert {"modal", "themi", "gnosi", "doxa", "tense", "chrono", "v4"} <= names
    assert "/v1 wants the token, whole" in names and "a request sent 16 times at once: exactly one 200" in names
