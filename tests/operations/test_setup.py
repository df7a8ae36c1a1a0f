"""Set-up says what a machine lacks and how to get it, and does nothing halfway."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run_setup(bin_dir: Path, environment: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the set-up where nothing is on the PATH but what `bin_dir` has."""
    for tool in ("bash", "dirname", "cat", "cmp"):
        (bin_dir / tool).symlink_to(shutil.which(tool) or tool)
    return subprocess.run([str(bin_dir / "bash"), "scripts/setup.sh", *options], cwd=ROOT, capture_output=True,
                          text=True, check=False, env={"PATH": str(bin_dir), "VENV": str(environment)})


@pytest.fixture
def bin_dir(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def test_a_machine_without_anything_is_told_all_of_it_at_once(bin_dir: Path, tmp_path: Path) -> None:
    done = run_setup(bin_dir, tmp_path / "venv")
    assert done.returncode == 2
    assert "apt-get install -y --no-install-recommends python3 python3-venv coq\n" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_machine_without_coq_is_told_so(bin_dir: Path, tmp_path: Path) -> None:
    (bin_dir / "python3").write_text("#!/bin/sh\nexit 0\n")
    (bin_dir / "python3").chmod(0o755)
    done = run_setup(bin_dir, tmp_path / "venv")
    assert done.returncode == 2
    assert "this machine lacks: coq\n" in done.stderr
    assert "Coq 8.16 or later" in done.stderr


def test_an_unknown_option_is_refused(bin_dir: Path, tmp_path: Path) -> None:
    done = run_setup(bin_dir, tmp_path / "venv", "--devel")
    assert done.returncode == 2
    assert "unknown option --devel" in done.stderr


def test_a_machine_for_development_needs_what_the_tests_run_too(bin_dir: Path, tmp_path: Path) -> None:
    done = run_setup(bin_dir, tmp_path / "venv", "--dev")
    assert done.returncode == 2
    wanted = ["python3", "python3-venv", "coq", "make", "curl", "redis-server", "nginx", "jq", "bats", "shellcheck", "prometheus",
              "prometheus-alertmanager", "strace", "systemd", "openssl", "ocaml", "js-of-ocaml", "nodejs", "buildah",
              "debootstrap", "bubblewrap", "docker-compose", "kubernetes-client"]
    # These two are looked for where the PATH of others than root does not lead.
    lacking = [name for name in wanted if not Path("/usr/sbin", name).exists()]
    assert f"apt-get install -y --no-install-recommends {' '.join(lacking)}\n" in done.stderr
