"""Puts the signature checks together, from the settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pxl.access.http_message import MessageVerifier
from pxl.access.keyfile import read_keyfile
from pxl.access.keyring import Keyring
from pxl.access.keys import CURRENT, LONGEST_GRACE_S, NEXT, OLD, Key, make_key
from pxl.access.nonces import Freshness, MemoryNonceStore, NonceStore
from pxl.auth_hmac import HmacVerifier
from pxl.errors import ConfigError
from pxl.settings import Settings

if TYPE_CHECKING:       # redis is imported only where it is used
    from pxl.replicas.shared import Shared


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
    keyring = keyring_of(settings, clock)
    store = nonces or MemoryNonceStore(settings.hmac_nonce_capacity)
    freshness = Freshness(clock, clock(), settings.hmac_boot_fence_s) if remembers_from is None else \
        Freshness(clock, remembers_from, settings.hmac_boot_fence_s, store_since)
    return Signatures(keyring, HmacVerifier(keyring, store, freshness) if settings.hmac_allow_v1 else None,
                      MessageVerifier(keyring, store, freshness))


def shared_signatures(settings: Settings, shared: Shared, clock: Callable[[], float] = time.time) -> Signatures | None:
    """Return the checks over nonces that replicas share; as :func:`signatures` otherwise."""
    nonces = shared.nonces
    return signatures(settings, nonces, clock, 0, lambda: nonces.remembers_from)


def keyring_of(settings: Settings, clock: Callable[[], float] = time.time) -> Keyring:
    """Return the keys that the settings name, or raise ConfigError when there is none."""
    if settings.hmac_keyring_file is not None:
        file = Path(settings.hmac_keyring_file)
        return Keyring(lambda: read_keyfile(file, clock()), (file,), clock)
    old_ends_at = int(clock()) + LONGEST_GRACE_S
    secret_file = Path(settings.hmac_secret_key_file) if settings.hmac_secret_key_file else None

    def load() -> tuple[Key, ...]:
        current = settings.hmac_secret_key if secret_file is None else _read_secret(secret_file)
        if current is None:
            raise ConfigError("request signing has no key: set HMAC_SECRET_KEY, HMAC_SECRET_KEY_FILE "
                              "or HMAC_KEYRING_FILE")
        texts = ((current, CURRENT), (settings.hmac_secret_key_new, NEXT), (settings.hmac_secret_key_old, OLD))
        try:
            keys = [make_key(text, state, expires_at=old_ends_at if state == OLD else None)
                    for text, state in texts if text is not None]
        except ValueError as error:
            raise ConfigError(f"HMAC_SECRET_KEY: {error}") from None
        # Half-way through a rotation one secret stands in two variables; the first counts.
        return tuple({key.id: key for key in reversed(keys)}.values())

    return Keyring(load, () if secret_file is None else (secret_file,), clock)


def _read_secret(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").rstrip("\r\n")
    except OSError as error:
        raise ConfigError(f"HMAC_SECRET_KEY_FILE: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"HMAC_SECRET_KEY_FILE: {path} is not ASCII text") from None
