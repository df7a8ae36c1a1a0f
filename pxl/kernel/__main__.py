"""The kernel's command line: `python -m pxl.kernel build|verify|gates|hash`."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from pxl.errors import ConfigError
from pxl.kernel import gates
from pxl.kernel.build import build, coq_version, default_kernel_dir, source_dir
from pxl.kernel.identity import Kernel, source_hash, write_stamp
from pxl.kernel.project import read_snapshot

GATES_TIMEOUT_S = 1800.0
FOUND, WRONG_SETUP = 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, 1 when a gate found something, 2 when it could not be run."""
    parser = argparse.ArgumentParser(prog="python -m pxl.kernel", description="Build and check the Coq kernel.")
    parser.add_argument("command", choices=("build", "verify", "gates", "hash"),
                        help="build: compile what changed; verify: re-hash the compiled files; gates: "
                             "check for holes and axioms, and run coqchk; hash: print the kernel hash")
    parser.add_argument("--sources", type=Path, default=source_dir(), metavar="DIR",
                        help="directory of _CoqProject (default: this package)")
    parser.add_argument("--dir", type=Path, metavar="DIR", default=default_kernel_dir(),
                        help="directory of the compiled files (default: %(default)s)")
    parser.add_argument("--force", action="store_true", help="build: compile even when up to date")
    options = parser.parse_args(arguments)
    try:
        match options.command:
            case "build":
                build(options.sources, options.dir, _say, force=options.force)
            case "verify":
                kernel = Kernel.load(options.dir, options.sources)
                _say(f"kernel_hash   {kernel.kernel_hash}\ncompiled_hash {kernel.compiled_hash}\n"
                     f"coq_version   {kernel.coq_version}\ncoqchk        {kernel.coqchk}")
            case "gates":
                return _run_gates(options.sources, options.dir)
            case "hash":
                version = coq_version(time.monotonic() + 60)
                _say(source_hash(read_snapshot(options.sources).files, version))
    except ConfigError as error:
        print(f"error: {error.detail}", file=sys.stderr)
        return WRONG_SETUP
    return 0


def _run_gates(sources: Path, kernel_dir: Path) -> int:
    deadline = time.monotonic() + GATES_TIMEOUT_S
    snapshot = read_snapshot(sources)
    findings = gates.check_words(snapshot, (path.name for path in sources.glob("*.v")))
    _outcome(f"words: {len(snapshot.project.sources)} sources without holes", findings)
    if findings:
        return FOUND
    kernel = Kernel.load(kernel_dir, sources)
    printed = gates.print_assumptions(snapshot.project, kernel.kernel_dir, deadline)
    reference = sources / gates.REFERENCE
    findings = gates.check_assumptions(
        dict(snapshot.files)[gates.RESULTS].decode(), printed,
        reference.read_text(encoding="utf-8") if reference.is_file() else "")
    _outcome(f"assumptions: {printed.count(gates.CLOSED)} theorems, each \"{gates.CLOSED}\"", findings)
    native = gates.with_primitives(snapshot)
    closed = [name for name in snapshot.project.sources if name not in native]
    evidence = ""
    for modules, allowed in ((closed, False), (sorted(native), True)):
        if not modules:
            continue
        began = time.monotonic()
        summary = gates.run_coqchk(kernel.kernel_dir, modules, deadline)
        found = gates.check_summary(summary, primitives_allowed=allowed)
        names = " ".join(name.removesuffix(".v") for name in modules)
        _outcome(f"coqchk: {names}: " + ("no axiom but native integers and arrays"
                                         if allowed else "no axiom")
                 + f" ({time.monotonic() - began:.0f} s)", found)
        findings += found
        evidence += f"coqchk {names}\n{summary}\n"
    if findings:
        return FOUND
    Kernel.load(kernel_dir, sources)
    now = datetime.now(UTC).strftime("%Y%m%d_%H%M%S")
    stamp = write_stamp(kernel.kernel_dir, now, kernel.compiled_hash, printed + "\n" + evidence)
    _say(f"all gates passed: {stamp.name}")
    return 0


def _outcome(success: str, findings: list[gates.Finding]) -> None:
    _say(f"ok    {success}" if not findings else
         "\n".join(f"FAIL  {finding}" for finding in findings))


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
