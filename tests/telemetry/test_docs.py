"""The page on metrics has every metric that a server tells, with its type and labels, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.live_server import running

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
ROWS = {name: (kind, labels) for name, kind, labels in re.findall(r"^\| `([a-z_0-9]+)` \| (\w+) \| ([^|]*?) ?\|", PAGE, re.M)}


@pytest.fixture(scope="module")
def families() -> dict:
    with running() as live:
        live.prove("A")
        live.prove("(")
        live.get("/nothing")
        text = live.get("/metrics/prometheus").text
    # The parser takes the ending off a counter's name.
    return {family.name + ("_total" if family.type == "counter" else ""): family for family in text_string_to_metric_families(text)}


def test_every_metric_is_documented_and_every_documented_one_is_there(families):
    ours = {name for name in families if not name.startswith("process_")}
    assert set(ROWS) == ours
    for name in set(families) - ours:
        assert f"`{name}`" in PAGE, name


def test_types_and_labels_are_those_of_the_page(families):
    for name, (kind, labels) in ROWS.items():
        family = families[name]
        assert family.type == kind, name
        found = {label for sample in family.samples for label in sample.labels} - {"le"}
        if found:
            assert found == set(re.split(", ?", labels)), name


def test_the_audit_has_the_members_of_its_page(tmp_path):
    page = (Path(__file__).resolve().parents[2] / "docs" / "logs.md").read_text(encoding="utf-8")
    table = page.partition("| member |")[2].partition("**Never**")[0]
    members = {name for cell in re.findall(r"^\| (`[^|]*) \|", table, re.M) for name in re.findall(r"`(\w+)`", cell)}
    with running(PXL_LOG_DIR=str(tmp_path)) as live:
        record = live.get("/healthz") and live.logs.flush() or (tmp_path / "audit.jsonl").read_text()
    assert members == set(re.findall(r'"(\w+)": ', record))
