"""The answers of a server as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pxl.client.failures import NotUnderstood
from pxl.draw import draw

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


def verdict_from(reply: Any, goal: Any) -> Verdict:
    """Return the verdict that a reply carries; NotUnderstood when it is none, or one about another goal."""
    try:
        verdict, statement = reply["verdict"], reply["statement"]
        if verdict not in (PROVED, REFUTED, UNKNOWN) or reply["ok"] is not (verdict == PROVED):
            raise NotUnderstood(f"the server gave no verdict but {str(verdict)[:60]!r}")
        if reply["goal"] != goal:
            raise NotUnderstood("the answer is about another goal than the one that was asked")
        if (verdict == REFUTED) != bool(reply["countermodel"]):
            raise NotUnderstood("a refuted goal has a countermodel, and no other; this reply has it otherwise")
        return Verdict(
            verdict, goal, reply["goal_normalized"], reply["reason"], reply["detail"], statement["words"],
            statement["coq"], statement["assumptions"], reply["kernel_hash"], reply["proof_method"],
            bool(reply["cache_hit"]), float(reply["latency_ms"]),
            reply["countermodel"] and countermodel_from(reply["countermodel"]),
            reply.get("certificate"), reply["id"], MappingProxyType(reply))
    except (KeyError, TypeError, ValueError) as error:
        raise NotUnderstood(f"the reply is not that of a PXL server: {type(error).__name__}: {error}") from None


def countermodel_from(document: Mapping[str, Any]) -> Countermodel:
    """Return the countermodel that a document describes; KeyError or TypeError when it is none.

    A model of an overlay that has no worlds is all in its document.
    """
    if isinstance(document, Mapping) and "worlds" not in document and document:
        return Countermodel((), "", MappingProxyType(dict(document)))
    worlds = tuple(World(world["name"], tuple(world["true"]), bool(world["designated"]))
                   for world in document["worlds"])
    return Countermodel(worlds, document["designated"], MappingProxyType(dict(document)))


def health_from(document: Any) -> Health:
    """Return the state that ``GET /health`` tells; NotUnderstood when it is none."""
    try:
        pool = document["session_pool"]
        return Health(document["status"], bool(document["ready"]), tuple(document["reasons"]),
                      tuple(document["warnings"]), document["version"], document["kernel_hash"], document["engine"],
                      pool["total_sessions"], pool["idle_sessions"], pool["busy_sessions"],
                      MappingProxyType(document))
    except (KeyError, TypeError) as error:
        raise NotUnderstood(f"this is not a PXL server's health: {type(error).__name__}: {error}") from None
