"""What can stand between a client and its answer, as exceptions.

::

    ClientError
    ├── NoAnswer            the server could not be reached, or the connection broke
    │   └── TimedOut        it was reached and did not answer in time
    ├── NotUnderstood       what answered is not a PXL server
    ├── Refused             the server said no: status, code, problem, request_id
    │   ├── GoalRefused     400, 413, 415, 422, 431: the request must be mended
    │   ├── Unauthorized    401, 403: the key, the clock or the nonce is wrong
    │   ├── Busy            429, 502, 503, 504: later it may answer
    │   └── ServerFault     other 5xx: a bug or a breakdown of the server
    └── Undecided           the question has no answer yet: the verdict is unknown

A verdict is never an exception, and an exception is never a verdict.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from pxl.client.values import Verdict
from pxl.errors import PxlError

NOTABLE_SKEW_S = 30


class ClientError(PxlError):
    """No answer to the question came back; ``str(error)`` says why and what to do."""

    code, title = "client", "No answer"


class NoAnswer(ClientError):
    """The server could not be reached, or the connection broke."""

    code = "no-answer"


class TimedOut(NoAnswer):
    """The server was reached and did not answer in time."""

    code = "timed-out"


class NotUnderstood(ClientError):
    """What answered does not speak as a PXL server does."""

    code = "not-understood"


class Undecided(ClientError):
    """The question has no answer within the limits given; ``verdict`` has the reason."""

    code = "undecided"

    def __init__(self, detail: str, verdict: Verdict) -> None:
        super().__init__(detail)
        self.verdict = verdict


class Refused(ClientError):
    """The server said no.

    ``status`` and ``code`` are those of the reply, ``problem`` is its whole document (empty when
    something in between answered), ``request_id`` finds it in the server's log, and
    ``retry_after_s`` is set when the server named a time to wait.
    """

    def __init__(self, detail: str, *, status: int, code: str = "", problem: Mapping[str, Any] | None = None,
                 request_id: str | None = None, retry_after_s: int | None = None) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)
        self.status, self.code, self.problem, self.request_id = status, code, problem or {}, request_id

    @property
    def excerpt(self) -> str:
        """The line of the goal with a caret below the place, or empty."""
        return str(self.problem.get("excerpt") or "")


class GoalRefused(Refused):
    """The request must be mended; asking again gives the same."""


class Unauthorized(Refused):
    """The server does not take the signature: the key, the clock or the nonce is wrong."""

    @property
    def is_nonce_used(self) -> bool:
        """Whether the request had arrived before: a proxy may have sent it twice."""
        return "Nonce already used" in self.detail


class Busy(Refused):
    """The server, or what stands before it, has no place at this moment."""


class ServerFault(Refused):
    """The server failed in a way that it should not."""


def refusal(url: str, status: int, headers: Mapping[str, str], text: str, now: float | None = None) -> Refused:
    """Return the exception for a reply that is no answer; ``now`` is in seconds since the epoch."""
    problem = _object(text)
    error = problem.get("error") or problem.get("detail") or problem.get("title")
    detail = str(error) if error else f"{url} answered {status} without saying why: is this a PXL server?"
    skew_s = _skew_s(headers, time.time() if now is None else now)
    if status == 401 and "Timestamp" in detail and skew_s is not None and abs(skew_s) > NOTABLE_SKEW_S:
        detail += f" (this clock is {abs(skew_s):.0f} s {'ahead of' if skew_s > 0 else 'behind'} the server's)"
    return _kind(status)(detail, status=status, code=str(problem.get("code") or f"http-{status}"), problem=problem,
                         request_id=headers.get("X-Request-ID"), retry_after_s=_retry_after_s(headers, now))


def _kind(status: int) -> type[Refused]:
    if status in (400, 413, 415, 422, 431):
        return GoalRefused
    if status in (401, 403):
        return Unauthorized
    if status in (429, 502, 503, 504):
        return Busy
    return ServerFault if status >= 500 else Refused


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _retry_after_s(headers: Mapping[str, str], now: float | None) -> int | None:
    """Return the seconds of a Retry-After header, which may also name a date (RFC 9110, 10.2.3)."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return int(text[:9])
    moment = _moment(text)
    if moment is None:
        return None
    # The server's own clock counts, where it is told.
    today = _moment(headers.get("Date", "")) or (time.time() if now is None else now)
    return max(0, round(moment - today))


def _skew_s(headers: Mapping[str, str], now: float) -> float | None:
    date = _moment(headers.get("Date", ""))
    return None if date is None else now - date


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
