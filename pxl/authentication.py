"""Puts the signature checks together, from the settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from pxl.auth_hmac import HmacVerifier
from pxl.auth_message import MessageVerifier
from pxl.keyring import Keyring
from pxl.nonces import Freshness, MemoryNonceStore, NonceStore
from pxl.settings import Settings


@dataclass(frozen=True)
class Signatures:
    """The checks that a server makes; ``hmac`` is None where the documents' scheme is not taken."""

    keyring: Keyring
    hmac: HmacVerifier | None
    message: MessageVerifier


def signatures(settings: Settings, nonces: NonceStore | None = None, clock: Callable[[], float] = time.time,
               remembers_from: float | None = None,
               store_since: Callable[[], float] = lambda: 0.0) -> Signatures | None:
    """Return the checks, or None when requests need no signature; raises ConfigError when there is no good key.

    ``remembers_from`` (unix seconds) is since when ``nonces`` remembers: 0 for a store that outlives the process,
    None for now; ``store_since`` asks such a store whether it began later. Without ``nonces`` they are kept in memory.
    """
    if not settings.enable_hmac_auth:
        return None
    keyring = Keyring.from_settings(settings, clock)
    store = nonces or MemoryNonceStore(settings.hmac_nonce_capacity)
    freshness = Freshness(clock, clock(), settings.hmac_boot_fence_s) if remembers_from is None else \
        Freshness(clock, remembers_from, settings.hmac_boot_fence_s, store_since)
    return Signatures(keyring, HmacVerifier(keyring, store, freshness) if settings.hmac_allow_v1 else None,
                      MessageVerifier(keyring, store, freshness))
