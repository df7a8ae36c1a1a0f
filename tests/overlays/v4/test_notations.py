"""What each notation of v4 reads and writes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pxl.errors import FormulaSyntaxError, GoalTooLarge, NotSupported, RequestError
from pxl.formula import Builder, Formula, Limits, evaluate, format_formula, parse
from pxl.overlays.v4.definitions import DEFINED, expand
from pxl.overlays.v4.detect import NOTATIONS, READABLE, WRITABLE, read_goal
from pxl.overlays.v4.reading import TARGETS, language_of

LIMITS = Limits()
MAX_CHARS = 1_000_000
MODAL_OPS = ("box", "dia")
LABELLED = ("box:a", "dia:a", "box:bob", "dia:1")
LINEAR = ("next", "eventually", "globally")
PAST = ("prev", "weak_prev", "once", "historically")
BINARY = ("conj", "disj", "impl", "iff")
LINEAR_BINARY = ("until", "weak_until", "release", "strong_release")
PAST_BINARY = ("since", "triggered")

# Which formulas each notation can write so that it reads them back: operators, and atoms.
WORDS = ("p", "q1", "req", "A", "Good_2", "x")
GROUND = (*WORDS, "Good(x)", "f(a,g(B),3)", "T()")
LETTERS = ("p", "q", "r1")
SPANS = {
    "text": (("neg", *MODAL_OPS, *LABELLED), BINARY, (*GROUND, "F")),
    "chrono": (("neg", *MODAL_OPS, *LINEAR, *PAST, "at:5"), (*BINARY, *LINEAR_BINARY, *PAST_BINARY),
               tuple(name for name in GROUND if not name.startswith("T"))),
    "json": (("neg", *MODAL_OPS, *LABELLED), BINARY, (*GROUND, "F", "implies_", "bottom")),
    "json-type": (("neg", *MODAL_OPS, *LABELLED), BINARY, GROUND),
    "json-list": (("neg", *MODAL_OPS, *LABELLED), BINARY, (*GROUND, "bottom")),
    "latex": (("neg", *MODAL_OPS, *LABELLED), BINARY, GROUND),
    "polish": (("neg", *MODAL_OPS), BINARY, LETTERS),
    "sexp": (("neg", *MODAL_OPS, *LABELLED), BINARY, (*GROUND, "F", "next", "until")),
    "tptp": (("neg", *MODAL_OPS, *LABELLED), BINARY, GROUND),
    "qmltp": (("neg", *MODAL_OPS, *LABELLED), BINARY, GROUND),
    "nusmv": (("neg", *LINEAR, *PAST), (*BINARY, "until", "release", *PAST_BINARY), WORDS),
    "black": (("neg", *LINEAR, *PAST), (*BINARY, *LINEAR_BINARY, *PAST_BINARY), WORDS),
    "spot": (("neg", *LINEAR), (*BINARY, *LINEAR_BINARY), tuple(word for word in WORDS if word[0] != "G")),
}
# The temporal operators of the notations that are not for linear time only.
WIDER = {
    "json": SPANS["chrono"], "json-type": SPANS["chrono"], "json-list": SPANS["chrono"], "sexp": SPANS["chrono"],
    "latex": (("neg", *MODAL_OPS, *LINEAR, *PAST), SPANS["chrono"][1], SPANS["chrono"][2]),
}
READERS = {"json-type": "json", "json-list": "json"}


@st.composite
def formulas_of(draw, unary, binary, names, max_steps: int = 20) -> Formula:
    build = Builder(TARGETS["chrono"] if set(unary) & set(LINEAR) else TARGETS["modal"])
    stack = [build.atom(draw(st.sampled_from(names)))]
    for step in draw(st.lists(st.sampled_from([*names, *unary, *binary, "BOT"]), max_size=max_steps)):
        if step in unary:
            stack.append(build.node(step, stack.pop()))
        elif step in binary:
            if len(stack) > 1:
                right = stack.pop()
                stack.append(build.node(step, stack.pop(), right))
        else:
            stack.append(build.bot() if step == "BOT" else build.atom(step))
    return build.formula(stack[-1])


def read(notation: str, goal: object, target: str | None = None) -> Formula:
    return read_goal(goal, LIMITS, notation, target).read.formula


def text_of(formula: Formula) -> str:
    return format_formula(formula, signature=TARGETS[language_of(formula)])


def there_and_back(notation: str, formula: Formula) -> Formula:
    written = NOTATIONS[notation].write(formula, MAX_CHARS)
    if not isinstance(written, str):
        written = json.loads(json.dumps(written))
    return read(READERS.get(notation, notation), written)


@pytest.mark.parametrize("notation", SPANS)
@given(data=st.data())
def test_what_a_notation_writes_it_reads_back(notation, data):
    formula = data.draw(formulas_of(*SPANS[notation]))
    assert there_and_back(notation, formula) == formula


@pytest.mark.parametrize("notation", WIDER)
@given(data=st.data())
def test_formulas_of_linear_time_are_read_back(notation, data):
    formula = data.draw(formulas_of(*WIDER[notation]))
    assert there_and_back(notation, formula) == formula


def common(one: str, other: str) -> tuple[tuple[str, ...], ...] | None:
    shared = tuple(tuple(item for item in mine if item in theirs)
                   for mine, theirs in zip(SPANS[one], SPANS[other], strict=True))
    return shared if shared[2] and shared[0] else None


PAIRS = [(one, other) for one in SPANS for other in SPANS if one != other and common(one, other)]


@pytest.mark.parametrize("one, other", PAIRS)
@settings(max_examples=12)
@given(data=st.data())
def test_a_formula_goes_from_one_notation_to_another_and_back(one, other, data):
    formula = data.draw(formulas_of(*common(one, other), max_steps=8))
    assert there_and_back(other, there_and_back(one, formula)) == formula


def test_every_pair_of_notations_is_tried():
    assert len(PAIRS) == len(SPANS) * (len(SPANS) - 1)
    assert set(SPANS) | {"coq"} == set(WRITABLE)
    assert set(READABLE) <= set(SPANS)


@pytest.mark.parametrize("notation, goal, reading", [
    ("text", "p xor q -> p nand q", "~(p <-> q) -> ~(p /\\ q)"),
    ("text", "p nor q | r", "~(p \\/ q) \\/ r"),
    ("text", "p ⥽ q ⥽ r", "BOX(p -> BOX(q -> r))"),
    ("text", "∇p", "DIA(p) /\\ DIA(~p)"),
    ("text", "⊤ ⊕ ⊥", "~(~BOT <-> BOT)"),
    ("chrono", "G(p xor X p)", "G(~(p <-> X(p)))"),
    ("json", {"type": "implies", "left": "A", "right": "A"}, "A -> A"),
    ("json", {"type": "box", "arg": {"type": "not", "operand": "A"}}, "BOX(~A)"),
    ("json", {"op": "box", "arg": "A"}, "BOX(A)"),
    ("json", {"op": "and", "args": ["A", "B", "C"]}, "(A /\\ B) /\\ C"),
    ("json", {"op": "and", "args": []}, "~BOT"),
    ("json", {"op": "or", "args": []}, "BOT"),
    ("json", {"op": "or", "args": ["A"]}, "A"),
    ("json", {"op": "box", "agent": "a", "args": [{"atom": "Good(x)"}]}, "BOX[a](Good(x))"),
    ("json", {"op": "xor", "args": ["A", True]}, "~(A <-> ~BOT)"),
    ("json", {"type": "atom", "name": "true"}, "~BOT"),
    ("json", ["->", "A", ["box", "B"]], "A -> BOX(B)"),
    ("json", ["G", ["->", "p", ["F", "q"]]], "G(p -> F(q))"),
    ("json", ["at:05", "p"], "At 5(p)"),
    ("json", {"op": "at", "time": 5, "arg": "p"}, "At 5(p)"),
    ("json", '{"op": "implies", "args": ["A", "B"]}', "A -> B"),
    ("json", "true", "~BOT"),
    ("json", '["not", false]', "~BOT"),
    ("latex", "$\\Box (A \\to B) \\to \\left(\\Box A \\rightarrow \\Box B\\right)$", "BOX(A -> B) -> (BOX(A) -> BOX(B))"),
    ("latex", "\\neg p_{1} \\land q_1 \\lor \\varphi", "(~p_1 /\\ q_1) \\/ varphi"),
    ("latex", "\\Box_a p \\leftrightarrow \\Diamond_{bob} p", "BOX[a](p) <-> DIA[bob](p)"),
    ("latex", "\\mathsf{K}_a p", "BOX[a](p)"),
    ("latex", "\\mathbf{G} (p \\to \\mathcal{F} q)", "G(p -> F(q))"),
    ("latex", "p \\mathsf{U} q", "p U q"),
    ("latex", "\\mathrm{Good}(x) \\wedge \\mathit{ok} \\,", "Good(x) /\\ ok"),
    ("latex", "\\top \\oplus \\bot", "~(~BOT <-> BOT)"),
    ("latex", "\\[ p \\Rightarrow q \\]", "p -> q"),
    ("polish", "CLpLLp", "BOX(p) -> BOX(BOX(p))"),
    ("polish", "CKpqApq", "(p /\\ q) -> (p \\/ q)"),
    ("polish", "E Np1 Mq", "~p1 <-> DIA(q)"),
    ("polish", "DpXqJrO", "~(p /\\ ~(q \\/ ~(r <-> BOT)))"),
    ("sexp", "(implies p (box q))", "p -> BOX(q)"),
    ("sexp", "(-> (and p q r) (<-> |Good(x)| true))", "((p /\\ q) /\\ r) -> (Good(x) <-> ~BOT)"),
    ("sexp", "(box :a (| p q))", "BOX[a](p \\/ q)"),
    ("sexp", "(U p (at :05 q))", "p U At 5(q)"),
    ("tptp", "{$box} @ (p) => p", "BOX(p) -> p"),
    ("tptp", "[.] p & <.> @ q", "BOX(p) /\\ DIA(q)"),
    ("tptp", "{$knows(#a)} @ (p) => {$knows(#b)} @ 'Q'", "BOX[a](p) -> BOX[b](Q)"),
    ("tptp", "{$forbidden} @ (p) <~> {$permissible} @ (p)", "~(BOX(~p) <-> DIA(p))"),
    ("tptp", "p <= q & $true", "(q /\\ ~BOT) -> p"),
    ("tptp", "% a comment\ntff(p_decl, type, p: $o).\ntff(goal, conjecture, (p ~| q) ~& r).", "~(~(p \\/ q) /\\ r)"),
    ("qmltp", "qmf(con,conjecture,\n((#dia : (p)) => ((#box : (q)) => (#dia : (q))))).", "DIA(p) -> (BOX(q) -> DIA(q))"),
    ("qmltp", "#box(a) : p | ~ p", "BOX[a](p) \\/ ~p"),
    ("nusmv", "LTLSPEC G (req -> F ack)", "G(req -> F(ack))"),
    ("nusmv", "LTLSPEC NAME spec1 := p -> q <-> r; -- here", "p -> (q <-> r)"),
    ("nusmv", "p U q U r", "(p U q) U r"),
    ("nusmv", "p V q & O p | TRUE xnor !Y q", "((p R q) /\\ P(p)) \\/ ~BOT <-> ~Y(q)"),
    ("black", "G (p -> wX q) && O p S q", "G(p -> ~X(~q)) /\\ (P(p) S q)"),
    ("black", "p U q U r || !p M q", "(p U (q U r)) \\/ (~p M q)"),
    ("spot", "[](p -> <>q) W r", "G(p -> F(q)) W r"),
    ("spot", "p -> q <-> r", "p -> (q <-> r)"),
    ("spot", "p xor q & 1 | 0", "~(p <-> ((q /\\ ~BOT) \\/ BOT))"),
    ("spot", "G F p", "G(F(p))"),
])
def test_readings(notation, goal, reading):
    shown = read(notation, goal)
    expected = parse(reading, signature=TARGETS[language_of(shown)])
    if notation == "nusmv" and "xnor" in str(goal):
        expected = parse("((p R q) /\\ P(p) \\/ ~BOT) <-> ~Y(q)", signature=TARGETS["chrono"])
    assert text_of(shown) == text_of(expected)


@pytest.mark.parametrize("notation, goal, says", [
    ("latex", "\\forall x. p", "Line 1, column 1: found `\\forall`"),
    ("latex", "\\forall x. p", "Quantifiers are not supported"),
    ("latex", "p \\land {q \\to r}", "Braces cannot be seen in print"),
    ("latex", "p \\foo q", "`\\foo` is no command of this notation"),
    ("latex", "\\Box_ab p", "stands in braces: _{ab}"),
    ("latex", "p \\land", "found the end of the goal, expected an atom, `\\neg`"),
    ("polish", "CpQ", "column 3: found `Q`"),
    ("polish", "Cp", "`C` in column 1 has 1 of its 2 parts"),
    ("polish", "pq", "column 2: found `q`, expected the end of the goal"),
    ("polish", "Πxp", "Quantifiers are not supported"),
    ("polish", "", "The goal is empty"),
    ("sexp", "(forall x p)", "Quantifiers are not supported"),
    ("sexp", "(foo p)", "`foo` is no operator; a ground atom stands between bars"),
    ("sexp", "(implies p)", "`implies` has 1 parts; it takes 2"),
    ("sexp", "(implies p q", "1 parentheses are still open"),
    ("sexp", "p q", "The formula is complete before"),
    ("sexp", ")", "No parenthesis is open here"),
    ("sexp", "((p) q)", "found `(`, expected an operator"),
    ("tptp", "tff(a, conjecture, ! [X] : p(X)).", "Quantifiers are not supported"),
    ("tptp", "tff(a, conjecture, ! [X] : p(X)).", "column 20: found `! [X] :`"),
    ("tptp", "p(X) => p(X)", "A name that begins with a capital is a variable"),
    ("tptp", "a = b", "Equality is not supported"),
    ("tptp", "{$common($agents:=[a,b])} @ (p)", "is not supported"),
    ("tptp", "{$box} @ ('a b')", "A quoted name is read when"),
    ("tptp", "tff(a, axiom, p). tff(b, conjecture, q).", "axiom, can be sent as an assumption"),
    ("tptp", "tff(a, conjecture, p", "is not closed"),
    ("tptp", "tff(a, conjecture, p)", "ends with a full stop"),
    ("tptp", "tff(s, logic, $modal == [$modalities == $modal_system_GL]). tff(a, conjecture, p).", "The systems that are read"),
    ("tptp", "tff(s, logic, $temporal_instant == []). tff(a, conjecture, p).", "The logics that are read"),
    ("qmltp", "qmf(con,conjecture,( #box : ( ! [X] : f(X) ) )).", "Quantifiers are not supported"),
    ("nusmv", "LTLSPEC state = critical", "Comparisons are not supported"),
    ("nusmv", "LTLSPEC G proc1.busy", "DEFINE a name for the component"),
    ("nusmv", "CTLSPEC AG p", "Branching time is not supported"),
    ("nusmv", "SPEC AG p", "Branching time is not supported"),
    ("nusmv", "F [0, 3] p", "Bounded operators are not supported"),
    ("black", "forall x . p(x)", "First-order formulas are not supported"),
    ("spot", "GFa", "write a blank behind the operator"),
    ("spot", "{a;b}!", "SERE operators are not supported"),
    ("spot", 'G "a b"', "Quoted propositions are not supported"),
    ("json", {"op": "forall", "var": "x", "body": "p"}, "quantifiers are not supported"),
    ("json", {"op": "implies", "args": ["A"]}, "At $: `implies` has 1 parts; it takes 2"),
    ("json", {"op": "implies", "args": ["A", {"op": "not", "arg": "a b"}]}, 'At $.args[1].arg: "a b" is no atom'),
    ("json", {"left": "A", "right": "B"}, 'needs one member "op" or "type"'),
    ("json", {"op": "box", "agent": "a b", "arg": "p"}, "is no label"),
    ("json", {"op": "and", "left": "A"}, 'the parts of "and" are in "args"'),
    ("json", ["and", "A", 3], "At $[2]: 3 is no formula"),
    ("json", ["and", "A", None], "At $[2]: null is no formula"),
    ("json", '{"op": ', "Expecting value"),
    ("json", "[" * 100_000, "nests too deeply"),
    ("json", {"op": "not", "args": []}, "`not` has 0 parts"),
    ("json", {"op": "at", "arg": "p"}, "takes a time"),
    ("text", "forall x. P(x)", "no quantifiers"),
    ("text", "G p", "the overlay chrono has them"),
])
def test_what_is_said(notation, goal, says):
    with pytest.raises((FormulaSyntaxError, GoalTooLarge)) as caught:
        read(notation, goal)
    assert says in caught.value.detail


@pytest.mark.parametrize("system, logic", [
    ("$modal_system_K", "k"), ("$modal_system_S4", "s4"), ("$modal_system_S5", "s5"), ("$modal_system_D", "d"),
    ("[$modal_axiom_K, $modal_axiom_T]", "t"), ("[ $modal_axiom_K,$modal_axiom_D,$modal_axiom_4,$modal_axiom_5 ]", "kd45")])
def test_the_logic_specification_selects_the_logic_of_modal(system, logic):
    text = (f"tff(spec, logic, $alethic_modal == [ $domains == $constant, $designation == $rigid, $terms == $local, "
            f"$modalities == {system} ] ).\ntff(goal, conjecture, {{$necessary}} @ (p) => p).")
    found = read_goal(text, LIMITS)
    assert (found.read.target, dict(found.read.options)) == ("modal", {"logic": logic})
    assert text_of(found.read.formula) == "BOX(p) -> p"


@pytest.mark.parametrize("notation, formula, says", [
    ("polish", "A -> A", "the atom `A` cannot be written in Polish"),
    ("nusmv", "Good(x)", "rename it"),
    ("black", "G -> G", "rename it"),
    ("spot", "Fair", "rename it"),
    ("coq", "[a]p", "for formulas of pxl"),
    ("spot", "[a]p", "has no operator for box:a"),
    ("json", "~" * 500 + "p", "as JSON it may nest 200"),
    ("json", f"At {'9' * 5_000} p", "more than 18 digits"),
    ("nusmv", f"At {'9' * 5_000} p", "no operator for at:9"),
])
def test_what_cannot_be_written_is_said(notation, formula, says):
    with pytest.raises((NotSupported, GoalTooLarge), match=says):
        NOTATIONS[notation].write(read("chrono" if formula.startswith("At") else "text", formula), MAX_CHARS)


@pytest.mark.parametrize("notation, formula, written", [
    ("nusmv", "p W q", "LTLSPEC q V (p | q);"), ("nusmv", "p M q", "LTLSPEC q U (p & q);"),
    ("nusmv", "BOX p", "LTLSPEC H(G(p));"), ("black", "DIA p", "O(F(p))"),
    ("black", "At 2 p", "O(!Y(!False) && X(X(p)))"),
])
def test_operators_that_a_tool_lacks_are_written_by_their_definitions(notation, formula, written):
    assert NOTATIONS[notation].write(read("chrono", formula), MAX_CHARS) == written


def test_a_coq_term_names_its_atoms():
    assert NOTATIONS["coq"].write(read("text", "A -> BOX(Good(x))"), MAX_CHARS) == (
        "Impl (Atom 1) (Box (Atom 2)) (* Atom 1 is A, Atom 2 is Good(x) *)")


@pytest.mark.parametrize("notation", [name for name in WRITABLE if name != "coq"])
def test_an_exponentially_long_text_is_refused_at_once(notation):
    build = Builder()
    node = build.atom("p")
    for _ in range(150):
        node = build.conj(node, node)
    with pytest.raises(GoalTooLarge):
        NOTATIONS[notation].write(build.formula(node), 100_000)


@pytest.mark.parametrize("op, table", [("xor", 0b0110), ("nand", 0b0111), ("nor", 0b0001), ("implied", 0b1011)])
def test_defined_connectives_have_their_truth_tables(op, table):
    worlds = [set(), {"A"}, {"B"}, {"A", "B"}]
    formula = expand(Formula((("atom", "A"), ("atom", "B"), (op, 0, 1))))
    assert evaluate(formula, worlds)[-1] == {"implied": 0b1011}.get(op, table)


def test_strict_implication_and_contingency_are_modal():
    strict = expand(Formula((("atom", "A"), ("atom", "B"), ("strict", 0, 1))))
    assert strict == parse("BOX(A -> B)")
    assert expand(Formula((("atom", "A"), ("contingent", 0)))) == parse("DIA A & DIA ~A")
    assert set(DEFINED) == {"xor", "nand", "nor", "strict", "implied", "contingent"}


@pytest.mark.parametrize("notation, text", [
    ("latex", "\\Box (" * 20_000 + "p" + ")" * 20_000), ("tptp", "{$box} @ (" * 20_000 + "p" + ")" * 20_000),
    ("sexp", "(not " * 20_000 + "p" + ")" * 20_000), ("polish", "N" * 20_000 + "p"), ("nusmv", "X " * 20_000 + "p"),
    ("black", "p U " * 20_000 + "q"), ("qmltp", "#box : (" * 20_000 + "p" + ")" * 20_000)])
def test_deep_formulas_are_read_without_recursion(notation, text):
    assert len(read(notation, text).nodes) >= 20_000


def test_deep_json_is_read_without_recursion():
    value = "p"
    for _ in range(20_000):
        value = ["not", value]
    assert len(read("json", value).nodes) == 20_001


@pytest.mark.parametrize("text", [
    "/*" * 100_000, "{$" * 100_000, "![" * 100_000, "'" * 200_001, "a" * 200_000, "\\mathrm{" * 50_000, "#box(" * 50_000,
    "tff(a,type,p:$o)." * 20_000, "(" * 200_000, "\\Box_{" * 50_000, "|a" * 100_000, "a_{" * 60_000, "--" * 100_000,
    "LTLSPEC NAME " * 20_000, "$" * 200_000, "A[" * 100_000, "= " * 100_000])
def test_no_text_takes_any_reader_more_than_linear_time(text):
    import time
    started = time.process_time()
    for name in READABLE:
        try:
            read(name, text)
        except RequestError:
            continue
    assert time.process_time() - started < 20      # quadratic would be many minutes
