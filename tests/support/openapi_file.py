"""The API's description as a file, and what it promises, one line each; as a program, it writes both down."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "openapi" / "prooftoken.yaml"
SERVED = ROOT / "pxl" / "http" / "web" / "openapi.json"
SERVED_31 = ROOT / "pxl" / "http" / "web" / "openapi-3.1.json"
FROZEN = ROOT / "openapi" / "frozen.txt"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
LIMITS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
          "pattern", "format", "additionalProperties")


class _Reader(yaml.SafeLoader):
    """Reads ISO dates as text, for JSON has no dates."""


def read_source() -> dict[str, Any]:
    """Return the description; a member that stands twice is an error."""
    def mapping(loader: _Reader, node: yaml.MappingNode) -> dict[str, Any]:
        names = [loader.construct_object(key) for key, _ in node.value]
        assert len(set(names)) == len(names), f"{node.start_mark}: {names}"
        return loader.construct_mapping(node, deep=True)
    _Reader.add_constructor("tag:yaml.org,2002:map", mapping)
    return yaml.load(SOURCE.read_text(encoding="utf-8"), _Reader)


def as_served(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def as_31(document: dict[str, Any]) -> dict[str, Any]:
    """Return the same description in OpenAPI 3.1, where schemas are JSON schemas: null is a type like any other."""
    def schema(value: Any) -> Any:
        if isinstance(value, list):
            return [schema(each) for each in value]
        if not isinstance(value, dict):
            return value
        new = {name: schema(member) for name, member in value.items() if name != "nullable"}
        if value.get("nullable") is not True:
            return new
        if isinstance(new.get("type"), str):
            new["type"] = [new["type"], "null"]
            if "enum" in new and None not in new["enum"]:
                new["enum"] = [*new["enum"], None]
            return new
        about = {name: new.pop(name) for name in ("description",) if name in new}
        return {"anyOf": [new, {"type": "null"}], **about} if new else about
    return {**schema(document), "openapi": "3.1.0"}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and operation; with the path's own parameters among the operation's."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                parameters = [*item.get("parameters", ()), *item[method].get("parameters", ())]
                yield method.upper(), path, {**item[method], "parameters": parameters}


def promises(document: dict[str, Any]) -> set[str]:
    """Return what clients may rely on.

    A line that begins with ``gives`` must not go away: a route, a status, a member of a reply with its type, a
    member that a request may have. One that begins with ``demands`` must not be added: a member that a request
    must have, a limit on one.
    """
    return set(_promises(document))


def breaks(old: set[str], new: set[str]) -> list[str]:
    """Return each difference that could break a client of the old description."""
    gone = [f"no longer {line}" for line in old - new if line.startswith("gives ")]
    return sorted(gone + [f"now {line}" for line in new - old if line.startswith("demands ")])


def _promises(document: dict[str, Any]) -> Iterator[str]:
    def target(value: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in value:
            found: Any = document
            for name in value["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            value = found
        return value

    named: dict[tuple[str, bool], None] = {}        # each is told once, however often it is used

    def shape(schema: dict[str, Any], at: str, is_request: bool) -> Iterator[str]:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            named[name, is_request] = None
            yield f"gives {at}: {name}"
            return
        if "type" in schema:
            yield f"gives {at}: {schema['type']}"
        if bool(schema.get("nullable")) == is_request and "type" in schema:
            yield f"gives {at}: {'also' if is_request else 'never'} null"
        for value in schema.get("enum", ()):
            yield f"gives {at} = {json.dumps(value)}"
        for limit in LIMITS if is_request else ():
            if limit in schema:
                yield f"demands {at} {limit} {json.dumps(schema[limit])}"
        for name in schema.get("required", ()):
            yield f"{'demands' if is_request else 'gives'} {at}.{name}: always"
        for name, member in schema.get("properties", {}).items():
            yield f"gives {at}.{name}"
            yield from shape(member, f"{at}.{name}", is_request)
        if "items" in schema:
            yield from shape(schema["items"], f"{at}[]", is_request)
        for word in ("allOf", "anyOf", "oneOf"):
            for choice in schema.get(word, ()):
                yield from shape(choice, at, is_request)

    for method, path, operation in operations(document):
        route = f"{method} {path}"
        yield f"gives {route}"
        for parameter in map(target, operation["parameters"]):
            at = f"{route} {parameter['in']} {parameter['name']}"
            yield f"{'demands' if parameter.get('required') else 'gives'} {at}"
            yield from shape(parameter["schema"], at, True)
        body = target(operation.get("requestBody", {}))
        if body.get("required"):
            yield f"demands {route} body"
        for media, content in body.get("content", {}).items():
            yield f"gives {route} body {media}"
            yield from shape(content["schema"], f"{route} body", True)
        for status, response in operation["responses"].items():
            yield f"gives {route} {status}"
            response = target(response)
            for name in response.get("headers", {}):
                yield f"gives {route} {status} header {name}"
            for media, content in response.get("content", {}).items():
                yield f"gives {route} {status} {media}"
                yield from shape(content["schema"], f"{route} {status}", False)
    done: set[tuple[str, bool]] = set()
    while left := named.keys() - done:
        for name, is_request in left:
            done.add((name, is_request))
            yield from shape(document["components"]["schemas"][name],
                             f"{'asked' if is_request else 'replied'} {name}", is_request)


if __name__ == "__main__":
    source = read_source()
    SERVED.write_text(as_served(source), encoding="utf-8")
    SERVED_31.write_text(as_served(as_31(source)), encoding="utf-8")
    if "--freeze" in sys.argv[1:]:
        FROZEN.write_text("\n".join(sorted(promises(source))) + "\n", encoding="utf-8")
