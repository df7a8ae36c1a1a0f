"""The part of `make bench` about linear time: warm textbook goals, and how far the families go in ten seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks import chrono_families as families
from benchmarks import load
from pxl.composition.prover import Prover, build
from pxl.formula import Formula, format_formula
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.chrono.overlay import overlay
from pxl.overlays.contract import Reading
from pxl.settings import Settings

LIMIT_S = 10.0

FAMILIES: dict[str, tuple[Callable[[int], Formula], tuple[int, ...]]] = {
    "chain of responses": (families.responses, (10, 20, 40, 80, 120, 160)),
    "counter comes to ones": (lambda n: families.counter(n, "comes"), (4, 6, 8, 9, 10, 11, 12)),
    "counter recurs": (lambda n: families.counter(n, "recurs"), (4, 6, 8, 9, 10, 11, 12)),
    "counter never does": (lambda n: families.counter(n, "never"), (4, 6, 8, 10, 11, 12, 13)),
}


def _ask(prover: Prover, goal: str, semantics: str, limit_s: float):
    question = overlay().read(Reading(goal, {"semantics": semantics}))
    return prover.decide(question, time.monotonic() + limit_s)


def measure(rounds: int = 10) -> dict:
    """Measure through a whole prover, without HTTP; both parts of a verdict are counted, search and kernel."""
    prover = build(Settings.from_env())
    prover.start()
    try:
        return {"textbook": _textbook(prover, rounds), "families": _families(prover)}
    finally:
        prover.close()


def _textbook(prover: Prover, rounds: int) -> dict:
    latencies: list[float] = []
    for k in range(rounds + 1):
        for goal, semantics in families.TEXTBOOK:
            began = time.perf_counter()
            _ask(prover, goal, semantics, LIMIT_S)
            if k:
                latencies.append(time.perf_counter() - began)
    found = load.figures(latencies, sum(latencies))
    print(f"\nLinear time, {len(families.TEXTBOOK)} textbook goals, warm, search and kernel")
    print(f"p50 {found.p50:.1f}  p95 {found.p95:.1f}  p99 {found.p99:.1f} ms")
    return vars(found)


def _families(prover: Prover) -> dict:
    print(f"\nLinear time, families, {LIMIT_S:g} s each")
    results: dict = {}
    for name, (make, sizes) in FAMILIES.items():
        for size in sizes:
            outcome = _ask(prover, format_formula(make(size), signature=CHRONO), "infinite", LIMIT_S)
            chars = outcome.script.certificate_chars if outcome.script else 0
            print(f"{name:24} {size:4} {outcome.verdict:>8} search {outcome.search_s:7.3f} s  "
                  f"kernel {outcome.kernel_s:7.3f} s  {chars} characters {outcome.detail or ''}", flush=True)
            results[f"{name} {size}"] = {"verdict": outcome.verdict, "search_s": outcome.search_s,
                                         "kernel_s": outcome.kernel_s, "certificate_chars": chars}
            if outcome.verdict == "unknown":
                break
    return results
