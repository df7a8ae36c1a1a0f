"""One incremental CaDiCaL solver that records, for every answer, why it holds.

CaDiCaL 3.0 (through python-sat) writes a LIDRUP trace: each input clause with its number,
each learnt clause and each unsatisfiable core with the clauses it follows from by unit
propagation. The trace goes to anonymous memory, never to disk. The solver holds Python's
global lock while it runs, so it runs in slices of a few milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pysolvers  # type: ignore[import-not-found]  # a compiled part of python-sat, without types

_libc = ctypes.CDLL(None)
_libc.fclose.argtypes = [ctypes.c_void_p]
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


Key = int | tuple[int, ...]

# Inputs, learnt clauses and cores; the trace also repeats every question and every model.
_WANTED = re.compile(rb"^[ilu] .*", re.MULTILINE)


class SearchExhausted(Exception):
    """A stated limit ran out; ``reason`` is ``timeout`` or ``size`` (or ``stopped``: nobody waits any more)."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class LearntClause:
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
    learnt: dict[int, LearntClause]
    cores: list[LearntClause]

    def needed(self, final: Key, rests_on: Callable[[int], Iterable[Key]],
               check_time: Callable[[], None] = lambda: None) -> set[Key]:
        """Return what a conclusion follows from, itself included, calling ``check_time`` now and then.

        A clause is known by its trace number, a core by the complement (``~``) of its position, and a conclusion that
        follows from nothing in the trace by a tuple. ``rests_on`` tells what the input at a position was made from.
        """
        found: set[Key] = set()
        stack = [final]
        while stack:
            key = stack.pop()
            if key in found:
                continue
            found.add(key)
            if not len(found) & 1023:
                check_time()
            if isinstance(key, tuple):
                continue
            if key < 0:
                stack.extend(self.cores[~key].hints)
            elif key in self.learnt:
                stack.extend(self.learnt[key].hints)
            else:
                stack.extend(rests_on(self.inputs[key]))
        return found


class SatSolver:
    """An incremental solver over clauses of signed variable numbers.

    ``deadline`` is a moment of ``time.monotonic()``; ``max_trace_bytes`` bounds the memory of
    the trace; ``is_stopped`` lets another thread end the search. All are honoured within a
    slice. Close it when done: it holds a descriptor.
    """

    SLICE_S = 0.008

    def __init__(self, deadline: float, max_trace_bytes: int, is_stopped: Callable[[], bool] = lambda: False) -> None:
        self._deadline = deadline
        self._is_stopped = is_stopped
        self._max_trace_bytes = max_trace_bytes
        self._conflicts = 200
        self._calls = 0
        self._kept: list[bytes] = []
        self._kept_bytes = self._read_to = 0
        self._core: list[int] = []
        self._file = _unnamed_file()
        self._solver = pysolvers.cadical300_new()
        for option, value in (("lidrup", 1), ("binary", 0), ("factor", 0), ("phase", 0)):
            pysolvers.cadical300_set(self._solver, option, value)
        self._stream = pysolvers.cadical300_tracepr(self._solver, self._file)

    def close(self) -> None:
        """Free the solver and its trace; idempotent."""
        if self._solver is not None:
            pysolvers.cadical300_del(self._solver, self._file)
            self._solver = None
            # python-sat opens a C stream on the descriptor and never closes it: 4 KiB a search.
            _libc.fclose(_pointer(self._stream, None))

    def check_time(self) -> None:
        """Raise :class:`SearchExhausted` when the deadline has passed or the search is stopped."""
        if self._is_stopped():
            raise SearchExhausted("stopped", "the search was stopped")
        if time.monotonic() >= self._deadline:
            raise SearchExhausted("timeout", "the search ran out of time")

    def add(self, clause: Sequence[int]) -> None:
        """Add a clause without repeated or opposite literals."""
        pysolvers.cadical300_add_cl(self._solver, clause)

    def solve(self, assumptions: Sequence[int]) -> list[int] | None:
        """Return a model as a list of literals, or None when there is none (see ``core``)."""
        answer = 0
        self._calls += 1
        if not self._calls & 63:
            self._harvest()
        while answer == 0:
            self.check_time()
            started = time.monotonic()
            pysolvers.cadical300_cbudget(self._solver, self._conflicts)
            answer = pysolvers.cadical300_solve_lim(self._solver, assumptions, 0)
            if answer == 0:
                self._harvest()
                self._adapt(time.monotonic() - started)
        if answer > 0:
            return pysolvers.cadical300_model(self._solver) or []
        self._core = pysolvers.cadical300_core(self._solver, assumptions) or []
        return None

    @property
    def core(self) -> list[int]:
        """The assumptions that the last unsatisfiable answer needed."""
        return self._core

    def _harvest(self) -> None:
        """Keep what the trace says of clauses and cores; let go of the questions and models, most of it."""
        pysolvers.flushpr(self._stream)
        size = os.fstat(self._file).st_size
        if size <= self._read_to:
            return
        text = os.pread(self._file, size - self._read_to, self._read_to)
        kept = b"\n".join(_WANTED.findall(text))
        self._kept.append(kept)
        self._kept_bytes += len(kept)
        # The solver goes on writing where it was; what is before that takes no memory any more.
        self._read_to = size
        os.ftruncate(self._file, 0)
        if self._kept_bytes > self._max_trace_bytes:
            raise SearchExhausted("size", f"the search needs over {self._max_trace_bytes} bytes of proof")

    def _adapt(self, took_s: float) -> None:
        if took_s > 2 * self.SLICE_S:
            self._conflicts = max(20, self._conflicts // 2)
        elif took_s < self.SLICE_S / 2:
            self._conflicts = min(100_000, self._conflicts * 2)

    def trace(self) -> Trace:
        """Read the whole trace."""
        self._harvest()
        text = b"\n".join(self._kept).decode("ascii")
        trace = Trace({}, {}, [])
        for position, line in enumerate(text.split("\n")):
            if not position & 1023:
                self.check_time()
            kind = line[:1]
            if kind == "l":
                numbers = line[2:].split()
                end = numbers.index("0")
                trace.learnt[int(numbers[0])] = LearntClause(tuple(map(int, numbers[1:end])),
                                                       tuple(map(int, numbers[end + 1:-1])))
            elif kind == "u":
                numbers = line[2:].split()
                end = numbers.index("0")
                trace.cores.append(LearntClause(tuple(-int(n) for n in numbers[:end]),
                                          tuple(map(int, numbers[end + 1:-1]))))
            elif kind == "i":
                number = int(line[2:].split(" ", 1)[0])
                trace.inputs[number] = len(trace.inputs)
        return trace


def _unnamed_file() -> int:
    """Return the descriptor of an empty file without a name: in memory on Linux, elsewhere on a disk."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("lidrup")
    descriptor, path = tempfile.mkstemp()
    os.unlink(path)
    return descriptor
