"""Holds the live signing keys, and notices when their file changes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pxl.access.keyfile import stamp_of
from pxl.access.keys import OLD, STATES, Key
from pxl.errors import ConfigError

log = logging.getLogger("pxl.auth")

_LOOK_EVERY_S = 1.0


@dataclass(frozen=True)
class KeyUse:
    """How much a key is used: when an old one no longer is, it can go."""

    id: str
    state: str
    expires_at: int | None
    uses: int
    last_used_at: float | None      # unix seconds


class Keyring:
    """The keys that ``load`` returns, read again when one of the ``watched`` files changes.

    A file that cannot be used changes nothing: the keys stay as they were, and the log says why.
    """

    def __init__(self, load: Callable[[], tuple[Key, ...]], watched: tuple[Path, ...] = (),
                 clock: Callable[[], float] = time.time) -> None:
        self._load, self._watched, self._clock = load, watched, clock
        self._looking = threading.Lock()
        self._counting = threading.Lock()
        self._uses: dict[str, tuple[int, float]] = {}
        self._stamps = self._look()
        self._looked_at: float | None = clock()
        self._keys = _current_first(load())

    def live(self) -> tuple[Key, ...]:
        """Return the keys that are accepted now, the current one first."""
        now = self._clock()
        # A clock that is set back must not end the looking.
        if self._watched and (self._looked_at is None or not 0 <= now - self._looked_at < _LOOK_EVERY_S):
            self._refresh(now)
        return tuple(key for key in self._keys if key.is_live(now))

    def find(self, key_id: str) -> Key | None:
        """Return the live key of that id."""
        return next((key for key in self.live() if key.id == key_id), None)

    def reload_soon(self) -> None:
        """Have the files read again at the next use, changed or not; safe in a signal handler."""
        self._stamps, self._looked_at = (), None

    def count_use(self, key: Key) -> None:
        """Note that a key signed a request that was accepted."""
        now = self._clock()
        with self._counting:
            uses, last = self._uses.get(key.id, (0, 0.0))
            self._uses[key.id] = (uses + 1, now)
        if key.state == OLD and now - last > 60:
            log.info("key %s is old and still in use; it ends in %d s", key.id, (key.expires_at or now) - now)

    def usage(self) -> tuple[KeyUse, ...]:
        """Return the use of each live key since the start of the process."""
        keys = self.live()
        with self._counting:
            counted = dict(self._uses)
        return tuple(KeyUse(key.id, key.state, key.expires_at, *counted.get(key.id, (0, None))) for key in keys)

    def _refresh(self, now: float) -> None:
        if not self._looking.acquire(blocking=False):
            return      # somebody else reads; the keys at hand are good
        try:
            self._looked_at = now
            stamps = self._look()
            if stamps == self._stamps:
                return
            # Taken before reading: a change in between is seen at the next look.
            self._stamps = stamps
            self._keys = _current_first(self._load())
            log.info("keys read again: %s", ", ".join(f"{key.id} ({key.state})" for key in self._keys))
        except ConfigError as error:
            log.error("the keys stay as they were: %s", error.detail)
        finally:
            self._looking.release()

    def _look(self) -> tuple[tuple[int, ...] | None, ...]:
        return tuple(stamp_of(path) for path in self._watched)


def _current_first(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    return tuple(sorted(keys, key=lambda key: STATES.index(key.state)))
