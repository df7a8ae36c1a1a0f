"""A tiny signed server: a WSGI layer that verifies v1 signatures, and an application that answers as scripted."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pxl.http.drain import Drain
from pxl.http.server import Server
from pxl.settings import Settings

KEY = "a-key-for-tests-long-enough-0123456789"
PROBLEM = [("Content-Type", "application/problem+json")]


def refuse(start_response: Callable, status: str, error: str, *headers: tuple[str, str], **members: Any) -> list[bytes]:
    start_response(status, [*PROBLEM, *headers])
    return [json.dumps({"ok": False, "error": error, "status": int(status[:3]), **members}).encode()]


class Verified:
    """Lets signed ``POST /prove`` through to an application, and everything that is no POST."""

    def __init__(self, app: Callable, key: str = KEY, clock: Callable[[], float] = time.time) -> None:
        self._app, self._key, self._clock = app, key.encode(), clock
        self.nonces: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, environ: dict, start_response: Callable) -> Any:
        if environ["REQUEST_METHOD"] != "POST":
            return self._app(environ, start_response)
        stamp, nonce, given = (environ.get(f"HTTP_X_{name}", "") for name in ("TIMESTAMP", "NONCE", "SIGNATURE"))
        body = environ["wsgi.input"].read()
        wanted = hmac.new(self._key, f"{stamp}:{nonce}:".encode() + body, hashlib.sha256).hexdigest()
        if environ["PATH_INFO"] != "/prove" or environ["QUERY_STRING"]:
            return refuse(start_response, "401 Unauthorized", "Invalid signature: v1 signs POST /prove only")
        if not re.fullmatch("[1-9][0-9]{9}", stamp) or abs(int(stamp) - self._clock()) > 60:
            return refuse(start_response, "401 Unauthorized", "Timestamp outside the window")
        if not re.fullmatch("[A-Za-z0-9_-]{8,128}", nonce) or not hmac.compare_digest(given, wanted):
            return refuse(start_response, "401 Unauthorized", "Invalid signature")
        with self._lock:
            if nonce in self.nonces:
                return refuse(start_response, "401 Unauthorized", "Nonce already used")
            self.nonces.append(nonce)
        return self._app({**environ, "wsgi.input": _Read(body)}, start_response)


class _Read:
    """A body that was read before, to be read again."""

    def __init__(self, body: bytes) -> None:
        self._left = body

    def read(self, size: int = -1) -> bytes:
        size = len(self._left) if size is None or size < 0 else size
        part, self._left = self._left[:size], self._left[size:]
        return part

    def readline(self, size: int = -1) -> bytes:
        return self.read(size)


def reply_to(goal: str, verdict: str = "proved", **members: Any) -> dict[str, Any]:
    """Return a reply as the server writes it."""
    model = {"worlds": [{"name": "w0", "true": [], "designated": True}], "designated": "w0",
             "falsification_trace": None} if verdict == "refuted" else None
    return {"ok": verdict == "proved", "verdict": verdict, "reason": "timeout" if verdict == "unknown" else None,
            "detail": None, "id": "0" * 32, "overlay": "pxl", "goal": goal, "goal_normalized": goal,
            "used_assumptions": None, "assumptions_consistent": None,
            "statement": {"words": "", "coq": "Prov goal", "assumptions": ""}, "kernel_hash": "0" * 64,
            "proof_method": "stub", "cache_hit": False, "cache": None, "shared": False, "session": None, "latency_ms": 1.0, "timings": {}, "countermodel": model, **members}


class Scripted:
    """Answers every request with the next step of a script; after the last step, with a proof.

    A step is a status line with headers (and may have a body), or a reply. ``seen`` keeps what came in.
    """

    def __init__(self, *steps: Any) -> None:
        self._steps = list(steps)
        self.seen: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def __call__(self, environ: dict, start_response: Callable) -> list[bytes]:
        body = environ["wsgi.input"].read()
        with self._lock:
            self.seen.append({"method": environ["REQUEST_METHOD"], "path": environ["PATH_INFO"], "body": body,
                              "headers": {name[5:]: value for name, value in environ.items() if name.startswith("HTTP_")}})
            step = self._steps.pop(0) if self._steps else None
        if isinstance(step, tuple):
            status, headers, text = (*step, None)[:3]
            if text is None:
                return refuse(start_response, status, f"scripted {status}", *headers.items(), code="scripted")
            start_response(status, [("Content-Type", "text/html"), *headers.items()])
            return [text.encode()]
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(step or reply_to(json.loads(body)["goal"])).encode()]


@contextmanager
def serving(app: Callable) -> Iterator[str]:
    """Serve a WSGI application on a free port for as long as the block lasts; yield its address."""
    settings, drain = Settings.from_env({"PXL_SERVER_PORT": "0", "PXL_DRAIN_TIMEOUT": "0"}), Drain(0.0)
    server = Server(app, settings, drain)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
        thread.join(10)
        server.close()
        assert not thread.is_alive()
