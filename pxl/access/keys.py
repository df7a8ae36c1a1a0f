"""The keys that sign requests, and how a set of them is rotated."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pxl.access.identity import ROLES
from pxl.access.secret_key import CURE, problem_of
from pxl.errors import RequestError

NEXT, CURRENT, OLD = "next", "current", "old"
STATES = (CURRENT, NEXT, OLD)
LONGEST_GRACE_S = 86_400


class KeyChangeError(RequestError):
    """The change to the keys makes no sense as they are; the text names the cure."""

    code, title = "keys", "The keys cannot be changed so"


@dataclass(frozen=True)
class Key:
    """One shared secret. Its text is the key, byte for byte: hexadecimal digits are not decoded.

    ``next`` and ``current`` are accepted without limit, ``old`` until ``expires_at`` (unix seconds).
    """

    secret: bytes = field(repr=False)
    state: str = CURRENT
    created_at: int | None = None
    expires_at: int | None = None
    roles: frozenset[str] = ROLES

    @cached_property
    def id(self) -> str:
        """Return the public name: 12 hexadecimal digits of a hash of the secret.

        >>> Key(b"pxl-example-key-0123456789abcdef").id
        'ab754aa7bfcb'
        """
        return hashlib.sha256(b"pxl-kid" + self.secret).hexdigest()[:12]

    def is_live(self, now: float) -> bool:
        """Say whether the key is accepted at a moment (unix seconds)."""
        return self.expires_at is None or now < self.expires_at


def make_key(text: str, state: str, **others: Any) -> Key:
    """Return a key of a text, or raise ValueError when the text is unfit; the error does not show it."""
    if problem := problem_of(text):
        raise ValueError(f"the secret is {problem}: {CURE}")
    return Key(text.encode("ascii"), state, **others)


def checked(keys: tuple[Key, ...], now: float) -> tuple[Key, ...]:
    """Return the keys, or raise ValueError when they are no proper set."""
    ids = [key.id for key in keys]
    if len(ids) != len(set(ids)):
        raise ValueError("one secret is there twice")
    for state in (CURRENT, NEXT):
        if sum(key.state == state for key in keys) > 1:
            raise ValueError(f"there are several {state} keys")
    if not any(key.state == CURRENT for key in keys):
        raise ValueError("there is no current key")
    for key in keys:
        if (key.state == OLD) != (key.expires_at is not None):
            raise ValueError(f"key {key.id}: an old key needs expires_at, and no other has it")
        if key.expires_at is not None and key.expires_at > now + LONGEST_GRACE_S + 60:
            raise ValueError(f"key {key.id}: expires_at is more than {LONGEST_GRACE_S // 3600} h ahead")
    return keys


def add(keys: tuple[Key, ...], fresh: Key) -> tuple[Key, ...]:
    """Return the keys with a fresh one: the first is current, a later one next."""
    if not keys:
        return (dataclasses.replace(fresh, state=CURRENT),)
    if any(key.state == NEXT for key in keys):
        raise KeyChangeError("there is a next key already: rotate to it, or expire it")
    return (*keys, dataclasses.replace(fresh, state=NEXT))


def rotate(keys: tuple[Key, ...], fresh: Key, now: int, grace_s: int) -> tuple[Key, ...]:
    """Return the keys one step on: next, or a fresh one, is current; current is old for ``grace_s`` more seconds."""
    if not 0 <= grace_s <= LONGEST_GRACE_S:
        raise KeyChangeError(f"the grace must be from 0 to {LONGEST_GRACE_S} seconds")
    if not any(key.state == NEXT for key in keys):
        keys = add(keys, fresh)
    moved = []
    for key in keys:
        if key.state == NEXT:
            key = dataclasses.replace(key, state=CURRENT)
        elif key.state == CURRENT and len(keys) > 1:
            key = dataclasses.replace(key, state=OLD, expires_at=now + grace_s)
        moved.append(key)
    return tuple(key for key in moved if key.is_live(now))


def expire(keys: tuple[Key, ...], key_id: str) -> tuple[Key, ...]:
    """Return the keys without a next or an old one, from now on."""
    found = [key for key in keys if key.id == key_id]
    if not found:
        raise KeyChangeError(f"there is no key {key_id}")
    if found[0].state == CURRENT:
        raise KeyChangeError(f"{key_id} is the current key: `pxl keys rotate --grace 0` replaces it at once")
    return tuple(key for key in keys if key.id != key_id)
