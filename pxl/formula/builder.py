"""Build formulas from programs, without a text in between."""

from __future__ import annotations

from pxl.formula.lexer import is_atom_name
from pxl.formula.signature import PXL, Signature
from pxl.formula.table import Formula, Node, canonical


class Builder:
    """Hands out a number for each distinct formula built; garbage does no harm.

    ``signature`` says which names are atoms; operators beyond those below are built with ``node``.

    >>> b = Builder()
    >>> a = b.atom("A")
    >>> b.neg(b.atom("unused")) == a
    False
    >>> b.formula(b.box(b.impl(a, a)))
    Formula(nodes=(('atom', 'A'), ('impl', 0, 0), ('box', 1)))
    """

    def __init__(self, signature: Signature = PXL) -> None:
        self._signature = signature
        self._table: dict[Node, int] = {}
        self._nodes: list[Node] = []

    def atom(self, name: str) -> int:
        """Raise ``ValueError`` unless the name is one that ``parse`` would give an atom."""
        if ("atom", name) not in self._table and not is_atom_name(name, self._signature):
            raise ValueError(f"not the canonical name of an atom: {name!r}")
        return self._add(("atom", name))

    def bot(self) -> int:
        """Return the number of ⊥; the methods below, named as in the table, likewise."""
        return self._add(("bot",))

    def top(self) -> int:
        """⊤ is ¬⊥."""
        return self.neg(self.bot())

    def neg(self, body: int) -> int:
        return self._add(("neg", self._known(body)))

    def box(self, body: int) -> int:
        return self._add(("box", self._known(body)))

    def dia(self, body: int) -> int:
        return self._add(("dia", self._known(body)))

    def conj(self, left: int, right: int) -> int:
        return self._add(("conj", self._known(left), self._known(right)))

    def disj(self, left: int, right: int) -> int:
        return self._add(("disj", self._known(left), self._known(right)))

    def impl(self, left: int, right: int) -> int:
        return self._add(("impl", self._known(left), self._known(right)))

    def iff(self, left: int, right: int) -> int:
        return self._add(("iff", self._known(left), self._known(right)))

    def node(self, op: str, *parts: int) -> int:
        """Apply an operator of the signature, known by its name in tables."""
        if op not in ("neg", "bot"):
            arity = 2 if op in self._signature.between else len(self._signature.opening(op)[:1])
            if len(parts) != arity:
                raise ValueError(f"the operator {op} has {arity} parts, not {len(parts)}")
        return self._add((op, *map(self._known, parts)))

    def insert(self, formula: Formula) -> int:
        """Copy a whole formula in and return its number."""
        place: list[int] = []
        for node in formula.nodes:
            if node[0] == "atom":
                place.append(self.atom(node[1]))
            else:
                place.append(self._add((node[0], *(place[child] for child in node[1:]))))
        return place[-1]

    def formula(self, root: int) -> Formula:
        """Return the formula of that number, with its canonical table."""
        return canonical(self._nodes, self._known(root))

    def _known(self, number: int) -> int:
        if not 0 <= number < len(self._nodes):
            raise ValueError(f"no formula of number {number} was built here")
        return number

    def _add(self, node: Node) -> int:
        number = self._table.setdefault(node, len(self._nodes))
        if number == len(self._nodes):
            self._nodes.append(node)
        return number
