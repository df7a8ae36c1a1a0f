"""How a formula is printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxl.errors import GoalTooLarge
from pxl.formula import Builder, Formula, format_formula, node_texts, parse
from pxl.formula.table import canonical
from tests.support.strategies import formulas, tree

OPS = {"conj": "/\\", "disj": "\\/", "impl": "->", "iff": "<->"}


def bare(t) -> str:
    """Print a tree as the contract with the kernel defines it."""
    match t:
        case ("atom", name):
            return name
        case ("bot",):
            return "BOT"
        case ("neg", a):
            return "~" + unit(a)
        case ("box", a):
            return f"BOX({bare(a)})"
        case ("dia", a):
            return f"DIA({bare(a)})"
        case (op, a, b):
            return f"{unit(a)} {OPS[op]} {unit(b)}"


def unit(t) -> str:
    return f"({bare(t)})" if t[0] in OPS else bare(t)


@given(formulas())
def test_the_parser_reads_back_what_the_printer_prints(formula):
    assert parse(format_formula(formula)) == formula


@given(formulas())
def test_the_text_is_the_canonical_one(formula):
    assert format_formula(formula) == bare(tree(formula))


@pytest.mark.parametrize("text", [
    "BOX(A -> A)", "A -> BOX(A)", "(A /\\ B) -> C", "~(A /\\ B)", "BOX(BOX(A)) -> ~~A", "DIA(~A <-> BOT)", "~BOT", "A", "f(a,g(b))",
    "~BOX(A \\/ B)", "(A -> B) -> (A \\/ (B \\/ C))"])
def test_canonical_text_is_its_own_canonical_text(text):
    assert format_formula(parse(text)) == text


@given(formulas(), st.integers(0, 40))
def test_node_texts_are_the_texts_of_the_subformulas_up_to_the_limit(formula, max_chars):
    whole = [format_formula(canonical(formula.nodes, i)) for i in range(len(formula.nodes))]
    assert node_texts(formula, max_chars) == [t if len(t) <= max_chars else None for t in whole]


@given(formulas(), st.integers(0, 60))
def test_a_text_over_the_limit_is_refused(formula, max_chars):
    text = format_formula(formula)
    if len(text) <= max_chars:
        assert format_formula(formula, max_chars) == text
    else:
        with pytest.raises(GoalTooLarge, match=f"limit of {max_chars} characters"):
            format_formula(formula, max_chars)


def test_an_exponentially_long_text_is_refused_at_once():
    build = Builder()
    node = build.atom("A")
    for _ in range(5_000):
        node = build.conj(node, node)
    with pytest.raises(GoalTooLarge):
        format_formula(build.formula(node), 1_000_000)
    assert node_texts(build.formula(node), 20)[-1] is None


def test_long_names_and_deep_formulas_are_printed_whole():
    name = "x" * 1_000
    nested = "~(" * 3_000 + f"{name} -> {name}" + ")" * 3_000
    text = format_formula(parse(nested))
    assert text == "~" * 3_000 + f"({name} -> {name})"
    chain = parse(" -> ".join(["A"] * 3_000))
    assert format_formula(chain) == "A -> (" * 2_998 + "A -> A" + ")" * 2_998
    assert format_formula(Formula((("atom", name),))) == name
