"""A setting: which relations a question speaks of, the logic of each, and how they lie to one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from pxl.errors import InvalidOption, NotSupported
from pxl.overlays.modal.logics import Logic

Pair = tuple[int, int]
Turned = tuple[int, bool]       # a relation, or its converse


@dataclass(frozen=True)
class Setting:
    """Relations 1, 2, … with the logic of each.

    ``included`` holds (r, s) when R_r is contained in R_s, ``converse`` when R_r w u implies R_s u w; both are
    closed under what they imply, and neither says what a relation's own logic says already. ``told_included`` and
    ``told_converse`` are those that were asked for, which imply the others.
    """

    logics: tuple[Logic, ...]
    included: tuple[Pair, ...] = ()
    converse: tuple[Pair, ...] = ()
    told_included: tuple[Pair, ...] = ()
    told_converse: tuple[Pair, ...] = ()

    @property
    def relations(self) -> range:
        return range(1, len(self.logics) + 1)

    def logic(self, relation: int) -> Logic:
        return self.logics[relation - 1]

    @cached_property
    def reflexive(self) -> frozenset[int]:
        """The relations that are reflexive: by their own logic, or since they hold what is, or its converse."""
        own = {r for r in self.relations if self.logic(r).is_reflexive}
        return frozenset(own | {s for r, s in (*self.included, *self.converse) if r in own})

    @cached_property
    def above(self) -> dict[int, tuple[int, ...]]:
        """For each relation r, every t with R_r contained in R_t, r itself first."""
        return {r: (r, *(t for s, t in self.included if s == r)) for r in self.relations}

    @cached_property
    def back(self) -> dict[int, tuple[int, ...]]:
        """For each relation r, every t such that R_r w u implies R_t u w."""
        found: dict[int, list[int]] = {r: [] for r in self.relations}
        for r in self.relations:
            if self.logic(r).is_symmetric:
                found[r].append(r)
        for r, s in self.converse:
            found[r].append(s)
        return {r: tuple(ts) for r, ts in found.items()}


def make_setting(names: Iterable[str], logics: Mapping[str, Logic], inclusions: Iterable[tuple[str, str]] = (),
                 converses: Iterable[tuple[str, str]] = ()) -> tuple[Setting, tuple[str, ...]]:
    """Return the setting of the relations ``names`` and of all that inclusions and converses tie to them.

    ``inclusions`` are pairs of a relation and one that contains it; ``converses`` are pairs of relations each of
    which is the other backwards. Also returns the relations' names, in order. Raises InvalidOption when two names
    turn out to be one relation, or the logics of a converse pair do not go together; NotSupported for converses of
    Euclidean relations.
    """
    inclusions, converses = list(inclusions), list(converses)
    for a, b in converses:
        if logics[a].is_euclidean or logics[b].is_euclidean:
            raise NotSupported(f"Converse pairs of Euclidean relations are not supported; give {a!r} and {b!r} "
                               f"one of the logics k, d, t, k4, d4, s4.")
        if (logics[a].is_reflexive, logics[a].is_transitive) != (logics[b].is_reflexive, logics[b].is_transitive):
            raise InvalidOption(f"A relation and its converse are reflexive together, and transitive together: "
                                f"{a!r} has {logics[a].name} and {b!r} has {logics[b].name}; give both the same logic.",
                                field="logic")
    order = dict.fromkeys(names)
    pairs = [*inclusions, *converses]
    grown = True
    while grown:
        grown = False
        for a, b in pairs:
            if (a in order) != (b in order):
                order.setdefault(a)
                order.setdefault(b)
                grown = True
    listed = tuple(order)
    number = {name: k for k, name in enumerate(listed, 1)}
    values = tuple(logics[name] for name in listed)
    everyone = range(1, len(listed) + 1)
    told_included = {(number[a], number[b]) for a, b in inclusions if a in number and a != b}
    told_converse = {(number[x], number[y]) for a, b in converses if a in number for x, y in ((a, b), (b, a))}
    ties = {(a, b, False) for a, b in told_included} | {(a, b, True) for a, b in told_converse}
    ties |= {(r, r, True) for r in everyone if values[r - 1].is_symmetric}
    leads: dict[Turned, set[Turned]] = {(r, back): set() for r in everyone for back in (False, True)}
    for r, s, turns in ties:
        for back in (False, True):
            leads[r, back].add((s, back != turns))
    reached = [(r, s, back) for r in everyone for s, back in _reached(leads, (r, False))]
    included = {(r, s) for r, s, back in reached if not back}
    converse = {(r, s) for r, s, back in reached if back}
    for r, s in sorted(included):
        if r < s and (s, r) in included:
            raise InvalidOption(f"The relations {listed[r - 1]!r} and {listed[s - 1]!r} would be contained in each "
                                f"other: they are one relation, so give them one name.", field="inclusions")
    return Setting(values, tuple(sorted((r, s) for r, s in included if r != s)),
                   tuple(sorted((r, s) for r, s in converse
                                if not (r == s and values[r - 1].is_symmetric))),
                   tuple(sorted(told_included)), tuple(sorted(told_converse))), listed


def _reached(leads: Mapping[Turned, set[Turned]], start: Turned) -> set[Turned]:
    """Return what ties lead to from a relation, itself among it."""
    found, agenda = {start}, [start]
    while agenda:
        more = leads[agenda.pop()] - found
        found |= more
        agenda += more
    return found
