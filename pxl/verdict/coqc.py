"""The checker that is Coq itself: coqc compiles what was rendered, and a second file of ours asks what it proves.

The second file states the proposition that the script says it proves (``Script.proposition``), with fully qualified
names, and the definitions that it names again. It only requires the first: whatever stood there could neither shadow a
name nor open a scope here. What the theorem rests on is compared by full names, too.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from pxl.certificates.sentences import Script, certificate_file
from pxl.errors import ConfigError, ProverTimeout
from pxl.prover.launch import confined, environment
from pxl.verdict.opinion import Claim, Opinion, Rejected
from pxl.verdict.sandbox import Sandbox

MIB = 1024 * 1024
_SHOWN_CHARS = 4000

# What `unpack` (Words.v) computes with, as a file that imports Words alone prints it, and whose constant each is.
_PRIMITIVES: Mapping[str, str] = MappingProxyType({
    **{f"PrimInt63.{name}": f"Coq.Numbers.Cyclic.Int63.PrimInt63.{name}"
       for name in ("int", "add", "land", "lsr", "ltb")},
    **{name: f"PXL.Words.{name}" for name in ("array", "array_get", "array_length")}})

_CLOSED = "Closed under the global context"
_MARK = "===== pxl ====="
_SAY_MARK = f'Goal True. idtac "{_MARK}". Abort.'
_DEFINED = re.compile(r"Definition (\w+) ", re.ASCII)


@dataclass(frozen=True)
class Coq:
    """Coq with a compiled kernel, and the directories of compiled libraries by logical name.

    No file that coqc writes may be above ``max_file_bytes``.
    """

    kernel_dir: Path
    sandbox: Sandbox
    libraries: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    max_file_bytes: int = 512 * MIB
    name: str = "coq"

    def check(self, claim: Claim, deadline: float) -> Opinion:
        """Have Coq accept the claim. Raises Rejected, ProverTimeout, and ConfigError when there is no coqc."""
        script = claim.script
        if not script.proposition:
            raise Rejected("its overlay does not say which proposition its theorem is")
        with tempfile.TemporaryDirectory(prefix="pxl-verify-") as directory:
            place = Path(directory)
            # The comments are ours as well, but Coq need not read them.
            self._compile(place, "Certificate.v", certificate_file(script, "rendered again", claim.preamble), deadline)
            said = self._compile(place, "Probe.v", probe(script, claim.preamble), deadline)
        assumptions, expansions, *_ = (*said.split(f"\n{_MARK}\n"), "")
        # Coq accepted that the theorem is this very proposition; how it would print it depends on what is loaded.
        return Opinion(self.name, _shown(script.proposition), _rests_on(assumptions, expansions))

    def _compile(self, place: Path, name: str, text: str, deadline: float) -> str:
        """Run coqc on a file in a sandbox and return what it printed."""
        coqc = shutil.which("coqc")
        if coqc is None:
            raise ConfigError("there is no coqc on PATH: install Coq (on Debian: apt-get install coq)")
        (place / name).write_text(text, encoding="ascii")
        mapping = [word for root, directory in self.libraries.items() for word in ("-Q", str(directory), root)]
        coq = [coqc, "-q", "-Q", str(self.kernel_dir), "PXL", *mapping, "-Q", str(place), "PXLCertificate", name]
        command = confined(self.sandbox.wrap(coq, place), memory_bytes=4096 * MIB, stack_bytes=64 * MIB,
                           file_bytes=self.max_file_bytes)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(command, cwd=place, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                       env=environment(os.environ, ocamlrunparam=""), start_new_session=True)
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
            if status in (-signal.SIGXFSZ, 128 + signal.SIGXFSZ):
                raise Rejected(f"with it coqc would write a file of more than {self.max_file_bytes} bytes")
            if status != 0:
                complaint = " ".join(err.read(MIB).decode(errors="replace").split())
                raise Rejected(f"coqc refuses it: {complaint[:400] or f'status {status}'}")
            return "\n" + out.read(MIB).decode(errors="replace")


def probe(script: Script, preamble: Sequence[str]) -> str:
    """Return the file that asks Coq what the theorem of a compiled certificate says and rests on."""
    own = [f"PXLCertificate.Certificate.{name}" for name in _defined(script.sentences)] + _defined(script.definitions)
    return "\n".join([
        "From Coq Require Import BinPosDef.", "From PXL Require Form Prov.", "From PXL Require Import Transport Words.",
        *preamble, "From PXLCertificate Require Certificate.",
        "Set Printing Width 100000.", "Print Assumptions PXLCertificate.Certificate.answer.", _SAY_MARK,
        *(f"About {name}." for name in _PRIMITIVES), _SAY_MARK,
        *script.definitions,
        # Two names of one text are compared by their definitions, and not by what is computed from them.
        *([f"Strategy expand [{' '.join(own)}]."] if own else []),
        f"Check (PXLCertificate.Certificate.answer : {script.proposition}).", ""])


def _defined(sentences: Sequence[str]) -> list[str]:
    return [found[1] for found in map(_DEFINED.match, sentences) if found]


def _shown(proposition: str) -> str:
    return proposition if len(proposition) <= _SHOWN_CHARS else proposition[:_SHOWN_CHARS] + "..."


def _rests_on(assumptions: str, expansions: str) -> str:
    """Return in words what the theorem rests on; raises Rejected for anything but what carries texts.

    A name that Coq prints is the constant that the same name means in the same file: ``About`` says in full which.
    """
    lines = [line for line in assumptions.splitlines() if line.strip()]
    if lines == [_CLOSED]:
        return "none (closed under the global context)"
    if not lines or lines[0] != "Axioms:" or len(lines) < 2:
        raise Rejected("Coq did not say what it rests on")
    full = set(re.findall(r"^Expands to: Constant (\S+)$", expansions, re.MULTILINE))
    names = [line.partition(" : ")[0].strip() for line in lines[1:] if not line.startswith(" ")]
    foreign = [name for name in names if _PRIMITIVES.get(name) not in full]
    if foreign:
        raise Rejected(f"it rests on {', '.join(foreign[:5])}")
    return f"{len(names)} primitive-integer operations, for transport only"
