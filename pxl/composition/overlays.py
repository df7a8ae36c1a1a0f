"""Puts overlays together with their compiled Coq libraries, and finds out which of these a session bears."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pxl.errors import ConfigError, CoqRejected, ProverError
from pxl.kernel.build import load_library
from pxl.kernel.identity import Kernel, is_gated
from pxl.overlays.loading import load_overlays
from pxl.overlays.registry import Registry
from pxl.prover.engines import EngineConfig, start_session
from pxl.prover.session import PipeSession
from pxl.settings import Settings

log = logging.getLogger("pxl.overlays")

PROBE_LIMIT_S = 30.0


@dataclass(frozen=True)
class Compiled:
    """A compiled library, the overlays whose answers rest on it, and the sentences that a session starts with."""

    root: str
    library: Kernel
    preamble: tuple[str, ...]
    overlays: tuple[str, ...]


def overlays_of(settings: Settings) -> Registry:
    """Load the overlays that the settings name."""
    return load_overlays(settings.overlay_names)


def compiled_libraries(registry: Registry, kernel: Kernel, *, allows_ungated: bool = False) -> tuple[Compiled, ...]:
    """Return the library of every overlay that has one; an overlay whose library is not as it should be is put out.

    So is that of another package whose library has not passed the gates as it is compiled, unless ``allows_ungated``.
    """
    found: dict[str, Compiled] = {}
    for overlay in registry.loaded():
        wanted = overlay.library
        if wanted is None:
            continue
        try:
            library = found[wanted.name].library if wanted.name in found else \
                load_library(wanted.directory, wanted.name, kernel)
        except ConfigError as why:
            registry.change(overlay.name, reason=why.detail)
            continue
        gated = is_gated(library, wanted.directory)
        if not (gated or allows_ungated or registry.is_built_in(overlay.name)):
            registry.change(overlay.name, is_gated=False, reason=(
                f"its Coq library {wanted.name} has not passed its gates as it is compiled; run "
                f"python -m pxl.kernel gates --library {wanted.directory}"))
            continue
        registry.change(overlay.name, library_hash=library.kernel_hash, is_gated=gated)
        before = found.get(wanted.name)
        found[wanted.name] = Compiled(wanted.name, library, wanted.preamble,
                                      (*before.overlays, overlay.name) if before else (overlay.name,))
    return tuple(found.values())


def healthy_libraries(engine: EngineConfig, libraries: Sequence[Compiled], registry: Registry) -> list[Compiled]:
    """Return every library that a session starts with, and proves with as before.

    Each is tried by itself in one session that is thrown away, and what it adds to a session's start is measured; then
    all of them together. One that Coq refuses, is too slow with or cannot take beside the others puts its overlays out.
    """
    if not libraries:
        return []
    trial = _Trial(with_libraries(engine, libraries, is_loaded=False))
    try:
        alone = [library for library in libraries if _fits(trial, library, [library], registry)]
        if len(alone) < 2 or isinstance(trial.took(alone), float):
            return alone
        chosen: list[Compiled] = []
        for library in alone:
            if _fits(trial, library, [*chosen, library], registry):
                chosen.append(library)
        return chosen
    finally:
        trial.close()


def _fits(trial: _Trial, library: Compiled, together: Sequence[Compiled], registry: Registry) -> bool:
    took = trial.took(together)
    if isinstance(took, float):
        if len(together) == 1:
            log.debug("the library %s adds %.0f ms to the start of a session", library.root, 1000 * took)
        changes: dict[str, Any] = {"start_s": round(took, 3)} if len(together) == 1 else {}
    else:
        beside = " beside " + ", ".join(each.root for each in together[:-1]) if len(together) > 1 else ""
        changes = {"reason": f"Coq does not take its library {library.root}{beside}: {took}"}
    for name in library.overlays:
        registry.change(name, **changes)
    return isinstance(took, float)


class _Trial:
    """A session in which libraries are loaded and forgotten again."""

    def __init__(self, engine: EngineConfig) -> None:
        self._engine = engine
        self._session: PipeSession | None = None

    def took(self, libraries: Sequence[Compiled]) -> float | str:
        """Return the seconds that loading libraries takes, after which right is still right; else why that fails."""
        deadline = time.monotonic() + PROBE_LIMIT_S
        try:
            if self._session is None:
                self._session = start_session(self._engine)
                self._session.warm(deadline)
            preamble = [sentence for library in libraries for sentence in library.preamble]
            began = time.monotonic()
            self._session.run(preamble, None, deadline)
            took = time.monotonic() - began
            for accepted in self._engine.accepted[:2]:
                self._session.run([*preamble, *accepted], None, deadline)
            return took
        except CoqRejected as refusal:
            return refusal.detail[:1000]
        except ProverError as failure:
            self.close()
            return failure.detail[:1000]

    def close(self) -> None:
        """End the session; another one starts when it is needed."""
        if self._session is not None:
            self._session.close()
            self._session = None


def unchanged(libraries: Sequence[Compiled], registry: Registry) -> list[Compiled]:
    """Return the libraries whose files are those that were loaded; the overlays of any other are put out."""
    left = []
    for library in libraries:
        try:
            library.library.check_unchanged()
            left.append(library)
        except ConfigError as changed:
            for name in library.overlays:
                registry.change(name, reason=changed.detail)
    return left


def with_libraries(engine: EngineConfig, libraries: Sequence[Compiled], *, is_loaded: bool = True) -> EngineConfig:
    """Return the engine with the places of libraries, and what loads them at the start of each session."""
    places: tuple[tuple[str, Path], ...] = tuple((library.root, library.library.kernel_dir) for library in libraries)
    preamble = (sentence for library in libraries for sentence in library.preamble) if is_loaded else ()
    return replace(engine, libraries=places, preamble=(*engine.preamble, *preamble))
