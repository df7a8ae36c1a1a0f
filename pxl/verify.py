"""Re-checks a certificate file with coqc, and says which theorem it holds.

The file is not trusted. It may only use the few kinds of sentence that certificates are made
of; it is compiled apart; then a second file of ours asks Coq whether its ``answer`` really has the type
``PXL.Prov.Prov goal`` (or its negation), what ``goal`` prints as, and what the theorem rests on.
The goal and the verdict in its opening comment, which Coq does not read, must be those of the theorem.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from pxl.checker import ALLOWED_PRIMITIVES
from pxl.errors import ConfigError, ProverTimeout, RequestError
from pxl.formula import format_formula, parse, rename_atoms
from pxl.prover.launch import confined

MIB = 1024 * 1024
MAX_CHARS = 64 * MIB
_SHOWN_CHARS = 4000
_READ_CHARS = 32_000        # a goal that a comment repeats is not longer than this with its atoms renamed

_TOKEN = re.compile(r'\(\*|\*\)|"(?:[^"]|"")*+"|"|\.(?=\s|\Z)')
_ALLOWED = tuple(re.compile(pattern, re.DOTALL) for pattern in (
    r"From (PXL|Coq) Require (Import )?[A-Za-z0-9_ ]+", r"Open Scope [a-z0-9_]+", r"Definition [a-z]+\b.*",
    r"Theorem answer : .*", r"Proof", r"exact .*", r"Qed", r"Print Assumptions answer"))

_COMMENT = re.compile(r"\A\(\* Goal: (?!\(too long)(.*)\n *Verdict: (\w+)\n")

_PROBE = """\
From PXL Require Import Form Prov Text Transport.
From PXLCertificate Require Certificate.
Set Printing Width 100000.
Set Printing Depth 100000.
Open Scope text_scope.
Check (Certificate.answer : {theorem} Certificate.goal).
Eval vm_compute in (List.firstn {shown} (PXL.Text.print Certificate.goal)).
Print Assumptions Certificate.answer.
"""


class Rejected(Exception):
    """The file is not a certificate that the installed kernel accepts."""


@dataclass(frozen=True)
class Accepted:
    """What Coq accepted: the theorem, the goal's canonical text, what it rests on, who issued the file.

    ``asked`` is the goal with the client's atoms, as the file's comment has it, if it has one.
    """

    theorem: str
    goal: str
    asked: str | None
    assumptions: str
    issued_by: str | None


def verify(text: str, kernel_dir: Path, timeout_s: float) -> Accepted:
    """Check a certificate against a compiled kernel.

    Raises Rejected with the reason, ProverTimeout, and ConfigError when there is no coqc.
    """
    if len(text) > MAX_CHARS:
        raise Rejected(f"the file has more than {MAX_CHARS} characters")
    found = sentences(text)
    for needed in ("Definition goal ", "Theorem answer "):
        if not any(sentence.startswith(needed) for sentence in found):
            raise Rejected(f"it is no certificate: it has no `{needed}...`")
    for sentence in found:
        if not any(pattern.fullmatch(sentence) for pattern in _ALLOWED):
            raise Rejected(f"it holds a sentence that no certificate needs: {sentence[:80]!r}")
    refutes = re.search(r"^Theorem answer : ~", text, re.MULTILINE) is not None
    deadline = time.monotonic() + timeout_s
    with tempfile.TemporaryDirectory(prefix="pxl-verify-") as directory:
        place = Path(directory)
        (place / "Certificate.v").write_text(text, encoding="utf-8")
        _compile(place, kernel_dir, "Certificate.v", deadline)
        probe = _PROBE.format(theorem="~ PXL.Prov.Prov" if refutes else "PXL.Prov.Prov", shown=_READ_CHARS)
        (place / "Probe.v").write_text(probe, encoding="utf-8")
        said = _compile(place, kernel_dir, "Probe.v", deadline)
    shown = re.search(r"\n *= (.*)\n *: list", said)
    if shown is None:
        raise Rejected("Coq did not say what its goal is")
    goal = bytes.fromhex("".join(re.findall(r"\bx([0-9a-f]{2})\b", shown[1]))).decode("ascii")
    asked = _asked(text, goal, "refuted" if refutes else "proved")
    issued_by = re.search(r"^ *Kernel: ([0-9a-f]{64})\b", text[:2 * MIB], re.MULTILINE)
    return Accepted("~ Prov goal" if refutes else "Prov goal", _cut(goal), asked and _cut(asked),
                    _assumptions(said), issued_by[1] if issued_by else None)


def _asked(text: str, goal: str, verdict: str) -> str | None:
    """Return the goal that the opening comment names, or reject one that the theorem is not about."""
    comment = _COMMENT.match(text)
    if comment is None:
        return None
    try:
        renamed = format_formula(rename_atoms(parse(comment[1]))[0])
    except RequestError as error:
        raise Rejected(f"the goal in its opening comment is no formula: {error.detail}") from None
    if renamed[:_READ_CHARS] != goal or comment[2] != verdict:
        raise Rejected(f"its opening comment says {comment[2]} of {_cut(comment[1])}; its theorem is that {_cut(goal)} "
                       f"is {verdict}")
    return comment[1]


def _cut(goal: str) -> str:
    return goal if len(goal) <= _SHOWN_CHARS else goal[:_SHOWN_CHARS] + "..."


def sentences(text: str) -> list[str]:
    """Return the sentences of a Coq file without their full stops; comments are left out.

    >>> sentences('(* a. (* b *) *) Proof. exact "x. y". Qed.')
    ['Proof', 'exact "x. y"', 'Qed']
    """
    found: list[str] = []
    pieces: list[str] = []
    depth = start = 0
    for mark in _TOKEN.finditer(text):
        token = mark[0]
        if token == '"':
            raise Rejected("a string in it does not end")
        if token == "(*":
            if depth == 0:
                pieces.append(text[start:mark.start()])
            depth += 1
        elif token == "*)":
            if depth == 0:
                raise Rejected("a comment in it ends that has not begun")
            depth -= 1
            if depth == 0:
                start = mark.end()
        elif token == "." and depth == 0:
            pieces.append(text[start:mark.start()])
            found.append(" ".join(pieces).strip())
            pieces, start = [], mark.end()
    if depth or "".join([*pieces, text[start:]]).strip():
        raise Rejected("its last sentence or comment does not end")
    return found


def _assumptions(said: str) -> str:
    if "Closed under the global context" in said:
        return "none (closed under the global context)"
    _, found, listed = said.partition("\nAxioms:\n")
    names = [line.split()[0] for line in listed.splitlines() if line[:1].strip()]
    allowed = {name.rpartition(".")[2] for name in ALLOWED_PRIMITIVES}
    # How much of a name is printed depends on what is imported; the file itself declares no axiom.
    foreign = [name for name in names if name.rpartition(".")[2] not in allowed]
    if not found or not names:
        raise Rejected("Coq did not say what it rests on")
    if foreign:
        raise Rejected(f"it rests on {', '.join(foreign[:5])}")
    return f"{len(names)} primitive-integer operations, for transport only"


def _compile(place: Path, kernel_dir: Path, name: str, deadline: float) -> str:
    """Run coqc on a file and return what it printed."""
    coqc = shutil.which("coqc")
    if coqc is None:
        raise ConfigError("there is no coqc on PATH: install Coq (on Debian: apt-get install coq)")
    command = confined([coqc, "-q", "-Q", str(kernel_dir), "PXL", "-Q", str(place), "PXLCertificate", name],
                       memory_bytes=4096 * MIB, stack_bytes=64 * MIB)
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("COQPATH", "COQFLAGS", "COQEXTRAFLAGS", "OCAMLRUNPARAM")}
    with open(place / f"{name}.out", "w+b") as out, open(place / f"{name}.err", "w+b") as err:
        process = subprocess.Popen(command, cwd=place, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   env=environment, start_new_session=True)
        try:
            status = process.wait(max(0.01, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise ProverTimeout("coqc did not finish in time (--timeout)") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        out.seek(0)
        err.seek(0)
        if status != 0:
            complaint = " ".join(err.read(MIB).decode(errors="replace").split())
            raise Rejected(f"coqc refuses it: {complaint[:400] or f'status {status}'}")
        return "\n" + out.read(MIB).decode(errors="replace")
