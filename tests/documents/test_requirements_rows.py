"""What docs/requirements.md has no other test for: the documents' commands as typed, their figures, and their defects.

Names in comments are the rows of that page. One real server answers what is typed; nothing else is started twice.
"""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
import yaml

from pxl import __version__
from pxl.certificates.certificate import Countermodel, Proof
from pxl.errors import ConfigError
from pxl.formula import parse
from pxl.http.drain import Drain
from pxl.http.server import Server
from pxl.search.elimination import decide
from pxl.settings import Settings, rows
from tests.support.live_server import running
from tests.support.monitoring import dashboards, expressions, rules
from tests.support.prover import until
from tests.support.scripts import real_signed_server

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 60.0
KEY = "9a8b7c6d5e4f30211203f4e5d6c7b8a99a8b7c6d5e4f30211203f4e5d6c7b8a9"
PORTS = ("8088", "8080", "8081", "8082")
GOALS = {"BOX(A -> A)": "proved", "A -> BOX(A)": "refuted", "BOX(A) -> A": "proved", "DIA(A) -> A": "refuted"}


ONLY_LINUX = {"epoll", "sched_getaffinity", "sched_setaffinity", "pidfd_open", "memfd_create", "eventfd", "inotify", "prctl",
              "prlimit", "splice"}


@dataclass
class Typing:
    """A server as the documents start it, and a shell in the directory where its ``logs`` are."""

    process: subprocess.Popen[bytes]
    ports: dict[str, int]
    directory: Path
    idle: socket.socket
    ready_s: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['8088']}"

    def type(self, command: str) -> str:
        """Run a command with this server's ports for the documents'; return what it prints."""
        text = re.sub(r"\b(8088|808[012])\b", lambda port: str(self.ports[port[0]]), command)
        done = subprocess.run(["bash", "-o", "pipefail", "-c", text], cwd=self.directory, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def prove(self, goal: str) -> str:
        return requests.post(f"{self.url}/prove", json={"goal": goal}, timeout=60).json()["verdict"]


def free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    numbers = [each.getsockname()[1] for each in taken]
    for each in taken:
        each.close()
    return numbers


@contextmanager
def typing(directory: Path) -> Iterator[Typing]:
    ports = dict(zip(PORTS, free_ports(4), strict=True))
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("PXL_", "HMAC_", "JWT_")) or name == "PXL_KERNEL_DIR"}
    environ = kept | {"PXL_LOG_DIR": str(directory / "logs"), "PXL_SERVER_PORT": str(ports["8088"]), "PXL_ENGINE": "coqidetop",
                      "PXL_CORE_PORT": str(ports["8080"]), "OVERLAY_CHRONO_PORT": str(ports["8081"]),
                      "OVERLAY_V4_PORT": str(ports["8082"]), "PXL_DRAIN_TIMEOUT": "1", "CONNECTION_TIMEOUT": "1"}
    began = time.monotonic()
    output = directory / "output"
    with output.open("wb") as file:
        process = subprocess.Popen([sys.executable, "serve_pxl.py"], cwd=ROOT, env=environ, stdin=subprocess.DEVNULL,
                                   stdout=file, stderr=file)
    try:
        while "Serving on" not in output.read_text(encoding="utf-8"):
            assert process.poll() is None and time.monotonic() < began + START_TIMEOUT_S, output.read_text(encoding="utf-8")
        until(lambda: requests.get(f"http://127.0.0.1:{ports['8088']}/readyz", timeout=10).status_code == 200)
        ready_s = time.monotonic() - began
        with socket.create_connection(("127.0.0.1", ports["8088"]), timeout=30) as idle:
            yield Typing(process, ports, directory, idle, ready_s)
    finally:
        process.terminate()
        try:
            process.wait(30)
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Typing]:
    with typing(tmp_path_factory.mktemp("typed")) as shell:
        assert shell.prove("BOX(A -> A)") == "proved"       # so that there are numbers
        yield shell


# B: what an operator types, and what is in the output then.
TYPED = [
    ("B008", "curl http://localhost:8088/health", r'"ready": true'),
    ("B008", "curl -f http://localhost:8088/health | jq", r'"status": "ok"'),
    ("B009", "curl -s http://localhost:8088/health | jq -c '{status: .status, sessions: .session_pool.total_sessions, ready: .ready}'",
     r'^\{"status":"ok","sessions":5,"ready":true\}$'),
    ("B010", "curl http://localhost:8088/health | jq -c '.session_pool'", r'"total_sessions":5'),
    ("B010", "curl -s http://localhost:8088/health | jq '.session_pool.active_sessions'", r"^[1-5]$"),
    ("B010", "curl -s http://localhost:8088/health | jq -r '.kernel_hash'", r"^[0-9a-f]{64}$"),
    ("B011", "curl -s http://localhost:8088/metrics | jq -c '{verification_ratio: .logos_pxl_verification_ratio_percent, "
     "p95_latency: .logos_pxl_p95_latency_ms, cache_hit_rate: .logos_pxl_cache_hit_rate_percent, uptime: .logos_pxl_uptime_seconds}'",
     r'^\{"verification_ratio":[\d.]+,"p95_latency":[\d.]+,"cache_hit_rate":[\d.]+,"uptime":[\d.]+\}$'),
    ("B012", "curl http://localhost:8088/metrics | jq -e .", r'"logos_pxl_cache_size": \d'),
    ("B013", "curl -s http://localhost:8088/metrics/performance | jq -r '.endpoints[] | [.name, .call_count, .p95_duration_ms] | @tsv'",
     r"^POST /prove\t\d+\t[\d.]+$"),
    ("B014", """curl -X POST http://localhost:8088/prove -H 'Content-Type: application/json' -d '{"goal": "BOX(A -> A)"}'""",
     r'^\{"ok": true, "verdict": "proved"'),
    ("B015", """curl -s -X POST http://localhost:8088/prove -H "Content-Type: application/json" -d '{"goal": "BOX(A -> A)"}' | jq -r '.ok'""",
     r"^true$"),
    ("B015", """curl -s -X POST http://localhost:8088/prove -H "Content-Type: application/json" -d '{"goal": "A -> BOX(A)"}' | jq -r '.ok'""",
     r"^false$"),
    ("B017", "curl -f http://localhost:8080/healthz", r'"status": "ok"'),
    ("B018", "curl -f http://localhost:8081/health", r'"ready": true'),
    ("B018", "curl -f http://localhost:8082/health", r'"ready": true'),
    ("B030", "curl -s http://localhost:8088/metrics | jq .logos_pxl_p95_latency_ms", r"^[\d.]+$"),
    ("B031", "tail -n 50 logs/pxl-server.log", r"^\S+ INFO:waitress:Serving on http://"),
    ("B031", '! tail -50 logs/pxl-server.log | grep -E "ERROR|CRITICAL|FATAL"', r"\A\Z"),
    ("B033", "ss -tuln | grep 8088", r"LISTEN"),
    ("B033", "ps aux | grep coq", r"/coqide|sertop"),
    ("A015", "pgrep -af 'sertop|coqidetop'", r"^\d+ \S*coqidetop"),
    # C: the other routes that operators and monitors read.
    ("C006", "curl -fs http://localhost:8088/health/proof_server | jq -c '[.cache.size, (.sessions | length), (.restarts | type)]'", r'^\[\d+,5,"object"\]$'),
    ("C009", "curl -fs http://localhost:8088/v1/health | jq -r '[.status, .version, .coqchk, .build_sha, .v4_sha] | @tsv'",
     r"^healthy\t\d+\.\d+\.\d+\t\S+\t\S+\t[0-9a-f]{64}$"),
    ("C011", "curl -fs -H 'Accept: text/plain' http://localhost:8088/metrics", r"^logos_pxl_session_pool_total 5.0$"),
    ("C013", "curl -fs http://localhost:8088/v1/metrics | jq .logos_pxl_session_pool_total", r"^5$"),
    ("C020", """curl -fs http://localhost:8088/countermodel -H 'Content-Type: application/json' -d '{"goal": "A -> BOX(A)"}' | jq .countermodel_found""",
     r"^true$"),
    ("A003", """curl -fs http://localhost:8081/v1/proofs -H 'Content-Type: application/json' -d '{"formula": "G p -> p", "overlay": "chrono"}' | jq -r .verdict""",
     r"^proved$"),
    ("A004", """curl -fs http://localhost:8082/v1/proofs -H 'Content-Type: application/json' -d '{"formula": "[]A -> A", "overlay": "v4"}' | jq -r .verdict""",
     r"^proved$"),
    ("L020", "curl -fs http://localhost:8088/.well-known/security.txt", r"^Contact: "),
    # OPERATIONS A.2: an empty pool must not divide.
    ("E018", "curl -s http://localhost:8088/metrics | jq 'if .logos_pxl_session_pool_total > 0 then .logos_pxl_session_pool_busy / .logos_pxl_session_pool_total else null end'",
     r"^[\d.]+$"),
]


class TestTyped:
    @pytest.mark.parametrize(("row", "command", "pattern"), TYPED, ids=[f"{row}-{n}" for n, (row, *_) in enumerate(TYPED)])
    def test_what_the_documents_have_typed_works(self, shell: Typing, row: str, command: str, pattern: str) -> None:
        said = shell.type(command)
        assert re.search(pattern, said, re.MULTILINE), said

    def test_the_access_log_is_read_by_awk_and_grep(self, shell: Typing) -> None:       # B032
        shell.prove("BOX(A -> A)")
        until(lambda: int(shell.type('grep -c "POST /prove" logs/access.log || true')) >= 1)
        assert set(shell.type("awk '{print $1}' logs/access.log | sort -u").split()) == {"127.0.0.1"}

    def test_no_file_of_a_log_but_the_four_is_written(self, shell: Typing) -> None:       # I024, I026
        assert {path.name for path in (shell.directory / "logs").iterdir()} == {
            "pxl-server.log", "access.log", "audit.jsonl", "performance.json"}
        assert json.loads((shell.directory / "logs" / "performance.json").read_text())["endpoints"] is not None

    def test_the_server_is_found_by_its_name_and_no_session_is(self, shell: Typing) -> None:       # B034
        found = {int(line) for line in shell.type("pgrep -f serve_pxl.py").split()}
        assert shell.process.pid in found
        assert not found & {child.pid for child in psutil.Process(shell.process.pid).children(recursive=True)}

    def test_health_answers_within_a_tenth_of_a_second(self, shell: Typing) -> None:       # B008, by the quickest of five
        assert min(requests.get(f"{shell.url}/health", timeout=10).elapsed.total_seconds() for _ in range(5)) < 0.1

    def test_the_hash_of_v4_is_that_of_its_library(self, shell: Typing) -> None:       # D010
        library = requests.get(f"{shell.url}/v1/overlays/v4", timeout=10)
        assert library.headers["X-V4-SHA"] == library.json()["library"]["hash"] != library.json()["kernel_hash"]

    def test_the_time_since_the_start_grows(self, shell: Typing) -> None:       # E001
        def uptime() -> float:
            return requests.get(f"{shell.url}/metrics", timeout=10).json()["logos_pxl_uptime_seconds"]
        before = uptime()
        until(lambda: uptime() > before)

    def test_the_objectives_are_ends_of_buckets(self, shell: Typing) -> None:       # E012
        text = requests.get(f"{shell.url}/metrics/prometheus", timeout=10).text
        for end in ("0.3", "0.5"):
            assert f'http_request_duration_seconds_bucket{{le="{end}",method="POST",route="/prove"}}' in text

    def test_versions_agree(self, shell: Typing) -> None:       # L010
        assert requests.get(f"{shell.url}/v1/health", timeout=10).json()["version"] == __version__
        for command in ([sys.executable, "serve_pxl.py", "--version"], [sys.executable, "-m", "pxl", "--version"]):
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
            assert done.stdout.split()[-1] == __version__
        changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        heads = re.findall(r"^## (.+)$", changes, re.MULTILINE)
        assert heads[0] == "Unreleased" or heads[0].split()[0] == __version__

    def test_memory_is_what_operators_are_told(self, shell: Typing) -> None:       # A012
        server = psutil.Process(shell.process.pid)
        sessions = [child for child in server.children(recursive=True) if "coqidetop" in child.name()]
        page = (ROOT / "OPERATIONS.md").read_text(encoding="utf-8")
        told = re.search(r"takes some (\d+) MB", page)
        assert told and len(sessions) == 5
        idle = min(session.memory_info().rss for session in sessions)
        assert abs(idle / 1e6 - int(told[1])) < 0.25 * int(told[1]), idle
        assert server.memory_info().rss + sum(session.memory_info().rss for session in sessions) < 2e9

    def test_an_idle_connection_is_closed_after_the_setting(self, shell: Typing) -> None:       # H009
        began = time.monotonic()
        assert shell.idle.recv(1) == b""        # it was opened with the server and never used
        assert time.monotonic() - began < 25    # Waitress looks every 10 s

    def test_a_killed_server_comes_back_with_equal_verdicts(self, shell: Typing, tmp_path: Path) -> None:    # A010, K020
        before = {goal: shell.prove(goal) for goal in GOALS}
        shell.process.send_signal(signal.SIGKILL)
        shell.process.wait(10)
        with typing(tmp_path) as again:
            assert {goal: again.prove(goal) for goal in GOALS} == before == GOALS
            assert again.ready_s < 60       # the objective for recovery is half an hour


class TestSigned:
    """The same where callers must show who they are."""

    def test_scripts_observe_with_the_token_that_does_not_end(self, tmp_path: Path) -> None:       # J001, J009, X35, B014
        token = "a-token-for-what-observes-0123456789abcdef"
        with real_signed_server(tmp_path, KEY, PXL_METRICS_TOKEN=token) as server:
            unsigned = requests.post(f"{server.url}/prove", json={"goal": "BOX(A -> A)"}, timeout=30)
            assert unsigned.status_code == 401 and "X-PXL-Coqchk" in unsigned.headers
            file = tmp_path / "observe"
            file.touch(mode=0o600)
            file.write_text(token + "\n", encoding="utf-8")
            environ = os.environ | {"BASE_URL": server.url, "PXL_TOKEN_FILE": str(file), "HMAC_SECRET_KEY": KEY,
                                    "EXPORT_DIR": str(tmp_path / "exports"), "PXL_LOG_DIR": str(tmp_path / "logs")}
            for command in (["monitor_pxl.sh", "--once"], ["daily_health_check.sh"], ["weekly_performance_review.sh"],
                            ["monthly_capacity_review.sh"], ["export_state.sh"]):
                done = subprocess.run([ROOT / "scripts" / command[0], *command[1:]], env=environ, capture_output=True,
                                      text=True, timeout=60, check=False)
                assert done.returncode == 0, (command, done.stdout, done.stderr)


@contextmanager
def over_tls(directory: Path, days: int) -> Iterator[tuple[str, Path]]:
    """Answer every request 401 over TLS, with a certificate for so many days; yield the address and the certificate."""
    certificate, key = directory / "certificate", directory / "key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(days),
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
                   check=True, capture_output=True, timeout=60)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}", certificate
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.mark.parametrize(("days", "status", "said"), [(90, 0, "is good for "), (20, 1, "renew the certificate of localhost")])
def test_the_audit_looks_at_the_end_of_the_certificate(tmp_path: Path, days: int, status: int, said: str) -> None:       # A017, J005
    (tmp_path / "install").mkdir()
    (tmp_path / "install" / "scripts").symlink_to(ROOT / "scripts")
    with over_tls(tmp_path, days) as (url, certificate):
        done = subprocess.run([ROOT / "scripts" / "weekly_security_audit.sh", "--url", url], capture_output=True, text=True,
                              timeout=60, check=False, env=os.environ | {
                                  "CURL_CA_BUNDLE": str(certificate), "PXL_LOG_DIR": str(tmp_path), "PXL_ROOT": str(tmp_path / "install")})
    assert (done.returncode, said in done.stdout) == (status, True), done.stdout + done.stderr


class TestFigures:
    def test_a_body_of_ten_megabytes_is_read_where_it_is_allowed(self) -> None:       # K012, X08
        goal = json.dumps({"goal": "BOX(A -> A)"}).encode()
        with running(MAX_REQUEST_SIZE="10485760") as live:
            assert live.post("/prove", raw=goal.ljust(10_485_760)).json()["verdict"] == "proved"
            assert live.post("/prove", raw=goal.ljust(10_485_761)).status_code == 413

    @pytest.mark.parametrize("number", ["1", "3", "5", "10", "15", "20", "64"])
    def test_every_documented_size_of_the_pool_is_legal(self, number: str) -> None:       # K015
        assert Settings.from_env({"PXL_POOL_SIZE": number}).pool_size == int(number)

    @pytest.mark.parametrize("number", ["0", "65", "-1", "many"])
    def test_no_other_is(self, number: str) -> None:       # K015
        with pytest.raises(ConfigError, match="PXL_POOL_SIZE"):
            Settings.from_env({"PXL_POOL_SIZE": number})

    @pytest.mark.parametrize("seconds", ["300", "600", "1800"])
    def test_every_documented_life_of_a_verdict_is_legal(self, seconds: str) -> None:       # K016
        assert Settings.from_env({"PXL_CACHE_TTL": seconds}).cache_ttl_s == float(seconds)

    def test_threads_connections_and_their_time_reach_the_web_server(self) -> None:       # H009, H017
        settings = Settings.from_env({"PXL_SERVER_PORT": "0", "PXL_HOST": "127.0.0.1", "PXL_THREADS": "200",
                                      "PXL_CONNECTION_LIMIT": "321", "CONNECTION_TIMEOUT": "120"})
        server = Server(lambda environ, start: [], settings, Drain(0))
        try:
            told = server._waitress.adj
            assert (told.threads, told.connection_limit, told.channel_timeout) == (200, 321, 120)
            assert told.asyncore_use_poll is True and told.expose_tracebacks is False
        finally:
            server.close()


def scripts() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "scripts").rglob("*.sh")}


# OPERATIONS A.2: what was wrong in the documents' scripts, as a pattern that no script has.
DEFECTS = {
    "two lines for a count of none": r"\|\| echo 0",
    "a file's name where a date is meant": r"-newer\s+\S*\$",
    "a calculator that reads N/A as 0": r"\|\s*bc\b",
    "a restart that does not read settings again": r"docker[- ]compose[^\n|]* restart\b",
    "a shell that exports for itself": r"\|\s*at\b",
    "unpacking at the root": r"-C\s+/(\s|$)",
    "a pause in place of a look": r"sleep 30\b",
    "a secret on the terminal": r"echo[^\n]*\$\{?(HMAC_SECRET_KEY|NEW_KEY|JWT_SECRET_KEY)\b",
    "words where a text is meant": r"echo \$[A-Z]",
    "a secret in a process's arguments": r"env \| grep",
}


class TestDocumentsDefects:
    @pytest.mark.parametrize("defect", DEFECTS)
    def test_no_script_has_it(self, defect: str) -> None:
        for name, text in scripts().items():
            code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
            assert not re.search(DEFECTS[defect], code, re.MULTILINE), name

    def test_no_query_asks_for_the_rate_of_what_is_no_counter(self) -> None:       # F017
        for expression in expressions():
            for name in re.findall(r"\b(?:rate|increase|irate)\(\s*([a-zA-Z_:][\w:]*)", expression):
                assert name.endswith(("_total", "_bucket", "_sum", "_count")), expression

    def test_no_two_alerts_have_one_name_and_different_bounds(self) -> None:       # F011, X10
        names = [rule["alert"] for rule in rules() if "alert" in rule]
        assert len(set(names)) == len(names)

    def test_what_stdlib_has_is_told_not_to_be_installed(self) -> None:       # B004
        page = (ROOT / "DEPLOYMENT.md").read_text(encoding="utf-8")
        assert re.search(r"`hashlib`\s+and `threading`.*are parts of Python", page, re.DOTALL)

    def test_the_former_place_of_the_server_is_told(self) -> None:       # B005
        page = (ROOT / "RUNBOOK.md").read_text(encoding="utf-8")
        assert "| `cd PXL_IEL_overlay_system/pxl-prover && python serve_pxl.py` | `python serve_pxl.py` |" in page

    def test_the_container_of_prometheus_gets_its_rules_too(self) -> None:       # F002
        mounted = service("prometheus")["volumes"]
        assert "./monitoring:/etc/prometheus:ro" in mounted
        assert (ROOT / "monitoring" / "rules.yml").is_file()

    def test_nobody_is_told_to_restart_for_a_full_cache(self) -> None:       # L022
        assert "| restart because the cache is full | nothing |" in (ROOT / "RUNBOOK.md").read_text(encoding="utf-8")
        assert not any("cache_size" in expression for expression in expressions() if ">" in expression)


def service(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.prod.yml").read_text(encoding="utf-8"))["services"][name]


class TestFiles:
    def test_what_the_documents_pack_is_there(self, tmp_path: Path) -> None:       # B037, B041
        (tmp_path / "logs").mkdir()     # a running server makes it
        for pack, members in (("config-backup.tar.gz", ["configs/", "monitoring/grafana/"]),
                              ("logos-pxl-backup-20260101.tar.gz",
                               ["configs/", "docker-compose.prod.yml", "kubernetes/", "monitoring/", "-C", str(tmp_path), "logs/"])):
            subprocess.run(["tar", "-czf", str(tmp_path / pack), *members], cwd=ROOT, check=True, timeout=60)
            with tarfile.open(tmp_path / pack) as opened:
                assert not any(name.startswith(("/", "..")) for name in opened.getnames())

    @pytest.mark.parametrize("name", ["rotate_logs.sh", "backup_config.sh"])
    def test_a_script_runs_from_any_directory(self, name: str, tmp_path: Path) -> None:       # B021
        (tmp_path / "logs").mkdir()
        done = subprocess.run([ROOT / "scripts" / name], cwd="/", capture_output=True, text=True, timeout=60, check=False,
                              env=os.environ | {"PXL_LOG_DIR": str(tmp_path / "logs"), "BACKUP_DIR": str(tmp_path / "packs"),
                                                "PXL_ROTATE_GRACE": "0"})
        assert done.returncode == 0, done.stdout + done.stderr

    def test_nothing_with_a_secret_is_taken_into_git(self) -> None:       # I002
        ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
        assert {".env", ".env.*", "!.env.example", "/secrets/", "/logs/", "/recovered-*.tar.gz"} <= set(ignored)
        image = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        assert image[1] == "*" and "**/.env*" in image

    def test_the_limits_of_the_container_are_the_documents(self) -> None:       # I022, I005
        prover = service("pxl-prover")
        assert prover["deploy"]["resources"] == {"limits": {"cpus": "4.0", "memory": "8G"},
                                                 "reservations": {"cpus": "2.0", "memory": "4G"}}
        assert prover["restart"] == "unless-stopped"
        assert {"./logs:/app/logs"} <= set(prover["volumes"])
        check = prover["healthcheck"]
        assert [check[name] for name in ("interval", "timeout", "retries", "start_period")] == ["30s", "10s", 3, "40s"]

    def test_what_monitoring_keeps_and_who_enters_are_variables(self) -> None:       # F016, G007, H014
        assert "--storage.tsdb.retention.time=${PROMETHEUS_RETENTION:-30d}" in service("prometheus")["command"]
        grafana = service("grafana")
        assert grafana["environment"]["GF_SECURITY_ADMIN_PASSWORD"] == "${GRAFANA_ADMIN_PASSWORD:-}"
        assert "127.0.0.1:3001:3000" in grafana["ports"]

    def test_the_page_for_an_incident_has_its_parts(self) -> None:       # L005
        page = (ROOT / "docs" / "incident-template.md").read_text(encoding="utf-8").lower()
        for part in ("severity", "## timeline", "## cause", "## what was done", "## so that it does not happen again"):
            assert part in page, part

    def test_the_documents_panels_are_there_with_the_objectives_drawn(self) -> None:       # G005, G006, G008
        proofs, resources = dashboards()["pxl-core-metrics.json"], dashboards()["system-resources.json"]
        asked = [target["expr"] for panel in proofs["panels"] for target in panel["targets"]]
        for part in ("rate(http_requests_total", "histogram_quantile(0.95, ", "http_request_duration_seconds_bucket",
                     'status=~"5.."', "proof_queue_length"):
            assert any(part in expression for expression in asked), part
        asked = [target["expr"] for panel in resources["panels"] for target in panel["targets"]]
        for part in ("process_cpu_seconds_total", "process_resident_memory_bytes", "logos_pxl_memory_limit_bytes"):
            assert any(part in expression for expression in asked), part
        steps = {panel["title"]: {step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]}
                 for panel in proofs["panels"]}
        assert 300 in steps["P95 latency of /prove"] and 5 in steps["Error rate"]

    def test_every_variable_is_in_the_example_and_in_help(self) -> None:       # H016
        example = (ROOT / ".env.example").read_text(encoding="utf-8")
        told = subprocess.run([sys.executable, "serve_pxl.py", "--help"], cwd=ROOT, capture_output=True, text=True,
                              timeout=30, check=True).stdout
        for row in rows():
            assert f"\n#{row.variable}=" in example and row.variable in told, row.variable

    def test_what_only_linux_has_is_not_needed(self, monkeypatch: pytest.MonkeyPatch) -> None:       # A011
        for path in [ROOT / "serve_pxl.py", *(ROOT / "pxl").rglob("*.py")]:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & ONLY_LINUX
            assert used <= ({"memfd_create"} if path.name == "sat.py" else set()), path.name
        monkeypatch.delattr(os, "memfd_create", raising=False)
        for goal, kind in (("BOX(A) -> A", Proof), ("A -> BOX(A)", Countermodel)):
            assert isinstance(decide(parse(goal), time.monotonic() + 30), kind)


def test_what_scripts_read_does_not_keep_a_server_from_starting() -> None:       # J011, H016: a restart inherits it
    read = {name for text in scripts().values() for name in re.findall(r"\bPXL_[A-Z_]+\b", text)}
    known = {row.variable for row in rows()}
    Settings.from_env(dict.fromkeys(read - known, "anything"))


def test_every_route_that_decides_goals_counts_for_the_objectives() -> None:       # K001, K002, K004
    deciding = {"/prove", "/countermodel", "/v1/proofs", "/v1/proofs:batch", "/v1/overlays/<name>/<operation>"}
    for rule in rules():
        for pattern in re.findall(r'http_requests_total\{route=~"([^"]+)"', rule["expr"]):
            assert all(re.fullmatch(pattern, route) for route in deciding), rule["record"]
            assert not any(re.fullmatch(pattern, route) for route in ("/health", "/v1/overlays", "/v1/overlays/<name>"))
