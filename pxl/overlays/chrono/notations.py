"""Write formulas of linear time for other programs, and as formulas of first-order logic."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from pxl.errors import GoalTooLarge
from pxl.formula import Formula, atoms
from pxl.overlays.chrono.core import time_of

MAX_CHARS = 1_000_000

_BLACK = {"next": "X", "eventually": "F", "globally": "G", "prev": "Y", "weak_prev": "Z", "once": "O",
          "historically": "H", "until": "U", "weak_until": "W", "release": "R", "strong_release": "M", "since": "S",
          "triggered": "T", "neg": "!", "conj": "&", "disj": "|", "impl": "->", "iff": "<->"}
# NuSMV writes V for release, and has neither W nor M.
_NUSMV = {op: sign for op, sign in _BLACK.items() if op not in ("weak_until", "strong_release")} | {"release": "V"}
_RESERVED = re.compile(r"(?:[A-Z]|wX|True|False|TRUE|FALSE)", re.ASCII)
# What stands for the text of a node's first and second part; no atom has it in its name.
_PART = ("\1", "\2")
_PARTS = re.compile("([\1\2])")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def black(formula: Formula) -> tuple[str, dict[str, str]]:
    """Return the formula in the syntax of the solver BLACK, and the names of the atoms that had to be changed."""
    return _infix(formula, _BLACK, "True", "False")


def nusmv(formula: Formula) -> tuple[str, dict[str, str]]:
    """Return the formula in the syntax of NuSMV's LTLSPEC, and the names of the atoms that had to be changed."""
    return _infix(formula, _NUSMV, "TRUE", "FALSE")


def _infix(formula: Formula, signs: Mapping[str, str], true: str, false: str) -> tuple[str, dict[str, str]]:
    spelled = _identifiers(formula)

    def write(op: str, parts: list[str]) -> str:
        if op == "atom":
            return spelled[parts[0]]
        if op == "bot":
            return false
        a, b = parts[0], parts[-1]
        if op in signs:
            if len(parts) == 1:
                return f"{signs[op]} {a}" if signs[op].isalpha() else f"{signs[op]}{a}"
            return f"({a} {signs[op]} {b})"
        if op == "weak_until":
            return f"(({a} U {b}) | G {a})"
        if op == "strong_release":
            return f"({b} U ({a} & {b}))"
        if op == "box":
            return f"H G {a}"
        if op == "dia":
            return f"O F {a}"
        return f"O (!(Y {true}) & {'X ' * (time_of(op) or 0)}{a})"

    return _write(formula, write), {new: old for old, new in spelled.items() if old != new}


def _identifiers(formula: Formula) -> dict[str, str]:
    """Map each atom to a name that other programs read, its own where that is possible."""
    spelled: dict[str, str] = {}
    taken = {name for name in atoms(formula) if _is_identifier(name)}
    for name in atoms(formula):
        new = name
        if not _is_identifier(name):
            base = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower() or "a"
            base = base if base[0].isalpha() else f"a_{base}"
            new = next(each for each in (base, *(f"{base}_{k}" for k in range(2, len(taken) + 3)))
                       if each not in taken and _is_identifier(each))
        taken.add(new)
        spelled[name] = new
    return spelled


def _is_identifier(name: str) -> bool:
    return bool(_IDENTIFIER.fullmatch(name)) and not _RESERVED.fullmatch(name)


def _write(formula: Formula, write: Callable[[str, list[str]], str]) -> str:
    # The texts of a deep formula, one for each node, would take quadratic memory: only the whole is put together.
    pieces: list[list[str | int]] = []
    lengths: list[int] = []
    for op, *members in formula.nodes:
        parts = members if op == "atom" else [_PART[k] for k in range(len(members))]
        found = [members[_PART.index(piece)] if piece in _PART else piece
                 for piece in _PARTS.split(write(op, parts)) if piece]
        lengths.append(sum(len(piece) if isinstance(piece, str) else lengths[piece] for piece in found))
        if lengths[-1] > MAX_CHARS:
            raise GoalTooLarge(f"The formula written out has over {MAX_CHARS:,} characters.")
        pieces.append(found)
    written: list[str] = []
    agenda: list[str | int] = [len(pieces) - 1]
    while agenda:
        piece = agenda.pop()
        if isinstance(piece, str):
            written.append(piece)
        else:
            agenda.extend(reversed(pieces[piece]))
    return "".join(written)


def first_order(formula: Formula, finite: bool) -> str:
    """Return the standard translation: a first-order formula of the natural numbers that is true at time 0.

    Every atom becomes a predicate of times. Over finite time all times are at most the last one, ``n``.
    """
    nodes = formula.nodes
    predicates = _predicates(atoms(formula))
    size = 0

    def text(node: int, at: str, depth: int) -> str:
        nonlocal size
        op, *members = nodes[node]
        size += 1
        if size > MAX_CHARS // 20 or depth > 150:
            raise GoalTooLarge("The first-order formula would be too large to write out.")
        if op == "atom":
            return f"{predicates[members[0]]}({at})"
        if op == "bot":
            return "false"
        a, b = members[0], members[-1]
        x, y = f"t{2 * depth + 1}", f"t{2 * depth + 2}"

        def of(part: int, time: str) -> str:
            return text(part, time, depth + 1)

        inside = f" & {x} <= n" if finite else ""

        def exists(bound: str, body: str) -> str:
            return f"exists {x} ({bound} & {body})"

        def for_all(bound: str, body: str) -> str:
            return f"forall {x} ({bound} -> {body})"

        later, earlier, any_time = f"{at} <= {x}{inside}", f"{x} <= {at}", f"0 <= {x}{inside}"
        match op:
            case "neg":
                return f"~{of(a, at)}"
            case "conj" | "disj" | "impl" | "iff":
                return f"({of(a, at)} {_CONNECTIVES[op]} {of(b, at)})"
            case "next":
                step = f"{x} = {at} + 1{inside}"
                return exists(step, of(a, x))
            case "prev":
                return exists(f"{x} + 1 = {at}", of(a, x))
            case "weak_prev":
                return for_all(f"{x} + 1 = {at}", of(a, x))
            case "eventually":
                return exists(later, of(a, x))
            case "globally":
                return for_all(f"({later})" if finite else later, of(a, x))
            case "once":
                return exists(earlier, of(a, x))
            case "historically":
                return for_all(earlier, of(a, x))
            case "dia":
                return exists(any_time, of(a, x))
            case "box":
                return for_all(f"({any_time})" if finite else any_time, of(a, x))
            case "until":
                return exists(later, f"{of(b, x)} & forall {y} ({at} <= {y} & {y} < {x} -> {of(a, y)})")
            case "strong_release":
                return exists(later, f"{of(a, x)} & forall {y} ({at} <= {y} & {y} <= {x} -> {of(b, y)})")
            case "since":
                return exists(earlier, f"{of(b, x)} & forall {y} ({x} < {y} & {y} <= {at} -> {of(a, y)})")
            case "release":
                return for_all(f"({later})", f"({of(b, x)} | exists {y} ({at} <= {y} & {y} < {x} & {of(a, y)}))")
            case "triggered":
                return for_all(earlier, f"({of(b, x)} | exists {y} ({x} < {y} & {y} <= {at} & {of(a, y)}))")
            case "weak_until":
                return for_all(f"({later})", f"({of(a, x)} | exists {y} ({at} <= {y} & {y} <= {x} & {of(b, y)}))")
        time = str(time_of(op))
        return f"({time} <= n & {of(a, time)})" if finite else of(a, time)

    return text(len(nodes) - 1, "0", 0)


_CONNECTIVES = {"conj": "&", "disj": "|", "impl": "->", "iff": "<->"}


def _predicates(names: Sequence[str]) -> dict[str, str]:
    """Map each atom to a predicate of its own, of its name where that is possible."""
    found = {name: name for name in names if _IDENTIFIER.fullmatch(name)}
    taken = set(found)
    for name in names:
        if name not in found:
            base = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "A"
            found[name] = next(each for each in (base, *(f"{base}_{k}" for k in range(2, len(taken) + 3)))
                               if each not in taken)
            taken.add(found[name])
    return found
