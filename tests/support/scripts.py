"""A real server that wants signatures, and a token that may observe it, for the operators' scripts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from pxl.client.signing import MessageAuth
from pxl.kernel.project import default_kernel_dir

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 90.0
POOL = 2


@dataclass(frozen=True)
class Observed:
    """A running server and what a script needs to see it."""

    url: str
    pool: int
    kernel_dir: Path
    token_file: Path


@contextmanager
def real_signed_server(directory: Path, key: str, **settings: str) -> Iterator[Observed]:
    """Start serve_pxl.py with authentication on; end it with the block."""
    log, token_file = directory / "output", directory / "token"
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("PXL_", "HMAC_", "JWT_")) or name == "PXL_KERNEL_DIR"}
    environ = kept | {"PXL_SERVER_PORT": "0", "PXL_HOST": "127.0.0.1", "PXL_POOL_SIZE": str(POOL), "PXL_ENGINE": "coqidetop",
                      "PXL_DRAIN_TIMEOUT": "0", "ENABLE_HMAC_AUTH": "true", "HMAC_SECRET_KEY": key,
                      "JWT_SECRET_KEY": key[::-1], **settings}
    with log.open("wb") as output:
        server = subprocess.Popen([sys.executable, "serve_pxl.py"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output,
                                  stderr=output, env=environ)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (found := re.search(r"Serving on (http://127.0.0.1:\d+)", log.read_text(encoding="utf-8"))):
            assert server.poll() is None and time.monotonic() < deadline, log.read_text(encoding="utf-8")
            threading.Event().wait(0.05)

        def issue() -> requests.Response:
            return requests.post(f"{found[1]}/v1/auth/token", json={"roles": ["observe"]}, auth=MessageAuth(key), timeout=30)
        # The second in which the server started is before its start.
        while (issued := issue()).status_code != 200:
            assert time.monotonic() < deadline, issued.text
            threading.Event().wait(0.05)
        token_file.touch(mode=0o600)
        token_file.write_text(issued.json()["access_token"] + "\n", encoding="utf-8")
        kernel_dir = Path(environ.get("PXL_KERNEL_DIR") or default_kernel_dir())
        yield Observed(found[1], POOL, kernel_dir, token_file)
    finally:
        server.terminate()
        server.wait(30)
