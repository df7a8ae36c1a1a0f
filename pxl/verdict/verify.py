"""Re-checks a certificate file: reads its data, renders everything again, and has checkers judge what was rendered.

The file is not trusted, and no text of it is run. The overlay reads the question that its data pose and writes the
sentences; a ``.v`` file must be those, comments included, byte for byte.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pxl.certificates.document import MAX_CHARS, CertificateDocument, InvalidDocument
from pxl.errors import ConfigError, PxlError
from pxl.formula import Limits
from pxl.overlays.contract import Reading
from pxl.overlays.registry import Registry, check_options
from pxl.verdict import evidence
from pxl.verdict.opinion import Checker, Claim, Declined, Opinion, Rejected

_SHOWN_CHARS = 4000


@dataclass(frozen=True)
class Accepted:
    """What checkers accepted: the data, what was certified in words, the goal, what each checker said, who declined."""

    document: CertificateDocument
    certified: str
    goal: str
    opinions: tuple[Opinion, ...]
    declined: tuple[tuple[str, str], ...] = ()

    def context(self) -> tuple[str, ...]:
        """Return what was asked beside the goal, one line each, and what was certified."""
        document = self.document
        options = ", ".join(f"{name} {json.dumps(value)}" for name, value in document.options.items())
        lines = [f"overlay: {document.overlay}" + (f" ({_shown(options)})" if options else "")]
        lines += [f"assumed ({document.consequence}): {_shown(given if isinstance(given, str) else json.dumps(given))}"
                  for given in document.assumptions]
        return (*lines, f"certified: {self.certified}")


def verify(data: bytes, registry: Registry, checkers: Sequence[Checker], timeout_s: float) -> Accepted:
    """Check a certificate file, ``.v`` or JSON, by every checker.

    Accepted is what at least one accepts and none rejects. Raises Rejected with the reason, ProverTimeout, and
    ConfigError when none of the checkers can be had.
    """
    deadline = time.monotonic() + timeout_s
    if len(data) > MAX_CHARS:
        raise Rejected(f"the file has more than {MAX_CHARS} bytes")
    try:
        text = data.decode("utf-8")
        document = evidence.data_of(text)
    except UnicodeDecodeError:
        raise Rejected("it is not UTF-8 text, so it is no certificate") from None
    except InvalidDocument as why:
        raise Rejected(str(why)) from None
    claim, rendered = claim_of(document, registry)
    if not text.startswith("{") and (differs := evidence.difference(text, rendered)):
        raise Rejected(differs)
    opinions, declined = _opinions(claim, checkers, deadline)
    try:
        meant = claim.question.explain(document.is_proved, document.certificate, claim.script, None)
    except (AssertionError, ValueError) as why:
        raise Rejected(f"what it certifies cannot be shown: {why}") from None
    return Accepted(document, meant.statement, _shown(claim.question.normalized), opinions, declined)


def claim_of(document: CertificateDocument, registry: Registry) -> tuple[Claim, str]:
    """Return what a certificate claims, as its overlay here reads it, and the file that it is rendered as.

    Raises Rejected when the overlay cannot read or write it.
    """
    try:
        overlay = registry.get(document.overlay)
        check_options(overlay, document.options)
        question = overlay.read(Reading(document.goal, document.options, document.assumptions, document.consequence,
                                        Limits()))
        script = question.script(document.is_proved, document.certificate)
    except (PxlError, ValueError) as error:
        raise Rejected(f"what it says was asked cannot be read: {error}") from None
    except RecursionError:
        raise Rejected("what it says was asked nests too deep") from None
    libraries = registry.libraries(overlay.name, question.overlay)
    if set(document.libraries) != {library.name for library in libraries}:
        names = ", ".join(library.name for library in libraries) or "none"
        raise Rejected(f"it names other libraries than its question rests on, which are: {names}")
    preamble = tuple(sentence for library in libraries for sentence in library.preamble)
    return Claim(document, question, script, preamble), evidence.render(document, question, script, libraries)


def _opinions(claim: Claim, checkers: Sequence[Checker],
              deadline: float) -> tuple[tuple[Opinion, ...], tuple[tuple[str, str], ...]]:
    opinions: list[Opinion] = []
    declined: list[tuple[str, str]] = []
    rejected: list[str] = []
    for checker in checkers:
        try:
            opinions.append(checker.check(claim, deadline))
        except Rejected as why:
            rejected.append(f"{checker.name}: {why}" if len(checkers) > 1 else str(why))
        except Declined as why:
            declined.append((checker.name, str(why)))
        except ConfigError as why:
            if len(checkers) == 1:
                raise
            declined.append((checker.name, why.detail))
    if rejected:
        disagree = [opinion.checker for opinion in opinions]
        raise Rejected("; ".join(rejected) + (f"; accepted by {', '.join(disagree)}: the checkers disagree"
                                              if disagree else ""))
    if not opinions:
        raise ConfigError("no checker could judge it: " + "; ".join(f"{name}: {why}" for name, why in declined))
    return tuple(opinions), tuple(declined)


def _shown(text: str) -> str:
    """Return a text for a terminal: on one line, of printable characters, cut where it is long."""
    plain = "".join(char if char.isprintable() else "?" for char in " ".join(text.split()))
    return plain if len(plain) <= _SHOWN_CHARS else plain[:_SHOWN_CHARS] + "..."
