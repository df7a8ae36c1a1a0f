"""Say which kernel this is: a hash over its sources and one over its compiled files.

Both hashes can be had with a shell, so that nobody has to trust this file::

    cd pxl/kernel
    { echo "coq 8.16.1"; sha256sum _CoqProject *.v | LC_ALL=C sort -k 2; } | sha256sum
    cd _build
    sha256sum *.vo | LC_ALL=C sort -k 2 | sha256sum

The first depends on names, bytes and the Coq version alone, so two machines agree on it.
The second is this machine's: it is written at the end of a build and looked at by every start.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from pxl.errors import ConfigError
from pxl.kernel.project import read_snapshot

MANIFEST = "manifest.json"
CURE = "run `make kernel`"
UNVERIFIED = "unverified"
PUBLISHED = "compiled.ref"


def digest_list(digests: Mapping[str, str]) -> str:
    """Return what `sha256sum` prints for files with these digests, sorted by name.

    >>> digest_list({"b.v": "22", "a.v": "11"})
    '11  a.v\\n22  b.v\\n'
    """
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))


def source_hash(files: Iterable[tuple[str, bytes]], coq_version: str) -> str:
    """Hash the sources' names and bytes with the Coq version; order does not matter."""
    listed = digest_list({name: _sha256(data) for name, data in files})
    return _sha256(f"coq {coq_version}\n{listed}".encode())


def compiled_digests(kernel_dir: Path) -> dict[str, str]:
    """Hash every compiled file of a directory, by name."""
    return {path.name: _sha256(path.read_bytes()) for path in sorted(kernel_dir.glob("*.vo"))}


def compiled_hash(digests: Mapping[str, str]) -> str:
    """Hash the compiled files' digests into one."""
    return _sha256(digest_list(digests).encode())


@dataclass(frozen=True)
class Manifest:
    """What a build wrote down about itself; ``rests_on`` is the compiled hash of the kernel below a library."""

    kernel_hash: str
    compiled_hash: str
    coq_version: str
    compiled: Mapping[str, str]
    built_at: str
    build_seconds: float
    rests_on: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


def read_manifest(kernel_dir: Path) -> Manifest:
    """Read a build's manifest; raise ConfigError when there is none or it is not one."""
    path = kernel_dir / MANIFEST
    try:
        members = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(**{field.name: members[field.name] for field in fields(Manifest) if field.name in members})
        if not isinstance(manifest.compiled, dict) or not manifest.compiled:
            raise TypeError("no compiled files are listed")
    except FileNotFoundError as why:
        raise ConfigError(f"there is no compiled kernel in {kernel_dir}; {CURE}") from why
    except (OSError, ValueError, KeyError, TypeError) as why:
        raise ConfigError(f"the kernel's manifest {path} is damaged ({why}); {CURE}") from why
    return manifest


@dataclass(frozen=True)
class Kernel:
    """A compiled kernel whose files are those that its build wrote.

    ``kernel_dir`` is for `coqc -Q kernel_dir PXL`. ``coqchk`` is ``verified-YYYYMMDD_HHMMSS``
    (UTC) when the gates passed on exactly these compiled files, otherwise ``unverified``.
    An overlay's library is the same; ``rests_on`` is then the compiled hash of the kernel below it.
    """

    kernel_dir: Path
    kernel_hash: str
    compiled_hash: str
    coq_version: str
    coqchk: str
    rests_on: str = ""

    @staticmethod
    def load(kernel_dir: Path, source_dir: Path | None = None) -> Kernel:
        """Hash the compiled files again; raise ConfigError unless they are as built.

        With ``source_dir`` the sources there must be the ones that were compiled, too.
        """
        kernel_dir = kernel_dir.resolve()
        manifest = read_manifest(kernel_dir)
        _compare(kernel_dir, manifest)
        if source_dir is not None:
            snapshot = read_snapshot(source_dir)
            if source_hash(snapshot.files, manifest.coq_version) != manifest.kernel_hash:
                raise ConfigError(f"the kernel in {kernel_dir} was compiled from other sources "
                                  f"than those in {source_dir}; {CURE}")
        return Kernel(kernel_dir, manifest.kernel_hash, manifest.compiled_hash,
                      manifest.coq_version, read_stamp(kernel_dir, manifest.compiled_hash), manifest.rests_on)

    def check_unchanged(self) -> None:
        """Hash the compiled files once more; raise ConfigError unless they are those that were loaded."""
        manifest = read_manifest(self.kernel_dir)
        if manifest.compiled_hash != self.compiled_hash:
            raise ConfigError(f"the kernel in {self.kernel_dir} was built anew after this program had started; "
                              f"start it again")
        _compare(self.kernel_dir, manifest)


def _compare(kernel_dir: Path, manifest: Manifest) -> None:
    try:
        found = compiled_digests(kernel_dir)
    except OSError as why:
        raise ConfigError(f"cannot read the compiled kernel in {kernel_dir}: {why}; {CURE}") from why
    for name in sorted(found.keys() | manifest.compiled.keys()):
        if name not in found:
            trouble = "is missing"
        elif name not in manifest.compiled:
            trouble = "was not written by the build"
        elif found[name] != manifest.compiled[name]:
            trouble = "is not the file that the build wrote"
        else:
            continue
        raise ConfigError(f"the compiled kernel is damaged: {kernel_dir / name} {trouble}; {CURE}")
    if compiled_hash(found) != manifest.compiled_hash:
        raise ConfigError(f"the kernel's manifest {kernel_dir / MANIFEST} is damaged "
                          f"(its compiled_hash is not that of its files); {CURE}")


def read_stamp(kernel_dir: Path, expected_compiled_hash: str) -> str:
    """Return the name of the newest stamp for exactly these compiled files."""
    for path in sorted(kernel_dir.glob("verified-*"), reverse=True):
        if path.read_text(encoding="utf-8", errors="replace").split()[:1] == [expected_compiled_hash]:
            return path.name
    return UNVERIFIED


def is_gated(library: Kernel, sources: Path) -> bool:
    """Say whether the gates have passed for exactly these compiled files: here, or where the sources were published."""
    published = sources / PUBLISHED
    return library.coqchk != UNVERIFIED or (
        published.is_file() and published.read_text(encoding="utf-8") == published_text(library))


def published_text(kernel: Kernel) -> str:
    """Return what is published of compiled files that passed the gates: the Coq version and their hash."""
    return f"coq {kernel.coq_version}\n{kernel.compiled_hash}\n"


def write_stamp(kernel_dir: Path, stamp_time: str, verified_hash: str, evidence: str) -> Path:
    """Write `verified-<stamp_time>`, the only stamp from then on, and return its path."""
    for old in kernel_dir.glob("verified-*"):
        old.unlink()
    path = kernel_dir / f"verified-{stamp_time}"
    path.write_text(f"{verified_hash}\n\n{evidence}", encoding="utf-8")
    return path


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
