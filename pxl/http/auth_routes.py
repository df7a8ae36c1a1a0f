"""The routes that issue, renew and revoke tokens."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, g, request

from pxl.access.guard import read_bearer
from pxl.access.identity import ADMIN, OBSERVE, PROVE, ROLES
from pxl.access.tokens import LIFETIME_S, Claims, Issued, Tokens, is_subject
from pxl.errors import AuthError, Forbidden
from pxl.http.json_body import InvalidBody, only_members, read_object, require_json, text_member

_SESSION = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)


def token_routes(app: Flask, tokens: Tokens) -> None:
    """Add ``/v1/auth/token``, ``/v1/auth/refresh`` and ``/v1/auth/revoke``."""

    @app.post("/v1/auth/token")
    def issue() -> dict[str, Any]:
        """Issue a token to a signed call, for a person and roles that the signer has."""
        if g.identity.kind not in ("hmac", "signature"):
            raise Forbidden("a token is issued to a signed call; /v1/auth/refresh renews one")
        body = _body(("subject", "roles"))
        subject = text_member(body, "subject") if "subject" in body else g.identity.name
        if not is_subject(subject):
            raise InvalidBody('"subject" must be 1 to 64 letters, digits or any of . _ @ + -')
        roles = _roles(body["roles"], g.identity.roles) if "roles" in body else g.identity.roles & {PROVE, OBSERVE}
        return _reply(tokens.issue(subject, roles))

    @app.post("/v1/auth/refresh")
    def renew() -> dict[str, Any]:
        """Renew a token that is still valid; the old one stays valid for its time."""
        _body(())
        # What a missed revocation costs ends with the token; a renewal would make it last.
        return _reply(tokens.renew(_own_claims(tokens, surely=True)))

    @app.post("/v1/auth/revoke")
    def revoke() -> dict[str, Any]:
        """End the session of the token shown; an admin's signed call ends the session that it names."""
        if g.identity.kind == "jwt":
            _body(())
            session = _own_claims(tokens).session
        else:
            if ADMIN not in g.identity.roles:
                raise Forbidden("ending another's session needs the role 'admin'")
            session = text_member(_body(("session",)), "session")
            if not _SESSION.fullmatch(session):
                raise InvalidBody('"session" must be the session of a token, as its issue told it')
        tokens.revoke(session)
        return {"revoked": session, "id": g.request_id}


def _body(known: tuple[str, ...]) -> dict[str, Any]:
    """Return the body's members; no body is an empty object."""
    data = request.get_data(cache=True)
    if not data:
        return {}
    require_json(request.content_type, request.headers.get("Content-Encoding"))
    body = read_object(data)
    only_members(body, known)
    return body


def _roles(wanted: Any, own: frozenset[str]) -> frozenset[str]:
    if not (isinstance(wanted, list) and wanted and all(isinstance(role, str) and role in ROLES for role in wanted)):
        raise InvalidBody(f'"roles" must be a list of {", ".join(sorted(ROLES))}')
    if missing := sorted(set(wanted) - own):
        raise Forbidden(f"the signer has not the role {missing[0]!r} to give")
    return frozenset(wanted)


def _own_claims(tokens: Tokens, *, surely: bool = False) -> Claims:
    text = read_bearer(request.headers.get("Authorization", ""))
    if g.identity.kind != "jwt" or text is None:
        raise AuthError("Invalid token: this needs the bearer token that it is about")
    return tokens.read(text, surely=surely)


def _reply(issued: Issued) -> dict[str, Any]:
    claims = issued.claims
    return {"access_token": issued.text, "token_type": "Bearer", "expires_in": LIFETIME_S,
            "expires_at": claims.expires_at, "subject": claims.subject, "roles": sorted(claims.roles),
            "session": claims.session, "id": g.request_id}
