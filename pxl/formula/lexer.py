"""Cut a goal's text into tokens.

Words of the language are read in any capitalisation; every other word is a name.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import cast

from pxl.formula.signature import LABEL, LABELLED, NAME, NUMBER, OTHER, PXL, Signature

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"[0-9]+")

# In a ground atom, what may follow: t stands for a name or a number.
_AFTER_NAME, _AFTER_OPEN, _AFTER_COMMA, _AFTER_VALUE = "(,)", "t)", "t", ",)"


class Lexicon(dict[str, int]):
    """What each token of a text is, and in ``ops`` which operator; a word is classified when it is first met."""

    def __init__(self, signature: Signature = PXL) -> None:
        super().__init__(signature.kinds)
        self.ops: dict[int, str] = dict(signature.ops) if signature.labelled else cast("dict[int, str]", signature.ops)
        self._signature = signature

    def __missing__(self, token: str) -> int:
        if _NAME.fullmatch(token):
            kind = self._signature.words.get(token.lower(), NAME)
        else:
            kind = NUMBER if _NUMBER.fullmatch(token) else self._labelled(token)
        self[token] = kind
        return kind

    def _labelled(self, token: str) -> int:
        for pattern, op in self._signature.labelled:
            match = pattern.fullmatch(token)
            if match:
                # A number is known by its value, so that At 5 and At 05 are one operator.
                label = match[1] if op[-1] == LABEL else match[1].lstrip("0") or "0"
                kind = LABELLED + len(self.ops)
                self.ops[kind] = op[:-1] + label
                return kind
        return OTHER


class LexicalError(Exception):
    """A token cannot stand where it stands; translated by the parser."""

    def __init__(self, index: int, expected: tuple[str, ...]) -> None:
        super().__init__(index, expected)
        self.index, self.expected = index, expected


def tokens(text: str, signature: Signature = PXL) -> list[str]:
    """Return the tokens of a text, blanks left out, with an empty one for the end.

    >>> tokens("BOX(A'->_b2)")
    ['BOX', '(', 'A', "'", '->', '_b2', ')', '']
    """
    found = signature.token.findall(text)
    found.append("")
    return found


def place(text: str, index: int, signature: Signature = PXL) -> tuple[int, int]:
    """Return where the token of that index begins and ends; the end of a goal is behind its last token.

    >>> place(" A  -> ", 1), place(" A  -> ", 2)
    ((4, 6), (6, 6))
    """
    end = 0
    for match in islice(signature.token.finditer(text), index + 1):
        end = match.end()
        index -= 1
    return (match.start(), end) if index < 0 else (end, end)


def ground_atom_end(found: list[str], start: int, lexicon: Lexicon) -> int:
    """Return the index behind the ground atom whose name is the token at ``start``.

    An argument is a name, a number, or a name with arguments of its own. Raises ``LexicalError``.

    >>> ground_atom_end(tokens("f(a, g(b), 3) -> f()"), 0, Lexicon())
    11
    """
    allowed = "("
    depth = 0
    index = start
    while True:
        index += 1
        token = found[index]
        kind = lexicon[token]
        shape = "t" if kind == NAME or kind == NUMBER else token
        if not shape or shape not in allowed:
            raise LexicalError(index, tuple("an argument" if s == "t" else f"`{s}`" for s in allowed))
        if shape == "t":
            allowed = _AFTER_NAME if kind == NAME else _AFTER_VALUE
        elif shape == "(":
            depth += 1
            allowed = _AFTER_OPEN
        elif shape == ",":
            allowed = _AFTER_COMMA
        else:
            depth -= 1
            if not depth:
                return index + 1
            allowed = _AFTER_VALUE


def is_atom_name(name: str, signature: Signature = PXL) -> bool:
    """Say whether a text is the canonical name of an atom.

    >>> [is_atom_name(name) for name in ("A", "f(a,g(b))", "f(a, b)", "Box", "3", "f(not)", "A B", "")]
    [True, True, False, False, False, False, False, False]
    """
    found = tokens(name, signature)
    lexicon = Lexicon(signature)
    if lexicon[found[0]] != NAME or "".join(found) != name:
        return False
    if len(found) == 2:
        return True
    try:
        return ground_atom_end(found, 0, lexicon) == len(found) - 1
    except LexicalError:
        return False
