"""Reads a question's texts for an overlay, and says of a fault in which of them it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pxl.errors import FormulaSyntaxError, RequestError
from pxl.formula import Formula
from pxl.overlays.contract import Json, Reading


def read_texts(reading: Reading, parse: Callable[[str, str], Formula]) -> tuple[Formula, tuple[Formula, ...]]:
    """Return the goal and the assumptions. ``parse`` gets a text and what it is called.

    Raises RequestError when one is no text, and what ``parse`` raises.
    """
    goal = parse(_text(reading.goal, "the goal"), "the goal")
    assumed = []
    for number, given in enumerate(reading.assumptions, 1):
        what = f"assumption {number}"
        with _placed(what):
            assumed.append(parse(_text(given, what), what))
    return goal, tuple(assumed)


def _text(given: Json, what: str) -> str:
    if not isinstance(given, str):
        raise RequestError(f"{what} must be text")
    return given


@contextmanager
def _placed(what: str) -> Iterator[None]:
    try:
        yield
    except FormulaSyntaxError as error:
        raise FormulaSyntaxError(f"in {what}: {error.detail}", line=error.line, column=error.column,
                                 found=error.found, expected=error.expected, excerpt=error.excerpt) from None
