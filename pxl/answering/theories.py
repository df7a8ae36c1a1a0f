"""Theories: assumptions that an operator keeps in files, and requests name.

A file ``<name>.pxl`` holds one formula a line; empty lines and lines that begin with ``#`` say nothing. Before its
first formula it may say what it is for, a line each::

    overlay: modal
    consequence: global
    logic: s4

where any other name is one of the overlay's options, its value JSON or a plain word.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pxl.answering.query import Query
from pxl.errors import FormulaSyntaxError, InvalidOption, PxlError, TheoryBroken, UnknownTheory
from pxl.overlays.contract import DEFAULT_OVERLAY, GLOBAL, LOCAL, Reading
from pxl.overlays.registry import Registry, check_options

log = logging.getLogger("pxl.theories")

SUFFIX = ".pxl"
MAX_BYTES = 1 << 20

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_HEADER = re.compile(r"([a-z][a-z0-9_]*)\s*:\s+(\S.*)|([a-z][a-z0-9_]*)\s*:\s*", re.ASCII)


@dataclass(frozen=True)
class Theory:
    """A theory as its file has it; ``reason`` says why it cannot be used, and where the fault is."""

    name: str
    overlay: str = DEFAULT_OVERLAY
    consequence: str = GLOBAL
    options: Mapping[str, Any] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    reason: str | None = None


class Theories:
    """The theories of a directory."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._theories: Mapping[str, Theory] = {}

    @staticmethod
    def none() -> Theories:
        """Return no theories."""
        return Theories(None)

    def load(self, overlays: Registry) -> None:
        """Read every file; one that is malformed is kept with the reason, and logged. What was there before is gone."""
        found = sorted(self._directory.glob(f"*{SUFFIX}")) if self._directory and self._directory.is_dir() else []
        theories = {path.stem: read_theory(path, overlays) for path in found}
        for theory in theories.values():
            if theory.reason is not None:
                # The directory is for the operator's log only: clients see the reason.
                log.error("the theory %s cannot be used: %s (in %s)", theory.name, theory.reason, self._directory)
        self._theories = theories

    def all(self) -> tuple[Theory, ...]:
        """Return every theory, by name."""
        return tuple(self._theories.values())

    def broken(self) -> dict[str, str]:
        """Return the reason of each theory that cannot be used."""
        return {theory.name: theory.reason for theory in self.all() if theory.reason is not None}

    def get(self, name: str) -> Theory:
        """Return a theory; raises UnknownTheory, or TheoryBroken with the reason."""
        theory = self._theories.get(name)
        if theory is None:
            known = ", ".join(self._theories) or "none"
            raise UnknownTheory(f"there is no theory of that name here; known: {known}")
        if theory.reason is not None:
            raise TheoryBroken(f"the theory {name} cannot be used: {theory.reason}")
        return theory

    def applied(self, query: Query) -> Query:
        """Return a query with the assumptions of the theory that it names before its own.

        Raises InvalidOption where the query contradicts what the theory is for.
        """
        if query.theory is None:
            return query
        theory = self.get(query.theory)
        said = {"overlay": query.overlay, "consequence": query.consequence, **query.options}
        for name, meant in {"overlay": theory.overlay, "consequence": theory.consequence, **theory.options}.items():
            if said.get(name) not in (None, meant):
                raise InvalidOption(f"the theory {theory.name} is for {name} {meant}, and the request says "
                                    f"{json.dumps(said[name])[:60]}", field=name, allowed=[meant])
        return replace(query, overlay=theory.overlay, consequence=theory.consequence, theory=None,
                       options={**theory.options, **query.options},
                       assumptions=(*theory.assumptions, *query.assumptions))


def read_theory(path: Path, overlays: Registry) -> Theory:
    """Read one file, and each formula in it with its overlay; a fault becomes the theory's reason."""
    name = path.name.removesuffix(SUFFIX)
    try:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{path.name}: a theory's name has up to 64 letters, digits, _, - and .")
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"{path.name}: it has more than {MAX_BYTES} bytes")
        return _checked(name, path, path.read_text(encoding="utf-8"), overlays)
    except UnicodeDecodeError:
        return Theory(name, reason=f"{path.name}: it is not UTF-8")
    except OSError as why:
        return Theory(name, reason=f"{path.name}: {why.strerror}")
    except ValueError as why:
        return Theory(name, reason=str(why))


def _checked(name: str, path: Path, text: str, overlays: Registry) -> Theory:
    header: dict[str, Any] = {}
    formulas: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = None if formulas else _HEADER.fullmatch(line)
        if match is None:
            formulas.append((number, line))
        elif match[3] or match[1] in header:
            fault = f"{match[3]} says nothing" if match[3] else f"{match[1]} stands twice"
            raise ValueError(f"{path.name}:{number}: {fault}")
        else:
            header[match[1]] = _value(match[2])
    overlay_name, consequence = header.pop("overlay", DEFAULT_OVERLAY), header.pop("consequence", GLOBAL)
    if consequence not in (GLOBAL, LOCAL):
        raise ValueError(f"{path.name}: consequence is {consequence}; it must be global or local")
    if not formulas:
        raise ValueError(f"{path.name}: it has no formula")
    try:
        overlay = overlays.get(str(overlay_name))
        check_options(overlay, header)
    except PxlError as error:
        raise ValueError(f"{path.name}: {error.detail}") from None
    for number, formula in formulas:
        try:
            overlay.read(Reading(formula, header))
        except FormulaSyntaxError as error:
            raise ValueError(f"{path.name}:{number}:{error.column}: {error.detail}") from None
        except PxlError as error:
            raise ValueError(f"{path.name}:{number}: {error.detail}") from None
    return Theory(name, overlay.name, consequence, header, tuple(formula for _, formula in formulas))


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
