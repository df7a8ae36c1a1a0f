"""Renders certificates as files that coqc re-checks, and finds the data in such a file again.

A file is a comment for readers, a comment with the data (``pxl/certificates/document.py``), and the sentences that the
overlay writes for these data. All of it follows from the data, so that who has them can write the file again, byte for
byte; ``pxl verify`` does, and runs nothing that came in a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from pxl.certificates.document import CertificateDocument, InvalidDocument, read, written
from pxl.certificates.sentences import Script, atoms_line, certificate_file
from pxl.overlays.contract import Library, Question, Reading

SHOWN_CHARS = 4000

_DATA = re.compile(r"^\(\*pxl (\{.*\}) \*\)$", re.MULTILINE)
_RENEW = "ask for it again (\"certificate\": true, or pxl prove --certificate FILE GOAL) to get one of this format"


def document_of(overlay: str, reading: Reading, verdict: str, certificate: str, kernel: str, coq: str,
                libraries: Mapping[str, str]) -> CertificateDocument:
    """Return the certificate of an answer as data; ``libraries`` are the hashes of those it rests on."""
    return CertificateDocument(overlay, reading.goal, verdict, certificate, reading.options, reading.assumptions,
                               reading.consequence, kernel, libraries, coq)


def render(document: CertificateDocument, question: Question, script: Script, libraries: Sequence[Library]) -> str:
    """Return the file of a certificate, given the question that its data pose and the script that answers it."""
    preamble = [sentence for library in libraries for sentence in library.preamble]
    head, end, body = certificate_file(script, "\n   ".join(_opening(document, question)), preamble).partition(" *)\n")
    return f"{head}{end}(*pxl {written(document)} *)\n{body}"


def _opening(document: CertificateDocument, question: Question) -> list[str]:
    """Return the lines that a file begins with, which say in brief what was asked and how it was answered."""
    lines = [f"Goal: {_shown(question.normalized)}", f"Overlay: {document.overlay}"]
    if document.options:
        lines.append(f"Options: {_shown(json.dumps(dict(document.options)))}")
    for given in document.assumptions[:100]:
        lines.append(f"Assumed ({document.consequence}): "
                     f"{_shown(given if isinstance(given, str) else json.dumps(given))}")
    if len(document.assumptions) > 100:
        lines.append(f"Assumed: {len(document.assumptions) - 100} more, which stand in the data below")
    lines += [f"Verdict: {document.verdict}", f"Atoms: {_shown(atoms_line(question.names))}",
              f"Kernel: {document.kernel}", f"Coq: {document.coq}"]
    if document.libraries:
        lines.append("Libraries: " + ", ".join(f"{root} {value}" for root, value in document.libraries.items()))
    return lines


def _shown(text: str) -> str:
    """Return a text as one line of printable characters; a long one is left out.

    >>> _shown("A ->\\n B")
    'A -> B'
    """
    if len(text) > SHOWN_CHARS:
        return "(too long to repeat here)"
    return "".join(char if char.isprintable() else "?" for char in " ".join(text.split()))


def data_of(text: str) -> CertificateDocument:
    """Return the data that a file, ``.v`` or JSON, holds. Raises InvalidDocument with the reason."""
    if text[:1] == "{":
        return read(text)
    found = _DATA.findall(text)
    if not found:
        raise InvalidDocument("it is no certificate, or one of an old format, which cannot be rendered again: "
                              f"{_RENEW}")
    if len(found) > 1:
        raise InvalidDocument("it has two comments with data")
    if '"format"' not in found[0][:20]:
        raise InvalidDocument(f"it is a certificate of an old format, which cannot be rendered again: {_RENEW}")
    return read(found[0])


def difference(found: str, rendered: str) -> str | None:
    """Say where a file is not what its data are rendered as; None where it is, byte for byte."""
    if found == rendered:
        return None
    place = next((k for k, (one, other) in enumerate(zip(found, rendered, strict=False)) if one != other),
                 min(len(found), len(rendered)))
    line = rendered.count("\n", 0, place) + 1
    return (f"it is not what its data are rendered as: line {line} has {found[place:place + 60]!r} where "
            f"{rendered[place:place + 60]!r} belongs")
