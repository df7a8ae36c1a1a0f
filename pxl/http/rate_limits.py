"""Counts requests in windows of time and refuses those beyond the limit, through Flask-Limiter.

Two limits hold at once: one for each identity (or address, where there is none), one for everybody together. A third
counts refused credentials for each address, before anything is verified. A window begins with its first request.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from flask import Flask, Response
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded
from limits import RateLimitItemPerSecond

from pxl.access.rate_counters import MEMORY
from pxl.errors import RateLimited

_REFUSALS = "refused credentials"
_EVERYBODY = "everybody"


@dataclass(frozen=True)
class RatePolicy:
    """How much is allowed: ``requests`` in ``window_s`` seconds for each caller, ``total`` a minute for all.

    A ``total`` of 0 means no limit for all together.
    """

    requests: int = 100
    window_s: int = 60
    total: int = 1000


class RateLimits:
    """The limits of one application, installed between authentication and authorization."""

    def __init__(self, policy: RatePolicy, storage_uri: str = MEMORY,
                 storage_options: Mapping[str, Any] = MappingProxyType({})) -> None:
        self._policy = policy
        self._storage_uri, self._storage_options = storage_uri, storage_options
        self._limiter: Limiter | None = None
        self._item = RateLimitItemPerSecond(policy.requests, policy.window_s, namespace="pxl")

    def install(self, app: Flask, caller: Callable[[], str], is_exempt: Callable[[], bool]) -> None:
        """Check every request from here on; ``caller`` names who is counted, ``is_exempt`` who is not."""
        policy = self._policy
        # The finer unit is looked at first: who is over their own limit does not use up everybody's.
        limits: list[str | Callable[[], str] | ApplicationLimit] = [
            ApplicationLimit(f"{policy.requests} per {policy.window_s} second", scope="caller", key_function=caller,
                             exempt_when=is_exempt)]
        if policy.total:
            limits.append(ApplicationLimit(f"{policy.total} per 1 minute", scope=_EVERYBODY,
                                           key_function=lambda: "all", exempt_when=is_exempt))
        # Paths that are no route are counted too, so requests are not told apart by route.
        self._limiter = Limiter(caller, app=app, application_limits=limits, storage_uri=self._storage_uri,
                                storage_options=dict(self._storage_options), strategy="fixed-window",
                                headers_enabled=False, fail_on_first_breach=True, request_identifier=lambda: "any")

    def check_refusals(self, address: str) -> None:
        """Raise RateLimited when too many credentials from an address were refused."""
        if self._limiter is not None and not self._limiter.limiter.test(self._item, _REFUSALS, address):
            reset = self._limiter.limiter.get_window_stats(self._item, _REFUSALS, address).reset_time
            raise RateLimited("too many refused credentials from this address", retry_after_s=_seconds_to(reset))

    def count_refusal(self, address: str) -> None:
        """Count one refusal of credentials from an address."""
        if self._limiter is not None:
            self._limiter.limiter.hit(self._item, _REFUSALS, address)

    def refused(self, error: Exception) -> RateLimited | None:
        """Return our error for Flask-Limiter's own; None for any other."""
        current = self._limiter and self._limiter.current_limit
        if not isinstance(error, RateLimitExceeded) or not current:
            return None
        whose = "everybody together" if current.request_args[-1] == _EVERYBODY else "one caller"
        return RateLimited(f"more than {current.limit.amount} requests in {current.limit.get_expiry()} s "
                           f"from {whose}", retry_after_s=_seconds_to(current.reset_at))

    def tell(self, response: Response) -> None:
        """Put the state of the caller's limit on a response that was counted."""
        current = self._limiter and self._limiter.current_limit
        if current:
            response.headers["X-RateLimit-Limit"] = str(current.limit.amount)
            response.headers["X-RateLimit-Remaining"] = str(max(0, current.remaining))
            response.headers["X-RateLimit-Reset"] = str(current.reset_at)


def _seconds_to(moment: float) -> int:
    return max(1, math.ceil(moment - time.time()))
