"""What a goal that is no formula is told."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pxl.errors import FormulaSyntaxError, GoalTooLarge
from pxl.formula import format_formula, parse


def refusal(text: str) -> FormulaSyntaxError:
    with pytest.raises(FormulaSyntaxError) as caught:
        parse(text)
    return caught.value


def test_an_error_has_place_found_expected_and_a_caret():
    error = refusal("A ->\n  BOX(B ->) /\\ C")
    assert (error.line, error.column, error.found) == (2, 11, "`)`")
    assert "an atom" in error.expected and "`BOX`" in error.expected
    assert error.excerpt == "  BOX(B ->) /\\ C\n          ^"
    assert error.detail.startswith("Line 2, column 11: found `)`, expected an atom, ")
    assert error.status == 400
    assert error.extras()["column"] == 11


@pytest.mark.parametrize("text, place, found, says", [
    ("", (1, 1), "the end of the goal", "The goal is empty"),
    (" \n\t ", (1, 1), "the end of the goal", "The goal is empty"),
    ("A ->", (1, 5), "the end of the goal", "expected an atom"),
    ("A -> \n\n", (1, 5), "the end of the goal", "expected an atom"),
    ("(A -> B", (1, 8), "the end of the goal", "1 parenthesis is still open"),
    ("((A", (1, 4), "the end of the goal", "2 parentheses are still open"),
    ("A)", (1, 2), "`)`", "No parenthesis is open here"),
    ("()", (1, 2), "`)`", "expected an atom"),
    ("A B", (1, 3), "`B`", "an operator is needed"),
    ("A ~B", (1, 3), "`~`", "or the end of the goal"),
    ("(A ~B", (1, 4), "`~`", "or `)`"),
    ("A /\\ -> B", (1, 6), "`->`", "expected an atom"),
    ("{}", (1, 1), "`{`", "Only round parentheses"),
    ("[a]p", (1, 1), "`[`", "Only round parentheses"),
    ("BOX(A'; DROP TABLE users; --)", (1, 6), "`'`", "not part of the language"),
    ("<script>alert(1)</script>", (1, 1), "`<`", "Write `<>` for a diamond"),
    ("True). Axiom cheat: False. Goal (1=2", (1, 5), "`)`", "No parenthesis is open"),
    ("A. Admitted.", (1, 2), "`.`", "no full stop"),
    ("A <- B", (1, 3), "`<`", "`<->` for equivalence, each in one piece"),
    ("A - B", (1, 3), "`-`", "Write `->` or `<->`, each in one piece"),
    ("A / \\ B", (1, 3), "`/`", "Write `/\\` or `\\/`, each in one piece"),
    ("A, B", (1, 2), "`,`", "A comma only separates"),
    ("(* A *) B", (1, 2), "`*`", "not part of the language"),
    ("A = B", (1, 3), "`=`", "Write `<->`"),
    ("A ⇒ B", (1, 3), "U+21D2 RIGHTWARDS DOUBLE ARROW", "Write `->`"),
    ("3", (1, 1), "`3`", "TOP and BOT"),
    ("3a", (1, 1), "`3a`", "begins with a letter"),
    ("f(3(x))", (1, 4), "`(`", "expected `,` or `)`"),
    ("f(a,)", (1, 5), "`)`", "expected an argument"),
    ("f(,a)", (1, 3), "`,`", "arguments are names, numbers or ground terms"),
    ("f(a b)", (1, 5), "`b`", "arguments are names, numbers or ground terms"),
    ("f(a", (1, 4), "the end of the goal", "still open"),
    ("f(a)(b)", (1, 5), "`(`", "expected"),
    ("f(box)", (1, 3), "`box`", "arguments are names, numbers or ground terms"),
    ("A (B -> C)", (1, 6), "`->`", "begins a ground atom"),
    ("f('a')", (1, 3), "`'`", "not part of the language"),
    ("f(-1)", (1, 3), "`-`", "arguments are names, numbers or ground terms"),
    ("forall x. P(x)", (1, 8), "`x`", "no quantifiers"),
    ("∀x P(x)", (1, 1), "U+2200 FOR ALL", "no quantifiers"),
    ("p U q", (1, 3), "`U`", "no temporal operators"),
    ("G p", (1, 3), "`p`", "no temporal operators"),
    ("and", (1, 1), "`and`", "expected an atom"),
    ("A and", (1, 6), "the end of the goal", "expected an atom"),
    ("iff(a)", (1, 1), "`iff`", "expected an atom"),
    ("TOP(a)", (1, 4), "`(`", "or the end of the goal"),
])
def test_what_is_said(text, place, found, says):
    error = refusal(text)
    assert ((error.line, error.column), error.found) == (place, found)
    assert says in error.detail


@pytest.mark.parametrize("char, says", [
    ("\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"), ("\u2066", "U+2066 LEFT-TO-RIGHT ISOLATE"),
    ("\u200b", "U+200B ZERO WIDTH SPACE"), ("\u200d", "U+200D ZERO WIDTH JOINER"), ("\ufeff", "U+FEFF"),
    ("\u00ad", "U+00AD SOFT HYPHEN"), ("\u00a0", "Write an ordinary space"), ("\u3000", "Write an ordinary space"),
    ("\u2028", "U+2028"), ("\x00", "U+0000"), ("\x0c", "Control characters"), ("\x1b", "Control characters"), ("\x85", "U+0085"),
    ("\ud800", "lone surrogate"), ("\udfff", "lone surrogate"), ("\ue000", "not part of the language"),
    ("\U000e0041", "U+E0041"), ("\u0410", "write `A`"), ("\u0391", "write `A`"), ("\uff21", "write `A`"),
    ("\U0001d400", "write `A`"), ("\u00e9", "write `e`"), ("\u03c6", "write `phi`"), ("\u03bb", "write `lambda`"),
    ("\u0301", "ASCII letters"), ("\u05d0", "ASCII letters"), ("\u6f22", "ASCII letters"), ("\uff13", "write `3`"),
    ("\u017f", "write `s`"), ("\u212a", "write `K`"), ("\U0001f600", "U+1F600"),
])
@pytest.mark.parametrize("frame", ["{}", "A{}", "{}A", "A -> {}", "BOX({}A)", "f({})", "f(a{})", "bo{}x A"])
def test_characters_outside_the_language_are_named(char, says, frame):
    error = refusal(frame.format(char))
    assert error.column == frame.index("{") + 1
    assert error.found.startswith(f"U+{ord(char):04X}")
    assert says in error.detail


def test_a_name_of_two_alphabets_is_spelled_out():
    assert "The name `P<U+0410>Y` mixes alphabets." in refusal("BOX(P\u0410Y)").detail


def test_a_capital_that_folds_to_ascii_is_no_word_of_the_language():
    """U+212A is lower-cased to k, and U+0130 to i with a dot: neither becomes part of a word."""
    assert refusal("\u0130ff").found.startswith("U+0130")


def test_excerpts_show_a_window_of_a_long_line():
    error = refusal("A -> " * 10_000 + "?" + " -> A" * 10_000)
    line, caret = error.excerpt.split("\n")
    assert len(line) < 100 and line[0] == line[-1] == "…"
    assert line[caret.index("^")] == "?"
    assert error.column == 50_001


def test_a_long_token_is_cut():
    assert len(refusal("A " + "x" * 100_000).detail) < 300


def test_the_caret_stands_below_the_place_behind_tabs_and_escapes():
    assert refusal("A\t\u6f22\uff1f").excerpt == "A \u6f22\uff1f\n  ^"
    assert refusal("A -> f(\u6f22)").column == 8
    assert refusal("\tA ? B").excerpt == " A ? B\n   ^"
    assert refusal("A\u202e?").excerpt == "A<U+202E>?\n ^"
    assert refusal("A ?\u202e").excerpt == "A ?<U+202E>\n  ^"
    assert refusal("(A ->\n? \u00e9\u0302\nB)").excerpt == "? \u00e9<U+0302>\n^"


@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n"])
def test_every_line_break_counts_once(newline):
    error = refusal(newline.join(["A ->", "", "B", "?", "C"]))
    assert (error.line, error.column, error.excerpt) == (4, 1, "?\n^")


ANY_TEXT = st.text(st.one_of(st.sampled_from("AB()~&|<->[], \n\u202e\u200b\x00\ud800\u0410\u00e9"), st.characters()), max_size=60)


@given(ANY_TEXT)
@example("\ud83d\ude00")
@example("A\r")
def test_any_text_is_read_or_refused_with_a_printable_complaint(text):
    try:
        formula = parse(text)
    except GoalTooLarge:
        raise AssertionError("a short goal is not too large") from None
    except FormulaSyntaxError as error:
        (error.detail + error.found + error.excerpt).encode()
        line, caret = error.excerpt.split("\n")
        assert (line + error.detail).isprintable()
        assert not any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in error.excerpt)
        assert caret.lstrip(" ") == "^"
        assert 1 <= error.column <= len(text) + 1
        assert error.expected
    else:
        assert parse(format_formula(formula)) == formula


def test_no_other_character_of_the_latin_blocks_stands_before_a_formula():
    for char in map(chr, range(0x250)):
        if not (char.isascii() and (char.isalnum() or char in "_!~ \t\n\r")) and char != "\u00ac":
            refusal(char + " A")
