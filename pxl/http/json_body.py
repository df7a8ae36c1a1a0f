"""Reads a request body as one flat JSON object, strictly.

Python's own reader takes NaN, duplicate members, UTF-16 and lone surrogates, and recurses into
nested arrays until it breaks; here each of these is a RequestError that says what to mend.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection
from typing import Any

from pxl.errors import RequestError, UnsupportedMediaType

MAX_DEPTH = 128

# Possessive, so that an unterminated string costs linear time.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


class InvalidBody(RequestError):
    """The body is not the JSON object that was asked for."""

    code, title = "invalid-body", "The request body is not valid"


def require_json(content_type: str | None, content_encoding: str | None = None) -> None:
    """Raise UnsupportedMediaType unless the headers say JSON in UTF-8, not compressed."""
    codings = [coding for part in (content_encoding or "").split(",") if (coding := part.strip())]
    if any(coding.lower() != "identity" for coding in codings):
        raise UnsupportedMediaType(f"the Content-Encoding is {_quoted(', '.join(codings)[:100])}: send the body "
                                   f"uncompressed, without a Content-Encoding header")
    media, _, parameters = (content_type or "").partition(";")
    if media.strip().lower() != "application/json":
        raise UnsupportedMediaType(f"the Content-Type is {_quoted(media.strip()) if media.strip() else 'missing'}: "
                                   f"send 'Content-Type: application/json'")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(' "\'').lower() not in ("utf-8", "utf8"):
            raise UnsupportedMediaType(f"the charset is {_quoted(value.strip())}: JSON is sent as UTF-8")


def read_object(body: bytes) -> dict[str, Any]:
    """Return the object that the body holds, or raise InvalidBody; UnsupportedMediaType for gzip.

    >>> read_object(b'{"goal": "A"}')
    {'goal': 'A'}
    >>> read_object(b'{"goal": 1, "goal": 2}')
    Traceback (most recent call last):
    pxl.http.json_body.InvalidBody: the member "goal" stands twice
    """
    if not body.strip(b" \t\r\n"):
        raise InvalidBody('the body is empty: send {"goal": "BOX(A -> A)"}')
    if body.startswith(b"\xef\xbb\xbf"):
        raise InvalidBody("the body begins with a byte order mark: send UTF-8 without one")
    if body.startswith(b"\x1f\x8b"):
        raise UnsupportedMediaType("the body is compressed with gzip, and no Content-Encoding says so: send JSON "
                                   "uncompressed")
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in body[:4]:
        raise InvalidBody("the body is UTF-16 or UTF-32: send UTF-8")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidBody(f"the body is not UTF-8: byte {error.start} does not belong") from None
    _refuse_depth(body)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=_whole)
    except InvalidBody:
        raise
    except json.JSONDecodeError as error:
        raise InvalidBody(f"the body is not JSON: {error.msg.removesuffix(' at')} at line {error.lineno}, "
                          f"column {error.colno}") from None
    if not isinstance(value, dict):
        raise InvalidBody(f"the body is {_kind(value)}, not an object: send {{\"goal\": \"BOX(A -> A)\"}}")
    return value


def only_members(body: dict[str, Any], known: Collection[str]) -> None:
    """Raise InvalidBody when there are members other than the known ones."""
    strange = [name for name in body if name not in known]
    if not strange:
        return
    parts = []
    for name in strange[:5]:
        near = difflib.get_close_matches(name[:100], known, n=1, cutoff=0.6)
        parts.append(_quoted(name) + (f" (did you mean {_quoted(near[0])}?)" if near else ""))
    more = f" and {len(strange) - 5} more" if len(strange) > 5 else ""
    raise InvalidBody(f"unknown member{'s' if len(strange) > 1 else ''} {', '.join(parts)}{more}; "
                      f"known are {', '.join(_quoted(name) for name in known)}")


def text_member(body: dict[str, Any], name: str) -> str:
    """Return a member that must be there and be text of Unicode scalar values."""
    if name not in body:
        raise InvalidBody(f"the member {_quoted(name)} is missing")
    value = body[name]
    if not isinstance(value, str):
        raise InvalidBody(f"{_quoted(name)} is {_kind(value)}; it must be text")
    if _SURROGATE.search(value):
        raise InvalidBody(f"{_quoted(name)} holds a lone surrogate, which is not a character")
    return value


def whole_member(body: dict[str, Any], name: str, low: int, high: int) -> int | None:
    """Return a member that is a whole number in a range; None when it is not there or null."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InvalidBody(f"{_quoted(name)} must be a whole number from {low} to {high}")
    return value


def truth_member(body: dict[str, Any], name: str) -> bool:
    """Return a member that is true or false; False when it is not there or null."""
    value = body.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise InvalidBody(f"{_quoted(name)} is {_kind(value)}; it must be true or false")
    return value


def _refuse_depth(body: bytes) -> None:
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:
        return
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(body):
        token = body[match.start()]
        if token in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise InvalidBody(f"the body nests deeper than {MAX_DEPTH} levels")
        elif token in b"]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise InvalidBody(f"the member {_quoted(name)} stands twice")
            seen.add(name)
    return value


def _refuse_constant(word: str) -> Any:
    raise InvalidBody(f"{word} is not JSON")


def _whole(digits: str) -> int:
    if len(digits) > 20:
        raise InvalidBody(f"a number of {len(digits)} digits is out of range")
    return int(digits)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    return {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}[type(value)]


def _quoted(text: str) -> str:
    """Return the text as a JSON string in ASCII, cut to 60 characters."""
    return json.dumps(text if len(text) <= 60 else text[:57] + "...")
