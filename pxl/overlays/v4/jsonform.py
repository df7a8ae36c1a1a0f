"""Formulas as JSON: objects with an operator and its parts, or lists that begin with an operator."""

from __future__ import annotations

import json
import re
from typing import Any

from pxl.errors import FormulaSyntaxError, GoalTooLarge, NotSupported
from pxl.formula import Formula, Limits, format_formula, height
from pxl.formula.complaint import complaint
from pxl.formula.lexer import is_atom_name
from pxl.overlays.v4.reading import TARGETS, Notation, Read, bounded, language_of, within
from pxl.overlays.v4.words import NAMES, OPS, NodeTable, op_of

_OPERATOR = ("op", "type", "operator", "connective")
_ONE = ("arg", "operand", "body", "inner", "child", "formula", "argument")
_ALL = ("args", "operands", "arguments", "children")
_LABEL = ("agent", "label", "index", "relation", "time")
_ATOM = ("atom", "var", "variable", "prop", "proposition", "predicate")
_QUANTIFIERS = ("forall", "exists", "all", "some", "∀", "∃")
_SHOWN = 40
# What json writes recurses, and so does what clients read it with.
_MAX_DEPTH = 200
_MAX_DIGITS = 18


# Where a part stands: the place of what it is part of, and the step from there; None is the whole goal.
_Path = tuple[Any, str] | None


def _read(goal: Any, limits: Limits, target: str | None) -> Read:
    # A text is JSON written out, or an atom by itself.
    if isinstance(goal, str) and bounded(goal, limits).lstrip()[:1] in ("{", "[", '"'):
        goal = _decoded(goal)
    sheet = NodeTable()
    # An object or list is visited twice: first its parts are put on the agenda, then it is applied to their numbers.
    agenda: list[tuple[Any, ...]] = [("read", goal, None)]
    done: list[int] = []
    seen = 0
    while agenda:
        task, *rest = agenda.pop()
        if task == "apply":
            op, label, count, path = rest
            operands = done[len(done) - count:]
            del done[len(done) - count:]
            try:
                done.append(sheet.apply(op, label, operands))
            except ValueError as fault:
                raise _fault(path, str(fault)) from None
            continue
        value, path = rest
        seen += 1
        if seen > limits.max_chars:
            raise GoalTooLarge(f"The goal has more than {limits.max_chars:,} parts.")
        if isinstance(value, str):
            done.append(_leaf(sheet, value, path))
        elif isinstance(value, bool) and path is not None:
            done.append(sheet.apply("top" if value else "bot", None, ()))
        elif isinstance(value, dict) or isinstance(value, list) and value:
            name, label, parts = _object(value, path) if isinstance(value, dict) else (value[0], None, [
                (part, (path, f"[{number}]")) for number, part in enumerate(value[1:], 1)])
            if isinstance(name, tuple):
                done.append(_leaf(sheet, name[0], path, is_atom=True))
                continue
            op, label = _operator(name, label, path)
            agenda.append(("apply", op, label, len(parts), path))
            agenda += [("read", part, place) for part, place in reversed(parts)]
        else:
            raise _fault(path, f"{_found(value)} is no formula: a formula is a text for an atom, true, false, an "
                               "object with an operator, or a list that begins with one")
    return Read(within(sheet.formula(done[0]), limits))


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as fault:
        raise complaint(text, fault.pos, fault.pos + 1, ("JSON",), f"{fault.msg}.") from None
    except RecursionError:
        raise GoalTooLarge("The JSON nests too deeply to be read.") from None
    except ValueError as fault:
        raise _fault(None, str(fault)) from None


def _object(value: dict[str, Any], path: _Path) -> tuple[Any, Any, list[tuple[Any, _Path]]]:
    """Return the operator's name, the label and the parts with their places; for an atom, its name in a tuple."""
    names = [key for key in _OPERATOR if key in value]
    if not names and len(value) == 1 and next(iter(value)) in _ATOM:
        return (next(iter(value.values())),), None, []
    if len(names) != 1:
        given = ", ".join(json.dumps(key)[:_SHOWN] for key in list(value)[:5]) or "no members"
        raise _fault(path, f'an object needs one member "op" or "type" that names its operator; this one has {given}')
    (key,) = names
    rest = {name: part for name, part in value.items() if name != key}
    name = value[key]
    if isinstance(name, str) and name.lower() in _QUANTIFIERS:
        raise _quantified(path, name)
    if isinstance(name, str) and name.lower() in _ATOM:
        named = [member for member in ("name", "value", "atom") if member in rest]
        if len(named) != 1 or len(rest) != 1:
            raise _fault(path, 'an atom has one more member, "name"')
        return (rest[named[0]],), None, []
    labels = [member for member in _LABEL if member in rest]
    label = rest.pop(labels[0]) if labels else None
    lists = [member for member in _ALL if member in rest]
    if lists and len(rest) == 1 and isinstance(rest[lists[0]], list):
        return name, label, [(part, (path, f".{lists[0]}[{number}]")) for number, part in enumerate(rest[lists[0]])]
    if set(rest) == {"left", "right"}:
        return name, label, [(rest["left"], (path, ".left")), (rest["right"], (path, ".right"))]
    if len(rest) == 1 and next(iter(rest)) in _ONE:
        return name, label, [(part, (path, f".{member}")) for member, part in rest.items()]
    if rest:
        given = ", ".join(json.dumps(member)[:_SHOWN] for member in list(rest)[:5])
        raise _fault(path, f'the parts of {_found(name)} are in "args" (a list), or in "left" and "right", or in '
                           f'"arg"; this object has {given}')
    return name, label, []


def _operator(name: Any, label: Any, path: _Path) -> tuple[str, str | None]:
    if not isinstance(name, str):
        raise _fault(path, f"the name of an operator is a text, not {_found(name)}")
    if op_of(name) is None and ":" in name and label is None:
        name, _, label = name.partition(":")
    op = op_of(name)
    if op is None:
        if name.lower() in _QUANTIFIERS:
            raise _quantified(path, name)
        raise _fault(path, f"{_found(name)} is no operator; known are {', '.join(NAMES.values())}")
    if label is None:
        return op, None
    shown = str(label) if isinstance(label, (str, int)) and not isinstance(label, bool) else ""
    if not re.fullmatch(f"[0-9]{{1,{_MAX_DIGITS}}}" if op == "at" else "[A-Za-z0-9_]+", shown):
        kind = "a time is a whole number" if op == "at" else "it is made of ASCII letters, digits and _"
        raise _fault(path, f"{_found(label)} is no label: {kind}")
    return op, str(int(shown)) if op == "at" else shown


def _quantified(path: _Path, name: str) -> FormulaSyntaxError:
    return _fault(path, f"{_found(name)}: quantifiers are not supported, for the logics here are propositional")


def _leaf(sheet: NodeTable, name: Any, path: _Path, is_atom: bool = False) -> int:
    if isinstance(name, str):
        op = None if is_atom and is_atom_name(name) else OPS.get(name) or OPS.get(name.lower())
        if op in ("top", "bot"):
            return sheet.apply(op, None, ())
        if is_atom_name(name):
            return sheet.atom(name)
    raise _fault(path, f"{_found(name)} is no atom: a name, or a ground atom as in Good(x), without blanks; "
                       "formulas with operators are objects or lists")


def _fault(path: _Path, words: str) -> FormulaSyntaxError:
    steps = []
    while path is not None:
        path, step = path
        steps.append(step)
    place = "".join(["$", *reversed(steps)])
    if len(place) > 200:
        place = f"{place[:80]}…{place[-80:]}"
    return FormulaSyntaxError(f"At {place}: {words}.", line=1, column=1, found=place, expected=("a formula",),
                              excerpt=place)


def _found(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list" if value else "the empty list"
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _write(formula: Formula, max_chars: int, form: str = "op") -> Any:
    """Write objects with ``op`` and ``args``, objects of the old form with ``type``, or lists."""
    format_formula(formula, max_chars, TARGETS[language_of(formula)])       # is it too long to be written out?
    if height(formula) > _MAX_DEPTH:
        raise GoalTooLarge(f"The formula nests {height(formula):,} connectives; as JSON it may nest {_MAX_DEPTH}.")
    written: list[Any] = []
    for node in formula.nodes:
        op, *parts = node
        family, _, label = op.partition(":")
        if len(label) > _MAX_DIGITS and family == "at":
            raise NotSupported(f"a time of more than {_MAX_DIGITS} digits cannot be written in JSON")
        below = [] if op == "atom" else [written[part] for part in parts]
        if op == "atom":
            name = parts[0]
            written.append({"atom": name} if op_of(name) in ("top", "bot") else name)
        elif op == "bot":
            written.append(False)
        elif form == "list":
            written.append([f"{NAMES[family]}:{label}" if label else NAMES[family], *below])
        else:
            value: dict[str, Any] = {form: NAMES[family]}
            if label:
                value["time" if family == "at" else "label"] = label if family != "at" else int(label)
            if form == "op":
                value["args"] = below
            else:
                value |= dict(zip(("left", "right") if len(below) == 2 else ("arg",), below, strict=True))
            written.append(value)
    # A goal is a text, an object or a list; JSON's false is one only as a part.
    return "false" if written[-1] is False else written[-1]


def _looks(goal: Any) -> bool:
    return not isinstance(goal, str) or goal.lstrip()[:1] in ("{", "[", '"')


def _is_marked(goal: Any) -> bool:
    return not isinstance(goal, str) or re.match(r'\s*(?:\{\s*["}]|\[\s*")', goal) is not None


JSON = Notation("json", 'objects with "op" and "args", or "type", "left" and "right", or lists that begin with an '
                'operator', _read, _write, _looks, _is_marked)
JSON_TYPE = Notation("json-type", 'written as objects with "type", as old clients do', None,
                     lambda formula, max_chars: _write(formula, max_chars, "type"))
JSON_LIST = Notation("json-list", "written as lists", None,
                     lambda formula, max_chars: _write(formula, max_chars, "list"))
