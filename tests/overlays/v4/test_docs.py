"""docs/v4.md says what the code does."""

import json
import re
from pathlib import Path

import pytest

from pxl.errors import RequestError
from pxl.formula import Limits, format_formula
from pxl.overlays.v4.detect import NOTATIONS, READABLE, read_goal
from pxl.overlays.v4.overlay import overlay
from pxl.overlays.v4.reading import TARGETS
from pxl.overlays.v4.words import NAMES

V4 = overlay(lambda name: None)
PAGE = (Path(__file__).parents[3] / "docs" / "v4.md").read_text(encoding="utf-8")


def pairs(language: str) -> list[tuple[str, str]]:
    lines = "".join(re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)).splitlines()
    return list(zip(lines[::2], (line.strip() for line in lines[1::2]), strict=True))


def goal_of(line: str) -> tuple[str | None, object]:
    notation, _, goal = line.partition(": ")
    if notation not in NOTATIONS:
        return None, line
    return notation, json.loads(goal) if notation == "json" else goal


@pytest.mark.parametrize("line, reading", pairs("v4"))
def test_each_documented_goal_has_its_documented_reading(line, reading):
    notation, goal = goal_of(line)
    read = read_goal(goal, Limits(), notation).read
    assert format_formula(read.formula, signature=TARGETS[read.target]) == reading


@pytest.mark.parametrize("line, complaint", pairs("v4-error"))
def test_each_documented_error_is_said(line, complaint):
    notation, goal = goal_of(line)
    with pytest.raises(RequestError) as caught:
        read_goal(goal, Limits(), notation)
    assert caught.value.detail == complaint


@pytest.mark.parametrize("request_text, formula", pairs("v4-translate"))
def test_each_documented_translation_is_made(request_text, formula):
    translate = next(operation for operation in V4.operations if operation.name == "translate")
    assert translate.run(json.loads(request_text), lambda reading: {})["formula"] == json.loads(formula)


def test_each_documented_request_names_options_that_there_are():
    (block,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines():
        request = json.loads(line)
        assert request.pop("overlay") == "v4"
        goal, target = request.pop("goal"), request.get("target")
        assert set(request) <= set(V4.options)
        assert read_goal(goal, Limits(), request.get("notation"), target).read.target in TARGETS


def test_every_notation_option_operation_and_operator_is_documented():
    for name in (*NOTATIONS, *V4.options, *(operation.name for operation in V4.operations)):
        assert f"`{name}`" in PAGE, name
    for name in READABLE:
        assert f"\n{name}: " in PAGE, name
    for op, name in NAMES.items():
        assert op in ("top", "bot") or f"`{name}`" in PAGE, name


def test_every_theorem_is_documented():
    results = (Path(__file__).parents[3] / "pxl/overlays/v4/coq/results.v").read_text(encoding="utf-8")
    for theorem in re.findall(r"^Theorem (\w+)", results, re.M):
        assert f"`{theorem}`" in PAGE or theorem in ("core_embed", "prov4_dec"), theorem
