"""Says what exactly is running: the checker's stamp, the commit, and the hash of the logic's sources."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

UNKNOWN = "unknown"
STAMP_FILE = "BUILD_SHA"

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_SHORT = 7


@dataclass(frozen=True)
class Provenance:
    """What every response says of the program behind it.

    ``coqchk`` is ``verified-YYYYMMDD_HHMMSS`` when Coq's independent checker passed the compiled kernel that is loaded,
    else ``unverified``. ``build_sha`` is the short commit. ``v4_sha`` is the hash over the sources of v4's Coq library;
    where v4 is not served, the kernel's own source hash.
    """

    coqchk: str = "unverified"
    build_sha: str = UNKNOWN
    v4_sha: str = UNKNOWN

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Return the headers of every response."""
        return (("X-PXL-Coqchk", self.coqchk), ("X-Build-SHA", self.build_sha), ("X-V4-SHA", self.v4_sha))


def build_sha(root: Path, given: str | None = None) -> str:
    """Return the commit that this is: as given, as stamped into a file by a build, or as git has it.

    The file ``BUILD_SHA`` in ``root`` is for places without ``.git``. Nothing found is ``unknown``, never a guess.
    """
    stamp = given or _text(root / STAMP_FILE) or _head(root) or ""
    return stamp if re.fullmatch(r"[0-9a-f]{7}", stamp) else stamp[:_SHORT] if _SHA.fullmatch(stamp) else UNKNOWN


def _head(root: Path) -> str | None:
    """Read the commit from git's files: starting git would be a process for one line."""
    git = root / ".git"
    pointer = _text(git) if git.is_file() else None
    if pointer and pointer.startswith("gitdir: "):
        git = root / pointer.removeprefix("gitdir: ")
    head = _text(git / "HEAD")
    if head is None or not head.startswith("ref: "):
        return head
    name = head.removeprefix("ref: ")
    common = git / (_text(git / "commondir") or ".")
    for place in (git, common):
        if commit := _text(place / name):
            return commit
    packed = re.search(rf"^([0-9a-f]+) {re.escape(name)}$", _text(common / "packed-refs") or "", re.M)
    return packed[1] if packed else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
