"""Read a goal's text as a formula.

Operator precedence over two stacks: the operands waiting and the operators waiting for
their right side. Nodes are numbered when they are complete, which is post-order, left to
right; so the canonical table comes out directly, in linear time and without recursion.
"""

from __future__ import annotations

from dataclasses import dataclass

from pxl.errors import GoalTooLarge
from pxl.formula.complaint import syntax_error
from pxl.formula.lexer import LexicalError, Lexicon, ground_atom_end, tokens
from pxl.formula.signature import BOT, CLOSE, COMPOSED, END, NAME, OPEN, PREFIX, PXL, TOP, Signature
from pxl.formula.table import Formula, Node, height


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a goal may be: characters of text, distinct subformulas, nested connectives."""

    max_chars: int = 1_048_576
    max_nodes: int = 250_000
    max_depth: int = 50_000


def parse(text: str, limits: Limits = Limits(), signature: Signature = PXL,
          original: str | None = None) -> Formula:
    """Return the formula that a text denotes in the language of the signature.

    ``original`` is the text that messages quote, when ``text`` is one of the same length made from it.
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
        formula = Formula(_table(tokens(text, signature), signature))
    except LexicalError as misfit:
        raise syntax_error(text, misfit.index, misfit.expected, signature, original) from None
    if len(formula.nodes) > limits.max_nodes:
        raise GoalTooLarge(f"The goal has {len(formula.nodes):,} distinct subformulas; "
                           f"the limit is {limits.max_nodes:,}.")
    depth = height(formula)
    if depth > limits.max_depth:
        raise GoalTooLarge(f"The goal nests {depth:,} connectives; the limit is {limits.max_depth:,}. "
                           "A long chain of /\\ or \\/ nests less when parentheses divide it in halves.")
    return formula


def _table(found: list[str], signature: Signature) -> tuple[Node, ...]:
    lexicon = Lexicon(signature)
    ops, completed_by = lexicon.ops, signature.completes
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
            elif kind >= PREFIX or kind == OPEN:
                if kind < COMPOSED:
                    operators.append(kind)
                else:
                    operators += signature.compositions[kind]
                continue
            elif kind == BOT or kind == TOP:
                number = add(("bot",), len(table))
                operands.append(number if kind == BOT else add(("neg", number), len(table)))
            else:
                raise LexicalError(index, signature.operands)
            operand_due = False
        else:
            # A closing parenthesis or the end completes all that waits since the opening one.
            completes = 1 if kind == CLOSE or kind == END else completed_by.get(kind)
            if completes is None:
                raise LexicalError(index, _after_operand(operators, signature))
            while operators[-1] >= completes:
                right = operands.pop()
                operands[-1] = add((ops[operators.pop()], operands[-1], right), len(table))
            if kind == END:
                if len(operators) > 1:
                    raise LexicalError(index, _after_operand(operators, signature))
                return tuple(table)
            if kind != CLOSE:
                operators.append(kind)
                operand_due = True
                continue
            if len(operators) == 1:
                raise LexicalError(index, _after_operand(operators, signature))
            operators.pop()
        while operators[-1] >= PREFIX:
            operands[-1] = add((ops[operators.pop()], operands[-1]), len(table))


def _after_operand(operators: list[int], signature: Signature) -> tuple[str, ...]:
    return (*signature.operators, "`)`" if OPEN in operators[1:] else "the end of the goal")
