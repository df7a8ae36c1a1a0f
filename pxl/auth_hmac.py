"""Checks the signatures in X-Signature: HMAC-SHA256 over ``timestamp:nonce:body``.

Method, path and query are not signed, so that one signature would be good anywhere: it is taken for ``POST /prove``
without a query, and nowhere else. Everything else signs whole messages (:mod:`pxl.access.http_message`).
"""

from __future__ import annotations

import hmac
import re
import secrets

from pxl.access.identity import RequestView
from pxl.access.keyring import Keyring
from pxl.access.keys import Key
from pxl.access.nonces import Freshness, NonceStore
from pxl.access.signed import SignedByKey, accept, check_nonce
from pxl.access.signing import sign_v1
from pxl.errors import AuthError

ROUTE = ("POST", "/prove", "")

# Strict, and before anything is computed: `int` takes underscores, signs and foreign digits, `float` takes nan; a
# doubled header arrives joined by a comma; and without a colon in the nonce there is one way to read the text signed.
_TIMESTAMP = re.compile(r"[1-9][0-9]{9}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_KEY_ID = re.compile(r"[0-9a-f]{12}", re.ASCII)


class HmacVerifier:
    """Says which key signed a ``POST /prove``."""

    def __init__(self, keyring: Keyring, nonces: NonceStore, freshness: Freshness) -> None:
        self._keyring, self._nonces, self._freshness = keyring, nonces, freshness
        self._nobody = Key(secrets.token_bytes(32))

    def verify(self, view: RequestView) -> SignedByKey:
        """Return who signed the request, the nonce not yet claimed; raises AuthError."""
        if (view.method, view.path, view.query) != ROUTE:
            raise AuthError("Invalid signature: X-Signature is for POST /prove without a query; "
                            "other requests need an HTTP message signature (RFC 9421)")
        timestamp = _single(view, "X-Timestamp", "Timestamp")
        if not _TIMESTAMP.fullmatch(timestamp):
            raise AuthError("Timestamp must be ten digits, the time in unix seconds")
        nonce = _single(view, "X-Nonce", "Nonce")
        check_nonce(nonce)
        signature = _single(view, "X-Signature", "Invalid signature:")
        if not _SIGNATURE.fullmatch(signature):
            raise AuthError("Invalid signature: X-Signature must be 64 lower-case hexadecimal digits")
        self._freshness.check(int(timestamp))
        for key in self._candidates(view):
            if hmac.compare_digest(sign_v1(key.secret, timestamp, nonce, view.body), signature) \
                    and key is not self._nobody:
                return accept("hmac", key, int(timestamp), nonce, view, self._keyring, self._nonces, self._freshness)
        raise AuthError("Invalid signature")

    def _candidates(self, view: RequestView) -> tuple[Key, ...]:
        named = view.values("X-Key-Id")
        if not named:
            return self._keyring.live()
        if len(named) > 1 or not _KEY_ID.fullmatch(named[0]):
            raise AuthError("Invalid signature: X-Key-Id must be 12 lower-case hexadecimal digits")
        # An id that is unknown takes as long as one that is known, and is answered alike.
        return (self._keyring.find(named[0]) or self._nobody,)


def _single(view: RequestView, header: str, word: str) -> str:
    values = view.values(header)
    if len(values) != 1:
        raise AuthError(f"{word} {header} is {'missing' if not values else 'there more than once'}")
    return values[0]
