"""Reads the texts of settings, strictly.

Each function returns what a legal value looks like, for messages, and a function that reads one or raises ValueError.
"""

from __future__ import annotations

import math
import os
import re
import shutil
from collections.abc import Callable, Mapping
from typing import Any

from pxl.access.secret_key import CURE, LEAST_LENGTH, problem_of


def whole(low: int, high: int) -> tuple[str, Callable[[str], int]]:
    """A whole number between two bounds."""
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text, re.ASCII) or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)
    return f"a whole number from {low} to {high}", read


def seconds(low: float, high: float) -> tuple[str, Callable[[str], float]]:
    """A number of seconds between two bounds."""
    def read(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text, re.ASCII):
            raise ValueError(text)
        value = float(text)
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(text)
        return value
    return f"a number of seconds from {low:.12g} to {high:.12g}", read


def choice(*words: str, aliases: Mapping[str, str] = {}) -> tuple[str, Callable[[str], str]]:
    """One of some words; ``aliases`` are other spellings, in capitals."""
    def read(text: str) -> str:
        word = aliases.get(text.upper(), text.upper())
        for legal in words:
            if legal.upper() == word:
                return legal
        raise ValueError(text)
    return "one of " + ", ".join((*words, *aliases)), read


def pattern(expression: str, kind: str) -> tuple[str, Callable[[str], str]]:
    """A text that a pattern matches whole."""
    def read(text: str) -> str:
        if not re.fullmatch(expression, text, re.ASCII):
            raise ValueError(text)
        return text
    return kind, read


def program() -> tuple[str, Callable[[str], str]]:
    """A program that can be run; its path is returned."""
    def read(text: str) -> str:
        path = shutil.which(text)
        if path is None:
            raise ValueError(text)
        return path
    return "an executable program (a path, or a name found on PATH)", read


def directory() -> tuple[str, Callable[[str], str]]:
    """A directory that exists; its absolute path is returned."""
    def read(text: str) -> str:
        if not os.path.isdir(text):
            raise ValueError(text)
        return os.path.abspath(text)
    return "a directory that exists", read


def readable_file() -> tuple[str, Callable[[str], str]]:
    """A file that can be read; its absolute path is returned."""
    def read(text: str) -> str:
        if not (os.path.isfile(text) and os.access(text, os.R_OK)):
            raise ValueError(text)
        return os.path.abspath(text)
    return "a file that can be read", read


def truth() -> tuple[str, Callable[[str], bool]]:
    """True or false."""
    def read(text: str) -> bool:
        if text.lower() not in ("true", "1", "false", "0"):
            raise ValueError(text)
        return text.lower() in ("true", "1")
    return "true, false, 1 or 0", read


def secret() -> tuple[str, Callable[[str], str]]:
    """A key that is long and varied enough."""
    def read(text: str) -> str:
        if problem := problem_of(text):
            raise ValueError(f"{problem}: {CURE}")
        return text
    return f"a key of {LEAST_LENGTH} or more characters; {CURE}", read


def redis_address() -> tuple[str, Callable[[str], str]]:
    """The address of a Redis server."""
    kind = "redis://host:port/db, rediss://user:password@host:port/db or unix:///path, without options"

    def read(text: str) -> str:
        # An option could undo the time-outs.
        if not re.fullmatch(r"(rediss?://[^\s?#/]+(/[0-9]{1,3})?|unix://[^\s?#]+)", text, re.ASCII):
            raise ValueError(f"not {kind}")
        return text
    return kind, read


def parsed(parse: Callable[[str], Any], kind: str) -> tuple[str, Callable[[str], str]]:
    """A text that another reader understands; it is kept as text."""
    def read(text: str) -> str:
        if not parse(text):
            raise ValueError(text)
        return text
    return kind, read


def read_names(text: str) -> tuple[str, ...]:
    """Return the names between commas; empty when one is none.

    >>> read_names("pxl, modal")
    ('pxl', 'modal')
    """
    names = tuple(name.strip() for name in text.split(","))
    return names if all(re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name, re.ASCII) for name in names) else ()
