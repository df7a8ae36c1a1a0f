"""Requests that readers can send to the overlay chrono, with the verdicts that they get."""

from __future__ import annotations

from types import MappingProxyType

from pxl.overlays.contract import Example

_LOG: tuple[list[str], ...] = (["proof"], ["allow"], [], ["allow"])


def _options(**options: object) -> MappingProxyType[str, object]:
    return MappingProxyType(options)


EXAMPLES = (
    Example("A request that is always granted is granted as often as it is made.",
            "G(req -> F ack) -> (G F req -> G F ack)", "proved"),
    Example("What happens need not have happened before.", "F p -> P p", "refuted"),
    Example("What comes again and again need not stay.", "G F p -> F G p", "refuted"),
    Example("Over finite time it does: the last moment decides.", "G F p -> F G p", "proved",
            _options(semantics="finite")),
    Example("Time has no end.", "G X TOP", "proved"),
    Example("Finite time has one.", "F ~X TOP", "proved", _options(semantics="finite")),
    Example("Nothing was before time 0.", "Y p -> F p", "proved"),
    Example("The same at every time is another question.", "Y p -> F p", "refuted", _options(at="always")),
    Example("A log that keeps its policy: nothing is allowed without a proof before.",
            "G(allow -> P proof)", "proved", _options(trace=[list(moment) for moment in _LOG])),
    Example("A log that breaks it, and where.", "G(allow -> Y proof)", "refuted",
            _options(trace=[list(moment) for moment in _LOG])),
    Example("What follows from rules that always hold.", "G(req -> F done)", "proved",
            assumptions=("req -> F ack", "ack -> X done")),
    Example("Rules for time 0 only say nothing of later requests.", "G(req -> F done)", "refuted",
            assumptions=("req -> F ack", "ack -> X done"), consequence="local"),
    Example("Induction over time.", "p /\\ G(p -> X p) -> G p", "proved"),
    Example("Once at all times, always: the eternal operators keep the kernel's theorems.",
            "DIA(BOX(p)) -> BOX(p)", "proved"),
)
