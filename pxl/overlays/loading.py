"""Finds overlays by name and loads them: built-in ones and those of installed packages, all in the same way.

An installed package names its overlay in the entry-point group ``pxl.overlays``; the table of built-in ones has
the same form. What is named is a function that returns the overlay; when it takes an argument, it is given a function
that returns the other overlays by name. Whatever goes wrong with one becomes the reason why it cannot be asked, and
touches no other.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pxl.overlays.contract import Example, Library, Operation, Overlay
from pxl.overlays.registry import BUILT_IN, Entry, Registry
from pxl.overlays.schema import faults

log = logging.getLogger("pxl.overlays")

GROUP = "pxl.overlays"
LOAD_LIMIT_S = 10.0

# Adding a built-in overlay is one line here; one whose module is not there is left out.
BUILT_INS: Mapping[str, str] = {
    "pxl": "pxl.overlays.s5.overlay:overlay",
    "modal": "pxl.overlays.modal.presets:modal",
    "themi": "pxl.overlays.modal.presets:themi",
    "doxa": "pxl.overlays.modal.presets:doxa",
    "gnosi": "pxl.overlays.modal.presets:gnosi",
    "tense": "pxl.overlays.modal.presets:tense",
    "chrono": "pxl.overlays.chrono.overlay:overlay",
    "v4": "pxl.overlays.v4.overlay:overlay",
}

# What a request says beside an overlay's options.
RESERVED = frozenset({"goal", "formula", "id", "overlay", "assumptions", "consequence", "theory", "timeout_ms",
                      "certificate", "context"})

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_ROOT = re.compile(r"[A-Z][A-Za-z0-9]{0,63}", re.ASCII)
# The directories before a file's name: clients see why an overlay cannot be asked, and not where it is installed.
_DIRECTORY = re.compile(r"""(?<![\w.:/])/(?:[^/\s'"():,;]+/)+""")

Lookup = Callable[[str], Overlay]


class InvalidOverlay(Exception):
    """An overlay is not what the contract says; the text says how."""


def load_overlays(wanted: Sequence[str] | None = None, limit_s: float = LOAD_LIMIT_S,
                  built_ins: Mapping[str, str] = BUILT_INS) -> Registry:
    """Return the overlays of these names, or every built-in one; none is waited for longer than ``limit_s`` seconds."""
    installed: dict[str, list[tuple[str, str]]] = {}
    for point in entry_points(group=GROUP):
        package = point.dist.name if point.dist else "an unnamed package"
        installed.setdefault(point.name, []).append((package, point.value))
    names = wanted if wanted is not None else [name for name, value in built_ins.items() if _is_there(value)]
    entries: list[Entry] = []
    registries: list[Registry] = []

    def lookup(name: str) -> Overlay:
        """Return another overlay; not while overlays are loaded."""
        return registries[0].get(name)

    for name in dict.fromkeys(names):
        brought = [(BUILT_IN, built_ins[name])] if name in built_ins else []
        entries.append(_loaded(name, [*brought, *installed.get(name, ())], limit_s, lookup))
    registry = Registry(_without_clashing_libraries(entries))
    registries.append(registry)
    for name, reason in registry.broken().items():
        log.error("the overlay %s cannot be asked: %s", name, reason)
    return registry


def _loaded(name: str, sources: Sequence[tuple[str, str]], limit_s: float, lookup: Lookup) -> Entry:
    if not sources:
        return Entry(name, "nowhere", reason="nothing that is installed brings an overlay of this name "
                                             f"(entry-point group {GROUP})")
    origin, value = sources[0]
    if len(sources) > 1 and origin != BUILT_IN:
        return Entry(name, origin, reason=f"several packages bring it: {', '.join(package for package, _ in sources)}")
    began = time.monotonic()
    result = _within(limit_s, lambda: _made(name, value, lookup))
    took = round(time.monotonic() - began, 3)
    if isinstance(result, str):
        return Entry(name, origin, reason=result, load_s=took)
    return Entry(name, origin, result, load_s=took)


def _made(name: str, value: str, lookup: Lookup) -> Any:
    module, _, attribute = value.partition(":")
    make = getattr(importlib.import_module(module), attribute)
    needs = [each for each in inspect.signature(make).parameters.values()
             if each.default is each.empty and each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    overlay = make(lookup) if needs else make()
    check_contract(overlay, name)
    return overlay


def _within(limit_s: float, make: Callable[[], Any]) -> Any:
    """Return what ``make`` makes, or in words why there is nothing; a thread that is late is left behind."""
    made: list[Any] = []

    def run() -> None:
        try:
            made.append(make())
        except InvalidOverlay as why:
            made.append(f"it does not keep the contract: {why}")
        except (Exception, SystemExit) as error:    # a border: behind it is anybody's code
            log.error("an overlay's module cannot be loaded: %s: %s", type(error).__name__, str(error)[:500])
            text = _DIRECTORY.sub("", str(error))
            made.append(f"its module cannot be loaded: {type(error).__name__}: {text}"[:500])

    thread = threading.Thread(target=run, name="pxl-overlay", daemon=True)
    thread.start()
    thread.join(limit_s)
    return made[0] if made else f"its module took longer than {limit_s:g} s to load"


def _is_there(value: str) -> bool:
    try:
        found = importlib.util.find_spec(value.partition(":")[0])
        return found is not None and found.origin is not None      # a mere directory has no origin
    except ModuleNotFoundError:
        return False
    except Exception:       # a border: it is there, and why it does not load is told when it is loaded
        return True


def _without_clashing_libraries(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the entries; of two libraries with one logical name, only the first can be in a session."""
    places: dict[str, Path] = {}
    for entry in entries:
        library = entry.overlay.library if entry.overlay else None
        if library and places.setdefault(library.name, library.directory.resolve()) != library.directory.resolve():
            yield Entry(entry.name, entry.origin,
                        reason=f"another overlay has a Coq library of the name {library.name}")
        else:
            yield entry


def check_contract(overlay: Any, name: str) -> None:
    """Raise InvalidOverlay when an overlay lacks what the contract says, or has it in another form."""
    for member, kind in (("name", str), ("summary", str), ("version", str), ("options", Mapping), ("examples", tuple),
                         ("operations", tuple)):
        _must(isinstance(getattr(overlay, member, None), kind), f"{member} is not a {kind.__name__}")
    _must(callable(getattr(overlay, "read", None)), "it has no method read")
    _must(overlay.name == name, f"it is registered as {name} and calls itself {overlay.name}")
    _must(_NAME.fullmatch(name) is not None, "its name is not of small letters, digits and _")
    for option, schema in overlay.options.items():
        _must(isinstance(option, str) and _NAME.fullmatch(option) is not None,
              f"the option {option!r} is not of small letters, digits and _")
        _must(option not in RESERVED, f"the option {option} is a member that every request has")
        _must(isinstance(schema, Mapping) and "description" in schema, f"the option {option} has no description")
        for fault in faults(schema, f"options.{option}"):
            raise InvalidOverlay(fault)
    for example in overlay.examples:
        _must(isinstance(example, Example), "an example is not an Example")
    for operation in overlay.operations:
        _must(isinstance(operation, Operation) and _NAME.fullmatch(operation.name) is not None,
              "an operation is not an Operation with a name of small letters, digits and _")
        for fault in faults(operation.schema, f"operations.{operation.name}"):
            raise InvalidOverlay(fault)
    _check_library(getattr(overlay, "library", None))


def _check_library(library: Library | None) -> None:
    if library is None:
        return
    _must(isinstance(library, Library), "library is neither a Library nor None")
    _must(_ROOT.fullmatch(library.name) is not None and library.name not in ("Coq", "PXL", "PXLCertificate"),
          f"{library.name!r} cannot be the logical name of its library")
    # Whatever else a preamble did, it would do to the sentences of every other overlay, too.
    require = re.compile(rf"From {library.name} Require(?: (?!Import |Export )[A-Za-z0-9_.]*[A-Za-z0-9_])+\.",
                         re.ASCII)
    for sentence in library.preamble:
        _must(require.fullmatch(sentence) is not None,
              f"its preamble does more than From {library.name} Require ...: {sentence}")


def _must(holds: bool, why: str) -> None:
    if not holds:
        raise InvalidOverlay(why)
