"""What docs/chrono.md shows is so, and the operations do what it says."""

from __future__ import annotations

import json
import random
import re
import time
from pathlib import Path

import pytest

from pxl.errors import InvalidOption, NotSupported
from pxl.formula import Builder, format_formula, parse, rename_atoms
from pxl.overlays.chrono import rewrite
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.chrono.notations import first_order
from pxl.overlays.chrono.overlay import overlay
from pxl.overlays.chrono.proof import Proof
from pxl.overlays.chrono.search import decide
from pxl.overlays.contract import Reading
from pxl.verdict.reference.chrono import holds
from tests.support.chrono import random_formula

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "chrono.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"^(\{.*\}) +(proved|refuted)$", DOCUMENT, re.M)
TRANSFORMS = re.findall(r"^transform (\{.*?\}) {2,}(.+)$", DOCUMENT, re.M)


def soon() -> float:
    return time.monotonic() + 30


@pytest.fixture(scope="module")
def operations():
    return {operation.name: operation.run for operation in overlay().operations}


@pytest.fixture(scope="module")
def ask(prover):
    """Answer a reading by the kernel, as an operation's second argument does."""
    def ask(reading: Reading) -> dict:
        question = overlay().read(reading)
        outcome = prover.decide(question, soon())
        told = question.explain(outcome.verdict == "proved", outcome.certificate, outcome.script, outcome.used)
        return {"ok": outcome.verdict == "proved", "verdict": outcome.verdict, "statement": told.statement}

    return ask


def never(reading: Reading) -> dict:
    raise AssertionError("this operation asks nothing")


@pytest.mark.parametrize(("request_", "verdict"), QUESTIONS)
def test_the_questions_of_the_document_get_the_verdicts_that_it_says(ask, request_, verdict):
    body = json.loads(request_)
    assert body.pop("overlay") == "chrono"
    reading = Reading(body.pop("goal"), assumptions=tuple(body.pop("assumptions", ())),
                      consequence=body.pop("consequence", "global"), options=body)
    assert set(body) <= set(overlay().options)
    assert ask(reading)["verdict"] == verdict


@pytest.mark.parametrize(("request_", "result"), TRANSFORMS)
def test_the_transformations_of_the_document_are_what_it_says(operations, request_, result):
    assert operations["transform"](json.loads(request_), never)["result"] == result


def test_the_document_shows_enough_and_lists_every_option_and_operation():
    assert len(QUESTIONS) >= 15 and len(TRANSFORMS) == 7
    for option in overlay().options:
        assert f"| `{option}` |" in DOCUMENT
    for operation in overlay().operations:
        assert f"* `{operation.name}`" in DOCUMENT
    for prefix in CHRONO.prefixes:
        assert f"`{prefix.spellings[0]} p`".replace("№", "5") in DOCUMENT or prefix.op == "neg"


def test_normal_forms_are_equivalent_and_the_kernel_says_so(operations, ask):
    for seed in range(12):
        chance = random.Random(seed)
        text = format_formula(random_formula(chance, 2, 7), signature=CHRONO)
        request = {"goal": text, "form": chance.choice(("nnf", "core")), "semantics": chance.choice(("finite", "omega"))}
        reply = operations["normalize"](request, ask)
        assert reply["equivalence"]["ok"], reply
        normal = parse(reply["normalized"], signature=CHRONO)
        if request["form"] == "nnf":
            assert not {"impl", "iff"} & {node[0] for node in normal.nodes}
        else:
            assert {node[0] for node in normal.nodes} <= {"atom", "bot", "neg", "conj", "disj", "impl", "iff", "next",
                                                          "until", "prev", "since"}


def test_normal_forms_of_random_formulas_are_equivalent_to_them():
    for seed in range(200):
        chance, finite = random.Random(seed), bool(seed & 1)
        formula = random_formula(chance, 3, chance.randint(3, 9))
        for normal in (rewrite.core(formula), rewrite.negation_normal_form(formula, finite)):
            b = Builder(CHRONO)
            whole = b.formula(b.node("globally", b.iff(b.insert(formula), b.insert(normal))))
            assert isinstance(decide(rename_atoms(whole)[0], finite, soon()), Proof), formula


def test_finite_time_is_decided_inside_infinite_time():
    for seed in range(300):
        chance = random.Random(seed)
        formula = random_formula(chance, 2, chance.randint(3, 9))
        inside, alive = rewrite.finite_to_omega(formula)
        assert alive == "alive"
        finite = decide(formula, True, soon())
        assert isinstance(finite, Proof) == isinstance(decide(rename_atoms(inside)[0], False, soon()), Proof), formula


def test_validate_evaluates_a_trace_or_decides_a_formula(operations, ask):
    log = [["proof"], ["allow"]]
    assert operations["validate"]({"goal": "G(allow -> Y proof)", "trace": log}, ask)["ok"]
    assert not operations["validate"]({"goal": "G(allow -> Y proof)"}, ask)["ok"]
    reply = operations["validate"]({"goal": "F ~X TOP", "semantics": "finite", "at": "always"}, ask)
    assert reply["ok"] and reply["statement"] == "true at every time of every finite run"
    assert operations["validate"]({"goal": "F q", "assumptions": ["p -> X q", "p"]}, ask)["ok"]


def test_atoms_that_other_programs_cannot_read_are_renamed(operations):
    reply = operations["transform"]({"goal": "G(Good(a) -> X X1) /\\ TRUEish U good_a", "to": "nusmv"}, never)
    assert reply["result"] == "(G (good_a_2 -> X X1) & (TRUEish U good_a))" and reply["atoms"] == {"good_a_2": "Good(a)"}
    assert operations["transform"]({"goal": "BOX p \\/ DIA q", "to": "black"}, never)["result"] == "(H G p | O F q)"
    assert operations["transform"]({"goal": "At 2 p", "to": "black"}, never)["result"] == "O (!(Y True) & X X p)"


def test_a_tensed_formula_has_no_eternal_form(operations):
    with pytest.raises(NotSupported, match="weak until"):
        operations["transform"]({"goal": "BOX(p W q)", "to": "eternal"}, never)


def test_the_first_order_formula_means_what_the_tensed_one_does():
    for seed in range(200):
        chance = random.Random(seed)
        formula = random_formula(chance, 2, chance.randint(1, 5))
        size = chance.randint(1, 4)
        moments = [{name for name in ("p1", "p2") if chance.random() < 0.5} for _ in range(size)]
        text = first_order(formula, True)
        assert _means(text, moments) == holds(formula, moments, None), text


def _means(text: str, moments: list[set[str]]) -> bool:
    """Evaluate a first-order formula over the times of a trace, by turning it into an expression of this language."""
    tokens = re.findall(r"exists|forall|<->|->|<=|[A-Za-z_0-9]+|[()&|~=<+]", text)
    place = 0

    def peek() -> str:
        return tokens[place] if place < len(tokens) else ""

    def take(expected: str | None = None) -> str:
        nonlocal place
        token = tokens[place]
        assert expected in (None, token), (expected, tokens[place - 3:place + 3])
        place += 1
        return token

    def unit():
        token = take()
        if token == "~":
            body = unit()
            return lambda env: not body(env)
        if token in ("exists", "forall"):
            name = take()
            take("(")
            body = binary()
            take(")")
            which = any if token == "exists" else all
            return lambda env: which(body({**env, name: k}) for k in range(len(moments) + 1))
        if token == "(":
            body = binary()
            take(")")
            return body
        if token == "false":
            return lambda env: False
        if peek() == "(":
            take("(")
            time = take()
            take(")")
            return lambda env: value(time, env) < len(moments) and token in moments[value(time, env)]
        left = [token]
        while peek() == "+":
            left += [take(), take()]
        sign = take()
        right = [take()]
        while peek() == "+":
            right += [take(), take()]
        return lambda env: compare(total(left, env), sign, total(right, env))

    def total(parts: list[str], env: dict) -> int:
        return sum(value(part, env) for part in parts if part != "+")

    def compare(a: int, sign: str, b: int) -> bool:
        return a <= b if sign == "<=" else a < b if sign == "<" else a == b

    def value(name: str, env: dict) -> int:
        return int(name) if name.isdigit() else len(moments) - 1 if name == "n" else env[name]

    def binary():
        parts = [unit()]
        signs = []
        while peek() in ("&", "|", "->", "<->"):
            signs.append(take())
            parts.append(unit())
        # & binds tighter than ->; other signs stand alone between parentheses.
        if "->" in signs:
            cut = signs.index("->")
            first, second = parts[:cut + 1], parts[cut + 1:]
            return lambda env: not all(part(env) for part in first) or all(part(env) for part in second)
        if signs and signs[0] == "|":
            return lambda env: any(part(env) for part in parts)
        if signs and signs[0] == "<->":
            return lambda env: parts[0](env) == parts[1](env)
        return lambda env: all(part(env) for part in parts)

    whole = binary()
    assert place == len(tokens)
    return whole({})


def test_a_trace_is_finite(operations):
    with pytest.raises(InvalidOption):
        overlay().read(Reading("p", {"trace": [["p"]], "semantics": "omega"}))
