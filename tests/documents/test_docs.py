"""The documents say what is so: their commands, files, links and settings exist."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from pxl.kernel.project import read_snapshot, source_dir
from pxl.settings import env_example

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]


def make_targets() -> dict[str, str]:
    """Return the Makefile's targets with what `make help` says of them."""
    return dict(re.findall(r"^([a-z-]+):.*## (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_in_a_document_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    commands = "\n".join(block or inline for block, inline in re.findall(
        r"```(?:sh|console|bash)\n(.*?)```|`([^`\n]+)`", text, re.S))
    for target in re.findall(r"(?:^|&& |\$ )make ([a-z]+)", commands, re.M):
        assert target in make_targets(), f"{path.name}: make {target}"
    for script in re.findall(r"(?<![\w/])(scripts/[\w.-]+\.sh|\.ci/run)\b", text):
        assert os.access(ROOT / script, os.X_OK), f"{path.name}: {script}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_local_link_leads_somewhere(path: Path) -> None:
    # BOX[a](p) in a piece of code is no link.
    text = re.sub(r"```.*?```|`[^`\n]+`", "", path.read_text(encoding="utf-8"), flags=re.S)
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_the_readme_is_short_and_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert re.search(r"^make run$", text, re.M)
    assert re.search(r"^make test$", text, re.M)


def test_make_help_lists_every_target() -> None:
    done = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [line.split()[1] for line in done.stdout.splitlines()] == list(make_targets())
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert phony is not None
    assert phony[1].split() == list(make_targets())


def test_every_kernel_source_is_in_the_kernels_document() -> None:
    text = (ROOT / "docs" / "kernel.md").read_text(encoding="utf-8")
    for name in read_snapshot(source_dir()).project.sources:
        assert f"`{name}`" in text, name


def test_every_setting_is_in_the_example() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example()


def test_every_script_is_strict_and_executable() -> None:
    for script in [*sorted((ROOT / "scripts").glob("*.sh")), ROOT / ".ci" / "run"]:
        text = script.read_text(encoding="utf-8")
        assert text.startswith("#!/usr/bin/env bash\n"), script.name
        assert "\nset -euo pipefail\n" in text, script.name
        assert os.access(script, os.X_OK), script.name
