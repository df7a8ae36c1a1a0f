"""The systemd unit is one that systemd understands, that exposes little, and under which the real server works."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.support.prover import engines_present
from tests.support.real_server import ROOT, serving
from tests.support.replicas import KEY, Signed, send

UNIT = ROOT / "configs" / "pxl.service"
PLACE = "/opt/logos-pxl-core"
HIGHEST_EXPOSURE = 20       # tenths


def options() -> dict[str, list[str]]:
    """Return every value of each option of the [Service] section."""
    found, section = defaultdict(list), ""
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[name].append(value)
    return found


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_systemd_finds_no_fault_with_it(tmp_path: Path) -> None:
    """The clone that the unit is for stands elsewhere here; nothing else is changed."""
    program = f"{sys.executable} {ROOT}/serve_pxl.py"
    text = UNIT.read_text(encoding="utf-8").replace(f"{PLACE}/.venv/bin/python serve_pxl.py", program)
    (tmp_path / "pxl.service").write_text(text)
    done = analyze("verify", str(tmp_path / "pxl.service"))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("typo", [("WatchdogSec", "WatchdogSecs"), ("Type=notify", "Type=notfy")])
def test_systemd_would_find_one(typo: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "pxl.service").write_text(UNIT.read_text(encoding="utf-8").replace(*typo))
    assert analyze("verify", str(tmp_path / "pxl.service")).stderr


def test_it_exposes_little() -> None:
    done = analyze("security", "--offline=true", f"--threshold={HIGHEST_EXPOSURE}", str(UNIT))
    assert done.returncode == 0, done.stdout
    exposure = re.search(r"Overall exposure level for pxl.service: ([\d.]+)", done.stdout)
    assert float(exposure[1]) < HIGHEST_EXPOSURE / 10


def test_the_plain_service_would_not_pass_that_threshold(tmp_path: Path) -> None:
    (tmp_path / "pxl.service").write_text("[Service]\nExecStart=/bin/true\n")
    assert analyze("security", "--offline=true", f"--threshold={HIGHEST_EXPOSURE}", str(tmp_path / "pxl.service")).returncode == 1


def test_each_time_is_longer_than_what_it_waits_for() -> None:
    from pxl.composition.prover import START_TIMEOUT_S
    from pxl.settings import Settings
    unit, settings = options(), Settings()
    assert int(unit["TimeoutStartSec"][0]) > START_TIMEOUT_S
    assert int(unit["TimeoutStopSec"][0]) >= settings.drain_timeout_s + 10
    assert int(unit["LimitNOFILE"][0]) > settings.connection_limit + 24 + 8 * 64
    assert int(unit["TasksMax"][0]) > settings.threads + 3 * 64
    assert unit["Type"] == ["notify"] and unit["KillMode"] == ["mixed"]


def test_bad_configuration_is_not_tried_again() -> None:
    assert options()["RestartPreventExitStatus"] == ["2"]
    done = subprocess.run([sys.executable, "serve_pxl.py", "--check-config"], cwd=ROOT, env={"PXL_POOL_SIZE": "0"},
                          capture_output=True, check=False, timeout=60)
    assert done.returncode == 2


def test_no_secret_stands_in_it() -> None:
    unit = options()
    assert unit["LoadCredential"] == ["hmac-secret-key:/etc/pxl/hmac-secret-key"]
    assert not any(re.match(r"(HMAC|JWT)_SECRET_KEY\w*(?<!_FILE)=", value) for value in unit["Environment"])


def unit_environment(credentials: Path) -> dict[str, str]:
    """Return what systemd would set, with credentials and logs where they are given."""
    assert options()["LogsDirectory"] == ["pxl"]
    return dict(value.replace("%d", str(credentials)).replace("/var/log/pxl", f"{credentials}/logs").split("=", 1)
                for value in options()["Environment"])


def allowed_calls() -> set[str]:
    """Return the system calls that the unit's filter lets through, as this systemd understands its groups."""
    def members(name: str) -> set[str]:
        if not name.startswith("@"):
            return {name}
        text = analyze("syscall-filter", name).stdout.splitlines()[1:]
        return {call for line in text if line.strip() and not line.strip().startswith("#") for call in members(line.strip())}
    allowed: set[str] = set()
    for value in options()["SystemCallFilter"]:
        if value.startswith("~"):
            allowed -= members(value[1:])
        else:
            allowed |= members(value)
    return allowed


def test_the_server_works_with_its_credential_and_within_its_system_calls(tmp_path: Path) -> None:
    """The server is started with the unit's environment and watched: it asks the system for nothing that the filter refuses."""
    credentials, calls = tmp_path / "credentials", tmp_path / "calls"
    credentials.mkdir(mode=0o700)
    (credentials / "hmac-secret-key").write_text(f"{KEY}\n")
    (credentials / "hmac-secret-key").chmod(0o440)      # as systemd hands it to a user
    calls.mkdir()
    strace = [shutil.which("strace") or "strace", "-D", "-ff", "-qq", "-o", str(calls / "of")]
    with serving(engines_present()[0], tmp_path / "log", prefix=strace, PXL_POOL_SIZE="1",
                 **unit_environment(credentials)) as server:
        assert Signed("BOX(A -> A)").send(server.port).status in (200, 401)     # 401: signed in the second of the start
        assert send(server.port, "POST", "/prove", b'{"goal": "A"}', {"Content-Type": "application/json"}).status == 401
        assert send(server.port, "GET", "/health").status == 200
    seen: set[str] = set()
    writable_code = []
    for file in calls.iterdir():
        for line in file.read_text(errors="replace").splitlines():
            if call := re.match(r"(\w+)\(", line):
                # A call that the kernel does not have is refused without the filter's doing.
                if not line.endswith("(Function not implemented)"):
                    seen.add(call[1])
                if "PROT_WRITE|PROT_EXEC" in line:
                    writable_code.append(line)
    assert len(seen) > 50
    assert seen <= allowed_calls(), sorted(seen - allowed_calls())
    assert not writable_code or "MemoryDenyWriteExecute" not in options()


def test_the_unit_is_what_an_ini_reader_reads_too() -> None:
    """Tools that edit units expect no line before the first section but comments."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read_string(UNIT.read_text(encoding="utf-8"))
    assert parser.sections() == ["Unit", "Service", "Install"]
