"""What a notation gives: a formula, and where it is to be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pxl.errors import GoalTooLarge, NotSupported, RequestError
from pxl.formula import PXL, Formula, Limits, Signature, height
from pxl.formula.lexer import is_atom_name
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.modal.language import MODAL

# The overlays that a goal can be handed on to, with the languages in which they are asked.
TARGETS: Mapping[str, Signature] = MappingProxyType({"pxl": PXL, "modal": MODAL, "chrono": CHRONO})

_CALM = {"atom", "bot", "neg", "conj", "disj", "impl", "iff", "box", "dia"}


@dataclass(frozen=True)
class Read:
    """A formula, and the overlay with the options that its text declares; ``target`` is None where it declares none."""

    formula: Formula
    target: str | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Notation:
    """One way to write formulas.

    ``read`` takes what was sent, the limits and the target that was asked for, if any; it raises RequestError with the
    place. ``write`` takes a formula and how many characters its text may have; None where the notation is only read.
    ``looks`` says whether a goal without a named notation could be meant so: it is quick, and may say no where the
    notation reads the same as ``text``. ``is_marked`` says whether the goal can hardly be meant otherwise,
    ``is_temporal`` that
    without a temporal operator nothing speaks for the notation.
    """

    name: str
    summary: str
    read: Callable[[Any, Limits, str | None], Read] | None
    write: Callable[[Formula, int], Any] | None = None
    looks: Callable[[Any], bool] = lambda goal: isinstance(goal, str)
    is_marked: Callable[[Any], bool] = lambda goal: False
    is_temporal: bool = False


def language_of(formula: Formula) -> str:
    """Return the overlay whose language has every operator of a formula; raises NotSupported when none has.

    >>> language_of(Formula((("atom", "p"), ("box:a", 0))))
    'modal'
    """
    beyond = {node[0] for node in formula.nodes} - _CALM
    if not beyond:
        return "pxl"
    labelled = {op for op in beyond if op.startswith(("box:", "dia:"))}
    if beyond == labelled:
        return "modal"
    if labelled:
        raise NotSupported(f"no overlay has both {_shown(labelled, MODAL)} and {_shown(beyond - labelled, CHRONO)}")
    return "chrono"


def settle(read: Read, target: str | None) -> Read:
    """Return the reading with its target settled: the one asked for, the one declared, or the least that fits.

    Raises NotSupported when the target lacks an operator, and RequestError when it cannot have an atom of a name.
    """
    least = language_of(read.formula)
    chosen = target or read.target or least
    if least not in ("pxl", chosen):
        beyond = {node[0] for node in read.formula.nodes} - _CALM
        raise NotSupported(f"the overlay {chosen} has no {_shown(beyond, TARGETS[least])}; {least} has")
    for node in read.formula.nodes:
        if node[0] == "atom" and not is_atom_name(node[1], TARGETS[chosen]):
            raise RequestError(f"`{node[1][:60]}` is an operator of {chosen}, or has one as an argument: "
                               "the atom needs another name")
    return Read(read.formula, chosen, read.options if chosen == read.target else MappingProxyType({}))


def bounded(text: str, limits: Limits) -> str:
    """Return a text that ``parse`` will not read; raises GoalTooLarge when it is over the limit."""
    if len(text) > limits.max_chars:
        raise GoalTooLarge(f"The goal has {len(text):,} characters; the limit is {limits.max_chars:,}.")
    return text


def within(formula: Formula, limits: Limits) -> Formula:
    """Return a formula that was not read by ``parse``; raises GoalTooLarge when it is over a limit."""
    if len(formula.nodes) > limits.max_nodes:
        raise GoalTooLarge(f"The goal has {len(formula.nodes):,} distinct subformulas; "
                           f"the limit is {limits.max_nodes:,}.")
    depth = height(formula)
    if depth > limits.max_depth:
        raise GoalTooLarge(f"The goal nests {depth:,} connectives; the limit is {limits.max_depth:,}.")
    return formula


def _shown(ops: set[str], signature: Signature) -> str:
    spelled = sorted(signature.between.get(op, "").strip() or signature.opening(op)[:-1] for op in ops)
    return ", ".join(f"`{op[:40]}`" for op in spelled[:5])
