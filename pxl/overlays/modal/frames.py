"""Finite frames: closing relations under a setting's conditions, evaluating a problem, and making a model smaller."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from pxl.formula.table import Node
from pxl.overlays.modal.certificate import Model
from pxl.overlays.modal.problem import Problem
from pxl.overlays.modal.setting import Setting

Access = list[list[int]]    # for each relation, for each world, a bit for each successor


def bits(mask: int) -> list[int]:
    """Return the places of the bits of a mask.

    >>> bits(13)
    [0, 2, 3]
    """
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


def close(setting: Setting, access: Access, check_time: Callable[[], None] = lambda: None) -> Access:
    """Return the least extension of the relations that meets every condition but seriality."""
    access = [list(row) for row in access]
    count = len(access[0]) if access else 0
    everyone = range(count)
    while True:
        before = [list(row) for row in access]
        for relation in setting.relations:
            logic, row = setting.logic(relation), access[relation - 1]
            if logic.is_reflexive:
                for w in everyone:
                    row[w] |= 1 << w
            if logic.is_symmetric:
                _turn(row, row)
            if logic.is_transitive:
                for middle in everyone:
                    if not middle & 63:
                        check_time()
                    onward = row[middle]
                    for w in everyone:
                        if row[w] >> middle & 1:
                            row[w] |= onward
            if logic.is_euclidean:
                for w in everyone:
                    seen = row[w]
                    for u in bits(seen):
                        row[u] |= seen
        for r, s in setting.included:
            for w in everyone:
                access[s - 1][w] |= access[r - 1][w]
        for r, s in setting.converse:
            _turn(access[r - 1], access[s - 1])
        if access == before:
            return access


def _turn(row: list[int], into: list[int]) -> None:
    for w, seen in enumerate(list(row)):
        for u in bits(seen):
            into[u] |= 1 << w


def is_frame(setting: Setting, access: Access) -> bool:
    """Say whether finite relations meet every condition of a setting."""
    if any(setting.logic(r).is_serial and not all(access[r - 1]) for r in setting.relations):
        return False
    return close(setting, access) == access


def truth(nodes: Sequence[Node], worlds: Sequence[frozenset[int]], access: Sequence[Sequence[int]]) -> list[int]:
    """Return one bit mask per node: bit w says that it holds at world w."""
    everywhere = (1 << len(worlds)) - 1
    masks: list[int] = []
    for node in nodes:
        match node:
            case ("atom", k):
                mask = sum(1 << w for w, world in enumerate(worlds) if k in world)
            case ("bot",):
                mask = 0
            case ("neg", i):
                mask = everywhere ^ masks[i]
            case ("conj", i, j):
                mask = masks[i] & masks[j]
            case ("disj", i, j):
                mask = masks[i] | masks[j]
            case ("impl", i, j):
                mask = (everywhere ^ masks[i]) | masks[j]
            case ("iff", i, j):
                mask = everywhere ^ masks[i] ^ masks[j]
            case ("box", r, i):
                false = everywhere ^ masks[i]
                mask = sum(1 << w for w, seen in enumerate(access[r - 1]) if not seen & false)
            case ("dia", r, i):
                true = masks[i]
                mask = sum(1 << w for w, seen in enumerate(access[r - 1]) if seen & true)
            case _:
                raise ValueError(f"not a node: {node!r}")
        masks.append(mask)
    return masks


def refutes(problem: Problem, worlds: Sequence[frozenset[int]], access: Access, designated: int) -> bool:
    """Say whether a finite model of the right frame class refutes the problem at a world."""
    if not is_frame(problem.setting, access):
        return False
    masks = truth(problem.nodes, worlds, access)
    everywhere = (1 << len(worlds)) - 1
    return (not masks[problem.goal] >> designated & 1
            and all(masks[place] == everywhere for place in problem.globally)
            and all(masks[place] >> designated & 1 for place in problem.locally))


def minimise(problem: Problem, model: Model, until: float, check_time: Callable[[], None] = lambda: None) -> Model:
    """Leave out and merge worlds that the refutation does not need, up to the moment ``until``.

    The designated one comes first. Raises ``AssertionError`` when the model does not refute the problem: a bug.
    """
    worlds, access = list(model.worlds), [list(row) for row in model.access]
    if not refutes(problem, worlds, access, model.designated):
        raise AssertionError("the search found a model that does not refute the goal")
    worlds, access = _swapped(worlds, access, model.designated)
    fewer = _filtered(problem, worlds, access)
    if len(fewer[0]) < len(worlds) and refutes(problem, *fewer, 0):
        worlds, access = fewer
    shrunk = True
    while shrunk and time.monotonic() < until:
        shrunk = False
        for k in range(len(worlds) - 1, 0, -1):
            check_time()
            if time.monotonic() >= until:
                break
            if k >= len(worlds):
                continue
            without = _fewer(problem, worlds, access, k, until)
            if without is not None:
                worlds, access = without
                shrunk = True
    used = {node[1] for node in problem.nodes if node[0] == "atom"}
    return Model(tuple(world & used for world in worlds), tuple(map(tuple, access)), 0)


def _fewer(problem: Problem, worlds: list[frozenset[int]], access: Access, gone: int,
           until: float) -> tuple[list[frozenset[int]], Access] | None:
    """Return the model without a world, left out or made one with another, if it still refutes the problem."""
    for target in (None, *range(gone)):
        fewer, left = _without(problem.setting, worlds, access, gone, target)
        if refutes(problem, fewer, left, 0):
            return fewer, left
        if target is not None and worlds[gone] != worlds[target]:
            fewer[target] = worlds[gone]
            if refutes(problem, fewer, left, 0):
                return fewer, left
        if time.monotonic() >= until:
            break
    return None


def _swapped(worlds: list[frozenset[int]], access: Access, first: int) -> tuple[list[frozenset[int]], Access]:
    order = [first, *(w for w in range(len(worlds)) if w != first)]
    return _taken(worlds, access, order)


def _taken(worlds: list[frozenset[int]], access: Access, order: list[int]) -> tuple[list[frozenset[int]], Access]:
    """Return the part of a model that has the worlds ``order``, in that order."""
    place = {w: k for k, w in enumerate(order)}
    return ([worlds[w] for w in order],
            [[sum(1 << place[u] for u in bits(row[w]) if u in place) for w in order] for row in access])


def _filtered(problem: Problem, worlds: list[frozenset[int]], access: Access) -> tuple[list[frozenset[int]], Access]:
    """Make one world of those that agree on every subformula (filtration)."""
    columns = [0] * len(worlds)
    for k, mask in enumerate(dict.fromkeys(truth(problem.nodes, worlds, access))):
        for w in bits(mask):
            columns[w] |= 1 << k
    place: dict[int, int] = {}
    new = [place.setdefault(column, len(place)) for column in columns]
    first = {k: w for w, k in reversed(list(enumerate(new)))}
    moved = [[0] * len(place) for _ in access]
    for row, into in zip(access, moved):
        for w, seen in enumerate(row):
            for u in bits(seen):
                into[new[w]] |= 1 << new[u]
    return [worlds[first[k]] for k in range(len(place))], close(problem.setting, moved)


def _without(setting: Setting, worlds: list[frozenset[int]], access: Access, gone: int,
             target: int | None) -> tuple[list[frozenset[int]], Access]:
    """Leave out world ``gone``, whose edges ``target`` takes over, if there is one."""
    if target is not None:
        moved = [[seen | 1 << target if seen >> gone & 1 else seen for seen in row] for row in access]
        for row in moved:
            row[target] |= row[gone]
        access = moved
    rest = [w for w in range(len(worlds)) if w != gone]
    kept, left = _taken(worlds, access, rest)
    return kept, left if target is None else close(setting, left)
