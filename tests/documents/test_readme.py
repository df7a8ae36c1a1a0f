"""The README's requests, sent by its own commands to the real server, get the answers it shows."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

EXAMPLES = re.findall(r"```sh\n(curl .*?)\n```.*?```json\n(.*?)```", README, re.S)


def shows(shown: Any, real: Any) -> bool:
    """Say whether an answer is as shown: `...` stands for any text, members may be left out."""
    if isinstance(shown, dict):
        return isinstance(real, dict) and all(name in real and shows(part, real[name]) for name, part in shown.items())
    if isinstance(shown, list):
        return isinstance(real, list) and len(shown) == len(real) and all(map(shows, shown, real))
    return shown == real or (shown == "..." and isinstance(real, str) and bool(real))


def test_the_readme_shows_a_proof_and_a_refutation() -> None:
    assert [json.loads(answer)["verdict"] for _, answer in EXAMPLES] == ["proved", "refuted"]


@pytest.mark.parametrize(("command", "answer"), EXAMPLES, ids=["proved", "refuted"])
def test_the_answer_is_the_one_that_is_shown(address: str, command: str, answer: str) -> None:
    sent = json.loads(re.search(r"-d '(.*)'", command)[1])
    assert "localhost:8088/prove" in command
    real = subprocess.run(["bash", "-c", command.replace("localhost:8088", address)], capture_output=True, text=True,
                          check=True, timeout=60)
    assert shows(json.loads(answer), json.loads(real.stdout)), real.stdout
    assert json.loads(real.stdout)["goal"] == sent["goal"]


OVERLAYS = re.findall(r"^curl .*\"(?:overlay|assumptions)\".*$", README, re.M)


@pytest.mark.parametrize("command", OVERLAYS, ids=[str(number) for number in range(len(OVERLAYS))])
def test_what_is_asked_of_the_overlays_is_proved(address: str, command: str) -> None:
    real = subprocess.run(["bash", "-c", command.replace("localhost:8088", address)], capture_output=True, text=True,
                          check=True, timeout=60)
    assert json.loads(real.stdout)["verdict"] == "proved", real.stdout


def test_every_kind_of_overlay_is_shown() -> None:
    assert len(OVERLAYS) == 6
