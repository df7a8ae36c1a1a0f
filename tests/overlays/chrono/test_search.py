"""The search of chrono against two independent deciders, and its proofs against a second checker; no Coq here."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections import Counter

import pytest

from benchmarks.chrono_families import counter, responses
from pxl.certificates.certificate import decode_numbers, encode_numbers
from pxl.errors import GoalTooLarge
from pxl.formula import Formula, parse, rename_atoms
from pxl.overlays.chrono import notations, operations
from pxl.overlays.chrono import overlay as chrono
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.chrono.proof import Proof, encode_proof
from pxl.overlays.chrono.runs import Run
from pxl.overlays.chrono.search import decide
from pxl.overlays.contract import Reading
from pxl.search.elimination import Budget, Exhausted
from pxl.verdict.reference.chrono import accepts, holds
from tests.support.chrono import Tableau, fails_somewhere, random_formula
from tests.support.chrono_identities import ALWAYS, BOTH, START

RANDOM_FORMULAS = 1_500


def soon(seconds: float = 20.0) -> float:
    return time.monotonic() + seconds


def read(text: str) -> Formula:
    return rename_atoms(parse(text, signature=CHRONO))[0]


def check(formula: Formula, finite: bool, found: Proof | Run | Exhausted) -> str:
    """Hold what was found against everything independent, and return the verdict."""
    if isinstance(found, Run):
        assert not holds(formula, [set(moment) for moment in found.moments], found.loop), formula
        assert (found.loop is None) == finite
        return "refuted"
    assert isinstance(found, Proof), found
    assert accepts(formula, finite, encode_proof(found)), formula
    tableau = Tableau(formula, finite)
    if tableau.is_small:
        assert tableau.is_valid(), formula
        return "proved, by the tableau too"
    assert not fails_somewhere(formula, 2, finite, 3 if finite else 2), formula
    return "proved, and true on all small runs"


@pytest.mark.parametrize("try_tiny", [True, False])
def test_random_formulas_get_the_verdict_that_independent_deciders_give(try_tiny):
    verdicts = Counter()
    for seed in range(RANDOM_FORMULAS):
        chance = random.Random(seed)
        formula, finite = random_formula(chance, 2, chance.randint(2, 9)), bool(seed & 1)
        verdicts[check(formula, finite, decide(formula, finite, soon(), try_tiny=try_tiny))] += 1
    assert sum(verdicts.values()) == RANDOM_FORMULAS
    assert verdicts["proved, by the tableau too"] > RANDOM_FORMULAS // 10


def test_random_formulas_of_the_past_alone_and_of_both_sides_are_settled():
    for seed in range(150):
        chance = random.Random(10_000 + seed)
        body = random_formula(chance, 2, chance.randint(6, 14))
        formula = Formula((*body.nodes, ("globally", len(body.nodes) - 1)))
        found = decide(formula, bool(seed & 1), soon(), try_tiny=False)
        if isinstance(found, Proof):
            assert accepts(formula, bool(seed & 1), encode_proof(found))
        else:
            assert not holds(formula, [set(m) for m in found.moments], found.loop)


def test_an_independent_decider_agrees_with_the_list_of_laws():
    checked = 0
    for text, where in (*((f"G({text})", where) for text, where in ALWAYS), *START):
        for semantics in ("infinite", "finite"):
            tableau = Tableau(read(text), semantics == "finite", 8)
            if tableau.is_small:
                checked += 1
                assert tableau.is_valid() == (where in (BOTH, semantics)), (text, semantics)
    assert checked > 200


@pytest.mark.parametrize("length", [2, 10, 20])
@pytest.mark.parametrize("finite", [True, False])
def test_a_chain_of_responses_is_proved(length, finite):
    formula = rename_atoms(responses(length))[0]
    found = decide(formula, finite, soon())
    assert isinstance(found, Proof) and accepts(formula, finite, encode_proof(found))


@pytest.mark.parametrize("goal", ["comes", "recurs", "never"])
def test_a_counter_of_six_bits_is_settled(goal):
    formula = rename_atoms(counter(6, goal))[0]
    found = decide(formula, False, soon())
    if goal == "never":
        assert isinstance(found, Run) and len(found.moments) >= 64
        assert not holds(formula, [set(m) for m in found.moments], found.loop)
    else:
        assert isinstance(found, Proof) and accepts(formula, False, encode_proof(found))


def test_countermodels_are_as_small_as_can_be():
    for text, finite, size in (("p", False, 1), ("F p -> P p", False, 2), ("G F p -> F G p", False, 2),
                               ("X X p -> X p", True, 3), ("~F(p /\\ X(~p /\\ X ~p))", False, 2)):
        found = decide(read(text), finite, soon())
        assert isinstance(found, Run) and len(found.moments) == size, text


def test_a_changed_certificate_is_refused_or_is_another_proof():
    goals = ["G(p -> F q) -> (G F p -> G F q)", "p /\\ G(p -> X p) -> G p", "G(p -> P q) <-> (~p) W q"]
    refused = 0
    for text in goals:
        formula = read(text)
        numbers = decode_numbers(encode_proof(decide(formula, False, soon())))
        for place in range(len(numbers)):
            for change in (-1, 1):
                if numbers[place] + change >= 0:
                    changed = [*numbers[:place], numbers[place] + change, *numbers[place + 1:]]
                    refused += not accepts(formula, False, encode_numbers(changed))
    assert refused > 500


def test_a_proof_for_finite_time_does_not_pass_for_infinite_time():
    formula = read("G F p -> F G p")
    text = encode_proof(decide(formula, True, soon()))
    assert accepts(formula, True, text) and not accepts(formula, False, text)


def test_limits_end_the_search_with_their_reason():
    hard = rename_atoms(counter(14, "comes"))[0]
    began = time.monotonic()
    found = decide(hard, False, soon(0.3), try_tiny=False)
    assert isinstance(found, Exhausted) and found.reason == "timeout" and time.monotonic() - began < 2
    assert decide(hard, False, soon(), Budget(is_stopped=lambda: True)).reason == "stopped"
    chain = rename_atoms(responses(10))[0]
    assert decide(chain, False, soon(), Budget(max_certificate_numbers=100)).reason == "size"
    assert decide(hard, False, soon(), Budget(max_trace_bytes=10_000)).reason == "size"


def test_a_core_that_would_be_too_large_is_refused():
    text = "p"
    for _ in range(20):
        text = f"q W ({text})"
    with pytest.raises(GoalTooLarge):
        decide(read(text), False, soon())
    with pytest.raises(GoalTooLarge):
        decide(read("At 1001 p"), False, soon())


@pytest.mark.parametrize("goal", ["F F F a", "F(a & P(b S a))", "G(b -> F F a) \\/ F F a"])
def test_a_long_trace_is_explained_soon(goal):
    question = chrono.overlay().read(Reading(goal, {"trace": [["b"]] * 5_000}))
    began = time.monotonic()
    found = question.search(began + 10, Budget())
    told = question.explain(False, found.certificate, question.script(False, found.certificate), None)
    assert told.model.document()["falsification_trace"]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("goal", ["At " + "9" * 10_000 + " p", "At 1001 p"])
def test_a_time_too_far_away_is_refused(goal):
    with pytest.raises(GoalTooLarge, match="over the limit of At 1000"):
        chrono.overlay().read(Reading(goal))


@pytest.mark.parametrize("to", ["black", "nusmv", "fo", "core", "nnf"])
def test_nothing_is_written_of_a_time_too_far_away(to):
    with pytest.raises(GoalTooLarge, match="over the limit of At 1000"):
        operations.transform({"goal": "At 999999999999 p", "to": to}, lambda reading: {})


def test_no_two_atoms_become_one_predicate():
    assert notations.first_order(parse("f(a) <-> f_a", signature=CHRONO), False) == "(f_a_2(0) <-> f_a(0))"


def test_many_times_far_away_are_refused_at_once():
    began = time.thread_time()
    with pytest.raises(GoalTooLarge, match="with At written out"):
        chrono.overlay().read(Reading("At 1000 " * 40_000 + "p"))
    assert time.thread_time() - began < 2


@pytest.mark.parametrize("to", ["black", "nusmv"])
def test_a_deep_formula_is_written_in_little_memory(to):
    tracemalloc.start()
    result = operations.transform({"goal": "X " * 30_000 + "p", "to": to}, lambda reading: {})["result"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result == "X " * 30_000 + "p" and peak < 100_000_000
