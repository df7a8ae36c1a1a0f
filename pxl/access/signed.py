"""What a checked signature yields: the identity, the claim of the nonce, and the means to sign the reply."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pxl.access.identity import Identity, RequestView, Signed
from pxl.access.keyring import Keyring
from pxl.access.keys import Key
from pxl.access.nonces import Freshness, NonceStore
from pxl.access.signing import ASK_HEADER, REPLY_HEADER, sign_reply
from pxl.errors import AuthError

_NONCE = re.compile(r"[A-Za-z0-9_-]{8,128}", re.ASCII)


@dataclass(frozen=True)
class SignedByKey(Signed):
    """A request that one of our keys signed."""

    nonce: str = ""
    wants_signed_reply: bool = False
    _secret: bytes = field(default=b"", repr=False)

    def reply_headers(self, status: int, body: bytes) -> dict[str, str]:
        """Return the header that signs this reply, when the request asked for it; otherwise nothing."""
        if not self.wants_signed_reply:
            return {}
        return {REPLY_HEADER: sign_reply(self._secret, self.nonce, status, body)}


def check_nonce(nonce: str) -> None:
    """Raise AuthError unless a nonce is of the one legal form, which no delimiter is part of."""
    if not _NONCE.fullmatch(nonce):
        raise AuthError("Nonce must be 8 to 128 letters, digits, hyphens and underscores")


def accept(kind: str, key: Key, timestamp: int, nonce: str, view: RequestView, keyring: Keyring, nonces: NonceStore,
           freshness: Freshness) -> SignedByKey:
    """Return the value for a request whose signature, age and nonce are as they must be."""
    def claim() -> None:
        nonces.claim(key.id, nonce, freshness.admit(timestamp))
        freshness.check_remembered(timestamp)

    keyring.count_use(key)
    wants_signed_reply = view.values(ASK_HEADER) in (("true",), ("1",))
    return SignedByKey(Identity(kind, key.id, key.roles), claim, nonce, wants_signed_reply, key.secret)
