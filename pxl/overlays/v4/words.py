"""The names of operators in notations that write them before their parts: JSON and S-expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pxl.formula import Formula
from pxl.formula.table import Node, canonical
from pxl.overlays.v4.definitions import expand

# The first name of each is the one that is written.
_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "neg": ("not", "neg", "negation", "~", "!", "¬"),
    "conj": ("and", "conj", "conjunction", "&", "&&", "/\\", "∧"),
    "disj": ("or", "disj", "disjunction", "|", "||", "\\/", "∨"),
    "impl": ("implies", "impl", "imp", "implication", "->", "=>", "→"),
    "iff": ("iff", "equiv", "equivalent", "equivalence", "biconditional", "<->", "<=>", "↔"),
    "box": ("box", "necessary", "necessarily", "[]", "□"),
    "dia": ("dia", "diamond", "possible", "possibly", "<>", "◇"),
    "top": ("top", "true", "⊤"),
    "bot": ("bot", "bottom", "false", "⊥"),
    "xor": ("xor", "⊕"),
    "nand": ("nand", "⊼"),
    "nor": ("nor", "⊽"),
    "strict": ("strict", "strict_implies", "strictly_implies", "⥽"),
    "contingent": ("contingent", "∇"),
    "next": ("next", "X"),
    "eventually": ("eventually", "finally", "F"),
    "globally": ("globally", "always", "G"),
    "prev": ("prev", "previous", "yesterday", "Y"),
    "weak_prev": ("weak_prev", "Z"),
    "once": ("once", "P", "O"),
    "historically": ("historically", "H"),
    "at": ("at",),
    "until": ("until", "U"),
    "weak_until": ("weak_until", "W"),
    "release": ("release", "R", "V"),
    "strong_release": ("strong_release", "M"),
    "since": ("since", "S"),
    "triggered": ("triggered", "T"),
})
OPS: Mapping[str, str] = MappingProxyType({name: op for op, names in _NAMES.items() for name in names})
NAMES: Mapping[str, str] = MappingProxyType({op: names[0] for op, names in _NAMES.items()})

_UNARY = {"neg", "box", "dia", "contingent", "next", "eventually", "globally", "prev", "weak_prev", "once",
          "historically", "at"}
_MANY = {"conj", "disj", "xor"}
LABELLED = ("box", "dia", "at")


def op_of(name: str) -> str | None:
    """Return the operator that a name stands for; names of more than one letter are read in any capitalisation."""
    return OPS.get(name) or (OPS.get(name.lower()) if len(name) > 1 else None)


class NodeTable:
    """Collects the nodes of a formula as its parts become known."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._places: dict[Node, int] = {}

    def atom(self, name: str) -> int:
        """Return the number of an atom; the name was checked."""
        return self._add(("atom", name))

    def apply(self, op: str, label: str | None, parts: Sequence[int]) -> int:
        """Apply an operator. Raises ValueError, in words, when it does not take so many parts or such a label.

        ``and`` and ``or`` take any number of parts and group them to the left, as ``xor`` does from two on.
        """
        if (label is not None) and op not in LABELLED or label is None and op == "at":
            raise ValueError(f"`{NAMES[op]}` takes {'no label' if op != 'at' else 'a time'}")
        if op in ("top", "bot"):
            if parts:
                raise ValueError(f"`{NAMES[op]}` is a constant and has no parts")
            return self._constant(op)
        if op in _MANY:
            if not parts and op != "xor":
                return self._constant("top" if op == "conj" else "bot")
            if len(parts) == 1 and op != "xor":
                return parts[0]
            least, most = 2, len(parts)
        else:
            least = most = 1 if op in _UNARY else 2
        if not least <= len(parts) <= most:
            wanted = f"{least} or more" if op in _MANY else str(least)
            raise ValueError(f"`{NAMES[op]}` has {len(parts)} parts; it takes {wanted}")
        name = op if label is None else f"{op}:{label}"
        number = parts[0]
        if len(parts) == 1:
            return self._add((name, number))
        for part in parts[1:]:
            number = self._add((name, number, part))
        return number

    def formula(self, root: int) -> Formula:
        """Return the formula of a number, with what is defined replaced."""
        return expand(canonical(self._nodes, root))

    def _constant(self, op: str) -> int:
        bot = self._add(("bot",))
        return bot if op == "bot" else self._add(("neg", bot))

    def _add(self, node: Node) -> int:
        number = self._places.setdefault(node, len(self._nodes))
        if number == len(self._nodes):
            self._nodes.append(node)
        return number
