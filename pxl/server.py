"""Serves a WSGI application with Waitress, and stops without cutting work off."""

from __future__ import annotations

import signal
import threading
import uuid
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

from pxl.drain import Drain
from pxl.settings import Settings

_POLL_S = 1.0
_DRAIN_POLL_S = 0.05
_LAST_WORDS_S = 2.0     # after the drain has expired: time to write refusals


class Server:
    """One listening socket. ``port`` is the real one, also when 0 was asked for.

    ``on_expiry`` is called once when the drain expires with work still in flight: it must make
    that work fail, so that its clients get an answer. ``early_headers`` go on what Waitress answers
    by itself, to what is no HTTP request.
    """

    def __init__(self, app: Callable[..., Any], settings: Settings, drain: Drain,
                 on_expiry: Callable[[], None] = lambda: None,
                 early_headers: Iterable[tuple[str, str]] = ()) -> None:
        self._drain = drain
        self._on_expiry = on_expiry
        self._map: dict[int, Any] = {}
        self._waitress = create_server(
            app, map=self._map, host=settings.host, port=settings.port, threads=settings.threads,
            connection_limit=settings.connection_limit, channel_timeout=settings.connection_timeout_s,
            cleanup_interval=10, asyncore_use_poll=True, channel_request_lookahead=1, ident=None,
            # Flask's limit is lower and answers with a problem document.
            max_request_body_size=settings.max_request_bytes + 65_536, max_request_header_size=32_768,
            expose_tracebacks=False,
            # The gate believes X-Forwarded-For from trusted proxies only, and nothing else reads it.
            clear_untrusted_proxy_headers=False)
        channel_class = _channel_class(tuple(early_headers))
        for item in self._map.values():
            if hasattr(item, "channel_class"):
                item.channel_class = channel_class
        addresses = getattr(self._waitress, "effective_listen", None) or \
            [(self._waitress.effective_host, self._waitress.effective_port)]
        self.host, self.port = str(addresses[0][0]), int(addresses[0][1])

    def install_signals(self) -> None:
        """Let SIGTERM and SIGINT begin the drain, and end it at once when they come twice."""
        def begin(signum: int, frame: FrameType | None) -> None:
            self.stop()
        signal.signal(signal.SIGTERM, begin)
        signal.signal(signal.SIGINT, begin)

    def stop(self) -> None:
        """Begin the drain, or end it at once when it has begun; safe in a signal handler."""
        self._drain.begin()
        for item in list(self._map.values()):
            if hasattr(item, "pull_trigger"):       # wakes the loop, which would sleep on
                item.pull_trigger()
                break

    def print_listen(self) -> None:
        """Log the address, in Waitress's own words."""
        self._waitress.print_listen("Serving on http://{}:{}")

    def run(self) -> bool:
        """Serve until drained; return whether every request in flight was answered."""
        while not self._is_done():
            timeout = _DRAIN_POLL_S if self._drain.is_draining else _POLL_S
            wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)
        if self._is_quiet() or self._drain.is_urgent:
            return self._is_quiet()
        # In a thread, for the replies of the work that fails are written by this loop.
        threading.Thread(target=self._on_expiry, name="pxl-expiry", daemon=True).start()
        for _ in range(int(_LAST_WORDS_S / _DRAIN_POLL_S)):
            if self._is_quiet() or self._drain.is_urgent:
                break
            wasyncore.loop(timeout=_DRAIN_POLL_S, use_poll=True, map=self._map, count=1)
        return self._is_quiet()

    def close(self) -> None:
        """Close every connection and the listening socket; let idle threads end."""
        self._waitress.task_dispatcher.shutdown(timeout=0.2)
        wasyncore.close_all(self._map)

    def _is_done(self) -> bool:
        drain = self._drain
        return drain.is_draining and (self._is_quiet() or drain.is_expired or drain.is_urgent)

    def _is_quiet(self) -> bool:
        """Say whether no connection has a request in work or a reply to write."""
        return not any(channel.requests or channel.total_outbufs_len
                       for channel in list(self._map.values()) if isinstance(channel, HTTPChannel))


def _channel_class(headers: tuple[tuple[str, str], ...]) -> type[HTTPChannel]:
    """Return a channel whose own errors carry the headers, and an id."""
    class Refusal(ErrorTask):
        def execute(self) -> None:
            self.response_headers.extend((*headers, ("X-Request-ID", uuid.uuid4().hex)))
            super().execute()

    class Channel(HTTPChannel):
        error_task_class = Refusal

    return Channel
