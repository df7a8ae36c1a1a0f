"""Questions of the modal overlay for tests, given and at random."""

from __future__ import annotations

import random

from pxl.formula import parse
from pxl.overlays.modal.language import MODAL
from pxl.overlays.modal.logics import LOGICS
from pxl.overlays.modal.problem import make_problem, relations_in
from pxl.overlays.modal.setting import make_setting
from tests.support.modal_reference import NAMES


def problem_of(formula, logics="k", assumptions=(), is_global=True, inclusions=(), converses=()):
    """Return the problem of a formula or text; ``logics`` is one name or maps relations to names."""
    formulas = [parse(f, signature=MODAL) if isinstance(f, str) else f for f in (formula, *assumptions)]
    names = relations_in(formulas) or ("BOX",)
    given = {name: LOGICS[logics if isinstance(logics, str) else logics.get(name, "k")]
             for name in dict.fromkeys([*names, *(x for pair in (*inclusions, *converses) for x in pair)])}
    setting, order = make_setting(names, given, inclusions, converses)
    return make_problem(formulas[0], formulas[1:], is_global=is_global, setting=setting, relations=order)[0]


def random_setting(rng: random.Random):
    names = ("a", "b", "c", "BOX")[:rng.randint(2, 4)]
    return (dict.fromkeys(names) | {name: rng.choice(NAMES) for name in names},
            [tuple(rng.sample(names, 2)) for _ in range(rng.choice((0, 1, 1, 2, 3)))],
            [tuple(rng.sample(names, 2)) for _ in range(rng.choice((0, 0, 1)))])
