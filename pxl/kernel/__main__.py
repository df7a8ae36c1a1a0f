"""The kernel's command line: `python -m pxl.kernel build|verify|gates|reference|hash|extract`.

Each command does the kernel and then the libraries of the built-in overlays, or with `--library` just the
libraries named, which may be anybody's; `extract` makes the programs of the built-in ones.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pxl.errors import ConfigError
from pxl.kernel.build import build, build_library, coq_version, default_kernel_dir, load_library, source_dir
from pxl.kernel.extract import LIBRARIES, extract, extraction_dir
from pxl.kernel.identity import Kernel, source_hash, write_stamp
from pxl.kernel.inspection import Inspection, run_coqchk
from pxl.kernel.project import builtin_libraries, read_snapshot

GATES_TIMEOUT_S = 3600.0
GATES_AT_A_TIME = 2
FOUND, WRONG_SETUP = 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, 1 when a gate found something, 2 when it could not be run."""
    parser = argparse.ArgumentParser(prog="python -m pxl.kernel", description="Build and check the Coq kernel.")
    parser.add_argument("command", choices=("build", "verify", "gates", "reference", "hash", "extract"),
                        help="build: compile what changed; verify: re-hash the compiled files; gates: "
                             "check for holes, axioms and changed statements, compile afresh, and run coqchk; "
                             "reference: write what the gates compare with; hash: print the kernel hash; extract: make "
                             "pxl-check and pxl-check.js of the checkers")
    parser.add_argument("--sources", type=Path, default=source_dir(), metavar="DIR",
                        help="directory of _CoqProject (default: this package)")
    parser.add_argument("--dir", type=Path, metavar="DIR", default=default_kernel_dir(),
                        help="directory of the compiled files (default: %(default)s)")
    parser.add_argument("--library", type=Path, action="append", metavar="DIR", default=[],
                        help="directory of a library's _CoqProject; do this and not the kernel (can be repeated)")
    parser.add_argument("--force", action="store_true", help="build, extract: compile even when up to date")
    options = parser.parse_args(arguments)
    try:
        return _run(options)
    except ConfigError as error:
        return _complain(error)


def _run(options: argparse.Namespace) -> int:
    if options.command == "extract":
        return _run_extract(options)
    libraries = [path.resolve() for path in options.library]
    has_kernel = not libraries
    if has_kernel and options.sources == source_dir():
        # Other sources than this package's are somebody's own kernel, which no library here was written for.
        libraries = list(builtin_libraries())
    if options.command == "gates":
        return _run_gates(options, has_kernel, libraries)
    if has_kernel:
        _run_kernel(options)
    kernel = Kernel.load(options.dir) if libraries and options.command != "hash" else None
    # Libraries rest on the kernel and not on each other.
    with ThreadPoolExecutor(os.cpu_count() if options.command == "build" else 1) as workers:
        return max(workers.map(lambda sources: _try_library(options, sources, kernel), libraries), default=0)


def _run_extract(options: argparse.Namespace) -> int:
    if options.library or options.sources != source_dir():
        raise ConfigError("extract is for the sources of this package: leave --sources and --library out")
    kernel = Kernel.load(options.dir, options.sources)
    libraries = {}
    for sources in builtin_libraries():
        root = read_snapshot(sources).project.root
        if root in LIBRARIES:
            libraries[root] = load_library(sources, root, kernel)
    found = extract(kernel, libraries, extraction_dir(options.dir), _say, force=options.force)
    _say(f"extraction_sha {found.sha}")
    return 0


def _try_library(options: argparse.Namespace, sources: Path, kernel: Kernel | None) -> int:
    try:
        _run_library(options, sources, kernel)
    except ConfigError as error:    # one broken library is no reason not to do the next
        return _complain(error)
    return 0


def _run_kernel(options: argparse.Namespace) -> None:
    match options.command:
        case "build":
            build(options.sources, options.dir, _say, force=options.force)
        case "verify":
            _show(Kernel.load(options.dir, options.sources))
        case "reference":
            _write_references(options.sources, Kernel.load(options.dir, options.sources))
        case "hash":
            version = coq_version(time.monotonic() + 60)
            _say(source_hash(read_snapshot(options.sources).files, version))


def _run_library(options: argparse.Namespace, sources: Path, kernel: Kernel | None) -> None:
    root = read_snapshot(sources).project.root
    if kernel is None:
        version = coq_version(time.monotonic() + 60)
        _say(f"{source_hash(read_snapshot(sources).files, version)} {root}")
    elif options.command == "build":
        build_library(sources, kernel, _say, force=options.force)
    elif options.command == "reference":
        _write_references(sources, load_library(sources, root, kernel), kernel)
    else:
        library = load_library(sources, root, kernel)
        _say(f"\n{root}")
        _show(library)


def _show(kernel: Kernel) -> None:
    _say(f"kernel_hash   {kernel.kernel_hash}\ncompiled_hash {kernel.compiled_hash}\n"
         f"coq_version   {kernel.coq_version}\ncoqchk        {kernel.coqchk}")


def _write_references(sources: Path, kernel: Kernel, below: Kernel | None = None) -> None:
    inspection = Inspection(sources, kernel, below, time.monotonic() + GATES_TIMEOUT_S)
    for path in inspection.write_references():
        _say(f"wrote {path}")


def _run_gates(options: argparse.Namespace, has_kernel: bool, libraries: list[Path]) -> int:
    """Check the kernel and the libraries; stamp all of them when everything passed, and none otherwise."""
    deadline = time.monotonic() + GATES_TIMEOUT_S
    kernel = Kernel.load(options.dir, options.sources if has_kernel else None)
    inspections = [Inspection(options.sources, kernel, None, deadline)] if has_kernel else []
    for sources in libraries:
        library = load_library(sources, read_snapshot(sources).project.root, kernel)
        inspections.append(Inspection(sources, library, kernel, deadline))
    words = [inspection.words() for inspection in inspections]
    for outcome in words:
        _say(str(outcome))
    if any(outcome.findings for outcome in words):
        return FOUND        # what was found must not be given to Coq
    evidence = {inspection.sources: "" for inspection in inspections}
    passed = True
    with _pool() as pool:
        # The longest first.
        checked = pool.submit(run_coqchk, inspections, deadline)
        begun = [(inspection, [pool.submit(gate) for gate in inspection.gates()]) for inspection in inspections]
        for inspection, outcomes in begun:
            _say(f"{inspection.root}")
            for future in outcomes:
                outcome = future.result()
                _say(str(outcome))
                passed = passed and not outcome.findings
                evidence[inspection.sources] += f"{outcome.evidence}\n"
        outcome = checked.result()
        _say(str(outcome))
    if not passed or outcome.findings:
        return FOUND
    for inspection in inspections:
        _stamp(inspection, f"{evidence[inspection.sources]}{outcome.evidence}".strip() + "\n")
    return 0


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(GATES_AT_A_TIME)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _stamp(inspection: Inspection, evidence: str) -> None:
    kernel = inspection.kernel
    Kernel.load(kernel.kernel_dir, inspection.sources)      # still the files that were checked
    now = datetime.now(UTC).strftime("%Y%m%d_%H%M%S")
    try:
        stamp = write_stamp(kernel.kernel_dir, now, kernel.compiled_hash, evidence)
    except OSError as why:      # who may look need not be who may write, as in an image
        _say(f"{inspection.root}: all gates passed; the stamp stays {kernel.coqchk}: {why.strerror}")
    else:
        _say(f"{inspection.root}: all gates passed: {stamp.name}")


def _complain(error: ConfigError) -> int:
    print(f"error: {error.detail}", file=sys.stderr)
    return WRONG_SETUP


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
