"""The pipeline is one that GitHub knows, gives each step the least it needs, and calls nothing that is not here."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "production-pipeline.yml"
DEPENDABOT = ROOT / ".github" / "dependabot.yml"
BIN = Path(sys.executable).parent


def tool(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIN / command[0], *command[1:]], capture_output=True, text=True, check=False, timeout=60, cwd=ROOT)


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    return yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]


def steps(jobs: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize(("file", "schema"), [(WORKFLOW, "github-workflows"), (DEPENDABOT, "dependabot")])
def test_github_knows_it(file: Path, schema: str, tmp_path: Path) -> None:
    done = tool("check-jsonschema", "--builtin-schema", f"vendor.{schema}", file)
    assert done.returncode == 0, done.stdout
    (tmp_path / file.name).write_text(re.sub("runs-on|package-ecosystem", "rnus-on", file.read_text(encoding="utf-8")))
    assert tool("check-jsonschema", "--builtin-schema", f"vendor.{schema}", tmp_path / file.name).returncode != 0


def test_zizmor_finds_no_weakness(tmp_path: Path) -> None:
    done = tool("zizmor", "--offline", "--no-progress", "--persona", "pedantic", ROOT / ".github")
    assert done.returncode == 0, done.stdout
    weak = WORKFLOW.read_text(encoding="utf-8").replace('"$IMAGE" .', '"${{ github.head_ref }}" .')
    (tmp_path / "weak.yml").write_text(weak)
    assert tool("zizmor", "--offline", "--no-progress", tmp_path / "weak.yml").returncode != 0


def test_every_action_is_pinned_to_a_commit(jobs: dict[str, Any]) -> None:
    used = [step["uses"] for step in steps(jobs) if "uses" in step]
    assert used and all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action) for action in used), used
    assert len(re.findall(r"uses: \S+ # v\d+\.\d+\.\d+$", WORKFLOW.read_text(encoding="utf-8"), re.M)) == len(used)


def test_nothing_may_write_to_the_repository(jobs: dict[str, Any]) -> None:
    assert yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["permissions"] == {}
    assert all(job["permissions"] == {"contents": "read"} and job["timeout-minutes"] <= 90 for job in jobs.values())
    assert all(step["with"]["persist-credentials"] is False for step in steps(jobs) if "checkout" in step.get("uses", ""))


def test_production_is_reached_by_hand_only_and_after_everything_else(jobs: dict[str, Any]) -> None:
    deploy = jobs["deploy"]
    assert deploy["if"] == "github.event_name == 'workflow_dispatch' && inputs.deploy"
    assert deploy["environment"] == "production" and set(deploy["needs"]) == {"test", "image"} and jobs["image"]["needs"] == ["kernel"]
    text = WORKFLOW.read_text(encoding="utf-8")
    assert text.index("secrets.") > text.index("  deploy:"), "only the roll-out knows secrets"


def test_what_it_calls_is_here(jobs: dict[str, Any]) -> None:
    commands = "\n".join(step.get("run", "") for step in steps(jobs))
    assert "bash .ci/run" in commands and "make gates" in commands and "-m pxl.commands.healthcheck" in commands
    for path in (".ci/run", "Dockerfile.pxl-core", "requirements.lock", "kubernetes/kustomization.yaml", "pxl/commands/healthcheck.py",
                 "integration_test_suite.py"):
        assert (ROOT / path).is_file()
    manifest = (ROOT / "kubernetes" / "deployment.yaml").read_text(encoding="utf-8")
    pattern = re.search(r'sed "s\|(image: \S+):\.\*\|', commands)[1]
    assert manifest.count(pattern) == 1, "the roll-out replaces this one image"
    assert "deployment/pxl-prover" in commands and "--namespace logos-pxl-core" in commands


def test_every_ecosystem_is_kept_up_to_date() -> None:
    updates = yaml.safe_load(DEPENDABOT.read_text(encoding="utf-8"))["updates"]
    assert {each["package-ecosystem"] for each in updates} == {"pip", "docker", "docker-compose", "github-actions"}
    assert all(each["schedule"]["interval"] == "weekly" for each in updates)
