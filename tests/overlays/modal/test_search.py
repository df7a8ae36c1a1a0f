"""The modal search: right answers in every logic, right certificates, and limits that hold."""

from __future__ import annotations

import random
import time

import pytest

from benchmarks.modal_families import FAMILIES, branch, pigeons
from pxl.errors import InvalidOption, NotSupported
from pxl.overlays.modal.certificate import Model, Proof, decode_model, encode
from pxl.overlays.modal.logics import LOGICS
from pxl.overlays.modal.rules import extended
from pxl.overlays.modal.search import decide
from pxl.overlays.modal.setting import make_setting
from pxl.search.elimination import Budget, Exhausted
from pxl.verdict.reference.modal import model_fault, proof_fault
from tests.support.modal_problems import problem_of, random_setting
from tests.support.modal_reference import NAMES, is_entailed, random_formula


def settled(problem, seconds: float = 20.0) -> bool:
    """Decide a problem and check its certificate independently; return whether it is proved."""
    found = decide(problem, time.monotonic() + seconds)
    text = encode(found) if not isinstance(found, Exhausted) else None
    assert text is not None, found
    if isinstance(found, Proof):
        assert proof_fault(problem, text) is None, (problem, proof_fault(problem, text))
        return True
    assert model_fault(problem, found) is None, (problem, model_fault(problem, found))
    assert decode_model(text, len(problem.setting.logics)) == found
    return False


@pytest.mark.parametrize("seed", range(10))
def test_every_answer_in_every_logic_agrees_with_the_elimination_of_all_types(seed):
    rng = random.Random(seed)
    for _ in range(300):
        formula = random_formula(rng, rng.randint(1, 3), rng.randint(2, 6), 5)
        for name in NAMES:
            problem = problem_of(formula, name)
            assert settled(problem) == is_entailed(problem), (formula, name)


@pytest.mark.parametrize("seed", range(4))
def test_agents_with_logics_of_their_own_and_assumptions_agree_with_it_too(seed):
    rng = random.Random(100 + seed)
    for _ in range(150):
        formula, *assumed = (random_formula(rng, 2, rng.randint(2, 5), 3, ("a", "b")) for _ in range(rng.randint(1, 3)))
        problem = problem_of(formula, {"a": rng.choice(NAMES), "b": rng.choice(NAMES)}, assumed, rng.random() < 0.5)
        if sum(node[0] in ("box", "dia", "atom") for node in problem.nodes) <= 10:
            assert settled(problem) == is_entailed(problem), (formula, assumed)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_known_together_and_what_is_past_agrees_with_it_too(seed):
    rng = random.Random(200 + seed)
    for _ in range(100):
        formula = random_formula(rng, 2, rng.randint(3, 6), 5, ("D", "a", "b"))
        problem = problem_of(formula, dict.fromkeys("Dab", "s5"), inclusions=[("D", "a"), ("D", "b")])
        assert settled(problem) == is_entailed(problem), formula
        duty = problem_of(random_formula(rng, 2, rng.randint(3, 6), 5, ("O", "")), {"O": rng.choice(("d", "kd45")), "BOX": "s5"},
                          inclusions=[("O", "BOX")])
        assert settled(duty) == is_entailed(duty)
        past = problem_of(random_formula(rng, 2, rng.randint(3, 6), 5, ("F", "P")), dict.fromkeys("FP", "k"),
                          converses=[("F", "P")])
        assert settled(past) == is_entailed(past)


@pytest.mark.parametrize("seed", range(4))
def test_however_relations_are_tied_together_every_question_is_settled(seed):
    rng = random.Random(300 + seed)
    extra = decided = 0
    for _ in range(150):
        logics, inclusions, converses = random_setting(rng)
        labels = tuple(name if name != "BOX" else "" for name in logics)
        formulas = [random_formula(rng, 3, rng.randint(3, 6), 10, labels) for _ in range(rng.choice((1, 1, 2)))]
        try:
            problem = problem_of(formulas[0], logics, formulas[1:], rng.random() < 0.5, inclusions, converses)
        except (InvalidOption, NotSupported):
            continue
        settled(problem)
        decided += 1
        extra += extended(problem)[1]
    assert decided > 60 and extra > 10


@pytest.mark.parametrize(("goal", "given", "proved"), [
    ("[a]p -> [a][a]p", {"logics": {"a": "k4"}}, True),
    ("[b]p -> [a][a]p", {"logics": {"a": "k4", "b": "k"}, "inclusions": [("a", "b")]}, True),
    ("[b]p -> [a][a]p", {"logics": {"a": "k", "b": "k"}, "inclusions": [("a", "b")]}, False),
    ("[b]p -> p", {"logics": {"a": "t", "b": "k"}, "inclusions": [("a", "b")]}, True),
    ("[c]p -> [a]p", {"logics": "k", "inclusions": [("a", "b"), ("b", "c")]}, True),
    ("[b]p -> <b>p", {"logics": {"a": "d", "b": "k"}, "inclusions": [("a", "b")]}, True),
    ("p -> [a]<b>p", {"logics": {"a": "k", "b": "kb"}, "inclusions": [("a", "b")]}, True),
    ("p -> [a][a]<b>p", {"logics": {"a": "k4", "b": "kb"}, "inclusions": [("a", "b")]}, True),
    ("[F]p -> [F][F]p", {"logics": "k4", "converses": [("F", "P")]}, True),
    ("p -> [F][F]<P>p", {"logics": "k4", "converses": [("F", "P")]}, True),
    ("p -> [F][F]<P>p", {"logics": "k", "converses": [("F", "P")]}, False),
])
def test_relations_hand_on_what_ties_them(goal, given, proved):
    assert settled(problem_of(goal, **given)) is proved


def test_global_assumptions_hold_everywhere_and_local_ones_here():
    assert settled(problem_of("[][]p", "k", ["p"]))
    assert not settled(problem_of("[]p", "k", ["p"], is_global=False))
    assert settled(problem_of("p", "k", ["p"], is_global=False))
    assert settled(problem_of("q", "k", ["p", "~p"], is_global=False))
    assert settled(problem_of("[]q", "d", ["p -> <>~p", "p -> []p", "p"]))
    assert settled(problem_of("q", "k", ["BOT"]))
    assert settled(problem_of("p -> p", "k", ["p -> p"]))


def test_countermodels_are_small():
    for goal, logic, worlds in (("A -> []A", "k", 2), ("[]A -> A", "k", 1), ("[]A -> [][]A", "t", 3), ("<>A -> []<>A", "s4", 2),
                                ("<>A /\\ <>B -> <>(A /\\ B)", "s5", 2), ("[]<>A -> <>[]A", "s4", 2), ("[]([]A -> A) -> []A", "k4", 1)):
        found = decide(problem_of(goal, logic), time.monotonic() + 10)
        assert isinstance(found, Model) and len(found.worlds) <= worlds, (goal, found)


@pytest.mark.parametrize("logic", FAMILIES)
def test_the_families_are_what_they_say(logic):
    for family in FAMILIES[logic].values():
        for size in (1, 2, 4):
            assert settled(problem_of(family(size, True), logic))
            assert not settled(problem_of(family(size, False), logic))


def test_a_deep_goal_costs_no_stack():
    goal = "[]" * 3000 + "p -> " + "[]" * 3000 + "p"
    assert settled(problem_of(goal, "k")) and settled(problem_of(goal, "s4"))
    assert not settled(problem_of("[]" * 300 + "p", "s4"))


def test_a_search_ends_soon_after_its_deadline():
    problem = problem_of(branch(14, False), "k")
    began = time.monotonic()
    found = decide(problem, began + 0.2)
    assert isinstance(found, Exhausted) and found.reason == "timeout"
    assert time.monotonic() - began < 2


def test_a_search_that_nobody_waits_for_stops():
    stopped = iter([False] * 20)
    found = decide(problem_of(branch(14, False), "k"), time.monotonic() + 60,
                   Budget(is_stopped=lambda: next(stopped, True)))
    assert isinstance(found, Exhausted) and found.reason == "stopped"


def test_a_proof_over_the_budget_is_not_given():
    found = decide(problem_of(pigeons(4, True), "k"), time.monotonic() + 10, Budget(max_certificate_numbers=100))
    assert isinstance(found, Exhausted) and found.reason == "size"


@pytest.mark.parametrize("seed", range(3))
def test_the_reference_checker_rejects_what_is_mutated_unless_it_proves_the_same(seed):
    rng = random.Random(seed)
    rejected = 0
    for goal, logic in (("[](p -> q) -> ([]p -> []q)", "k"), ("[]p -> [][]p", "s4"), ("<>p -> []<>p", "kd45"), ("p -> []<>p", "b")):
        problem = problem_of(goal, logic)
        found = decide(problem, time.monotonic() + 10)
        for _ in range(40):
            text = list(encode(found))
            text[rng.randrange(len(text))] = chr(48 + rng.randrange(32))
            rejected += proof_fault(problem, "".join(text)) is not None
    assert rejected > 100


def test_many_tied_relations_are_settled_at_once():
    names = [f"a{k}" for k in range(101)]
    began = time.monotonic()
    setting, order = make_setting(names[:1], dict.fromkeys(names, LOGICS["k"]), list(zip(names, names[1:])))
    assert (len(order), len(setting.included)) == (101, 5050)
    assert time.monotonic() - began < 2


def test_a_search_that_needs_too_much_memory_ends():
    found = decide(problem_of(branch(9, False), "k"), time.monotonic() + 60, Budget(max_trace_bytes=1_000_000))
    assert isinstance(found, Exhausted) and found.reason == "size"
