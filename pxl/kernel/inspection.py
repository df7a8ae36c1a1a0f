"""Run the gates of a kernel, or of a library on it, as many at a time as there is a pool for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pxl.kernel import gates
from pxl.kernel.build import compile_afresh
from pxl.kernel.gates import Finding
from pxl.kernel.identity import PUBLISHED, Kernel, compiled_digests, published_text
from pxl.kernel.project import read_snapshot
from pxl.kernel.statements import commands, print_statements, write_transcript


@dataclass(frozen=True)
class Outcome:
    """What a gate says when it passes, what it found, and what Coq said, for the stamp."""

    success: str
    findings: list[Finding]
    evidence: str = ""

    def __str__(self) -> str:
        return f"ok    {self.success}" if not self.findings else "\n".join(f"FAIL  {found}" for found in self.findings)


@dataclass(frozen=True)
class Inspection:
    """A compiled kernel with its sources; or a library with the kernel ``below``, on which it rests."""

    sources: Path
    kernel: Kernel
    below: Kernel | None
    deadline: float

    @property
    def root(self) -> str:
        """Return the logical name of its modules."""
        return read_snapshot(self.sources).project.root

    def words(self) -> Outcome:
        """Search the sources. What this finds must not be given to Coq."""
        snapshot = read_snapshot(self.sources)
        findings = gates.check_words(snapshot, (path.name for path in self.sources.glob("*.v")))
        return Outcome(f"words: {len(snapshot.project.sources)} sources without holes", findings)

    def gates(self) -> list[Callable[[], Outcome]]:
        """Return the gates that run Coq, each for itself; they raise ConfigError when Coq cannot be run."""
        found: list[Callable[[], Outcome]] = [self.compiled, self.statements]
        if (self.sources / gates.SESSION).is_file():
            found.append(self.names)
        return found

    def modules(self) -> tuple[list[str], list[str]]:
        """Return the full names of the modules that use no native integers and arrays, and of those that do."""
        snapshot = read_snapshot(self.sources)
        below = gates.with_primitives(read_snapshot(self.below.kernel_dir)) if self.below else ()
        native = gates.with_primitives(snapshot, below)
        closed = [name for name in snapshot.project.sources if name not in native]

        def full(names: Iterable[str]) -> list[str]:
            return [f"{snapshot.project.root}.{name.removesuffix('.v')}" for name in names]

        return full(closed), full(sorted(native))

    def write_references(self) -> list[Path]:
        """Write what the gates compare with, as it is today, and return the files.

        `results.ref` is always written; `session.ref`, whose commands stay, and `compiled.ref` where they are.
        """
        texts = {gates.REFERENCE: self._print_statements()[1]}
        session, published = self.sources / gates.SESSION, self.sources / PUBLISHED
        if session.is_file():
            texts[gates.SESSION] = write_transcript(session.read_text(encoding="utf-8"), self.places(), self.deadline)
        if published.is_file():
            texts[PUBLISHED] = published_text(self.kernel)
        for name, text in texts.items():
            (self.sources / name).write_text(text, encoding="utf-8")
        return [self.sources / name for name in texts]

    def places(self) -> Mapping[str, Path]:
        """Return the directories of compiled files that it needs, by logical name."""
        root = read_snapshot(self.sources).project.root
        return {root: self.kernel.kernel_dir, **({"PXL": self.below.kernel_dir} if self.below else {})}

    def compiled(self) -> Outcome:
        """Compile the sources once more, elsewhere, and compare."""
        snapshot = read_snapshot(self.sources)
        afresh = compile_afresh(snapshot, self.below, self.deadline)
        findings = gates.check_compiled(compiled_digests(self.kernel.kernel_dir), afresh)
        success = f"compiled: {len(afresh)} files are what Coq makes of the sources"
        reference = self.sources / PUBLISHED
        if reference.is_file():
            # Not a finding: compiled files hold digests of the standard library's, and each build of Coq has its own.
            known = reference.read_text(encoding="utf-8") == published_text(self.kernel)
            success += ", and those published" if known else f", not those published in {PUBLISHED}"
        return Outcome(success, findings)

    def _print_statements(self) -> tuple[list[str], str]:
        snapshot = read_snapshot(self.sources)
        theorems = gates.public_theorems(dict(snapshot.files).get(gates.RESULTS, b"").decode())
        printed = print_statements(f"{snapshot.project.root}.results", theorems, self.places(), self.deadline) \
            if theorems else ""
        return theorems, printed

    def statements(self) -> Outcome:
        """Have Coq print the public theorems, their assumptions and definitions, and compare with the stored text."""
        theorems, printed = self._print_statements()
        findings = gates.check_results(theorems, printed, _read(self.sources / gates.REFERENCE))
        return Outcome(f"statements: {len(theorems)} theorems, each \"{gates.CLOSED}\", as in {gates.REFERENCE}",
                       findings, printed)

    def names(self) -> Outcome:
        """Have Coq say what the names in a session's sentences mean, and compare with the stored text."""
        reference = _read(self.sources / gates.SESSION)
        printed = write_transcript(reference, self.places(), self.deadline)
        return Outcome(f"names: {len(commands(reference))} commands of a session, answered as in {gates.SESSION}",
                       gates.compare(gates.SESSION, printed, reference))


def run_coqchk(inspections: Sequence[Inspection], deadline: float) -> Outcome:
    """Have Coq's independent checker go over all of them.

    In two processes, because each start of it checks the standard library and the kernel again: one by one the
    kernel and three libraries took 129 s, together they take 48 s (two cores, Coq 8.16.1). The second takes for granted
    what the first has just checked.
    """
    began = time.monotonic()
    places: dict[str, Path] = {}
    closed: list[str] = []
    native: list[str] = []
    for inspection in inspections:
        places |= inspection.places()
        for names, more in zip((closed, native), inspection.modules(), strict=True):
            names += more
    findings: list[Finding] = []
    evidence = ""
    for modules, admitted, allowed in ((closed, [], False), (native, closed, True)):
        if modules:
            summary = gates.run_coqchk(places, modules, deadline, admitted)
            findings += gates.check_summary(summary, primitives_allowed=allowed)
            evidence += f"coqchk {' '.join(modules)}\n{summary}\n"
    success = (f"coqchk: {len(closed)} modules without an axiom, {len(native)} with none but native integers "
               f"and arrays ({time.monotonic() - began:.0f} s)")
    return Outcome(success, findings, evidence)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
