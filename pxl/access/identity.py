"""The values that authentication passes on: what was asked, by whom, and the claim that follows admission."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

PROVE = "prove"
OBSERVE = "observe"
ADMIN = "admin"
ROLES = frozenset({PROVE, OBSERVE, ADMIN})


@dataclass(frozen=True)
class RequestView:
    """A request as it came in, before anything was read into it.

    ``path`` and ``query`` are the raw text, without the question mark; ``headers`` are as received, repeated ones
    included; ``body`` holds the exact bytes; ``address`` is the client's, as far as the proxies in between are trusted.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    address: str

    def values(self, name: str) -> tuple[str, ...]:
        """Return every value of a header, in the order of arrival; the name's case does not matter."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)


@dataclass(frozen=True)
class Identity:
    """Who asks: ``kind`` is anonymous, hmac, signature or jwt; ``name`` the key id, the subject, or empty."""

    kind: str
    name: str
    roles: frozenset[str]


def _nothing_to_claim() -> None:
    """Claim nothing: what was shown may be shown again."""


@dataclass(frozen=True)
class Signed:
    """An identity that was proved, and the claim that makes the proof good for one use.

    ``claim`` is called once, after the request was admitted and before its work. It raises AuthError when the
    nonce was used before, and an error with status 503 when no further nonce can be remembered.
    """

    identity: Identity
    claim: Callable[[], None] = _nothing_to_claim
