"""`make bench`: measure the server against its floors, in one run.

Times are this machine's, now; the ratios are what to compare between machines. Sections can
be named on the command line: server, stages, hard, deadline, memory, signing, modal, chrono (default: all of them).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import chrono, families, load, modal, signing, stages
from benchmarks.processes import get, rss_mib, serving
from pxl.certificates.certificate import decode_countermodel
from pxl.certificates.sentences import PREAMBLE, QUERY, goal_script
from pxl.composition.prover import build
from pxl.formula import Formula, format_formula, parse, rename_atoms
from pxl.overlays.contract import Reading
from pxl.overlays.s5.overlay import S5
from pxl.prover.engines import find_engine, start_session
from pxl.search.elimination import decide
from pxl.settings import Settings
from pxl.verdict.checker import Checker
from pxl.verdict.decider import Decider

SECTIONS = ("server", "stages", "hard", "deadline", "memory", "signing", "modal", "chrono")
HARD_TIMEOUT_S = 20.0


def note(text: str) -> None:
    """Show progress where it does not mix with the figures."""
    print(f"  … {text}", file=sys.stderr, flush=True)


def line(name: str, f: load.Figures, floor: load.Figures | None = None) -> None:
    """Print one row of figures, with ratios when there is a floor."""
    ratio = "" if floor is None else f"   p50 ×{f.p50 / floor.p50:.2f} of its floor, rate ×{f.rate / floor.rate:.2f}"
    print(f"{name:44} p50 {f.p50:8.2f}  p95 {f.p95:8.2f}  p99 {f.p99:8.2f} ms  {f.rate:8.0f}/s{ratio}", flush=True)


def renamed(goal: str) -> Formula:
    return rename_atoms(parse(goal))[0]


# --- floor and server -----------------------------------------------------------------------------

def bare_session(settings: Settings, rounds: int) -> load.Figures:
    """The same certificates straight into a bare session, one after the other."""
    kernel_dir = build(settings).kernel.kernel_dir
    session = start_session(find_engine(settings, kernel_dir=kernel_dir, preamble=PREAMBLE))
    session.warm(time.monotonic() + 30)
    try:
        scripts = []
        for goal in families.TEXTBOOK:
            formula = renamed(goal)
            scripts.append(goal_script(decide(formula, time.monotonic() + 10), formula))
        latencies = []
        for k in range((rounds + 1) * len(scripts)):
            began = time.perf_counter()
            session.run(scripts[k % len(scripts)].sentences, QUERY, time.monotonic() + 10)
            latencies.append(time.perf_counter() - began)
        measured = latencies[len(scripts):]
        return load.figures(measured, sum(measured))
    finally:
        session.close()


def measure_server(rounds: int) -> dict:
    """Textbook goals, uncached and cached, one client and eight, against both floors."""
    goals, results = families.TEXTBOOK, {}
    settings = Settings.from_env()
    note("bare session")
    floor = bare_session(settings, rounds)
    print(f"\nTextbook goals ({len(goals)}), engine {find_engine(settings).kind}")
    line("floor: bare session", floor)
    results["bare session"] = floor
    note("server without a cache")
    with serving("serve_pxl.py", PXL_CACHE_TTL="0") as (_, port):
        load.run(port, goals, 8, 2 * len(goals))
        for clients in (1, 8):
            f = load.run(port, goals, clients, rounds * len(goals))
            line(f"uncached, {clients} client{'s' * (clients > 1)}", f, floor)
            results[f"uncached {clients}"] = f
    empty = {}
    note("empty route")
    with serving("-m", "benchmarks.empty_route") as (_, port):
        load.run(port, goals, 8, 400)
        for clients in (1, 8):
            empty[clients] = load.run(port, goals, clients, 150 * rounds)
            line(f"floor: empty Flask route, {clients} client{'s' * (clients > 1)}", empty[clients])
            results[f"empty route {clients}"] = empty[clients]
    note("server with a warm cache")
    with serving("serve_pxl.py", PXL_CACHE_TTL="3600") as (_, port):
        load.run(port, goals, 8, 20 * len(goals))
        for clients in (1, 8):
            f = load.run(port, goals, clients, 150 * rounds)
            line(f"cached, {clients} client{'s' * (clients > 1)}", f, empty[clients])
            results[f"cached {clients}"] = f
    return {name: vars(f) for name, f in results.items()}


# --- hard goals -----------------------------------------------------------------------------------

def hard_goals() -> Iterator[tuple[str, Formula]]:
    """The generated hard set; every random goal is fixed by its seed."""
    for n in (6, 7, 8, 9):
        yield f"boxed pigeonhole {n}", families.boxed_pigeonhole(n)
    for n in (7, 8):
        yield f"pigeonhole in a box {n}", families.pigeonhole_in_box(n)
    for n in (5, 20, 50, 100, 200):
        yield f"{n} diamonds", families.diamonds(n)
    for n in (10, 100, 500):
        yield f"tower of {n}", families.nesting(n)
    for atoms, depth, ratios in ((20, 1, (4, 8, 12, 16)), (10, 2, (4, 8, 10, 14, 20)), (6, 3, (6, 10, 14))):
        for ratio in ratios:
            for seed in (1, 2, 3):
                yield (f"modal 3-CNF {atoms} atoms depth {depth} L/N {ratio} #{seed}",
                       families.random_modal_cnf(atoms, atoms * ratio, depth, seed))
    for chars in (1_000, 10_000, 100_000, 900_000):
        yield f"a formula of {chars:,} characters", families.large(chars)


def measure_hard() -> dict:
    """Decide each hard goal, and have it certified, within 20 s."""
    print(f"\nHard goals, {HARD_TIMEOUT_S:g} s each")
    print(f"{'goal':44} {'nodes':>7} {'verdict':>8} {'search':>9} {'kernel':>9}  certificate")
    prover = build(Settings.from_env())
    prover.start()
    results, decided, certified = {}, 0, 0
    try:
        checker = Checker(prover.pool)
        for name, formula in hard_goals():
            note(name)
            goal, _ = rename_atoms(formula)
            deadline = time.monotonic() + HARD_TIMEOUT_S
            found_at: list[str] = []

            def search(f, d, b, found_at=found_at):
                found = decide(f, d, b)
                found_at.append(type(found).__name__)
                return found

            outcome = Decider(checker)(S5(search).read(Reading(format_formula(goal))), deadline)
            decided += found_at[0] != "Exhausted"
            certified += outcome.verdict != "unknown"
            size = outcome.script.certificate_chars if outcome.script else 0
            more = (f", {len(decode_countermodel(outcome.certificate).worlds)} worlds" if outcome.verdict == "refuted"
                    else outcome.detail or "")
            print(f"{name:44} {len(goal.nodes):7} {outcome.verdict:>8} "
                  f"{outcome.search_s:8.3f}s {outcome.kernel_s:8.3f}s  {size} characters{more}", flush=True)
            results[name] = {"verdict": outcome.verdict, "search_s": outcome.search_s, "kernel_s": outcome.kernel_s,
                             "certificate_chars": size, "reason": outcome.reason}
        print(f"decided {decided} of {len(results)}, certified {certified}")
    finally:
        prover.close()
    return results


def measure_deadline() -> dict:
    """How late an honest `unknown` is, over HTTP, for hopeless goals."""
    print("\nHopeless goals: how long after its deadline `unknown` arrives")
    goals = {"search: modal 3-CNF, 48 kB": families.random_modal_cnf(40, 600, 2, 1),
             "search: pigeonhole 13": families.pigeonhole_in_box(13),
             "search: 150 kB": families.random_modal_cnf(60, 1800, 2, 2)}
    results = {}
    with serving("serve_pxl.py") as (_, port):
        connection = load.Connection(port)
        for name, formula in goals.items():
            text = format_formula(formula)
            for timeout_ms in (100, 500, 2000):
                began = time.perf_counter()
                reply = json.loads(connection.ask(text, timeout_ms=timeout_ms))
                late = 1000 * (time.perf_counter() - began) - timeout_ms
                print(f"{name:44} timeout {timeout_ms:5} ms: {reply['verdict']} ({reply['reason']}), "
                      f"{late:+.0f} ms", flush=True)
                results[f"{name} {timeout_ms}"] = {"verdict": reply["verdict"], "late_ms": late}
        connection.close()
    return results


def measure_memory(goals_asked: int) -> dict:
    """Resident memory of the server and of each session, before and after many goals."""
    print(f"\nMemory, before and after {goals_asked:,} uncached goals (MiB)")
    with serving("serve_pxl.py", PXL_CACHE_TTL="0", PXL_SESSION_MAX_USES="1000000") as (pid, port):
        load.run(port, families.TEXTBOOK, 8, 200)

        def look() -> tuple[float, list[float]]:
            sessions = get(port, "/health/proof_server")["sessions"]
            return rss_mib(pid), [rss_mib(s["pid"]) for s in sessions]

        before = look()
        load.run(port, families.TEXTBOOK, 8, goals_asked)
        after = look()
    for name, b, a in (("server", [before[0]], [after[0]]), ("sessions", before[1], after[1])):
        print(f"{name:12} {' '.join(f'{x:.0f}' for x in b)}  ->  {' '.join(f'{x:.0f}' for x in a)}")
    return {"before": before, "after": after}


@contextmanager
def _timed(name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    note(f"{name} took {time.monotonic() - began:.0f} s")


def main() -> None:
    """Run the sections asked for; write the figures as JSON when told where."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--rounds", type=int, default=40, help="rounds of the textbook goals (default 40)")
    parser.add_argument("--goals", type=int, default=10_000, help="goals of the memory section (default 10,000)")
    parser.add_argument("--stage-seconds", type=float, default=15.0, help="time for each number of users (default 15)")
    parser.add_argument("--modal-seconds", type=float, default=2.0,
                        help="time for each member of the modal families (default 2; the figures in docs are of 10)")
    parser.add_argument("--json", metavar="FILE", help="write all figures there, too")
    options = parser.parse_args()
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    wanted, results = options.sections or SECTIONS, {}
    if "server" in wanted:
        with _timed("server"):
            results["server"] = measure_server(options.rounds)
    if "stages" in wanted:
        with _timed("stages"):
            print("\nUsers who ask once a second, goals by Zipf's law, from an empty cache")
            results["stages"] = stages.measure(options.stage_seconds, line)
            for name in ("cache_hit_rate_percent", "verification_ratio_percent", "objectives_met"):
                print(f"{name}: {results['stages'][name]}")
    if "hard" in wanted:
        with _timed("hard"):
            results["hard"] = measure_hard()
    if "deadline" in wanted:
        with _timed("deadline"):
            results["deadline"] = measure_deadline()
    if "memory" in wanted:
        with _timed("memory"):
            results["memory"] = measure_memory(options.goals)
    if "signing" in wanted:
        print("\nChecking a signature (µs)")
        results["signing"] = signing.measure()
        for name, figure in results["signing"].items():
            print(f"{name:20} {figure:8.1f}")
    if "modal" in wanted:
        with _timed("modal"):
            results["modal"] = modal.measure(options.rounds, options.modal_seconds, note)
    if "chrono" in wanted:
        with _timed("chrono"):
            results["chrono"] = chrono.measure()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=2, default=list)


if __name__ == "__main__":
    main()
