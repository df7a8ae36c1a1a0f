"""Reads ``gateway.yaml``, a file of limits and origins for a gateway, as the settings that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pxl.errors import ConfigError

_LARGEST_BYTES = 65_536
_NUMBERS = {"requests_per_minute": "PXL_RATE_LIMIT_TOTAL", "burst_limit": "RATE_LIMIT_REQUESTS"}
_MEMBERS = {"rate_limiting": (*_NUMBERS, "enabled"), "cors": ("allow_origins", "allow_credentials")}


def read_gateway_file(path: Path) -> dict[str, str]:
    """Return variables and values as they would stand in the environment, which goes before them.

    Raises ConfigError for what is not understood: a limit that is misspelt would limit nothing.
    """
    import yaml  # only for whom there is such a file

    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_BYTES + 1)
        if len(text) > _LARGEST_BYTES:
            raise ConfigError(f"{path} is larger than {_LARGEST_BYTES} bytes")
        document = yaml.safe_load(text)
    except OSError as why:
        raise ConfigError(f"{path} cannot be read: {why.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as why:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(why).split())}") from None
    sections = _section(path, "the file", document or {}, tuple(_MEMBERS))
    parts = {name: _section(path, name, sections.get(name) or {}, known) for name, known in _MEMBERS.items()}
    return {**_limits(path, parts["rate_limiting"]), **_origins(path, parts["cors"])}


def _section(path: Path, name: str, found: Any, known: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: {name} is not a mapping; it may have {', '.join(known)}")
    for member in found:
        if member not in known:
            raise ConfigError(f"{path}: {name} has {ascii(member)}, which is not known; it may have {', '.join(known)}")
    return found


def _limits(path: Path, found: Mapping[str, Any]) -> dict[str, str]:
    values = {}
    for member, variable in _NUMBERS.items():
        if member in found:
            if type(found[member]) is not int or found[member] < 0:
                raise ConfigError(f"{path}: rate_limiting.{member} is not a whole number")
            values[variable] = str(found[member])
    if "enabled" in found:
        values["RATE_LIMIT_ENABLED"] = _truth(path, "rate_limiting.enabled", found["enabled"])
    return values


def _origins(path: Path, found: Mapping[str, Any]) -> dict[str, str]:
    origins = found.get("allow_origins") or []
    if not isinstance(origins, list) or not all(isinstance(origin, str) for origin in origins):
        raise ConfigError(f"{path}: cors.allow_origins is not a list of origins")
    if _truth(path, "cors.allow_credentials", found.get("allow_credentials", True)) == "false":
        raise ConfigError(f"{path}: cors.allow_credentials is false: listed pages may always send credentials; "
                          f"leave out the origins that may not")
    return {"CORS_ORIGINS": ",".join(origins)} if origins else {}


def _truth(path: Path, name: str, found: Any) -> str:
    if not isinstance(found, bool):
        raise ConfigError(f"{path}: {name} is not true or false")
    return str(found).lower()
