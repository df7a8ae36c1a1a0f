"""Decides who may read the metrics without being a caller of the API."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from ipaddress import ip_address

GUARDED = "guarded"
LOOPBACK = "loopback"
OPEN = "open"

SCRAPED = frozenset({"/metrics", "/metrics/prometheus", "/metrics/performance"})


@dataclass(frozen=True)
class Scrapers:
    """Who reads the metrics besides those whom the guard lets in.

    Whoever shows the bearer ``token``, where there is one; with ``loopback`` also what comes from this very
    machine and was not forwarded by a proxy on it; with ``open`` everybody.
    """

    access: str = GUARDED
    token: bytes = b""

    def admits(self, rule: str, peer: str, is_forwarded: bool, authorization: str) -> bool:
        """Say whether a request to a route needs no other credentials; ``peer`` is the connection's other end.

        >>> Scrapers(LOOPBACK).admits("/metrics", "127.0.0.1", False, "")
        True
        >>> Scrapers(LOOPBACK).admits("/metrics", "127.0.0.1", True, "")
        False
        >>> Scrapers(token=b"secret").admits("/metrics", "192.0.2.7", True, "Bearer secret")
        True
        """
        if rule not in SCRAPED:
            return False
        if self.access == OPEN or (self.access == LOOPBACK and not is_forwarded and _is_loopback(peer)):
            return True
        scheme, _, shown = authorization.partition(" ")
        return bool(self.token) and scheme.lower() == "bearer" and \
            hmac.compare_digest(shown.strip().encode("utf-8", "replace"), self.token)


def _is_loopback(peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
