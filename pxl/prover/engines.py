"""Find the prover to use and start sessions of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pxl.errors import ConfigError
from pxl.prover.channel import Channel
from pxl.prover.coqidetop import CoqidetopSession
from pxl.prover.launch import confined, environment
from pxl.prover.sertop import SertopSession
from pxl.prover.session import PipeSession

MIB = 1 << 20


@dataclass(frozen=True)
class EngineConfig:
    """How to start one kind of prover.

    ``kind`` is ``serapi`` or ``coqidetop``. ``kernel_dir`` holds compiled files, which get the
    logical name ``logical_root``; ``libraries`` are further directories, each with its logical name.
    ``preamble`` is executed once and makes the base state; a session
    that accepts ``refused`` there, or refuses one of ``accepted``, is no prover. Running these also spares
    the first goals the time that Coq takes for whatever it does for the first time.
    64 MiB of stack bear about 30,000 levels of nesting. ``max_answer_bytes`` bounds what the
    prover may say to one request.
    """

    kind: str
    binary: str
    kernel_dir: Path | None = None
    logical_root: str = "PXL"
    preamble: tuple[str, ...] = ()
    accepted: tuple[tuple[str, ...], ...] = ()
    refused: tuple[str, ...] = ()
    memory_limit_bytes: int = 2048 * MIB
    stack_limit_bytes: int = 64 * MIB
    ocamlrunparam: str = "s=4M"
    max_answer_bytes: int = 16 * MIB
    libraries: tuple[tuple[str, Path], ...] = ()

    def argv(self) -> list[str]:
        """Return the prover's own command line."""
        kernel = () if self.kernel_dir is None else ((self.logical_root, self.kernel_dir),)
        places = [(root, str(place.resolve())) for root, place in (*kernel, *self.libraries)]
        if self.kind == "serapi":
            mapping = [word for root, place in places for word in ("-Q", f"{place},{root}")]
            return [self.binary, "--printer=sertop", *mapping]
        mapping = [word for root, place in places for word in ("-Q", place, root)]
        # Error resilience, on by default, would go on after a sentence that failed.
        return [self.binary, "-q", "-async-proofs", "off", "-async-proofs-command-error-resilience", "off",
                "-async-proofs-tactic-error-resilience", "none", "-main-channel", "stdfds", *mapping]


class EngineSettings(Protocol):
    """The settings that choose and bound the prover."""

    @property
    def engine(self) -> str: ...
    @property
    def sertop(self) -> str | None: ...
    @property
    def coqidetop(self) -> str | None: ...
    @property
    def session_memory_mb(self) -> int: ...


def find_engine(settings: EngineSettings, *, kernel_dir: Path | None = None,
                preamble: Sequence[str] = (), accepted: Sequence[tuple[str, ...]] = (),
                refused: Sequence[str] = ()) -> EngineConfig:
    """Return the prover to use: sertop when there is one, else coqidetop.

    Raises :class:`ConfigError`, which names the cure, when there is neither.
    """
    wanted = {"auto": ("serapi", "coqidetop"), "sertop": ("serapi",)}.get(settings.engine, ("coqidetop",))
    for kind in wanted:
        if kind == "serapi":
            binary = _program(settings.sertop, "PXL_SERTOP", ("sertop",))
        else:
            binary = _program(settings.coqidetop, "PXL_COQIDETOP", ("coqidetop.opt", "coqidetop"))
        if binary is not None:
            return EngineConfig(kind, binary, kernel_dir, preamble=tuple(preamble), accepted=tuple(accepted),
                                refused=tuple(refused), memory_limit_bytes=settings.session_memory_mb * MIB)
    names = " nor ".join("sertop" if kind == "serapi" else "coqidetop" for kind in wanted)
    raise ConfigError(f"no prover: {'neither ' if len(wanted) > 1 else 'no '}{names} is on PATH. Install Coq "
                      "(on Debian: apt-get install coq, which brings coqidetop), or set PXL_COQIDETOP or "
                      "PXL_SERTOP to its path")


def start_session(config: EngineConfig, generation: int = 1) -> PipeSession:
    """Start the prover's process and return its session, not yet warm.

    The process dies with the calling *thread* (see :func:`pxl.prover.launch.confined`).
    """
    argv = confined(config.argv(), memory_bytes=config.memory_limit_bytes, stack_bytes=config.stack_limit_bytes)
    env = environment(os.environ, ocamlrunparam=config.ocamlrunparam)
    channel = Channel(argv, env, max_answer_bytes=config.max_answer_bytes)
    session = SertopSession if config.kind == "serapi" else CoqidetopSession
    return session(channel, generation=generation, preamble=config.preamble,
                   accepted=config.accepted, refused=config.refused)


def _program(explicit: str | None, variable: str, names: Sequence[str]) -> str | None:
    if explicit:
        path = shutil.which(explicit)
        if path is None:
            raise ConfigError(f"{variable}={explicit} is not an executable program: correct it, or unset it")
        return os.path.abspath(path)
    return next((path for name in names if (path := shutil.which(name))), None)
