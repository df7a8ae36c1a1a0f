"""One incremental CaDiCaL solver that records, for every answer, why it holds.

CaDiCaL 3.0 (through python-sat) writes a LIDRUP trace: each input clause with its number,
each learnt clause and each unsatisfiable core with the clauses it follows from by unit
propagation. The trace goes to anonymous memory, never to disk. The solver holds Python's
global lock while it runs, so it runs in slices of a few milliseconds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pysolvers


class SearchExhausted(Exception):
    """A stated limit ran out; ``reason`` is ``timeout`` or ``size``."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class Learnt:
    """A clause and the trace numbers of the clauses it follows from."""

    literals: tuple[int, ...]
    hints: tuple[int, ...]


@dataclass
class Trace:
    """What the solver has done so far.

    ``inputs`` maps a trace number to the position of that clause among those added;
    ``learnt`` maps a trace number to its clause; ``cores`` are the unsatisfiable answers in order.
    """

    inputs: dict[int, int]
    learnt: dict[int, Learnt]
    cores: list[Learnt]


class SatSolver:
    """An incremental solver over clauses of signed variable numbers.

    ``deadline`` is a moment of ``time.monotonic()``; ``max_trace_bytes`` bounds the memory of
    the trace. Both are honoured within a slice. Close it when done: it holds a descriptor.
    """

    SLICE_S = 0.008

    def __init__(self, deadline: float, max_trace_bytes: int, interrupt: Callable[[], None] = lambda: None) -> None:
        self._deadline = deadline
        self._interrupt = interrupt
        self._max_trace_bytes = max_trace_bytes
        self._conflicts = 200
        self._core: list[int] = []
        self._file = os.fdopen(os.memfd_create("lidrup"), "w+b")
        self._solver = pysolvers.cadical300_new()
        for option, value in (("lidrup", 1), ("binary", 0), ("factor", 0), ("phase", 0)):
            pysolvers.cadical300_set(self._solver, option, value)
        self._stream = pysolvers.cadical300_tracepr(self._solver, self._file)

    def close(self) -> None:
        """Free the solver and its trace; idempotent."""
        if self._solver is not None:
            pysolvers.cadical300_del(self._solver, self._file)
            self._solver = None
            self._file.close()

    def check_time(self) -> None:
        """Raise :class:`SearchExhausted` when the deadline has passed, or what ``interrupt`` raises."""
        self._interrupt()
        if time.monotonic() >= self._deadline:
            raise SearchExhausted("timeout", "the search ran out of time")

    def add(self, clause: Sequence[int]) -> None:
        """Add a clause without repeated or opposite literals."""
        pysolvers.cadical300_add_cl(self._solver, clause)

    def solve(self, assumptions: Sequence[int]) -> list[int] | None:
        """Return a model as a list of literals, or None when there is none (see ``core``)."""
        answer = 0
        while answer == 0:
            self.check_time()
            started = time.monotonic()
            pysolvers.cadical300_cbudget(self._solver, self._conflicts)
            answer = pysolvers.cadical300_solve_lim(self._solver, assumptions, 0)
            if answer == 0:
                self._adapt(time.monotonic() - started)
        if answer > 0:
            return pysolvers.cadical300_model(self._solver) or []
        self._core = pysolvers.cadical300_core(self._solver, assumptions) or []
        return None

    @property
    def core(self) -> list[int]:
        """The assumptions that the last unsatisfiable answer needed."""
        return self._core

    def _adapt(self, took_s: float) -> None:
        if os.fstat(self._file.fileno()).st_size > self._max_trace_bytes:
            raise SearchExhausted("size", f"the search needs over {self._max_trace_bytes} bytes of proof")
        if took_s > 2 * self.SLICE_S:
            self._conflicts = max(20, self._conflicts // 2)
        elif took_s < self.SLICE_S / 2:
            self._conflicts = min(100_000, self._conflicts * 2)

    def trace(self) -> Trace:
        """Read the whole trace."""
        pysolvers.flushpr(self._stream)
        size = os.fstat(self._file.fileno()).st_size
        text = os.pread(self._file.fileno(), size, 0).decode("ascii")
        trace = Trace({}, {}, [])
        for position, line in enumerate(text.split("\n")):
            if not position & 1023:
                self.check_time()
            kind = line[:1]
            if kind == "l":
                numbers = line[2:].split()
                end = numbers.index("0")
                trace.learnt[int(numbers[0])] = Learnt(tuple(map(int, numbers[1:end])),
                                                       tuple(map(int, numbers[end + 1:-1])))
            elif kind == "u":
                numbers = line[2:].split()
                end = numbers.index("0")
                trace.cores.append(Learnt(tuple(-int(n) for n in numbers[:end]),
                                          tuple(map(int, numbers[end + 1:-1]))))
            elif kind == "i":
                number = int(line[2:].split(" ", 1)[0])
                trace.inputs[number] = len(trace.inputs)
        return trace
