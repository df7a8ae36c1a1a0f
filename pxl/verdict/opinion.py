"""What a checker of certificates is: it is given a claim, and accepts it, rejects it, or cannot say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pxl.certificates.document import CertificateDocument
from pxl.certificates.sentences import Script
from pxl.overlays.contract import Question


class Rejected(Exception):
    """A certificate is none, or none of what it claims; the text is the reason."""


class Declined(Exception):
    """A checker cannot say whether a certificate is right; the text is the reason."""


@dataclass(frozen=True)
class Claim:
    """What a certificate claims: its data, the question that they pose here, and the script that answers it.

    ``preamble`` are the sentences that load the libraries of the overlay.
    """

    document: CertificateDocument
    question: Question
    script: Script
    preamble: tuple[str, ...]


@dataclass(frozen=True)
class Opinion:
    """A checker accepts: ``statement`` is what it says was shown, ``rests_on`` what is assumed beside."""

    checker: str
    statement: str
    rests_on: str


class Checker(Protocol):
    """One program that judges certificates; no two need to share anything."""

    @property
    def name(self) -> str:
        """What it is called."""

    def check(self, claim: Claim, deadline: float) -> Opinion:
        """Accept a claim before the moment ``deadline`` of ``time.monotonic()``.

        Raises Rejected and Declined with the reason, ProverTimeout, and ConfigError when it is not installed.
        """


@dataclass(frozen=True)
class Missing:
    """A checker that is not installed here: it declines, and says why."""

    name: str
    why: str

    def check(self, claim: Claim, deadline: float) -> Opinion:
        """Raise Declined."""
        raise Declined(self.why)
