"""The kernel's command line: `python -m pxl.kernel build|verify|gates|hash|extract`.

Each command does the kernel and then the libraries of the built-in overlays, or with `--library` just the
libraries named, which may be anybody's; `extract` makes the programs of the built-in ones.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pxl.errors import ConfigError
from pxl.kernel.build import build, build_library, coq_version, default_kernel_dir, load_library, source_dir
from pxl.kernel.extract import LIBRARIES, extract, extraction_dir
from pxl.kernel.gates_command import Subject, run_gates
from pxl.kernel.identity import Kernel, source_hash
from pxl.kernel.project import builtin_libraries, read_snapshot

FOUND, WRONG_SETUP = 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, 1 when a gate found something, 2 when it could not be run."""
    parser = argparse.ArgumentParser(prog="python -m pxl.kernel", description="Build and check the Coq kernel.")
    parser.add_argument("command", choices=("build", "verify", "gates", "hash", "extract"),
                        help="build: compile what changed; verify: re-hash the compiled files; gates: "
                             "check for holes and axioms, and run coqchk; hash: print the kernel hash; extract: "
                             "make pxl-check and pxl-check.js of the checkers")
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
    does_kernel = not libraries
    if does_kernel and options.sources == source_dir():
        # Other sources than this package's are somebody's own kernel, which no library here was written for.
        libraries = list(builtin_libraries())
    if options.command == "gates":
        return _run_gates(options, libraries, does_kernel)
    status = _run_kernel(options) if does_kernel else 0
    if status == 0 and libraries:
        kernel = None if options.command == "hash" else Kernel.load(options.dir)
        # Libraries rest on the kernel and not on each other.
        with ThreadPoolExecutor(os.cpu_count() if options.command == "build" else 1) as workers:
            status = max(workers.map(lambda sources: _run_library(options, sources, kernel), libraries))
    return status


def _run_kernel(options: argparse.Namespace) -> int:
    match options.command:
        case "build":
            build(options.sources, options.dir, _say, force=options.force)
        case "verify":
            _show(Kernel.load(options.dir, options.sources))
        case "hash":
            version = coq_version(time.monotonic() + 60)
            _say(source_hash(read_snapshot(options.sources).files, version))
    return 0


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


def _run_library(options: argparse.Namespace, sources: Path, kernel: Kernel | None) -> int:
    try:
        root = read_snapshot(sources).project.root
        if kernel is None:
            version = coq_version(time.monotonic() + 60)
            _say(f"{source_hash(read_snapshot(sources).files, version)} {root}")
        elif options.command == "build":
            build_library(sources, kernel, _say, force=options.force)
        else:
            _say(f"\n{root}")
            _show(load_library(sources, root, kernel))
    except ConfigError as error:    # one broken library is no reason not to do the next
        return _complain(error)
    return 0


def _run_gates(options: argparse.Namespace, libraries: list[Path], does_kernel: bool) -> int:
    kernel = Kernel.load(options.dir, options.sources if does_kernel else None)
    subjects = [Subject(options.sources, kernel)] if does_kernel else []
    subjects += [Subject(sources, load_library(sources, read_snapshot(sources).project.root, kernel), kernel)
                 for sources in libraries]
    return 0 if run_gates(subjects, _say) else FOUND


def _show(kernel: Kernel) -> None:
    _say(f"kernel_hash   {kernel.kernel_hash}\ncompiled_hash {kernel.compiled_hash}\n"
         f"coq_version   {kernel.coq_version}\ncoqchk        {kernel.coqchk}")


def _complain(error: ConfigError) -> int:
    print(f"error: {error.detail}", file=sys.stderr)
    return WRONG_SETUP


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
