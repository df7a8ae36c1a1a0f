"""The benchmark runs: a small round of each section that needs little time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_small_run_gives_figures(tmp_path):
    out = tmp_path / "figures.json"
    subprocess.run([sys.executable, "-m", "benchmarks", "server", "memory", "--rounds", "1", "--goals", "50",
                    "--json", str(out)], cwd=ROOT, env=dict(os.environ), check=True, timeout=120, capture_output=True)
    figures = json.loads(out.read_text())
    assert figures["server"]["uncached 1"]["count"] > 0
    assert figures["server"]["cached 8"]["rate"] > 0
    assert len(figures["memory"]["after"][1]) == 5


def test_users_in_stages_give_figures_and_no_errors(tmp_path):
    out = tmp_path / "figures.json"
    subprocess.run([sys.executable, "-m", "benchmarks", "stages", "--stage-seconds", "1.5", "--json", str(out)],
                   cwd=ROOT, env=dict(os.environ), check=True, timeout=120, capture_output=True)
    stages = json.loads(out.read_text())["stages"]
    assert [stages[f"{users} users"]["errors"] for users in (10, 50, 100)] == [0, 0, 0]
    assert stages["100 users"]["count"] >= 100
    assert stages["verification_ratio_percent"] == 100
    assert stages["objectives_met"].keys() == {"p95", "p99", "errors", "cache"}


def test_an_unknown_section_is_refused():
    done = subprocess.run([sys.executable, "-m", "benchmarks", "nothing"], cwd=ROOT, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 2
    assert "no such section: nothing" in done.stderr
