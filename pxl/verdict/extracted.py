"""Asks an extracted checker, native or in node, for its opinion of a certificate, in a process of its own.

A second opinion: verdicts stay with the kernel. What the checkers are, and which of their texts is what, is in
``docs/kernel.md``; ``pxl.overlays.asked`` writes a question as they read it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pxl.errors import ConfigError
from pxl.prover.launch import confined, environment

MIB = 1024 * 1024
STACK_BYTES = 256 * MIB
MEMORY_BYTES = 4096 * MIB
# V8 reserves far more addresses than it uses; its heap has a limit of its own.
_NODE_ADDRESSES_BYTES = 256 * 1024 * MIB
_NODE_STACK_KIB = 200 * 1024

_STATUS = {"accepted": 0, "rejected": 1, "declined": 2}
_NODE_PROGRAM = """
const { pxlCheck } = require(process.argv[1]);
const lines = require("fs").readFileSync(0, "latin1").split("\\n");
const said = lines.length === 5 && lines[4] === "" ? pxlCheck(...lines.slice(0, 4)) : "declined not four lines";
console.log(said);
process.exitCode = { accepted: 0, rejected: 1 }[said.split(" ")[0]] ?? 2;
"""


@dataclass(frozen=True)
class Opinion:
    """What a checker said: ``accepted``, ``rejected`` or ``declined``, the last with its reason."""

    outcome: str
    reason: str = ""


def native(program: Path) -> list[str]:
    """Return the command of the native checker."""
    return confined([str(program)], memory_bytes=MEMORY_BYTES, stack_bytes=STACK_BYTES, file_bytes=0)


def in_node(script: Path) -> list[str]:
    """Return the command of the JavaScript checker; raise ConfigError when there is no node."""
    node = shutil.which("node")
    if node is None:
        raise ConfigError("there is no node on PATH: install it (on Debian: apt-get install nodejs)")
    return confined([node, f"--stack-size={_NODE_STACK_KIB}", f"--max-old-space-size={MEMORY_BYTES // MIB}", "-e",
                     _NODE_PROGRAM, str(script.resolve())],
                    memory_bytes=_NODE_ADDRESSES_BYTES, stack_bytes=STACK_BYTES, file_bytes=0)


def check(command: Sequence[str], kind: str, verdict: str, question: str, certificate: str,
          deadline: float) -> Opinion:
    """Ask a checker whether a certificate settles a question, until the moment ``deadline`` of ``time.monotonic()``.

    ``kind`` is ``pxl``, ``modal`` or ``chrono``, ``verdict`` ``proved`` or ``refuted``. What is no answer of a
    checker's counts as declined. Raises ConfigError when the checker cannot be started.
    """
    texts = (kind, verdict, question, certificate)
    if any(not text.isascii() or "\n" in text for text in texts):
        return Opinion("declined", "a text is not one line of ASCII characters")
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   env=environment(os.environ, ocamlrunparam=""), start_new_session=True)
    except OSError as why:
        raise ConfigError(f"cannot start {command[-1]}: {why.strerror}; run `make extract`") from why
    with process:
        try:
            said, _ = process.communicate("".join(f"{text}\n" for text in texts).encode("ascii"),
                                          max(0.01, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return Opinion("declined", "it did not finish in time")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    return _opinion(said.decode("ascii", errors="replace"), process.returncode, kind, verdict)


def _opinion(said: str, status: int, kind: str, verdict: str) -> Opinion:
    """Read a checker's line; its status must say the same.

    >>> _opinion("accepted pxl proved\\n", 0, "pxl", "proved")
    Opinion(outcome='accepted', reason='')
    >>> _opinion("accepted pxl proved\\n", 2, "pxl", "proved").outcome
    'declined'
    """
    outcome, _, rest = said.removesuffix("\n").partition(" ")
    if _STATUS.get(outcome) == status:
        if outcome == "declined":
            return Opinion(outcome, rest)
        if rest == f"{kind} {verdict}":
            return Opinion(outcome)
    return Opinion("declined", f"it ended with status {status} and said {said[:80]!r}")
