"""The overlay `modal` and its presets: obligation, belief, knowledge and tense, each in its own words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType

from pxl.errors import NotSupported, RequestError
from pxl.overlays.contract import Example
from pxl.overlays.modal.language import DOXA, GNOSI, TENSE, THEMI
from pxl.overlays.modal.logics import logic_named
from pxl.overlays.modal.overlay import Frames, Modal, Options, library, modal
from pxl.overlays.modal.problem import PLAIN

__all__ = ["doxa", "gnosi", "modal", "tense", "themi"]

TOGETHER, FUTURE, PAST = "D", "F", "P"

_COMMON = re.compile(r"(?<![A-Za-z0-9_])C\s*(\(|\[|~|¬|[A-Za-z])")


def themi() -> Modal:
    """Return the overlay `themi`: what is obligatory, permitted and forbidden."""
    def settle(relations: Sequence[str], options: Options) -> Frames:
        logic = logic_named(options.get("logic", "kd"))
        duties = [name for name in relations if name != PLAIN]
        logics = {**dict.fromkeys(duties, logic), PLAIN: logic_named("s5")}
        can = options.get("ought_implies_can", False)
        return Frames(logics, tuple((name, PLAIN) for name in duties) if can else ())

    return Modal(
        "themi", "Standard deontic logic: O p (obligatory), P p (permitted), F p (forbidden) over serial frames, with "
                 "BOX and DIAMOND for necessity (S5).",
        THEMI, settle, MappingProxyType({
            "logic": {"type": "string", "enum": ["kd", "kd45"], "default": "kd",
                      "description": "The logic of obligation: kd (serial frames), or kd45, where what is obligatory "
                                     "is obligatorily so, and likewise what is permitted."},
            "ought_implies_can": {
                "type": "boolean", "default": False,
                "description": "Whether ideal worlds are possible ones, so that O p -> DIAMOND(p) is valid."},
        }), (
            Example("What is obligatory is permitted.", "O(p) -> P(p)", "proved"),
            Example("What is obligatory may not be done.", "O(p) -> p", "refuted"),
            Example("Nothing is both obligatory and forbidden.", "~(O p /\\ F p)", "proved"),
            Example("Ross's paradox is valid: an honest property of this logic, and no statement about English.",
                    "O(mail) -> O(mail \\/ burn)", "proved"),
            Example("Ought implies can, as an option.", "O p -> DIAMOND(p)", "proved", {"ought_implies_can": True}),
            Example("Without it, it does not.", "O p -> DIAMOND(p)", "refuted"),
        ), library())


def doxa() -> Modal:
    """Return the overlay `doxa`: what agents believe."""
    def settle(relations: Sequence[str], options: Options) -> Frames:
        return Frames(dict.fromkeys(relations, logic_named(options.get("logic", "kd45"))))

    return Modal(
        "doxa", "Belief of any number of agents: B[a] p says that a believes that p; consistent, and aware of itself "
                "(KD45 for each agent).",
        DOXA, settle, MappingProxyType({
            "logic": {"type": "string", "enum": ["kd45", "k45", "d4", "d"], "default": "kd45",
                      "description": "The logic of each agent's belief: kd45; k45 (beliefs may contradict each other); "
                                     "d4 (no awareness of what is not believed); d (no awareness at all)."},
        }), (
            Example("Beliefs may be false.", "B[a] p -> p", "refuted"),
            Example("Whoever believes does not believe the contrary.", "B[a] p -> ~B[a] ~p", "proved"),
            Example("Agents know what they believe of their own beliefs.", "~B[a] p -> B[a] ~B[a] p", "proved"),
            Example("One agent's beliefs are hidden from another.", "B[a] p -> B[b] B[a] p", "refuted"),
        ), library())


def gnosi() -> Modal:
    """Return the overlay `gnosi`: what agents know."""
    def settle(relations: Sequence[str], options: Options) -> Frames:
        logic = logic_named(options.get("logic", "s5"))
        agents = [name for name in relations if name not in (TOGETHER, PLAIN)]
        logics = {**dict.fromkeys(relations, logic), PLAIN: logic_named("s5")}
        return Frames(logics, tuple((TOGETHER, name) for name in agents) if TOGETHER in relations else ())

    def complain(text: str) -> None:
        if _COMMON.search(text):
            raise NotSupported("Common knowledge, C, is not supported: it needs induction over chains of agents. "
                               "D p (all agents together know) and any finite nesting of K[a], K[b] can be asked.")

    return Modal(
        "gnosi", "Knowledge of any number of agents: K[a] p says that a knows that p (S5 for each agent), D p that all "
                 "agents together do (distributed knowledge).",
        GNOSI, settle, MappingProxyType({
            "logic": {"type": "string", "enum": ["s5", "s4", "t"], "default": "s5",
                      "description": "The logic of each agent's knowledge: s5; s4 (no awareness of what is not "
                                     "known); t (no awareness at all)."},
        }), (
            Example("What is known is true.", "K[a] p -> p", "proved"),
            Example("Agents know what they do not know.", "~K[a] p -> K[a] ~K[a] p", "proved"),
            Example("One agent's knowledge is hidden from another.", "K[a] p -> K[b] p", "refuted"),
            Example("Together, agents know what follows from what each of them knows.",
                    "K[a] p /\\ K[b] (p -> q) -> D q", "proved"),
            Example("What they know together, nobody need know alone.", "D p -> K[a] p \\/ K[b] p", "refuted"),
        ), library(), complain)


def tense() -> Modal:
    """Return the overlay `tense`: what will always be, and what has always been."""
    def settle(relations: Sequence[str], options: Options) -> Frames:
        foreign = [name for name in relations if name not in (FUTURE, PAST, PLAIN)]
        if foreign:
            raise RequestError(f"The relation {foreign[0]!r} is neither {FUTURE} (the future) nor {PAST} (the past).")
        logic = logic_named(options.get("logic", "k"))
        used = [name for name in relations if name != PLAIN] or [FUTURE]
        return Frames({**dict.fromkeys((*used, FUTURE, PAST), logic), PLAIN: logic}, (), ((FUTURE, PAST),))

    return Modal(
        "tense", "Basic tense logic: G p (always will be), F p (some time will be), H p (always has been), P p (some "
                 "time has been) over a relation and its converse.",
        TENSE, settle, MappingProxyType({
            "logic": {"type": "string", "enum": ["k", "k4", "d", "d4", "t", "s4"], "default": "k",
                      "description": "What order time has: k (none: K_t), k4 (transitive: what is later than later is "
                                     "later), d and d4 (moreover without a first or a last moment), t and s4 (the "
                                     "present counts as future and past)."},
        }), (
            Example("What is so will always have been so.", "p -> G P p", "proved"),
            Example("What is so has always been going to be so.", "p -> H F p", "proved"),
            Example("Time need not be transitive.", "G p -> G G p", "refuted"),
            Example("With the logic k4 it is.", "G p -> G G p", "proved", {"logic": "k4"}),
            Example("Then the past is transitive, too.", "H p -> H H p", "proved", {"logic": "k4"}),
            Example("Time may branch.", "F p /\\ F q -> F(p /\\ F q) \\/ F(p /\\ q) \\/ F(F p /\\ q)", "refuted",
                    {"logic": "k4"}),
        ), library())
