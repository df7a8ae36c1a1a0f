"""What a formula is as a value: its table, its builder, its traversals and its truth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxl.errors import FormulaSyntaxError
from pxl.formula import Builder, Formula, atoms, children, evaluate, format_formula, height, parse, rename_atoms
from pxl.formula.lexer import is_atom_name
from pxl.formula.table import canonical
from tests.support.strategies import ATOMS, formulas, holds, tree, worlds


def trees_below(t):
    yield t
    if t[0] != "atom":
        for part in t[1:]:
            yield from trees_below(part)


@given(formulas())
def test_the_table_holds_each_subformula_once_children_first(formula):
    for i, node in enumerate(formula.nodes):
        assert all(child < i for child in children(node))
    assert len(set(formula.nodes)) == len(formula.nodes)
    assert len(set(trees_below(tree(formula)))) == len(formula.nodes)


@given(formulas(), formulas())
def test_formulas_are_equal_exactly_when_their_trees_are(f, g):
    assert (f == g) == (tree(f) == tree(g))
    assert (hash(f) == hash(g)) or f != g


@given(st.lists(formulas(), min_size=1, max_size=4), st.data())
def test_a_builder_leaves_no_trace_of_order_or_garbage(many, data):
    build = Builder()
    numbers = [build.insert(formula) for formula in many]
    for formula, number in zip(many, numbers, strict=True):
        assert build.formula(number) == formula
    left = data.draw(st.sampled_from(range(len(many))))
    both = build.formula(build.iff(numbers[left], numbers[0]))
    assert both == parse(f"({format_formula(many[left])}) <-> ({format_formula(many[0])})")


def test_a_builder_makes_every_connective():
    b = Builder()
    a, c = b.atom("A"), b.atom("f(x,3)")
    root = b.impl(b.disj(b.box(a), b.neg(c)), b.iff(b.conj(c, b.top()), b.dia(b.bot())))
    assert b.formula(root) == parse("BOX A | ~f(x,3) -> (f(x,3) & TOP <-> DIA BOT)")
    assert b.atom("A") == a


@pytest.mark.parametrize("name", ["", "box", "TOP", "3", "f(a, b)", "A B", "f(", "f)", "f(a)b", "\u0410", "A\n", "~A"])
def test_a_builder_refuses_names_that_the_parser_would_not_give(name):
    assert not is_atom_name(name)
    with pytest.raises(ValueError, match="not the canonical name"):
        Builder().atom(name)


def test_a_builder_refuses_numbers_it_did_not_give():
    for number in (0, -1):
        with pytest.raises(ValueError, match="was built here"):
            Builder().box(number)


@given(st.text(alphabet="aB3_(), ~", max_size=12))
def test_atom_names_are_those_that_read_as_one_atom_of_that_name(name):
    try:
        nodes = parse(name).nodes
    except FormulaSyntaxError:
        nodes = ()
    assert is_atom_name(name) == (nodes == (("atom", name),))


@given(formulas())
def test_subformulas_are_the_trees_at_their_positions(formula):
    assert canonical(formula.nodes, len(formula.nodes) - 1) == formula
    trees = set(trees_below(tree(formula)))
    assert {tree(canonical(formula.nodes, i)) for i in range(len(formula.nodes))} == trees


def depth_of(t, ops):
    return (t[0] in ops) + max((depth_of(part, ops) for part in t[1:] if t[0] != "atom"), default=0)


@given(formulas())
def test_depths_count_the_longest_path(formula):
    assert height(formula) == depth_of(tree(formula), ("neg", "conj", "disj", "impl", "iff", "box", "dia"))


@given(formulas())
def test_renaming_numbers_the_atoms_by_first_occurrence(formula):
    renamed, old_names = rename_atoms(formula)
    assert atoms(renamed) == tuple(f"p{k}" for k in range(1, len(old_names) + 1)) == tuple(old_names)
    assert tuple(old_names.values()) == atoms(formula)
    back = tuple(("atom", old_names[n[1]]) if n[0] == "atom" else n for n in renamed.nodes)
    assert Formula(back) == formula
    assert rename_atoms(renamed)[0] == renamed
    assert parse(format_formula(renamed)) == renamed


def test_renaming_copes_with_atoms_already_named_so():
    renamed, old_names = rename_atoms(parse("p2 -> p1"))
    assert (format_formula(renamed), old_names) == ("p1 -> p2", {"p1": "p2", "p2": "p1"})


def test_formulas_that_differ_in_names_only_are_renamed_alike():
    assert rename_atoms(parse("Q(x) -> BOX(P)"))[0] == rename_atoms(parse("B -> BOX(A)"))[0]
    assert rename_atoms(parse("A -> BOX(A)"))[0] != rename_atoms(parse("B -> BOX(A)"))[0]


def test_atoms_come_in_order_of_first_occurrence():
    assert atoms(parse("B -> f(x) /\\ A \\/ B")) == ("B", "f(x)", "A")
    assert atoms(parse("TOP")) == ()


@given(formulas(names=ATOMS[:4]), worlds(ATOMS[:5]))
def test_evaluation_agrees_with_the_truth_conditions(formula, model):
    masks = evaluate(formula, model)
    assert len(masks) == len(formula.nodes)
    for i, mask in enumerate(masks):
        t = tree(canonical(formula.nodes, i))
        assert mask == sum(holds(t, model, w) << w for w in range(len(model)))


def test_the_two_world_countermodel_to_a_implies_box_a():
    assert evaluate(parse("A -> BOX(A)"), [frozenset("A"), frozenset()])[-1] == 0b10


def test_an_old_expectation_is_not_valid():
    """The old suite listed this goal as valid; A at one world and B at the other refute it."""
    goal = parse("BOX(A /\\ BOX(B) -> BOX(A /\\ B))")
    assert evaluate(goal, [frozenset("AB"), frozenset("B")])[-1] == 0


def test_a_model_without_worlds_is_refused():
    with pytest.raises(ValueError, match="at least one world"):
        evaluate(parse("A"), [])


def test_deep_formulas_are_evaluated_and_traversed_without_recursion():
    n = 9_999
    formula = parse("BOX(A -> " * n + "A" + ")" * n)
    assert evaluate(formula, [frozenset("A"), frozenset()])[-1] in (0, 3)
    assert height(formula) == 2 * n
    assert rename_atoms(formula)[0] != formula
    assert canonical(formula.nodes, len(formula.nodes) - 1) == formula
    build = Builder()
    assert build.formula(build.insert(formula)) == formula
