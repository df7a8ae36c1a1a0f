"""Issues, reads and revokes the bearer tokens of people: JSON Web Tokens signed with HS256.

A token is issued to a signed call, lives for an hour, and can be renewed until its session is over. A session
begins with the signed call; renewing a token makes another of the same session, and revoking any ends them all.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import jwt

from pxl.access.identity import ROLES, Identity
from pxl.errors import AuthError, PxlError

LIFETIME_S = 3600
SESSION_S = 24 * 3600
LEEWAY_S = 10
MAX_TOKEN_CHARS = 4096
MAX_REVOKED = 100_000
AUDIENCE = ISSUER = "pxl"

_ALGORITHM = "HS256"
_REQUIRED = ("exp", "iat", "sub", "aud", "iss", "jti", "sid", "auth_time", "roles")
_SUBJECT = re.compile(r"[A-Za-z0-9._@+-]{1,64}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)


class DenyListFull(PxlError):
    """No further session can be remembered as revoked."""

    code, status, title = "deny-list-full", 503, "Too many revoked sessions"


@dataclass(frozen=True)
class Claims:
    """What a token says; times are whole seconds since 1970."""

    subject: str
    roles: frozenset[str]
    session: str
    authenticated_at: int
    issued_at: int
    expires_at: int
    token_id: str

    @property
    def identity(self) -> Identity:
        """Return whose token it is."""
        return Identity("jwt", self.subject, self.roles)


@dataclass(frozen=True)
class Issued:
    """A new token, and what it says."""

    text: str
    claims: Claims


class Denied(Protocol):
    """A deny-list; see :class:`DenyList`."""

    def add(self, session: str, until: float, now: float) -> None: ...

    def __contains__(self, session: str) -> bool: ...

    def surely_has(self, session: str) -> bool: ...


class DenyList:
    """Remembers revoked sessions until none of their tokens could be valid any more; safe between threads."""

    def __init__(self, capacity: int = MAX_REVOKED) -> None:
        self._capacity = capacity
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, session: str, until: float, now: float) -> None:
        """Remember a session; raises DenyListFull rather than forget another."""
        with self._lock:
            if session not in self._until and len(self._until) >= self._capacity:
                self._until = {name: end for name, end in self._until.items() if end > now}
                if len(self._until) >= self._capacity:
                    raise DenyListFull("the list of revoked sessions is full: try again later", retry_after_s=60)
            self._until[session] = max(until, self._until.get(session, 0.0))

    def __contains__(self, session: str) -> bool:
        return session in self._until

    def surely_has(self, session: str) -> bool:
        """Say the same; a list that is shared may be unable to, and then raises StoreUnavailable."""
        return session in self


class Tokens:
    """Makes and checks tokens with the first of ``keys``, and checks them with the others too.

    ``clock`` tells the seconds since 1970. Keys are bytes, at least 32 of them.
    """

    def __init__(self, keys: Iterable[bytes], denied: Denied | None = None, *,
                 clock: Callable[[], float] = time.time) -> None:
        self._keys = {key_id(key): key for key in keys}
        self._current = next(iter(self._keys))
        self._denied: Denied = DenyList() if denied is None else denied
        self._clock = clock

    def issue(self, subject: str, roles: Iterable[str]) -> Issued:
        """Return the first token of a new session; raises AuthError when the subject has no such form."""
        if not is_subject(subject):
            raise AuthError("Invalid subject")
        now = int(self._clock())
        return self._make(subject, frozenset(roles) & ROLES, secrets.token_urlsafe(16), now, now)

    def renew(self, claims: Claims) -> Issued:
        """Return another token of the session; raises AuthError when the session is over."""
        now = int(self._clock())
        if now >= claims.authenticated_at + SESSION_S:
            raise AuthError("Token session is over: ask for a new token with a signed call")
        return self._make(claims.subject, claims.roles, claims.session, claims.authenticated_at, now)

    def revoke(self, session: str) -> None:
        """Refuse every token of a session from now on; raises DenyListFull."""
        now = self._clock()
        self._denied.add(session, now + SESSION_S + LIFETIME_S + LEEWAY_S, now)

    def read(self, text: str, *, surely: bool = False) -> Claims:
        """Return what a valid token says; raises AuthError, which never says more than the client may know.

        With ``surely`` it raises StoreUnavailable when it cannot be told whether the token was revoked elsewhere.
        """
        if len(text) > MAX_TOKEN_CHARS:
            raise AuthError("Invalid token: it is too long")
        try:
            header = jwt.get_unverified_header(text)
            key = self._keys.get(header.get("kid", self._current))
            if key is None:
                raise AuthError("Invalid token: no such key")
            # Times are looked at below: on our clock, and strictly.
            payload = jwt.decode(text, key, algorithms=[_ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options={
                "require": list(_REQUIRED), "strict_aud": True,
                "verify_exp": False, "verify_iat": False, "verify_nbf": False})
        # A header or payload that is JSON of another shape escapes PyJWT's own family of errors.
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, RecursionError) as why:
            raise AuthError("Invalid token: its signature, algorithm or claims are not ours") from why
        claims = _claims(payload)
        now = self._clock()
        if claims.issued_at > now + LEEWAY_S or payload.get("nbf", 0) > now + LEEWAY_S:
            raise AuthError("Invalid token: it is from the future")
        if now >= claims.expires_at + LEEWAY_S:
            raise AuthError("Token expired")
        denied = self._denied
        if denied.surely_has(claims.session) if surely else claims.session in denied:
            raise AuthError("Token revoked")
        return claims

    def _make(self, subject: str, roles: frozenset[str], session: str, authenticated_at: int, now: int) -> Issued:
        claims = Claims(subject, roles, session, authenticated_at, now, now + LIFETIME_S, secrets.token_urlsafe(16))
        payload = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": claims.expires_at,
                   "jti": claims.token_id, "sid": session, "auth_time": authenticated_at, "roles": sorted(roles)}
        return Issued(jwt.encode(payload, self._keys[self._current], _ALGORITHM, {"kid": self._current}), claims)


def key_id(key: bytes) -> str:
    """Return the name of a key, which tells nothing about it."""
    return hashlib.sha256(b"pxl-jwt-kid" + key).hexdigest()[:12]


def is_subject(text: object) -> bool:
    """Say whether a token can be about this name."""
    return isinstance(text, str) and _SUBJECT.fullmatch(text) is not None


def _claims(payload: dict[str, Any]) -> Claims:
    """Check the shape of every claim: a valid signature says who wrote them, not that they make sense."""
    times = [payload[name] for name in ("auth_time", "iat", "exp")]
    roles, session, token_id, subject = (payload[name] for name in ("roles", "sid", "jti", "sub"))
    not_before = payload.get("nbf", 0)
    if not (all(type(moment) is int for moment in (*times, not_before))
            and times[0] <= times[1] < times[2] <= times[1] + LIFETIME_S
            and times[1] <= times[0] + SESSION_S
            and isinstance(roles, list) and all(isinstance(role, str) for role in roles) and ROLES.issuperset(roles)
            and is_subject(subject)
            and all(isinstance(name, str) and _ID.fullmatch(name) for name in (session, token_id))):
        raise AuthError("Invalid token: its claims are malformed")
    auth_time, issued_at, expires_at = times
    return Claims(subject, frozenset(roles), session, auth_time, issued_at, expires_at, token_id)
