"""The assumptions that a proof is said to use are enough for the goal."""

from __future__ import annotations

import time

import pytest

from pxl.overlays.chrono import overlay as chrono
from pxl.overlays.contract import Reading
from pxl.overlays.modal.presets import modal
from pxl.overlays.s5 import overlay as s5
from pxl.search.elimination import Budget

OVERLAYS = {"pxl": s5.overlay(), "chrono": chrono.overlay(), "modal": modal()}
# In the first three the formula of all that is left when a premise is taken away stands in another premise, too.
CASES = (
    ("C", ("BOX(B) -> C", "B"), "global", (0, 1)),
    ("C", ("B -> C", "B"), "local", (0, 1)),
    ("C", ("~(B -> C) -> D", "B", "~D"), "local", (0, 1, 2)),
    ("C", ("B -> C", "D", "B"), "local", (0, 2)),
    ("C", ("D", "C"), "global", (1,)),
)


@pytest.mark.parametrize("name", OVERLAYS)
@pytest.mark.parametrize(("goal", "assumptions", "consequence", "used"), CASES)
def test_what_is_used_is_enough(name, goal, assumptions, consequence, used):
    question = OVERLAYS[name].read(Reading(goal, {}, assumptions, consequence))
    deadline = time.monotonic() + 10
    found = question.search(deadline, Budget())
    assert found.proved
    script = question.script(True, found.certificate)
    told = question.explain(True, found.certificate, script, found.used)
    told = found.used if told.used is None else told.used
    assert set(used) <= set(told)
    enough = tuple(assumptions[place] for place in told)
    assert OVERLAYS[name].read(Reading(goal, {}, enough, consequence)).search(deadline, Budget()).proved


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_is_not_needed_is_not_named(name):
    question = OVERLAYS[name].read(Reading("C", {}, ("D", "C", "E -> B"), "global"))
    found = question.search(time.monotonic() + 10, Budget())
    script = question.script(True, found.certificate)
    told = question.explain(True, found.certificate, script, found.used)
    assert (found.used if told.used is None else told.used) == (1,)
