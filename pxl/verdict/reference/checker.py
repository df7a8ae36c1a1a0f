"""The checker that is plain Python: it reads a certificate as the documents say, and shares no rule with the search."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pxl.errors import ProverTimeout
from pxl.overlays.chrono.question import ChronoQuestion
from pxl.overlays.modal.question import ModalQuestion
from pxl.overlays.s5.question import S5Question
from pxl.overlays.v4.overlay import V4Question
from pxl.verdict.opinion import Claim, Declined, Opinion, Rejected
from pxl.verdict.reference import chrono, modal, s5

MAX_DIGITS = 2_000_000


@dataclass(frozen=True)
class Python:
    """The reference. It has the goal from the same parser as the server, and needs no Coq; nothing of it is proved."""

    name: str = "python"

    def check(self, claim: Claim, deadline: float) -> Opinion:
        """Judge the claim. Raises Rejected with the fault, Declined where it knows no such question, or no end."""
        proved, text, question = claim.document.is_proved, claim.document.certificate, claim.question
        if len(text) > MAX_DIGITS:
            raise Declined(f"the certificate has {len(text)} digits; it takes at most {MAX_DIGITS}")
        if isinstance(question, V4Question):
            question = question.inner
        try:
            if isinstance(question, S5Question):
                fault = s5.fault(question.whole, proved, text)
            elif isinstance(question, ModalQuestion):
                fault = modal.fault(question.problem, proved, text)
            elif isinstance(question, ChronoQuestion):
                kind = question.kind
                fault = chrono.fault(question.whole, proved, kind.finite, kind.trace, text)
            else:
                raise Declined(f"it knows no certificates of the overlay {question.overlay}")
        except ValueError as why:
            raise Rejected(f"the reference refuses it: {why}") from None
        except RecursionError:
            raise Declined("the goal nests too deep for it") from None
        if fault is not None:
            raise Rejected(f"the reference refuses it: {fault}")
        if time.monotonic() > deadline:
            raise ProverTimeout("the reference did not finish in time (--timeout)")
        return Opinion(self.name, claim.script.statement, "Python, and this program's reading of the goal")
