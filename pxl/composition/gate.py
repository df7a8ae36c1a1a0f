"""Puts the gate together from settings: credentials, limits, origins, proxies, provenance."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pxl.access.address import read_networks
from pxl.access.guard import Guard
from pxl.access.origins import read_origins
from pxl.access.rate_counters import MEMORY
from pxl.access.scrapers import Scrapers
from pxl.access.secret_key import problem_of
from pxl.access.tokens import Tokens
from pxl.composition.signatures import Signatures
from pxl.errors import ConfigError
from pxl.http.gate import Gate
from pxl.http.provenance import Provenance, build_sha
from pxl.http.rate_limits import RatePolicy
from pxl.kernel.identity import Kernel
from pxl.settings import Settings

if TYPE_CHECKING:       # redis is imported only where it is used
    from pxl.replicas.shared import Shared

ROOT = Path(__file__).resolve().parents[2]


def build_gate(settings: Settings, provenance: Provenance, signed: Signatures | None = None,
               shared: Shared | None = None, clock: Callable[[], float] = time.time) -> Gate:
    """Return what is asked of callers and told about the server. Raises ConfigError with the cure.

    ``signed`` checks signatures, where requests must be signed. What replicas may have ``shared`` is
    used for limits and revocations. ``clock`` tells the seconds since 1970.
    """
    requests, window_s = settings.rate
    return Gate(
        Guard(signed.hmac if signed else None, signed.message if signed else None, _tokens(settings, shared, clock)),
        RatePolicy(requests, window_s, settings.rate_limit_total) if settings.is_rate_limited else None,
        read_networks(settings.trusted_proxy or ""),
        read_origins(settings.cors_origins) if settings.cors_origins else (),
        provenance, shared.rate_storage() if shared else (MEMORY, {}), clock,
        Scrapers(settings.metrics_access, _metrics_token(settings)))


def provenance_of(kernel: Kernel, settings: Settings, v4_hash: str = "") -> Provenance:
    """Return what every response says of the program; without the overlay v4 its hash is the kernel's."""
    return Provenance(kernel.coqchk, build_sha(ROOT, settings.build_sha), v4_hash or kernel.kernel_hash)


def _tokens(settings: Settings, shared: Shared | None, clock: Callable[[], float]) -> Tokens | None:
    if not settings.has_tokens:
        return None
    current = settings.jwt_secret_key or _read_key(Path(settings.jwt_secret_key_file or ""))
    keys = (current, settings.jwt_secret_key_old)
    return Tokens([key.encode("ascii") for key in keys if key], shared.denied if shared else None,
                  clock=clock)


def _metrics_token(settings: Settings) -> bytes:
    if settings.metrics_token_file:
        return _read_key(Path(settings.metrics_token_file)).encode("ascii")
    return (settings.metrics_token or "").encode("ascii")


def _read_key(path: Path) -> str:
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as why:
        raise ConfigError(f"the key file {path} cannot be read: {why}") from None
    if problem := problem_of(key):
        raise ConfigError(f"the key in {path} is {problem}")
    return key
