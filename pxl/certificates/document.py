"""The certificate as data: what was asked, how it was answered, and the digits that show it, as strict JSON.

This is the whole of a certificate; a ``.v`` file is rendered from it (``pxl/verdict/evidence.py``). Nothing here is
believed: a document that can be read says what is claimed, and checkers say whether it is so.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pxl.certificates.certificate import are_digits

FORMAT = 2
MAX_CHARS = 64 * 1024 * 1024
MAX_ASSUMPTIONS = 1000
MAX_OPTIONS = 64
MAX_LIBRARIES = 16
MAX_DEPTH = 200
_ESCAPED = re.compile(r'\\(.)|[*()]')

_NAME = r"[a-z][a-z0-9_]{0,31}"
_ROOT = r"[A-Z][A-Za-z0-9]{0,63}"
_HASH = r"[0-9a-f]{64}"
_VERSION = r"[0-9A-Za-z.+~-]{0,32}"
_CODE = r"(?:[P-o]{0,8}[0-O])*"

_FORMULA = {"type": ["string", "object", "array"]}

# The schema that docs/certificates.md shows. A document is read by `read`, which refuses what this refuses and more:
# members twice, control characters, numbers that are not finite.
SCHEMA: Mapping[str, Any] = MappingProxyType({
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "PXL certificate",
    "type": "object",
    "additionalProperties": False,
    "required": ["format", "overlay", "goal", "options", "assumptions", "consequence", "verdict", "certificate",
                 "kernel", "libraries", "coq"],
    "properties": {
        "format": {"const": FORMAT},
        "overlay": {"type": "string", "pattern": f"^{_NAME}$"},
        "goal": _FORMULA,
        "options": {"type": "object", "propertyNames": {"pattern": f"^{_NAME}$"}, "maxProperties": MAX_OPTIONS},
        "assumptions": {"type": "array", "items": _FORMULA, "maxItems": MAX_ASSUMPTIONS},
        "consequence": {"enum": ["global", "local"]},
        "verdict": {"enum": ["proved", "refuted"]},
        "certificate": {"type": "string", "pattern": f"^{_CODE}$"},
        "kernel": {"type": "string", "pattern": f"^{_HASH}$"},
        "libraries": {"type": "object", "propertyNames": {"pattern": f"^{_ROOT}$"}, "maxProperties": MAX_LIBRARIES,
                      "additionalProperties": {"type": "string", "pattern": f"^{_HASH}$"}},
        "coq": {"type": "string", "pattern": f"^{_VERSION}$"},
    },
})


class InvalidDocument(ValueError):
    """The text is not a certificate; the message says why."""


@dataclass(frozen=True)
class CertificateDocument:
    """One certificate. ``kernel``, ``libraries`` and ``coq`` are what it was checked with where it was issued."""

    overlay: str
    goal: Any
    verdict: str
    certificate: str
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    assumptions: tuple[Any, ...] = ()
    consequence: str = "global"
    kernel: str = "0" * 64
    libraries: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    coq: str = ""

    @property
    def is_proved(self) -> bool:
        """Say whether it claims a proof; else it claims a refutation."""
        return self.verdict == "proved"

    def members(self) -> dict[str, Any]:
        """Return it for JSON, its members in their order."""
        return {"format": FORMAT, "overlay": self.overlay, "goal": self.goal, "options": dict(self.options),
                "assumptions": list(self.assumptions), "consequence": self.consequence, "verdict": self.verdict,
                "certificate": self.certificate, "kernel": self.kernel, "libraries": dict(self.libraries),
                "coq": self.coq}


def written(document: CertificateDocument) -> str:
    r"""Return a document as JSON on one line of ASCII that can stand in a comment of a Coq file.

    Coq reads comments for strings and for comments in them: in a string, ``"``, ``*``, ``(`` and ``)`` are written
    ``\u0022`` and so on, so that each string ends where JSON has it end, and no bracket is one of Coq's.

    >>> written(CertificateDocument("pxl", 'a"*)', "proved", "0"))[:48]
    '{"format": 2, "overlay": "pxl", "goal": "a\\u0022'
    """
    return _ESCAPED.sub(_escape, json.dumps(document.members(), allow_nan=False))


def _escape(found: re.Match[str]) -> str:
    char = found[1] or found[0]
    return f"\\u{ord(char):04x}" if char in '"*()' else found[0]


def read(text: str) -> CertificateDocument:
    """Return the document that a JSON text holds. Raises InvalidDocument with the member and what is wrong with it."""
    if len(text) > MAX_CHARS:
        raise InvalidDocument(f"it has more than {MAX_CHARS} characters")
    try:
        members = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise InvalidDocument("it nests too deep") from None
    except InvalidDocument:
        raise
    except ValueError as why:
        raise InvalidDocument(f"it is not JSON: {why}") from None
    if not isinstance(members, dict):
        raise InvalidDocument("it is not a JSON object")
    if "format" not in members:
        raise InvalidDocument("it has no member format")
    if type(members["format"]) is not int or members["format"] != FORMAT:
        raise InvalidDocument(f"its format is not {FORMAT}")
    required = SCHEMA["required"]
    for name in required:
        _must(name in members, f"it has no member {name}")
    for name in members:
        _must(name in required, f"it has a member {name[:60]!r}, which no certificate has")
    _must_match(_NAME, members["overlay"], "overlay")
    _must_be_formula(members["goal"], "goal")
    _must_be_object(members["options"], "options", _NAME, MAX_OPTIONS)
    assumptions = members["assumptions"]
    _must(isinstance(assumptions, list) and len(assumptions) <= MAX_ASSUMPTIONS,
          f"assumptions is not a list of at most {MAX_ASSUMPTIONS}")
    for number, given in enumerate(assumptions, 1):
        _must_be_formula(given, f"assumption {number}")
    _must(members["consequence"] in ("global", "local"), "consequence is neither global nor local")
    _must(members["verdict"] in ("proved", "refuted"), "verdict is neither proved nor refuted")
    _must(isinstance(members["certificate"], str) and are_digits(members["certificate"]),
          "certificate is not a text of digits as certificates have them")
    _must_match(_HASH, members["kernel"], "kernel")
    _must_be_object(members["libraries"], "libraries", _ROOT, MAX_LIBRARIES)
    for root, value in members["libraries"].items():
        _must_match(_HASH, value, f"libraries.{root}")
    _must_match(_VERSION, members["coq"], "coq")
    for name in ("goal", "options", "assumptions"):
        _must_be_clean(members[name], name, 0)
    return CertificateDocument(
        members["overlay"], members["goal"], members["verdict"], members["certificate"], members["options"],
        tuple(assumptions), members["consequence"], members["kernel"], members["libraries"], members["coq"])


def _must(holds: bool, why: str) -> None:
    if not holds:
        raise InvalidDocument(why)


def _must_match(pattern: str, value: Any, name: str) -> None:
    _must(isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII) is not None,
          f"{name} is not of the form {pattern}")


def _must_be_formula(value: Any, name: str) -> None:
    _must(isinstance(value, str | dict | list), f"{name} is neither text nor a JSON object or array")


def _must_be_object(value: Any, name: str, pattern: str, most: int) -> None:
    _must(isinstance(value, dict) and len(value) <= most, f"{name} is not an object of at most {most} members")
    for key in value:
        _must_match(pattern, key, f"a name in {name}")


def _must_be_clean(value: Any, name: str, depth: int) -> None:
    """Refuse what JSON can say and no question does: control characters but white space, numbers without a value."""
    _must(depth < MAX_DEPTH, f"{name} nests more than {MAX_DEPTH} deep")
    if isinstance(value, str):
        for char in set(value):
            _must(not is_control(char), f"{name} has the control character U+{ord(char):04X}")
    elif isinstance(value, float):
        _must(math.isfinite(value), f"{name} has a number that is too large")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _must_be_clean(key, name, depth + 1)
            _must_be_clean(inner, name, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _must_be_clean(inner, name, depth + 1)


def is_control(char: str) -> bool:
    r"""Say whether a character is a control character other than white space, or half of one.

    >>> is_control("\x1b"), is_control("\n"), is_control("\ud800")
    (True, False, True)
    """
    return unicodedata.category(char) in ("Cc", "Cs") and not char.isspace()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidDocument("it has a member twice")
    return found


def _no_constant(name: str) -> None:
    raise InvalidDocument(f"it has {name}, which is no JSON number")
