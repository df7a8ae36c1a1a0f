"""How formulas of the other languages are read and printed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxl.errors import FormulaSyntaxError
from pxl.formula import (
    Builder,
    Formula,
    Infix,
    Limits,
    Prefix,
    Signature,
    atoms,
    format_formula,
    node_texts,
    parse,
)
from pxl.formula.lexer import is_atom_name
from pxl.formula.signature import CONNECTIVES, NEGATION
from pxl.formula.table import canonical
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.modal.language import MODAL
from tests.support.languages import SIGNATURES

LABELS = {"…": ("a", "anna", "1", "K"), "№": ("0", "5", "12")}
ATOMS = ("a", "p1", "q_2", "Good(x)", "f(a,g(b),3)", "At", "until")


def ops(signature: Signature) -> tuple[list[str], list[str]]:
    unary = [op for prefix in signature.prefixes if not prefix.inner
             for op in ([prefix.op[:-1] + label for label in LABELS[prefix.op[-1]]]
                        if prefix.op[-1] in LABELS else [prefix.op])]
    return unary, [infix.op for infix in signature.infixes]


@st.composite
def formulas_of(draw, signature: Signature, max_steps: int = 25) -> Formula:
    unary, binary = ops(signature)
    build = Builder(signature)
    stack = [build.bot()]
    for step in draw(st.lists(st.sampled_from([*ATOMS, *unary, *binary]), max_size=max_steps)):
        if step in unary:
            stack.append(build.node(step, stack.pop()))
        elif step not in binary:
            stack.append(build.atom(step))
        elif len(stack) > 1:
            right = stack.pop()
            stack.append(build.node(step, stack.pop(), right))
    return build.formula(stack[-1])


@pytest.mark.parametrize("name", SIGNATURES)
@given(data=st.data())
def test_the_parser_reads_back_what_the_printer_prints(name, data):
    signature = SIGNATURES[name]
    formula = data.draw(formulas_of(signature))
    text = format_formula(formula, signature=signature)
    assert parse(text, signature=signature) == formula
    assert format_formula(formula, len(text), signature) == text
    whole = [format_formula(canonical(formula.nodes, i), signature=signature) for i in range(len(formula.nodes))]
    assert node_texts(formula, 30, signature) == [t if len(t) <= 30 else None for t in whole]


@pytest.mark.parametrize("name", SIGNATURES)
@given(text=st.text(alphabet=st.sampled_from("pKGUA[]<>()~&->|_ 5t\n"), max_size=30))
def test_any_text_is_read_or_refused(name, text):
    signature = SIGNATURES[name]
    try:
        formula = parse(text, signature=signature)
    except FormulaSyntaxError as error:
        assert error.expected and 1 <= error.column <= len(text) + 1
    else:
        assert parse(format_formula(formula, signature=signature), signature=signature) == formula


@pytest.mark.parametrize("name, text, reading", [
    ("modal", "[a]p -> <b>q", "BOX[a](p) -> DIA[b](q)"),
    ("modal", "K[a] p & B[b](p | q)", "BOX[a](p) /\\ BOX[b](p \\/ q)"),
    ("modal", "box [ anna ] p", "BOX[anna](p)"),
    ("modal", "□[1] p -> ◇[1] p", "BOX[1](p) -> DIA[1](p)"),
    ("modal", "[][a]<>p", "BOX(BOX[a](DIA(p)))"),
    ("modal", "not [a] p", "~BOX[a](p)"),
    ("modal", "BOX(K -> B)", "BOX(K -> B)"),
    ("modal", "p<->q", "p <-> q"),
    ("themi", "O p -> P p", "O(p) -> P(p)"),
    ("themi", "F(p & q) -> O ~p", "O(~(p /\\ q)) -> O(~p)"),
    ("themi", "O p -> BOX DIA p", "O(p) -> BOX(DIA(p))"),
    ("doxa", "B[a] p -> ~B[a] ~p", "B[a](p) -> ~B[a](~p)"),
    ("doxa", "M[a] p", "M[a](p)"),
    ("gnosi", "K[a] p -> p", "K[a](p) -> p"),
    ("gnosi", "D p <-> K[D] p", "D(p) <-> D(p)"),
    ("gnosi", "<a>~p", "M[a](~p)"),
    ("tense", "p -> G P p", "p -> G(P(p))"),
    ("tense", "H p -> ~P ~p", "H(p) -> ~P(~p)"),
    ("chrono", "G(req -> F ack) -> (G F req -> G F ack)", "G(req -> F(ack)) -> (G(F(req)) -> G(F(ack)))"),
    ("chrono", "p U q U r", "p U (q U r)"),
    ("chrono", "p U q & r S s", "(p U q) /\\ (r S s)"),
    ("chrono", "~p U X q", "~p U X(q)"),
    ("chrono", "p -> q W r", "p -> (q W r)"),
    ("chrono", "p M q R r T s", "p M (q R (r T s))"),
    ("chrono", "At 5 p -> at  05(p)", "At 5(p) -> At 5(p)"),
    ("chrono", "At 5 X p", "At 5(X(p))"),
    ("chrono", "at(5) & At", "at(5) /\\ At"),
    ("chrono", "G(allow -> P proof)", "G(allow -> P(proof))"),
    ("chrono", "H Z Y BOX p -> <>p", "H(Z(Y(BOX(p)))) -> DIA(p)"),
    ("chrono", "x U u", "x U u"),
    ("chrono", "Goal(g) U Until", "Goal(g) U Until"),
])
def test_readings(name, text, reading):
    assert format_formula(parse(text, signature=SIGNATURES[name]), signature=SIGNATURES[name]) == reading


@pytest.mark.parametrize("name, text, column, says", [
    ("pxl", "G p", 3, "the overlay chrono has them"),
    ("modal", "[a b]p", 1, "a labelled box is BOX[a] or [a]"),
    ("modal", "K p", 3, "Behind `K` a label is missing, as in `K[a]`."),
    ("modal", "[a]", 4, "expected an atom, `~`, `BOX`, `DIA`, `BOX[a]`, `DIA[a]`"),
    ("modal", "p U q", 3, "the overlay chrono has them"),
    ("gnosi", "B[a] p", 2, "found `[a]`"),
    ("themi", "P -> Q", 3, "`P` is an operator of themi (dia:O): an atom needs another name."),
    ("themi", "p -> F", 7, "`F` is an operator of themi (box:O neg): an atom needs another name."),
    ("chrono", "f(G)", 3, "`G` is an operator of chrono (globally)"),
    ("chrono", "P & Q", 3, "`P` is an operator of chrono (once)"),
    ("chrono", "U", 1, "`U` is an operator of chrono (until)"),
    ("chrono", "[a]p", 1, "Only round parentheses group"),
    ("chrono", "p q", 3, "expected `U`, `W`, `R`, `M`, `S`, `T`, `/\\`, `\\/`, `->`, `<->` or the end of the goal"),
    ("chrono", "At x", 4, "an operator is needed"),
    ("chrono", "At 5x p", 4, "found `5x`"),
])
def test_what_is_said(name, text, column, says):
    with pytest.raises(FormulaSyntaxError) as caught:
        parse(text, signature=SIGNATURES[name])
    assert caught.value.column == column
    assert says in caught.value.detail


@pytest.mark.parametrize("name, text", [
    ("modal", "[a]" * 40_000 + "p"), ("modal", "K[a](" * 40_000 + "p" + ")" * 40_000), ("chrono", "p U " * 40_000 + "q"),
    ("chrono", "At 5 " * 40_000 + "p"), ("themi", "F " * 20_000 + "p"), ("chrono", "X" + " X" * 40_000 + " p")])
def test_deep_formulas_are_read_and_printed_without_recursion(name, text):
    limits = Limits(max_depth=100_000)
    formula = parse(text, limits, SIGNATURES[name])
    assert parse(format_formula(formula, signature=SIGNATURES[name]), limits, SIGNATURES[name]) == formula


@pytest.mark.parametrize("text", [
    "[" * 300_000, "[ " * 150_000, "K[" + " " * 300_000, "<" * 300_000, "K[a" * 100_000, "[" + "a" * 300_000,
    "At" + " " * 300_000 + "?", "At " * 100_000, "BOX " * 75_000])
def test_no_text_takes_more_than_linear_time(text):
    for signature in (MODAL, CHRONO):
        started = time.process_time()
        with pytest.raises(FormulaSyntaxError):
            parse(text, signature=signature)
        assert time.process_time() - started < 5        # quadratic would be many minutes


def test_atoms_of_a_language_are_the_names_that_are_no_operators():
    assert is_atom_name("G") and not is_atom_name("G", CHRONO)
    with pytest.raises(ValueError, match="not the canonical name"):
        Builder(CHRONO).atom("U")
    assert atoms(parse("K[a] p -> <b> q", signature=MODAL)) == ("p", "q")


def test_a_builder_refuses_operators_that_its_language_lacks():
    with pytest.raises(ValueError, match="the language modal has no prefix operator 'until'"):
        Builder(MODAL).node("until", 0, 0)
    with pytest.raises(ValueError, match="the operator until has 2 parts, not 1"):
        Builder(CHRONO).node("until", Builder(CHRONO).bot())
    with pytest.raises(ValueError, match="no prefix operator 'box:a b'"):
        format_formula(Formula((("bot",), ("box:a b", 0))), signature=MODAL)


def test_operators_of_one_strength_may_group_to_the_left():
    minus = Signature("minus", (NEGATION,), (Infix("minus", ("-",), 50), *CONNECTIVES))
    assert format_formula(parse("a - b - c & d", signature=minus), signature=minus) == "((a - b) - c) /\\ d"


def test_a_third_party_may_bring_its_own_words():
    signature = Signature("own", (NEGATION, Prefix("box:…", ("SAYS[…]",))), CONNECTIVES)
    assert parse("says[bob] ok -> ok", signature=signature).nodes == (("atom", "ok"), ("box:bob", 0), ("impl", 1, 0))
