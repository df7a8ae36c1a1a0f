"""Reaches a Redis server quickly or not at all.

Whoever uses a link gets an answer within TIMEOUT_S or StoreUnavailable. After the first failure nobody waits again:
calls fail at once until a thread, which looks then and every WATCH_S, has found the server well.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from pxl.errors import StoreUnavailable

log = logging.getLogger("pxl.redis")

T = TypeVar("T")

TIMEOUT_S = 0.2         # a refusal must be out within 0.3 s, on a busy machine too
WATCH_S = 0.5


class RedisLink:
    """A client of one Redis server, safe between threads; ``name`` is what messages call it.

    ``problem`` says what is wrong at present, and is None when nothing is.
    """

    def __init__(self, url: str, name: str) -> None:
        # By default redis-py retries: that makes seconds of a time-out, and "taken" of a first SET NX.
        self._plain = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0), protocol=2,
            driver_info=None, max_connections=100_000)
        self.client = _Guarded(self, self._plain.connection_pool)
        self.name = name
        self.problem: str | None = None
        self._tick: Callable[[redis.Redis], Any] = lambda client: client.ping()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, tick: Callable[[redis.Redis], Any] | None = None) -> None:
        """Look once, then every WATCH_S in a thread; ``tick`` is what to ask instead of PING."""
        self._tick = tick or self._tick
        self.look()
        self._thread = threading.Thread(target=self._watch, name="pxl-redis", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking and close every connection; idempotent."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self._plain.close()
        self._plain.connection_pool.disconnect()

    def call(self, work: Callable[[redis.Redis], T]) -> T:
        """Return what ``work`` gets from the server; raises StoreUnavailable.

        What was asked may have been done all the same: after a time-out nobody knows.
        """
        try:
            return work(self.client)
        except redis.RedisError as why:
            raise StoreUnavailable(f"the {self.name} does not answer ({type(why).__name__}): try again later",
                                   retry_after_s=1) from why

    def look(self) -> None:
        """Ask the server whether it is well, whatever happened before."""
        try:
            self._tick(self._plain)
        except redis.RedisError as why:
            self.fail(why)
        else:
            if self.problem:
                log.warning("the %s answers again", self.name)
            self.problem = None

    def fail(self, why: Exception) -> None:
        """Let every call fail at once until the server was found well."""
        if not self.problem:
            log.error("the %s cannot be used: %s: %s", self.name, type(why).__name__, why)
            self._wake.set()
        self.problem = f"the {self.name} cannot be used ({type(why).__name__})"

    def _watch(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(WATCH_S)
            self._wake.clear()
            try:
                self.look()
            except Exception as error:      # a thread top: a bug must not end the watch
                log.exception("looking at the %s broke", self.name)
                self.fail(error)


class _Guarded(redis.Redis):
    """A client that does not ask while its link has a problem."""

    def __init__(self, link: RedisLink, pool: redis.ConnectionPool) -> None:
        super().__init__(connection_pool=pool)
        self._link = link

    def execute_command(self, *args: Any, **options: Any) -> Any:
        if self._link.problem:
            raise redis.ConnectionError(self._link.problem)
        try:
            return super().execute_command(*args, **options)      # type: ignore[no-untyped-call]  # it has none
        except (redis.ConnectionError, redis.TimeoutError) as why:
            self._link.fail(why)
            raise
