"""Can a moment's run come to fulfil an until? A path that does, or an invariant that forbids it.

Levels of blocked cubes are kept as in IC3 (Bradley 2011) and in SAT-based explicit temporal reasoning (Li, Zhu, Pu,
Vardi 2019): a moment in a cube of level k cannot meet the goal of the until within k steps. Cubes come from
unsatisfiable cores, so that one of them stands for many moments. When a level equals the one above it, its cubes are
an invariant, and until induction turns it into a clause.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pxl.overlays.chrono.reasoner import Moment, Reasoner

# After so many levels, a walk without a plan of so many steps.
WALKS = {3: 300, 6: 3_000, 12: 30_000}


@dataclass(eq=False)
class Cube:
    """Literals of a moment, all of whose successors are blocked one level lower; ``then`` is why, in their words."""

    now: frozenset[int]
    then: tuple[int, ...]
    demands: dict[int, int] = field(repr=False)
    level: int = 1


class Reach:
    """The question for one until, u = a U b: what is known of it lasts from one call to the next."""

    def __init__(self, reasoner: Reasoner, u: int) -> None:
        self._reasoner, self._u = reasoner, u
        self._goal = reasoner.table.literal(reasoner.table.nodes[u - 1][2])
        self._reset()

    def _reset(self) -> None:
        self._selectors: list[int] = [0]
        self._cubes: list[Cube] = []

    def is_met(self, moment: Moment) -> bool:
        """Say whether the moment fulfils the until."""
        return moment[abs(self._goal) - 1] == self._goal

    def path(self, start: Moment) -> list[Moment] | None:
        """Return the moments after ``start`` up to one that fulfils the until; None when ``start`` was ruled out."""
        bound = 0
        while True:
            found = self._within(start, bound)
            if found is not None:
                return found or None
            if self._is_closed(bound + 1):
                return None
            bound += 1
            if bound in WALKS:
                walk = self._walk(start, WALKS[bound])
                if walk is not None:
                    return walk

    def _level(self, level: int) -> list[int]:
        """Return the assumptions that a moment is not blocked at a level."""
        if level == 0:
            return [self._goal]
        while len(self._selectors) <= level:
            self._selectors.append(self._reasoner.selector())
        return self._selectors[level:]

    def _within(self, start: Moment, bound: int) -> list[Moment] | None:
        """Return a path of at most ``bound + 1`` steps, [] when ``start`` has no successor, None when it is blocked."""
        reasoner = self._reasoner
        stack = [(start, bound)]
        while stack:
            moment, level = stack[-1]
            demands = reasoner.demands(moment)
            selected = self._level(level)
            after = reasoner.ask([*demands, *selected])
            if after is not None:
                if self.is_met(after):
                    return [m for m, _ in stack[1:]] + [after]
                stack.append((after, level - 1))
                continue
            stack.pop()
            reasoner.shrink(selected)
            if not any(literal in selected for literal in reasoner.core):
                reasoner.step(demands)
                if not stack:
                    return []
                continue
            self._block(demands, [literal for literal in reasoner.core if literal in demands], level + 1)
        return None

    def _block(self, demands: dict[int, int], core: list[int], level: int) -> None:
        now = frozenset(demands[literal] for literal in core)
        self._cubes = [c for c in self._cubes if c.level > level or not now <= c.now]
        cube = Cube(now, tuple(core), {literal: demands[literal] for literal in core}, level)
        self._cubes.append(cube)
        self._select(cube)

    def _select(self, cube: Cube) -> None:
        self._level(cube.level)
        outside = [-literal for literal in sorted(cube.now)]
        self._reasoner.add_search_only([-self._selectors[cube.level], self._goal, *outside])

    def _is_closed(self, top: int) -> bool:
        """Push cubes to higher levels; when a level has none left, the cubes above it are an invariant: learn it."""
        for level in range(1, top + 1):
            here = [cube for cube in self._cubes if cube.level == level]
            for cube in here:
                if self._reasoner.ask([*cube.then, *self._level(level)]) is None:
                    cube.level = level + 1
                    self._select(cube)
            if not any(cube.level == level for cube in self._cubes):
                self._learn([cube for cube in self._cubes if cube.level > level])
                return True
        return False

    def _learn(self, cubes: list[Cube]) -> None:
        reasoner, table = self._reasoner, self._reasoner.table
        forbidden = table.opposite(table.nodes[self._u - 1][2])
        nodes = []
        for cube in cubes:
            node = forbidden
            for literal in sorted(cube.now, key=abs):
                node = reasoner.define("conj", node, table.of_literal(literal))
            nodes.append(node)
        chosen = self._closed_part(cubes, nodes)
        whole = nodes[chosen[0]]
        for k in chosen[1:]:
            whole = reasoner.define("disj", whole, nodes[k])
        invariant = table.literal(whole)
        after = reasoner.define("next", whole)
        for k in chosen:
            if reasoner.ask([*cubes[k].then, -invariant]) is not None:
                raise AssertionError("a blocked cube has a successor that is not blocked")
            reasoner.step(cubes[k].demands, {invariant: after})
        reasoner.induce(invariant, self._u, after)
        self._reset()

    def _closed_part(self, cubes: list[Cube], nodes: list[int]) -> list[int]:
        """Return the places of the cubes that the newest one leads to, itself included."""
        outside = {-self._reasoner.table.literal(node): k for k, node in enumerate(nodes)}
        chosen, agenda = [], [len(cubes) - 1]
        while agenda:
            k = agenda.pop()
            if k in chosen:
                continue
            chosen.append(k)
            if self._reasoner.ask([*cubes[k].then, *outside]) is not None:
                raise AssertionError("a blocked cube has a successor that is not blocked")
            self._reasoner.shrink(cubes[k].then)
            agenda += [outside[literal] for literal in self._reasoner.core if literal in outside]
        return chosen

    def _walk(self, start: Moment, most: int) -> list[Moment] | None:
        """Return a path found by going on from moment to moment, towards the goal where that is one step away."""
        reasoner, moment = self._reasoner, start
        steps: list[Moment] = []
        seen: set[tuple[int, ...]] = set()
        for _ in range(most):
            demands = reasoner.demands(moment)
            key = tuple(demands)
            if key in seen:
                return None
            seen.add(key)
            after = reasoner.ask([*demands, self._goal]) or reasoner.ask(list(demands))
            if after is None:
                return None
            steps.append(after)
            if self.is_met(after):
                return steps
            moment = after
        return None
