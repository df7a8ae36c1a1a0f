"""Goals about time through the real pipeline: Coq's kernel accepts what is right, and nothing else."""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.chrono_families import counter, responses
from pxl.certificates.certificate import decode_numbers, encode_numbers
from pxl.errors import KernelDisagreement, RequestError
from pxl.formula import Formula, format_formula
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.chrono.overlay import Chrono, overlay
from pxl.overlays.contract import Reading
from pxl.prover.session import CLOSED
from pxl.search.elimination import Budget, Exhausted
from pxl.verdict.checker import Checker
from pxl.verdict.reference.chrono import accepts, holds
from tests.support.chrono import random_formula
from tests.support.chrono_identities import ALWAYS, BOTH, NEVER, START

RANDOM_FORMULAS = 400
SEMANTICS = ("infinite", "finite")


def soon(seconds: float = 30.0) -> float:
    return time.monotonic() + seconds


@pytest.fixture(scope="module")
def chrono() -> Chrono:
    return overlay()


@pytest.fixture(scope="module")
def ask(prover, chrono):
    """Ask as a client would, and return the outcome with its explanation."""
    def ask(goal, assumptions=(), consequence="global", **options):
        question = chrono.read(Reading(goal, options, tuple(assumptions), consequence))
        outcome = prover.decide(question, soon())
        proved = outcome.verdict == "proved"
        return outcome, question.explain(proved, outcome.certificate, outcome.script, outcome.used)

    return ask


@pytest.fixture(scope="module")
def everywhere(ask):
    """Return the verdicts on many (goal, options) at once, each checked by the kernel."""
    def everywhere(asked):
        def one(question):
            goal, options = question
            outcome, _ = ask(goal, **options)
            # Long texts travel by primitive arrays, which are then among the assumptions.
            assert outcome.checked.assumptions == CLOSED or "unpack" in "".join(outcome.script.sentences)
            return outcome.verdict

        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(one, asked))

    return everywhere


def test_the_laws_of_linear_time_are_proved_and_what_looks_like_one_is_refuted(everywhere):
    asked, expected = [], []
    for at, laws in (("always", ALWAYS), ("start", START)):
        for text, where in laws:
            for semantics in SEMANTICS:
                asked.append((text, {"at": at, "semantics": semantics}))
                expected.append("proved" if where in (BOTH, semantics) else "refuted")
    assert sum(where != NEVER for _, where in (*ALWAYS, *START)) >= 150
    assert sum(where == NEVER for _, where in (*ALWAYS, *START)) >= 30
    verdicts = everywhere(asked)
    assert not [(*question, verdict) for question, verdict, right in zip(asked, verdicts, expected, strict=True)
                if verdict != right]


def test_random_formulas_are_certified_and_agree_with_the_textbook_s_definitions(everywhere, chrono):
    asked, formulas = [], []
    for seed in range(RANDOM_FORMULAS):
        chance = random.Random(50_000 + seed)
        formula = random_formula(chance, 2, chance.randint(2, 10))
        formulas.append(formula)
        asked.append((format_formula(formula, signature=CHRONO), {"semantics": SEMANTICS[seed & 1]}))
    verdicts = everywhere(asked)
    assert len(verdicts) == RANDOM_FORMULAS and set(verdicts) == {"proved", "refuted"}
    for formula, verdict, (_, options) in zip(formulas, verdicts, asked, strict=True):
        if verdict == "proved":
            chance = random.Random(1)
            for _ in range(20):
                moments = [{name for name in ("p1", "p2") if chance.random() < 0.5} for _ in range(chance.randint(1, 5))]
                loop = None if options["semantics"] == "finite" else chance.randrange(len(moments))
                assert holds(formula, moments, loop), (formula, moments, loop)


def test_random_traces_are_evaluated_as_the_textbook_defines(everywhere):
    asked, expected = [], []
    for seed in range(150):
        chance = random.Random(seed)
        formula = random_formula(chance, 2, chance.randint(2, 8))
        trace = [[name for name in ("p1", "p2") if chance.random() < 0.5] for _ in range(chance.randint(1, 6))]
        asked.append((format_formula(formula, signature=CHRONO), {"trace": trace}))
        expected.append("proved" if holds(formula, [set(moment) for moment in trace], None) else "refuted")
    assert everywhere(asked) == expected


def test_a_chain_of_ten_responses_and_a_counter_of_six_bits_are_certified(everywhere):
    families = [(responses(10), "proved"), (counter(6, "comes"), "proved"), (counter(6, "recurs"), "proved"),
                (counter(6, "never"), "refuted")]
    asked = [(format_formula(formula, signature=CHRONO), {}) for formula, _ in families]
    assert everywhere(asked) == [verdict for _, verdict in families]


def test_goals_of_every_size_are_certified(everywhere):
    parts = [f"G(a{k} -> F b{k})" for k in range(120)]
    long = " /\\ ".join(f"({part} \\/ ~{part})" for part in parts)
    assert everywhere([(long, {}), (f"({long}) /\\ X q", {}), (f"({long}) /\\ X q", {"semantics": "finite"}),
                       ("~" * 3000 + "p -> p", {}), ("X " * 800 + "TOP", {}), ("At 900 p -> F p", {})]) == [
        "proved", "refuted", "refuted", "proved", "proved", "proved"]


def test_anchored_and_floating_validity_differ_where_the_past_is_spoken_of(ask):
    anchored, told = ask("Y p -> F p")
    assert anchored.verdict == "proved" and told.statement == "true at time 0 of every infinite run"
    floating, told = ask("Y p -> F p", at="always")
    assert floating.verdict == "refuted" and told.statement == "not true at every time of every infinite run"


def test_a_trace_that_fails_says_when_first_and_why(ask):
    log = [["proof"], ["allow"], [], ["allow", "other"]]
    outcome, told = ask("G(allow -> Y proof)", trace=log)
    assert outcome.verdict == "refuted"
    document = told.model.document()
    assert document["kind"] == "trace" and document["fails_at"] == {"time": 3, "formula": "allow -> Y(proof)"}
    assert "allow is true at time 3" in document["reason"] and "the given trace of 4 moments" in told.words
    outcome, told = ask("G(allow -> P proof)", trace=log)
    assert outcome.verdict == "proved" and told.statement == "true at time 0 of the given trace of 4 moments"


@pytest.mark.parametrize(("consequence", "verdict"), [("global", "proved"), ("local", "refuted")])
def test_assumptions_hold_at_every_time_or_at_that_of_the_goal(ask, consequence, verdict):
    outcome, told = ask("G(req -> F done)", ["req -> F ack", "unused", "ack -> X done"], consequence)
    assert outcome.verdict == verdict
    if verdict == "proved":
        assert outcome.used == (0, 2)
    else:
        held = told.model.document()["assumptions"]
        assert [line["formula"] for line in held] == ["req -> F(ack)", "unused", "ack -> X(done)"]
        assert all(0 in line["holds_at"] for line in held)


def test_floating_local_consequence_speaks_of_each_time(ask):
    assert ask("Y p", ["p /\\ Y q"], "local", at="always")[0].verdict == "refuted"
    outcome, told = ask("P p", ["Y p"], "local", at="always")
    assert outcome.verdict == "proved" and outcome.used == (0,)
    assert told.statement == "true at every time of every infinite run at which the assumptions are true"


def test_every_example_gets_its_verdict(ask, chrono):
    for example in chrono.examples:
        outcome, _ = ask(example.goal, example.assumptions, example.consequence, **example.options)
        assert outcome.verdict == example.verdict, example.summary


def test_a_changed_certificate_is_refused_or_is_another_proof(prover, chrono):
    checker, counts, chance = Checker(prover.pool), Counter(), random.Random(7)
    for goal in ("G(p -> F q) -> (G F p -> G F q)", "G(p -> P q) <-> (~p) W q", "p /\\ G(p -> X p) -> G p"):
        question = chrono.read(Reading(goal))
        text = question.search(soon(), Budget()).certificate
        numbers = decode_numbers(text)
        for _ in range(60):
            changed = list(numbers)
            place = chance.randrange(len(changed))
            changed[place] = max(0, changed[place] + chance.choice((-2, -1, 1, 2)))
            mutant = encode_numbers(changed)
            expected = accepts(question.whole, False, mutant)
            try:
                checker.check(question.script(True, mutant), soon())
                counts["accepted"] += 1
                assert expected, mutant
            except KernelDisagreement:
                counts["refused"] += 1
                assert not expected, mutant
    assert counts["refused"] > 120


@pytest.mark.parametrize(("goal", "proved", "certificate", "options"), [
    ("F p -> P p", False, "1100", {}),                          # p now: the goal holds there
    ("F p -> P p", False, "2010", {"semantics": "finite"}),     # a loop where time ends
    ("p", False, "1", {}),                                      # no moments
    ("G p -> p", True, "0", {}),
    ("p", True, "0", {"trace": [[]]}),
    ("p", False, "0", {"trace": [["p"]]}),
])
def test_a_forged_certificate_is_no_answer(prover, chrono, goal, proved, certificate, options):
    question = chrono.read(Reading(goal, options))
    with pytest.raises((KernelDisagreement, ValueError)):
        Checker(prover.pool).check(question.script(proved, certificate), soon())


def test_the_text_of_every_operator_is_the_one_that_coq_prints(everywhere):
    operators = ["X p", "F p", "G p", "Y p", "Z p", "P p", "H p", "BOX p", "DIA p", "At 12 p", "~p", "p U q", "p W q", "p R q",
                 "p M q", "p S q", "p T q", "p /\\ q", "p \\/ q", "p -> q", "p <-> q", "BOT", "TOP"]
    asked = [(f"({text}) -> ({text})", {}) for text in operators]
    padding = " /\\ ".join(f"(a{k} -> a{k})" for k in range(60))
    asked += [(f"(({text}) -> ({text})) /\\ {padding}", {}) for text in operators]     # read from a table
    assert set(everywhere(asked)) == {"proved"}


def test_equal_questions_have_equal_keys_and_others_have_not(chrono):
    def key(goal, **more):
        return chrono.read(Reading(goal, more.get("options", {}), more.get("assumptions", ()),
                                   more.get("consequence", "global"))).key

    assert key("G a -> b") == key("G x -> y")
    different = [key("F p"), key("F p", options={"semantics": "finite"}), key("F p", options={"at": "always"}),
                 key("F p", options={"trace": [["p"]]}), key("F p", options={"trace": [[]]}), key("G F p"),
                 key("F p", assumptions=("p",)), key("F p", assumptions=("p",), consequence="local"), key("BOX p -> F p")]
    assert len(set(different)) == len(different)


@pytest.mark.parametrize("request_", [
    {"goal": 5}, {"goal": "p", "options": {"trace": [["p -> q"]]}}, {"goal": "p", "options": {"trace": [["("]]}},
    {"goal": "p", "options": {"trace": [["p"]], "semantics": "infinite"}},
    {"goal": "p", "options": {"trace": [["p"]]}, "assumptions": ("p",)}, {"goal": "p", "assumptions": ("q ->",)},
    {"goal": "p", "assumptions": (5,)}, {"goal": "p U"}])
def test_what_cannot_be_read_is_refused_in_words(chrono, request_):
    with pytest.raises(RequestError):
        chrono.read(Reading(request_["goal"], request_.get("options", {}), request_.get("assumptions", ())))


def test_a_drawing_shows_the_loop_between_marks(ask):
    _, told = ask("G F p -> F G p")
    lines = told.model.lines()
    assert lines[0] == "time  |:  0  1  :|" and lines[1] == "p     |   x  .   |"
    assert lines[2] == "The goal is false at time 0; after time 1 comes time 0 again, for ever."
    assert told.model.document()["loop"] == {"from": 0, "to": 1}


def test_a_long_log_is_drawn_around_the_moment_where_the_goal_fails(ask):
    log = [["ok"]] * 600
    log[500] = []
    outcome, told = ask("G ok", trace=log)
    assert outcome.verdict == "refuted" and told.model.document()["fails_at"] == {"time": 500, "formula": "ok"}
    head, row, *_ = told.model.lines()
    assert head.split()[1:] == [str(k) for k in range(488, 512)] and row.split().index(".") == 13
    assert "... and 576 more moments" in told.model.lines()


def test_a_goal_and_a_trace_that_are_too_much_together_are_not_evaluated(chrono):
    goal = " /\\ ".join(f"G(a{k} -> F b{k})" for k in range(200))
    found = chrono.read(Reading(goal, {"trace": [["a1"]] * 10_000})).search(soon(), Budget())
    assert isinstance(found, Exhausted) and found.reason == "size"


def test_a_view_unrolls_the_loop_until_the_past_repeats(ask):
    _, told = ask("F(p /\\ Y Y Y TOP /\\ X X F p) -> q")
    document = told.model.document()
    holds_at = {line["formula"]: line["holds_at"] for line in document["subformulas"]}
    assert holds_at["Y(Y(Y(~BOT)))"] == [time["time"] for time in document["times"]][3:]


def test_the_formula_that_coq_is_asked_is_the_one_in_the_statement(chrono):
    question = chrono.read(Reading("q U At 3 p", {"at": "always"}))
    assert question.whole == Formula((("atom", "p1"), ("atom", "p2"), ("at:3", 1), ("until", 0, 2), ("globally", 3)))
    assert question.normalized == "q U At 3(p)" and dict(question.names) == {"p1": "q", "p2": "p"}
    script = question.script(False, question.search(soon(), Budget()).certificate)
    assert script.statement == "~ Valid (Globally (Until (Atom 1) (At 3 (Atom 2))))"
