"""Reads a query into a question of its overlay, with the key that equal questions share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from pxl.answering.query import Query
from pxl.answering.theories import Theories
from pxl.errors import RequestError
from pxl.formula import Limits
from pxl.overlays.contract import DEFAULT_OVERLAY, GLOBAL, Overlay, Question, Reading
from pxl.overlays.registry import Registry, check_options

# Reading a short goal is remembered; it is pure, and costs more than a cache hit.
MEMO_CHARS = 500
MEMO_GOALS = 512
_FALSUM = "BOT"


@dataclass(frozen=True, eq=False)
class ParsedQuery:
    """A query that was read: its overlay, the question, and the key that equal questions share.

    ``words`` is equal for two queries of the same key only when they have the same atoms, too.
    """

    overlay: Overlay
    reading: Reading
    question: Question
    key: bytes
    words: str
    is_short: bool


class QueryReader:
    """Reads queries with the overlays and theories given; remembers what short ones mean.

    ``key_of`` is the cache's key of a question.
    """

    def __init__(self, overlays: Registry, theories: Theories, key_of: Callable[[Question], bytes],
                 limits: Limits = Limits()) -> None:
        self._overlays, self._theories, self._key_of, self._limits = overlays, theories, key_of, limits
        self._read_short = lru_cache(MEMO_GOALS)(self._read)
        self._falsum_short = lru_cache(MEMO_GOALS)(self._falsum)

    def read(self, query: Query) -> ParsedQuery:
        """Return what a query asks; raise RequestError when there is nothing to decide, OverlayBroken."""
        return self._read_short(query) if len(query.text) <= MEMO_CHARS else self._read(query)

    def falsum(self, parsed: ParsedQuery) -> ParsedQuery | None:
        """Return the question whether the assumptions contradict each other; None where it cannot be asked."""
        return (self._falsum_short if parsed.is_short else self._falsum)(parsed)

    def forget(self) -> None:
        """Read everything anew from now on."""
        # A new memory: what is being read just now with the old theories goes into the old one.
        self._read_short = lru_cache(MEMO_GOALS)(self._read)

    def _read(self, query: Query) -> ParsedQuery:
        is_short = len(query.text) <= MEMO_CHARS
        if query.is_plain:
            return self._parsed(self._overlays.get(DEFAULT_OVERLAY), Reading(query.goal, limits=self._limits), is_short)
        query = self._theories.applied(query)
        overlay = self._overlays.get(query.overlay or DEFAULT_OVERLAY)
        check_options(overlay, query.options)
        reading = Reading(query.goal, query.options, query.assumptions, query.consequence or GLOBAL, self._limits)
        return self._parsed(overlay, reading, is_short)

    def _falsum(self, parsed: ParsedQuery) -> ParsedQuery | None:
        try:
            return self._parsed(parsed.overlay, replace(parsed.reading, goal=_FALSUM), parsed.is_short)
        except RequestError:
            return None

    def _parsed(self, overlay: Overlay, reading: Reading, is_short: bool) -> ParsedQuery:
        question = overlay.read(reading)
        words = question.normalized
        if reading.assumptions:
            words = "\0".join((words, *question.names.values()))
        return ParsedQuery(overlay, reading, question, self._key(overlay, question), words, is_short)

    def _key(self, overlay: Overlay, question: Question) -> bytes:
        """Return the key of a question; equal ones share their answer, whichever built-in overlay was asked.

        What an installed package makes of another overlay's question it keeps for itself: its sentences are its own.
        """
        key = self._key_of(question)
        if question.overlay == overlay.name or self._overlays.is_built_in(overlay.name):
            return key
        return hashlib.sha256(key + overlay.name.encode()).digest()
