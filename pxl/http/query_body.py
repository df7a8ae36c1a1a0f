"""Reads what is asked from the members of a request's body."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

from pxl.answering.query import Query
from pxl.errors import InvalidOption
from pxl.http.json_body import InvalidBody, only_members, text_member
from pxl.overlays.contract import DEFAULT_OVERLAY, GLOBAL, LOCAL

MEMBERS = ("overlay", "assumptions", "consequence", "theory")
MAX_ASSUMPTIONS = 1000

_SURROGATE = re.compile("[\ud800-\udfff]")


def read_query(body: dict[str, Any], goal_member: str, known: Collection[str]) -> Query:
    """Return the query that a body holds; ``known`` are its members that are no part of it.

    Where the body names an overlay or a theory, every other member is one of the overlay's options. Raises
    InvalidBody, and InvalidOption for a member that may have certain values only.
    """
    if len(body) == 1 and type(goal := body.get(goal_member)) is str and not _SURROGATE.search(goal):
        return Query(goal)
    overlay, theory = _name(body, "overlay"), _name(body, "theory")
    options = {}
    if overlay is None and theory is None:
        only_members(body, (goal_member, *known, *MEMBERS))
    else:
        options = {name: value for name, value in body.items()
                   if name != goal_member and name not in known and name not in MEMBERS}
    goal = body.get(goal_member)
    if goal is None or overlay in (None, DEFAULT_OVERLAY) or isinstance(goal, str):
        goal = text_member(body, goal_member)
    consequence = body.get("consequence")
    if consequence not in (None, GLOBAL, LOCAL):
        raise InvalidOption(f'"consequence" must be "{GLOBAL}" (the assumptions hold at every world) or "{LOCAL}" (at '
                            f'the world in question)', field="consequence", allowed=[GLOBAL, LOCAL])
    query = Query(goal, overlay, options, assumptions(body, "assumptions"), consequence, theory)
    if _SURROGATE.search(json.dumps([query.goal, options, query.assumptions], ensure_ascii=False)):
        raise InvalidBody("the body holds a lone surrogate, which is not a character")
    return query


def assumptions(body: dict[str, Any], name: str) -> tuple[Any, ...]:
    """Return the assumptions that a member lists."""
    value = body.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InvalidBody(f'"{name}" must be a list of formulas')
    if len(value) > MAX_ASSUMPTIONS:
        raise InvalidBody(f'"{name}" lists {len(value)} formulas; at most {MAX_ASSUMPTIONS} are taken')
    return tuple(value)


def _name(body: dict[str, Any], name: str) -> str | None:
    return None if body.get(name) is None else text_member(body, name)
