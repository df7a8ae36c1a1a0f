"""Signs requests and replies, in both schemes, with nothing but the standard library.

The texts that are signed begin differently (a digit, a quotation mark, a letter), so that a signature of one
kind is never one of another, although all use the same key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

TAG = "pxl"
ALGORITHM = "hmac-sha256"
COMPONENTS = ("@method", "@path", "@query")
REPLY_HEADER = "X-PXL-Response-Signature"
ASK_HEADER = "X-PXL-Sign-Reply"


def sign_v1(secret: bytes, timestamp: int | str, nonce: str, body: bytes) -> str:
    """Return the X-Signature of a request in the documents' scheme: lower-case hexadecimal HMAC-SHA256."""
    return hmac.digest(secret, f"{timestamp}:{nonce}:".encode("ascii") + body, "sha256").hex()


def content_digest(body: bytes) -> str:
    """Return the Content-Digest of a body (RFC 9530).

    >>> content_digest(b'{"hello": "world"}')
    'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'
    """
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def signature_base(method: str, path: str, query: str, digest: str | None, params: str) -> str:
    """Return what a message signature signs (RFC 9421, 2.5) with the components that the server asks for."""
    lines = [f'"@method": {method}', f'"@path": {path or "/"}', f'"@query": ?{query}']
    if digest is not None:
        lines.append(f'"content-digest": {digest}')
    return "\n".join([*lines, f'"@signature-params": {params}'])


def sign_message(key_id: str, secret: bytes, method: str, path: str, query: str, body: bytes, *, created: int,
                 nonce: str, label: str = "pxl") -> dict[str, str]:
    """Return the header fields that sign a request as a message (RFC 9421).

    ``path`` and ``query`` are as they go over the wire, the query without its question mark; a body that is not
    empty gets a Content-Digest.
    """
    digest = content_digest(body) if body else None
    names = (*COMPONENTS, *(("content-digest",) if body else ()))
    params = "(" + " ".join(f'"{name}"' for name in names) + ")" + \
        f';created={created};keyid="{key_id}";alg="{ALGORITHM}";nonce="{nonce}";tag="{TAG}"'
    base = signature_base(method, path, query, digest, params)
    mac = base64.b64encode(hmac.digest(secret, base.encode("ascii"), "sha256")).decode()
    fields = {} if digest is None else {"Content-Digest": digest}
    return fields | {"Signature-Input": f"{label}={params}", "Signature": f"{label}=:{mac}:"}


def sign_reply(secret: bytes, nonce: str, status: int, body: bytes) -> str:
    """Return the signature of a reply: it binds status and body to the nonce of the request."""
    text = f"pxl-reply-1\n{nonce}\n{status}\n{hashlib.sha256(body).hexdigest()}"
    return hmac.digest(secret, text.encode("ascii"), "sha256").hex()
