"""Decides who asks, and whether that is enough for what is asked. Knows no web framework.

The order of a request: its id, the drain, its size, the address's refusals, the credentials, the
identity's rate limit, the role, what is asked, a place among the work in flight, and last the claim of the nonce, so
that a request which was turned away for want of room can be sent again as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pxl.access.identity import ADMIN, OBSERVE, PROVE, Identity, RequestView, Signed
from pxl.access.tokens import Tokens
from pxl.errors import AuthError, Forbidden

# Where nobody is asked who they are: load balancers and probes, never counted either.
HEALTH = frozenset({"/healthz", "/livez", "/readyz", "/health", "/v1/health"})
# Texts that are the same for everybody, and needed to learn how to sign.
PUBLIC = frozenset({"/", "/openapi.json", "/openapi-3.1.json", "/docs", "/.well-known/security.txt"})
AUTH = "/v1/auth/"
PROOFS = "/v1/proofs"
VERSIONED = "/v1/"

_BEARER = re.compile(r"Bearer +([A-Za-z0-9._~+/=-]+)", re.ASCII | re.IGNORECASE)
_HMAC_HEADERS = ("X-Signature", "X-Timestamp", "X-Nonce")
_MESSAGE_HEADERS = ("Signature", "Signature-Input")


@dataclass(frozen=True)
class Access:
    """What a route asks of its caller.

    ``is_open`` means nothing; otherwise ``role`` is the role needed, or None where any identity will do.
    """

    is_open: bool
    role: str | None
    is_counted: bool
    is_versioned: bool


def access_to(method: str, rule: str) -> Access:
    """Return what a request to a route needs; a route that is not listed here is closed.

    >>> access_to("GET", "/health").is_open, access_to("POST", "/prove").role, access_to("GET", "/metrics").role
    (True, 'prove', 'observe')
    """
    is_versioned = rule.startswith(VERSIONED)
    if rule in HEALTH:
        return Access(True, None, False, is_versioned)
    if method == "OPTIONS" or rule in PUBLIC or rule.startswith("/docs/"):
        return Access(True, None, True, is_versioned)
    if rule.startswith(AUTH):
        return Access(False, None, True, is_versioned)
    reads = method in ("GET", "HEAD") and not rule.startswith(PROOFS)
    return Access(False, OBSERVE if reads else PROVE, True, is_versioned)


class NoCredentials(AuthError):
    """The caller showed nothing that could be checked."""


class Verifier(Protocol):
    """Checks one kind of credentials."""

    def verify(self, view: RequestView) -> Signed:
        """Return who signed the request; raises AuthError. The nonce is only claimed by the result."""
        ...


@dataclass(frozen=True)
class Guard:
    """Knows the kinds of credentials that this server takes; with none of them, everybody may come in.

    Signatures are for machines: those of the headers X-Signature, X-Timestamp and X-Nonce (``hmac``) where their
    verifier takes them, HTTP message signatures (``message``) everywhere. Tokens are for people, on the versioned
    routes; without signatures they are all there is, and open the other routes too.
    """

    hmac: Verifier | None = None
    message: Verifier | None = None
    tokens: Tokens | None = None

    @property
    def is_on(self) -> bool:
        """Say whether callers must show who they are."""
        return self.has_signatures or self.tokens is not None

    @property
    def has_signatures(self) -> bool:
        return self.hmac is not None or self.message is not None

    def authenticate(self, view: RequestView, access: Access) -> Signed:
        """Return who asks; raises AuthError unless exactly one kind of credentials is shown, and valid.

        Raises NoCredentials when none is shown.
        """
        if not self.is_on:
            return Signed(Identity("anonymous", "", frozenset({PROVE, OBSERVE})))
        shown: list[Callable[[], Signed]] = []
        if any(view.values(name) for name in _HMAC_HEADERS) and self.hmac is not None:
            hmac = self.hmac
            shown.append(lambda: hmac.verify(view))
        if any(view.values(name) for name in _MESSAGE_HEADERS) and self.message is not None:
            message = self.message
            shown.append(lambda: message.verify(view))
        if view.values("Authorization") and self.tokens is not None:
            shown.append(lambda: self._read_token(view, access))
        if len(shown) > 1:
            raise AuthError("Invalid signature: show one kind of credentials, not several")
        if not shown:
            wanted = ["a signature"] * self.has_signatures + ["a bearer token"] * self._takes_token(access)
            raise NoCredentials(f"Invalid signature: this needs {' or '.join(wanted)}, and the request has none")
        return shown[0]()

    def authorize(self, identity: Identity, access: Access) -> None:
        """Raise Forbidden when the identity does not have the role that the route needs."""
        has_role = access.role is None or access.role in identity.roles or ADMIN in identity.roles
        if not access.is_open and not has_role:
            raise Forbidden(f"this needs the role {access.role!r}")

    def challenge(self, error: AuthError, access: Access, now: float) -> str:
        """Return the WWW-Authenticate header: what would be taken, what was wrong, and our time in seconds."""
        offers = []
        if error.challenge:
            offers.append(error.challenge)
        elif self.has_signatures:
            word = error.detail.partition(" ")[0].lower()
            wrong = word if word in ("timestamp", "nonce") else "signature"
            offers.append(f'HMAC-SHA256 error="{wrong}", server-time="{int(now)}"')
        if self._takes_token(access):
            offers.append('Bearer realm="pxl"' + (', error="invalid_token"' if "token" in error.detail.lower() else ""))
        return ", ".join(offers)

    def _takes_token(self, access: Access) -> bool:
        return self.tokens is not None and (access.is_versioned or access.role != PROVE or not self.has_signatures)

    def _read_token(self, view: RequestView, access: Access) -> Signed:
        given = view.values("Authorization")
        text = read_bearer(given[0]) if len(given) == 1 else None
        if text is None or self.tokens is None:
            raise AuthError("Invalid token: Authorization must be one bearer token")
        if not self._takes_token(access):
            raise AuthError("Invalid signature: this route needs a signature, not a bearer token")
        return Signed(self.tokens.read(text).identity)


def read_bearer(authorization: str) -> str | None:
    """Return the token of an Authorization header; None unless it is exactly one bearer token."""
    match = _BEARER.fullmatch(authorization.strip())
    return match[1] if match else None
