"""The notations of three tools for linear time: NuSMV, BLACK and Spot."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from pxl.formula import Formula, Infix, Limits, Prefix, Signature
from pxl.overlays.v4.definitions import Make, expand
from pxl.overlays.v4.infix import (
    blank,
    has_temporal_letter,
    need_text,
    plain_atom,
    read_infix,
    unsupported,
    write_infix,
)
from pxl.overlays.v4.reading import Notation, Read, bounded

_WEAK_NEXT = ("neg", "next")      # wX p is ~X ~p: at the last position of a finite run it holds

NUSMV_SIGNATURE = Signature("nusmv", (
    Prefix("neg", ("!",)),
    Prefix("next", ("X",)), Prefix("eventually", ("F",)), Prefix("globally", ("G",)), Prefix("prev", ("Y",)),
    Prefix("weak_prev", ("Z",)), Prefix("once", ("O",)), Prefix("historically", ("H",)),
), (
    # As in the tool's grammar: these four group to the left, and <-> binds tighter than ->.
    Infix("until", ("U",), 50), Infix("release", ("V",), 50), Infix("since", ("S",), 50),
    Infix("triggered", ("T",), 50),
    Infix("conj", ("&",), 40),
    Infix("disj", ("|",), 30), Infix("xor", ("xor",), 30), Infix("iff", ("xnor",), 30),
    Infix("iff", ("<->",), 20),
    Infix("impl", ("->",), 10, True),
), ("TRUE",), ("FALSE",))

_CONNECTIVES = (
    Infix("conj", ("&&", "&"), 40),
    Infix("disj", ("||", "|"), 30),
    Infix("impl", ("->", "=>"), 20, True),
)

BLACK_SIGNATURE = Signature("black", (
    Prefix("neg", ("!", "~")),
    Prefix("next", ("X",)), Prefix("neg", ("wX",), inner=_WEAK_NEXT), Prefix("eventually", ("F",)),
    Prefix("globally", ("G",)),
    Prefix("prev", ("Y",)), Prefix("weak_prev", ("Z",)), Prefix("once", ("O", "P")), Prefix("historically", ("H",)),
), (
    *(Infix(op, (letter,), 50, True) for op, letter in (
        ("until", "U"), ("weak_until", "W"), ("release", "R"), ("strong_release", "M"), ("since", "S"),
        ("triggered", "T"))),
    *_CONNECTIVES,
    Infix("iff", ("<->", "<=>"), 10, True),
), ("True",), ("False",))

SPOT_SIGNATURE = Signature("spot", (
    Prefix("neg", ("!", "~")),
    Prefix("next", ("X",)), Prefix("eventually", ("F", "<>")), Prefix("globally", ("G", "[]")),
), (
    *(Infix(op, letters, 50, True) for op, letters in (
        ("until", ("U",)), ("weak_until", ("W",)), ("release", ("R", "V")), ("strong_release", ("M",)))),
    *_CONNECTIVES,
    Infix("conj", ("/\\",), 40), Infix("disj", ("\\/",), 30),
    Infix("xor", ("xor", "^"), 25),
    # As in the tool, -> and <-> bind alike.
    Infix("impl", ("-->",), 20, True), Infix("iff", ("<->", "<=>", "<-->"), 20, True),
), ("1", "true"), ("0", "false"))

_MAX_TIME = 64      # At n p is written with n times X, up to this


def _all_times(make: Make, body: int) -> int:
    return make("historically", make("globally", body))


def _some_time(make: Make, body: int) -> int:
    return make("once", make("eventually", body))


def _at(time: int, make: Make, body: int) -> int:
    for _ in range(time):
        body = make("next", body)
    is_first = make("neg", make("prev", make("neg", make("bot"))))
    return make("once", make("conj", is_first, body))


def _weak_until(make: Make, left: int, right: int) -> int:
    return make("release", right, make("disj", left, right))


def _strong_release(make: Make, left: int, right: int) -> int:
    return make("until", right, make("conj", left, right))


# What is written for the operators that a tool lacks.
_EVERYWHERE = {"box": _all_times, "dia": _some_time}
_LACKING: dict[str, dict[str, Callable[..., int]]] = {
    "nusmv": {**_EVERYWHERE, "weak_until": _weak_until, "strong_release": _strong_release},
    "black": _EVERYWHERE, "spot": {}}

_HEADER = re.compile(r"\s*(?:CTLSPEC|LTLSPEC|SPEC)\b(?:\s+NAME\s+[\w$#.-]+\s*:=)?")
_SMV_COMMENT = re.compile(r"--[^\n]*")
_SMV_FAULT = re.compile(r"(?P<compared><=(?!>)|>=|!=|(?<![<=>-])=(?!=)|(?<![-<])<(?![-=])|(?<![-=])>)|(?P<path>\.)"
                        r"|(?P<ctl>\b(?:AG|AF|AX|EG|EF|EX|A\s*\[|E\s*\[))|(?P<bounded>\[\s*[0-9]+\s*,|\bnext\s*\()"
                        r"|(?P<arithmetic>\b(?:in|union|mod|case)\b|[+*?:])")
_SMV_NOTES = {
    "compared": "Comparisons are not supported: DEFINE a name for the condition and use that.",
    "path": "Names are made of ASCII letters, digits and _; DEFINE a name for the component.",
    "ctl": "Branching time is not supported: the logic here is linear time.",
    "bounded": "Bounded operators are not supported.",
    "arithmetic": "Only propositions are supported: DEFINE a name for the condition and use that.",
}
_JOINED = re.compile(r"(?<![A-Za-z0-9_])[FGX][A-Za-z_][A-Za-z0-9_]*")


def _clean_nusmv(text: str) -> str:
    clean = _SMV_COMMENT.sub(lambda comment: blank(comment[0]), text)
    head = _HEADER.match(clean)
    if head:
        if "LTLSPEC" not in head[0]:
            raise unsupported(text, head.start(), head.end(), _SMV_NOTES["ctl"])
        clean = blank(head[0]) + clean[head.end():]
    end = clean.rstrip()
    if end.endswith(";"):
        clean = end[:-1] + " " + clean[len(end):]
    fault = _SMV_FAULT.search(clean)
    if fault:
        raise unsupported(text, fault.start(), fault.end(), _SMV_NOTES[fault.lastgroup or ""])
    return clean


def _clean_spot(text: str) -> str:
    joined = _JOINED.search(text)
    if joined:
        note = f"There `{joined[0][:40]}` is {joined[0][0]} before a formula: write a blank behind the operator."
        raise unsupported(text, joined.start(), joined.end(), note)
    for sign, note in (("{", "SERE operators are not supported."), ('"', "Quoted propositions are not supported."),
                       ("=", "p=1 and p=0 are not read: write p and !p.")):
        at = re.search(r"(?<![<=-])=(?!>)" if sign == "=" else re.escape(sign), text)
        if at:
            raise unsupported(text, at.start(), at.end(), note)
    return text


def _clean_black(text: str) -> str:
    first_order = re.search(r"\b(?:forall|exists|next|wnext|prev|wprev)\b", text)
    if first_order:
        raise unsupported(text, first_order.start(), first_order.end(), "First-order formulas are not supported.")
    return text


def _read(signature: Signature, clean: Any, goal: Any, limits: Limits, target: str | None) -> Read:
    text = bounded(need_text(goal, signature.name), limits)
    return Read(read_infix(text, clean(text), signature, limits), "chrono")


def _write(signature: Signature, frame: str, formula: Formula, max_chars: int) -> str:
    lacking = dict(_LACKING[signature.name])
    for op in {node[0] for node in formula.nodes}:
        family, _, time = op.partition(":")
        if family == "at" and len(time) < 4 and int(time) <= _MAX_TIME and signature.name != "spot":
            lacking[op] = partial(_at, int(time))
    return frame.format(write_infix(expand(formula, lacking), signature, _atom_of(signature), max_chars))


def _atom_of(signature: Signature) -> Callable[[str], str]:
    if signature.name == "spot":
        return plain_atom(signature, lambda name: _JOINED.fullmatch(name) is None)
    return plain_atom(signature)


def _looks_like_spot(goal: Any) -> bool:
    # [] and <> are boxes and diamonds unless the notation is named.
    return has_temporal_letter(goal) and not re.search(r"\[\]|<>", goal)


NUSMV = Notation("nusmv", "an LTLSPEC of NuSMV, with past", partial(_read, NUSMV_SIGNATURE, _clean_nusmv),
                 partial(_write, NUSMV_SIGNATURE, "LTLSPEC {};"), has_temporal_letter,
                 is_marked=lambda goal: "LTLSPEC" in goal, is_temporal=True)
BLACK = Notation("black", "the LTL of BLACK, with past", partial(_read, BLACK_SIGNATURE, _clean_black),
                 partial(_write, BLACK_SIGNATURE, "{}"), has_temporal_letter, is_temporal=True)
SPOT = Notation("spot", "the LTL of Spot", partial(_read, SPOT_SIGNATURE, _clean_spot),
                partial(_write, SPOT_SIGNATURE, "{}"), _looks_like_spot, is_temporal=True)
