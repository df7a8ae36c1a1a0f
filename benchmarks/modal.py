"""Measures the modal overlay: textbook goals through the kernel, and how far each scalable family goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from benchmarks import load
from benchmarks.modal_families import FAMILIES
from pxl.certificates.sentences import PREAMBLE, QUERY
from pxl.composition.overlays import compiled_libraries
from pxl.composition.prover import build
from pxl.errors import CoqRejected, ProverTimeout
from pxl.formula import format_formula
from pxl.overlays.contract import Reading
from pxl.overlays.loading import load_overlays
from pxl.overlays.modal.logics import LOGICS
from pxl.prover.engines import find_engine, start_session
from pxl.prover.session import Session
from pxl.search.elimination import Budget, Exhausted
from pxl.settings import Settings

SIZES = range(1, 22)
OVERLAYS = ("modal", "themi", "doxa", "gnosi", "tense")
TEXTBOOK = (
    "BOX(A -> B) -> (BOX(A) -> BOX(B))", "BOX(A) -> DIA(A)", "BOX(A) -> A", "A -> BOX(DIA(A))", "BOX(A) -> BOX(BOX(A))",
    "DIA(A) -> BOX(DIA(A))", "BOX(A /\\ B) <-> (BOX(A) /\\ BOX(B))", "BOX(A \\/ B) -> (BOX(A) \\/ BOX(B))",
    "BOX(BOX(A) -> A)", "BOX(DIA(A)) -> DIA(BOX(A))", "DIA(BOX(A)) -> BOX(DIA(A))", "~BOX(A) <-> DIA(~A)",
    "BOX(BOX(A) -> B) \\/ BOX(BOX(B) -> A)", "BOX(BOX(A) -> A) -> BOX(A)", "DIA(DIA(A)) -> DIA(A)",
)


@contextmanager
def session_of(settings: Settings) -> Iterator[tuple[Session, Callable[[], Session]]]:
    """Hold a session with the overlay's library, and a way to get a new one when it died."""
    kernel = build(settings).kernel
    libraries = compiled_libraries(load_overlays(("modal",)), kernel)
    engine = replace(find_engine(settings, kernel_dir=kernel.kernel_dir,
                                 preamble=(*PREAMBLE, *(line for lib in libraries for line in lib.preamble))),
                     libraries=tuple((lib.root, lib.library.kernel_dir) for lib in libraries))
    started: list[Session] = []

    def start() -> Session:
        started.append(start_session(engine))
        started[-1].warm(time.monotonic() + 60)
        return started[-1]

    try:
        yield start(), start
    finally:
        for session in started:
            session.close()


def measure(rounds: int, seconds: float, note: Callable[[str], None]) -> dict:
    """Print and return the figures; ``seconds`` is the time for each member of a family, search and kernel together."""
    results: dict = {}
    with session_of(Settings.from_env()) as (session, start):
        note("modal textbook goals")
        figures = _textbook(session, rounds)
        print(f"\nModal textbook goals ({len(TEXTBOOK)} goals in {len(LOGICS)} logics, and the overlays' examples)\n"
              f"{'search and kernel, one bare session':44} p50 {figures.p50:8.2f}  p95 {figures.p95:8.2f}  "
              f"p99 {figures.p99:8.2f} ms", flush=True)
        results["textbook"] = vars(figures)
        print(f"\nModal families, {seconds:g} s a member, sizes 1 to {SIZES[-1]}: the largest that was certified\n"
              f"{'family':20} {'provable':>9} {'unprovable':>11}")
        overlay = load_overlays(("modal",)).get("modal")
        for logic, families in FAMILIES.items():
            for name, family in families.items():
                reach = []
                for provable in (True, False):
                    note(f"{logic}_{name}_{'p' if provable else 'n'}")
                    reached = 0
                    for n in SIZES:
                        reading = Reading(format_formula(family(n, provable)), {"logic": logic})
                        fine, session = _certify(overlay.read(reading), seconds, session, start, provable)
                        if not fine:
                            break
                        reached = n
                    reach.append(reached)
                print(f"{f'{logic}_{name}':20} {reach[0]:>9} {reach[1]:>11}", flush=True)
                results[f"{logic}_{name}"] = reach
    return results


def _textbook(session: Session, rounds: int) -> load.Figures:
    registry = load_overlays(OVERLAYS)
    asked = [(registry.get("modal"), Reading(goal, {"logic": logic})) for goal in TEXTBOOK for logic in LOGICS]
    asked += [(overlay, Reading(example.goal, example.options, example.assumptions, example.consequence))
              for overlay in registry.loaded() for example in overlay.examples]
    latencies = []
    for turn in range(max(2, rounds // 10)):
        for overlay, reading in asked:
            began = time.perf_counter()
            question = overlay.read(reading)
            found = question.search(time.monotonic() + 10, Budget())
            script = question.script(found.proved, found.certificate)
            session.run(script.sentences, QUERY, time.monotonic() + 10)
            if turn:
                latencies.append(time.perf_counter() - began)
    return load.figures(latencies, sum(latencies))


def _certify(question, seconds: float, session: Session, start: Callable[[], Session],
             provable: bool) -> tuple[bool, Session]:
    """Say whether a question was decided and certified in time; also return the session to go on with."""
    deadline = time.monotonic() + seconds
    found = question.search(deadline, Budget())
    if isinstance(found, Exhausted):
        return False, session
    assert found.proved == provable, "a family is not what it says"
    try:
        session.run(question.script(found.proved, found.certificate).sentences, QUERY, deadline)
    except CoqRejected as refusal:
        if "overflow" not in refusal.detail and "memory" not in refusal.detail:
            raise
        return False, session
    except ProverTimeout:
        return False, start()
    return True, session
