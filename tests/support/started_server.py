"""A server that was started as an operator starts it, and the lines that it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What operators and their scripts look for, in this order.
LINES = (
    r"INFO:performance:Performance monitor initialized",
    r"PXL Kernel Hash: (?P<hash>[0-9a-f]{64})",
    r"Starting OPTIMIZED PXL Proof Server with kernel hash: (?P<short>[0-9a-f]{7})\.\.\.",
    r"Session pool size: 1",
    r"Cache TTL: 120s",
    r"HMAC Authentication: Disabled",
    r"Using Waitress WSGI server for production stability\.\.\.",
    r"INFO:waitress:Serving on (?P<url>http://127\.0\.0\.1:[0-9]+)",
)


@contextmanager
def started(*options: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Start the server; yield it with the lines it printed until it served."""
    env = os.environ | {"PXL_SERVER_PORT": "0", "PXL_POOL_SIZE": "1", "PXL_CACHE_TTL": "120"} | more
    process = subprocess.Popen([sys.executable, ROOT / "serve_pxl.py", *options], text=True, env=env, cwd=ROOT.parent,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if "Serving on" in line:
                break
        yield process, lines
    finally:
        process.kill()
        process.communicate()


def url_of(lines: list[str]) -> str:
    return re.search(r"http://\S+", lines[-1])[0]
