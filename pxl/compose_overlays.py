"""Puts overlays together with their compiled Coq libraries, and finds out which of these a session bears."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from pxl.errors import ConfigError, CoqRejected, ProverError
from pxl.kernel.build import load_library
from pxl.kernel.identity import Kernel
from pxl.overlays.loading import load_overlays
from pxl.overlays.registry import Registry
from pxl.prover import EngineConfig, start_session
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


def compiled_libraries(registry: Registry, kernel: Kernel) -> tuple[Compiled, ...]:
    """Return the library of every overlay that has one; an overlay whose library is not as it should be is put out."""
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
        registry.change(overlay.name, library_hash=library.kernel_hash)
        before = found.get(wanted.name)
        found[wanted.name] = Compiled(wanted.name, library, wanted.preamble,
                                      (*before.overlays, overlay.name) if before else (overlay.name,))
    return tuple(found.values())


def with_healthy_libraries(engine: EngineConfig, libraries: Sequence[Compiled], registry: Registry) -> EngineConfig:
    """Return the engine with every library that a session starts with, and proves with as before.

    Each is tried alone, in a session of its own; one that Coq refuses, or is too slow with, puts its overlays out. What
    it adds to the start of a session is measured on the way. Of libraries that do not go together, the later ones
    are put out.
    """
    if not libraries:
        return engine
    with ThreadPoolExecutor(2, thread_name_prefix="pxl-probe") as threads:
        bare, *tried = threads.map(_start, [engine, *(_with(engine, [library]) for library in libraries)])
    healthy: list[Compiled] = []
    for library, took in zip(libraries, tried, strict=True):
        if isinstance(took, str):
            for name in library.overlays:
                registry.change(name, reason=f"Coq does not start with its library {library.root}: {took}")
            continue
        healthy.append(library)
        more_s = round(max(0.0, took - (bare if isinstance(bare, float) else took)), 3)
        log.info("the library %s adds %.0f ms to the start of a session", library.root, 1000 * more_s)
        for name in library.overlays:
            registry.change(name, start_s=more_s)
    return _with(engine, _compatible(engine, healthy, registry))


def _compatible(engine: EngineConfig, libraries: list[Compiled], registry: Registry) -> list[Compiled]:
    """Return the libraries that a session bears together."""
    if len(libraries) < 2 or isinstance(_start(_with(engine, libraries)), float):
        return libraries
    chosen = libraries[:1]
    for library in libraries[1:]:
        took = _start(_with(engine, [*chosen, library]))
        if isinstance(took, float):
            chosen.append(library)
            continue
        for name in library.overlays:
            registry.change(name, reason=f"its library {library.root} does not go together with "
                                         f"{', '.join(each.root for each in chosen)}: {took}")
    return chosen


def check_unchanged(libraries: Sequence[Compiled]) -> None:
    """Raise ConfigError unless every library's files are those that were loaded."""
    for library in libraries:
        library.library.check_unchanged()


def _with(engine: EngineConfig, libraries: Sequence[Compiled]) -> EngineConfig:
    places: tuple[tuple[str, Path], ...] = tuple((library.root, library.library.kernel_dir) for library in libraries)
    return replace(engine, libraries=(*engine.libraries, *places),
                   preamble=(*engine.preamble, *(sentence for library in libraries for sentence in library.preamble)))


def _start(engine: EngineConfig) -> float | str:
    """Return how many seconds a session takes to start, or why it does not."""
    began = time.monotonic()
    try:
        session = start_session(engine)
        try:
            session.warm(began + PROBE_LIMIT_S)
        finally:
            session.close()
    except (ProverError, CoqRejected) as why:
        return why.detail[:1000]
    return time.monotonic() - began
