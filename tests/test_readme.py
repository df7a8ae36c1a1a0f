"""The README's requests, sent by its own commands to the real server, get the answers it shows."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
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
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that was started as a user would start it, on a free port."""
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "serve_pxl.py"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=os.environ | {"PXL_SERVER_PORT": "0", "PXL_POOL_SIZE": "1", "PXL_ENGINE": "coqidetop"})
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (found := re.search(r"Serving on http://(\S+)", log.read_text())):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        with urlopen(f"http://{found[1]}/readyz", timeout=10) as reply:
            assert reply.status == 200
        yield found[1]
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            status = server.wait(30)
        finally:
            server.kill()
    assert status == 0, log.read_text()


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
