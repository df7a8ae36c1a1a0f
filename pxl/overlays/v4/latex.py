"""LaTeX, as papers and students write it."""

from __future__ import annotations

import re
from typing import Any

from pxl.formula import Formula, Infix, Limits, Prefix, Signature
from pxl.formula.complaint import escape
from pxl.overlays.v4.infix import blank, need_text, read_infix, unsupported, write_infix
from pxl.overlays.v4.reading import Notation, Read, bounded


def _sf(letter: str) -> str:
    return f"\\mathsf{{{letter}}}"


_INFIX_LETTERS = {"until": "U", "weak_until": "W", "release": "R", "strong_release": "M", "since": "S",
                  "triggered": "T"}
_PREFIX_LETTERS = {"next": "X", "eventually": "F", "globally": "G", "prev": "Y", "weak_prev": "Z", "once": "P",
                   "historically": "H"}

LATEX = Signature("latex", (
    Prefix("neg", ("\\neg", "\\lnot", "¬")),
    Prefix("box", ("\\Box", "\\square", "□"), printed="\\Box "),
    Prefix("dia", ("\\Diamond", "\\lozenge", "◇"), printed="\\Diamond "),
    Prefix("box:…", ("[…]",), printed="\\Box_{…} "),
    Prefix("dia:…", ("<…>",), printed="\\Diamond_{…} "),
    *(Prefix(op, (_sf(letter),)) for op, letter in _PREFIX_LETTERS.items()),
), (
    *(Infix(op, (_sf(letter),), 50, to_the_right=True) for op, letter in _INFIX_LETTERS.items()),
    Infix("conj", ("\\land", "\\wedge", "∧"), 40),
    Infix("nand", ("\\barwedge", "\\uparrow", "⊼"), 40),
    Infix("disj", ("\\lor", "\\vee", "∨"), 30),
    Infix("xor", ("\\oplus", "⊕"), 30),
    Infix("nor", ("\\downarrow", "⊽"), 30),
    Infix("impl", ("\\to", "\\rightarrow", "\\Rightarrow", "\\longrightarrow", "\\implies", "\\supset", "→"), 20, True),
    Infix("strict", ("\\strictif", "⥽"), 20, True),
    Infix("iff", ("\\leftrightarrow", "\\Leftrightarrow", "\\longleftrightarrow", "\\iff", "\\equiv", "↔"), 10, True),
), ("\\top", "⊤"), ("\\bot", "⊥"))

_GREEK = ("varphi|varepsilon|vartheta|alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|"
          "sigma|tau|upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega")
_PIECE = re.compile(
    r"\\(?P<labelled>Box|square|Diamond|lozenge|mathsf\{K\})[ \t]*_[ \t]*"
    r"(?:\{(?P<label>[A-Za-z0-9_]+)\}|(?P<bare>[A-Za-z0-9_]+))"
    r"|(?P<operator>\\math(?:sf|bf|cal)\{(?P<letter>[XFGYZPHUWRMST])\})"
    r"|\\(?:mathrm|mathit|mathtt|textit|texttt|textrm|text|operatorname)\{(?P<word>[^{}$]*)\}"
    rf"|\\(?P<greek>{_GREEK})(?![A-Za-z])(?:_(?:\{{(?P<sub>[A-Za-z0-9_]+)\}}|(?P<digit>[A-Za-z0-9])))?"
    r"|(?<![A-Za-z0-9\\])(?P<name>[A-Za-z][A-Za-z0-9]*)_\{(?P<index>[A-Za-z0-9_]+)\}"
    r"|(?P<layout>\\(?:left|right|bigl|bigr|big|Bigl|Bigr|Big|quad|qquad|displaystyle|begin\{[a-z*]+\}|end\{[a-z*]+\})"
    r"(?![A-Za-z])|\\[,;:! \[\]()]|\$\$?)"
    r"|(?P<command>\\[A-Za-z]+|\\.)|(?P<brace>[{}])")


def _clean(text: str) -> str:
    def replaced(piece: re.Match[str]) -> str:
        found = piece[0]
        kind = piece.lastgroup
        if piece["labelled"]:
            if piece["bare"] and len(piece["bare"]) > 1:
                raise unsupported(text, piece.start("bare"), piece.end("bare"),
                                  f"A label of more than one character stands in braces: _{{{piece['bare']}}}.")
            frame = "<{}>" if piece["labelled"] in ("Diamond", "lozenge") else "[{}]"
            return frame.format(piece["label"] or piece["bare"]).ljust(len(found))
        if piece["operator"]:
            return _sf(piece["letter"]).ljust(len(found))
        if piece["word"] is not None:
            return piece["word"].replace("\\_", "_").ljust(len(found))
        if piece["greek"]:
            index = piece["sub"] or piece["digit"]
            return (piece["greek"] + (f"_{index}" if index else "")).ljust(len(found))
        if piece["name"]:
            return f"{piece['name']}_{piece['index']}".ljust(len(found))
        if kind == "layout":
            return blank(found)
        if kind == "brace":
            raise unsupported(text, piece.start(), piece.end(), "Braces cannot be seen in print: group with ( and ).")
        if found in LATEX.kinds:
            return found
        if found in ("\\forall", "\\exists"):
            note = "Quantifiers are not supported: the logics here are propositional."
        else:
            note = f"`{escape(found)}` is no command of this notation."
        raise unsupported(text, piece.start(), piece.end(), note)

    return _PIECE.sub(replaced, text)


def _read(goal: Any, limits: Limits, target: str | None) -> Read:
    text = bounded(need_text(goal, "latex"), limits)
    return Read(read_infix(text, _clean(text), LATEX, limits))


def _atom(name: str) -> str:
    if len(name) == 1 and name.isalpha():
        return name
    return f"\\mathrm{{{name.replace('_', chr(92) + '_')}}}"


def _write(formula: Formula, max_chars: int) -> str:
    return write_infix(formula, LATEX, _atom, max_chars)


def _is_marked(goal: Any) -> bool:
    return isinstance(goal, str) and re.search(r"\\[A-Za-z]{2}|\$", goal) is not None


LATEX_NOTATION = Notation("latex", "LaTeX, with or without $", _read, _write, _is_marked, _is_marked)
