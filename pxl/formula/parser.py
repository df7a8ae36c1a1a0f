"""Read a goal's text as a formula.

Operator precedence over two stacks: the operands waiting and the operators waiting for
their right side. Nodes are numbered when they are complete, which is post-order, left to
right; so the canonical table comes out directly, in linear time and without recursion.
"""

from __future__ import annotations

from dataclasses import dataclass

from pxl.errors import GoalTooLarge
from pxl.formula.complaint import syntax_error
from pxl.formula.lexer import (BOT, BOX, CLOSE, CONJ, DIA, DISJ, END, IFF, IMPL, NAME, NEG, OPEN,
                               TOP, Lexicon, Misfit, ground_atom_end, tokens)
from pxl.formula.table import Formula, Node, height

_CONNECTIVES = {NEG: "neg", BOX: "box", DIA: "dia",
                CONJ: "conj", DISJ: "disj", IMPL: "impl", IFF: "iff"}
# A binary operator first completes what waits and binds at least this tightly: itself
# included for ∧ and ∨, which group to the left, but not for → and ↔, which group to the right.
_COMPLETES = {CONJ: CONJ, DISJ: DISJ, IMPL: DISJ, IFF: IMPL}

_OPERAND = ("an atom", "`~`", "`BOX`", "`DIA`", "`TOP`", "`BOT`", "`(`")
_OPERATOR = ("`/\\`", "`\\/`", "`->`", "`<->`")


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a goal may be: characters of text, distinct subformulas, nested connectives."""

    max_chars: int = 1_048_576
    max_nodes: int = 250_000
    max_depth: int = 50_000


def parse(text: str, limits: Limits = Limits()) -> Formula:
    """Return the formula that a text denotes.

    Raises ``FormulaSyntaxError`` with the place, and ``GoalTooLarge`` with the limit. Takes
    about a microsecond per character at most.

    >>> parse("BOX(A -> A)")
    Formula(nodes=(('atom', 'A'), ('impl', 0, 0), ('box', 1)))
    >>> parse("[]A") == parse("□ A") == parse("BOX(A)")
    True
    """
    if len(text) > limits.max_chars:
        raise GoalTooLarge(f"The goal has {len(text):,} characters; the limit is {limits.max_chars:,}.")
    try:
        formula = Formula(_table(tokens(text)))
    except Misfit as misfit:
        raise syntax_error(text, misfit.index, misfit.expected) from None
    if len(formula.nodes) > limits.max_nodes:
        raise GoalTooLarge(f"The goal has {len(formula.nodes):,} distinct subformulas; "
                           f"the limit is {limits.max_nodes:,}.")
    depth = height(formula)
    if depth > limits.max_depth:
        raise GoalTooLarge(f"The goal nests {depth:,} connectives; the limit is {limits.max_depth:,}. "
                           "A long chain of /\\ or \\/ nests less when parentheses divide it in halves.")
    return formula


def _table(found: list[str]) -> tuple[Node, ...]:
    lexicon = Lexicon()
    table: dict[Node, int] = {}
    add = table.setdefault
    operands: list[int] = []
    operators: list[int] = [OPEN]
    operand_due = True
    index = -1
    while True:
        index += 1
        token = found[index]
        kind = lexicon[token]
        if operand_due:
            if kind == NAME:
                if found[index + 1] == "(":
                    end = ground_atom_end(found, index, lexicon)
                    token = "".join(found[index:end])
                    index = end - 1
                operands.append(add(("atom", token), len(table)))
            elif kind <= DIA and (kind >= NEG or kind == OPEN):
                operators.append(kind)
                continue
            elif kind == BOT or kind == TOP:
                number = add(("bot",), len(table))
                operands.append(number if kind == BOT else add(("neg", number), len(table)))
            else:
                raise Misfit(index, _OPERAND)
            operand_due = False
        else:
            # A closing parenthesis or the end completes all that waits since the opening one.
            completes = IFF if kind == CLOSE or kind == END else _COMPLETES.get(kind)
            if completes is None:
                raise Misfit(index, _after_operand(operators))
            while operators[-1] >= completes:
                right = operands.pop()
                operands[-1] = add((_CONNECTIVES[operators.pop()], operands[-1], right), len(table))
            if kind == END:
                if len(operators) > 1:
                    raise Misfit(index, _after_operand(operators))
                return tuple(table)
            if kind != CLOSE:
                operators.append(kind)
                operand_due = True
                continue
            if len(operators) == 1:
                raise Misfit(index, _after_operand(operators))
            operators.pop()
        while operators[-1] >= NEG:
            operands[-1] = add((_CONNECTIVES[operators.pop()], operands[-1]), len(table))


def _after_operand(operators: list[int]) -> tuple[str, ...]:
    return (*_OPERATOR, "`)`" if OPEN in operators[1:] else "the end of the goal")
