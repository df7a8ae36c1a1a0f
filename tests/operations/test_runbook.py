"""The operators' pages are true: a game day provokes each scenario, and the pages' own commands lead back."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import requests
import yaml

from pxl.settings import rows
from tests.support import faulty_prover

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("RUNBOOK.md", "OPERATIONS.md", "DEPLOYMENT.md")
KEYS = ("PXL_", "HMAC_", "JWT_", "RATE_LIMIT_", "LOG_LEVEL", "ENABLE_HMAC")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def commands(name: str, mark: str) -> str:
    """Return the commands of a page under ``<!-- run: mark -->``."""
    found = re.findall(rf"<!-- run: {re.escape(mark)} -->\n```bash\n(.*?)```", page(name), re.DOTALL)
    assert len(found) == 1, f"{name} has {len(found)} blocks called {mark!r}"
    return found[0]


@dataclass
class Installation:
    """A server that is restarted as an operator's would be, and a shell beside it."""

    directory: Path
    port: int
    engine: Path        # a program in place of Coq's, which can be broken

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return int((self.directory / "pid").read_text())

    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(KEYS) or name == "PXL_KERNEL_DIR"}
        return kept | {
            "BASE_URL": self.url, "PXL_SERVER_PORT": str(self.port), "PXL_HOST": "127.0.0.1", "PXL_ENGINE": "coqidetop",
            "PXL_COQIDETOP": str(self.engine), "PXL_LOG_DIR": str(self.directory / "logs"), "PXL_DRAIN_TIMEOUT": "1",
            "PXL_RESTART_CMD": str(self.directory / "restart"), "PXL_ENV_FILE": str(self.directory / "env"),
            "PXL_TARGET_P95_MS": "20000",      # of whatever machine this is
            "KEYRING": str(self.directory / "keyring"), "BACKUP_DIR": str(self.directory),
            "PATH": f"{self.directory / 'bin'}:{kept['PATH']}"}

    def run(self, name: str, mark: str, **more: str) -> tuple[int, str]:
        """Run a block of a page as it stands, but for the port and where the environment is."""
        text = commands(name, mark).replace("8088", str(self.port)).replace(".venv/bin/", f"{self.directory}/bin/")
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=ROOT, env=self.environ() | more,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240, check=False)
        return done.returncode, done.stdout

    def start(self) -> None:
        subprocess.run([self.directory / "restart"], env=self.environ(), check=True, timeout=60)
        self.wait_for(lambda: self.health().get("ready") is True)

    def health(self) -> dict:
        try:
            return requests.get(f"{self.url}/health", timeout=10).json()
        except requests.ConnectionError:
            return {}

    def wait_for(self, claim) -> None:
        deadline = time.monotonic() + 30
        while not claim():
            assert time.monotonic() < deadline, (self.directory / "output").read_text()
            threading.Event().wait(0.1)

    def set(self, **settings: str) -> None:
        (self.directory / "env").write_text("".join(f"{n}={v}\n" for n, v in settings.items()))

    def break_engine(self, is_broken: bool) -> None:
        (self.directory / "engine.broken").unlink(missing_ok=True)
        if is_broken:
            (self.directory / "engine.broken").touch()


def _program(path: Path, text: str) -> Path:
    path.write_text(f"#!/usr/bin/env bash\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "logs").mkdir()
    (tmp_path / "bin").mkdir()
    _program(tmp_path / "bin" / "python", f'exec "{sys.executable}" "$@"')
    _program(tmp_path / "bin" / "pxl", f'exec "{sys.executable}" -m pxl "$@"')
    (tmp_path / "orders").mkdir()
    prover = faulty_prover.executable(tmp_path, tmp_path / "orders", "coqidetop.opt")
    engine = _program(tmp_path / "engine", f'[[ -e "{tmp_path}/engine.broken" ]] && exit 1\nexec "{prover}" "$@"')
    _program(tmp_path / "restart", f"""
        if [[ -e {tmp_path}/pid ]]; then kill -KILL "$(cat {tmp_path}/pid)" 2>/dev/null || true; fi
        cd {ROOT}; touch {tmp_path}/env; set -a; source {tmp_path}/env; set +a
        "{sys.executable}" serve_pxl.py </dev/null >>{tmp_path}/output 2>&1 & echo $! >{tmp_path}/pid""")
    here = Installation(tmp_path, port, engine)
    here.set(PXL_POOL_SIZE="2")
    here.start()
    try:
        yield here
    finally:
        try:
            os.kill(here.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


@contextmanager
def hard_goals(url: str) -> Iterator[None]:
    """Keep two sessions busy for as long as the block lasts, through restarts, on however slow a machine."""
    stopped = threading.Event()

    def ask(number: int) -> None:
        while not stopped.is_set():
            number += 1
            goal = f"{'~' * 2 * number}({' & '.join(f'a{atom}' for atom in range(10))}) -> a0"
            try:
                requests.post(f"{url}/prove", json={"goal": goal}, timeout=30)
            except requests.RequestException:
                stopped.wait(0.1)
    with ThreadPoolExecutor(2) as threads:
        threads.submit(ask, 0)
        threads.submit(ask, 1000)
        try:
            yield
        finally:
            stopped.set()


class TestGameDay:
    def test_system_completely_down(self, installation: Installation) -> None:
        os.kill(installation.pid, signal.SIGKILL)
        installation.wait_for(lambda: not installation.health())
        status, said = installation.run("RUNBOOK.md", "down, look")
        assert status == 0 and "SYSTEM DOWN" in said and "nobody listens" in said, said
        status, said = installation.run("RUNBOOK.md", "down, examine")
        assert status == 0 and "Data integrity verified" in said, said
        status, said = installation.run("RUNBOOK.md", "down, mend")
        assert status == 0 and "is ready" in said and "checks passed." in said, said

    def test_high_latency(self, installation: Installation) -> None:
        (installation.directory / "orders" / "always-slow").touch()
        installation.set(PXL_POOL_SIZE="1")
        installation.start()
        with hard_goals(installation.url):
            for number in range(3):
                requests.post(f"{installation.url}/prove", json={"goal": f"BOX(q{number}) -> {'~~' * number}q{number}"}, timeout=60)
            status, said = installation.run("RUNBOOK.md", "slow, look")
            assert status == 0, said
            p95 = re.search(r'"p95": ([\d.]+)', said)
            assert p95 and float(p95[1]) > 300 and '"busy_sessions": 1' in said, said
            status, said = installation.run("RUNBOOK.md", "slow, mend", NEW_POOL_SIZE="4")
        assert status == 0 and "Performance recovery successful" in said, said
        assert installation.health()["session_pool"]["max_pool_size"] == 4

    def test_low_verification_ratio(self, installation: Installation) -> None:
        installation.break_engine(True)
        for child in psutil.Process(installation.pid).children(recursive=True):
            child.kill()
        installation.wait_for(lambda: installation.health().get("ready") is False)
        for number in range(4):
            reply = requests.post(f"{installation.url}/prove", json={"goal": f"A{number} -> BOX(A{number})"}, timeout=60)
            assert reply.status_code == 503
        status, said = installation.run("RUNBOOK.md", "unproved, look")
        assert status == 0 and '"ready": false' in said and "no verdict" in said, said
        assert float(said.splitlines()[0]) < 90, said
        status, said = installation.run("RUNBOOK.md", "unproved, examine")
        assert status == 0 and "FAIL  proofs" in said, said
        installation.break_engine(False)
        status, said = installation.run("RUNBOOK.md", "unproved, mend")
        assert status == 0 and "checks passed." in said, said

    def test_the_routine_commands_work_on_a_server_that_is_well(self, installation: Installation) -> None:
        requests.post(f"{installation.url}/prove", json={"goal": "BOX(A -> A)"}, timeout=60)
        status, said = installation.run("RUNBOOK.md", "prepare")
        assert (status, said) == (0, "")
        status, said = installation.run("OPERATIONS.md", "look")
        assert status == 0 and "\ntrue\n" in said and "Health Check Complete" in said and "null" not in said.split("=== ")[0], said
        status, said = installation.run("OPERATIONS.md", "logs")
        assert status == 0 and "127.0.0.1" in said, said
        status, said = installation.run("DEPLOYMENT.md", "keys")
        assert status == 0 and "current" in said, said


def backticked(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))


class TestPages:
    def test_every_script_is_documented_and_every_documented_one_is_there(self) -> None:
        told = set(re.findall(r"scripts/([\w-]+\.sh)", "".join(page(name) for name in (*PAGES, "README.md"))))
        there = {path.name for path in (ROOT / "scripts").glob("*.sh")}
        assert told <= there and there - told <= {"lock.sh", "openapi.sh"}, there ^ told

    def test_every_alert_is_in_the_runbook_and_every_alert_there_exists(self) -> None:
        groups = yaml.safe_load((ROOT / "monitoring" / "rules.yml").read_text(encoding="utf-8"))["groups"]
        alerts = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
        words = {word for name in PAGES for word in backticked(page(name)) if re.fullmatch(r"([A-Z]+[a-z0-9]+){2,}[A-Z\d]*", word)}
        assert words == alerts, words ^ alerts

    def test_every_runbook_link_of_an_alert_leads_somewhere(self) -> None:
        headings = {re.sub(r"[^\w -]", "", line.lstrip("# ")).strip().lower().replace(" ", "-")
                    for line in page("RUNBOOK.md").splitlines() if line.startswith("#")}
        for link in re.findall(r"RUNBOOK\.md#([\w-]+)", (ROOT / "monitoring" / "rules.yml").read_text(encoding="utf-8")):
            assert link in headings, link

    def test_every_setting_that_is_named_exists(self) -> None:
        known = {row.variable for row in rows()}
        in_scripts = set(re.findall(r"\b[A-Z][A-Z_]{3,}\b", "".join(
            path.read_text(encoding="utf-8") for path in (ROOT / "scripts").rglob("*.sh"))))
        for name in PAGES:
            named = set(re.findall(r"\b(?:PXL|HMAC|JWT|RATE_LIMIT|TRUSTED|ENABLE_HMAC)_[A-Z_]+\b", page(name)))
            assert named <= known | in_scripts, (name, named - known - in_scripts)

    @pytest.mark.parametrize("name", [*PAGES, "docs/incident-template.md"])
    def test_every_link_and_every_file_that_is_named_is_there(self, name: str) -> None:
        base = (ROOT / name).parent
        for target in re.findall(r"\]\(([^)#]+)(?:#[\w-]+)?\)", page(name)):
            assert target.startswith("http") or (base / target).exists(), target
        for word in backticked(page(name)):
            path = word.split()[0]
            if re.fullmatch(r"(scripts|configs|monitoring|docs|kubernetes)/[\w./-]*|[\w.-]+\.(yml|yaml|py|example)", path):
                assert (ROOT / path).exists(), path
