"""The rules and dashboards of ``monitoring/``, as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

MONITORING = Path(__file__).resolve().parents[2] / "monitoring"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rules() -> list[dict[str, Any]]:
    return [rule for group in read(MONITORING / "rules.yml")["groups"] for rule in group["rules"]]


def dashboards() -> dict[str, dict[str, Any]]:
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in (MONITORING / "grafana").glob("*.json")}


def expressions() -> list[str]:
    """Return every query of the rules and the dashboards."""
    shown = [target["expr"] for board in dashboards().values() for panel in board["panels"] for target in panel["targets"]]
    return [rule["expr"] for rule in rules()] + shown
