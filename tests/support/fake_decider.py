"""A decision procedure without Coq, for tests: brute force over all universal models, or as scripted."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

from pxl.certificates.certificate import Countermodel, encode
from pxl.certificates.sentences import Script
from pxl.formula import Formula, atoms, evaluate
from pxl.overlays.s5.question import S5Question
from pxl.verdict.cancel import Cancel
from pxl.verdict.checker import Checked
from pxl.verdict.outcome import PROVED, REFUTED, TIMEOUT, UNKNOWN, Outcome

CHECKED = Checked("coqidetop", 1, "Closed under the global context", 0.003)

def brute_force(formula: Formula, deadline: float) -> Outcome:
    """Decide a formula of at most three atoms by trying every universal model."""
    formula = getattr(formula, "whole", formula)        # a question, or its formula
    names = atoms(formula)
    worlds = [frozenset(w) for n in range(len(names) + 1) for w in itertools.combinations(names, n)]
    for count in range(1, len(worlds) + 1):
        for model in itertools.combinations(worlds, count):
            truth = evaluate(formula, model)[-1]
            for place in range(count):
                if not truth >> place & 1:
                    return Outcome(REFUTED, certificate=encode(Countermodel(model, place)), **certified("~ Prov goal"))
    return Outcome(PROVED, **certified("Prov goal"))


def certified(theorem: str) -> dict:
    """Return what an outcome has besides when the kernel accepted a theorem."""
    script = Script((f"Theorem answer : {theorem}.", "Qed."), theorem, 10)
    return {"script": script, "checked": CHECKED, "queue_s": 0.001, "search_s": 0.002, "kernel_s": 0.003}


class FakeDecider:
    """Decides by brute force, counts its runs, and can be held back or made to fail."""

    def __init__(self, decide: Callable[[Formula, float], Outcome] = brute_force) -> None:
        self.decide_now = decide
        self.runs = 0
        self.running = 0
        self.deadlines: list[float] = []
        self._open: Future[None] = Future()
        self._open.set_result(None)
        self._lock = threading.Lock()

    def decide(self, question: S5Question, deadline: float, cancel: Cancel | None = None,
               leased: Callable[[], None] = lambda: None) -> Outcome:
        with self._lock:
            self.runs += 1
            self.running += 1
            self.deadlines.append(deadline)
        try:
            leased()
            # As the real one: held back until its deadline, it has not found out.
            gate, cancel = self._open, cancel or Cancel()
            cancel.wait(max(0.0, min(deadline - time.monotonic(), 20.0)), gate)
            cancel.check()
            if not gate.done():
                return Outcome(UNKNOWN, reason=TIMEOUT, detail="held back")
            return self.decide_now(question.whole, deadline)
        finally:
            with self._lock:
                self.running -= 1

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold back every run for as long as the block lasts, or until released."""
        self._open = Future()
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        with self._lock:
            if not self._open.done():
                self._open.set_result(None)


@dataclass
class FakePool:
    """The numbers that health reads."""

    total: int = 5
    idle: int = 5
    busy: int = 0
    waiting: int = 0
    size: int = 5
    starting: int = 0
    generation: int = 5
    restarts: dict = field(default_factory=dict)
    sessions: tuple = ()


class Clock:
    """A clock that moves when told."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def eventually(claim: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Poll until a claim is true; fail when it never is."""
    pause, deadline = threading.Event(), time.monotonic() + timeout_s
    while not claim():
        assert time.monotonic() < deadline, "it never became true"
        pause.wait(0.002)
