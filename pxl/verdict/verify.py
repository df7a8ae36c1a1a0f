"""Re-checks a certificate file with coqc, and says which theorem it holds.

A file that says what was asked (``pxl/verdict/evidence.py``) must hold the very sentences that the overlay writes
for it, which are then compiled with the overlay's library; the rest of this is about files that say nothing.

The file is not trusted. It may hold only the sentences that ``pxl/certificates/sentences.py`` writes, in their
order; it is compiled apart; then a second file of ours asks Coq whether its ``answer`` really has the type
``PXL.Prov.Prov goal`` (or its negation), what ``goal`` prints as, and what the theorem rests on.
The goal, the verdict and the atoms in its opening comment, which Coq does not read, must be those of
the theorem; where a goal is too long to be repeated there, the atoms are not looked at.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pxl.certificates.sentences import CONSTRUCTORS, PREAMBLE, QUERY, atoms_line, certificate_file
from pxl.errors import ConfigError, ProverTimeout, PxlError, RequestError
from pxl.formula import format_formula, parse, rename_atoms
from pxl.overlays.registry import Registry, check_options
from pxl.prover.launch import confined
from pxl.verdict import evidence
from pxl.verdict.checker import ALLOWED_PRIMITIVES

MIB = 1024 * 1024
MAX_CHARS = 64 * MIB
_SHOWN_CHARS = 4000
_READ_CHARS = 32_000        # a goal that a comment repeats is not longer than this with its atoms renamed

_TOKEN = re.compile(r'\(\*|\*\)|"(?:[^"]|"")*+"|"|\.(?=\s|\Z)')
_BYTES = r'(?:"[^"]*"|unpack \[\|[0-9; ]*\| 0 \|\]%uint63)'
_TERM = rf"(?:formula name|(?:Atom [0-9]+|{'|'.join(CONSTRUCTORS.values())}|[() ])+)"
# What a certificate consists of, in this order; the second and the fourth are there when they are long.
_SHAPES = tuple((re.compile(pattern), is_optional) for pattern, is_optional in (
    *((re.escape(sentence.removesuffix(".")), False) for sentence in PREAMBLE),
    (f"Definition name : list Byte\\.byte := {_BYTES}", True),
    (f"Definition goal : form := {_TERM}", False),
    (f"Definition certificate : list Byte\\.byte := {_BYTES}", True),
    ("Theorem answer : (?:~ )?Prov goal", False),
    ("Proof", False),
    (r'exact \((?:proved|refuted) (?:name|"[^"]*") goal (?:certificate|"[^"]*") '
     r"ltac:\(vm_cast_no_check \(@eq_refl bool true\)\)\)", False),
    ("Qed", False),
    (re.escape(QUERY.removesuffix(".")), False)))

_COMMENT = re.compile(r"\A\(\* Goal: (.*)\n *Verdict: (\w+)\n(?: *Atoms: (.*)\n)?")
_NOT_REPEATED = "(too long"

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
    ``has_unchecked_atoms`` says that the comment names atoms for a goal that it does not repeat. ``context`` are lines
    that say overlay, options, assumptions and what was certified, where the file says what was asked.
    """

    theorem: str
    goal: str
    asked: str | None
    assumptions: str
    issued_by: str | None
    has_unchecked_atoms: bool
    context: tuple[str, ...] = ()


@dataclass(frozen=True)
class Libraries:
    """The overlays that can be read here, and the directories of their compiled Coq libraries by logical name."""

    registry: Registry
    places: Mapping[str, Path]


def verify(text: str, kernel_dir: Path, timeout_s: float, max_file_bytes: int = 512 * MIB,
           libraries: Libraries | None = None) -> Accepted:
    """Check a certificate against a compiled kernel; no file that coqc writes may be above ``max_file_bytes``.

    ``libraries`` are the overlays, for files that say what was asked, with their compiled Coq libraries.

    Raises Rejected with the reason, ProverTimeout, and ConfigError when there is no coqc.
    """
    if len(text) > MAX_CHARS:
        raise Rejected(f"the file has more than {MAX_CHARS} characters")
    found = sentences(text)
    said = _evidence(text)
    if said is not None:
        return _verify_evidence(said, found, text, kernel_dir, libraries, timeout_s, max_file_bytes)
    _must_be_shaped(found)
    refutes = "Theorem answer : ~ Prov goal" in found
    deadline = time.monotonic() + timeout_s
    with tempfile.TemporaryDirectory(prefix="pxl-verify-") as directory:
        place = Path(directory)
        (place / "Certificate.v").write_text(text, encoding="utf-8")
        _compile(place, kernel_dir, "Certificate.v", deadline, max_file_bytes)
        probe = _PROBE.format(theorem="~ PXL.Prov.Prov" if refutes else "PXL.Prov.Prov", shown=_READ_CHARS)
        (place / "Probe.v").write_text(probe, encoding="utf-8")
        printed = _compile(place, kernel_dir, "Probe.v", deadline, max_file_bytes)
    shown = re.search(r"\n *= (.*)\n *: list", printed)
    if shown is None:
        raise Rejected("Coq did not say what its goal is")
    goal = bytes.fromhex("".join(re.findall(r"\bx([0-9a-f]{2})\b", shown[1]))).decode("ascii")
    asked, has_unchecked_atoms = _asked(text, goal, "refuted" if refutes else "proved")
    issued_by = re.search(r"^ *Kernel: ([0-9a-f]{64})\b", text[:2 * MIB], re.MULTILINE)
    return Accepted("~ Prov goal" if refutes else "Prov goal", _cut(goal), asked and _cut(asked),
                    _assumptions(printed), issued_by[1] if issued_by else None, has_unchecked_atoms)


def _evidence(text: str) -> evidence.Evidence | None:
    try:
        return evidence.read(text)
    except RequestError as error:
        raise Rejected(error.detail) from None


def _verify_evidence(said: evidence.Evidence, found: list[str], text: str, kernel_dir: Path,
                     libraries: Libraries | None, timeout_s: float, max_file_bytes: int) -> Accepted:
    """Write the sentences again that answer what the file says was asked; they must be the file's, and accepted."""
    if libraries is None:
        raise Rejected("it says what was asked, and there are no overlays here to read that")
    try:
        overlay = libraries.registry.get(said.overlay)
        check_options(overlay, said.reading.options)
        question = overlay.read(said.reading)
        script = question.script(said.proved, said.certificate)
    except (PxlError, ValueError) as error:
        raise Rejected(f"what it says was asked cannot be read: {error}") from None
    needed = libraries.registry.libraries(overlay.name, question.overlay)
    preamble = [sentence for library in needed for sentence in library.preamble]
    written = certificate_file(script, "written again by pxl verify", preamble)
    if sentences(written) != found:
        raise Rejected("its sentences are not those that answer what it says was asked")
    lines = evidence.opening(overlay.name, question, "proved" if said.proved else "refuted")
    if not text.startswith(certificate_file(script, "\n   ".join(lines)).partition(" *)")[0] + "\n"):
        raise Rejected("its opening comment is not that of what it says was asked")
    places = {library.name: libraries.places[library.name] for library in needed if library.name in libraries.places}
    deadline = time.monotonic() + timeout_s
    with tempfile.TemporaryDirectory(prefix="pxl-verify-") as directory:
        place = Path(directory)
        (place / "Certificate.v").write_text(written, encoding="utf-8")
        printed = _compile(place, kernel_dir, "Certificate.v", deadline, max_file_bytes, places)
    issued_by = re.search(r"^ *Kernel: ([0-9a-f]{64})\b", text[:2 * MIB], re.MULTILINE)
    meant = question.explain(said.proved, said.certificate, script, None)
    return Accepted(_cut(meant.coq or script.statement), _cut(question.normalized), None, _assumptions(printed),
                    issued_by[1] if issued_by else None, False, _context(said, meant.statement))


def _context(said: evidence.Evidence, statement: str) -> tuple[str, ...]:
    """Return what else the file says was asked, one line each, and what was certified."""
    options = ", ".join(f"{name} {json.dumps(value)}" for name, value in said.reading.options.items())
    lines = [f"overlay: {said.overlay}" + (f" ({options})" if options else "")]
    lines += [f"assumed ({said.reading.consequence}): {given if isinstance(given, str) else json.dumps(given)}"
              for given in said.reading.assumptions]
    return (*lines, f"certified: {statement}")


def _must_be_shaped(found: list[str]) -> None:
    """Reject all but the sentences that the renderer writes, in its order."""
    place = 0
    for pattern, is_optional in _SHAPES:
        if place < len(found) and pattern.fullmatch(found[place]):
            place += 1
        elif not is_optional:
            break
    else:
        if place == len(found):
            return
    if place == len(found):
        raise Rejected("it is no certificate: it ends too soon")
    raise Rejected(f"it holds a sentence that no certificate has there: {found[place][:80]!r}")


def _asked(text: str, goal: str, verdict: str) -> tuple[str | None, bool]:
    """Return the goal that the opening comment names, and whether it names atoms that cannot be checked.

    Rejects a comment that the theorem does not bear out.
    """
    comment = _COMMENT.match(text)
    if comment is None:
        return None, False
    if comment[1].startswith(_NOT_REPEATED):
        if comment[2] != verdict:
            raise Rejected(f"its opening comment says {comment[2]}; its theorem is that the goal is {verdict}")
        return None, comment[3] is not None
    try:
        formula, names = rename_atoms(parse(comment[1]))
        renamed = format_formula(formula)
    except RequestError as error:
        raise Rejected(f"the goal in its opening comment is no formula: {error.detail}") from None
    if renamed[:_READ_CHARS] != goal or comment[2] != verdict:
        raise Rejected(f"its opening comment says {comment[2]} of {_cut(comment[1])}; its theorem is that {_cut(goal)} "
                       f"is {verdict}")
    if comment[3] is not None and comment[3] != atoms_line(names):
        raise Rejected(f"its opening comment names the atoms {_cut(comment[3])}; those of its goal are "
                       f"{_cut(atoms_line(names))}")
    return comment[1], False


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


def _compile(place: Path, kernel_dir: Path, name: str, deadline: float, max_file_bytes: int,
             libraries: Mapping[str, Path] = MappingProxyType({})) -> str:
    """Run coqc on a file and return what it printed."""
    coqc = shutil.which("coqc")
    if coqc is None:
        raise ConfigError("there is no coqc on PATH: install Coq (on Debian: apt-get install coq)")
    mapping = [word for root, directory in libraries.items() for word in ("-Q", str(directory), root)]
    command = confined([coqc, "-q", "-Q", str(kernel_dir), "PXL", *mapping, "-Q", str(place), "PXLCertificate", name],
                       memory_bytes=4096 * MIB, stack_bytes=64 * MIB, file_bytes=max_file_bytes)
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
        if status == -signal.SIGXFSZ:
            raise Rejected(f"with it coqc would write a file of more than {max_file_bytes} bytes")
        if status != 0:
            complaint = " ".join(err.read(MIB).decode(errors="replace").split())
            raise Rejected(f"coqc refuses it: {complaint[:400] or f'status {status}'}")
        return "\n" + out.read(MIB).decode(errors="replace")
