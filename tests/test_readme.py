"""The README's requests, sent by its own commands to the real server, get the answers it shows."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
START_TIMEOUT_S = 60.0

EXAMPLES = re.findall(r"```sh\n(curl .*?)\n```.*?```json\n(.*?)```", README, re.S)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a server that was started as a user would start it, on a free port."""
    server = subprocess.Popen(
        [sys.executable, "serve_pxl.py"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
        env=os.environ | {"PXL_SERVER_PORT": "0", "PXL_POOL_SIZE": "1", "PXL_ENGINE": "coqidetop"})
    said: list[str] = []
    # A server that says nothing would keep the reader waiting; its end is an end of what it says.
    overdue = threading.Timer(START_TIMEOUT_S, server.kill)
    overdue.start()
    try:
        found = None
        while not found and (line := server.stdout.readline()):
            said.append(line)
            found = re.search(r"Serving on http://(\S+)", line)
        overdue.cancel()
        assert found, "".join(said)
        with urlopen(f"http://{found[1]}/readyz", timeout=10) as reply:
            assert reply.status == 200
        yield found[1]
    finally:
        overdue.cancel()
        server.send_signal(signal.SIGTERM)
        try:
            said.append(server.communicate(timeout=30)[0])
        finally:
            server.kill()
    assert server.returncode == 0, "".join(said)


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
