"""Read Coq source text as Coq does: without its comments and strings, in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r'\(\*|\*\)|"')
_SENTENCE_END = re.compile(r"\.(?=\s|\Z)")
_PREFIX = re.compile(r"(?:\s|[-+*{}]|#\[[^\]]*\]|\d+\s*:\s*(?=\{))*")


@dataclass(frozen=True)
class Sentence:
    """One sentence without its full stop, and the line (from 1) on which it begins."""

    text: str
    line: int

    def words(self) -> list[str]:
        return self.text.split()


def code_only(text: str) -> str:
    """Blank every comment and string, keeping line breaks, so that lines keep their numbers.

    Comments nest, and a string inside a comment hides a closing mark, as in Coq. A comment or
    string that never ends raises ValueError.

    >>> code_only('Qed. (* Admitted (* in (* depth *) *) *) x "Axiom" y').split()
    ['Qed.', 'x', 'y']
    """
    kept: list[str] = []
    depth, in_string, position = 0, False, 0
    for token in _TOKEN.finditer(text):
        visible = not in_string and depth == 0
        chunk = text[position:token.start()]
        kept.append(chunk if visible else _blank(chunk))
        mark = token.group()
        if mark == '"':
            in_string = not in_string
        elif not in_string:
            if mark == "(*":
                depth += 1
            elif depth:
                depth -= 1
        kept.append(" " * len(mark))
        position = token.end()
    if in_string or depth:
        raise ValueError("a comment or string never ends")
    kept.append(text[position:])
    return "".join(kept)


def _blank(chunk: str) -> str:
    return re.sub(r"[^\n]", " ", chunk)


def sentences(code: str) -> Iterator[Sentence]:
    """Split text without comments into sentences, bullets, braces and attributes dropped.

    >>> [s.text for s in sentences("Proof. - apply foo.bar. { auto. } Qed.")]
    ['Proof', 'apply foo.bar', 'auto', 'Qed']
    """
    begin, counted, line = 0, 0, 1
    for end in _SENTENCE_END.finditer(code):
        prefix = _PREFIX.match(code, begin, end.start())
        start = prefix.end() if prefix else begin
        line += code.count("\n", counted, start)
        counted = start
        yield Sentence(code[start:end.start()].strip(), line)
        begin = end.end()
    rest = code[begin:].strip(" \t\r\n-+*{}")
    if rest:
        yield Sentence(rest, line + code.count("\n", counted, begin))
