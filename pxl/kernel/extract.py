"""Make a program of the checkers: extract them from Coq, and compile them natively and to JavaScript.

The functions are those whose soundness the files ``Verify.v`` prove; ``pxl/kernel/extraction`` has what is not
proved: the mapping of Coq's booleans, lists and bytes, and the drivers. The build is all or nothing, as the
kernel's, and the same sources make the same bytes. Needs OCaml and js_of_ocaml; the server needs neither.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pxl.errors import ConfigError
from pxl.kernel.build import Report, coq_version, locked, run_coq
from pxl.kernel.identity import MANIFEST, Kernel, digest_list
from pxl.kernel.project import source_dir

EXTRACTED = "checkers.ml"
DRIVERS = ("browser.js", "browser.ml", "checkers.mli", "driver.ml", "native.ml")
PROGRAM, SCRIPT = "pxl-check", "pxl-check.js"
LIBRARIES = ("PXLModal", "PXLChrono")

EXTRACT_TIMEOUT_S = 600.0
CURE = "run `make extract`"
_TOOLS = {"ocamlc": "ocaml", "ocamlopt": "ocaml", "js_of_ocaml": "js-of-ocaml"}
# What extraction writes is not written for readers, and some of it is not used.
_QUIET = ("-w", "-a")
_STRICT = ("-w", "+a-4-40..42-44-45-70", "-warn-error", "+a")


@dataclass(frozen=True)
class Extraction:
    """A built extraction: where it is, its hash, and the hashes of the two programs.

    ``made_from`` are the hashes of what it was made from: the compiled kernel and libraries, sources and tools.
    """

    directory: Path
    sha: str
    programs: Mapping[str, str]
    made_from: Mapping[str, str]

    @property
    def program(self) -> Path:
        return self.directory / PROGRAM

    @property
    def script(self) -> Path:
        return self.directory / SCRIPT

    @classmethod
    def load(cls, directory: Path) -> Extraction:
        """Read what was built and hash it again; raise ConfigError, with the cure, when it is not as it was built."""
        try:
            said = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
            found = cls(directory, said["extraction_sha"], dict(said["programs"]), dict(said["made_from"]))
            is_whole = (extraction_sha(directory) == found.sha
                        and {name: _sha256(directory / name) for name in (PROGRAM, SCRIPT)} == found.programs)
        except (OSError, ValueError, KeyError, TypeError) as why:
            raise ConfigError(f"there is no extracted checker in {directory}: {why}; {CURE}") from why
        if not is_whole:
            raise ConfigError(f"the extracted checker in {directory} is not what the build wrote; {CURE}")
        return found


def extraction_dir(kernel_dir: Path) -> Path:
    """Return where the checkers of a compiled kernel are extracted to: beside it.

    >>> extraction_dir(Path("/k/_build")).name
    '_build.extracted'
    """
    return kernel_dir.with_name(f"{kernel_dir.name}.extracted")


def extraction_sha(directory: Path) -> str:
    """Return the hash over the extracted program and the drivers, as a shell has it.

    ``sha256sum *.ml *.mli browser.js | LC_ALL=C sort -k 2 | sha256sum``, in that directory. Raises OSError.
    """
    digests = {name: _sha256(directory / name) for name in (EXTRACTED, *DRIVERS)}
    return hashlib.sha256(digest_list(digests).encode()).hexdigest()


def extract(kernel: Kernel, libraries: Mapping[str, Kernel], target: Path, report: Report, *,
            force: bool = False, timeout_s: float = EXTRACT_TIMEOUT_S) -> Extraction:
    """Bring the extraction in ``target`` up to date with a compiled kernel and its libraries, by logical name.

    Raises ConfigError when a library or a tool is missing, refuses a file, or when time runs out.
    """
    deadline = time.monotonic() + timeout_s
    _refuse_missing(libraries)
    sources = source_dir() / "extraction"
    made_from = {
        "PXL": kernel.compiled_hash, **{name: libraries[name].compiled_hash for name in LIBRARIES},
        **{path.name: _sha256(path) for path in (sources / name for name in ("Extract.v", *DRIVERS))},
        "coq": coq_version(deadline),
        **{tool: run_coq([tool, "-version"], cwd=sources, deadline=deadline).stdout.strip() for tool in sorted(_TOOLS)}}
    with locked(target, report, deadline):
        found = None if force else _current(target, made_from)
        if found is not None:
            report(f"extraction {found.sha[:7]} is up to date in {target}")
            return found
        report(f"extracting with Coq {made_from['coq']}")
        found = _build(target, sources, kernel, libraries, made_from, deadline)
        report(f"extraction {found.sha[:7]} compiled into {target}")
        return found


def _build(target: Path, sources: Path, kernel: Kernel, libraries: Mapping[str, Kernel],
           made_from: Mapping[str, str], deadline: float) -> Extraction:
    staging = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        _extract(staging, sources, kernel, libraries, deadline)
        _compile(staging, deadline)
        _tidy(staging)
        programs = {name: _sha256(staging / name) for name in (PROGRAM, SCRIPT)}
        found = Extraction(target, extraction_sha(staging), programs, made_from)
        (staging / MANIFEST).write_text(json.dumps(
            {"extraction_sha": found.sha, "programs": programs, "made_from": made_from}, indent=2) + "\n",
            encoding="utf-8")
        staging.chmod(0o755)
        _put_in_place(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return found


def _refuse_missing(libraries: Mapping[str, Kernel]) -> None:
    for name in LIBRARIES:
        if name not in libraries:
            raise ConfigError(f"the library {name} is not compiled; run `make kernel`")
    lacking = sorted({package for tool, package in _TOOLS.items() if shutil.which(tool) is None})
    if lacking:
        raise ConfigError(f"to compile the extracted checkers this machine lacks {' and '.join(lacking)}; "
                          f"on Debian: apt-get install {' '.join(lacking)}")


def _current(target: Path, made_from: Mapping[str, str]) -> Extraction | None:
    try:
        found = Extraction.load(target)
    except ConfigError:
        return None
    return found if found.made_from == made_from else None


def _extract(staging: Path, sources: Path, kernel: Kernel, libraries: Mapping[str, Kernel], deadline: float) -> None:
    shutil.copyfile(sources / "Extract.v", staging / "Extract.v")
    places = {"PXL": kernel.kernel_dir, **{name: libraries[name].kernel_dir for name in LIBRARIES}}
    flags = [word for root, place in places.items() for word in ("-Q", str(place), root)]
    run_coq(["coqc", "-q", "-w", "+default", *flags, "Extract.v"], cwd=staging, deadline=deadline)
    for name in DRIVERS:        # after Coq, whose own interface shows every function
        shutil.copyfile(sources / name, staging / name)


def _compile(staging: Path, deadline: float) -> None:
    def run(*command: str) -> None:
        run_coq(command, cwd=staging, deadline=deadline)

    run("ocamlc", "-c", "checkers.mli")
    run("ocamlopt", *_QUIET, "-inline", "100", "-c", EXTRACTED)
    run("ocamlopt", *_STRICT, "-c", "driver.ml")
    run("ocamlopt", *_STRICT, "-c", "native.ml")
    # Stripped: symbols name files that the linker makes up anew each time.
    run("ocamlopt", "-ccopt", "-s", "-o", PROGRAM, "checkers.cmx", "driver.cmx", "native.cmx")
    run("ocamlc", *_QUIET, "-c", EXTRACTED)
    run("ocamlc", *_STRICT, "-c", "driver.ml")
    run("ocamlc", *_STRICT, "-c", "browser.ml")
    # The function that browser.js brings is not there before it is JavaScript.
    run("ocamlc", "-no-check-prims", "-o", "browser.byte", "checkers.cmo", "driver.cmo", "browser.cmo")
    run("js_of_ocaml", "--opt", "3", "browser.js", "browser.byte", "-o", SCRIPT)


def _tidy(staging: Path) -> None:
    kept = {EXTRACTED, *DRIVERS, PROGRAM, SCRIPT, "Extract.v"}
    for path in staging.iterdir():
        if path.name not in kept:
            path.unlink()


def _put_in_place(staging: Path, target: Path) -> None:
    if target.exists() and not (target / MANIFEST).is_file():
        raise ConfigError(f"{target} is in the way: it is no extraction that was built here; remove it")
    old = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        if target.exists():
            target.rename(old / "old")
        staging.rename(target)
    except OSError as why:
        raise ConfigError(f"cannot write {target}: {why.strerror}") from why
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
