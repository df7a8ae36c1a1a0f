"""The checkers that were extracted from Coq, native and in node, as checkers of certificates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pxl.overlays.asked import asked
from pxl.verdict import extracted
from pxl.verdict.opinion import Claim, Declined, Opinion, Rejected


@dataclass(frozen=True)
class Extracted:
    """An extracted checker: ``name`` is ``native`` or ``js``, ``sha`` the hash of what was extracted.

    Its soundness is proved in Coq of the function that is extracted; ``docs/kernel.md`` names the steps that are not.
    """

    name: str
    command: Sequence[str]
    sha: str

    def check(self, claim: Claim, deadline: float) -> Opinion:
        """Ask it. Raises Rejected, Declined where it knows no such question or has no room, and ConfigError."""
        question = asked(claim.question)
        if question is None:
            raise Declined(f"it knows no certificates of the overlay {claim.question.overlay}")
        said = extracted.check(self.command, question[0], claim.document.verdict, question[1],
                               claim.document.certificate, deadline)
        if said.outcome == "rejected":
            raise Rejected(f"the extracted checker ({self.name}) refuses it")
        if said.outcome != "accepted":
            raise Declined(said.reason)
        return Opinion(self.name, claim.script.statement,
                       f"the extraction {self.sha[:12]}, OCaml, and this program's reading of the goal")
