"""Checks HTTP message signatures (RFC 9421), for every route: method, path, query and body are signed.

The library verifies; left to itself it accepts a signature that covers next to nothing, has no nonce and is a
day old. Everything that makes a signature good is therefore stated here.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable
from typing import Any, ClassVar

from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureComponentResolver,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    VerifyResult,
    algorithms,
)

from pxl.access.identity import RequestView
from pxl.access.keyring import Keyring
from pxl.access.nonces import Freshness, NonceStore
from pxl.access.signed import SignedByKey, accept, check_nonce
from pxl.access.signing import COMPONENTS, TAG
from pxl.errors import AuthError

_LARGEST_FIELD = 4096       # characters in Signature-Input and Signature together
_MOST_LABELS = 8


class MessageVerifier:
    """Says which key signed a request as a message."""

    def __init__(self, keyring: Keyring, nonces: NonceStore, freshness: Freshness) -> None:
        self._keyring, self._nonces, self._freshness = keyring, nonces, freshness
        self._nobody = secrets.token_bytes(32)
        self._verifier = _Verifier(freshness, self._secret_of)

    def verify(self, view: RequestView) -> SignedByKey:
        """Return who signed the request, the nonce not yet claimed; raises AuthError."""
        fields = [*view.values("Signature-Input"), *view.values("Signature")]
        if sum(map(len, fields)) > _LARGEST_FIELD or sum(field.count("=(") for field in fields) > _MOST_LABELS:
            raise AuthError("Invalid signature: Signature-Input and Signature are too long")
        # The library overlooks bits of base64 that decode to nothing; one signature is written in one way.
        if not all(map(_is_base64, re.findall(r":([^:]*):", ",".join(view.values("Signature"))))):
            raise AuthError("Invalid signature: Signature is not base64 as it should be")
        result = self._verified(view)
        nonce = result.nonce
        if nonce is None:
            raise AuthError("Nonce is missing: Signature-Input needs the parameter nonce")
        check_nonce(nonce)
        key = self._keyring.find(str(result.parameters["keyid"]))
        if key is None:         # it ended, or was nobody's
            raise AuthError("Invalid signature")
        return accept("signature", key, int(result.parameters["created"]), nonce, view, self._keyring, self._nonces,
                      self._freshness)

    def _verified(self, view: RequestView) -> VerifyResult:
        required = (*COMPONENTS, *(("content-digest",) if view.body else ()))
        try:
            # max_age is what _Verifier puts in place of the library's one day.
            results = self._verifier.verify(_Message(view), max_age=None, expect_tag=TAG,
                                            require_components=required, body=view.body)
        except InvalidSignature as error:
            # Every error comes wrapped in one; those that are not the library's (a mere mismatch) say nothing.
            cause = error.args[0] if error.args else ""
            reason = str(cause) if isinstance(cause, (str, HTTPMessageSignaturesException)) else ""
            raise AuthError(f"Invalid signature: {reason}" if reason else "Invalid signature") from None
        except HTTPMessageSignaturesException as error:
            raise AuthError(f"Invalid signature: {error}") from None
        if len(results) != 1:
            raise AuthError(f'Invalid signature: several signatures have the tag "{TAG}"')
        return results[0]

    def _secret_of(self, key_id: str) -> bytes:
        key = self._keyring.find(key_id)
        # An id that is unknown takes as long as one that is known, and is answered alike.
        return self._nobody if key is None else key.secret


def _is_base64(text: str) -> bool:
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except ValueError:
        return False


class _Verifier(HTTPMessageVerifier):
    """The library's verifier with our clock and our window."""

    def __init__(self, freshness: Freshness, secret_of: Callable[[str], bytes]) -> None:
        super().__init__(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=_Keys(secret_of),
                         component_resolver_class=_Components)
        self._freshness = freshness

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Accept only a recent ``created`` and no ``expires`` that is past; the types are checked already."""
        if "created" not in sig_input.params:
            raise AuthError("Timestamp is missing: Signature-Input needs the parameter created")
        self._freshness.check(sig_input.params["created"])
        if "expires" in sig_input.params and sig_input.params["expires"] < self._freshness.now():
            raise AuthError("Timestamp in the parameter expires is past")


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, secret_of: Callable[[str], bytes]) -> None:
        self._secret_of = secret_of

    def resolve_public_key(self, key_id: str) -> bytes:
        return self._secret_of(key_id)


class _Message:
    """A request as the library wants to see it."""

    url = "http://pxl/"     # the library insists on one; _Components looks at the path and query as received

    def __init__(self, view: RequestView) -> None:
        self.view = view
        self.method = view.method
        self.headers = _Fields(view.headers)


class _Fields:
    def __init__(self, fields: tuple[tuple[str, str], ...]) -> None:
        self._fields = fields

    def items(self) -> tuple[tuple[str, str], ...]:
        return self._fields


class _Components(HTTPSignatureComponentResolver):
    """Path and query are the bytes received; scheme and authority, which proxies change, are not there to be signed."""

    derived_component_resolvers: ClassVar[dict[str, Callable[..., str]]] = {
        "@method": lambda resolver: resolver.get_method(),
        "@path": lambda resolver: resolver.message.view.path or "/",
        "@query": lambda resolver: "?" + resolver.message.view.query,
    }
