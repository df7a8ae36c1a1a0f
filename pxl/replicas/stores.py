"""Keeps used nonces and revoked sessions in Redis, where every replica sees them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pxl.access.nonces import RETENTION_S
from pxl.access.tokens import LEEWAY_S, LIFETIME_S, SESSION_S, DenyList, DenyListFull
from pxl.errors import AuthError, StoreUnavailable
from pxl.replicas.link import RedisLink

_SINCE = "pxl:since"

# In one step: find out since when this server remembers, and take the nonce. The mark names the run of the server, so
# that one that took over, was restarted or was emptied begins to remember now: what it forgot, nobody knows.
_CLAIM = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local mark = redis.call('GET', KEYS[1])
local since = mark and string.match(mark, '^' .. run .. ' (%d+%.%d+)$')
if not since then
  since = ARGV[1]
  redis.call('SET', KEYS[1], run .. ' ' .. since)
end
local is_first = KEYS[2] and redis.call('SET', KEYS[2], '', 'NX', 'PX', ARGV[2])
return {is_first and 1 or 0, since}
"""


class RedisNonceStore:
    """A nonce store that several servers share. It claims in one step, and fails closed.

    ``remembers_from`` (unix seconds) is since when no nonce was forgotten, as last heard.
    """

    def __init__(self, link: RedisLink, clock: Callable[[], float] = time.time) -> None:
        self._link, self._clock = link, clock
        self.remembers_from = 0.0

    def claim(self, key_id: str, nonce: str, now: float) -> None:
        """Take a nonce, once per key among all servers; raises AuthError, and StoreUnavailable when nobody can tell."""
        is_first = self._link.call(lambda client: self._ask(client, now, f"pxl:n:{key_id}:{nonce}"))
        if not is_first:
            raise AuthError("Nonce already used")

    def look(self, client: Any) -> None:
        """Learn since when the server remembers; raises what the client raises."""
        self._ask(client, self._clock())

    def _ask(self, client: Any, now: float, *keys: str) -> bool:
        is_first, since = client.eval(_CLAIM, 1 + len(keys), _SINCE, *keys, f"{now:.3f}", RETENTION_S * 1000)
        self.remembers_from = float(since)
        return bool(is_first)


class RedisDenyList:
    """A deny-list that several servers share.

    Without Redis a server knows what it has seen; that refuses most of what was revoked, and ``surely_has``
    says when most is not enough.
    """

    def __init__(self, link: RedisLink, clock: Callable[[], float] = time.time) -> None:
        self._link, self._clock = link, clock
        self._seen = DenyList()

    def add(self, session: str, until: float, now: float) -> None:
        """Remember a session here, and for all; raises DenyListFull, StoreUnavailable when only here."""
        self._seen.add(session, until, now)
        left_ms = max(1, int(1000 * (until - now)))
        self._link.call(lambda client: client.set(_revoked(session), b"", px=left_ms))

    def __contains__(self, session: str) -> bool:
        try:
            return self.surely_has(session)
        except StoreUnavailable:
            return False

    def surely_has(self, session: str) -> bool:
        """Say whether a session was revoked anywhere; raises StoreUnavailable when only Redis could tell."""
        if session in self._seen:
            return True
        if not self._link.call(lambda client: client.exists(_revoked(session))):
            return False
        now = self._clock()
        try:
            self._seen.add(session, now + SESSION_S + LIFETIME_S + LEEWAY_S, now)
        except DenyListFull:
            pass        # Redis knows
        return True


def _revoked(session: str) -> str:
    return f"pxl:r:{session}"
