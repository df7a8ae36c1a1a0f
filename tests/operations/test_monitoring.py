"""The monitoring files are accepted by the tools they are for, and name only metrics that a live server has."""

from __future__ import annotations

import importlib.util
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests
import yaml

from pxl.client import Client
from tests.support.monitoring import MONITORING, dashboards, expressions, read, rules
from tests.support.scripts import Observed, real_signed_server

ROOT = Path(__file__).resolve().parents[2]
TESTS = ("rules_test.yml", "rules_slow_test.yml")
KEY = "1b2c3d4e5f60718293a4b5c6d7e8f9001b2c3d4e5f60718293a4b5c6d7e8f900"
# The first word of what PromQL itself has; what else looks like a name is a metric.
FUNCTIONS = {"sum", "avg", "by", "on", "rate", "increase", "histogram_quantile", "absent", "avg_over_time", "and", "or",
             "vector", "job", "instance", "route", "status", "le", "reason", "state", "overlay", "verdict", "source",
             "log", "code", "scheme", "key_id"}


def run(*command: str | Path, cwd: Path = MONITORING) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dashboards", MONITORING / "dashboards.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def metrics_in(expression: str) -> set[str]:
    """Return the names of the metrics in a query.

    Labels, strings, ranges and functions are no metrics.
    """
    bare = re.sub(r'"[^"]*"', '""', expression)
    bare = re.sub(r"\{[^}]*\}", "", re.sub(r"\[\w+\]", "", bare))
    bare = re.sub(r"\b(by|on)\s*\([^)]*\)", "", bare)
    return {name for name in re.findall(r"[a-zA-Z_:][\w:]*", bare)} - FUNCTIONS - {"NaN"}


class TestFiles:
    def test_prometheus_accepts_its_configuration_with_the_rules(self) -> None:
        assert "rules found" in run("promtool", "check", "config", "prometheus.yml")
        config = read(MONITORING / "prometheus.yml")
        assert config["rule_files"] == ["rules.yml"] and config["global"]["scrape_interval"] == "15s"
        job, = config["scrape_configs"]
        assert job["job_name"] == "pxl-core" and job["static_configs"] == [{"targets": ["pxl-prover:8088"]}]

    def test_every_alert_fires_when_it_should_and_only_then(self) -> None:
        run("promtool", "test", "rules", *TESTS)

    def test_every_alert_has_such_a_test(self) -> None:
        tested = {case["alertname"] for file in TESTS for test in read(MONITORING / file)["tests"]
                  for case in test.get("alert_rule_test", []) if case["exp_alerts"]}
        assert tested == {rule["alert"] for rule in rules() if "alert" in rule}

    def test_every_alert_says_what_it_is_about(self) -> None:
        for rule in rules():
            if "alert" in rule:
                assert rule["labels"]["severity"] in ("critical", "warning", "info") and rule["annotations"]["summary"]

    def test_the_alertmanager_accepts_its_example(self) -> None:
        assert "SUCCESS" in run("amtool", "check-config", "alertmanager.yml")


class TestDashboards:
    def test_they_are_what_the_program_writes(self) -> None:
        module = generator()
        assert {board.file: module.text(board) for board in module.DASHBOARDS} == {
            path.name: path.read_text(encoding="utf-8") for path in (MONITORING / "grafana").glob("*.json")}

    @pytest.mark.parametrize(("file", "uid"), [
        ("pxl-core-metrics.json", "pxl-core-main"), ("api-gateway-metrics.json", "gateway-perf"),
        ("system-resources.json", "sys-resources"), ("security-monitoring.json", "security-events")])
    def test_they_have_the_documents_uids_and_what_grafana_wants(self, file: str, uid: str) -> None:
        board = dashboards()[file]
        assert board["uid"] == uid and board["schemaVersion"] >= 36
        assert board["templating"]["list"][0]["type"] == "datasource"
        numbers = [panel["id"] for panel in board["panels"]]
        assert len(set(numbers)) == len(numbers) >= 6
        for panel in board["panels"]:
            assert panel["title"] and panel["targets"] and panel["datasource"]["uid"] == "${datasource}"
            assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24

    def test_prometheus_reads_every_query(self, tmp_path: Path) -> None:
        found = [{"record": f"job:query{number}:rate5m", "expr": expression}
                 for number, expression in enumerate(expressions())]
        (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": found}]}),
                                              encoding="utf-8")
        run("promtool", "check", "rules", "--lint=none", tmp_path / "queries.yml")


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """Give a real server that has answered, refused, and turned away."""
    with real_signed_server(tmp_path_factory.mktemp("observed"), KEY) as server:
        with Client(server.url, key=KEY) as client:
            for goal in ("BOX(A -> A)", "BOX(B -> B)", "A -> BOX(A)"):
                client.prove(goal)
        assert requests.post(f"{server.url}/prove", json={"goal": "A"}, timeout=30).status_code == 401
        yield server


@pytest.fixture(scope="module")
def prometheus(observed: Observed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a real Prometheus with our file, its target, its pace and its token changed; return its address."""
    directory = tmp_path_factory.mktemp("prometheus")
    config = read(MONITORING / "prometheus.yml")
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["scrape_configs"][0] |= {
        "static_configs": [{"targets": [observed.url.removeprefix("http://")]}],
        "authorization": {"credentials_file": str(observed.token_file)}}
    config["alerting"] = {}
    (directory / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (directory / "rules.yml").write_text((MONITORING / "rules.yml").read_text(encoding="utf-8"), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (directory / "output").open("wb") as output:
        process = subprocess.Popen(
            ["prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
             f"--web.listen-address=127.0.0.1:{port}"], cwd=directory, stdout=output, stderr=output)
    try:
        url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 60
        while not _target_is_up(url):
            assert process.poll() is None and time.monotonic() < deadline, (directory / "output").read_text()
            threading.Event().wait(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _query(url: str, expression: str) -> list[dict[str, Any]]:
    reply = requests.get(f"{url}/api/v1/query", params={"query": expression}, timeout=10)
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]["result"]


def _target_is_up(url: str) -> bool:
    try:
        return [sample["value"][1] for sample in _query(url, 'up{job="pxl-core"}')] == ["1"]
    except (requests.ConnectionError, AssertionError):
        return False


class TestLive:
    def test_a_real_prometheus_scrapes_the_server(self, prometheus: str) -> None:
        assert _query(prometheus, 'up{job="pxl-core"} == 1')

    def test_every_metric_of_a_rule_or_a_panel_is_there(self, prometheus: str) -> None:
        reply = requests.get(f"{prometheus}/api/v1/metadata", timeout=10).json()["data"]
        names = requests.get(f"{prometheus}/api/v1/label/__name__/values", timeout=10).json()["data"]
        recorded = {rule["record"] for rule in rules() if "record" in rule}
        known = set(names) | set(reply) | recorded
        for expression in expressions():
            assert metrics_in(expression) <= known, (expression, metrics_in(expression) - known)

    def test_no_alert_is_raised_by_a_server_that_is_well(self, prometheus: str) -> None:
        assert _query(prometheus, 'ALERTS{alertstate="firing"}') == []

    def test_the_numbers_are_those_of_what_was_asked(self, prometheus: str) -> None:
        proved = {(s["metric"]["verdict"], s["metric"]["source"]): float(s["value"][1])
                  for s in _query(prometheus, 'pxl_proofs_total{overlay="pxl"}')}
        assert proved["proved", "kernel"] == 1 and proved["proved", "cache"] == 1 and proved["refuted", "kernel"] == 1
        assert float(_query(prometheus, 'sum(http_requests_total{status="401"})')[0]["value"][1]) >= 1
