"""nginx with the configuration that is shipped, in front of three real servers: limits, addresses, and nobody notices a server's end."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support.prover import engines_present, until
from tests.support.real_server import ROOT, RealServer, serving
from tests.support.replicas import free_port, send

CONFIGS = ROOT / "configs"
MAIN = (CONFIGS / "nginx.conf").read_text(encoding="utf-8")
UPSTREAM = (CONFIGS / "nginx-upstream.conf").read_text(encoding="utf-8")
PROGRAM = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") or "nginx"
PORTS = (8088, 8089, 8090)
CLIENTS = 6
JSON = {"Content-Type": "application/json"}


def write(place: Path, port: int, servers: tuple[int, ...], *changes: tuple[str, str], upstream: str = UPSTREAM) -> Path:
    """Write the shipped files with other ports and places, and nothing else changed but what a test says."""
    for before, after in zip(PORTS, servers):
        upstream = upstream.replace(f"127.0.0.1:{before}", f"127.0.0.1:{after}")
    (place / "pxl-upstream.conf").write_text(upstream)
    text = MAIN.replace("listen 80 default_server", f"listen 127.0.0.1:{port} default_server")
    for before, after in (("/etc/nginx/", f"{place}/"), ("/var/log/nginx/", f"{place}/"), ("/run/", f"{place}/"), *changes):
        assert before in text, before
        text = text.replace(before, after)
    (place / "nginx.conf").write_text(text)
    return place / "nginx.conf"


def check(config: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, "-t", "-p", config.parent, "-e", "stderr", "-c", config], capture_output=True, text=True,
                          check=False, timeout=30)


@contextmanager
def gateway(place: Path, servers: tuple[int, ...], *changes: tuple[str, str]) -> Iterator[int]:
    """Run the real nginx; yield its port."""
    port = free_port()
    config = write(place, port, servers, *changes)
    process = subprocess.Popen([PROGRAM, "-p", place, "-e", place / "error.log", "-c", config, "-g", "daemon off;"],
                               stdin=subprocess.DEVNULL)

    def answers() -> bool:
        assert process.poll() is None, (place / "error.log").read_text()
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0
    try:
        until(answers)
        yield port
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def prover(place: Path, **settings: str) -> Iterator[RealServer]:
    with serving(engines_present()[0], place / "log", **{
            "PXL_POOL_SIZE": "1", "TRUSTED_PROXY": "127.0.0.1", "PXL_DRAIN_TIMEOUT": "20", **settings}) as server:
        yield server


@pytest.fixture
def three(tmp_path: Path) -> Iterator[list[RealServer]]:
    with ExitStack() as stack:
        servers = []
        for number in range(3):
            (tmp_path / str(number)).mkdir()
            servers.append(stack.enter_context(prover(tmp_path / str(number))))
        yield servers


def ports(servers: list[RealServer]) -> tuple[int, ...]:
    return tuple(server.port for server in servers)


def test_the_files_are_valid_as_they_are(tmp_path: Path) -> None:
    """Also without a network: no name has to be resolved."""
    done = check(write(tmp_path, 80, PORTS))
    assert done.returncode == 0 and "warn" not in done.stderr, done.stderr


def test_the_composed_servers_are_valid_but_for_what_a_newer_nginx_knows(tmp_path: Path) -> None:
    text = (CONFIGS / "nginx-upstream.compose.conf").read_text(encoding="utf-8")
    assert text.count(" resolve;") == 2
    config = write(tmp_path, 80, (), upstream=text.replace(" resolve;", ";").replace("pxl-prover:8088", "127.0.0.1:8088"))
    assert check(config).returncode == 0
    directives = [re.findall(r"^ *(\w+)", re.sub("server .*", "", each), re.M) for each in (text, UPSTREAM)]
    assert set(directives[0]) - set(directives[1]) <= {"resolver"}


def test_a_typo_is_found(tmp_path: Path) -> None:
    assert check(write(tmp_path, 80, PORTS, ("least_conn", "least_con"), upstream=UPSTREAM) if "least_conn" in MAIN else
                 write(tmp_path, 80, PORTS, ("proxy_next_upstream ", "proxy_next_upstrem "))).returncode != 0


def test_each_time_out_is_longer_than_the_servers_own() -> None:
    from pxl.settings import Settings
    settings = Settings()
    read_s = int(re.search(r"proxy_read_timeout (\d+)s", MAIN)[1])
    assert read_s > settings.max_proof_timeout_s + settings.queue_wait_s
    assert int(re.search(r"keepalive_timeout (\d+)s", UPSTREAM)[1]) < settings.connection_timeout_s
    assert re.search(r"client_max_body_size (\d+)m", MAIN)[1] == str(settings.max_request_bytes >> 20)
    assert UPSTREAM.count("max_fails=1") == UPSTREAM.count("max_fails=0") == 3 and "least_conn;" in UPSTREAM
    assert "$proxy_add_x_forwarded_for" not in MAIN


@dataclass
class Load:
    """Clients that ask new goals, one after the other, and remember what they got and when they had asked."""

    port: int
    got: list[tuple[float, float, int | str]] = field(default_factory=list)     # asked, answered (monotonic), status
    _numbers: Any = field(default_factory=count)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[Load]:
        threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _ask(self) -> None:
        while not self._stop.is_set():
            number = next(self._numbers)
            text = "A"
            for place in range(number.bit_length()):
                text = f"({text} {'/' + chr(92) if number >> place & 1 else chr(92) + '/'} B{place})"
            asked = time.monotonic()
            try:
                with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
                    connection.request("POST", "/prove", json.dumps({"goal": f"BOX({text}) -> {text}"}), JSON)
                    response = connection.getresponse()
                    document = json.loads(response.read())
                    status: int | str = response.status if document["ok"] or response.status != 200 else "not proved"
            except (OSError, HTTPException, ValueError) as error:
                status = type(error).__name__
            self.got.append((asked, time.monotonic(), status))

    def answered(self, seconds: float = 0.0) -> int:
        return len(self.got)

    def wait_for_more(self, number: int = 60) -> None:
        goal = len(self.got) + number
        until(lambda: len(self.got) >= goal, 60)

    def failures(self) -> list[tuple[float, float, int | str]]:
        return [entry for entry in self.got if entry[2] != 200]


def test_nobody_notices_that_one_server_is_killed_and_one_is_stopped(three: list[RealServer], tmp_path: Path) -> None:
    """Only what the killed server was working on at that moment may fail: 502, never a wrong or a lost answer."""
    with gateway(tmp_path, ports(three)) as port, Load(port).running() as load:
        load.wait_for_more()
        killed = three[0].process
        killed.kill()
        killed.wait()
        ended = time.monotonic()
        load.wait_for_more()
        stopped_at = time.monotonic()
        three[1].process.send_signal(signal.SIGTERM)
        assert three[1].process.wait(25) == 0
        load.wait_for_more()
    by_kill = [entry for entry in load.failures() if entry[0] <= ended]
    print(f"{len(load.got)} requests, {Counter(entry[2] for entry in load.got)}, slowest "
          f"{max(answered - asked for asked, answered, _ in load.got):.2f} s; stopped server gone after "
          f"{time.monotonic() - stopped_at:.1f} s")
    assert by_kill == load.failures(), "a request failed that was asked after the kill"
    assert len(by_kill) <= CLIENTS and {entry[2] for entry in by_kill} <= {502}
    log = (tmp_path / "access.log").read_text()
    assert all(f"127.0.0.1:{server.port}" in log for server in three)


def test_one_after_the_other_can_be_stopped_and_started_under_load(tmp_path: Path) -> None:
    """A rolling restart: not a single request fails."""
    servers = [free_port() for _ in range(3)]
    with ExitStack() as stack:
        running: dict[int, ExitStack] = {}

        def start(port: int, turn: int) -> None:
            place = tmp_path / f"{port}-{turn}"
            place.mkdir()
            running[port] = stack.enter_context(ExitStack())
            running[port].enter_context(prover(place, PXL_SERVER_PORT=str(port)))
        for server in servers:
            start(server, 0)
        with gateway(tmp_path, tuple(servers)) as port, Load(port).running() as load:
            load.wait_for_more(30)
            for server in servers:
                running[server].close()         # SIGTERM, and wait
                load.wait_for_more(30)
                start(server, 1)
                load.wait_for_more(30)
        assert load.failures() == []
        print(f"{len(load.got)} requests over three restarts, none failed")


def test_without_any_server_the_answer_is_a_problem_document(tmp_path: Path) -> None:
    with gateway(tmp_path, tuple(free_port() for _ in range(3))) as port:
        reply = send(port, "POST", "/prove", b'{"goal": "A"}', JSON)
    assert reply.status == 502 and reply.headers["Content-Type"] == "application/problem+json"
    assert reply.document["ok"] is False and int(reply.headers["Retry-After"]) >= 1


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RealServer, int, Path]]:
    place = tmp_path_factory.mktemp("one")
    with prover(place, RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="100000", PXL_RATE_LIMIT_TOTAL="0",
                LOG_LEVEL="DEBUG") as server, gateway(place, (server.port,) * 3) as port:
        yield server, port, place


def test_documented_routes_are_reached_through_it(one: tuple[RealServer, int, Path]) -> None:
    _, port, place = one
    for path in ("/v1/health", "/health", "/healthz", "/readyz", "/"):
        assert send(port, "GET", path).status == 200, path
    assert send(port, "POST", "/prove", b'{"goal": "BOX(A -> A)"}', JSON).document["ok"] is True
    until(lambda: "POST /prove" in (place / "access.log").read_text())
    assert "GET /health " not in (place / "access.log").read_text()
    assert re.search(r'^127\.0\.0\.1 - - \[[^]]+\] "POST /prove HTTP/1\.1" 200 ', (place / "access.log").read_text(), re.M)


def test_the_servers_own_refusals_come_through_unchanged(one: tuple[RealServer, int, Path]) -> None:
    server, port, _ = one
    for path, body in (("/prove", b"{"), ("/prove", b'{"goal": "A ->"}'), ("/nowhere", b"{}")):
        direct, through = (send(each, "POST", path, body, JSON) for each in (server.port, port))
        assert (through.status, through.document["error"]) == (direct.status, direct.document["error"])
        assert through.headers["Content-Type"] == "application/problem+json"


def test_what_a_client_says_of_its_address_is_replaced(one: tuple[RealServer, int, Path]) -> None:
    """Refusals tell the address that the server believes in."""
    server, port, _ = one
    spoofed = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Real-IP": "203.0.113.9"}
    send(port, "GET", "/healthz", headers=spoofed)
    assert "203.0.113.9" not in server.log.read_text()
    heard = _heard_by_a_server(port, one[2], spoofed)
    assert re.findall(r"(?im)^x-forwarded-for: *(.*?)\r?$", heard) == ["127.0.0.1"]
    assert re.findall(r"(?im)^x-real-ip: *(.*?)\r?$", heard) == ["127.0.0.1"]
    assert re.findall(r"(?im)^host: *(.*?)\r?$", heard) != ["pxl"]


def _heard_by_a_server(port: int, place: Path, headers: dict[str, str]) -> str:
    """Return the bytes that nginx sends to a server."""
    (place / "wire").mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as listener, gateway(place / "wire", (listener.getsockname()[1],) * 3) as other:
        with closing(HTTPConnection("127.0.0.1", other, timeout=10)) as client:
            client.request("GET", "/healthz", headers=headers)
            peer, _ = listener.accept()
            with peer:
                peer.settimeout(5)
                heard = peer.recv(65536).decode("latin-1")
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            client.getresponse().read()
    return heard


def test_a_body_that_is_too_large_is_refused_before_a_server_sees_it(one: tuple[RealServer, int, Path]) -> None:
    _, port, place = one
    assert send(port, "POST", "/prove", b"x" * (2 << 20), JSON).status == 413
    until(lambda: re.search(r'"POST /prove HTTP/1.1" 413 \d+ "-" \S+ - -$', (place / "access.log").read_text(), re.M) is not None)


def test_a_burst_from_one_address_gets_429_and_not_503(one: tuple[RealServer, int, Path], tmp_path: Path) -> None:
    """The strict limit is the one that the comment tells the operator to switch on."""
    strict = ("limit_req zone=pxl_requests burst=200 nodelay;",
              "limit_req zone=pxl_requests burst=200 nodelay; limit_req zone=pxl_strict burst=10 nodelay;")
    with gateway(tmp_path, (one[0].port,) * 3, strict) as port:
        statuses = [send(port, "GET", "/healthz").status for _ in range(20)]
        assert statuses[:11] == [200] * 11 and Counter(statuses)[429] >= 8 and set(statuses) == {200, 429}
        assert send(port, "GET", "/health").status == 200       # monitors are not counted


def test_with_a_certificate_everything_but_the_probe_is_asked_over_tls(one: tuple[RealServer, int, Path], tmp_path: Path) -> None:
    (tmp_path / "tls").mkdir()
    certificate, key, secure = tmp_path / "tls" / "fullchain.pem", tmp_path / "tls" / "privkey.pem", free_port()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True, timeout=30)
    tls = (CONFIGS / "nginx-tls.conf").read_text(encoding="utf-8")
    (tmp_path / "pxl-tls.conf").write_text(tls.replace("listen 443 ssl", f"listen 127.0.0.1:{secure} ssl").replace("/etc/nginx/", f"{tmp_path}/"))
    with gateway(tmp_path, (one[0].port,) * 3) as plain:
        moved = send(plain, "POST", "/prove?x=1", b'{"goal": "A"}', {**JSON, "Host": "pxl.example"})
        assert (moved.status, moved.headers["Location"]) == (308, "https://pxl.example/prove?x=1")
        assert send(plain, "GET", "/healthz").status == 200 and send(plain, "GET", "/healthz").headers["Strict-Transport-Security"] is None
        trusting = ssl.create_default_context(cafile=certificate)
        with closing(HTTPSConnection("localhost", secure, timeout=10, context=trusting)) as connection:
            connection.request("POST", "/prove", '{"goal": "BOX(A -> A)"}', JSON)
            reply = connection.getresponse()
            assert json.loads(reply.read())["ok"] is True and reply.headers["Strict-Transport-Security"] == "max-age=31536000"
        with pytest.raises(ssl.SSLError), closing(HTTPSConnection("localhost", secure, timeout=10)) as connection:
            connection.request("GET", "/healthz")
        for version, is_spoken in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
            done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{secure}", version, "-CAfile", certificate, "-cipher",
                                   "ALL:@SECLEVEL=0"], input="", capture_output=True, text=True, check=False, timeout=30)
            assert ("Cipher is (NONE)" not in done.stdout) is is_spoken, version
            assert not is_spoken or "Verify return code: 0 (ok)" in done.stdout


def test_clients_that_drip_their_requests_do_not_silence_it(one: tuple[RealServer, int, Path]) -> None:
    """Two hundred half requests, which no server behind hears of."""
    _, port, _ = one
    with ExitStack() as stack:
        drips = [stack.enter_context(closing(socket.create_connection(("127.0.0.1", port)))) for _ in range(200)]
        for drip in drips:
            drip.sendall(b"POST /prove HTTP/1.1\r\nHost: pxl\r\nX-Slow:")
        began = time.monotonic()
        assert send(port, "GET", "/health").status == 200
        assert time.monotonic() - began < 1.0
        drips[0].settimeout(8)
        assert drips[0].recv(1000) == b"" or True       # let go after client_header_timeout
