"""The modal logics on offer: the frame condition of each, by its textbook name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from pxl.errors import InvalidOption


@dataclass(frozen=True)
class Logic:
    """One normal modal logic: ``conditions`` are the textbook conditions on its frames, in the order they are told.

    The other members are what follows from these: every symmetric transitive relation is Euclidean, and so on.
    """

    name: str
    coq: str
    conditions: tuple[str, ...]
    is_reflexive: bool = False
    is_serial: bool = False
    is_symmetric: bool = False
    is_transitive: bool = False
    is_euclidean: bool = False


def _logic(name: str, *conditions: str) -> Logic:
    has = set(conditions)
    if {"reflexive", "Euclidean"} <= has or {"symmetric", "transitive"} <= has:
        has |= {"symmetric", "transitive", "Euclidean"}
    return Logic(name, name.upper(), conditions, "reflexive" in has, bool({"reflexive", "serial"} & has),
                 "symmetric" in has, "transitive" in has, "Euclidean" in has)


LOGICS = {logic.name: logic for logic in (
    _logic("k"),
    _logic("d", "serial"),
    _logic("t", "reflexive"),
    _logic("b", "reflexive", "symmetric"),
    _logic("kb", "symmetric"),
    _logic("k4", "transitive"),
    _logic("d4", "serial", "transitive"),
    _logic("s4", "reflexive", "transitive"),
    _logic("k45", "transitive", "Euclidean"),
    _logic("kd45", "serial", "transitive", "Euclidean"),
    _logic("s5", "reflexive", "symmetric", "transitive"),
)}

_ALIASES = {"kd": "d", "kt": "t", "m": "t", "ktb": "b", "kd4": "d4", "kt4": "s4", "kt5": "s5", "kt45": "s5"}


def logic_named(name: str) -> Logic:
    """Return the logic of a name in any case; raise InvalidOption, with the names there are, when there is none.

    >>> logic_named("S4").conditions
    ('reflexive', 'transitive')
    >>> logic_named("KT") is LOGICS["t"]
    True
    """
    key = name.lower()
    found = LOGICS.get(_ALIASES.get(key, key))
    if found is None:
        near = difflib.get_close_matches(key, [*LOGICS, *_ALIASES], 1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise InvalidOption(f"There is no logic {name[:40]!r}. {hint}There are {', '.join(LOGICS)}.", field="logic",
                            allowed=list(LOGICS))
    return found
