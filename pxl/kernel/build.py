"""Compile the kernel, or a library that rests on it, with `coqc`, all or nothing, into a directory of its own.

The sources are copied beside the target, compiled there, and renamed into place, so that a
reader sees the old build or the new one. A lock file lets one builder work while others wait.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pxl.errors import ConfigError
from pxl.kernel.identity import (
    MANIFEST,
    Kernel,
    Manifest,
    compiled_digests,
    compiled_hash,
    read_manifest,
    source_hash,
)
from pxl.kernel.project import Project, Snapshot, default_kernel_dir, library_dir, read_snapshot, source_dir

__all__ = ["build", "build_library", "coq_version", "default_kernel_dir", "run_coq", "source_dir"]

Report = Callable[[str], None]

ASSUMPTIONS_OUTPUT = "results.out"
BUILD_TIMEOUT_S = 1800.0
LOCK_POLL_S = 0.2
OLDEST_COQ = (8, 16)


def coq_version(deadline: float) -> str:
    """Ask `coqc` for its version; raise ConfigError, with the cure, when there is none."""
    version = run_coq(["coqc", "--print-version"], cwd=Path.cwd(), deadline=deadline).stdout.split()[0]
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST_COQ:
        raise ConfigError(f"the coqc on the PATH is version {version}; the kernel needs 8.16 or later, "
                          "which Debian 12's package coq is")
    return version


def build(sources: Path, kernel_dir: Path, report: Report, *, force: bool = False,
          timeout_s: float = BUILD_TIMEOUT_S, below: Kernel | None = None) -> Kernel:
    """Bring ``kernel_dir`` up to date with ``sources`` and return the kernel in it.

    Does nothing when the manifest's hashes match the sources, the Coq version and the compiled
    files. With ``below`` it is a library that rests on that kernel, and on these very compiled files of it.
    Raises ConfigError when Coq is missing or refuses a file, or when time runs out.
    """
    deadline = time.monotonic() + timeout_s
    kernel_dir = Path(os.path.abspath(kernel_dir))
    version = coq_version(deadline)
    snapshot = read_snapshot(sources)
    wanted, rests_on = source_hash(snapshot.files, version), below.compiled_hash if below else ""
    what = f"library {snapshot.project.root}" if below else "kernel"
    if not force and _why_not_current(kernel_dir, wanted, rests_on) is None:
        report(f"{what} {wanted[:7]} is up to date in {kernel_dir}")
        return Kernel.load(kernel_dir)
    with locked(kernel_dir, report, deadline):
        snapshot = read_snapshot(sources)
        wanted = source_hash(snapshot.files, version)
        reason = "asked for" if force else _why_not_current(kernel_dir, wanted, rests_on)
        if reason is None:
            report(f"{what} {wanted[:7]} was compiled by another build into {kernel_dir}")
            return Kernel.load(kernel_dir)
        _refuse_foreign(kernel_dir)
        report(f"compiling the {what} with Coq {version} ({reason})")
        staging = _sibling(kernel_dir, ".new")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        try:
            for name, data in snapshot.files:
                (staging / name).write_bytes(data)
            started = time.monotonic()
            _compile(snapshot.project, staging, report, deadline, below)
            digests = compiled_digests(staging)
            manifest = Manifest(
                kernel_hash=wanted, compiled_hash=compiled_hash(digests), coq_version=version,
                compiled=digests, built_at=datetime.now(UTC).isoformat(timespec="seconds"),
                build_seconds=round(time.monotonic() - started, 1), rests_on=rests_on)
            (staging / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
            _swap(staging, kernel_dir)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        report(f"{what} {wanted[:7]} compiled in {manifest.build_seconds} s into {kernel_dir}")
        return Kernel.load(kernel_dir)


def build_library(sources: Path, kernel: Kernel, report: Report, *, force: bool = False) -> Kernel:
    """Bring the library with these sources up to date, beside the kernel that it rests on; raises as :func:`build`."""
    root = read_snapshot(sources).project.root
    if root in ("PXL", "Coq"):
        raise ConfigError(f"{sources}: a library cannot have the logical root {root}")
    return build(sources, library_dir(kernel.kernel_dir, root), report, force=force, below=kernel)


def load_library(sources: Path, root: str, kernel: Kernel) -> Kernel:
    """Return a compiled library; raise ConfigError, with the cure, unless it is of these sources and of this kernel."""
    directory = library_dir(kernel.kernel_dir, root)
    cure = f"run python -m pxl.kernel build --library {sources}"
    if read_snapshot(sources).project.root != root:
        raise ConfigError(f"the logical root in {sources}/_CoqProject is not {root}")
    if not (directory / MANIFEST).is_file():
        raise ConfigError(f"its Coq library {root} is not compiled; {cure}")
    library = Kernel.load(directory, sources)
    if library.rests_on != kernel.compiled_hash:
        raise ConfigError(f"its Coq library {root} was compiled with another kernel; {cure}")
    return library


def compile_afresh(snapshot: Snapshot, below: Kernel | None, deadline: float) -> dict[str, str]:
    """Compile the sources into a directory of their own, which goes away, and return the compiled files' digests."""
    with tempfile.TemporaryDirectory(prefix="pxl-afresh-") as scratch:
        staging = Path(scratch)
        for name, data in snapshot.files:
            (staging / name).write_bytes(data)
        _compile(snapshot.project, staging, lambda _: None, deadline, below)
        return compiled_digests(staging)


def run_coq(command: Sequence[str], *, cwd: Path, deadline: float) -> subprocess.CompletedProcess[str]:
    """Run one of Coq's programs to its end and return what it wrote.

    Raises ConfigError when it is missing, fails (with what it said) or passes the deadline.
    """
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("COQPATH", "COQFLAGS", "COQEXTRAFLAGS", "OCAMLRUNPARAM")}
    try:
        done = subprocess.run(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, encoding="utf-8", errors="replace",
                              timeout=max(0.0, deadline - time.monotonic()), check=False)
    except FileNotFoundError as why:
        raise ConfigError(f"{command[0]} is not on the PATH; install Coq 8.16 or later, "
                          "on Debian: apt-get install coq") from why
    except subprocess.TimeoutExpired as why:
        raise ConfigError(f"{command[0]} {command[-1]} was stopped: the time allowed is over") from why
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-4000:]
        raise ConfigError(f"{command[0]} {command[-1]} failed with status {done.returncode}:\n{said}")
    return done


def _compile(project: Project, staging: Path, report: Report, deadline: float, below: Kernel | None) -> None:
    total = len(project.sources)
    flags = [*project.flags, *(["-Q", str(below.kernel_dir), "PXL"] if below else [])]
    for number, name in enumerate(project.sources, start=1):
        started = time.monotonic()
        done = run_coq(["coqc", "-q", *flags, name], cwd=staging, deadline=deadline)
        report(f"  {project.root} [{number}/{total}] {name} ({time.monotonic() - started:.1f} s)")
        if name == "results.v":
            (staging / ASSUMPTIONS_OUTPUT).write_text(done.stdout, encoding="utf-8")


def _why_not_current(kernel_dir: Path, wanted: str, rests_on: str) -> str | None:
    if not kernel_dir.exists():
        return "there is none yet"
    try:
        manifest = read_manifest(kernel_dir)
        if manifest.kernel_hash != wanted:
            return "the sources or the Coq version changed"
        if manifest.rests_on != rests_on:
            return "the kernel below it changed"
        Kernel.load(kernel_dir)
    except ConfigError as damage:
        return damage.detail
    return None


def _refuse_foreign(kernel_dir: Path) -> None:
    """A mistyped setting must not delete somebody's directory."""
    if not kernel_dir.exists() or (kernel_dir / MANIFEST).is_file():
        return
    if not kernel_dir.is_dir() or any(kernel_dir.iterdir()):
        raise ConfigError(f"{kernel_dir} is in the way: it is not a kernel that was built here; "
                          "remove it or name another directory")


def _swap(staging: Path, kernel_dir: Path) -> None:
    old = _sibling(kernel_dir, ".old")
    shutil.rmtree(old, ignore_errors=True)
    if kernel_dir.exists():
        kernel_dir.rename(old)
    staging.rename(kernel_dir)
    shutil.rmtree(old, ignore_errors=True)


def _sibling(kernel_dir: Path, suffix: str) -> Path:
    return kernel_dir.with_name(kernel_dir.name + suffix)


@contextmanager
def locked(kernel_dir: Path, report: Report, deadline: float) -> Iterator[None]:
    """Let one builder of a directory work while others wait; raise ConfigError when the deadline passes first."""
    path = _sibling(kernel_dir, ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("w")
    except OSError as why:
        raise ConfigError(f"cannot write {path}: {why.strerror}; build as its owner, "
                          "or name another kernel directory") from why
    with handle:
        waiting = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as busy:
                if time.monotonic() > deadline:
                    raise ConfigError(f"another build holds {handle.name}") from busy
            if not waiting:
                report("waiting for another build of the kernel to end")
                waiting = True
            time.sleep(LOCK_POLL_S)
        yield
