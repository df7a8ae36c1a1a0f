"""Runs the gates over the kernel and libraries together, and stamps what passed.

Coq's independent checker goes over everything in one process, because each start of it checks the standard library and
the kernel again: three libraries and the kernel took 129 s one by one, and take 48 s together (two cores, Coq 8.16.1).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pxl.kernel import gates
from pxl.kernel.identity import Kernel, write_stamp
from pxl.kernel.project import Snapshot, read_snapshot

GATES_TIMEOUT_S = 1800.0


@dataclass(frozen=True)
class Subject:
    """A kernel that is to be checked, or a library, which rests on the kernel ``below``."""

    sources: Path
    compiled: Kernel
    below: Kernel | None = None

    @property
    def snapshot(self) -> Snapshot:
        """Return the sources as they are now."""
        return read_snapshot(self.sources)

    @property
    def root(self) -> str:
        """Return the logical name of its modules."""
        return self.snapshot.project.root

    def places(self) -> dict[str, Path]:
        """Return the directories of compiled files that it needs, by logical name."""
        return {self.root: self.compiled.kernel_dir, **({"PXL": self.below.kernel_dir} if self.below else {})}


def run_gates(subjects: Sequence[Subject], say: Callable[[str], None]) -> bool:
    """Check every subject and stamp those files when all passed; return whether they did. Raises ConfigError."""
    deadline = time.monotonic() + GATES_TIMEOUT_S
    printed: dict[str, str] = {}
    is_good = True
    for subject in subjects:
        if len(subjects) > 1:
            say(f"{subject.root}")
        text = _check_statements(subject, deadline, say)
        printed[subject.root] = text or ""
        is_good &= text is not None
    evidence = _run_coqchk(subjects, deadline, say) if is_good else None
    if evidence is None:
        return False
    for subject in subjects:
        Kernel.load(subject.compiled.kernel_dir, subject.sources)       # still the files that were checked
        now = datetime.now(UTC).strftime("%Y%m%d_%H%M%S")
        text = printed[subject.root] + "\n" + evidence
        try:
            stamp = write_stamp(subject.compiled.kernel_dir, now, subject.compiled.compiled_hash, text)
        except OSError as why:      # who may look need not be who may write, as in an image
            say(f"{subject.root}: all gates passed; the stamp stays {subject.compiled.coqchk}: {why.strerror}")
        else:
            say(f"{subject.root}: all gates passed: {stamp.name}")
    return True


def _check_statements(subject: Subject, deadline: float, say: Callable[[str], None]) -> str | None:
    """Check words and assumptions; return what Coq printed, None when something was found."""
    snapshot = subject.snapshot
    findings = gates.check_words(snapshot, (path.name for path in subject.sources.glob("*.v")))
    _tell(f"words: {len(snapshot.project.sources)} sources without holes", findings, say)
    if findings:
        return None
    printed = gates.print_assumptions(snapshot.project, subject.places(), deadline)
    reference = subject.sources / gates.REFERENCE
    findings = gates.check_assumptions(dict(snapshot.files).get(gates.RESULTS, b"").decode(), printed,
                                       reference.read_text(encoding="utf-8") if reference.is_file() else "")
    _tell(f"assumptions: {printed.count(gates.CLOSED)} theorems, each \"{gates.CLOSED}\"", findings, say)
    return None if findings else printed


def _run_coqchk(subjects: Sequence[Subject], deadline: float, say: Callable[[str], None]) -> str | None:
    """Have the independent checker go over all modules; return its summaries, None when something was found."""
    places: dict[str, Path] = {}
    closed: list[str] = []
    native: list[str] = []
    for subject in subjects:
        places |= subject.places()
        below = gates.with_primitives(read_snapshot(subject.below.kernel_dir)) if subject.below else ()
        natives = gates.with_primitives(subject.snapshot, below)
        for name in subject.snapshot.project.sources:
            (native if name in natives else closed).append(f"{subject.root}.{name.removesuffix('.v')}")
    evidence, is_good = "", True
    # The second run takes for granted what the first has just checked.
    for modules, admitted, what in ((closed, [], "no axiom"),
                                    (native, closed, "no axiom but native integers and arrays")):
        if not modules:
            continue
        began = time.monotonic()
        summary = gates.run_coqchk(places, modules, deadline, admitted=admitted)
        findings = gates.check_summary(summary, primitives_allowed=bool(admitted) or not closed)
        _tell(f"coqchk: {' '.join(modules)}: {what} ({time.monotonic() - began:.0f} s)", findings, say)
        is_good &= not findings
        evidence += f"coqchk {' '.join(modules)}\n{summary}\n"
    return evidence if is_good else None


def _tell(success: str, findings: list[gates.Finding], say: Callable[[str], None]) -> None:
    say(f"ok    {success}" if not findings else "\n".join(f"FAIL  {finding}" for finding in findings))
