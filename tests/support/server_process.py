"""A real server in a process of its own, and a client that speaks to it byte for byte and remembers what it heard."""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pxl.access.keyfile import read_keyfile
from pxl.access.keys import Key
from pxl.access.signing import sign_message, sign_v1

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 60.0
GOAL = b'{"goal": "BOX(A -> A)"}'


@dataclass
class Reply:
    """What came back, as it came."""

    status: int
    raw: bytes

    @property
    def text(self) -> str:
        return self.raw.decode("latin-1")


class Wire:
    """One connection, opened again when the server closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def __enter__(self) -> Wire:
        self.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def exchange(self, request: bytes) -> Reply:
        """Send a request as it is, and read one reply."""
        if self._socket is None:
            self.connect()
        self._socket.sendall(request)
        got = b""
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._more()
        length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", got[:end])[1])
        while len(got) < end + 4 + length:
            got += self._more()
        if re.search(rb"(?i)\r\nconnection: *close", got[:end]):
            self.close()
        return Reply(int(got.split(b" ", 2)[1]), got)

    def _more(self) -> bytes:
        data = self._socket.recv(65536)
        assert data, "the server closed the connection without a whole reply"
        return data


@dataclass
class Process:
    """A running server: how to reach it, what it was sent in confidence, and all it said."""

    port: int
    pid: int
    keyring: Path
    log: Path
    others: tuple[str, ...] = ()                    # further secrets that it was given
    signatures: set[str] = field(default_factory=set)
    nonces: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    heard: list[bytes] = field(default_factory=list)

    def keys(self, *arguments: str) -> str:
        """Run `pxl keys`; return what it printed."""
        done = subprocess.run([sys.executable, "-m", "pxl", "keys", *arguments, "--file", str(self.keyring)], cwd=ROOT,
                              capture_output=True, text=True, timeout=30, check=True)
        self.secrets |= {key.secret.decode() for key in self.ring()}
        return done.stdout + done.stderr

    def ring(self) -> tuple[Key, ...]:
        return read_keyfile(self.keyring, time.time())

    def key(self, state: str) -> Key:
        return next(key for key in self.ring() if key.state == state)

    def v1(self, key: Key, **changes: str) -> dict[str, str]:
        """Return the headers of the documents' scheme; ``timestamp`` and ``nonce`` can be given."""
        stamp, nonce = changes.get("timestamp", str(int(time.time()))), changes.get("nonce", secrets.token_urlsafe(16))
        fields = {"X-Timestamp": stamp, "X-Nonce": nonce, "X-Signature": sign_v1(key.secret, stamp, nonce, GOAL)}
        self.signatures.add(fields["X-Signature"])
        self.nonces.add(nonce)
        return fields

    def message(self, key: Key, query: str = "", method: str = "POST", path: str = "/prove", body: bytes = GOAL) -> dict[str, str]:
        """Return the headers of a message signature."""
        nonce = secrets.token_urlsafe(16)
        fields = sign_message(key.id, key.secret, method, path, query, body, created=int(time.time()), nonce=nonce)
        self.signatures.add(fields["Signature"].removeprefix("pxl=:").removesuffix("=:"))
        self.nonces.add(nonce)
        return fields

    def send(self, wire: Wire, fields: dict[str, str], target: str = "/prove", method: str = "POST", body: bytes = GOAL) -> Reply:
        return self.raw(wire, request(fields, target, method, body))

    def raw(self, wire: Wire, data: bytes) -> Reply:
        reply = wire.exchange(data)
        self.heard.append(reply.raw)
        return reply


def request(fields: dict[str, str], target: str = "/prove", method: str = "POST", body: bytes = GOAL) -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{method} {target} HTTP/1.1", "Host: pxl.test", "Content-Type: application/json",
             *(f"{name}: {value}" for name, value in fields.items()), f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@contextmanager
def started(directory: Path, **settings: str) -> Iterator[Process]:
    """Start serve_pxl.py as an operator would, with a new keyring, its log at the most talkative."""
    keyring, log = directory / "keyring.json", directory / "pxl-server.log"
    environ = os.environ | {
        "PXL_SERVER_PORT": "0", "PXL_HOST": "127.0.0.1", "PXL_POOL_SIZE": "1", "PXL_MAX_QUEUE": "100", "PXL_ENGINE": "coqidetop",
        "ENABLE_HMAC_AUTH": "true", "HMAC_KEYRING_FILE": str(keyring), "LOG_LEVEL": "DEBUG", **settings}
    process = Process(0, 0, keyring, log, tuple(v for n, v in settings.items() if n.endswith("_KEY")))
    process.keys("new")
    with log.open("wb") as output:
        server = subprocess.Popen([sys.executable, "serve_pxl.py"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output,
                                  stderr=output, env=environ)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (found := re.search(r"Serving on http://127.0.0.1:(\d+)", log.read_text())):
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            threading.Event().wait(0.05)
        process.port, process.pid = int(found[1]), server.pid
        with Wire(process.port) as wire:        # also puts the goal into the cache
            # The second in which the server started is before its start.
            while process.send(wire, process.v1(process.key("current"))).status != 200:
                assert time.monotonic() < deadline, log.read_text()
                threading.Event().wait(0.05)
        yield process
    finally:
        server.terminate()
        try:
            status = server.wait(30)
        finally:
            server.kill()
    assert status == 0, log.read_text()[-2000:]
