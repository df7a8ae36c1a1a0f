"""What it costs to check a signature, in microseconds of one thread."""

from __future__ import annotations

import time
import timeit

from pxl.access.http_message import MessageVerifier
from pxl.access.identity import RequestView
from pxl.access.keyring import Keyring
from pxl.access.keys import Key
from pxl.access.nonces import Freshness, MemoryNonceStore
from pxl.access.signing import sign_message, sign_v1
from pxl.auth_hmac import HmacVerifier

_KEY = Key(b"8d1f9c3b5a7e2460" * 4)
_NONCE = "0f1e2d3c4b5a6978"
_USUAL = (("Host", "localhost:8088"), ("User-Agent", "bench"), ("Accept", "*/*"), ("Content-Type", "application/json"))


def measure() -> dict[str, float]:
    """Return the best of five runs for each scheme and size of body, and for the claim of a nonce."""
    keyring, nonces, now = Keyring(lambda: (_KEY,)), MemoryNonceStore(10_000_000), int(time.time())
    freshness = Freshness(time.time, 0)
    hmac, message = HmacVerifier(keyring, nonces, freshness), MessageVerifier(keyring, nonces, freshness)
    figures = {}
    for size, body in (("23 bytes", b'{"goal": "BOX(A -> A)"}'), ("1 MiB", b"x" * (1 << 20))):
        v1 = {"X-Timestamp": str(now), "X-Nonce": _NONCE, "X-Signature": sign_v1(_KEY.secret, now, _NONCE, body)}
        signed = sign_message(_KEY.id, _KEY.secret, "POST", "/v1/proofs", "", body, created=now, nonce=_NONCE)
        for name, verifier, path, fields in (("v1", hmac, "/prove", v1), ("RFC 9421", message, "/v1/proofs", signed)):
            view = RequestView("POST", path, "", (*_USUAL, *fields.items()), body, "127.0.0.1")
            rounds = 2000 if size == "23 bytes" else 50
            runs = timeit.repeat(lambda verify=verifier.verify, view=view: verify(view), number=rounds, repeat=5)
            figures[f"{name}, {size}"] = min(runs) / rounds * 1e6
    names = iter([f"nonce-{n:012}" for n in range(100_000)])
    figures["claim of a nonce"] = timeit.timeit(lambda: nonces.claim(_KEY.id, next(names), now), number=100_000) * 10
    return figures
