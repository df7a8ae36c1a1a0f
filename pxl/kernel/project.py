"""Read a Coq library's `_CoqProject`: which files, in which order, with which flags."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from pxl.errors import ConfigError

PROJECT_FILE = "_CoqProject"


def source_dir() -> Path:
    """Return the directory of the kernel's sources: this package's own."""
    return Path(__file__).resolve().parent


def library_dir(kernel_dir: Path, root: str) -> Path:
    """Return where the library of a logical root is compiled to: beside the kernel that it rests on.

    >>> library_dir(Path("/k/_build"), "PXLModal").name
    '_build.PXLModal'
    """
    return kernel_dir.with_name(f"{kernel_dir.name}.{root}")


def builtin_libraries() -> tuple[Path, ...]:
    """Return the source directories of the built-in overlays' libraries."""
    return tuple(sorted(path.parent for path in source_dir().parent.glob(f"overlays/*/coq/{PROJECT_FILE}")))


def default_kernel_dir() -> Path:
    """Return where the kernel is compiled to when no setting says otherwise."""
    return source_dir() / "_build"


@dataclass(frozen=True)
class Project:
    """A Coq library's sources in compile order and the flags for `coqc`."""

    flags: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def root(self) -> str:
        """Return the logical name of the sources' directory; raise ConfigError when the flags give it none.

        >>> Project(("-Q", ".", "PXL"), ("Form.v",)).root
        'PXL'
        """
        for place, flag in enumerate(self.flags[:-2]):
            if flag in ("-Q", "-R") and self.flags[place + 1] == ".":
                return self.flags[place + 2]
        raise ConfigError(f"{PROJECT_FILE}: names no logical root, as -Q . PXL does")

    def compiled(self) -> tuple[str, ...]:
        """Return the names of the compiled files, in compile order.

        >>> Project((), ("Form.v", "Prov.v")).compiled()
        ('Form.vo', 'Prov.vo')
        """
        return tuple(name + "o" for name in self.sources)


@dataclass(frozen=True)
class Snapshot:
    """The bytes of every file that decides what the kernel is, read once.

    What is hashed is then what is compiled, whatever happens to the files meanwhile.
    """

    project: Project
    files: tuple[tuple[str, bytes], ...]


def parse_project(text: str) -> Project:
    """Parse the text of a `_CoqProject`; raise ConfigError where it is not understood.

    >>> parse_project("-Q . PXL\\n-arg \\"-set 'A B=!'\\"  # strict\\nForm.v\\n")
    Project(flags=('-Q', '.', 'PXL', '-set', 'A B=!'), sources=('Form.v',))
    """
    words = iter(shlex.split(text, comments=True))
    flags: list[str] = []
    sources: list[str] = []
    try:
        for word in words:
            if word in ("-Q", "-R"):
                flags += [word, next(words), next(words)]
            elif word == "-arg":
                flags += shlex.split(next(words))  # as Coq's own tools read it
            elif word.endswith(".v") and "/" not in word:
                sources.append(word)
            else:
                raise ConfigError(f"{PROJECT_FILE}: cannot read {word!r}; "
                                  "known are -Q, -R, -arg and names of .v files beside it")
    except (StopIteration, RuntimeError) as end:
        raise ConfigError(f"{PROJECT_FILE}: ends in the middle of a flag") from end
    if not sources:
        raise ConfigError(f"{PROJECT_FILE}: names no .v file")
    return Project(tuple(flags), tuple(sources))


def read_snapshot(source_dir: Path) -> Snapshot:
    """Read `_CoqProject` and every source it names; raise ConfigError when one is missing."""
    project_bytes = _read(source_dir / PROJECT_FILE)
    project = parse_project(project_bytes.decode())
    files = [(PROJECT_FILE, project_bytes)]
    files += [(name, _read(source_dir / name)) for name in project.sources]
    return Snapshot(project, tuple(files))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as why:
        raise ConfigError(f"cannot read the Coq source {path}: {why.strerror}") from why
