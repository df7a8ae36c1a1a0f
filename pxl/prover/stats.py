"""Describe the state of a pool at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SessionStats:
    """One live session; ``rss_bytes`` is 0 where the system does not tell."""

    pid: int
    generation: int
    uses: int
    busy: bool
    rss_bytes: int


@dataclass(frozen=True)
class PoolStats:
    """A snapshot.

    ``state`` is ``starting`` (none was ready yet), ``ready``, ``failing`` (sessions do not
    start; ``last_error`` says why) or ``closed``. ``idle + busy == total``; ``starting`` are
    not yet among them. ``generation`` is the newest session's number. ``restarts`` counts
    sessions replaced, by reason: ``uses`` and ``rss`` (recycled in time), ``crash``,
    ``timeout``, ``protocol``, ``memory``. ``leases`` counts sessions handed out, ``refusals`` requests
    sent away for want of one.
    """

    state: str
    size: int
    idle: int
    busy: int
    starting: int
    waiting: int
    generation: int
    leases: int
    refusals: int
    start_failures: int
    last_error: str
    restarts: Mapping[str, int]
    sessions: tuple[SessionStats, ...]

    @property
    def total(self) -> int:
        """Return the number of live sessions."""
        return self.idle + self.busy
