"""What the tests of signatures share: a clock, a key, a small signer, a real server that only checks signatures."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from pxl.access.http_message import MessageVerifier
from pxl.access.identity import RequestView
from pxl.access.keyring import Keyring
from pxl.access.keys import CURRENT, Key
from pxl.access.nonces import Freshness, MemoryNonceStore
from pxl.access.signing import sign_message
from pxl.auth_hmac import HmacVerifier
from pxl.errors import PxlError
from pxl.http.drain import Drain
from pxl.http.server import Server
from pxl.settings import Settings

NOW = 1_763_730_000
SECRET = b"8d1f9c3b5a7e2460" * 4
OTHER_SECRET = b"02468ace13579bdf" * 4
BODY = b'{"goal": "BOX(A -> A)"}'
NONCE = "0f1e2d3c4b5a6978"


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Checks:
    """Both verifiers over one ring, one store and one clock."""

    keys: tuple[Key, ...] = (Key(SECRET, CURRENT),)
    clock: Clock = field(default_factory=Clock)
    started_at: float = NOW - 3600
    fence_s: float = 0.0
    nonces: MemoryNonceStore = field(default_factory=MemoryNonceStore)

    def __post_init__(self) -> None:
        self.keyring = Keyring(lambda: self.keys, (), self.clock)
        freshness = Freshness(self.clock, self.started_at, self.fence_s)
        self.hmac = HmacVerifier(self.keyring, self.nonces, freshness)
        self.message = MessageVerifier(self.keyring, self.nonces, freshness)

    @property
    def key(self) -> Key:
        return self.keys[0]


def v1(timestamp: int | str = NOW, nonce: str = NONCE, body: bytes = BODY, secret: bytes = SECRET,
       **headers: str) -> RequestView:
    """Return a request signed in the documents' scheme; further headers with underscores for hyphens."""
    text = f"{timestamp}:{nonce}:".encode() + body
    fields = {"X-Timestamp": str(timestamp), "X-Nonce": nonce,
              "X-Signature": hmac.digest(secret, text, "sha256").hex()}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    return RequestView("POST", "/prove", "", tuple(fields.items()), body, "192.0.2.1")


def message(method: str = "POST", path: str = "/v1/proofs", query: str = "wait=1", body: bytes = BODY, *,
            created: int = NOW, nonce: str = NONCE, key: Key = Key(SECRET), label: str = "pxl") -> RequestView:
    """Return a request with a message signature."""
    fields = sign_message(key.id, key.secret, method, path, query, body, created=created, nonce=nonce, label=label)
    return RequestView(method, path, query, (("Host", "pxl.test"), *fields.items()), body, "192.0.2.1")


def with_header(view: RequestView, name: str, value: str | None) -> RequestView:
    """Return the request with one header changed, added, or (None) left out."""
    kept = tuple(pair for pair in view.headers if pair[0].lower() != name.lower())
    return replace(view, headers=kept if value is None else (*kept, (name, value)))


def flips(text: str) -> Iterator[str]:
    """Yield the text with each of its bits flipped, one at a time."""
    for place, char in enumerate(text):
        for bit in range(8):
            yield text[:place] + chr(ord(char) ^ 1 << bit) + text[place + 1:]


@contextmanager
def checking(checks: Checks) -> Iterator[int]:
    """Run a real HTTP server that answers 200 to what verifies and claims; yield its port."""
    def application(environ: dict, start: object) -> list[bytes]:
        names = {"CONTENT_TYPE": "Content-Type", "CONTENT_LENGTH": "Content-Length"}
        headers = tuple((names.get(name, name.removeprefix("HTTP_").replace("_", "-")), value)
                        for name, value in environ.items() if name.startswith("HTTP_") or name in names)
        path, _, query = environ["REQUEST_URI"].partition("?")
        view = RequestView(environ["REQUEST_METHOD"], path, query, headers, environ["wsgi.input"].read(), "")
        verifier = checks.message if view.values("Signature") else checks.hmac
        try:
            verifier.verify(view).claim()
            status, text = "200 OK", "accepted"
        except PxlError as error:
            status, text = f"{error.status} Refused", error.detail
        start(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(text.encode())))])
        return [text.encode()]

    drain = Drain(0.0)
    server = Server(application, Settings.from_env({"PXL_SERVER_PORT": "0", "CONNECTION_TIMEOUT": "10"}), drain)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.port
    finally:
        server.stop()
        thread.join(10)
        server.close()
        assert not thread.is_alive()
