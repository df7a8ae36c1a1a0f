"""Reads what ``/v1`` is asked: a formula as text or as a JSON tree, with overlay, context and time.

A tree is an object with one member: ``not``, ``box`` or ``dia`` of a formula, ``implies`` or ``iff`` of two,
``and`` or ``or`` of two or more. Its leaves are text. The body's reader bounds how deep it nests.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pxl.answering.query import Query
from pxl.errors import PxlError
from pxl.formula import format_formula, parse
from pxl.http.json_body import InvalidBody, only_members, text_member, truth_member, whole_member
from pxl.http.query_body import assumptions, read_query
from pxl.overlays.contract import DEFAULT_OVERLAY

MEMBERS = ("context", "timeout_ms", "certificate")
ITEM_MEMBERS = ("id", "context", "timeout_ms")
MAX_ID_CHARS = 128

_PREFIXES = {"not": "~", "box": "BOX", "dia": "DIA"}
_PAIRS = {"implies": "->", "iff": "<->"}
_CHAINS = {"and": "/\\", "or": "\\/"}


@dataclass(frozen=True)
class ProofRequest:
    """One question: what is asked, its time in seconds (None: the server's default), and what to send along."""

    query: Query
    timeout_s: float | None = None
    want_certificate: bool = False


@dataclass(frozen=True)
class Item:
    """A question of a batch, or why it is none, under the client's id for it."""

    client_id: str | None
    question: ProofRequest | PxlError


def read_proof_request(body: dict[str, Any], longest_ms: int, known: Collection[str] = MEMBERS) -> ProofRequest:
    """Return the question that a body asks; raises RequestError."""
    body = dict(body)
    if isinstance(body.get("formula"), dict) and body.get("overlay") in (None, DEFAULT_OVERLAY):
        body["formula"] = formula_text(body["formula"])
    # Assumptions may also be called context, as clients of the first versions do.
    given = [*assumptions(body, "context"), *assumptions(body, "assumptions")]
    if body.get("overlay") in (None, DEFAULT_OVERLAY):
        given = [formula_text(each) if isinstance(each, dict) else each for each in given]
    if given:
        body["assumptions"] = given
    query = read_query(body, "formula", known)
    timeout_ms = whole_member(body, "timeout_ms", 1, longest_ms)
    return ProofRequest(query, None if timeout_ms is None else timeout_ms / 1000, truth_member(body, "certificate"))


def read_items(body: dict[str, Any], longest_ms: int, most: int) -> list[Item]:
    """Return the questions of a batch; one that is malformed is there as its error."""
    only_members(body, ("items",))
    items = body.get("items")
    if not isinstance(items, list) or not 1 <= len(items) <= most:
        raise InvalidBody(f'"items" must be a list of 1 to {most} questions, '
                          f'as {{"id": "a", "formula": "BOX(A -> A)"}}')
    seen: set[str] = set()
    return [_item(item, longest_ms, seen) for item in items]


def _item(item: Any, longest_ms: int, seen: set[str]) -> Item:
    client_id = None
    try:
        if not isinstance(item, dict):
            raise InvalidBody('an item must be an object, as {"formula": "BOX(A -> A)"}')
        if item.get("id") is not None:
            given = text_member(item, "id")
            if len(given) > MAX_ID_CHARS:
                raise InvalidBody(f'"id" is longer than {MAX_ID_CHARS} characters')
            client_id = given
            if given in seen:
                raise InvalidBody('an item before this one has the same "id"')
            seen.add(given)
        return Item(client_id, read_proof_request(item, longest_ms, ITEM_MEMBERS))
    except PxlError as error:
        return Item(client_id, error)


def formula_text(tree: Any) -> str:
    """Return the canonical text of a tree, or raise RequestError.

    >>> formula_text({"implies": [{"box": "A & B"}, {"and": ["A", "B", {"not": "C"}]}]})
    'BOX(A /\\\\ B) -> ((A /\\\\ B) /\\\\ ~C)'
    """
    return format_formula(parse(_text(tree)))


def _text(tree: Any) -> str:
    if isinstance(tree, str):
        # Read alone: a parenthesis in a leaf must not reach out of it.
        return f"({format_formula(parse(text_member({'formula': tree}, 'formula')))})"
    if not isinstance(tree, dict) or len(tree) != 1:
        raise InvalidBody('a formula is text, or an object with one member, as {"box": "A"}')
    (operator, below), = tree.items()
    if operator in _PREFIXES:
        return f"{_PREFIXES[operator]}({_text(below)})"
    count = len(below) if isinstance(below, list) else 0
    if operator in _PAIRS and count == 2 or operator in _CHAINS and count >= 2:
        sign = _PAIRS.get(operator) or _CHAINS[operator]
        return f"({f' {sign} '.join(_text(part) for part in below)})"
    raise InvalidBody("a formula's one member is not, box or dia of a formula, implies or iff of a list of two, "
                      "and or or of a list of two or more")
