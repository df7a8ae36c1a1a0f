"""Refute a goal by a tiny run, or make a run that refutes it smaller.

Most goals that are not valid fail on a run of one to four moments. All runs of one shape are evaluated at once,
one bit each, as long as there are few; then those with few true atoms come first.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from pxl.formula import Formula, atoms
from pxl.overlays.chrono.runs import Run, past_depth, refutes, rows, unroll

MAX_BITS = 10           # all runs of up to 2 ** MAX_BITS are tried, of larger shapes as many at random
MAX_MOMENTS = 4
MAX_WORK = 20_000       # nodes times moments


def shapes(finite: bool) -> Iterator[tuple[int, int | None]]:
    """Yield (length, loop) from the smallest."""
    for length in range(1, MAX_MOMENTS + 1):
        if finite:
            yield length, None
        elif length < MAX_MOMENTS:
            yield from ((length, loop) for loop in range(length - 1, -1, -1))


def small_run(formula: Formula, finite: bool) -> Run | None:
    """Return a run of few moments that refutes the formula, the first and least of those tried, or None."""
    names = atoms(formula)
    depth = past_depth(formula)
    for length, loop in shapes(finite):
        written = length + (0 if loop is None else (length - loop) * depth)
        if written * len(formula.nodes) > MAX_WORK:
            return None
        bits = length * len(names)
        columns, count = _columns(bits)
        full = (1 << count) - 1
        values = {name: [columns[k * length + at] for at in _order(length, loop, depth)]
                  for k, name in enumerate(names)}
        unrolled = unroll(Run((frozenset(),) * length, loop), depth)
        failing = rows(formula, values, written, unrolled.loop, full)[-1][0] ^ full
        if failing:
            which = (failing & -failing).bit_length() - 1
            run = Run(tuple(frozenset(name for k, name in enumerate(names) if columns[k * length + at] >> which & 1)
                            for at in range(length)), loop)
            return run if bits <= MAX_BITS else minimised(formula, run, time.monotonic() + 0.01)
    return None


def _order(length: int, loop: int | None, depth: int) -> list[int]:
    order = list(range(length))
    return order if loop is None else order + order[loop:] * depth


def _columns(bits: int) -> tuple[Sequence[int], int]:
    """Return, for each bit of a run, an integer that says of each run whether it is set, and the number of runs."""
    if bits <= MAX_BITS:
        return _all_runs(bits), 1 << bits
    chance, count = random.Random(bits), 1 << MAX_BITS
    sparse = sum(1 << k for k in range(2, count, 2))
    # The first run has no true atoms, the second has all; every other one of the rest has few.
    return [chance.getrandbits(count) & ~(sparse & chance.getrandbits(count)) & ~1 | 2 for _ in range(bits)], count


@lru_cache(maxsize=MAX_BITS + 1)
def _all_runs(bits: int) -> tuple[int, ...]:
    runs = [sum(1 << k for k in chosen) for size in range(bits + 1)
            for chosen in itertools.combinations(range(bits), size)]
    return tuple(sum((run >> bit & 1) << place for place, run in enumerate(runs)) for bit in range(bits))


def minimised(formula: Formula, run: Run, until: float, check_time: Callable[[], None] = lambda: None) -> Run:
    """Return a run with fewer moments and true atoms that still refutes the formula, found by the moment ``until``."""
    names = frozenset(atoms(formula))
    run = Run(tuple(moment & names for moment in run.moments), run.loop)
    progress = True
    while progress:
        progress = False
        for smaller in itertools.chain(_shorter(run), _emptier(run)):
            check_time()
            if time.monotonic() >= until:
                return run
            if refutes(formula, smaller):
                run, progress = smaller, True
                break
    return run


def _shorter(run: Run) -> Iterator[Run]:
    moments, loop = run.moments, run.loop
    size = len(moments)
    if loop is not None:
        # A shorter loop first: each of its ends, then single moments.
        for start in range(size - 1, loop, -1):
            yield Run(moments, start)
        for end in range(loop + 1, size):
            yield Run(moments[:end], loop)
    part = size // 2
    while part:
        for start in range(0, size - part + 1, part):
            rest = moments[:start] + moments[start + part:]
            if not rest:
                continue
            if loop is None:
                yield Run(rest, None)
            else:
                place = loop if start >= loop else max(start, loop - part)
                if place < len(rest):
                    yield Run(rest, place)
        part //= 2


def _emptier(run: Run) -> Iterator[Run]:
    for k, moment in enumerate(run.moments):
        if len(moment) > 1:
            yield Run((*run.moments[:k], frozenset(), *run.moments[k + 1:]), run.loop)
        for name in sorted(moment):
            yield Run((*run.moments[:k], moment - {name}, *run.moments[k + 1:]), run.loop)
