"""Reads how much memory this process may use."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path


def memory_limit_bytes(root: Path = Path("/")) -> float:
    """Return the least of the control groups' limits and what the machine has; NaN where nothing can be read."""
    limits = []
    for file in _limit_files(root):
        try:
            limits.append(float(file.read_text(encoding="ascii")))
        except (OSError, ValueError):       # not there, or "max"
            continue
    try:
        limits.append(float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")))
    except (OSError, ValueError):
        pass
    return min(limits, default=math.nan)


def _limit_files(root: Path) -> Iterator[Path]:
    """Yield where limits may stand: at the root (a container's own group), and in every group of this process."""
    version_2 = root / "sys/fs/cgroup", "memory.max"
    version_1 = root / "sys/fs/cgroup/memory", "memory.limit_in_bytes"
    for top, name in (version_2, version_1):
        yield top / name
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if controllers and "memory" not in controllers.split(","):
            continue
        top, name = version_1 if controllers else version_2
        place = top
        for part in Path(group).parts[1:]:
            place /= part
            yield place / name
