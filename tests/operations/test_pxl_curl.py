"""scripts/pxl-curl.sh: signs as the server verifies, and shows the key to nobody."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from pxl.client import HmacAuth
from tests.support.live_server import running
from tests.support.signing_stub import KEY, Scripted, Verified, serving

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "pxl-curl.sh"


def ask(*arguments: str, stdin: str | bytes = b"", **env: str) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HMAC_")}
    data = stdin.encode() if isinstance(stdin, str) else stdin
    return subprocess.run([SCRIPT, *arguments], env=clean | env, input=data, capture_output=True, timeout=60)


def signed_headers(body: bytes, key: bytes) -> dict[str, str]:
    done = subprocess.run([SCRIPT, "--sign"], env=os.environb | {b"HMAC_SECRET_KEY": key}, input=body,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return dict(line.split(": ") for line in done.stdout.decode().splitlines())


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=200), st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=90))
def test_it_signs_any_body_under_any_key_as_the_python_client_does(body, key):
    if not key.strip():
        return
    headers = signed_headers(body, key.encode())
    auth = HmacAuth(key, clock=lambda: int(headers["X-Timestamp"]), make_nonce=lambda: headers["X-Nonce"])
    assert auth.headers(body).items() >= headers.items() and len(headers["X-Nonce"]) == 32


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
def test_a_key_of_any_length_is_right(length):
    headers = signed_headers(b"x\0\n", b"k" * length)
    auth = HmacAuth("k" * length, clock=lambda: int(headers["X-Timestamp"]), make_nonce=lambda: headers["X-Nonce"])
    assert auth.headers(b"x\0\n").items() >= headers.items()


class TestAsking:
    @pytest.mark.parametrize("goal", ["BOX(A -> A)", r"A /\ B -> A \/ C", "□(p → p)", "A\t->\r\n A"])
    def test_a_signed_goal_reaches_the_server_as_it_was_written(self, goal):
        with serving(Verified(Scripted())) as url:
            done = ask("--server", url, goal, HMAC_SECRET_KEY=KEY)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["goal"] == goal

    def test_without_a_key_nothing_is_signed(self):
        app = Scripted()
        with serving(app) as url:
            assert ask("--server", url + "/", "A", "--timeout", "5", "--certificate").returncode == 0
        assert not any("SIGNATURE" in name for name in app.seen[0]["headers"]) and app.seen[0]["path"] == "/prove"
        assert json.loads(app.seen[0]["body"]) == {"goal": "A", "timeout_ms": 5000, "certificate": True}

    def test_the_goal_may_come_in_and_curl_may_be_told_more(self):
        app = Scripted()
        with serving(app) as url:
            done = ask("-", "--server", url, "--", "--header", "X-Request-ID: mine", stdin='A /\\ "\n')
        assert done.returncode == 0 and app.seen[0]["headers"]["X_REQUEST_ID"] == "mine"
        assert json.loads(app.seen[0]["body"])["goal"] == 'A /\\ "'

    def test_a_refusal_is_22_with_the_servers_words(self):
        with running() as live:
            done = ask("--server", live.url, "A ->")
            assert done.returncode == 22 and json.loads(done.stdout)["code"] == "formula-syntax"
            assert json.loads(ask("--server", live.url, "A -> BOX(A)").stdout)["verdict"] == "refuted"

    def test_the_key_may_be_in_a_file(self, tmp_path):
        file = tmp_path / "key"
        for text in (KEY, KEY + "\n", KEY + "\r\n"):
            file.write_bytes(text.encode())
            with serving(Verified(Scripted())) as url:
                assert ask("--server", url, "A", HMAC_SECRET_KEY_FILE=str(file)).returncode == 0

    def test_signed_headers_are_good_for_any_program(self):
        with serving(Verified(Scripted())) as url:
            headers = signed_headers(b'{"goal": "A"}\n', KEY.encode())
            assert requests.post(f"{url}/prove", data=b'{"goal": "A"}\n', headers=headers, timeout=30).status_code == 200


class TestUsage:
    @pytest.mark.parametrize(("arguments", "env", "words"), [
        ([], {}, "which goal?"), (["A", "B"], {}, "one goal at a time"), (["--frob"], {}, "unknown option"),
        (["--server"], {}, "needs a value"), (["A", "--timeout", "1.5"], {}, "whole seconds"), (["A\1"], {}, "control"),
        (["--sign"], {}, "no key to sign with"), (["--sign", "A"], {"HMAC_SECRET_KEY": "k"}, "takes no goal"),
        (["A"], {"HMAC_SECRET_KEY": "k", "HMAC_SECRET_KEY_FILE": "f"}, "unset one"),
        (["A"], {"HMAC_SECRET_KEY_FILE": "/dev/null"}, "is empty"), (["A"], {"HMAC_SECRET_KEY_FILE": "/none"}, "cannot read"),
        (["A"], {"HMAC_SECRET_KEY_FILE": str(SCRIPT)}, "more than one line")], ids=str)
    def test_a_wrong_command_is_2_with_the_cure(self, arguments, env, words):
        done = ask(*arguments, **env)
        assert done.returncode == 2 and words in done.stderr.decode() and not done.stdout

    def test_help_is_help(self):
        done = ask("--help")
        assert done.returncode == 0 and b"HMAC_SECRET_KEY_FILE" in done.stdout and not done.stderr


def test_no_program_is_started_with_the_key_in_its_arguments_or_environment(tmp_path):
    """What `ps e` would show of every program that the script starts is written down, and looked through."""
    log = tmp_path / "log"
    for tool in ("od", "tr", "cut", "cat", "date", "sha256sum", "curl"):
        wrapper = tmp_path / tool
        wrapper.write_text(f"#!/bin/sh\n/usr/bin/tr '\\0' '\\n' < /proc/$$/cmdline >> {log}\n"
                           f"/usr/bin/tr '\\0' '\\n' < /proc/$$/environ >> {log}\nexec {shutil.which(tool)} \"$@\"\n")
        wrapper.chmod(0o755)
    exported = dict.fromkeys(("key", "digits", "inner", "escapes", "piece"), "exported by the caller")
    with serving(Verified(Scripted())) as url:
        done = ask("--server", url, "A", HMAC_SECRET_KEY=KEY, PATH=f"{tmp_path}:{os.environ['PATH']}", **exported)
    assert done.returncode == 0, done.stderr
    seen = log.read_text()
    assert seen.count("PATH=") >= 10 and "curl" in seen
    for form in (KEY, KEY.encode().hex(), "".join(f"\\x{byte ^ 0x36:02x}" for byte in KEY.encode()), "X-Signature"):
        assert form not in seen
