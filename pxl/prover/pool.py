"""Lend each of a fixed number of warm sessions to one request at a time.

One lock guards everything, the supervisor's state too; it is never held while a session or a process is touched.
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pxl.errors import PoolBusy, ProverError, ShuttingDown
from pxl.prover.backoff import Backoff
from pxl.prover.session import Session
from pxl.prover.stats import PoolStats, SessionStats
from pxl.prover.supervisor import Callbacks, Supervisor
from pxl.prover.waiting import Waiter, Waiters

_log = logging.getLogger(__name__)

_RSS_CHECK_USES = 16
_LONG_S = 0.05
_MAX_RETRY_AFTER_S = 30
# For leases whose holders do not notice that their sessions were killed, and for last joins.
_GRACE_S = 2.0
# Deadlines may be for ever, which a condition cannot wait; the callers loop.
_LONGEST_WAIT_S = 3600.0


@dataclass(frozen=True)
class PoolLimits:
    """The policies of a pool. ``max_waiting`` requests may queue, each at most ``queue_wait_s``."""

    size: int = 5
    max_waiting: int = 50
    queue_wait_s: float = 5.0
    max_uses: int = 5000
    max_rss_bytes: int = 400 * 1024 * 1024
    start_timeout_s: float = 30.0
    backoff_base_s: float = 0.1
    backoff_cap_s: float = 30.0


class Pool:
    """A pool of sessions made by ``start_session(generation)``, which must return quickly.

    Call :meth:`start` once, and :meth:`close` at the end.
    """

    def __init__(self, start_session: Callable[[int], Session], limits: PoolLimits = PoolLimits()) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._idle: list[Session] = []
        self._busy: set[Session] = set()
        self._waiters = Waiters(limits.max_waiting)
        self._backoff = Backoff(base_s=limits.backoff_base_s, cap_s=limits.backoff_cap_s)
        self._supervisor = Supervisor(
            start_session, limits.size, self._lock, self._backoff,
            Callbacks(self._count_ready, self._offer, self._start_failed, self._check_idle),
            start_timeout_s=limits.start_timeout_s)
        self._leases = 0
        self._refusals = 0
        self._restarts: Counter[str] = Counter()
        self._hold_s = 0.0
        self._closed = False

    def start(self) -> None:
        """Begin to start all sessions and return at once."""
        self._supervisor.start()

    def wait_ready(self, deadline: float) -> None:
        """Wait until every session is ready; raise :class:`ProverError` if that is not to be."""
        with self._lock:
            while self._count_ready() < self._limits.size:
                if self._closed:
                    raise ShuttingDown("the pool is closed")
                if self._backoff.failing:
                    raise self._not_starting()
                left = deadline - time.monotonic()
                if left <= 0:
                    raise ProverError(f"only {self._count_ready()} of {self._limits.size} Coq sessions "
                                      f"are ready in time. {self._backoff.last_error}".strip())
                self._changed.wait(min(left, _LONGEST_WAIT_S))

    # Lending

    @contextmanager
    def lease(self, deadline: float) -> Iterator[Session]:
        """Lend a session for the length of a ``with`` block; first come, first served.

        Raises :class:`PoolBusy` at once when the queue is full, or after the queue wait or
        ``deadline``, whichever is sooner; :class:`ProverError` at once when there are no
        sessions and none can be started; :class:`ShuttingDown` once the pool is closed.
        """
        session = self._take(deadline)
        began = time.monotonic()
        try:
            yield session
        finally:
            self._give_back(session, time.monotonic() - began)

    def _take(self, deadline: float) -> Session:
        while True:
            waiter = None
            with self._lock:
                if self._closed:
                    raise _shutting_down()
                if self._idle and not self._waiters:
                    # The last one used: its memory is the likeliest to be in the caches.
                    session = self._idle.pop()
                    self._busy.add(session)
                    self._leases += 1
                else:
                    waiter = self._enqueue()
            if waiter is not None:
                return self._wait(waiter, deadline)
            if session.is_fit():
                return session
            self._discard(session, "crash")

    def _enqueue(self) -> Waiter:
        if self._hopeless():
            self._refusals += 1
            raise self._not_starting()
        if self._waiters.is_full:
            raise self._busy_error("the queue is full")
        return self._waiters.add()

    def _wait(self, waiter: Waiter, deadline: float) -> Session:
        now = time.monotonic()
        waiter.served.wait(max(0.0, min(deadline, now + self._limits.queue_wait_s) - now))
        with self._lock:
            if waiter.session is not None:
                return waiter.session
            if waiter.error is not None:
                raise waiter.error
            self._waiters.remove(waiter)
            raise self._busy_error(f"none became free in {time.monotonic() - now:.1f} s")

    def _busy_error(self, why: str) -> PoolBusy:
        self._refusals += 1
        estimate = self._hold_s * (len(self._waiters) + 1) / self._limits.size
        # The random second keeps those sent away together from coming back together.
        retry_after_s = min(_MAX_RETRY_AFTER_S, max(1, math.ceil(estimate))) + random.randint(0, 1)
        return PoolBusy(f"No available Coq sessions: {why}", retry_after_s=retry_after_s)

    def _not_starting(self) -> ProverError:
        wait_s = max(1, math.ceil(self._backoff.not_before - time.monotonic()))
        return ProverError(f"Coq sessions do not start: {self._backoff.last_error}",
                           retry_after_s=min(_MAX_RETRY_AFTER_S, wait_s))

    def _hopeless(self) -> bool:
        return self._backoff.failing and not self._count_ready()

    def _count_ready(self) -> int:
        return len(self._idle) + len(self._busy)

    def _give_back(self, session: Session, held_s: float) -> None:
        reason = session.death
        if reason is None and session.uses >= self._limits.max_uses:
            reason = "uses"
        # Cheap, but not for every small goal.
        if reason is None and (session.uses % _RSS_CHECK_USES == 0 or held_s > _LONG_S):
            if session.rss_bytes() > self._limits.max_rss_bytes:
                reason = "rss"
        with self._lock:
            self._hold_s += 0.1 * (held_s - self._hold_s)
        if reason is None:
            with self._lock:
                self._busy.discard(session)
                self._offer(session)
        else:
            self._discard(session, reason)

    def _offer(self, session: Session) -> None:
        """Give a fit session to the longest waiting request, or make it idle. Wants the lock."""
        if self._closed:
            self._supervisor.discard(session)
        elif self._waiters:
            self._busy.add(session)
            self._leases += 1
            self._waiters.serve(session)
        else:
            self._idle.append(session)
        self._changed.notify_all()

    def _discard(self, session: Session, reason: str) -> None:
        """Have the supervisor close a session that is not idle and start another."""
        with self._lock:
            self._busy.discard(session)
            self._supervisor.discard(session)
            if not self._closed:
                self._restarts[reason] += 1
                if reason == "crash" and session.uses == 0:
                    # It never served: starting the next one at once could go on for ever. Round 0 is that of every
                    # session that became ready: all that are killed together count once, and nobody is turned away.
                    self._supervisor.start_failed(0, "a session ended before its first use")
            self._changed.notify_all()
        _log.info("session %d (process %d) is replaced after %d uses: %s",
                  session.generation, session.pid, session.uses, reason)

    # For the supervisor

    def _start_failed(self) -> None:
        """Turn waiting requests away once there is no hope. Wants the lock."""
        if self._hopeless():
            self._refusals += self._waiters.send_away(self._not_starting)
        self._changed.notify_all()

    def _check_idle(self) -> None:
        """Replace idle sessions that ended, spoke or were stopped."""
        with self._lock:
            candidates = [(session, session.uses) for session in self._idle]
        for session, uses in candidates:
            if session.is_fit():
                continue
            with self._lock:
                # One that was lent meanwhile had reason to speak.
                if session not in self._idle or session.uses != uses:
                    continue
                self._idle.remove(session)
            self._discard(session, "crash")

    # Looking and closing

    def heartbeat_age_s(self) -> float:
        """Return the seconds since the supervisor last moved; about 0.25 when all is well. Never waits."""
        return self._supervisor.heartbeat_age_s()

    def stats(self) -> PoolStats:
        """Return a snapshot; the memory of each session is read outside the lock."""
        supervisor = self._supervisor
        with self._lock:
            members = [(session, False) for session in self._idle] + [(session, True) for session in self._busy]
            state = ("closed" if self._closed else "failing" if self._backoff.failing
                     else "ready" if supervisor.was_ready else "starting")
            stats = PoolStats(
                state=state, size=self._limits.size, idle=len(self._idle), busy=len(self._busy),
                starting=supervisor.starting, waiting=len(self._waiters), generation=supervisor.generation,
                leases=self._leases, refusals=self._refusals, start_failures=supervisor.start_failures,
                last_error=self._backoff.last_error, restarts=dict(self._restarts), sessions=())
        sessions = [SessionStats(session.pid, session.generation, session.uses, busy, session.rss_bytes())
                    for session, busy in members]
        return replace(stats, sessions=tuple(sorted(sessions, key=lambda s: s.generation)))

    def close(self, deadline: float) -> None:
        """Refuse new leases, let those in hand end until ``deadline``, then kill; idempotent.

        Waiting requests get :class:`ShuttingDown`. No process or thread of the pool is left.
        """
        with self._lock:
            self._closed = True
            self._waiters.send_away(_shutting_down)
            self._supervisor.discard(*self._idle)
            self._idle.clear()
            starting = self._supervisor.stop()
            self._changed.notify_all()
        for session in starting:
            session.kill()
        self._await_returns(deadline)
        with self._lock:
            held = list(self._busy)
        for session in held:
            session.kill()
        self._await_returns(time.monotonic() + _GRACE_S)
        with self._lock:
            self._supervisor.discard(*self._busy)
            self._busy.clear()
        self._supervisor.join(_GRACE_S)

    def _await_returns(self, deadline: float) -> None:
        with self._lock:
            while self._busy and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(min(left, _LONGEST_WAIT_S))


def _shutting_down() -> ShuttingDown:
    return ShuttingDown("the server is shutting down", retry_after_s=_MAX_RETRY_AFTER_S)
