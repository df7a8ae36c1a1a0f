"""A server that stops tells whoever keeps a connection to open the next one elsewhere, and refuses new ones before it goes."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

from tests.support.prover import engines_present, until
from tests.support.real_server import serving


def test_a_kept_connection_is_answered_once_more_and_closed(tmp_path: Path) -> None:
    with serving(engines_present()[0], tmp_path / "log", PXL_POOL_SIZE="1", PXL_DRAIN_TIMEOUT="20") as server, \
            ThreadPoolExecutor(1) as threads, closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as kept, \
            closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as other:
        for connection in (kept, other):
            connection.request("GET", "/healthz")
            response = connection.getresponse()
            assert response.read() and response.status == 200 and response.headers["Connection"] is None
        # Two seconds of work hold the drain open.
        slow = server.ask_in(threads, server.slow_goal(7))
        server.checking()
        server.process.send_signal(signal.SIGTERM)
        until(lambda: server.get("/readyz").status == 503)
        kept.request("POST", "/prove", '{"goal": "A"}', {"Content-Type": "application/json"})
        response = kept.getresponse()
        assert (response.status, response.headers["Connection"]) == (503, "close") and response.headers["Retry-After"]
        assert response.read()
        assert slow.result().verdict == "proved"
        assert server.process.wait(20) == 0
        assert other.sock.recv(100) == b""      # closed, and not reset
