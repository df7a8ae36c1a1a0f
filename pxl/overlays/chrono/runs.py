"""Runs of time, and which formulas hold when: an evaluator of every operator, for many runs at once.

A run is a list of moments, each the set of its true atoms; it ends there, or goes back to the moment ``loop`` for
ever. Values are integers whose bits stand for the runs that are evaluated together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pxl.formula import Formula, Node
from pxl.overlays.chrono.core import time_of

PAST = frozenset({"prev", "weak_prev", "once", "historically", "since", "triggered", "box", "dia"})


@dataclass(frozen=True)
class Run:
    """The true atoms of each moment; after the last one comes moment ``loop`` again, or nothing when it is None."""

    moments: tuple[frozenset[str], ...]
    loop: int | None = None


MAX_CELLS = 5_000_000


class TooLong(ValueError):
    """A formula has more values on a run than are computed in a second or so."""


def refutes(formula: Formula, run: Run) -> bool:
    """Say whether the formula is false at time 0 of the run. Raises TooLong."""
    return not truth(formula, run)[0][-1][0]


def past_depth(formula: Formula) -> int:
    """Count the past operators on the path through the formula that has most of them."""
    depths: list[int] = []
    for node in formula.nodes:
        below = 0 if node[0] == "atom" else max((depths[child] for child in node[1:]), default=0)
        depths.append(below + (node[0] in PAST or node[0].startswith("at:")))
    return depths[-1]


def truth(formula: Formula, run: Run) -> tuple[list[list[int]], Run]:
    """Return the row of each node, a 0 or 1 for each moment, and the run that the moments are those of.

    It is the given run, its loop unrolled so often that the truth values, too, repeat from there on; most formulas need
    little of that. Raises TooLong.
    """
    times, most = 0, 0 if run.loop is None else past_depth(formula)
    while True:
        unrolled = unroll(run, times)
        if len(formula.nodes) * len(unrolled.moments) > MAX_CELLS:
            raise TooLong(f"{len(formula.nodes)} subformulas at {len(unrolled.moments)} moments")
        atoms = {node[1]: [int(node[1] in moment) for moment in unrolled.moments]
                 for node in formula.nodes if node[0] == "atom"}
        found = rows(formula, atoms, len(unrolled.moments), unrolled.loop, 1)
        loop = unrolled.loop
        if times >= most or loop is None or all(_goes_on(node, found, k, loop) for k, node in enumerate(formula.nodes)):
            return found, unrolled
        times = min(2 * times + 1, most)


def _goes_on(node: Node, found: list[list[int]], place: int, loop: int) -> bool:
    """Say whether a node of the past has at a loop's begin the value that the loop's end gives it the next time."""
    op, *parts = node
    if op not in PAST or op in ("box", "dia"):
        return True
    a, b = found[parts[0]], found[parts[-1]]
    before = found[place][-1]
    after = {"prev": a[-1], "weak_prev": a[-1], "once": a[loop] | before, "historically": a[loop] & before,
             "since": b[loop] | a[loop] & before, "triggered": b[loop] & (a[loop] | before)}[op]
    return bool(found[place][loop] == after)


def unroll(run: Run, times: int) -> Run:
    """Return the same run with its loop written out more often before it begins."""
    if run.loop is None or not times:
        return run
    body = run.moments[run.loop:]
    return Run(run.moments + body * times, run.loop + len(body) * times)


def rows(formula: Formula, atoms: dict[str, list[int]], length: int, loop: int | None, full: int) -> list[list[int]]:
    """Return, for each node of the table, its values at the moments 0 to ``length - 1``.

    ``atoms`` are the values of the atoms and ``full`` has a bit for each run. The loop must have been unrolled as
    often as :func:`past_depth` says.
    """
    time = _Time(length, loop, full)
    found: list[list[int]] = []
    for node in formula.nodes:
        found.append(atoms[node[1]] if node[0] == "atom" else time.row(node, [found[child] for child in node[1:]]))
    return found


Row = list[int]


class _Time:
    def __init__(self, length: int, loop: int | None, full: int) -> None:
        self._length, self._loop, self._full = length, loop, full
        self._top = [full] * length

    def row(self, node: Node, parts: Sequence[Row]) -> Row:
        op = node[0]
        known = self._operators().get(op)
        if known is not None:
            return known(*parts)
        at = time_of(op)
        if at is None:
            raise ValueError(f"not an operator of chrono: {op!r}")
        if at >= self._length:
            at = -1 if self._loop is None else self._loop + (at - self._loop) % (self._length - self._loop)
        return [parts[0][at] if at >= 0 else 0] * self._length

    def _operators(self) -> dict[str, Callable[..., Row]]:
        no, full = self._no, self._full
        return {
            "bot": lambda: [0] * self._length,
            "neg": no,
            "conj": lambda a, b: [x & y for x, y in zip(a, b, strict=True)],
            "disj": lambda a, b: [x | y for x, y in zip(a, b, strict=True)],
            "impl": lambda a, b: [x ^ full | y for x, y in zip(a, b, strict=True)],
            "iff": lambda a, b: [x ^ y ^ full for x, y in zip(a, b, strict=True)],
            "next": self._next,
            "eventually": lambda a: self._until(self._top, a),
            "globally": lambda a: no(self._until(self._top, no(a))),
            "until": self._until,
            "weak_until": lambda a, b: no(self._until(no(b), [(x | y) ^ full for x, y in zip(a, b, strict=True)])),
            "release": lambda a, b: no(self._until(no(a), no(b))),
            "strong_release": lambda a, b: self._until(b, [x & y for x, y in zip(a, b, strict=True)]),
            "prev": lambda a: [0, *a[:-1]],
            "weak_prev": lambda a: [full, *a[:-1]],
            "once": lambda a: self._since(self._top, a),
            "historically": lambda a: no(self._since(self._top, no(a))),
            "since": self._since,
            "triggered": lambda a, b: no(self._since(no(a), no(b))),
            "box": lambda a: no(self._sometime(no(a))),
            "dia": self._sometime,
        }

    def _no(self, a: Row) -> Row:
        return [x ^ self._full for x in a]

    def _next(self, a: Row) -> Row:
        return [*a[1:], 0 if self._loop is None else a[self._loop]]

    def _until(self, a: Row, b: Row) -> Row:
        row, later = [0] * self._length, 0
        # Around a loop twice: what holds at its begin is known after the first time.
        for first in (self._loop, 0) if self._loop is not None else (0,):
            for k in range(self._length - 1, first - 1, -1):
                row[k] = later = b[k] | a[k] & later
            later = row[first]
        return row

    def _since(self, a: Row, b: Row) -> Row:
        row, before = [], 0
        for x, y in zip(a, b, strict=True):
            before = y | x & before
            row.append(before)
        return row

    def _sometime(self, a: Row) -> Row:
        value = 0
        for x in a:
            value |= x
        return [value] * self._length
