"""The stores that replicas share, over their links to Redis."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pxl.overlays.contract import Question
from pxl.replicas.cache import CheckingDecide, SharedCache, SharedDecider
from pxl.replicas.link import RedisLink
from pxl.replicas.rates import SCHEME
from pxl.replicas.stores import RedisDenyList, RedisNonceStore
from pxl.verdict.outcome import Decide


class Shared:
    """The stores that replicas share; whoever starts it closes it.

    ``certificates_ttl_s`` is how long a certificate is kept, in seconds; 0 shares none. ``cache_url`` may name another
    server for them.
    """

    def __init__(self, url: str, cache_url: str | None = None, certificates_ttl_s: float = 3600.0,
                 clock: Callable[[], float] = time.time) -> None:
        self._certificates_ttl_s = certificates_ttl_s
        self._store = RedisLink(url, "shared store")
        # The cache never holds up the nonces: it has a link of its own even where it has no server of its own.
        self._cache = RedisLink(cache_url or url, "shared cache")
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

    def rate_storage(self) -> tuple[str, dict[str, Any]]:
        """Return where requests are counted: a URI and options for the limiter."""
        return f"{SCHEME}://", {"link": self._store}

    def decider(self, decide: CheckingDecide, key_of: Callable[[Question], bytes]) -> Decide:
        """Return a decider that shares certificates under those keys, unless that is turned off."""
        if not self._certificates_ttl_s:
            return decide
        self._decider = SharedDecider(decide, SharedCache(self._cache, self._certificates_ttl_s), key_of)
        return self._decider

    def problems(self) -> list[str]:
        """Return what is wrong at present; never waits."""
        return [link.problem for link in (self._store, self._cache) if link.problem]

    def stats(self) -> dict[str, int]:
        """Return the counts of the shared cache."""
        return vars(self._decider.stats()).copy() if self._decider else {}
