"""docs/modal.md says what the overlays do."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from pxl.overlays.contract import Reading, SearchResult
from pxl.overlays.modal import presets
from pxl.overlays.modal.logics import LOGICS, logic_named
from pxl.search.elimination import Budget

PAGE = (Path(__file__).parents[3] / "docs" / "modal.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(line) for block in re.findall(r"```json\n(.*?)```", PAGE, re.S) for line in block.splitlines()]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["goal"])
def test_each_documented_example_gets_its_verdict(example):
    options = dict(example)
    goal, name, verdict = (options.pop(key) for key in ("goal", "overlay", "verdict"))
    assumptions, consequence = tuple(options.pop("assumptions", ())), options.pop("consequence", "global")
    overlay = getattr(presets, name)()
    assert options.keys() <= overlay.options.keys()
    found = overlay.read(Reading(goal, options, assumptions, consequence)).search(time.monotonic() + 10, Budget())
    assert isinstance(found, SearchResult) and found.proved == (verdict == "proved")


def test_every_logic_is_in_the_table_with_its_conditions():
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", PAGE, re.M))
    for name, logic in LOGICS.items():
        told = [word.split(":")[0].strip() for word in rows[name].split(",")]
        assert told == list(logic.conditions or ("any",)), name
    names, meant = (line.split() for line in re.search(r"`(kd kt [^`]*)` are other names of\s`([^`]*)`", PAGE).groups())
    assert [logic_named(name).name for name in names] == meant


def test_every_option_and_value_is_documented():
    for name in ("modal", "themi", "doxa", "gnosi", "tense"):
        for option, schema in getattr(presets, name)().options.items():
            assert f"`{option}`" in PAGE
            assert all(f"`{value}`" in PAGE for value in schema.get("enum", ()))
