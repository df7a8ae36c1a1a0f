"""Every script explains itself, and refuses what it does not know before it does anything."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import serve_pxl

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path.name for path in (ROOT / "scripts").glob("*.sh"))
# Everything but a lone --help is pytest's, which refuses what it does not know itself.
PASSES_ON = {"test.sh"}


def run(name: str, place: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of a script in a clone that has nothing else, so that no work could be done unnoticed."""
    folder = place / "scripts"
    (folder / "lib").mkdir(parents=True)
    for path in ("lib/common.sh", name):
        (folder / path).write_bytes((ROOT / "scripts" / path).read_bytes())
    (folder / name).chmod(0o755)
    return subprocess.run([folder / name, *options], cwd=place, capture_output=True, text=True, timeout=20, check=False,
                          env={"PATH": "/usr/bin:/bin"})


def files(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_is_printed_and_nothing_is_done(name: str, tmp_path: Path) -> None:
    done = run(name, tmp_path, "--help")
    assert done.returncode == 0 and done.stdout.startswith(f"Usage: {name}") and not done.stderr, done
    assert files(tmp_path) == {"scripts/lib/common.sh", f"scripts/{name}"}


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name not in PASSES_ON])
def test_an_unknown_option_is_refused_and_nothing_is_done(name: str, tmp_path: Path) -> None:
    done = run(name, tmp_path, "--no-such-option")
    assert done.returncode == 2 and "--no-such-option" in done.stderr and not done.stdout, done
    assert files(tmp_path) == {"scripts/lib/common.sh", f"scripts/{name}"}


def test_the_options_of_run_are_those_of_the_server() -> None:
    text = (ROOT / "scripts" / "run.sh").read_text(encoding="utf-8")
    known = set(re.findall(r"(?<![\w-])--[a-z-]+", text.partition("case $option in")[2].partition("*)")[0]))
    parser = serve_pxl._parser()
    assert known == {option for option in parser._option_string_actions if option.startswith("--")}


def test_what_test_is_given_goes_to_pytest(tmp_path: Path) -> None:
    """A stand-in for the environment's Python writes down how it is called."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "setup.sh").write_text("#!/bin/sh\n")
    (tmp_path / "scripts" / "test.sh").write_bytes((ROOT / "scripts" / "test.sh").read_bytes())
    for path in ("bin/python", "scripts/setup.sh", "scripts/test.sh"):
        (tmp_path / path).chmod(0o755)
    workers = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
    for given, passed in ((("-q", "--help"), ["-q", "--help"]), (("--", "--help"), ["--help"]), (("-k", "a b"), ["-k", "a b"]),
                          (("--fast", "-q"), ["-m", "not programs", "-q"])):
        done = subprocess.run([tmp_path / "scripts" / "test.sh", *given], capture_output=True, text=True, timeout=20,
                              check=True, env={"PATH": "/usr/bin:/bin", "VENV": "."})
        assert done.stdout.splitlines() == ["-m", "pytest", *workers, *passed], given
