"""Generated families of goals about time, each with a parameter that makes it harder."""

from __future__ import annotations

from functools import reduce

from pxl.formula import Builder, Formula
from pxl.overlays.chrono.language import CHRONO

TEXTBOOK = (
    ("G p -> p", "infinite"), ("G p -> X p", "infinite"), ("G p -> G G p", "infinite"),
    ("~X p <-> X ~p", "infinite"), ("G(p -> q) -> (G p -> G q)", "infinite"),
    ("p U q <-> q \\/ (p /\\ X(p U q))", "infinite"), ("p /\\ G(p -> X p) -> G p", "infinite"),
    ("p W q <-> (p U q) \\/ G p", "infinite"), ("~(p U q) <-> ~p R ~q", "infinite"),
    ("F G F p <-> G F p", "infinite"), ("G F(p \\/ q) <-> G F p \\/ G F q", "infinite"),
    ("G(p -> F q) /\\ G(q -> F r) -> G(p -> F r)", "infinite"),
    ("G(req -> F ack) -> (G F req -> G F ack)", "infinite"), ("p S q <-> q \\/ (p /\\ Y(p S q))", "infinite"),
    ("G(p -> P q) <-> (~p) W q", "infinite"), ("p -> G P p", "infinite"),
    ("G(Y p -> p) /\\ p -> G P p", "infinite"), ("BOX p <-> H p /\\ G p", "infinite"),
    ("DIA BOX p -> BOX p", "infinite"), ("p U q /\\ (~q) U r -> p U r", "infinite"),
    ("(p U q) U r -> (p \\/ q) U r", "infinite"), ("F(p /\\ q) -> F p /\\ F q", "infinite"),
    ("At 2 p <-> X X p", "infinite"), ("F G p \\/ G F ~p", "infinite"), ("G F p -> F G p", "finite"),
    ("F ~X TOP", "finite"), ("G p <-> p /\\ ~X ~G p", "finite"), ("F p -> G p", "infinite"),
    ("G F p -> F G p", "infinite"), ("p W q -> F q", "infinite"), ("Y p -> p", "infinite"),
    ("F p /\\ F q -> F(p /\\ q)", "infinite"), ("G(p \\/ q) -> G p \\/ G q", "infinite"),
    ("F p -> P p", "infinite"), ("p U (q U r) -> (p U q) U r", "infinite"), ("G X TOP", "finite"),
    ("G(p -> F q) -> F q", "infinite"), ("G F p /\\ G F q -> G F(p /\\ q)", "infinite"), ("H p -> G p", "infinite"),
    ("X p -> p", "finite"),
)


def responses(count: int) -> Formula:
    """G(a1 → F a2) → … → G(a1 → F an). Proved, for it is a chain."""
    b = Builder(CHRONO)
    atoms = [b.atom(f"a{k + 1}") for k in range(count)]

    def response(first: int, last: int) -> int:
        return b.node("globally", b.impl(atoms[first], b.node("eventually", atoms[last])))

    goal = response(0, count - 1)
    for k in reversed(range(count - 1)):
        goal = b.impl(response(k, k + 1), goal)
    return b.formula(goal)


def counter(bits: int, goal: str) -> Formula:
    """A binary counter that begins at 0: it comes to ones only, again and again (proved), or never does (refuted).

    ``goal`` is ``comes``, ``recurs`` or ``never``.
    """
    b = Builder(CHRONO)
    digits = [b.atom(f"b{k}") for k in range(bits)]
    steps, carry = [], None
    for digit in digits:
        flips = b.neg(digit) if carry is None else b.neg(b.iff(digit, carry))
        steps.append(b.iff(b.node("next", digit), flips))
        carry = digit if carry is None else b.conj(carry, digit)
    begin = reduce(b.conj, [b.neg(digit) for digit in digits])
    full = b.node("eventually", reduce(b.conj, digits))
    claim = {"comes": full, "recurs": b.node("globally", full), "never": b.neg(full)}[goal]
    return b.formula(b.impl(begin, b.impl(b.node("globally", reduce(b.conj, steps)), claim)))
