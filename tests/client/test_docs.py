"""docs/client.md says what is so: its examples, put to the real server, give what it shows."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pxl.client

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8088"


def test_the_python_examples_give_what_they_show(address):
    source = "\n".join(re.findall(r"```pycon\n(.*?)```", TEXT, re.S)).replace(ADDRESS, f"http://{address}")
    test = doctest.DocTestParser().get_doctest(source, {}, "client.md", "client.md", 0)
    report: list[str] = []
    result = doctest.DocTestRunner().run(test, out=report.append)
    assert result.attempted >= 10 and not result.failed, "".join(report)


@pytest.mark.parametrize("block", re.findall(r"```console\n(.*?)```", TEXT, re.S), ids=lambda block: block.split()[1])
def test_the_commands_give_what_they_show(address, block, tmp_path):
    pxl_command = tmp_path / "bin" / "pxl"
    pxl_command.parent.mkdir()
    pxl_command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m pxl "$@"\n')
    pxl_command.chmod(0o755)
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    script = "".join(f"{line[2:]}\n" for line in block.splitlines() if line.startswith("$ "))
    shown = "".join(f"{line}\n" for line in block.splitlines() if not line.startswith("$ "))
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script.replace(ADDRESS, f"http://{address}")], cwd=tmp_path, text=True,
                          capture_output=True, timeout=60, env=os.environ | {
                              "PATH": f"{pxl_command.parent}:{os.environ['PATH']}", "LC_ALL": "C"})
    assert done.returncode == 0, done.stderr
    assert done.stdout == shown


def test_every_name_of_the_client_is_there_or_says_for_itself_what_it_is():
    for name in pxl.client.__all__:
        assert name in TEXT or getattr(pxl.client, name).__doc__, name


def test_every_exit_status_and_option_of_batch_is_told():
    help_text = subprocess.run([sys.executable, "-m", "pxl", "batch", "--help"], cwd=ROOT, capture_output=True, text=True,
                               check=True, timeout=60).stdout
    for option in set(re.findall(r"--[a-z-]+", help_text)) - {"--help"}:
        assert option in TEXT, option
