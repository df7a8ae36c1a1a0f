"""Runs a program where it can write nothing but one directory of its own and reach no network."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pxl.errors import ConfigError

_TRIAL_LIMIT_S = 10.0

# In namespaces of its own: every mount becomes read-only but the one directory, with the flags that it has, which
# may not be taken away here; then nothing is left of the privileges that this takes.
_NAMESPACES = """\
set -e
own=$1
shift
mount --bind "$own" "$own"
while read -r _ _ _ _ point options _; do
  point=$(printf '%b' "$point")
  [ "$point" = "$own" ] || mount -o "remount,bind,ro${options#r?}" "$point"
done < /proc/self/mountinfo
cd "$own"
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all -- "$@"
"""

# What must fail in a sandbox, and what must not: a program is put there only after this was seen.
_TRIAL = 'echo x > "$1/inside" && ! { echo x > "$2/outside"; } 2> /dev/null && [ "$(wc -l < /proc/net/dev)" -le 3 ]'


@dataclass(frozen=True)
class Sandbox:
    """A way to confine a program: ``wrap`` returns the command that runs ``argv`` with ``own`` as its directory."""

    words: str
    is_confined: bool
    wrap: Callable[[Sequence[str], Path], list[str]]


def _bubblewrap(argv: Sequence[str], own: Path) -> list[str]:
    return ["bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--ro-bind", "/", "/", "--dev", "/dev",
            "--proc", "/proc", "--bind", str(own), str(own), "--chdir", str(own), "--", *argv]


def _bubblewrap_without_proc(argv: Sequence[str], own: Path) -> list[str]:
    # Where a container hides parts of /proc, a new one cannot be mounted; its own is read-only here.
    command = _bubblewrap(argv, own)
    place = command.index("--proc")
    return command[:place] + command[place + 2:]


def _namespaces(argv: Sequence[str], own: Path) -> list[str]:
    return ["unshare", "--user", "--map-root-user", "--mount", "--net", "--ipc", "--uts", "--pid", "--fork",
            "--kill-child", "--", "sh", "-c", _NAMESPACES, "sh", str(own), *argv]


def _nothing(argv: Sequence[str], own: Path) -> list[str]:
    return list(argv)


BUBBLEWRAP = Sandbox("bubblewrap", True, _bubblewrap)
BUBBLEWRAP_WITHOUT_PROC = Sandbox("bubblewrap", True, _bubblewrap_without_proc)
NAMESPACES = Sandbox("user namespaces", True, _namespaces)
NONE = Sandbox("none: there is no bubblewrap here, and user namespaces cannot be had", False, _nothing)


def find_sandbox(*, is_required: bool = False) -> Sandbox:
    """Return the best sandbox that this machine has. Raises ConfigError when one is required and there is none."""
    found = next((sandbox for sandbox in (BUBBLEWRAP, BUBBLEWRAP_WITHOUT_PROC, NAMESPACES) if confines(sandbox)), NONE)
    if is_required and not found.is_confined:
        raise ConfigError("there is no sandbox for coqc (--sandbox require): install bubblewrap, or allow user "
                          "namespaces")
    return found


def confines(sandbox: Sandbox) -> bool:
    """Try whether a program in a sandbox can write its own directory, cannot write another, and has no network."""
    with tempfile.TemporaryDirectory(prefix="pxl-sandbox-") as directory:
        own, other = Path(directory, "own"), Path(directory, "other")
        own.mkdir()
        other.mkdir()
        command = sandbox.wrap(["sh", "-c", _TRIAL, "sh", str(own), str(other)], own)
        if shutil.which(command[0]) is None:
            return False
        try:
            done = subprocess.run(command, cwd=own, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, timeout=_TRIAL_LIMIT_S, env={"PATH": os.environ["PATH"]})
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0 and (own / "inside").exists() and not (other / "outside").exists()
