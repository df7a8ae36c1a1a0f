"""The kernel's command line: `python -m pxl.kernel build|verify|gates|hash`.

Each command does the kernel and then the libraries of the built-in overlays, or with `--library` just the
libraries named, which may be anybody's.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from pxl.errors import ConfigError
from pxl.kernel import gates
from pxl.kernel.build import build, build_library, coq_version, default_kernel_dir, load_library, source_dir
from pxl.kernel.identity import Kernel, source_hash, write_stamp
from pxl.kernel.project import builtin_libraries, read_snapshot

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
    parser.add_argument("--library", type=Path, action="append", metavar="DIR", default=[],
                        help="directory of a library's _CoqProject; do this and not the kernel (can be repeated)")
    parser.add_argument("--force", action="store_true", help="build: compile even when up to date")
    options = parser.parse_args(arguments)
    try:
        return _run(options)
    except ConfigError as error:
        return _complain(error)


def _run(options: argparse.Namespace) -> int:
    libraries = [path.resolve() for path in options.library]
    status = 0
    if not libraries:
        status = _run_kernel(options)
        # Other sources than this package's are somebody's own kernel, which no library here was written for.
        libraries = list(builtin_libraries()) if options.sources == source_dir() else []
    if status == 0 and libraries:
        kernel = None if options.command == "hash" else Kernel.load(options.dir)
        for sources in libraries:
            try:
                status = max(status, _run_library(options, sources, kernel))
            except ConfigError as error:    # one broken library is no reason not to do the next
                status = _complain(error)
    return status


def _run_kernel(options: argparse.Namespace) -> int:
    match options.command:
        case "build":
            build(options.sources, options.dir, _say, force=options.force)
        case "verify":
            _show(Kernel.load(options.dir, options.sources))
        case "gates":
            return _run_gates(options.sources, Kernel.load(options.dir, options.sources))
        case "hash":
            version = coq_version(time.monotonic() + 60)
            _say(source_hash(read_snapshot(options.sources).files, version))
    return 0


def _run_library(options: argparse.Namespace, sources: Path, kernel: Kernel | None) -> int:
    root = read_snapshot(sources).project.root
    if kernel is None:
        version = coq_version(time.monotonic() + 60)
        _say(f"{source_hash(read_snapshot(sources).files, version)} {root}")
        return 0
    if options.command == "build":
        build_library(sources, kernel, _say, force=options.force)
        return 0
    library = load_library(sources, root, kernel)
    _say(f"\n{root}")
    if options.command == "gates":
        return _run_gates(sources, library, kernel)
    _show(library)
    return 0


def _show(kernel: Kernel) -> None:
    _say(f"kernel_hash   {kernel.kernel_hash}\ncompiled_hash {kernel.compiled_hash}\n"
         f"coq_version   {kernel.coq_version}\ncoqchk        {kernel.coqchk}")


def _run_gates(sources: Path, kernel: Kernel, below: Kernel | None = None) -> int:
    """Check a kernel; or a library, which rests on the kernel ``below``."""
    deadline = time.monotonic() + GATES_TIMEOUT_S
    snapshot = read_snapshot(sources)
    findings = gates.check_words(snapshot, (path.name for path in sources.glob("*.v")))
    _outcome(f"words: {len(snapshot.project.sources)} sources without holes", findings)
    if findings:
        return FOUND
    places = {snapshot.project.root: kernel.kernel_dir, **({"PXL": below.kernel_dir} if below else {})}
    printed = gates.print_assumptions(snapshot.project, places, deadline)
    reference = sources / gates.REFERENCE
    findings = gates.check_assumptions(
        dict(snapshot.files).get(gates.RESULTS, b"").decode(), printed,
        reference.read_text(encoding="utf-8") if reference.is_file() else "")
    _outcome(f"assumptions: {printed.count(gates.CLOSED)} theorems, each \"{gates.CLOSED}\"", findings)
    native = gates.with_primitives(snapshot, gates.with_primitives(read_snapshot(below.kernel_dir)) if below else ())
    closed = [name for name in snapshot.project.sources if name not in native]
    evidence = ""
    for modules, allowed in ((closed, False), (sorted(native), True)):
        if not modules:
            continue
        began = time.monotonic()
        summary = gates.run_coqchk(places, snapshot.project.root, modules, deadline)
        found = gates.check_summary(summary, primitives_allowed=allowed)
        names = " ".join(name.removesuffix(".v") for name in modules)
        _outcome(f"coqchk: {names}: " + ("no axiom but native integers and arrays"
                                         if allowed else "no axiom")
                 + f" ({time.monotonic() - began:.0f} s)", found)
        findings += found
        evidence += f"coqchk {names}\n{summary}\n"
    if findings:
        return FOUND
    Kernel.load(kernel.kernel_dir, sources)
    now = datetime.now(UTC).strftime("%Y%m%d_%H%M%S")
    try:
        stamp = write_stamp(kernel.kernel_dir, now, kernel.compiled_hash, printed + "\n" + evidence)
    except OSError as why:      # who may look need not be who may write, as in an image
        _say(f"all gates passed; the stamp stays {kernel.coqchk}: {why.strerror}")
    else:
        _say(f"all gates passed: {stamp.name}")
    return 0


def _complain(error: ConfigError) -> int:
    print(f"error: {error.detail}", file=sys.stderr)
    return WRONG_SETUP


def _outcome(success: str, findings: list[gates.Finding]) -> None:
    _say(f"ok    {success}" if not findings else
         "\n".join(f"FAIL  {finding}" for finding in findings))


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
