"""The overlays of one program: those that can be asked, and those that cannot, with the reason."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pxl.errors import InvalidOption, OverlayBroken, UnknownOverlay
from pxl.overlays.contract import Library, Overlay
from pxl.overlays.schema import problem

log = logging.getLogger("pxl.overlays")

BUILT_IN = "built-in"


@dataclass(frozen=True)
class Entry:
    """One overlay that the settings name. ``reason`` says why it cannot be asked; None when it can.

    ``origin`` is ``built-in`` or the package it came with. ``library_hash`` is that of its Coq library's sources,
    empty when it has none. ``load_s`` is what its import took, ``start_s`` what its library adds to the start of a
    session, in seconds. ``is_gated`` says whether the library, as it is compiled, has passed its gates.
    """

    name: str
    origin: str
    overlay: Overlay | None = None
    reason: str | None = None
    library_hash: str = ""
    load_s: float = 0.0
    start_s: float | None = None
    is_gated: bool = True


class Registry:
    """Names and their overlays. Any thread may call any method."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._lock = threading.Lock()

    @staticmethod
    def of(*overlays: Overlay) -> Registry:
        """Return a registry of overlays without libraries."""
        return Registry(Entry(overlay.name, BUILT_IN, overlay) for overlay in overlays)

    def entries(self) -> tuple[Entry, ...]:
        """Return every entry, in the order of the settings."""
        return tuple(self._entries.values())

    def loaded(self) -> tuple[Overlay, ...]:
        """Return the overlays that can be asked."""
        return tuple(entry.overlay for entry in self._entries.values() if entry.overlay and entry.reason is None)

    def ungated(self) -> tuple[str, ...]:
        """Return the overlays whose libraries have not passed their gates and are loaded all the same."""
        return tuple(entry.name for entry in self._entries.values() if entry.reason is None and not entry.is_gated)

    def names(self) -> tuple[str, ...]:
        """Return the names of the overlays that can be asked."""
        return tuple(overlay.name for overlay in self.loaded())

    def entry(self, name: str) -> Entry:
        """Return the entry of a name; raises UnknownOverlay."""
        try:
            return self._entries[name]
        except KeyError:
            raise UnknownOverlay(f"there is no overlay of that name here; there {_are(self.names())}") from None

    def is_built_in(self, name: str) -> bool:
        """Say whether an overlay came with this program."""
        entry = self._entries.get(name)
        return entry is not None and entry.origin == BUILT_IN

    def get(self, name: str) -> Overlay:
        """Return an overlay that can be asked; raises UnknownOverlay, or OverlayBroken with the reason."""
        entry = self.entry(name)
        if entry.overlay is None or entry.reason is not None:
            raise OverlayBroken(f"the overlay {name} cannot be asked: {entry.reason}")
        return entry.overlay

    def library_hash(self, name: str) -> str:
        """Return the hash of the Coq library that an overlay's answers rest on beside the kernel; empty without one.

        For a name that is not here, it is one over all.
        """
        entry = self._entries.get(name)
        return entry.library_hash if entry else " ".join(sorted({e.library_hash for e in self._entries.values()}))

    def hash_of(self, library: Library) -> str:
        """Return the hash of a library's sources; empty as long as nobody looked for it."""
        return next((entry.library_hash for entry in self._entries.values()
                     if entry.overlay and entry.overlay.library and entry.overlay.library.name == library.name), "")

    def libraries(self, *names: str) -> tuple[Library, ...]:
        """Return the Coq libraries of overlays, each once; names that are not here have none."""
        found = {}
        for name in names:
            entry = self._entries.get(name)
            if entry and entry.overlay and entry.overlay.library:
                found[entry.overlay.library.name] = entry.overlay.library
        return tuple(found.values())

    def change(self, name: str, **members: Any) -> None:
        """Change an entry; log it when that puts the overlay out of use."""
        with self._lock:
            self._entries[name] = replace(self._entries[name], **members)
        if "reason" in members:
            log.error("the overlay %s cannot be asked: %s", name, members["reason"])

    def broken(self) -> dict[str, str]:
        """Return the reason of each overlay that cannot be asked."""
        return {entry.name: entry.reason for entry in self._entries.values() if entry.reason is not None}


def check_options(overlay: Overlay, options: Mapping[str, Any]) -> None:
    """Raise InvalidOption unless an overlay declares every option and the values match."""
    for name, value in options.items():
        schema = overlay.options.get(name)
        if schema is None:
            known = ", ".join(overlay.options) or "none"
            raise InvalidOption(f'"{name[:60]}" is not an option of the overlay {overlay.name}, whose options are: '
                                f'{known}', field=name[:60], allowed=list(overlay.options))
        if fault := problem(value, schema, name):
            raise InvalidOption(fault, field=name, allowed=schema.get("enum"))


def _are(names: tuple[str, ...]) -> str:
    return f"is {names[0]}" if len(names) == 1 else f"are {', '.join(names)}"
