"""Puts together what replicas share, from settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pxl.authentication import Signatures, signatures
from pxl.outcome import Decide
from pxl.overlays.contract import Question
from pxl.settings import Settings

if TYPE_CHECKING:       # redis is imported only where it is used
    from pxl.redis_stores import RedisDenyList, RedisNonceStore
    from pxl.shared_cache import CheckingDecide, SharedDecider


class Shared:
    """The stores that replicas share; whoever starts it closes it."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        from pxl.redis_link import RedisLink
        from pxl.redis_stores import RedisDenyList, RedisNonceStore

        assert settings.redis_url is not None
        self._settings, self._clock = settings, clock
        self._store = RedisLink(settings.redis_url, "shared store")
        # The cache never holds up the nonces: it has a link of its own even where it has no server of its own.
        self._cache = RedisLink(settings.redis_cache_url or settings.redis_url, "shared cache")
        self.nonces: RedisNonceStore = RedisNonceStore(self._store, clock)
        self.denied: RedisDenyList = RedisDenyList(self._store, clock)
        self._decider: SharedDecider | None = None

    def start(self) -> None:
        """Connect; a server that cannot be reached now is found later."""
        self._store.start(self.nonces.look)
        self._cache.start()

    def close(self) -> None:
        """Close every connection; idempotent."""
        self._store.close()
        self._cache.close()

    def signatures(self) -> Signatures | None:
        """Return the checks of signatures; None when requests need none. Raises ConfigError."""
        nonces = self.nonces
        return signatures(self._settings, nonces, self._clock, 0, lambda: nonces.remembers_from)

    def rate_storage(self) -> tuple[str, dict[str, Any]]:
        """Return where requests are counted: a URI and options for the limiter."""
        from pxl.redis_rates import SCHEME

        return f"{SCHEME}://", {"link": self._store}

    def decider(self, decide: CheckingDecide, key_of: Callable[[Question], bytes]) -> Decide:
        """Return a decider that shares certificates under those keys, unless that is turned off."""
        from pxl.shared_cache import SharedCache, SharedDecider

        if not self._settings.shared_cache_ttl_s:
            return decide
        self._decider = SharedDecider(decide, SharedCache(self._cache, self._settings.shared_cache_ttl_s),
                                      key_of)
        return self._decider

    def problems(self) -> list[str]:
        """Return what is wrong at present; never waits."""
        return [link.problem for link in (self._store, self._cache) if link.problem]

    def stats(self) -> dict[str, int]:
        """Return the counts of the shared cache."""
        return vars(self._decider.stats()).copy() if self._decider else {}


def build_shared(settings: Settings) -> Shared | None:
    """Return what replicas share; None when this server is alone."""
    return Shared(settings) if settings.redis_url else None
