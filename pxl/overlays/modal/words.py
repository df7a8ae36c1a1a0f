"""Says in words what a modal verdict certifies: on which frames, and under which assumptions."""

from __future__ import annotations

from collections.abc import Sequence

from pxl.overlays.modal.logics import Logic
from pxl.overlays.modal.problem import PLAIN
from pxl.overlays.modal.setting import Setting

_SHOWN_CHARS = 400


def frame_words(setting: Setting, relations: Sequence[str], inclusions: Sequence[tuple[str, str]] = (),
                converses: Sequence[tuple[str, str]] = ()) -> str:
    """Return what frames are meant, as it goes after "every".

    >>> from pxl.overlays.modal.logics import LOGICS
    >>> frame_words(Setting((LOGICS["s4"],)), ["BOX"])
    'reflexive transitive frame'
    >>> frame_words(Setting((LOGICS["kd45"], LOGICS["k"])), ["a", "b"], [("a", "b")])
    'frame whose relation a is serial, transitive and Euclidean, and a is contained in b'
    >>> frame_words(Setting((LOGICS["k"],)), ["BOX"], (), [("BOX", "BOX")])
    'frame where BOX is its own converse'
    """
    among = set(relations)
    ties = [f"{a} is contained in {b}" for a, b in dict.fromkeys(inclusions) if a in among and a != b]
    ties += [f"{a} is its own converse" if a == b else f"{a} and {b} are converses"
             for a, b in dict.fromkeys(converses) if a in among]
    if list(relations) == [PLAIN] and not ties:
        return " ".join((*setting.logics[0].conditions, "frame"))
    told = [f"{name} is {_listed(logic.conditions)}" for name, logic in zip(relations, setting.logics)
            if logic.conditions]
    if told:
        told[0] = f"relation {told[0]}"
    told += ties
    if not told:
        return "frame"
    return ("frame whose " if told[0].startswith("relation ") else "frame where ") + _joined(told)


def _listed(conditions: tuple[str, ...]) -> str:
    return conditions[0] if len(conditions) == 1 else f"{', '.join(conditions[:-1])} and {conditions[-1]}"


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])}, and {parts[-1]}"


def claim_words(proved: bool, goal: str, consequence: str | None, frame: str) -> tuple[str, str]:
    """Return a sentence about the goal, and the statement that was certified.

    ``consequence`` is None without assumptions.

    >>> claim_words(True, "BOX(p) -> p", None, "reflexive frame")[1]
    'valid at every world of every reflexive frame'
    """
    shown = goal if len(goal) <= _SHOWN_CHARS else f"the goal ({len(goal)} characters)"
    if consequence is None:
        statement = f"valid at every world of every {frame}"
        if proved:
            return f"{shown} is {statement} (kernel-checked).", statement
        return (f"{shown} is not {statement}: it is false at a world of the countermodel (kernel-checked).",
                f"not {statement}")
    where = (f"at every world of every model on a {frame} all of whose worlds satisfy the assumptions"
             if consequence == "global" else
             f"at every world that satisfies the assumptions, of every model on a {frame}")
    if proved:
        return f"{shown} follows from the assumptions: it is true {where} (kernel-checked).", f"true {where}"
    return (f"{shown} does not follow from the assumptions: it is false at a world of the countermodel, which "
            f"satisfies them (kernel-checked).", f"not true {where}")


def logic_words(logic: Logic) -> str:
    """Return a logic's name with its conditions.

    >>> from pxl.overlays.modal.logics import LOGICS
    >>> logic_words(LOGICS["d4"])
    'd4 (serial and transitive)'
    """
    return f"{logic.name} ({_listed(logic.conditions) if logic.conditions else 'every frame'})"
