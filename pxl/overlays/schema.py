"""Checks values against the part of JSON Schema that overlays declare their options and requests in.

Known are type, enum, const, properties, required, additionalProperties, minProperties, maxProperties,
items, minItems, maxItems, uniqueItems, minimum, maximum, minLength, maxLength, pattern, anyOf, and oneOf;
title, description, default and examples are for readers. A schema that uses anything else is itself an
error, so that nothing goes unchecked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, (list, tuple)),
    "object": lambda value: isinstance(value, Mapping),
    "null": lambda value: value is None,
}
_WORDS = {"string": "text", "boolean": "true or false", "integer": "a whole number", "number": "a number",
          "array": "a list", "object": "an object", "null": "null"}
_NUMBERS = {"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties", "minimum", "maximum"}
_KNOWN = {"type", "enum", "const", "properties", "required", "additionalProperties", "items", "uniqueItems", "pattern",
          "anyOf", "oneOf", "title", "description", "default", "examples", *_NUMBERS}
_SHOWN = 60


def faults(schema: Any, where: str = "schema") -> Iterator[str]:
    """Yield what is wrong with a schema itself."""
    if schema is True or schema is False:
        return
    if not isinstance(schema, Mapping):
        yield f"{where} is no schema"
        return
    for word in schema.keys() - _KNOWN:
        yield f"{where} uses {word!r}, which is not checked here"
    types = schema.get("type", ())
    for name in [types] if isinstance(types, str) else types:
        if name not in _TYPES:
            yield f"{where} has the unknown type {name!r}"
    for word in _NUMBERS & schema.keys():
        if not _TYPES["number"](schema[word]):
            yield f"{where}: {word} is not a number"
    if "pattern" in schema:
        try:
            re.compile(schema["pattern"])
        except (re.error, TypeError) as why:
            yield f"{where}: the pattern cannot be read: {why}"
    for name, below in schema.get("properties", {}).items():
        yield from faults(below, f"{where}.{name}")
    for word in ("items", "additionalProperties"):
        if word in schema:
            yield from faults(schema[word], f"{where}.{word}")
    for word in ("anyOf", "oneOf"):
        for number, below in enumerate(schema.get(word, ())):
            yield from faults(below, f"{where}.{word}[{number}]")
    if "default" in schema and (found := problem(schema["default"], schema, "the default")):
        yield f"{where}: {found}"


def problem(value: Any, schema: Any, where: str) -> str | None:
    """Return what is wrong with a value, in words that name the place and what is allowed; None when nothing is.

    >>> problem("s9", {"enum": ["k", "s4"]}, "logic")
    'logic is "s9"; it must be "k" or "s4"'
    >>> problem({"a": 1}, {"type": "object", "properties": {"a": {"type": "string"}}}, "logics")
    'logics.a is 1; it must be text'
    """
    return next(_problems(value, schema, where), None)


def _problems(value: Any, schema: Any, where: str) -> Iterator[str]:
    if schema is True:
        return
    if schema is False:
        yield f"{where} must not be there"
        return
    must = f"{where} is {_shown(value)}; it must be "
    if "const" in schema and not _same(value, schema["const"]):
        yield must + _shown(schema["const"])
    if "enum" in schema and not any(_same(value, allowed) for allowed in schema["enum"]):
        yield must + _either([_shown(allowed) for allowed in schema["enum"]])
    if "type" in schema:
        types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        if not any(_TYPES[name](value) for name in types):
            yield must + _either([_WORDS[name] for name in types])
            return
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield must + _range(schema.get("minLength", 0), schema.get("maxLength"), "characters long")
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield must + f"text that matches {schema['pattern']}"
    elif _TYPES["number"](value):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            yield must + _range(schema.get("minimum"), schema.get("maximum"), "")
    elif isinstance(value, (list, tuple)):
        yield from _of_list(value, schema, where)
    elif isinstance(value, Mapping):
        yield from _of_object(value, schema, where)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            tried = [list(_problems(value, below, where)) for below in schema[word]]
            fitting = sum(not found for found in tried)
            if not fitting:
                # The nearest alternative is the one whose type fits.
                yield min((found[0] for found in tried), key=lambda text: text.startswith(must))
            elif word == "oneOf" and fitting > 1:
                yield f"{where} fits more than one of the forms that it may have"


def _of_list(value: Any, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    if len(value) < least or most is not None and len(value) > most:
        yield f"{where} has {len(value)} items; it must have {_range(least, most, 'items')}"
    if schema.get("uniqueItems"):
        texts = [json.dumps(item, sort_keys=True) for item in value]
        if len(set(texts)) < len(texts):
            yield f"{where} holds the same item twice"
    if "items" in schema:
        for number, item in enumerate(value):
            yield from _problems(item, schema["items"], f"{where}[{number}]")


def _of_object(value: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> Iterator[str]:
    properties, least, most = schema.get("properties", {}), schema.get("minProperties", 0), schema.get("maxProperties")
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where} lacks the member {name!r}"
    if len(value) < least or most is not None and len(value) > most:
        yield f"{where} has {len(value)} members; it must have {_range(least, most, 'members')}"
    for name, item in value.items():
        here = f"{where}.{name[:_SHOWN]}"
        if name in properties:
            yield from _problems(item, properties[name], here)
        elif schema.get("additionalProperties", True) is False:
            yield f"{here} is unknown; known are {', '.join(properties) or 'none'}"
        elif "additionalProperties" in schema:
            yield from _problems(item, schema["additionalProperties"], here)


def _same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)     # 1 is not true


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _range(least: Any, most: Any, what: str) -> str:
    if most is None:
        return f"{least} {what} or more".replace("  ", " ")
    if least is None:
        return f"at most {most} {what}".strip()
    return f"from {least} to {most} {what}".strip()
