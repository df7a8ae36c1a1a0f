"""Say which words and signs are operators of a language, how tightly they bind, and how each is printed.

Every language has atoms, truth, falsity, parentheses and what its signature adds. In a spelling ``…`` stands for
a label (letters, digits and _) and ``№`` for a number: ``BOX[…]`` is read as in ``BOX[anna] p``, ``At №`` as in
``At 5 p``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

# What a token is: OPEN holds nothing, infix operators are from 1 up, tighter ones higher, prefix ones from PREFIX up.
OPEN, PREFIX, LABELLED, COMPOSED = 0, 64, 1024, 1 << 30
CLOSE, TOP, BOT, NAME, NUMBER, END, OTHER = range(-1, -8, -1)

LABEL, NUMBERED = "…", "№"

_SIGNS = {"(": OPEN, ")": CLOSE, "": END}
_BLANKS = "[ \\t\\r\\n]"
_LABELS = {LABEL: "([A-Za-z0-9_]+)", NUMBERED: "([0-9]+)(?![A-Za-z0-9_])"}


@dataclass(frozen=True)
class Prefix:
    """A prefix operator: its name in tables and its spellings, the first of which is printed.

    A word of one letter is read as it stands, longer words in any capitalisation. An operator whose spellings have a
    label is named with the same sign: ``Prefix("box:…", ("BOX[…]", "[…]"))`` reads ``[a]p`` as an operator ``box:a``.
    ``inner`` are operators applied first: ``Prefix("box:O", ("F",), inner=("neg",))`` reads ``F p`` as ``O(~p)``;
    such a spelling is never printed. ``printed``, when given, stands before the body in place of the first spelling.
    """

    op: str
    spellings: tuple[str, ...]
    inner: tuple[str, ...] = ()
    printed: str = ""


@dataclass(frozen=True)
class Infix:
    """An infix operator; the greater ``strength``, the tighter. Operators of one strength group to one side."""

    op: str
    spellings: tuple[str, ...]
    strength: int
    to_the_right: bool = False


@dataclass(frozen=True)
class Signature:
    """The operators of one language, called ``name`` in messages.

    >>> Signature("none", (), CONNECTIVES).opening("neg")
    Traceback (most recent call last):
    ValueError: the language none has no prefix operator 'neg'
    """

    name: str
    prefixes: tuple[Prefix, ...]
    infixes: tuple[Infix, ...]
    truth: tuple[str, ...] = ("TOP", "true", "⊤")
    falsity: tuple[str, ...] = ("BOT", "false", "⊥")

    def opening(self, op: str) -> str:
        """Return what is printed before the body of a prefix operator, its parenthesis included.

        Raises ``ValueError`` for an operator that the language does not have.

        >>> PXL.opening("dia")
        'DIA('
        """
        opening = self.openings.get(op)
        if opening is not None:
            return opening
        family, _, label = op.partition(":")
        for sign, pattern in _LABELS.items():
            opening = self.openings.get(f"{family}:{sign}")
            if opening is not None and re.fullmatch(pattern, label):
                return opening.replace(sign, label)
        raise ValueError(f"the language {self.name} has no prefix operator {op!r}")

    @cached_property
    def openings(self) -> Mapping[str, str]:
        """What ``opening`` returns, of the operators without a label."""
        found: dict[str, str] = {}
        for prefix in self.prefixes:
            if not prefix.inner:
                found.setdefault(prefix.op, f"{prefix.printed or prefix.spellings[0]}(")
        return found

    @cached_property
    def negation(self) -> str:
        """What is printed before the unit that is negated."""
        sign = next((prefix.spellings[0] for prefix in self.prefixes if prefix.op == "neg" and not prefix.inner), "~")
        return f"{sign} " if sign[-1].isalpha() else sign

    @cached_property
    def between(self) -> Mapping[str, str]:
        """What is printed between the two sides of each infix operator."""
        return {infix.op: f" {infix.spellings[0]} " for infix in self.infixes}

    @cached_property
    def kinds(self) -> Mapping[str, int]:
        """What each sign and each word of one letter is."""
        return self._spelled(lambda spelling: not _is_long_word(spelling)) | _SIGNS

    @cached_property
    def words(self) -> Mapping[str, int]:
        """What each longer word is, in lower case."""
        return {word.lower(): kind for word, kind in self._spelled(_is_long_word).items()}

    @cached_property
    def ops(self) -> Mapping[int, str]:
        """The operator of each kind of token that is one."""
        return {**{kind: infix.op for kind, infix in enumerate(self._ordered, start=1)},
                **{PREFIX + k: prefix.op for k, prefix in enumerate(self.prefixes)}}

    @cached_property
    def completes(self) -> Mapping[int, int]:
        """The loosest kind that each infix operator completes: its own, unless it groups to the right."""
        found = {}
        for kind, infix in enumerate(self._ordered, start=1):
            found[kind] = 1 + sum(other.strength < infix.strength + infix.to_the_right for other in self._ordered)
        return found

    @cached_property
    def compositions(self) -> Mapping[int, tuple[int, ...]]:
        """The kinds, outermost first, that a composed prefix operator stands for."""
        plain = {prefix.op: PREFIX + k for k, prefix in enumerate(self.prefixes) if not prefix.inner}
        return {COMPOSED + k: (plain[prefix.op], *(plain[op] for op in reversed(prefix.inner)))
                for k, prefix in enumerate(self.prefixes) if prefix.inner}

    @cached_property
    def labelled(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        """The operators with a label: a pattern for their tokens, whose group is the label, and their name."""
        return tuple((re.compile(_labelled_pattern(spelling)), prefix.op)
                     for prefix in self.prefixes for spelling in prefix.spellings if prefix.op[-1] in _LABELS)

    @cached_property
    def token(self) -> re.Pattern[str]:
        """Match any token; every character that is not blank is part of some token."""
        signs = sorted((sign for sign in self.kinds if len(sign) > 1), key=len, reverse=True)
        labelled = [re.sub(r"\((\[[^]]+\]\+)\)", r"\1", pattern.pattern) for pattern, _ in self.labelled]
        return re.compile("|".join([*labelled, "[A-Za-z0-9_]+", *map(_sign_pattern, signs), "[^ \\t\\r\\n]"]))

    @cached_property
    def operands(self) -> tuple[str, ...]:
        """What an operand begins with, for messages."""
        first = [example(prefix.spellings[0]) for prefix in self.prefixes]
        return ("an atom", *(f"`{sign}`" for sign in [*first, self.truth[0], self.falsity[0], "("]))

    @cached_property
    def operators(self) -> tuple[str, ...]:
        """What may follow an operand, for messages."""
        return tuple(f"`{infix.spellings[0]}`" for infix in sorted(self.infixes, key=lambda infix: -infix.strength))

    @cached_property
    def label_words(self) -> Mapping[str, str]:
        """The words that need a label, with an example of each, for messages."""
        return {spelling[0]: example(spelling) for prefix in self.prefixes
                for spelling in prefix.spellings if re.fullmatch("[A-Z]\\[…\\]", spelling)}

    @cached_property
    def _ordered(self) -> tuple[Infix, ...]:
        return tuple(sorted(self.infixes, key=lambda infix: infix.strength))

    def _spelled(self, chosen: Callable[[str], bool]) -> dict[str, int]:
        found = dict.fromkeys(filter(chosen, self.truth), TOP) | dict.fromkeys(filter(chosen, self.falsity), BOT)
        for kind, infix in enumerate(self._ordered, start=1):
            found.update(dict.fromkeys(filter(chosen, infix.spellings), kind))
        for k, prefix in enumerate(self.prefixes):
            if prefix.op[-1] not in _LABELS:
                kind = (COMPOSED if prefix.inner else PREFIX) + k
                found.update(dict.fromkeys(filter(chosen, prefix.spellings), kind))
        return found


def _is_long_word(spelling: str) -> bool:
    return len(spelling) > 1 and spelling.isalpha()


def example(spelling: str) -> str:
    """Return a spelling with a label put in.

    >>> example("BOX[…]"), example("At №"), example("~")
    ('BOX[a]', 'At 5', '~')
    """
    return spelling.replace(LABEL, "a").replace(NUMBERED, "5")


def _sign_pattern(sign: str) -> str:
    return f"{re.escape(sign)}(?![A-Za-z])" if sign[-1].isalpha() else re.escape(sign)


def _labelled_pattern(spelling: str) -> str:
    """Return the pattern of a spelling with a label in it; blanks may stand between its parts."""
    (sign,) = set(spelling) & set(_LABELS)
    before, after = spelling.split(sign)
    gap = f"{_BLANKS}+" if before[-1] == " " else f"{_BLANKS}*"
    pieces = [_word_pattern(piece) for piece in re.findall(r"\\[A-Za-z]+|[A-Za-z]+|[^A-Za-z ]", before)]
    behind = f"{_BLANKS}*{re.escape(after)}" if after else ""
    return f"{f'{_BLANKS}*'.join(pieces)}{gap}{_LABELS[sign]}{behind}"


def _word_pattern(piece: str) -> str:
    # Spelled out, for a pattern that ignores case would take the Kelvin sign for a k.
    if _is_long_word(piece):
        return "".join(f"[{letter.upper()}{letter.lower()}]" for letter in piece)
    return re.escape(piece)


NEGATION = Prefix("neg", ("~", "!", "¬", "not"))
BOX = Prefix("box", ("BOX", "[]", "□"))
DIA = Prefix("dia", ("DIA", "DIAMOND", "<>", "◇"))
CONNECTIVES = (
    Infix("conj", ("/\\", "&", "&&", "∧", "and"), 40),
    Infix("disj", ("\\/", "|", "||", "∨", "or"), 30),
    Infix("impl", ("->", "=>", "→", "implies"), 20, to_the_right=True),
    Infix("iff", ("<->", "<=>", "↔", "iff"), 10, to_the_right=True),
)

# The language of the kernel.
PXL = Signature("pxl", (NEGATION, BOX, DIA), CONNECTIVES)
