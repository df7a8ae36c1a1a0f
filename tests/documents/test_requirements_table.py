"""docs/requirements.md has every row once, every test and page that it names is there, and what must be tested is."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "requirements.md"

# What each row is, in their order: M must, S should, D for documents alone. One letter for each table of the specification.
PRIORITIES = {
    "A": "MSSSSSMMMMSSSMMSS",
    "B": "DSMMMMMMMMMMMMMMMSSMMMMSMMMSMMMMSSDMSSMDS",
    "C": "MMMMMSMSMMMMMMMMMSSS",
    "D": "MMMMMMMMMMMMSMM",
    "E": "MMMMMMMMMMMMMMSMSMMS",
    "F": "MMMMMMSMMMMMMSSSMS",
    "G": "MSSSMSSS",
    "H": "MMMMMMMMMMMMMSSMM",
    "I": "MMSMMMMMMMMMMSMSSMSMDSMMMM",
    "J": "MMMMMMMMMMMMMS",
    "K": "SMMMMMSSSSMMSMMMMMMSDSM",
    "L": "MSMDSDDDSMMMDMMSMMDSSD",
}
CONTRADICTIONS = [f"X{number:02}" for number in range(1, 39)]
# The tables whose every M has a test: commands, and all from metrics to organisation.
MUST_BE_TESTED = set("BEFGHIJKL")
WITHOUT_A_TEST = ("left out: ", "document only: ")


@dataclass(frozen=True)
class Row:
    """A line of the page: where it stands, and what it links to."""

    id: str
    priority: str
    what: str
    answer: str
    tests: tuple[tuple[str, str], ...]      # test's name, file


def table() -> list[Row]:
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)][1:-1]
        if cells and re.fullmatch(r"[A-Z]\d+", cells[0]):
            identity, priority, what, answer, tests = cells
            found.append(Row(identity, priority, what, answer, tuple(re.findall(r"\[`([^`]+)`\]\(([^)]+)\)", tests))))
            assert not re.sub(r"\[`[^`]+`\]\([^)]+\)|<br>", "", tests), f"{identity}: {tests}"
    return found


ROWS = table()


@cache
def names_in(path: Path) -> frozenset[str]:
    """Return the tests of a file, as ``file::Class::test`` or ``file::test``."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".bats":
        return frozenset(f"{path.name}::{name}" for name in re.findall(r'^@test "(.+)" \{$', text, re.MULTILINE))
    body = ast.parse(text).body
    found = {f"{path.name}::{name}" for name in _functions(body)}
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    for node in classes.values():
        if node.name.startswith("Test"):        # others are contracts, whose tests run in those that inherit them
            inherited = [classes[base.id].body for base in node.bases if isinstance(base, ast.Name) and base.id in classes]
            found |= {f"{path.name}::{node.name}::{name}" for members in (node.body, *inherited) for name in _functions(members)}
    return frozenset(found)


def _functions(members: list[ast.stmt]) -> list[str]:
    return [member.name for member in members if isinstance(member, ast.FunctionDef) and member.name.startswith("test_")]


@cache
def anchors_of(path: Path) -> frozenset[str]:
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return frozenset(re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads)


def test_every_row_is_there_once_with_its_priority() -> None:
    asked = {f"{letter}{number:03}": priority for letter, priorities in PRIORITIES.items()
             for number, priority in enumerate(priorities, start=1)} | dict.fromkeys(CONTRADICTIONS, "–")
    assert [row.id for row in ROWS] == list(asked)
    assert {row.id: row.priority for row in ROWS} == asked
    assert all(row.what and row.answer for row in ROWS)


def test_every_test_that_is_named_exists() -> None:
    for row in ROWS:
        assert len(set(row.tests)) == len(row.tests), row.id
        for name, target in row.tests:
            path = (PAGE.parent / target).resolve()
            assert path.is_file() and path.is_relative_to(ROOT / "tests"), f"{row.id}: {target}"
            assert name in names_in(path), f"{row.id}: {name}"


@pytest.mark.parametrize("letter", sorted(MUST_BE_TESTED))
def test_what_must_be_has_a_test(letter: str) -> None:
    for row in ROWS:
        if row.id.startswith(letter) and row.priority == "M":
            assert row.tests and not row.answer.startswith(WITHOUT_A_TEST), row.id


def test_what_has_no_test_says_why() -> None:
    for row in ROWS:
        has_reason = row.answer.startswith(WITHOUT_A_TEST) or "Left out: " in row.answer
        assert row.tests or has_reason, row.id
        if row.answer.startswith("document only: "):
            assert "](" in row.answer, f"{row.id} names no page"
        if row.answer.startswith("left out: "):
            assert not row.tests and len(row.answer) > 30, row.id


def test_every_page_that_is_named_has_the_section() -> None:
    for row in ROWS:
        for target in re.findall(r"\]\(([^)]+)\)", row.answer):
            name, _, anchor = target.partition("#")
            path = (PAGE.parent / name).resolve()
            assert path.is_file() and path.is_relative_to(ROOT), f"{row.id}: {target}"
            assert not anchor or anchor in anchors_of(path), f"{row.id}: {target}"


def test_every_test_for_rows_alone_is_named() -> None:
    """A test that was written for a row would otherwise outlive it."""
    named = {name for row in ROWS for name, _ in row.tests}
    assert names_in(ROOT / "tests" / "documents" / "test_requirements_rows.py") <= named
