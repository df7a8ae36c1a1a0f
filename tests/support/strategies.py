"""Hypothesis strategies for formulas, and a second, naive reading of them, for tests only."""

from __future__ import annotations

from hypothesis import strategies as st

from pxl.formula import Builder, Formula

ATOMS = ("A", "B", "p1", "q_2", "Good(x)", "f(a,g(b),3)", "SafeFilterOps()")
UNARY = ("neg", "box", "dia")
BINARY = ("conj", "disj", "impl", "iff")


@st.composite
def formulas(draw: st.DrawFn, names: tuple[str, ...] = ATOMS, max_steps: int = 30) -> Formula:
    """Draw a formula whose tree has at most ``2 * max_steps + 2`` nodes.

    A list of steps in reverse Polish notation, so nothing recurses and it shrinks well.
    """
    leaves = st.sampled_from((*names, "BOT"))
    steps = draw(st.lists(st.one_of(leaves, st.sampled_from(UNARY + BINARY)), max_size=max_steps))
    build = Builder()
    stack = [_leaf(build, draw(leaves))]
    for step in steps:
        if step in UNARY:
            stack.append(getattr(build, step)(stack.pop()))
        elif step not in BINARY:
            stack.append(_leaf(build, step))
        elif len(stack) > 1:
            right = stack.pop()
            stack.append(getattr(build, step)(stack.pop(), right))
    while len(stack) > 1:
        right = stack.pop()
        stack.append(build.impl(stack.pop(), right))
    return build.formula(stack[0])


def worlds(names: tuple[str, ...] = ATOMS, max_size: int = 5) -> st.SearchStrategy[list[frozenset[str]]]:
    """Draw the worlds of a universal model, each the set of the atoms true there."""
    return st.lists(st.frozensets(st.sampled_from(names)), min_size=1, max_size=max_size)


def _leaf(build: Builder, name: str) -> int:
    return build.bot() if name == "BOT" else build.atom(name)


def tree(formula: Formula):
    """Return a formula as nested tuples, for naive recursive readings of small formulas."""
    trees: list[tuple] = []
    for node in formula.nodes:
        trees.append(node if node[0] == "atom" else (node[0], *(trees[i] for i in node[1:])))
    return trees[-1]


def holds(t, model: list[frozenset[str]], w: int) -> bool:
    """Evaluate a nested tuple at one world, straight from the truth conditions."""
    match t:
        case ("atom", name):
            return name in model[w]
        case ("bot",):
            return False
        case ("neg", a):
            return not holds(a, model, w)
        case ("conj", a, b):
            return holds(a, model, w) and holds(b, model, w)
        case ("disj", a, b):
            return holds(a, model, w) or holds(b, model, w)
        case ("impl", a, b):
            return not holds(a, model, w) or holds(b, model, w)
        case ("iff", a, b):
            return holds(a, model, w) == holds(b, model, w)
        case ("box", a):
            return all(holds(a, model, v) for v in range(len(model)))
        case ("dia", a):
            return any(holds(a, model, v) for v in range(len(model)))
    raise AssertionError(t)
