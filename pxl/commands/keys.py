"""The commands `pxl keys`: make, list, rotate and expire the keys of a keyring file."""

from __future__ import annotations

import argparse
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pxl.access.identity import ROLES
from pxl.access.keyfile import locked, read_keyfile, write_keyfile
from pxl.access.keys import CURRENT, LONGEST_GRACE_S, NEXT, Key, add, expire, rotate
from pxl.errors import RequestError

_VARIABLE = "HMAC_KEYRING_FILE"
_EPILOG = ("A running server sees a change within a second. To change keys without refusing anybody: `pxl keys new`, "
           "give the key (list --show) to the clients, `pxl keys rotate`.")


def add_parser(commands: Any) -> None:
    """Hang the commands below `pxl`; ``commands`` is what argparse's add_subparsers returned."""
    keys = commands.add_parser("keys", help="make, list, rotate and expire signing keys", epilog=_EPILOG)
    below = keys.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, help_: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = below.add_parser(name, help=help_, epilog=_EPILOG)
        parser.add_argument("--file", metavar="FILE", help=f"the keyring file (default: the variable {_VARIABLE})")
        parser.add_argument("--show", action="store_true", help="print the secrets too")
        parser.set_defaults(run=run)
        return parser

    new = command("new", "make a key: the first is current, a later one next", _new)
    new.add_argument("--roles", type=_roles, default=ROLES, metavar="ROLES",
                     help=f"what it may do: some of {','.join(sorted(ROLES))} (default: all)")
    command("list", "list the keys by id, state and end", _list)
    rotation = command("rotate", "make the next key (or a fresh one) current, and the current one old", _rotate)
    rotation.add_argument("--grace", type=_grace, default=LONGEST_GRACE_S, metavar="SECONDS",
                          help=f"how long the old key stays good, 0 to {LONGEST_GRACE_S} (default: the most)")
    command("expire", "end a next or old key now", _expire).add_argument("id", metavar="ID", help="see `pxl keys list`")


def _new(options: argparse.Namespace) -> int:
    return _change(options, lambda keys, now: add(keys, _fresh(now, options.roles)), may_create=True)


def _rotate(options: argparse.Namespace) -> int:
    def turn(keys: tuple[Key, ...], now: int) -> tuple[Key, ...]:
        return rotate(keys, _fresh(now, next(key.roles for key in keys if key.state == CURRENT)), now, options.grace)
    return _change(options, turn)


def _expire(options: argparse.Namespace) -> int:
    return _change(options, lambda keys, now: expire(keys, options.id))


def _list(options: argparse.Namespace) -> int:
    now = int(time.time())
    _print(read_keyfile(_file(options), now), now, options.show)
    return 0


def _change(options: argparse.Namespace, change: Callable[[tuple[Key, ...], int], tuple[Key, ...]],
            may_create: bool = False) -> int:
    file, now = _file(options), int(time.time())
    if not file.parent.is_dir():
        raise KeysUsage(f"{file.parent} is not a directory")
    with locked(file):
        had = () if may_create and not file.exists() else read_keyfile(file, now)
        keys = change(had, now)
        write_keyfile(file, keys)
    _print(keys, now, options.show)
    return 0


def _fresh(now: int, roles: frozenset[str]) -> Key:
    return Key(secrets.token_hex(32).encode("ascii"), NEXT, created_at=now, roles=roles)


def _print(keys: tuple[Key, ...], now: int, with_secrets: bool) -> None:
    for key in keys:
        end = "" if key.expires_at is None else f"  ends in {max(0, key.expires_at - now)} s"
        state = key.state if key.is_live(now) else "ended"
        secret = f"  {key.secret.decode('ascii')}" if with_secrets else ""
        print(f"{key.id}  {state:<7}  {','.join(sorted(key.roles))}{end}{secret}")


class KeysUsage(RequestError):
    """The command line does not say which keys."""

    code, title = "keys", "No keys"


def _file(options: argparse.Namespace) -> Path:
    name = options.file or os.environ.get(_VARIABLE)
    if not name:
        raise KeysUsage(f"say --file FILE, or set {_VARIABLE}")
    return Path(name).absolute()


def _roles(text: str) -> frozenset[str]:
    roles = frozenset(text.split(","))
    if not roles <= ROLES:
        raise ValueError(text)
    return roles


def _grace(text: str) -> int:
    seconds = int(text)
    if not 0 <= seconds <= LONGEST_GRACE_S:
        raise ValueError(text)
    return seconds
