"""Start, warm, replace and close the sessions of a pool.

One supervisor thread lives as long as the pool and starts every process, because a session dies
with the thread that started it. Becoming warm happens in short-lived threads of its own, so that
sessions warm in parallel. The pool's lock guards everything here; it is never held while a session
or a process is touched.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from pxl.errors import ProverError
from pxl.prover.backoff import Backoff
from pxl.prover.session import Session

_log = logging.getLogger(__name__)

_IDLE_CHECK_S = 0.25


@dataclass(frozen=True)
class Callbacks:
    """What a pool does for its supervisor; all but ``check_idle`` are called with the lock held.

    ``count_ready`` counts its sessions, idle and lent; ``offer`` takes a session that became ready; ``start_failed``
    hears that one did not; ``check_idle`` looks for idle sessions to replace, a few times a second.
    """

    count_ready: Callable[[], int]
    offer: Callable[[Session], None]
    start_failed: Callable[[], None]
    check_idle: Callable[[], None]


class Supervisor:
    """Keeps ``size`` sessions by ``start_session(generation)``, which must return quickly.

    Methods that say so want the lock. ``generation`` is the newest session's number, ``was_ready`` whether any
    became ready.
    """

    def __init__(self, start_session: Callable[[int], Session], size: int, lock: threading.Lock, backoff: Backoff,
                 callbacks: Callbacks, *, start_timeout_s: float) -> None:
        self._start_session = start_session
        self._size = size
        self._start_timeout_s = start_timeout_s
        # More at a time only delay the first of them.
        self._max_starting = max(2, 2 * (os.cpu_count() or 1) + 1)
        self._lock = lock
        self._orders = threading.Condition(lock)
        self._callbacks = callbacks
        self.backoff = backoff
        self.generation = 0
        self.start_failures = 0
        self.was_ready = False
        self._starting: set[Session] = set()
        self._discarded: list[Session] = []
        self._warmers: set[threading.Thread] = set()
        self._stopping = False
        self._beat = time.monotonic()
        self._thread = threading.Thread(target=self._supervise, name="pxl-supervisor", daemon=True)

    def start(self) -> None:
        """Begin to start all sessions and return at once."""
        self._thread.start()

    def heartbeat_age_s(self) -> float:
        """Return the seconds since the supervisor last moved; about 0.25 when all is well. Never waits."""
        return time.monotonic() - self._beat

    @property
    def starting(self) -> int:
        """Return how many sessions are not yet ready. Wants the lock."""
        return len(self._starting)

    def discard(self, *sessions: Session) -> None:
        """Have sessions closed, and others started in their place. Wants the lock."""
        self._discarded += sessions
        self._orders.notify()

    def start_failed(self, round_: int, error: str) -> None:
        """Note a start that failed while the back-off's rounds were ``round_``. Wants the lock."""
        self.start_failures += 1
        self.backoff.failed(round_, error, time.monotonic())
        self._callbacks.start_failed()

    def stop(self) -> list[Session]:
        """Start no more, end once there is no session; return those not yet ready, to be killed. Wants the lock."""
        self._stopping = True
        self._orders.notify()
        return list(self._starting)

    def join(self, timeout_s: float) -> None:
        """Wait for each thread of the supervisor's to end, at most so long. Without the lock."""
        with self._lock:
            warmers = list(self._warmers)
        for thread in (*warmers, self._thread):
            if thread.ident is not None:
                thread.join(timeout_s)

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
                generations = range(self.generation + 1, self.generation + 1 + self._due())
                self.generation += len(generations)
                round_ = self.backoff.rounds
            for generation in generations:
                self._begin(generation, round_)
            for session in discarded:
                session.close()
            if time.monotonic() >= next_idle_check:
                self._callbacks.check_idle()
                next_idle_check = time.monotonic() + _IDLE_CHECK_S
            if finished and not discarded:
                return

    def _due(self) -> int:
        """Return how many sessions to start now. Wants the lock."""
        if self._stopping or time.monotonic() < self.backoff.not_before:
            return 0
        # After failures one start tells as much as many.
        at_once = 1 if self.backoff.rounds else self._max_starting
        missing = self._size - self._callbacks.count_ready() - len(self._starting)
        return max(0, min(missing, at_once - len(self._starting)))

    def _finished(self) -> bool:
        return self._stopping and not (self._callbacks.count_ready() or self._starting)

    def _pause(self, next_idle_check: float) -> float:
        now = time.monotonic()
        until_retry = self.backoff.not_before - now
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
                late = self._stopping
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
            session.warm(time.monotonic() + self._start_timeout_s)
        except ProverError as failure:
            error = failure.detail + (f" ({failure.stderr_tail.strip()})" if failure.stderr_tail.strip() else "")
        except Exception as failure:
            # The top of a thread: a session's place must never be lost, whatever went wrong.
            _log.exception("a session could not be warmed")
            error = repr(failure)
        if error is not None:
            self._not_warmed(session, threading.current_thread(), round_, error)
            return
        with self._lock:
            self._starting.discard(session)
            self._warmers.discard(threading.current_thread())
            self.backoff.succeeded()
            self.was_ready = True
            self._callbacks.offer(session)
            self._orders.notify()

    def _not_warmed(self, session: Session | None, warmer: threading.Thread | None, round_: int, error: str) -> None:
        """Have what became of a failed start cleared away, and another tried in time."""
        with self._lock:
            if session is not None:
                self._starting.discard(session)
                self._discarded.append(session)
            if warmer is not None:
                self._warmers.discard(warmer)
            stopping = self._stopping
            if not stopping:
                self.start_failed(round_, error)
            self._orders.notify()
        if not stopping:
            _log.warning("a Coq session does not start: %s", error)
