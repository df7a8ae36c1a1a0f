"""Keep a fixed number of warm sessions and lend each to one request at a time.

One lock guards everything; it is never held while a session or a process is touched. One
supervisor thread lives as long as the pool and starts every process, because a session dies
with the thread that started it; it also replaces and closes sessions. Becoming warm happens in
short-lived threads of its own, so that sessions warm in parallel.
"""

from __future__ import annotations

import logging
import math
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pxl.errors import PoolBusy, ProverError, ShuttingDown
from pxl.prover.backoff import Backoff
from pxl.prover.session import Session
from pxl.prover.stats import PoolStats, SessionStats
from pxl.prover.waiting import Waiter, Waiters

_log = logging.getLogger(__name__)

_IDLE_CHECK_S = 0.25
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
        self._start_session = start_session
        self._limits = limits
        # More at a time only delay the first of them.
        self._max_starting = max(2, 2 * (os.cpu_count() or 1) + 1)
        self._lock = threading.Lock()
        self._orders = threading.Condition(self._lock)
        self._changed = threading.Condition(self._lock)
        self._idle: list[Session] = []
        self._busy: set[Session] = set()
        self._starting: set[Session] = set()
        self._discarded: list[Session] = []
        self._waiters = Waiters(limits.max_waiting)
        self._warmers: set[threading.Thread] = set()
        self._backoff = Backoff(base_s=limits.backoff_base_s, cap_s=limits.backoff_cap_s)
        self._generation = 0
        self._leases = 0
        self._refusals = 0
        self._start_failures = 0
        self._restarts: Counter[str] = Counter()
        self._hold_s = 0.0
        self._was_ready = False
        self._closed = False
        self._beat = time.monotonic()
        self._supervisor = threading.Thread(target=self._supervise, name="pxl-supervisor", daemon=True)

    def start(self) -> None:
        """Begin to start all sessions and return at once."""
        self._supervisor.start()

    def wait_ready(self, deadline: float) -> None:
        """Wait until every session is ready; raise :class:`ProverError` if that is not to be."""
        with self._lock:
            while len(self._idle) + len(self._busy) < self._limits.size:
                if self._closed:
                    raise ShuttingDown("the pool is closed")
                if self._backoff.failing:
                    raise self._not_starting()
                left = deadline - time.monotonic()
                if left <= 0:
                    raise ProverError(f"only {len(self._idle) + len(self._busy)} of {self._limits.size} Coq sessions "
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
        return self._backoff.failing and not self._idle and not self._busy

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
            self._discarded.append(session)
            self._orders.notify()
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
            self._discarded.append(session)
            if not self._closed:
                self._restarts[reason] += 1
                if reason == "crash" and session.uses == 0:
                    # It never served: starting the next one at once could go on for ever. Round 0 is that of every
                    # session that became ready: all that are killed together count once, and nobody is turned away.
                    self._start_failed(0, "a session ended before its first use")
            self._orders.notify()
            self._changed.notify_all()
        _log.info("session %d (process %d) is replaced after %d uses: %s",
                  session.generation, session.pid, session.uses, reason)

    # The supervisor

    def _supervise(self) -> None:
        next_idle_check = time.monotonic() + _IDLE_CHECK_S
        while True:
            self._beat = time.monotonic()
            with self._lock:
                while not (self._discarded or self._due() or self._finished()
                           or time.monotonic() >= next_idle_check):
                    self._orders.wait(self._pause(next_idle_check))
                discarded, self._discarded = self._discarded, []
                finished = self._finished()
                generations = range(self._generation + 1, self._generation + 1 + self._due())
                self._generation += len(generations)
                round_ = self._backoff.rounds
            for generation in generations:
                self._begin(generation, round_)
            for session in discarded:
                session.close()
            if time.monotonic() >= next_idle_check:
                self._check_idle()
                next_idle_check = time.monotonic() + _IDLE_CHECK_S
            if finished and not discarded:
                return

    def _due(self) -> int:
        """Return how many sessions to start now. Wants the lock."""
        if self._closed or time.monotonic() < self._backoff.not_before:
            return 0
        # After failures one start tells as much as many.
        at_once = 1 if self._backoff.rounds else self._max_starting
        missing = self._limits.size - len(self._idle) - len(self._busy) - len(self._starting)
        return max(0, min(missing, at_once - len(self._starting)))

    def _finished(self) -> bool:
        return self._closed and not (self._idle or self._busy or self._starting)

    def _pause(self, next_idle_check: float) -> float:
        now = time.monotonic()
        until_retry = self._backoff.not_before - now
        return min(next_idle_check - now, until_retry) if until_retry > 0 else next_idle_check - now

    def _begin(self, generation: int, round_: int) -> None:
        session = warmer = None
        try:
            session = self._start_session(generation)
            warmer = threading.Thread(target=self._warm, args=(session, round_),
                                      name=f"pxl-warm-{generation}", daemon=True)
            with self._lock:
                self._starting.add(session)
                self._warmers.add(warmer)
                late = self._closed
            if late:
                session.kill()
            warmer.start()
        except Exception as error:
            # The top of the supervisor's thread: with it every session would die.
            if not isinstance(error, ProverError):
                _log.exception("a session could not be started")
            self._not_warmed(session, warmer, round_, str(error))

    def _warm(self, session: Session, round_: int) -> None:
        error = None
        try:
            session.warm(time.monotonic() + self._limits.start_timeout_s)
        except ProverError as failure:
            error = failure.detail + (f" ({failure.stderr_tail.strip()})" if failure.stderr_tail.strip() else "")
        except Exception as failure:
            # The top of a thread: a slot must never be lost, whatever went wrong.
            _log.exception("a session could not be warmed")
            error = repr(failure)
        if error is not None:
            self._not_warmed(session, threading.current_thread(), round_, error)
            return
        with self._lock:
            self._starting.discard(session)
            self._warmers.discard(threading.current_thread())
            self._backoff.succeeded()
            self._was_ready = True
            self._offer(session)
            self._orders.notify()

    def _not_warmed(self, session: Session | None, warmer: threading.Thread | None, round_: int, error: str) -> None:
        """Have what became of a failed start cleared away, and another tried in time."""
        with self._lock:
            if session is not None:
                self._starting.discard(session)
                self._discarded.append(session)
            if warmer is not None:
                self._warmers.discard(warmer)
            closed = self._closed
            if not closed:
                self._start_failed(round_, error)
            self._orders.notify()
        if not closed:
            _log.warning("a Coq session does not start: %s", error)

    def _start_failed(self, round_: int, error: str) -> None:
        """Note a failed start; turn waiting requests away once there is no hope. Wants the lock."""
        self._start_failures += 1
        self._backoff.failed(round_, error, time.monotonic())
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
        return time.monotonic() - self._beat

    def stats(self) -> PoolStats:
        """Return a snapshot; the memory of each session is read outside the lock."""
        with self._lock:
            members = [(session, False) for session in self._idle] + [(session, True) for session in self._busy]
            state = ("closed" if self._closed else "failing" if self._backoff.failing
                     else "ready" if self._was_ready else "starting")
            numbers: dict[str, Any] = dict(
                state=state, size=self._limits.size, idle=len(self._idle), busy=len(self._busy),
                starting=len(self._starting), waiting=len(self._waiters), generation=self._generation,
                leases=self._leases, refusals=self._refusals, start_failures=self._start_failures,
                last_error=self._backoff.last_error, restarts=dict(self._restarts))
        sessions = [SessionStats(session.pid, session.generation, session.uses, busy, session.rss_bytes())
                    for session, busy in members]
        return PoolStats(**numbers, sessions=tuple(sorted(sessions, key=lambda s: s.generation)))

    def close(self, deadline: float) -> None:
        """Refuse new leases, let those in hand end until ``deadline``, then kill; idempotent.

        Waiting requests get :class:`ShuttingDown`. No process or thread of the pool is left.
        """
        with self._lock:
            self._closed = True
            self._waiters.send_away(_shutting_down)
            self._discarded += self._idle
            self._idle.clear()
            starting = list(self._starting)
            self._orders.notify()
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
            self._discarded += self._busy
            self._busy.clear()
            self._orders.notify()
            warmers = list(self._warmers)
        for thread in (*warmers, self._supervisor):
            if thread.ident is not None:
                thread.join(_GRACE_S)

    def _await_returns(self, deadline: float) -> None:
        with self._lock:
            while self._busy and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(min(left, _LONGEST_WAIT_S))


def _shutting_down() -> ShuttingDown:
    return ShuttingDown("the server is shutting down", retry_after_s=_MAX_RETRY_AFTER_S)
