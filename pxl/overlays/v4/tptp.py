"""The propositional part of two problem formats: TPTP's non-classical NXF, and QMLTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pxl.formula import Formula, Infix, Limits, Prefix, Signature
from pxl.formula.complaint import escape
from pxl.overlays.v4.infix import blank, need_text, read_infix, unsupported, write_infix
from pxl.overlays.v4.reading import Notation, Read, bounded

_INFIXES = (
    Infix("conj", ("&",), 40), Infix("nand", ("~&",), 40),
    Infix("disj", ("|",), 30), Infix("nor", ("~|",), 30),
    Infix("impl", ("=>",), 20, True), Infix("implied", ("<=",), 20, True),
    Infix("iff", ("<=>",), 10, True), Infix("xor", ("<~>",), 10, True),
)
_CONSTANTS = ("$true",), ("$false",)
_BOXES = ("box", "necessary", "obligatory", "knows", "believes")
_DIAMONDS = ("dia", "possible", "permissible", "canKnow", "canBelieve")

TPTP_SIGNATURE = Signature("tptp", (
    Prefix("neg", ("~",)),
    Prefix("box", (*(f"{{${name}}}" for name in _BOXES), "[.]"), printed="{$box} @ "),
    Prefix("dia", (*(f"{{${name}}}" for name in _DIAMONDS), "<.>"), printed="{$dia} @ "),
    Prefix("box", ("{$forbidden}",), inner=("neg",)),
    Prefix("box:…", (*(f"{{${name}(#…)}}" for name in _BOXES), "[#…]"), printed="{$box(#…)} @ "),
    Prefix("dia:…", (*(f"{{${name}(#…)}}" for name in _DIAMONDS), "<#…>"), printed="{$dia(#…)} @ "),
), _INFIXES, *_CONSTANTS)

QMLTP_SIGNATURE = Signature("qmltp", (
    Prefix("neg", ("~",)),
    Prefix("box", ("#box",), printed="#box : "),
    Prefix("dia", ("#dia",), printed="#dia : "),
    Prefix("box:…", ("#box[…]",), printed="#box(…) : "),
    Prefix("dia:…", ("#dia[…]",), printed="#dia(…) : "),
), _INFIXES, *_CONSTANTS)

# The frame conditions that a list of axioms stands for.
_SYSTEMS: Mapping[str, str] = MappingProxyType({
    "K": "k", "D": "d", "T": "t", "M": "t", "B": "b", "KB": "kb", "K4": "k4", "D4": "d4", "S4": "s4", "K45": "k45",
    "KD45": "kd45", "D45": "kd45", "S5": "s5", "S5U": "s5"})
_AXIOMS: Mapping[frozenset[str], str] = MappingProxyType({
    frozenset(axioms): logic for axioms, logic in (
        ("K", "k"), ("KD", "d"), ("KT", "t"), ("KM", "t"), ("KB", "kb"), ("KTB", "b"), ("K4", "k4"), ("KD4", "d4"),
        ("KT4", "s4"), ("K45", "k45"), ("KD45", "kd45"), ("KT5", "s5"), ("KT45", "s5"), ("KTB4", "s5"))})
_FAMILIES = ("modal", "alethic_modal", "deontic_modal", "epistemic_modal", "doxastic_modal")

_COMMENT = re.compile(r"%[^\n]*|/\*.*?(?:\*/|\Z)", re.S)
_ENTRY = re.compile(r"\s*(?:tff|thf|fof|qmf|txf)\s*\(\s*(?:[A-Za-z0-9_]+|'[^']*')\s*,\s*(?P<role>[a-z_]+)\s*,")
_PIECE = re.compile(
    r"'(?P<quoted>[^'\n]*)'|(?P<apply>(?<=[}\]>])\s*@)|(?P<colon>(?<=#box|#dia)\s*:)"
    r"|(?P<colon2>#(?:box|dia)\s*\([^()]*\)\s*:)"
    r"|(?P<quantifier>[!?][*>]?\s*\[[^\[\]]*\]\s*:|[!?^](?!=))|(?P<equality>!=|(?<![<~=])=(?![=>]))"
    r"|(?P<variable>(?<![A-Za-z0-9_$#'{])[A-Z][A-Za-z0-9_]*)|(?P<number>(?<![\w.#])[0-9]+\.[0-9]+)"
    r"|(?P<defined>\{\$[^{}]*\}|\$[A-Za-z_]+)")


def _clean(text: str, signature: Signature, start: int, end: int) -> str:
    """Return the formula at a place of a text with blanks around it, and nothing in it that means nothing here."""
    def fault(piece: re.Match[str], note: str) -> Exception:
        return unsupported(text, piece.start(), piece.end(), note)

    def replaced(piece: re.Match[str]) -> str:
        found = piece[0]
        if piece["quoted"] is not None:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", piece["quoted"]):
                raise fault(piece, "A quoted name is read when it is made of ASCII letters, digits and _.")
            return f" {piece['quoted']} "
        if piece["apply"] or piece["colon"]:
            return blank(found)
        if piece["colon2"]:
            # Without its colon, #box : (p) would look like a box with the label p.
            return found[:-1].replace("(", "[").replace(")", "]") + " "
        if piece["quantifier"]:
            raise fault(piece, "Quantifiers are not supported: the logics here are propositional.")
        if piece["equality"]:
            raise fault(piece, "Equality is not supported: the logics here are propositional; <=> is equivalence.")
        if piece["variable"]:
            raise fault(piece, "A name that begins with a capital is a variable, and there are none in a propositional "
                               f"formula; an atom of that name is '{piece['variable']}' in quotes.")
        if piece["number"]:
            raise fault(piece, "Terms are names and whole numbers.")
        known = re.fullmatch(r"\{\$([A-Za-z]+)\s*(\(\s*#[A-Za-z0-9_]+\s*\))?\}|\$(true|false)", found)
        if not known or known[1] and known[1] not in (*_BOXES, *_DIAMONDS, "forbidden"):
            raise fault(piece, f"The connective or constant `{escape(found[:60])}` is not supported.")
        return found

    pieces, place = [blank(text[:start])], start
    for piece in _PIECE.finditer(text, start, end):
        pieces += (text[place:piece.start()], replaced(piece))
        place = piece.end()
    return "".join([*pieces, text[place:end]])


def _entries(text: str, bare: str) -> list[tuple[str, int, int]]:
    """Return the annotated formulas: the role, and where the formula begins and ends."""
    found, place = [], 0
    while (begin := re.compile(r"\S").search(bare, place)) is not None:
        head = _ENTRY.match(bare, place)
        if head is None:
            raise unsupported(text, begin.start(), begin.end(), "An annotated formula was expected, as in "
                                                      "tff(goal, conjecture, p => p).")
        depth, at = 1, head.end()
        for bracket in re.compile(r"[()]|'[^'\n]*'").finditer(bare, at):
            depth += (bracket[0] == "(") - (bracket[0] == ")")
            if not depth:
                break
        else:
            raise unsupported(text, len(text), len(text), "The annotated formula is not closed.")
        dot = re.compile(r"\s*\.").match(bare, bracket.end())
        if dot is None:
            raise unsupported(text, bracket.end(), bracket.end() + 1, "An annotated formula ends with a full stop.")
        found.append((head["role"], head.end(), bracket.start()))
        place = dot.end()
    return found


def _declared(text: str, start: int, end: int) -> dict[str, Any]:
    """Return the options of the overlay modal that a logic specification asks for."""
    body = text[start:end]
    family = re.match(r"\s*\$([a-z_]+)\s*==", body)
    if family is None or family[1] not in _FAMILIES:
        raise unsupported(text, start, end, f"The logics that are read are ${', $'.join(_FAMILIES)}.")
    modalities = re.search(r"\$modalities\s*==\s*(\[[^\]]*\]|\$[A-Za-z0-9_]+)", body)
    if modalities is None:
        raise unsupported(text, start, end, "The specification lacks $modalities.")
    given = modalities[1]
    system = re.fullmatch(r"\$modal_system_([A-Za-z0-9]+)", given)
    if system:
        logic = _SYSTEMS.get(system[1].upper())
    elif "#" in given or "==" in given:
        raise unsupported(text, start + modalities.start(1), start + modalities.end(1),
                          "Modalities with logics of their own are not read here: ask the overlay modal itself.")
    else:
        logic = _AXIOMS.get(frozenset(axiom.upper() for axiom in re.findall(r"\$modal_axiom_([A-Za-z0-9]+)", given)))
    if logic is None:
        raise unsupported(text, start + modalities.start(1), start + modalities.end(1),
                          f"The systems that are read are {', '.join(_SYSTEMS)}.")
    return {"logic": logic}


def _read(goal: Any, limits: Limits, target: str | None, signature: Signature) -> Read:
    text = bounded(need_text(goal, signature.name), limits)
    bare = _COMMENT.sub(lambda comment: blank(comment[0]), text)
    declared, options = None, {}
    start, end = 0, len(bare)
    if _ENTRY.match(bare):
        goals: list[tuple[int, int]] = []
        for role, begin, stop in _entries(text, bare):
            if role == "logic":
                declared, options = "modal", _declared(text, begin, stop)
            elif role in ("conjecture", "theorem", "lemma") and not goals:
                goals.append((begin, stop))
            elif role != "type":
                raise unsupported(text, begin, stop, "One goal is read, of the role conjecture; this one, of the role "
                                                     f"{role}, can be sent as an assumption.")
        if not goals:
            raise unsupported(text, len(text), len(text), "There is no formula of the role conjecture.")
        ((start, end),) = goals
    clean = _clean(bare, signature, start, end)
    return Read(read_infix(text, clean, signature, limits), declared, MappingProxyType(options))


def _atom(name: str) -> str:
    """Write an atom; a word that is not lower-case stands in quotes, lest it be a variable."""
    return re.sub(r"[A-Za-z_][A-Za-z0-9_]*", lambda word: word[0] if word[0][0].islower() else f"'{word[0]}'", name)


def _written(formula: Formula, max_chars: int, signature: Signature, kind: str) -> str:
    return f"{kind}(goal, conjecture, ({write_infix(formula, signature, _atom, max_chars)}))."


def _has(signs: str, goal: Any) -> bool:
    return isinstance(goal, str) and re.search(signs, goal) is not None


TPTP = Notation("tptp", "TPTP NXF, propositional; its logic specification selects the logic of modal",
                lambda goal, limits, target: _read(goal, limits, target, TPTP_SIGNATURE),
                lambda formula, max_chars: _written(formula, max_chars, TPTP_SIGNATURE, "tff"),
                lambda goal: _has(r"\{\$|\$|=>|<=|<~>|~[|&]|[\[<][.#]|%|/\*|'|tff\s*\(", goal),
                is_marked=lambda goal: re.search(r"\{\$|\$true|\$false|\b[tf][hof]f\s*\([^,()]*,", goal) is not None)
QMLTP = Notation("qmltp", "QMLTP, propositional",
                 lambda goal, limits, target: _read(goal, limits, target, QMLTP_SIGNATURE),
                 lambda formula, max_chars: _written(formula, max_chars, QMLTP_SIGNATURE, "qmf"),
                 lambda goal: _has(r"#(?:box|dia)|qmf\s*\(", goal),
                 is_marked=lambda goal: re.search(r"#(?:box|dia)|\bqmf\s*\(", goal) is not None)
