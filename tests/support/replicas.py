"""A real Redis server and a real nginx on free ports, and signed requests; each is stopped by its own process."""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import redis

from pxl.access.signing import sign_v1
from pxl.access.tokens import Tokens
from tests.support.prover import until

KEY = "a8f3c1d2e4b5069788796a5b4c3d2e1f00112233445566778899aabbccddeeff"
TOKEN_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0cafe0123456789abcdef0123456789ab"

NGINX = """
worker_processes 1; pid {place}/nginx.pid; error_log {place}/error.log warn; daemon off;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
    {upstream}
    server {{
        listen 127.0.0.1:{port};
        {location}
    }}
}}
"""


@dataclass(frozen=True)
class Reply:
    """One answer, when it was asked for (``time.monotonic``) and how long it took, in seconds."""

    status: int
    headers: Any
    document: dict[str, Any]
    began: float
    took_s: float


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def send(port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
    began = time.monotonic()
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        data = response.read()
        is_json = "json" in (response.headers["Content-Type"] or "")
        return Reply(response.status, response.headers, json.loads(data) if is_json else {}, began,
                     time.monotonic() - began)


@dataclass(frozen=True)
class Signed:
    """A signed ``POST /prove`` that can be sent any number of times, anywhere."""

    goal: str
    timestamp: int = field(default_factory=lambda: int(time.time()))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def send(self, port: int) -> Reply:
        body = json.dumps({"goal": self.goal, "certificate": True}).encode()
        return send(port, "POST", "/prove", body, {
            "Content-Type": "application/json", "X-Timestamp": str(self.timestamp), "X-Nonce": self.nonce,
            "X-Signature": sign_v1(KEY.encode(), self.timestamp, self.nonce, body)})


def bearer(subject: str = "tester", *roles: str) -> dict[str, str]:
    """Return the header of a fresh token, as any server that knows the key would issue it."""
    token = Tokens([TOKEN_KEY.encode()]).issue(subject, roles or ("prove", "observe", "admin")).text
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


class RedisServer:
    """A Redis server that a test may stall, kill and start again on the same port."""

    def __init__(self, place: Path) -> None:
        self.place, self.port = place, free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [shutil.which("redis-server") or "redis-server", "--port", str(self.port), "--bind", "127.0.0.1",
             "--dir", str(self.place), "--save", "", "--appendonly", "no", "--logfile", str(self.place / "redis.log")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        until(self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.ask("PING"))
        except redis.RedisError:
            return False

    def ask(self, *command: Any) -> Any:
        with closing(redis.Redis(port=self.port, socket_timeout=5)) as client:
            return client.execute_command(*command)

    def keys(self, pattern: str) -> list[bytes]:
        return self.ask("KEYS", pattern)

    @contextmanager
    def stalled(self) -> Iterator[None]:
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    @contextmanager
    def gone(self) -> Iterator[None]:
        self.kill()
        try:
            yield
        finally:
            self.start()


@contextmanager
def redis_server(place: Path) -> Iterator[RedisServer]:
    server = RedisServer(place)
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def nginx(place: Path, ports: Sequence[int], text: str) -> Iterator[int]:
    """Run nginx in front of servers; ``text`` is the configuration of the document. Yields its port."""
    port = free_port()
    servers = "".join(f"    server 127.0.0.1:{each} max_fails=1 fail_timeout=1s;\n" for each in ports)
    upstream, location = text.replace("# SERVERS", servers).split("# LOCATION")
    config = place / "nginx.conf"
    config.write_text(NGINX.format(place=place, port=port, upstream=upstream, location=location))
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") or "nginx"
    process = subprocess.Popen([program, "-p", str(place), "-e", str(place / "error.log"), "-c", str(config)],
                               stdin=subprocess.DEVNULL)

    def answers() -> bool:
        assert process.poll() is None, (place / "error.log").read_text()
        try:
            return send(port, "GET", "/healthz").status == 200
        except OSError:
            return False
    try:
        until(answers)
        yield port
    finally:
        process.terminate()
        process.wait(10)
