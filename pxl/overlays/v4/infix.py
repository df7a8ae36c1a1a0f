"""What the notations with infix operators share: reading with a signature, and writing with one."""

from __future__ import annotations

import re
from collections.abc import Callable

from pxl.errors import FormulaSyntaxError, NotSupported
from pxl.formula import Formula, Limits, Signature, format_formula, parse
from pxl.formula.complaint import complaint
from pxl.formula.lexer import is_atom_name
from pxl.overlays.v4.definitions import expand

_TEMPORAL = re.compile(r"(?<![A-Za-z0-9_])(?:[XFGYZPHOURWMSTV]|wX|[Aa][Tt]|LTLSPEC)(?![A-Za-z0-9_])")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_infix(text: str, clean: str, signature: Signature, limits: Limits) -> Formula:
    """Read ``clean``, which is ``text`` with what means nothing replaced by as many blanks."""
    return expand(parse(clean, limits, signature, original=text))


def write_infix(formula: Formula, signature: Signature, atom_text: Callable[[str], str], max_chars: int) -> str:
    """Write a formula; raises NotSupported for an operator that the notation lacks."""
    written = []
    for node in formula.nodes:
        op = node[0]
        if op == "atom":
            node = (op, atom_text(node[1]))
        elif op not in signature.between and op not in ("bot", "neg"):
            try:
                signature.opening(op)
            except ValueError:
                raise NotSupported(f"the notation {signature.name} has no operator for {op[:60]}") from None
        written.append(node)
    return format_formula(Formula(tuple(written)), max_chars, signature)


def plain_atom(signature: Signature, is_allowed: Callable[[str], bool] = lambda name: True) -> Callable[[str], str]:
    """Return a function that writes atoms of one word, and raises NotSupported for others."""
    def write(name: str) -> str:
        if not _PLAIN.fullmatch(name) or not is_allowed(name) or not is_atom_name(name, signature):
            raise NotSupported(f"the atom `{name[:60]}` cannot be written in {signature.name}: rename it to a word of "
                               "letters, digits and _ that is no operator there")
        return name
    return write


def has_temporal_letter(goal: object) -> bool:
    """Say whether some temporal operator could stand in a goal."""
    return isinstance(goal, str) and _TEMPORAL.search(goal) is not None


def blank(text: str) -> str:
    """Return as many blanks, with the line breaks kept."""
    return re.sub(r"[^\n\r]", " ", text)


def unsupported(text: str, start: int, end: int, note: str) -> FormulaSyntaxError:
    """Return the error for a construct of a notation that stands for nothing here."""
    return complaint(text, start, end, ("a propositional formula",), note)


def need_text(goal: object, notation: str) -> str:
    """Return the goal; raises NotSupported unless it is text."""
    if not isinstance(goal, str):
        raise NotSupported(f"the notation {notation} is text, and the goal is not; JSON is read by the notation json")
    return goal
