"""Serves a WSGI application with Waitress, and stops without cutting work off."""

from __future__ import annotations

import json
import logging
import resource
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask, WSGITask

from pxl.answering.problems import MEDIA_TYPE, from_status
from pxl.errors import ConfigError
from pxl.http.drain import Drain
from pxl.settings import Settings

log = logging.getLogger("pxl.server")

_POLL_S = 1.0
_DRAIN_POLL_S = 0.05
_BODY_MARGIN_BYTES = 65_536
_DESCRIPTORS = 24               # the program's own
_DESCRIPTORS_A_SESSION = 8      # its pipes, those of its successor while it starts, and a search's
_LAST_WORDS_S = 2.0     # after the drain has expired: time to write refusals
_LINGER_S = 0.25        # after the last reply: whoever had connected, or keeps a connection, is still answered


class _RefusalTask(ErrorTask):      # type: ignore[misc]  # Waitress has no types
    """Refuses what never reaches the application, in a problem document as the application does."""

    headers: tuple[tuple[str, str], ...] = ()
    tell: Callable[[int, str, str, str, str], None]

    def execute(self) -> None:
        error = self.request.error
        body_limit = self.channel.adj.max_request_body_size - _BODY_MARGIN_BYTES
        detail = {413: f"the body is larger than {body_limit} bytes (setting MAX_REQUEST_SIZE)",
                  431: f"the request's header is longer than {self.channel.adj.max_request_header_size} bytes",
                  # Waitress quotes the line at fault, which may hold a signature or a token.
                  }.get(error.code, error.body.partition(' "')[0])
        request_id = uuid.uuid4().hex
        path = getattr(self.request, "path", "")
        self.tell(error.code, getattr(self.request, "command", ""), path, str(self.channel.addr[0]), request_id)
        document = from_status(error.code, detail, {}).document(path, request_id)
        body = (json.dumps(document) + "\n").encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend((*self.headers, ("Content-Type", MEDIA_TYPE), ("X-Request-ID", request_id)))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _ReplyTask(WSGITask):     # type: ignore[misc]  # Waitress has no types
    """Closes a kept connection once the server drains: a proxy then opens its next one elsewhere."""

    drain: Drain

    def build_response_header(self) -> bytes:
        if self.version == "1.1" and self.drain.is_draining:
            self.set_close_on_finish()
        header: bytes = super().build_response_header()
        return header


def _channel_class(headers: tuple[tuple[str, str], ...], tell: Callable[[int, str, str, str, str], None],
                   drain: Drain) -> type[HTTPChannel]:
    """Return a channel whose refusals carry the headers; Waitress has no other place for them."""
    refusal_class = type("Refusal", (_RefusalTask,), {"headers": headers, "tell": staticmethod(tell)})
    reply_class = type("Reply", (_ReplyTask,), {"drain": drain})
    return type("Channel", (HTTPChannel,), {"error_task_class": refusal_class, "task_class": reply_class})


class Server:
    """One application on one or more ports. ``port`` is the first, the real one also when 0 was asked for.

    ``on_drain`` is called, possibly in a signal handler, whenever the drain is begun. ``on_expiry`` is called once when
    the drain expires with work still in flight: it must make that work fail, so that its clients get an answer.
    ``early_headers`` go on what is refused before it reaches the application, and ``on_refusal`` is called for it: with
    the status, the method and path as far as they were understood, the peer's address and the request's id.
    """

    def __init__(self, app: Callable[..., Any], settings: Settings, drain: Drain,
                 on_expiry: Callable[[], None] = lambda: None,
                 early_headers: Iterable[tuple[str, str]] = (),
                 on_refusal: Callable[[int, str, str, str, str], None] = lambda *refused: None,
                 on_drain: Callable[[], None] = lambda: None) -> None:
        self._drain = drain
        self._on_expiry = on_expiry
        self._on_drain = on_drain
        self._beat = time.monotonic()
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        self._map: dict[int, Any] = {}
        try:
            self._waitress = create_server(
                app, map=self._map, listen=" ".join(f"{host}:{port}" for port in settings.ports),
                threads=settings.threads, connection_limit=_connection_limit(settings),
                channel_timeout=settings.connection_timeout_s, cleanup_interval=10, asyncore_use_poll=True,
                channel_request_lookahead=1, ident=None,
                # Flask's limit is lower, so that a body just over it gets the application's answer.
                max_request_body_size=settings.max_request_bytes + _BODY_MARGIN_BYTES, max_request_header_size=32_768,
                expose_tracebacks=False,
                # The gate believes X-Forwarded-For from trusted proxies only, and nothing else reads it.
                clear_untrusted_proxy_headers=False)
        except (OSError, ValueError) as error:      # ValueError: no such host
            wasyncore.close_all(self._map)
            reason = isinstance(error, OSError) and error.strerror or "there is no such address"
            variables = "PXL_SERVER_PORT" if len(settings.ports) == 1 else \
                "PXL_SERVER_PORT, PXL_CORE_PORT, OVERLAY_CHRONO_PORT or OVERLAY_V4_PORT"
            raise ConfigError(f"cannot listen on {settings.host}:{', '.join(map(str, settings.ports))}: {reason}: "
                              f"correct PXL_HOST or {variables}, or stop what listens there") from error
        channel_class = _channel_class(tuple(early_headers), on_refusal, drain)
        for listener in self._listeners():
            listener.channel_class = channel_class
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
        self._on_drain()
        for item in list(self._map.values()):
            if hasattr(item, "pull_trigger"):       # wakes the loop, which would sleep on
                item.pull_trigger()
                break

    def print_listen(self) -> None:
        """Log the address, in Waitress's own words."""
        self._waitress.print_listen("Serving on http://{}:{}")

    def heartbeat_age_s(self) -> float:
        """Return the seconds since the loop last went round; about one when nobody calls. Never waits."""
        return time.monotonic() - self._beat

    def run(self) -> bool:
        """Serve until drained; return whether every request in flight was answered."""
        while not self._is_done():
            self._beat = time.monotonic()
            timeout = _DRAIN_POLL_S if self._drain.is_draining else _POLL_S
            wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)
        if not self._is_quiet() and not self._drain.is_urgent:
            # In a thread, for the replies of the work that fails are written by this loop.
            threading.Thread(target=self._on_expiry, name="pxl-expiry", daemon=True).start()
            self._go_round(_LAST_WORDS_S, lambda: self._is_quiet() or self._drain.is_urgent)
        is_answered = self._is_quiet()
        # Closed before the rest: what connects from now on is refused, and a proxy asks another server.
        for listener in self._listeners():
            wasyncore.dispatcher.close(listener)        # not its own close, which takes the loop's trigger along
        self._go_round(_LINGER_S, lambda: self._drain.is_urgent or not self._channels())
        return is_answered

    def _go_round(self, seconds: float, is_over: Callable[[], bool]) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not is_over():
            wasyncore.loop(timeout=_DRAIN_POLL_S, use_poll=True, map=self._map, count=1)

    def _listeners(self) -> list[Any]:
        return [item for item in self._map.values() if hasattr(item, "channel_class")]

    def _channels(self) -> list[HTTPChannel]:
        return [item for item in list(self._map.values()) if isinstance(item, HTTPChannel)]

    def close(self) -> None:
        """Close every connection and the listening socket; let idle threads end."""
        self._waitress.task_dispatcher.shutdown(timeout=0.2)
        wasyncore.close_all(self._map)

    def _is_done(self) -> bool:
        drain = self._drain
        return drain.is_draining and (self._is_quiet() or drain.is_expired or drain.is_urgent)

    def _is_quiet(self) -> bool:
        """Say whether no connection has a request in work or a reply to write."""
        return not any(channel.requests or channel.total_outbufs_len for channel in self._channels())


def _connection_limit(settings: Settings) -> int:
    """Return how many connections there can be such that sessions and searches never lack a descriptor.

    Raises this process's soft limit as far as that needs and the hard limit lets it. Waitress, once it
    cannot accept for want of a descriptor, tries again without a pause.
    """
    others = _DESCRIPTORS + _DESCRIPTORS_A_SESSION * settings.pool_size
    wanted = settings.connection_limit + others
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        if soft < wanted:
            log.warning("only %d open files are allowed, so only %d connections (PXL_CONNECTION_LIMIT=%d): "
                        "raise the limit (ulimit -n)", soft, max(1, soft - others), settings.connection_limit)
            return max(1, soft - others)
    return settings.connection_limit
