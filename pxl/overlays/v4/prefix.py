"""Notations that write operators before their parts: Polish notation and S-expressions."""

from __future__ import annotations

import re
from typing import Any

from pxl.errors import NotSupported
from pxl.formula import Formula, Limits, format_formula
from pxl.formula.complaint import complaint, escape
from pxl.formula.lexer import is_atom_name
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.v4.infix import need_text
from pxl.overlays.v4.reading import TARGETS, Notation, Read, bounded, language_of, within
from pxl.overlays.v4.words import LABELLED, NAMES, NodeTable, op_of

# Łukasiewicz's letters: L and M are necessity and possibility, O and V falsity and truth.
_LETTERS = {"N": "neg", "K": "conj", "A": "disj", "C": "impl", "E": "iff", "L": "box", "M": "dia",
            "D": "nand", "X": "nor", "J": "xor", "O": "bot", "V": "top"}
_ARITY = {"neg": 1, "box": 1, "dia": 1, "bot": 0, "top": 0}
_POLISH_TOKEN = re.compile(r"[a-z][0-9_]*|[^ \t\r\n]")
_POLISH_ATOM = re.compile(r"[a-z][0-9_]*")
_SEXP_TOKEN = re.compile(r"\|[^|\s]+\||[()]|[^\s()]+")


def _read_polish(goal: Any, limits: Limits, target: str | None) -> Read:
    text = bounded(need_text(goal, "polish"), limits)
    sheet, stack = NodeTable(), []
    found = list(_POLISH_TOKEN.finditer(text))
    for token in reversed(found):
        word = token[0]
        if _POLISH_ATOM.fullmatch(word):
            stack.append(sheet.atom(word))
            continue
        op = _LETTERS.get(word)
        if op is None:
            note = ("Quantifiers are not supported: the logics here are propositional."
                    if word in "ΠΣ∀∃" else "Atoms are small letters, with digits behind them.")
            letters = (f"`{letter}`" for letter in _LETTERS)
            raise complaint(text, token.start(), token.end(), (*letters, "an atom"), note)
        arity = _ARITY.get(op, 2)
        if len(stack) < arity:
            raise complaint(text, len(text), len(text), ("a formula",),
                            f"`{word}` in column {_column(text, token.start())} has {len(stack)} of its {arity} parts.")
        parts = [stack.pop() for _ in range(arity)]
        stack.append(sheet.apply(op, None, parts))
    if not stack:
        raise complaint(text, 0, 0, ("a formula",), "The goal is empty.")
    if len(stack) > 1:
        start = _end_of_first(found)
        raise complaint(text, found[start].start(), found[start].end(), ("the end of the goal",),
                        "The formula is complete before.")
    return Read(within(sheet.formula(stack[0]), limits))


def _end_of_first(found: list[re.Match[str]]) -> int:
    open_parts = 1
    for index, token in enumerate(found):
        open_parts += _ARITY.get(_LETTERS.get(token[0], ""), 2 if token[0] in _LETTERS else 0) - 1
        if not open_parts:
            return index + 1
    return len(found) - 1


def _column(text: str, at: int) -> int:
    return at - text.rfind("\n", 0, at)


def _write_polish(formula: Formula, max_chars: int) -> str:
    format_formula(formula, max_chars, TARGETS[language_of(formula)])       # is it too long to be written out?
    letters = {op: letter for letter, op in _LETTERS.items()}
    pieces: list[str] = []
    agenda = [len(formula.nodes) - 1]
    while agenda:
        op, *parts = formula.nodes[agenda.pop()]
        if op == "atom":
            if not _POLISH_ATOM.fullmatch(parts[0]):
                raise NotSupported(f"the atom `{parts[0][:60]}` cannot be written in Polish notation: rename it to a "
                                   "small letter with digits behind it")
            pieces.append(parts[0])
        elif op not in letters:
            raise NotSupported(f"the notation polish has no operator for {op[:60]}")
        else:
            pieces.append(letters[op])
            agenda += reversed(parts)
    return "".join(pieces)


def _read_sexp(goal: Any, limits: Limits, target: str | None) -> Read:
    text = bounded(need_text(goal, "sexp"), limits)
    sheet = NodeTable()
    # Each open list: where it began, its operator with its label, and the parts so far.
    lists: list[list[Any]] = [[0, None, None, []]]
    for token in _SEXP_TOKEN.finditer(text):
        word, here = token[0], lists[-1]
        if len(lists) == 1 and here[3]:
            raise complaint(text, token.start(), token.end(), ("the end of the goal",),
                            "The formula is complete before.")
        if word == ")":
            if len(lists) == 1:
                raise complaint(text, token.start(), token.end(), ("a formula",), "No parenthesis is open here.")
            start, op, label, parts = lists.pop()
            if op is None:
                raise complaint(text, token.start(), token.end(), ("an operator",))
            try:
                lists[-1][3].append(sheet.apply(op, label, parts))
            except ValueError as fault:
                raise complaint(text, start, start + 1, ("another number of parts",), f"{fault}.") from None
        elif len(lists) > 1 and here[1] is None:
            here[1] = op_of(word)
            if here[1] is None:
                note = ("Quantifiers are not supported: the logics here are propositional."
                        if word.lower() in ("forall", "exists", "∀", "∃") else
                        f"`{escape(word[:40])}` is no operator; a ground atom stands between bars, as in |Good(x)|.")
                raise complaint(text, token.start(), token.end(), ("an operator",), note)
        elif word == "(":
            lists.append([token.start(), None, None, []])
        elif word.startswith(":") and here[1] in LABELLED and not here[3] and here[2] is None:
            if not re.fullmatch(r"[0-9]+" if here[1] == "at" else "[A-Za-z0-9_]+", word[1:]):
                raise complaint(text, token.start(), token.end(), ("a label, as in `:a`",))
            here[2] = word[1:] if here[1] != "at" else word[1:].lstrip("0") or "0"
        else:
            here[3].append(_sexp_leaf(sheet, text, token))
    if len(lists) > 1:
        raise complaint(text, len(text), len(text), ("`)`",), f"{len(lists) - 1:,} parentheses are still open.")
    if not lists[0][3]:
        raise complaint(text, 0, 0, ("a formula",), "The goal is empty.")
    return Read(within(sheet.formula(lists[0][3][0]), limits))


def _sexp_leaf(sheet: NodeTable, text: str, token: re.Match[str]) -> int:
    word = token[0]
    if op_of(word) in ("top", "bot"):
        return sheet.apply(op_of(word) or "", None, ())
    name = word[1:-1] if word[0] == "|" and len(word) > 2 else word
    if not is_atom_name(name) or op_of(word):
        raise complaint(text, token.start(), token.end(), ("an atom", "`(`"))
    return sheet.atom(name)


def _write_sexp(formula: Formula, max_chars: int) -> str:
    format_formula(formula, max_chars, TARGETS[language_of(formula)])
    pieces: list[str] = []
    agenda: list[int | str] = [len(formula.nodes) - 1]
    while agenda:
        item = agenda.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        op, *parts = formula.nodes[item]
        if op == "atom":
            name = parts[0]
            pieces.append(f" |{name}|" if "(" in name or op_of(name) or not is_atom_name(name, CHRONO) else f" {name}")
        elif op == "bot":
            pieces.append(" bot")
        else:
            family, _, label = op.partition(":")
            pieces.append(f" ({NAMES[family]}{f' :{label}' if label else ''}")
            agenda += (")", *reversed(parts))
    return "".join(pieces).lstrip()


POLISH = Notation("polish", "Łukasiewicz's notation: N K A C E, L and M for box and diamond", _read_polish,
                  _write_polish,
                  lambda goal: isinstance(goal, str) and re.fullmatch(r"[A-Za-z0-9_\s]+", goal) is not None)
SEXP = Notation("sexp", "S-expressions, as in (implies p (box q))", _read_sexp, _write_sexp,
                lambda goal: isinstance(goal, str) and re.match(r"\s*\([^\s()]+[\s)]", goal) is not None,
                is_marked=lambda goal: re.match(r"\s*\((?:[<=-]*>|[a-z]+)\s+\S", goal) is not None)
