"""Writes the file that coqc re-checks, with the whole question in it, and reads that question back.

A goal of the default overlay without assumptions needs no more than its opening comment. Any other file has a second
comment, a JSON object that says overlay, goal, options, assumptions, verdict and certificate: enough to write every
sentence again, which is how ``pxl verify`` knows that they are what they seem.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pxl.certificates.sentences import Script, atoms_line, certificate_file
from pxl.errors import RequestError
from pxl.formula import Limits
from pxl.overlays.contract import DEFAULT_OVERLAY, GLOBAL, LOCAL, Library, Question, Reading

SHOWN_CHARS = 4000

_ASKED = re.compile(r"^\(\*pxl (\{.*\}) \*\)$", re.MULTILINE)
_ESCAPE = re.compile(r"\\(.)")
_MEMBERS = {"overlay": str, "goal": object, "options": dict, "assumptions": list, "consequence": str, "proved": bool,
            "certificate": str}


@dataclass(frozen=True)
class Evidence:
    """What a file says was asked, and the certificate that it says answers it."""

    overlay: str
    reading: Reading
    proved: bool
    certificate: str


def write(overlay: str, reading: Reading, question: Question, verdict: str, certificate: str, script: Script,
          made_by: Mapping[str, str], libraries: Sequence[Library]) -> str:
    """Return the file. ``made_by`` are further lines of its opening comment: kernel, libraries, Coq."""
    is_plain = overlay == DEFAULT_OVERLAY and not reading.assumptions
    lines = opening(None if is_plain else overlay, question, verdict)
    header = "\n   ".join((*lines, *(f"{name}: {said}" for name, said in made_by.items())))
    text = certificate_file(script, header, [sentence for library in libraries for sentence in library.preamble])
    if is_plain:
        return text
    asked = {"overlay": overlay, "goal": reading.goal, "options": dict(reading.options),
             "assumptions": list(reading.assumptions), "consequence": reading.consequence,
             "proved": verdict == "proved", "certificate": certificate}
    # Coq reads strings in comments: each must end where JSON has it end.
    written = _ESCAPE.sub(lambda escape: r"\u0022" if escape[1] == '"' else escape[0], json.dumps(asked))
    head, end, body = text.partition(" *)\n")
    return f"{head}{end}(*pxl {written} *)\n{body}"


def opening(overlay: str | None, question: Question, verdict: str) -> tuple[str, ...]:
    """Return the lines that a file begins with, which say in brief what was asked and how it was answered."""
    goal = question.normalized if len(question.normalized) <= SHOWN_CHARS else "(too long to repeat here)"
    lines = (f"Goal: {goal}", f"Verdict: {verdict}", f"Atoms: {atoms_line(question.names)}")
    return lines if overlay is None else (f"Overlay: {overlay}", *lines)


def read(text: str) -> Evidence | None:
    """Return what a file says was asked; None when it says nothing. Raises RequestError when that is malformed."""
    found = _ASKED.search(text)
    if found is None:
        return None
    try:
        asked = json.loads(found[1])
        if asked.keys() != _MEMBERS.keys() or not all(isinstance(asked[name], kind) for name, kind in _MEMBERS.items()):
            raise ValueError("its members are not those of a question")
        if asked["consequence"] not in (GLOBAL, LOCAL):
            raise ValueError("its consequence is neither global nor local")
    except (ValueError, RecursionError) as why:
        raise RequestError(f"the question in the file cannot be read: {why}") from None
    reading = Reading(asked["goal"], asked["options"], tuple(asked["assumptions"]), asked["consequence"], Limits())
    return Evidence(asked["overlay"], reading, asked["proved"], asked["certificate"])
