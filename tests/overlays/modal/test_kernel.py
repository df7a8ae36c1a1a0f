"""The modal overlay before the real kernel: the textbook's table, random questions, and certificates that are wrong."""

from __future__ import annotations

import random
import time

import pytest

from pxl.errors import CoqRejected, InvalidOption, NotSupported
from pxl.overlays.contract import Reading
from pxl.overlays.modal.certificate import Proof, decode_model, encode
from pxl.overlays.modal.overlay import modal as overlay
from pxl.overlays.modal.search import decide
from pxl.prover.session import CLOSED
from pxl.search.elimination import Budget
from pxl.verdict.checker import ALLOWED_PRIMITIVES
from pxl.verdict.reference.modal import model_fault, proof_fault
from tests.support.modal import accept, batch, modal_session
from tests.support.modal_problems import problem_of, random_setting
from tests.support.modal_reference import NAMES, random_formula

ALL = set(NAMES)
SERIAL = {"d", "t", "b", "d4", "s4", "kd45", "s5"}
REFLEXIVE = {"t", "b", "s4", "s5"}
SYMMETRIC = {"b", "kb", "s5"}
TRANSITIVE = {"k4", "d4", "s4", "k45", "kd45", "s5"}
EUCLIDEAN = {"k45", "kd45", "s5"}

# By the textbook (Chellas; Hughes and Cresswell): in which logics each formula is valid.
TABLE = {
    "[](p -> q) -> ([]p -> []q)": ALL,                      # K
    "[](p /\\ q) <-> ([]p /\\ []q)": ALL,
    "<>(p \\/ q) <-> (<>p \\/ <>q)": ALL,
    "~[]p <-> <>~p": ALL,
    "[]TOP": ALL,
    "[](p \\/ q) -> []p \\/ <>q": ALL,
    "[]p -> <>p": SERIAL,                                   # D
    "<>TOP": SERIAL,
    "[]p -> p": REFLEXIVE,                                  # T
    "p -> <>p": REFLEXIVE,
    "p -> []<>p": SYMMETRIC,                                # B
    "<>[]p -> p": SYMMETRIC,
    "[]p -> [][]p": TRANSITIVE,                             # 4
    "<><>p -> <>p": TRANSITIVE,
    "<>p -> []<>p": EUCLIDEAN,                              # 5
    "<>[]p -> []p": EUCLIDEAN,
    "[]([]p -> p)": REFLEXIVE | EUCLIDEAN,                  # U: shift reflexive
    "[](p -> []<>p)": SYMMETRIC | EUCLIDEAN,                # shift symmetric
    "[][]p -> []p": REFLEXIVE | EUCLIDEAN,                  # C4: dense
    "<>[]p -> []<>p": SYMMETRIC | EUCLIDEAN,                # G: convergent
    "[]([]p -> q) \\/ []([]q -> p)": EUCLIDEAN,             # L: connected
    "[]p -> []<>p": REFLEXIVE | EUCLIDEAN | {"d4"},
    "[]<>p -> <>[]p": set(),                                # McKinsey
    "[]([]p -> p) -> []p": set(),                           # Löb
    "[]([](p -> []p) -> p) -> p": set(),                    # Grzegorczyk
    "<>p -> []p": set(),
    "p -> []p": set(),
    "[](p \\/ q) -> []p \\/ []q": set(),
}


def soon(seconds: float = 20.0) -> float:
    return time.monotonic() + seconds


@pytest.fixture(scope="module")
def session():
    with modal_session() as started:
        yield started


def claim_of(problem):
    found = decide(problem, soon())
    return problem, isinstance(found, Proof), encode(found)


@pytest.mark.parametrize("logic", NAMES)
def test_the_textbook_table_is_complete_and_certified(session, logic):
    claims = [claim_of(problem_of(goal, logic)) for goal in TABLE]
    for (goal, logics), (_, proved, _) in zip(TABLE.items(), claims, strict=True):
        assert proved == (logic in logics), (goal, logic)
    assert accept(session, batch(claims, True)) == CLOSED


@pytest.mark.parametrize("logic", NAMES)
def test_random_questions_are_certified(session, logic):
    rng = random.Random(f"kernel {logic}")
    claims = []
    for _ in range(40):
        formulas = [random_formula(rng, 3, rng.randint(2, 6), 6, ("", "", "a")) for _ in range(rng.choice((1, 1, 2)))]
        claims.append(claim_of(problem_of(formulas[0], {"BOX": logic, "a": rng.choice(NAMES)}, formulas[1:],
                                          rng.random() < 0.5)))
    assert accept(session, batch(claims, True)) == CLOSED


def test_random_questions_about_tied_relations_are_certified(session):
    rng = random.Random("ties")
    claims = []
    while len(claims) < 60:
        logics, inclusions, converses = random_setting(rng)
        labels = tuple(name if name != "BOX" else "" for name in logics)
        try:
            claims.append(claim_of(problem_of(random_formula(rng, 2, rng.randint(3, 6), 6, labels), logics,
                                              inclusions=inclusions, converses=converses)))
        except (InvalidOption, NotSupported):
            continue
    assert {proved for _, proved, _ in claims} == {True, False}
    assert accept(session, batch(claims, True)) == CLOSED


SOURCES = [("[](p -> q) -> ([]p -> []q)", "k", ()), ("[]p -> [][]p", "s4", ()), ("<>p -> []<>p", "kd45", ()), ("p -> []<>p", "b", ()),
           ("[]p -> <>p", "d", ()), ("[][]q", "t", ("p", "p -> q")), ("[a]p /\\ [b](p -> q) -> [a][b]q", "s5", ()),
           ("p -> []p", "s4", ()), ("[]<>p -> <>[]p", "k4", ()), ("[a]p -> [b]p", "kd45", ()), ("<>p", "d4", ("p -> q",))]


def mutated(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text))
    match rng.randrange(4):
        case 0:
            return text[:place] + text[place + 1:]
        case 1:
            return text[:place] + chr(48 + rng.randrange(64)) + text[place:]
        case 2:
            other = rng.randrange(len(text))
            low, high = sorted((place, other))
            return text[:low] + text[high:high + 1] + text[low + 1:high] + text[low:low + 1] + text[high + 1:]
        case _:
            return text[:place] + chr(48 + rng.randrange(32)) + text[place + 1:]


@pytest.mark.parametrize("kind", ["proof", "countermodel"])
def test_coq_rejects_every_mutated_certificate_that_is_wrong(session, kind):
    rng = random.Random(kind)
    wrong = []
    for goal, logic, assumed in SOURCES:
        problem, proved, text = claim_of(problem_of(goal, logic, assumed))
        if proved != (kind == "proof"):
            continue
        for _ in range(80):
            changed = mutated(rng, text)
            if proved:
                fault = proof_fault(problem, changed)
            else:
                try:
                    fault = model_fault(problem, decode_model(changed, len(problem.setting.logics)))
                except ValueError:
                    continue    # Coq may read lists that are left over, or missing, as another model
            if fault is not None:
                wrong.append((problem, proved, changed))
    assert len(wrong) > 60
    assert accept(session, batch(wrong, False)) == CLOSED


def test_a_certificate_proves_nothing_in_another_logic_or_under_fewer_assumptions(session):
    claims = []
    for goal, logics in TABLE.items():
        proofs = {logic: claim_of(problem_of(goal, logic))[2] for logic in logics}
        for logic in ALL - logics:
            claims += [(problem_of(goal, logic), True, text) for text in list(proofs.values())[:3]]
            _, proved, model = claim_of(problem_of(goal, logic))
            assert not proved
            claims += [(problem_of(goal, other), False, model) for other in sorted(logics)[:3]]
    problem, proved, text = claim_of(problem_of("[][]p", "k", ["p"]))
    assert proved
    claims += [(problem_of("[][]p", "k", ["p"], is_global=False), True, text), (problem_of("[][]p", "k", ["q"]), True, text)]
    assert len(claims) > 300
    assert accept(session, batch(claims, False)) == CLOSED


def test_a_whole_script_proves_what_it_states_and_a_false_one_is_refused(session):
    for goal, logic, assumed in SOURCES:
        question = overlay().read(Reading(goal, {"logic": logic}, assumed))
        found = question.search(soon(), Budget())
        assert accept(session, question.script(found.proved, found.certificate)) == CLOSED
        with pytest.raises((CoqRejected, ValueError)):
            accept(session, question.script(not found.proved, found.certificate if found.proved else "01000"))


def test_a_long_question_travels_as_arrays(session):
    chain = " /\\ ".join(f"[a](q{k} -> q{k + 1})" for k in range(60))
    for goal, assumed, proved in ((f"({chain}) -> ([a]q0 -> [a]q60)", (), True), (f"({chain}) -> ([a]q60 -> [a]q0)", (), False),
                                  ("[a]q0 -> [a]q60", tuple(f"[a](q{k} -> q{k + 1})" for k in range(60)), True)):
        question = overlay().read(Reading(goal, {"logic": "s4"}, assumed, "local"))
        found = question.search(soon(), Budget())
        assert found.proved == proved
        rests_on = accept(session, question.script(proved, found.certificate))
        assert all(line.split()[0] in ALLOWED_PRIMITIVES for line in rests_on.splitlines()[1:] if line[:1].strip())
