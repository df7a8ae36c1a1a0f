"""Signs requests with a shared key, in the two ways that servers take."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from pxl.access.signing import sign_message, sign_v1
from pxl.errors import ConfigError


class _Signing(AuthBase):
    """What both ways have in common: the key is used as the text that it is (UTF-8), also when it looks
    like hexadecimal digits, and every sending has its own nonce and timestamp."""

    def __init__(self, key: str | bytes, *, clock: Callable[[], float] = time.time,
                 make_nonce: Callable[[], str] = lambda: secrets.token_urlsafe(16)) -> None:
        self._key = key.encode("utf-8") if isinstance(key, str) else bytes(key)
        if not self._key.strip():
            raise ConfigError("the key is empty: give the text that the server has as HMAC_SECRET_KEY")
        self._clock, self._make_nonce = clock, make_nonce
        self.key_id = hashlib.sha256(b"pxl-kid" + self._key).hexdigest()[:12]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(key_id={self.key_id!r})"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        raise NotImplementedError


class HmacAuth(_Signing):
    """Sign ``POST /prove``: HMAC-SHA256 over ``timestamp:nonce:body``.

    >>> HmacAuth("secret")
    HmacAuth(key_id='f05e6acfb522')

    A signature does not cover the address: it is for ``POST /prove`` and would be good there
    wherever it was seen, so other POSTs are refused here. GET and HEAD are let through unsigned.
    """

    def headers(self, body: bytes) -> dict[str, str]:
        """Return the headers for a body: they are good once, and for about a minute."""
        timestamp, nonce = str(int(self._clock())), self._make_nonce()
        return {"X-Timestamp": timestamp, "X-Nonce": nonce, "X-Key-Id": self.key_id,
                "X-Signature": sign_v1(self._key, timestamp, nonce, body)}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the headers to a request; ValueError when it is not one that can be signed."""
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return request
        address = urlsplit(str(request.url))
        if request.method != "POST" or not address.path.endswith("/prove") or address.query:
            raise ValueError(f"HmacAuth signs POST /prove without a query, not {request.method} {address.path}")
        request.headers.update(self.headers(_body(request)))
        return request


class MessageAuth(_Signing):
    """Sign any request as a whole: method, path, query and body (HTTP message signatures, RFC 9421).

    >>> MessageAuth("secret")
    MessageAuth(key_id='f05e6acfb522')
    """

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the headers to a request; ValueError when its body cannot be signed."""
        address = urlsplit(str(request.url))
        request.headers.update(sign_message(
            self.key_id, self._key, str(request.method), address.path, address.query, _body(request),
            created=int(self._clock()), nonce=self._make_nonce()))
        return request


class KeyAuth(AuthBase):
    """Sign each request in the way that the server takes there: below ``/v1`` as a message, else as HmacAuth does."""

    def __init__(self, key: str | bytes) -> None:
        self._hmac, self._message = HmacAuth(key), MessageAuth(key)

    def __repr__(self) -> str:
        return f"KeyAuth(key_id={self._hmac.key_id!r})"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the headers to a request."""
        return self._message(request) if "/v1/" in urlsplit(str(request.url)).path else self._hmac(request)


def _body(request: requests.PreparedRequest) -> bytes:
    """Return the bytes that will be sent; ValueError when they are not known yet."""
    if isinstance(request.body, str):
        # What is signed must be what is sent.
        request.body = request.body.encode("utf-8")
        request.prepare_content_length(request.body)
    if not isinstance(request.body, (bytes, bytearray, type(None))):
        raise ValueError("a body is signed that is bytes or text, not a stream: read it first")
    return bytes(request.body or b"")


def read_key(path: str | Path) -> bytes:
    """Return the key in a file, without the line's end; ConfigError when there is none."""
    try:
        key = Path(path).read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise ConfigError(f"cannot read the key file {path}: {error.strerror}") from None
    if not key.strip():
        raise ConfigError(f"the key file {path} is empty")
    if b"\n" in key:
        raise ConfigError(f"the key file {path} has more than one line: it must hold one key and nothing else")
    return key


def find_key(environ: Mapping[str, str], path: str | None = None) -> bytes | None:
    """Return the key from a named file, else from HMAC_SECRET_KEY_FILE or HMAC_SECRET_KEY; None without any."""
    if path:
        return read_key(path)
    in_file, in_text = environ.get("HMAC_SECRET_KEY_FILE"), environ.get("HMAC_SECRET_KEY")
    if in_file and in_text:
        raise ConfigError("both HMAC_SECRET_KEY and HMAC_SECRET_KEY_FILE are set: unset one")
    if in_file:
        return read_key(in_file)
    return in_text.encode("utf-8", "surrogateescape") if in_text else None
