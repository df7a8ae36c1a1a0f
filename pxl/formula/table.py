"""The formula value: a table of distinct subformulas, children first.

Node ``i`` of the table is a tuple whose first member names the connective and whose other
members are the positions of earlier nodes (for an atom, its name)::

    ("atom", name)  ("bot",)  ("neg", i)  ("conj", i, j)  ("disj", i, j)
    ("impl", i, j)  ("iff", i, j)  ("box", i)  ("dia", i)

The order is that of first completion when the formula is read from left to right, and no
node stands twice. Equal formulas therefore have equal tables, and equality, hashing and
every traversal are loops over a flat tuple: depth costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Node: TypeAlias = tuple[Any, ...]     # ("atom", str) | ("bot",) | (op, int) | (op, int, int)


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula; ``nodes[-1]`` is the whole of it. Build one with ``parse`` or ``Builder``."""

    nodes: tuple[Node, ...]


def children(node: Node) -> tuple[int, ...]:
    """Return the positions of a node's children, left to right.

    >>> children(("impl", 0, 3)), children(("atom", "A"))
    ((0, 3), ())
    """
    return () if node[0] == "atom" else node[1:]


def atoms(formula: Formula) -> tuple[str, ...]:
    """Return the names of the atoms in order of first occurrence.

    >>> atoms(Formula((("atom", "B"), ("atom", "A"), ("conj", 0, 1))))
    ('B', 'A')
    """
    return tuple(node[1] for node in formula.nodes if node[0] == "atom")


def height(formula: Formula) -> int:
    """Count the connectives on the longest path from the whole to an atom or ⊥.

    >>> height(Formula((("atom", "A"), ("neg", 0), ("conj", 0, 1))))
    2
    """
    depths: list[int] = []
    for node in formula.nodes:
        # Spelled out, for this runs over every goal: max() with a generator takes seven times as long.
        if len(node) == 3:
            left, right = depths[node[1]], depths[node[2]]
            depths.append((left if left > right else right) + 1)
        else:
            depths.append(depths[node[1]] + 1 if len(node) == 2 and node[0] != "atom" else 0)
    return depths[-1]


def occurrences(nodes: Sequence[Node]) -> Counter[int]:
    """Count how often each node stands as a part of another, by the number that the others know it by.

    >>> occurrences([("atom", "A"), ("neg", 0), ("conj", 0, 1)])[0]
    2
    """
    return Counter(child for node in nodes for child in children(node))


def rename_atoms(formula: Formula) -> tuple[Formula, dict[str, str]]:
    """Rename the atoms to p1, p2, … by first occurrence; also return the map new → old.

    Two formulas that differ in the names of their atoms only get the same result.

    >>> rename_atoms(Formula((("atom", "B"), ("atom", "A"), ("conj", 0, 1))))[1]
    {'p1': 'B', 'p2': 'A'}
    """
    old_names: dict[str, str] = {}
    nodes = []
    for node in formula.nodes:
        if node[0] == "atom":
            new = f"p{len(old_names) + 1}"
            old_names[new] = node[1]
            node = ("atom", new)
        nodes.append(node)
    return Formula(tuple(nodes)), old_names


def with_atoms(formula: Formula, new: Mapping[str, str]) -> Formula:
    """Return the formula with its atoms renamed as a map says.

    >>> with_atoms(Formula((("atom", "A"), ("neg", 0))), {"A": "p1"})
    Formula(nodes=(('atom', 'p1'), ('neg', 0)))
    """
    return Formula(tuple(("atom", new[node[1]]) if node[0] == "atom" else node for node in formula.nodes))


def canonical(nodes: Sequence[Node], root: int) -> Formula:
    """Return the formula at ``root`` of any children-first sequence of nodes.

    Nodes that the root does not use are left out and equal nodes become one. Linear in the
    number of distinct nodes reached, not in the size of the tree.

    >>> canonical([("atom", "A"), ("atom", "B"), ("atom", "B"), ("conj", 2, 1)], 3)
    Formula(nodes=(('atom', 'B'), ('conj', 0, 0)))
    """
    table: dict[Node, int] = {}
    place: dict[int, int] = {}
    agenda = [root]
    while agenda:
        here = agenda[-1]
        node = nodes[here]
        if here in place:
            agenda.pop()
            continue
        missing = [child for child in children(node) if child not in place]
        if missing:
            agenda.extend(reversed(missing))
            continue
        agenda.pop()
        if node[0] != "atom":
            node = (node[0], *(place[child] for child in node[1:]))
        place[here] = table.setdefault(node, len(table))
    return Formula(tuple(table))
