"""Build the command line and environment under which a prover runs confined."""

from __future__ import annotations

import logging
import resource
import shutil
from collections.abc import Mapping, Sequence

_log = logging.getLogger(__name__)

# What Coq and its dynamic libraries may need. Everything else stays out: the server's
# secrets above all, and COQPATH, which could put other files in the kernel's place.
_PASSED_ON = frozenset({
    "PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "OCAMLPATH", "COQLIB", "COQCORELIB",
    "CAML_LD_LIBRARY_PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "OPAM_SWITCH_PREFIX",
})


def confined(argv: Sequence[str], *, memory_bytes: int, stack_bytes: int,
             file_bytes: int | None = None) -> list[str]:
    """Return ``argv`` behind the wrappers that bound it and let it die with its parent.

    ``setpriv --pdeathsig KILL`` kills the child when the *thread* that started it ends;
    ``prlimit`` bounds address space and stack, and forbids core files, which an exceeded
    limit would write; ``file_bytes`` bounds each file that is written. A wrapper that the
    machine lacks is left out with a warning.
    """
    wrappers: list[str] = []
    if setpriv := _wrapper("setpriv", "a killed server may leave a busy prover behind"):
        wrappers += [setpriv, "--pdeathsig", "KILL"]
    if prlimit := _wrapper("prlimit", "a prover's memory has no limit"):
        stack = _at_most(stack_bytes, resource.RLIMIT_STACK)
        memory = _at_most(memory_bytes, resource.RLIMIT_AS)
        wrappers += [prlimit, f"--as={memory}", f"--stack={stack}", "--core=0"]
        if file_bytes is not None:
            wrappers.append(f"--fsize={_at_most(file_bytes, resource.RLIMIT_FSIZE)}")
        wrappers.append("--")
    return [*wrappers, *argv]


def environment(parent: Mapping[str, str], *, ocamlrunparam: str) -> dict[str, str]:
    """Return the child's whole environment, chosen from its parent's.

    >>> environment({"PATH": "/bin", "HMAC_SECRET_KEY": "s"}, ocamlrunparam="s=4M")
    {'PATH': '/bin', 'OCAMLRUNPARAM': 's=4M'}
    """
    env = {name: value for name, value in parent.items() if name in _PASSED_ON}
    return {**env, "OCAMLRUNPARAM": ocamlrunparam}


def _wrapper(name: str, otherwise: str) -> str | None:
    path = shutil.which(name)
    if path is None:
        _log.warning("%s (package util-linux) was not found: %s", name, otherwise)
    return path


def _at_most(wanted: int, kind: int) -> int:
    """Return the limit wanted, or the hard limit of this process when that is lower."""
    hard = resource.getrlimit(kind)[1]
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
