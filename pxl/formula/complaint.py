"""Say what is wrong at a place of a goal's text, safely for any text."""

from __future__ import annotations

import re
import unicodedata

from pxl.errors import FormulaSyntaxError
from pxl.formula.lexer import Lexicon, place, tokens
from pxl.formula.signature import CLOSE, END, NAME, NUMBER, OPEN, OTHER, PXL, Signature

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_WINDOW = 36        # characters shown on each side of the place
_QUOTED = 40        # characters of a token shown

# Letters that look like ASCII ones, written as escapes so that a reader can tell: Cyrillic, then Greek.
_LOOKALIKES = (
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425"
    "\u0423\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u03bf")
_LETTERS = dict(zip(_LOOKALIKES, "ABESIJKMHOPCTXYaeopcyxijs" "ABEZHIKMNOPTYXo",
                    strict=True)) | {"λ": "lambda"}
_SIGNS = {sign: instead for signs, instead in (
    ("⇒⟹⟶⊃", "->"), ("⇔⟺⟷≡=", "<->"), ("∼˜", "~"), ("⋀^", "/\\"), ("⋁", "\\/"),
    ("◻▢☐⬜", "[]"), ("♢◊⋄⬦", "<>"), ("（", "("), ("）", ")")) for sign in signs}
# Characters that stand in the language only as parts of signs or atoms.
_PARTS = {
    "<": "Write `<>` for a diamond, `<->` for equivalence, each in one piece.",
    ">": "Write `->`, `<->` or `<>`, each in one piece.",
    "-": "Write `->` or `<->`, each in one piece.",
    "/": "Write `/\\` or `\\/`, each in one piece.",
    "\\": "Write `/\\` or `\\/`, each in one piece.",
    ",": "A comma only separates the arguments of an atom, as in f(a,b).",
    ".": "A goal has no full stop: leave it out.",
}
_QUANTIFIERS = {"forall", "exists", "∀", "∃"}
_TEMPORAL = {"G", "F", "X", "U", "R", "W", "always", "eventually", "next", "until"}


def syntax_error(text: str, index: int, expected: tuple[str, ...], signature: Signature = PXL,
                 original: str | None = None) -> FormulaSyntaxError:
    """Return the error that says: at the token of that index, something else was expected.

    ``original`` is the text to quote, when ``text`` is one of the same length made from it.
    """
    start, end = place(text, index, signature)
    note = _note(text, index, start, end, signature)
    return complaint(text if original is None else original, start, end, expected, note)


def complaint(text: str, start: int, end: int, expected: tuple[str, ...], note: str = "") -> FormulaSyntaxError:
    """Return the error that says: where ``text[start:end]`` stands, something else was expected."""
    breaks = list(_LINE_BREAK.finditer(text, 0, start))
    line_start = breaks[-1].end() if breaks else 0
    after = _LINE_BREAK.search(text, start)
    line_end = after.start() if after else len(text)
    line, column = len(breaks) + 1, start - line_start + 1
    found = _name(text[start:end])
    detail = f"Line {line}, column {column}: found {found}, expected {_listed(expected)}."
    return FormulaSyntaxError(f"{detail} {note}".rstrip(), line=line, column=column, found=found,
                              expected=expected, excerpt=_excerpt(text, line_start, start, line_end))


def escape(text: str) -> str:
    """Write out each character that could hide, or move its neighbours, as <U+XXXX>.

    >>> escape("A\\u202eB\\x00 □")
    'A<U+202E>B<U+0000> □'
    """
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char == "\t":
        return " "
    if " " <= char <= "~":
        return char
    hides = not char.isprintable() or unicodedata.category(char)[0] in "MZ"
    if hides or unicodedata.bidirectional(char) in ("R", "AL", "AN"):
        return f"<{_code(char)}>"
    return char


def _code(char: str) -> str:
    return f"U+{ord(char):04X}"


def _name(token: str) -> str:
    if not token:
        return "the end of the goal"
    if len(token) == 1 and not " " <= token <= "~" and Lexicon()[token] == OTHER:
        return f"{_code(token)} {unicodedata.name(token, '')}".rstrip()
    return f"`{escape(token[:_QUOTED])}{'…' if len(token) > _QUOTED else ''}`"


def _listed(expected: tuple[str, ...]) -> str:
    *most, last = expected
    return f"{', '.join(most)} or {last}" if most else last


def _excerpt(text: str, line_start: int, at: int, line_end: int) -> str:
    left, right = max(line_start, at - _WINDOW), min(line_end, at + _WINDOW)
    before = ("…" if left > line_start else "") + escape(text[left:at])
    behind = escape(text[at:right]) + ("…" if right < line_end else "")
    # All that stands before the first error is of the language, so each character is one column wide.
    return f"{before}{behind}\n{' ' * len(before)}^"


def _note(text: str, index: int, start: int, end: int, signature: Signature) -> str:
    """Return a sentence on what to write instead, or nothing."""
    found = tokens(text, signature)
    token, before = found[index], found[index - 1] if index else ""
    lexicon = Lexicon(signature)
    kind = lexicon[token]
    for word in (before, token):
        if lexicon[word] > OPEN and len(word) == 1 and word.isalpha():
            ops = [lexicon.ops[part] for part in signature.compositions.get(lexicon[word], (lexicon[word],))]
            return (f"`{word}` is an operator of {signature.name} ({' '.join(ops)}): "
                    "an atom needs another name.")
    if kind == END:
        return _note_at_end(found, lexicon)
    if kind == CLOSE and not _unclosed(found[:index], lexicon):
        return "No parenthesis is open here."
    if {token.lower(), before.lower()} & _QUANTIFIERS:
        return "There are no quantifiers in this language: it is propositional."
    if _inside_arguments(found, index, lexicon) and (kind != OTHER or token in _PARTS):
        return ("A name with an opening parenthesis behind it begins a ground atom, "
                "as in Good(x): its arguments are names, numbers or ground terms.")
    if kind == NUMBER:
        return "A number can only be an argument, as in Goal(3); the constants are TOP and BOT."
    if kind == OTHER:
        return _note_on_sign(text, token, start, end, signature)
    if kind == NAME and before:
        if before in signature.label_words:
            return f"Behind `{before}` a label is missing, as in `{signature.label_words[before]}`."
        if {token, before} & _TEMPORAL and signature.ops.get(lexicon["U"]) != "until":
            return "There are no temporal operators in this language; the overlay chrono has them."
        if lexicon[before] == NAME:
            return "Between two formulas an operator is needed; names have no blanks in them."
    return ""


def _note_at_end(found: list[str], lexicon: Lexicon) -> str:
    if len(found) == 1:
        return "The goal is empty."
    unclosed = _unclosed(found, lexicon)
    if unclosed:
        return f"{unclosed:,} parenthes{'is is' if unclosed == 1 else 'es are'} still open."
    return ""


def _unclosed(found: list[str], lexicon: Lexicon) -> int:
    kinds = [lexicon[token] for token in found]
    return kinds.count(OPEN) - kinds.count(CLOSE)


def _inside_arguments(found: list[str], index: int, lexicon: Lexicon) -> bool:
    depth = 0
    for at in range(index - 1, 0, -1):
        kind = lexicon[found[at]]
        depth += (kind == CLOSE) - (kind == OPEN)
        if depth < 0:
            return bool(lexicon[found[at - 1]] == NAME)
    return False


def _note_on_sign(text: str, token: str, start: int, end: int, signature: Signature) -> str:
    if token in _SIGNS:
        return f"Write `{_SIGNS[token]}`."
    if token in "[]" and signature.labelled and signature.labelled[0][1] == "box:…":
        return "Only round parentheses group; a labelled box is BOX[a] or [a]."
    if token in "[]{}":
        return "Only round parentheses group; a box is BOX or []."
    if token in _PARTS:
        return _PARTS[token]
    if len(token) > 1:
        return "A name begins with a letter or _."
    if " " <= token <= "~":
        return "That character is not part of the language."
    category = unicodedata.category(token)
    if category == "Cs":
        return "A lone surrogate is not a character."
    if category == "Cf":
        return "Invisible and direction-changing characters are not allowed; remove it."
    if category[0] == "Z":
        return "Write an ordinary space."
    if category == "Cc":
        return "Control characters are not allowed; remove it."
    if category[0] not in "LMN":
        return "That character is not part of the language."
    instead = _in_ascii(token)
    note = "Names are made of ASCII letters, digits and _" + (f"; write `{instead}`." if instead else ".")
    word = _word_around(text, start, end)
    if any(char.isascii() and char.isalpha() for char in word):
        return f"The name `{_spelled(word)}` mixes alphabets. {note}"
    return note


def _word_around(text: str, start: int, end: int) -> str:
    while start and _joins(text[start - 1]):
        start -= 1
    while end < len(text) and _joins(text[end]):
        end += 1
    return text[max(start, 0):end]


def _joins(char: str) -> bool:
    return char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M"


def _spelled(word: str) -> str:
    shown = "".join(char if char.isascii() else f"<{_code(char)}>" for char in word[:_QUOTED])
    return shown + ("…" if len(word) > _QUOTED else "")


def _in_ascii(char: str) -> str:
    if char in _LETTERS:
        return _LETTERS[char]
    plain = "".join(c for c in unicodedata.normalize("NFKD", char) if c.isascii() and c.isalnum())
    if plain:
        return plain
    name = unicodedata.name(char, "").split()
    return name[3].lower() if name[:3] == ["GREEK", "SMALL", "LETTER"] and len(name) == 4 else ""
