"""Start the servers that are measured, and look at their memory."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def serving(*argv: str, **settings: str) -> Iterator[tuple[int, int]]:
    """Run a Python program that serves; yield its process id and port; stop it by SIGTERM."""
    env = {**os.environ, "PXL_SERVER_PORT": "0", "PYTHONPATH": str(ROOT), **settings}
    process = subprocess.Popen([sys.executable, *argv], cwd=ROOT, env=env, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if match := re.search(r"Serving on http://\S+:(\d+)", line):
                yield process.pid, int(match[1])
                return
        raise RuntimeError("the server did not start:\n" + "".join(lines))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def get(port: int, path: str) -> dict:
    """Return a JSON document of the server."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
        return json.load(reply)


def rss_mib(pid: int) -> float:
    """Return a process's resident memory in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
