"""`pxl doctor` finds what is wrong, says how to mend it, and is content with what is right."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pxl.commands.doctor import FAIL, OK, WARN, examine, report
from pxl.errors import ProverTimeout
from pxl.kernel.project import default_kernel_dir

ROOT = Path(__file__).resolve().parents[2]
KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    return tmp_path


def findings(root: Path, prove=lambda settings: 0.01, **environ: str) -> dict[str, tuple[str, str]]:
    return {found.point: (found.state, found.detail) for found in examine(environ, prove, root)}


def test_what_is_right_is_ok(root: Path) -> None:
    key = root / "key"
    key.write_text(KEY + "\n")
    key.chmod(0o600)
    (root / "logos-pxl-config_1.tar.gz").touch()
    found = findings(root, PXL_HOST="0.0.0.0", ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY_FILE=str(key),
                     PXL_LOG_DIR=str(root), BACKUP_DIR=str(root))
    assert {state for state, _ in found.values()} <= {OK, WARN}
    assert found["authentication"] == (OK, "on: signatures") and found["backups"][0] == OK and found["logs"][0] == OK
    assert found["proofs"] == (OK, "one proved and one refuted in 10 ms, by a session of its own")


@pytest.mark.parametrize(("point", "state", "environ"), [
    ("settings", FAIL, {"PXL_POOL_SIZE": "none"}), ("settings", FAIL, {"PXL_POOLSIZE": "3"}),
    ("authentication", FAIL, {"PXL_HOST": "0.0.0.0"}), ("authentication", WARN, {}),
    ("logs", FAIL, {"PXL_LOG_DIR": "/no/such/directory"}), ("logs", WARN, {}),
    ("backups", WARN, {"BACKUP_DIR": "/no/such/directory"}), ("memory", FAIL, {"PXL_POOL_SIZE": "64", "x": "y"}),
])
def test_what_is_wrong_is_found(root: Path, monkeypatch, point: str, state: str, environ: dict[str, str]) -> None:
    if point == "memory":
        monkeypatch.setattr("pxl.commands.doctor.SESSION_BYTES", os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 100)
    assert findings(root, **environ)[point][0] == state


def test_a_prover_that_fails_is_found(root: Path) -> None:
    def fail(settings: object) -> float:
        raise ProverTimeout("no answer in 60 s")
    assert findings(root, fail)["proofs"] == (FAIL, "no answer in 60 s")


def test_a_kernel_that_was_touched_is_found(root: Path) -> None:
    copy = root / "kernel"
    shutil.copytree(default_kernel_dir(), copy)
    assert findings(root, PXL_KERNEL_DIR=str(copy))["kernel"][0] == OK
    with (copy / "Clausal.vo").open("r+b") as file:
        file.seek(2000)
        file.write(b"\1")
    state, detail = findings(root, PXL_KERNEL_DIR=str(copy))["kernel"]
    assert state == FAIL and "Clausal.vo" in detail


def test_an_overlays_library_that_was_touched_is_found(root: Path) -> None:
    kernel = default_kernel_dir()
    for built in (kernel, *kernel.parent.glob(f"{kernel.name}.*/")):
        shutil.copytree(built, root / f"kernel{built.name.removeprefix(kernel.name)}")
    assert findings(root, PXL_KERNEL_DIR=str(root / "kernel"))["overlays"][0] == OK
    touched = max((root / "kernel.PXLModal").glob("*.vo"), key=lambda path: path.stat().st_size)
    with touched.open("r+b") as file:
        file.seek(2000)
        file.write(b"\1")
    state, detail = findings(root, PXL_KERNEL_DIR=str(root / "kernel"))["overlays"]
    assert state == FAIL and touched.name in detail and "modal: " in detail


def test_secrets_that_others_may_read_are_found(root: Path) -> None:
    (root / ".env").write_text("SECRET=1\n")
    (root / ".env").chmod(0o644)
    assert findings(root)["secret files"] == (FAIL, f"{root}/.env has mode 644")
    (root / ".env").unlink()
    token = root / "token"
    token.write_text("t" * 64)
    token.chmod(0o640)
    assert findings(root, PXL_METRICS_TOKEN_FILE=str(token))["secret files"] == (FAIL, f"{token} has mode 640")


def test_packages_of_other_versions_are_found(root: Path) -> None:
    (root / "requirements.txt").write_text("flask==0.1\nno-such-package-here==1\n")
    state, detail = findings(root)["packages"]
    assert state == FAIL and "not 0.1" in detail and "no-such-package-here is missing" in detail


def test_an_old_backup_is_found(root: Path) -> None:
    pack = root / "logos-pxl-config_1.tar.gz"
    pack.touch()
    os.utime(pack, (time.time() - 9 * 86_400,) * 2)
    assert findings(root, BACKUP_DIR=str(root))["backups"] == (WARN, f"the newest in {root} is 9 days old")


def test_the_status_tells_whether_something_must_be_mended(root: Path, capsys) -> None:
    assert report(examine({}, lambda settings: 0.0, root), as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    assert report(examine({"PXL_HOST": "0.0.0.0"}, lambda settings: 0.0, root), as_json=False) == 1
    assert "1 to mend" in capsys.readouterr().out


def test_the_command_asks_a_real_prover() -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PXL_", "HMAC_", "JWT_"))}
    done = subprocess.run([sys.executable, "-m", "pxl", "doctor", "--json"], cwd=ROOT, env=clean, capture_output=True,
                          text=True, timeout=120, check=False)
    proofs, = (each for each in json.loads(done.stdout)["findings"] if each["point"] == "proofs")
    assert proofs["state"] == OK, done.stdout + done.stderr
