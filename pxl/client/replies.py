"""Reads a server's replies into values."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pxl.client.failures import NotUnderstood
from pxl.client.values import PROVED, REFUTED, UNKNOWN, Countermodel, Health, Verdict, World


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
