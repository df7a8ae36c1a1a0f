"""What pip installs: pinned, complete, hashed, and nothing that Python has already."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = ("requirements.txt", "requirements-dev.txt", "requirements.lock", "requirements-dev.lock")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(name: str) -> dict[str, str]:
    """Return the packages of a requirements file with their pins, `-r` lines left out."""
    text = re.sub(r"\s*\\\n\s*", " ", (ROOT / name).read_text(encoding="utf-8"))
    found = {}
    for line in text.splitlines():
        wanted = line.partition("#")[0].strip()
        if wanted and not wanted.startswith("-"):
            package, _, pin = wanted.split(" --hash")[0].partition("==")
            found[canonical(package.strip())] = pin.strip()
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_pinned_to_one_version(name: str) -> None:
    for package, pin in requirements(name).items():
        assert re.fullmatch(r"\d+(\.\w+)*", pin), f"{name}: {package}"


@pytest.mark.parametrize("name", FILES)
def test_no_requirement_is_part_of_python(name: str) -> None:
    """`pip install hashlib threading`, as an early document had it, fails: both are Python's own."""
    assert not {package.replace("-", "_") for package in requirements(name)} & set(sys.stdlib_module_names)


def test_the_packages_that_were_asked_for_are_there() -> None:
    assert requirements("requirements.txt").keys() >= {
        "flask", "waitress", "cachetools", "pexpect", "prometheus-flask-exporter", "pytest", "requests", "python-sat"}


@pytest.mark.parametrize("suffix", ["", "-dev"])
def test_the_locks_hold_the_requirements_with_hashes(suffix: str) -> None:
    locked = requirements(f"requirements{suffix}.lock")
    assert requirements(f"requirements{suffix}.txt").items() <= locked.items(), "run scripts/lock.sh"
    assert requirements("requirements.lock").items() <= requirements("requirements-dev.lock").items()
    text = (ROOT / f"requirements{suffix}.lock").read_text(encoding="utf-8")
    for block in re.split(r"\n(?=\w)", re.sub(r"^#.*\n", "", text, flags=re.M)):
        assert "--hash=sha256:" in block, block
    assert "://" not in text, "a lock names packages, not where they come from"


def test_every_foreign_import_is_required() -> None:
    """Packages are looked up by the modules they bring, as installed here."""
    brings = packages_distributions()
    for folder, required in (("pxl", requirements("requirements.txt")),
                             ("benchmarks", requirements("requirements-dev.lock")),
                             ("tests", requirements("requirements-dev.lock"))):
        local = {"pxl", "serve_pxl", "benchmarks", "tests"} | {
            path.stem for path in (ROOT / folder).rglob("*.py")}
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else \
                    [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
                for top in {name.split(".")[0] for name in names} - sys.stdlib_module_names - local - {""}:
                    owners = {canonical(owner) for owner in brings.get(top, [])}
                    # Flask brings Werkzeug, and is useless without it.
                    assert owners & (required.keys() | {"werkzeug"}), f"{path.name} imports {top}"


def test_the_project_states_no_other_python_than_it_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11"
    assert project["scripts"] == {"pxl": "pxl.commands.main:main"}
