"""Stands between Flask and the routes: who asks, how often, from where, and what every response carries."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from flask import Flask, Response, g, request
from flask_cors import CORS

from pxl.access.address import Network, bucket, client_address
from pxl.access.guard import Access, Guard, NoCredentials, access_to
from pxl.access.identity import OBSERVE, PROVE, Identity, RequestView
from pxl.access.origins import Origin
from pxl.access.rate_counters import MEMORY
from pxl.access.scrapers import Scrapers
from pxl.access.signed import SignedByKey
from pxl.errors import AuthError, PxlError, RateLimited
from pxl.http.drain import Drain
from pxl.http.provenance import Provenance
from pxl.http.rate_limits import RateLimits, RatePolicy

log = logging.getLogger("pxl.http")

View = TypeVar("View", bound=Callable[..., Any])

_ANONYMOUS = Identity("anonymous", "", frozenset())
_REQUEST_HEADERS = ("Authorization", "Content-Type", "Content-Digest", "Prefer", "Signature", "Signature-Input",
                    "X-Key-Id", "X-Nonce", "X-Request-ID", "X-Signature", "X-Timestamp")
_RESPONSE_HEADERS = ("Location", "Retry-After", "X-Build-SHA", "X-PXL-Coqchk", "X-RateLimit-Limit",
                     "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-ID", "X-V4-SHA")
# No page may frame, embed or be led by a reply; the pages served here set a policy of their own.
_SECURITY = (("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
             ("Cross-Origin-Resource-Policy", "same-origin"),
             ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"))
_PREFLIGHT_S = 600


@dataclass(frozen=True)
class Gate:
    """What is asked of callers and told about the server. The default asks nothing and counts nothing."""

    guard: Guard = Guard()
    rates: RatePolicy | None = None
    trusted_proxies: tuple[Network, ...] = ()
    origins: tuple[Origin, ...] = ()
    provenance: Provenance = Provenance()
    rate_storage: tuple[str, Mapping[str, Any]] = (MEMORY, MappingProxyType({}))
    wall_clock: Callable[[], float] = time.time
    scrapers: Scrapers = Scrapers()


def claims_itself(view: View) -> View:
    """Mark a view that calls ``g.claim`` after admission; for all others it is called before the view."""
    view.claims_itself = True      # type: ignore[attr-defined]
    return view


class SingleClaim:
    """A claim that any number of callers may make, and that is made once; what it raised, each gets."""

    def __init__(self, claim: Callable[[], None]) -> None:
        self._claim = claim
        self._lock = threading.Lock()
        self._failure: PxlError | None = None
        self._is_done = False

    @property
    def is_made(self) -> bool:
        """Say whether the claim was made, and granted."""
        return self._is_done and self._failure is None

    def __call__(self) -> None:
        with self._lock:
            if not self._is_done:
                self._is_done = True
                try:
                    self._claim()
                except PxlError as failure:
                    self._failure = failure
        if self._failure is not None:
            raise self._failure


class AccessControl:
    """Applies a gate to an application. Sets ``g.address``, ``g.identity`` and ``g.claim``."""

    def __init__(self, app: Flask, gate: Gate, drain: Drain) -> None:
        self._app = app
        self._gate = gate
        self._drain = drain
        self._limits = RateLimits(gate.rates, *gate.rate_storage) if gate.rates else None
        self._headers = early_headers(gate.provenance)
        app.after_request(self._finish)
        app.before_request(self._authenticate)
        if self._limits:
            self._limits.install(app, _caller, lambda: not g.access.is_counted)
        app.before_request(self._authorize)
        if gate.origins:
            CORS(app, origins=[origin.pattern for origin in gate.origins], supports_credentials=True,
                 methods=["GET", "POST", "DELETE"], allow_headers=list(_REQUEST_HEADERS),
                 expose_headers=list(_RESPONSE_HEADERS), max_age=_PREFLIGHT_S, intercept_exceptions=False,
                 send_wildcard=False, always_send=False)

    def rate_error(self, error: Exception) -> RateLimited | None:
        """Return our error for one of the rate limiter; None for any other."""
        return self._limits.refused(error) if self._limits else None

    def challenge(self, error: AuthError) -> str:
        """Return the WWW-Authenticate header for a refusal, and log who was refused."""
        shown = [name for name in ("X-Signature", "Signature", "Authorization") if name in request.headers]
        log.warning("%s %d %s from %s, agent %s: %s (shown: %s)", g.request_id, error.status, error.title, g.address,
                    ascii(request.headers.get("User-Agent", "")[:200]), ascii(error.detail),
                    ", ".join(shown) or "nothing")
        return self._gate.guard.challenge(error, g.access, self._gate.wall_clock())

    def _authenticate(self) -> None:
        # The objects behind Flask's proxies: each look through one costs over a microsecond.
        here, asked = g._get_current_object(), request._get_current_object()     # type: ignore[attr-defined]  # a proxy has it
        guard, limits = self._gate.guard, self._limits
        here.address = client_address(asked.remote_addr or "", asked.headers.getlist("X-Forwarded-For"),
                                   self._gate.trusted_proxies)
        here.identity, here.claim, here.signed, here.refusal = _ANONYMOUS, SingleClaim(_nothing), None, None
        # What is no route is answered 404 or 405 to anybody, and counted.
        here.access = access = access_to(asked.method, asked.url_rule.rule) if asked.url_rule else _NOWHERE
        if access.role == OBSERVE and self._gate.scrapers.admits(
                asked.url_rule.rule, asked.remote_addr or "", "X-Forwarded-For" in asked.headers,
                asked.headers.get("Authorization", "")):
            here.access = access = _NOT_COUNTED
        if access.is_open:
            return
        if access.role == PROVE:
            self._drain.admit()
        view = request_view(here.address) if guard.is_on else _NOT_LOOKED_AT
        if guard.is_on and limits:
            limits.check_refusals(bucket(here.address))
        try:
            signed = guard.authenticate(view, access)
        except NoCredentials as refusal:
            here.refusal = refusal     # counted first, as any other request without a name
            return
        except AuthError:
            if limits:
                limits.count_refusal(bucket(here.address))
            raise
        here.identity, here.claim, here.signed = signed.identity, SingleClaim(signed.claim), signed

    def _authorize(self) -> None:
        here, asked = g._get_current_object(), request._get_current_object()     # type: ignore[attr-defined]  # a proxy has it
        if here.access.is_open:
            return
        if here.refusal is not None:
            raise here.refusal
        self._gate.guard.authorize(here.identity, here.access)
        if not getattr(self._app.view_functions.get(asked.endpoint or ""), "claims_itself", False):
            here.claim()

    def _finish(self, response: Response) -> Response:
        here, asked = g._get_current_object(), request._get_current_object()     # type: ignore[attr-defined]  # a proxy has it
        if asked.method == "OPTIONS" and response.status_code == 200:
            # Flask's own answer: the methods are in its header, and an empty body is not HTML.
            response.status_code = 204
            response.headers.pop("Content-Type", None)
        given = {name.lower() for name, _ in response.headers}
        response.headers.extend([header for header in self._headers if header[0].lower() not in given])
        response.headers["X-Request-ID"] = here.request_id
        if self._gate.origins:
            response.vary.add("Origin")
        if self._limits:
            self._limits.tell(response)
        # A refused replay must not be answered in the name of the request that it repeats.
        if isinstance(here.signed, SignedByKey) and here.claim.is_made and not response.is_streamed:
            body = b"" if asked.method == "HEAD" else response.get_data()
            response.headers.update(here.signed.reply_headers(response.status_code, body))
        if log.isEnabledFor(logging.DEBUG):
            path = ascii(asked.path[:500])[1:-1]
            log.debug("%s %s %s %d", here.request_id, asked.method, path, response.status_code)
        return response


def request_view(address: str) -> RequestView:
    """Return the present request as it came in; reads its body, and raises RequestEntityTooLarge."""
    target = request.environ.get("REQUEST_URI") or request.full_path.rstrip("?")
    path, _, query = target.partition("?")
    return RequestView(request.method, path, query, tuple(request.headers.items()),
                       request.get_data(cache=True), address)


def early_headers(provenance: Provenance) -> tuple[tuple[str, str], ...]:
    """Return the headers of answers that are given before there is a request: no rate, no identity."""
    return (*provenance.headers(), *_SECURITY, ("Cache-Control", "no-store"))


def _nothing() -> None:
    """Claim nothing."""


def _caller() -> str:
    identity = g.identity
    return f"{identity.kind}:{identity.name}" if identity.name else f"address:{bucket(g.address)}"


_NOWHERE = Access(True, None, True, False)
_NOT_COUNTED = Access(True, None, False, False)
_NOT_LOOKED_AT = RequestView("", "", "", (), b"", "")
