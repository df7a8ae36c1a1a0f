"""Reads a keyring file, and replaces it in one step."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pxl.access.identity import ROLES
from pxl.access.keys import STATES, Key, checked, make_key
from pxl.errors import ConfigError

_LARGEST_BYTES = 65_536
_MEMBERS = {"id", "secret", "state", "created_at", "expires_at", "roles"}


def stamp_of(path: Path) -> tuple[int, ...] | None:
    """Return what changes whenever a file, or its mode, does; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def read_keyfile(path: Path, now: float) -> tuple[Key, ...]:
    """Return the keys of a file, or raise ConfigError; the text never shows a secret."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise ConfigError(f"{path} is not a file")
            if found.st_mode & 0o077:
                raise ConfigError(f"{path} can be read by others: chmod 600 {path}")
            text = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}: `pxl keys new` makes one") from None
    if len(text) > _LARGEST_BYTES:
        raise ConfigError(f"{path} is larger than {_LARGEST_BYTES} bytes")
    try:
        return checked(tuple(_key(member) for member in _members(text)), now)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None


def write_keyfile(path: Path, keys: tuple[Key, ...]) -> None:
    """Replace the file in one step: whoever reads finds the earlier keys or these, never a part.

    The file is for its owner alone, and stays with the owner it had.
    """
    path = Path(os.path.realpath(path))
    members = [{"id": key.id, "state": key.state, "created_at": key.created_at, "expires_at": key.expires_at,
                "roles": sorted(key.roles), "secret": key.secret.decode("ascii")} for key in keys]
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            with contextlib.suppress(FileNotFoundError):
                had = path.stat()
                if (had.st_uid, had.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(file.fileno(), had.st_uid, had.st_gid)
            json.dump({"keys": members}, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    with _directory(path) as directory:
        os.fsync(directory)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one writer at a time change the file; readers need no lock."""
    with _directory(Path(os.path.realpath(path))) as directory:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _directory(path: Path) -> Iterator[int]:
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield directory
    finally:
        os.close(directory)


def _members(text: bytes) -> list[Any]:
    try:
        document = json.loads(text.decode("ascii"))
    except (ValueError, RecursionError):        # the error's own text would quote the file
        raise ValueError("it is not JSON in ASCII") from None
    if not isinstance(document, dict) or document.keys() != {"keys"} or not isinstance(document["keys"], list):
        raise ValueError('it is not {"keys": [...]}')
    return document["keys"]


def _key(member: Any) -> Key:
    if not isinstance(member, dict) or not {"secret", "state"} <= member.keys() <= _MEMBERS:
        raise ValueError(f"a key must have secret and state, and may have {', '.join(sorted(_MEMBERS))}")
    if not isinstance(member["secret"], str):
        raise ValueError("a secret is not text")
    if member["state"] not in STATES:
        raise ValueError(f"a state is not one of {', '.join(STATES)}")
    times = {}
    for name in ("created_at", "expires_at"):
        times[name] = value = member.get(name)
        if value is not None and (type(value) is not int or not 0 <= value < 10 ** 11):
            raise ValueError(f"{name} is not a time in unix seconds")
    roles = member.get("roles", sorted(ROLES))
    if not isinstance(roles, list) or not roles or not all(isinstance(r, str) and r in ROLES for r in roles):
        raise ValueError(f"roles is not a list of {', '.join(sorted(ROLES))}")
    key = make_key(member["secret"], member["state"], roles=frozenset(roles), **times)
    if member.get("id", key.id) != key.id:
        raise ValueError("an id does not belong to its secret")
    return key
