"""The answers of a server as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pxl.certificates.draw import draw

PROVED, REFUTED, UNKNOWN = "proved", "refuted", "unknown"


@dataclass(frozen=True)
class World:
    """One world of a countermodel: its name and the atoms that are true there."""

    name: str
    true: tuple[str, ...]
    is_designated: bool


@dataclass(frozen=True)
class Countermodel:
    """A model in which the goal is false at the designated world; every world sees every world.

    ``document`` is the reply's own, with the subformulas and the reasons why the goal is false.
    """

    worlds: tuple[World, ...]
    designated: str
    document: Mapping[str, Any] = field(repr=False, compare=False)

    def draw(self, width: int = 80, *, in_ascii: bool = False) -> str:
        """Return a drawing of the worlds as text."""
        return draw(self.document, width, in_ascii=in_ascii)


@dataclass(frozen=True)
class Verdict:
    """What the server's kernel says of a goal.

    ``verdict`` is ``proved``, ``refuted`` (then ``countermodel`` is there) or ``unknown`` (then
    ``reason`` is ``timeout`` or ``size``, and ``detail`` says more). ``coq`` is the theorem that was
    checked, ``words`` says it in English. ``certificate`` is there when it was asked for.
    ``reply`` is the whole reply.
    """

    verdict: str
    goal: str
    goal_normalized: str
    reason: str | None
    detail: str | None
    words: str
    coq: str | None
    assumptions: str | None
    kernel_hash: str
    proof_method: str
    is_cached: bool
    latency_ms: float
    countermodel: Countermodel | None
    certificate: str | None = field(repr=False)
    request_id: str
    reply: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def is_proved(self) -> bool:
        """Whether the goal is a theorem."""
        return self.verdict == PROVED

    @property
    def is_refuted(self) -> bool:
        """Whether the goal is no theorem, by the countermodel."""
        return self.verdict == REFUTED

    @property
    def is_unknown(self) -> bool:
        """Whether a limit ran out first."""
        return self.verdict == UNKNOWN

    def __bool__(self) -> bool:
        raise TypeError("a verdict is not simply true or false: ask .is_proved, .is_refuted or .is_unknown")


@dataclass(frozen=True)
class Health:
    """Whether a server can prove goals at this moment; ``status`` is ok, degraded or fail."""

    status: str
    is_ready: bool
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    version: str
    kernel_hash: str
    engine: str
    sessions: int
    idle_sessions: int
    busy_sessions: int
    document: Mapping[str, Any] = field(repr=False, compare=False)
