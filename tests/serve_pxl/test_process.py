"""Signatures against a real server process: rotation under load, tampering, replays, and what must never be told."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from pxl.access.keys import Key
from tests.support.fake_decider import eventually
from tests.support.server_process import GOAL, Process, Reply, Wire, request, started

JWT_SECRET = "ffeeddccbbaa99887766554433221100" * 2
RATE = 200              # requests a second
CLIENTS = 8
GRACE_S = 3
LOAD_S = 6


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One server for all tests here; the last of them goes through everything that it said."""
    with started(tmp_path_factory.mktemp("security"), JWT_SECRET_KEY=JWT_SECRET, RATE_LIMIT_ENABLED="true",
                 RATE_LIMIT_PER_MINUTE="1000000", PXL_RATE_LIMIT_TOTAL="0") as process:
        yield process


@dataclass
class Sample:
    """One request of a load: who signed it, when (unix seconds), and what came back."""

    key: str
    began: float
    ended: float
    reply: Reply


def load(server: Process, keys: tuple[Key, ...], seconds: float) -> Iterator[list[Sample]]:
    """Send RATE requests a second from CLIENTS connections, the keys and the schemes taking turns."""
    start = time.monotonic() + 0.1

    def client(first: int) -> list[Sample]:
        samples, pause = [], threading.Event()
        with Wire(server.port) as wire:
            for n in range(first, int(RATE * seconds), CLIENTS):
                pause.wait(max(0.0, start + n / RATE - time.monotonic()))
                key = keys[n // CLIENTS % len(keys)]
                fields = (server.v1, server.message)[n % 2](key)
                began = time.time()
                reply = server.send(wire, fields)
                samples.append(Sample(key.id, began, time.time(), reply))
        return samples

    with ThreadPoolExecutor(CLIENTS) as threads:
        running = [threads.submit(client, first) for first in range(CLIENTS)]
        yield []
        yield [sample for one in running for sample in one.result()]


def test_a_rotation_under_load_refuses_nobody_within_the_grace_and_everybody_after_it(server):
    server.keys("new")
    old, new = server.key("current"), server.key("next")
    os.kill(server.pid, signal.SIGHUP)
    with Wire(server.port) as wire:
        until(lambda: server.send(wire, server.v1(new)).status == 200)
    loading = load(server, (old, new), LOAD_S)
    next(loading)
    threading.Event().wait(1)
    printed = server.keys("rotate", "--grace", str(GRACE_S))
    samples = next(loading)
    ends_at = server.key("old").expires_at
    assert (server.key("current").id, server.key("old").id) == (new.id, old.id)
    assert not any(secret in printed for secret in server.secrets)
    with_old = [sample for sample in samples if sample.key == old.id]
    within = [sample for sample in with_old if sample.ended < ends_at]
    after = [sample for sample in with_old if sample.began >= ends_at]
    assert len(samples) == RATE * LOAD_S and len(within) > RATE / 2 and len(after) > 10
    assert {sample.reply.status for sample in samples if sample.key == new.id} == {200}
    assert {sample.reply.status for sample in within} == {200}
    assert {sample.reply.status for sample in after} == {401}
    assert all("Invalid signature" in sample.reply.text for sample in after)
    took = sorted(sample.ended - sample.began for sample in samples)
    span = max(sample.ended for sample in samples) - min(sample.began for sample in samples)
    print(f"{len(samples) / span:.0f}/s, {len(within)} with the old key within the grace, {len(after)} after it, "
          f"median {1000 * took[len(took) // 2]:.1f} ms, p99 {1000 * took[len(took) * 99 // 100]:.1f} ms")


def test_an_ended_key_is_refused_within_two_seconds_and_a_hangup_makes_a_new_one_good(server):
    server.keys("new")
    fresh = server.key("next")
    os.kill(server.pid, signal.SIGHUP)
    with Wire(server.port) as wire:
        until(lambda: server.send(wire, server.message(fresh)).status == 200)
        server.keys("expire", fresh.id)
        changed = time.monotonic()
        until(lambda: server.send(wire, server.message(fresh)).status == 401)
        assert time.monotonic() - changed < 2
        assert server.send(wire, server.v1(server.key("current"))).status == 200


def test_a_keyring_that_cannot_be_used_changes_nothing(server):
    current, text = server.key("current"), server.keyring.read_bytes()
    with Wire(server.port) as wire:
        server.keyring.chmod(0o644)
        os.kill(server.pid, signal.SIGHUP)
        until(lambda: server.send(wire, server.v1(current)).status == 200 and "the keys stay as they were" in server.log.read_text())
        server.keyring.write_bytes(text[:-30])
        server.keyring.chmod(0o600)
        os.kill(server.pid, signal.SIGHUP)
        until(lambda: server.send(wire, server.message(current)).status == 200 and "is not JSON" in server.log.read_text())
        server.keyring.write_bytes(text)
        os.kill(server.pid, signal.SIGHUP)
        assert server.send(wire, server.v1(current)).status == 200


@pytest.mark.parametrize("scheme", ["v1", "message"])
def test_no_bit_of_a_signed_request_can_be_changed(server, scheme):
    """Every bit of the method, the target, the fields that sign (but the case of their names) and the body."""
    key = server.key("current")
    target = "/prove" if scheme == "v1" else "/prove?a=1"

    def whole() -> tuple[bytes, dict[str, str]]:
        fields = server.v1(key) if scheme == "v1" else server.message(key, "a=1")
        return request(fields, target), fields

    def try_bits(places: list[tuple[str, int, int]]) -> list[str]:
        found = []
        with Wire(server.port) as wire:
            for part, offset, bit in places:
                data, fields = whole()          # a fresh one, so that its nonce is not what is refused
                at = where(data, fields, target, part) + offset
                status = server.raw(wire, data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1:]).status
                if not 400 <= status < 500:
                    found.append(f"bit {bit} of {part}[{offset}]: {status}")
        return found

    data, fields = whole()
    lengths = {"method": 4, "target": len(target), "body": len(GOAL), **{f"{name}:": len(name) for name in fields},
               **{name: len(value) for name, value in fields.items()}}
    places = [(part, offset, bit) for part, length in lengths.items() for offset in range(length) for bit in range(8)
              if not (part.endswith(":") and bit == 5 and part[offset].isalpha())]
    with ThreadPoolExecutor(4) as threads:
        found = [line for lines in threads.map(try_bits, [places[n::4] for n in range(4)]) for line in lines]
    assert not found and len(places) > (1000 if scheme == "v1" else 2000)
    with Wire(server.port) as wire:
        assert server.raw(wire, data).status == 200


def where(data: bytes, fields: dict[str, str], target: str, part: str) -> int:
    """Return where a part of a request begins; a name and a colon stands for the name of that field."""
    if part in ("method", "target", "body"):
        return {"method": 0, "target": 5, "body": len(data) - len(GOAL)}[part]
    name = part.removesuffix(":")
    begin = data.index(f"\r\n{name}: ".encode()) + 2
    return begin if part.endswith(":") else begin + len(name) + 2


@pytest.mark.parametrize("scheme", ["v1", "message"])
def test_of_64_equal_requests_at_once_exactly_one_is_answered(server, scheme):
    data = request(getattr(server, scheme)(server.key("current")))
    together = threading.Barrier(64)

    def one(_: int) -> Reply:
        with Wire(server.port) as wire:
            together.wait(20)
            return server.raw(wire, data)

    with ThreadPoolExecutor(64) as threads:
        replies = list(threads.map(one, range(64)))
    assert sorted(reply.status for reply in replies) == [200] + [401] * 63
    assert all("Nonce already used" in reply.text for reply in replies if reply.status == 401)


def test_the_words_of_the_documents_scripts_are_in_replies_and_in_the_log(server):
    key = server.key("current")
    used = server.v1(key)
    cases = [(server.v1(key) | {"X-Signature": "0" * 64}, "Invalid signature"), (server.v1(Key(b"8d1f9c3b5a7e2460" * 4)), "Invalid signature"),
             (server.v1(key) | {"X-Signature": "nonsense"}, "X-Signature"), ({}, "Invalid signature"),
             (server.v1(key, timestamp=str(int(time.time()) - 61)), "Timestamp"), (server.v1(key, timestamp="nan"), "Timestamp"),
             (server.v1(key, nonce="a:b:c:d:e"), "Nonce"), (used, "Nonce already used")]
    with Wire(server.port) as wire:
        assert server.send(wire, used).status == 200
        for number, (fields, words) in enumerate(cases):
            name = f"words-{number}-{time.time_ns()}"
            reply = server.send(wire, fields | {"X-Request-ID": name})
            assert reply.status == 401 and words in reply.text.partition("\r\n\r\n")[2], words
            found: list[str] = []

            def is_logged(name: str = name, found: list[str] = found) -> bool:      # by a thread of its own
                found[:] = re.findall(rf"^WARNING:pxl\.http:{name} 401 .*$", server.log.read_text(), re.M)
                return bool(found)
            eventually(is_logged)
            assert words in found[0], words
    for pattern, least in ((r"401\|Invalid signature", len(cases)), (r"401\|Invalid signature\|Timestamp", len(cases)),
                           (r"X-Signature\|HMAC", 2)):
        counted = subprocess.run(f"grep -v DEBUG {server.log} | grep -c '{pattern}'", shell=True, capture_output=True, text=True,
                                 check=True)
        assert int(counted.stdout) >= least, pattern


def test_the_sessions_of_the_prover_are_not_given_the_keys(server):
    with Wire(server.port) as wire:
        fields = server.message(server.key("current"), method="GET", path="/health/proof_server", body=b"")
        reply = server.send(wire, fields, "/health/proof_server", "GET", b"")
    pids = re.findall(r'"pid": (\d+)', reply.text)
    assert reply.status == 200 and pids
    for pid in pids:
        environ = Path(f"/proc/{pid}/environ").read_bytes()
        assert JWT_SECRET.encode() not in environ and b"HMAC" not in environ and b"SECRET" not in environ


def test_neither_log_nor_replies_ever_hold_a_key_or_a_signature(server):
    """Comes last: everything that was said in this file is gone through."""
    key = server.key("current")
    with Wire(server.port) as wire:
        body = b'{"subject": "alice"}'
        asked = server.send(wire, server.message(key, path="/v1/auth/token", body=body), "/v1/auth/token", "POST", body)
        token = re.search(r'"access_token": ?"([^"]+)"', asked.text)[1]
        server.heard.remove(asked.raw)      # the one reply that is to hold a token
        assert server.send(wire, {"Authorization": f"Bearer {token}"}, "/health/proof_server", "GET", b"").status == 200
        assert server.send(wire, {"Authorization": f"Bearer {token[:-6]}AAAAAA"}, "/health/proof_server", "GET", b"").status == 401
        signed_reply = server.send(wire, server.v1(key) | {"X-PXL-Sign-Reply": "true"})
        of_reply = re.search(r"(?i)x-pxl-response-signature: ([0-9a-f]{64})", signed_reply.text)[1]
    assert asked.status == 200 and signed_reply.status == 200
    log, replies = server.log.read_text(), b"\n".join(server.heard).decode("latin-1")
    assert len(log.splitlines()) > 30 and len(server.heard) > 3
    kept = {form for secret in (*server.secrets, *server.others) for form in forms(secret)}
    for text in (log, replies, asked.text):
        assert not [form[:4] for form in kept if form in text]
    assert of_reply not in log and token not in log and token not in replies and token.rpartition(".")[2] not in log
    for text in (log, replies):
        words = set(re.findall(r"[A-Za-z0-9+/_-]{16,}", text))
        parts = {word[at:at + 16] for word in words for at in range(len(word) - 15)}
        shown = {sent for sent in server.signatures if sent[:16] in parts or sent[-16:] in parts}
        assert not [re.findall(f".*{re.escape(sent[:16])}.*", text)[:1] for sent in sorted(shown)[:3]]
        assert not {nonce for nonce in server.nonces if ":" not in nonce and nonce[:16] in parts}


def forms(secret: str) -> Iterator[str]:
    """Yield a key, halves of it, and ways to write it down."""
    yield secret[:len(secret) // 2]
    yield secret[len(secret) // 2:]
    yield base64.b64encode(secret.encode()).decode()[:40]
    yield secret.encode().hex()[:40]
    yield base64.b64encode(bytes.fromhex(secret)).decode()[:40]


def until(is_so) -> None:
    """Ask again until it is so, for at most ten seconds."""
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)
