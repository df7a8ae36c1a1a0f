"""docs/language.md says what the code does."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from pxl.errors import FormulaSyntaxError
from pxl.formula import Limits, format_formula, parse
from pxl.formula.signature import PXL, example
from tests.support.languages import CLIENT_GOALS, SIGNATURES

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")


def pairs(language: str) -> list[tuple[str, str]]:
    lines = "".join(re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)).splitlines()
    return list(zip(lines[::2], (line.strip() for line in lines[1::2]), strict=True))


@pytest.mark.parametrize("goal, reading", pairs("text"))
def test_each_documented_goal_has_its_documented_reading(goal, reading):
    assert format_formula(parse(goal)) == reading


@pytest.mark.parametrize("goal, complaint", pairs("error"))
def test_each_documented_error_is_said(goal, complaint):
    with pytest.raises(FormulaSyntaxError) as caught:
        parse(goal)
    assert caught.value.detail == complaint


@pytest.mark.parametrize("goal, reading", pairs("other"))
def test_each_documented_goal_of_another_language_has_its_documented_reading(goal, reading):
    name, _, text = goal.partition(": ")
    signature = SIGNATURES[name]
    assert format_formula(parse(text, signature=signature), signature=signature) == reading


@pytest.mark.parametrize("name", SIGNATURES)
def test_every_operator_of_another_language_is_documented(name):
    rows = "".join(line for line in PAGE.splitlines() if line.startswith(f"| `{name}`"))
    for op in (*SIGNATURES[name].prefixes, *SIGNATURES[name].infixes):
        shown = example(op.spellings[0])
        known = op in (*PXL.prefixes, *PXL.infixes) or (op.op in ("box:…", "dia:…") and "`BOX[a]` …" in rows)
        assert known or f"`{shown}" in rows, shown


def test_every_goal_of_the_old_clients_is_documented():
    documented = [goal for goal, _ in pairs("text")]
    assert {goal for goal in CLIENT_GOALS if len(goal) < 1_000} <= set(documented)


def test_the_programs_on_the_page_do_what_their_comments_say():
    names: dict[str, object] = {}
    for line in "".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)).splitlines():
        code, _, comment = line.partition(" #")
        if comment:
            assert repr(eval(code, names)) == comment.strip()
        else:
            exec(code, names)


def test_every_spelling_and_limit_is_documented():
    shown = PAGE.replace("\\|", "|").lower()
    for spelling in [*PXL.kinds, *PXL.words]:
        assert spelling in "()" or f"`{spelling}`" in shown, spelling
    for name, value in asdict(Limits()).items():
        assert f"| `{name}` | {value:,} |" in PAGE
