"""Read and write the s-expressions of sertop, without recursion."""

from __future__ import annotations

import re
from typing import Union

Sexp = Union[str, list["Sexp"]]

_TOKEN = re.compile(r'[ \t\r\n]*(?:([()])|"([^"\\]*(?:\\.[^"\\]*)*)"|([^\s()"]+))', re.DOTALL)
_ESCAPE = re.compile(r"(?:\\[0-9]{3})+|\\(?:\r?\n[ \t]*|.)", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "\\": "\\", '"': '"', "'": "'", " ": " "}


def read_sexp(text: str) -> Sexp:
    r"""Return the one s-expression that ``text`` is: an atom is a string, a list a list.

    >>> read_sexp(r'(Answer t-1(Added 3((bp 0)(ep 18))NewAddTip))')
    ['Answer', 't-1', ['Added', '3', [['bp', '0'], ['ep', '18']], 'NewAddTip']]
    >>> read_sexp(r'"a \"quoted\"\nline \226\136\128"')
    'a "quoted"\nline ∀'

    Raises ValueError when it is none, or more than one.
    """
    top: list[Sexp] = []
    current, open_lists = top, []
    at, end = 0, len(text.rstrip())
    while at < end:
        token = _TOKEN.match(text, at)
        if token is None:
            raise ValueError(f"no s-expression at character {at}")
        at = token.end()
        kind = token.lastindex
        if kind == 3:
            current.append(token[3])
        elif kind == 2:
            current.append(_ESCAPE.sub(_unescaped, token[2]) if "\\" in token[2] else token[2])
        elif token[1] == "(":
            inner: list[Sexp] = []
            current.append(inner)
            open_lists.append(current)
            current = inner
        elif open_lists:
            current = open_lists.pop()
        else:
            raise ValueError(f"unbalanced ) at character {at}")
    if open_lists or len(top) != 1:
        raise ValueError("not one whole s-expression")
    return top[0]


def atom(sexp: Sexp) -> str:
    """Return an atom's text; raises ValueError for a list."""
    if isinstance(sexp, str):
        return sexp
    raise ValueError("a list where an atom is due")


def items(sexp: Sexp) -> list[Sexp]:
    """Return a list's items; raises ValueError for an atom."""
    if isinstance(sexp, list):
        return sexp
    raise ValueError("an atom where a list is due")


def fields(sexp: Sexp) -> dict[str, Sexp]:
    """Return a record's fields: of each item its name, which comes first, with what comes last; none without a value.

    >>> fields(read_sexp("((level Notice) (loc ()) (span 1 2) (pp))"))
    {'level': 'Notice', 'loc': [], 'span': '2'}

    Raises ValueError when it is no record.
    """
    return {atom(item[0]): item[-1] for item in map(items, items(sexp)) if len(item) > 1}


def quoted(text: str) -> str:
    r"""Return ``text`` as a quoted atom on one line.

    >>> quoted('Check "a\\b".')
    '"Check \\"a\\\\b\\"."'
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _unescaped(match: re.Match[str]) -> str:
    body = match[0][1:]
    if body[0].isdigit():
        # Decimal escapes are bytes, and a character may take several.
        return bytes(int(code) for code in match[0].split("\\")[1:]).decode("utf-8")
    if body[0] in "\r\n":
        return ""
    if body[0] not in _LETTERS:
        raise ValueError(f"unknown escape \\{body[0]}")
    return _LETTERS[body[0]]
