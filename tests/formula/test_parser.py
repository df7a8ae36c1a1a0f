"""How a goal's text is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxl.errors import FormulaSyntaxError, GoalTooLarge
from pxl.formula import Formula, Limits, format_formula, height, parse
from tests.support.languages import CLIENT_GOALS
from tests.support.strategies import formulas, tree

UNBOUNDED = Limits(max_chars=10**9, max_nodes=10**9, max_depth=10**9)

SPELLINGS = {
    "neg": ("~", "!", "¬", " not "),
    "box": ("BOX ", "[]", "□", " box "),
    "dia": ("DIA ", "DIAMOND ", "<>", "◇", " diamond "),
    "conj": ("/\\", "&", "&&", "∧", " and "),
    "disj": ("\\/", "|", "||", "∨", " or "),
    "impl": ("->", "=>", "→", " implies "),
    "iff": ("<->", "<=>", "↔", " iff "),
    "bot": (" BOT ", " false ", "⊥"),
}
STRENGTH = {"iff": 1, "impl": 2, "disj": 3, "conj": 4, "neg": 5, "box": 5, "dia": 5, "atom": 6, "bot": 6}


def read(text: str) -> str:
    return format_formula(parse(text))


@pytest.mark.parametrize("goal", CLIENT_GOALS)
def test_goals_that_clients_send_have_their_reading(goal):
    assert read(goal) == CLIENT_GOALS[goal]


@pytest.mark.parametrize("text, reading", [
    ("~A /\\ B", "~A /\\ B"), ("BOX A /\\ B", "BOX(A) /\\ B"), ("BOX ~A", "BOX(~A)"), ("~BOX A", "~BOX(A)"),
    ("A & B & C", "(A /\\ B) /\\ C"), ("A | B | C", "(A \\/ B) \\/ C"),
    ("A -> B -> C", "A -> (B -> C)"), ("A <-> B <-> C", "A <-> (B <-> C)"),
    ("A | B & C", "A \\/ (B /\\ C)"), ("A & B | C", "(A /\\ B) \\/ C"),
    ("A -> B <-> C -> D", "(A -> B) <-> (C -> D)"), ("A <-> B -> C <-> D", "A <-> ((B -> C) <-> D)"),
    ("A & B -> C | D", "(A /\\ B) -> (C \\/ D)"), ("A -> B & C -> D", "A -> ((B /\\ C) -> D)"),
    ("not not A", "~~A"), ("<>[]~!A", "DIA(BOX(~~A))"), ("((A))", "A"), ("~(A)", "~A"), ("~(~(A & B))", "~~(A /\\ B)"),
])
def test_precedence(text, reading):
    assert read(text) == reading


@pytest.mark.parametrize("op", SPELLINGS)
def test_every_spelling_of_a_connective_is_the_same(op):
    frame = {1: "A {} B", 0: "{} A"}[op in ("conj", "disj", "impl", "iff")] if op != "bot" else "{}"
    assert len({parse(frame.format(spelling)) for spelling in SPELLINGS[op]}) == 1


@pytest.mark.parametrize("word", ["box", "Box", "BOX", "Diamond", "NOT", "Not"])
def test_words_of_the_language_are_read_in_any_capitalisation(word):
    assert len(parse(f"{word} A").nodes) == 2


def test_top_is_not_bot():
    for text in ("TOP", "true", "⊤", "True", "~BOT", "¬⊥"):
        assert parse(text).nodes == (("bot",), ("neg", 0))


def test_the_table_is_in_post_order_without_repetition():
    assert parse("(B -> A) /\\ BOX(B -> A) -> true").nodes == (
        ("atom", "B"), ("atom", "A"), ("impl", 0, 1), ("box", 2), ("conj", 2, 3),
        ("bot",), ("neg", 5), ("impl", 4, 6))


@pytest.mark.parametrize("text, name", [
    ("Good(x)", "Good(x)"), ("Good (x)", "Good(x)"), ("f( a ,\n b )", "f(a,b)"), ("g(f(a), b)", "g(f(a),b)"),
    ("SafeFilterOps()", "SafeFilterOps()"), ("f(g())", "f(g())"), ("Goal(3)", "Goal(3)"), ("f(007,x)", "f(007,x)"),
    ("_", "_"), ("G", "G"), ("forall", "forall"), ("plan_4299", "plan_4299"), ("boxes", "boxes"), ("t", "t"), ("f(t)", "f(t)"),
    ("f(" + "9" * 5_000 + ")", "f(" + "9" * 5_000 + ")"),
])
def test_a_name_with_its_arguments_is_one_atom(text, name):
    assert parse(text).nodes == (("atom", name),)


def test_atoms_are_the_same_only_when_spelled_the_same():
    assert len(parse("f(a) & f( a ) & f & f() & F(a) & f(a,a)").nodes) == 5 + 5


@pytest.mark.parametrize("blank", [" ", "\t", "\n", "\r\n", "\r", ""])
def test_blanks_and_line_breaks_separate_and_mean_nothing(blank):
    assert parse(blank.join(["", "BOX", "(", "A", "->", "A", ")", ""])) == parse("BOX(A->A)")


def test_ten_thousand_levels_of_nesting_are_read():
    n = 10_000
    assert height(parse("BOX(" * n + "A" + ")" * n)) == n
    assert height(parse("~" * n + "A")) == n
    assert height(parse("(A -> " * n + "A" + ")" * n)) == n
    assert height(parse("(" * n + "A" + " -> A)" * n)) == n
    assert height(parse("(" * n + "A" + ")" * n)) == 0
    assert height(parse("f(" * n + "a" + ")" * n)) == 0


@pytest.mark.parametrize("text", [
    "BOX(" * 100_000 + "A" + ")" * 100_000, "~" * 100_000 + "A", "[]" * 100_000 + "A", "A->" * 100_000 + "A",
    "A&" * 100_000 + "A", "(" * 100_000 + "A" + "->B)" * 100_000])
def test_deeper_goals_are_refused_with_the_number_and_the_limit(text):
    with pytest.raises(GoalTooLarge, match="nests 100,000 connectives; the limit is 50,000"):
        parse(text)
    formula = parse(text, UNBOUNDED)
    assert height(formula) == 100_000
    assert parse(format_formula(formula), UNBOUNDED) == formula
    assert hash(parse(text, UNBOUNDED)) == hash(formula)


@pytest.mark.parametrize("text", ["(" * 100_000, "[" * 100_000, "f(" * 100_000, "(" * 100_000 + "A", "~" * 100_000, "{" * 100_000])
def test_unfinished_deep_goals_are_syntax_errors(text):
    with pytest.raises(FormulaSyntaxError):
        parse(text)


def test_limits_are_inclusive():
    text = "A & ~B"
    parse(text, Limits(max_chars=6, max_nodes=4, max_depth=2))
    for limits, says in ((Limits(max_chars=5), "6 characters; the limit is 5"),
                         (Limits(max_nodes=3), "4 distinct subformulas; the limit is 3"),
                         (Limits(max_depth=1), "2 connectives; the limit is 1")):
        with pytest.raises(GoalTooLarge, match=says):
            parse(text, limits)


def test_too_long_a_text_is_refused_unread():
    with pytest.raises(GoalTooLarge, match="1,048,577 characters; the limit is 1,048,576"):
        parse("(" * (1_048_576 + 1))


def spelled(t, draw, least: int = 0) -> str:
    """Write a tree in drawn spellings with no more parentheses than the precedence asks for."""
    op, *parts = t
    if op == "atom":
        return f" {parts[0]} "
    sign = draw(st.sampled_from(SPELLINGS[op]))
    mine = STRENGTH[op]
    if not parts:
        text = sign
    elif len(parts) == 1:
        text = sign + spelled(parts[0], draw, mine)
    else:
        right = op in ("impl", "iff")
        text = spelled(parts[0], draw, mine + right) + sign + spelled(parts[1], draw, mine + (not right))
    return f"({text})" if mine < least else text


@given(formulas(), st.data())
def test_least_parentheses_in_any_spelling_read_back(formula, data):
    # Blanks between signs keep `<` and `->`, or two signs in a row, from making another sign.
    assert parse(spelled(tree(formula), lambda strategy: f" {data.draw(strategy)} ")) == formula


class Reader:
    """A second parser, by recursive descent, over tokens."""

    def __init__(self, tokens):
        self.tokens = [*tokens, "end"]

    def take(self, *options):
        return self.tokens.pop(0) if self.tokens[0] in options else None

    def goal(self):
        t = self.iff()
        assert self.tokens == ["end"]
        return t

    def iff(self):
        left = self.impl()
        return ("iff", left, self.iff()) if self.take("<->") else left

    def impl(self):
        left = self.disj()
        return ("impl", left, self.impl()) if self.take("->") else left

    def disj(self):
        left = self.conj()
        while self.take("|"):
            left = ("disj", left, self.conj())
        return left

    def conj(self):
        left = self.unit()
        while self.take("&"):
            left = ("conj", left, self.unit())
        return left

    def unit(self):
        token = self.tokens.pop(0)
        assert token not in ("end", "&", "|", "->", "<->", ")", ",")
        if token in ("~", "BOX", "<>"):
            return ({"~": "neg", "BOX": "box", "<>": "dia"}[token], self.unit())
        if token == "(":
            t = self.iff()
            assert self.take(")")
            return t
        if token == "BOT":
            return ("bot",)
        return ("atom", token + self.arguments())

    def arguments(self):
        if not self.take("("):
            return ""
        if self.take(")"):
            return "()"
        shown = []
        while True:
            token = self.take("A", "B")
            assert token
            shown.append(token + self.arguments())
            if self.take(")"):
                return f"({','.join(shown)})"
            assert self.take(",")


@given(st.lists(st.sampled_from(["A", "A", "B", "(", "(", ")", ")", ",", "&", "|", "->", "<->", "~", "BOX", "<>", "BOT"]),
                max_size=14))
def test_two_parsers_agree_on_any_tokens(tokens):
    try:
        expected = Reader(tokens).goal()
    except AssertionError:
        expected = None
    try:
        found = tree(parse(" ".join(tokens)))
    except FormulaSyntaxError:
        found = None
    assert found == expected


def test_a_formula_cannot_be_changed():
    with pytest.raises(AttributeError):
        parse("A").nodes = ()
    assert isinstance(parse("A"), Formula)
