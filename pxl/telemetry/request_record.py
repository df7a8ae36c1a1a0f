"""What one request was and became, for metrics and logs."""

from __future__ import annotations

from typing import NamedTuple

UNMATCHED = "unmatched"     # the route of what is no route


class RequestRecord(NamedTuple):      # a frozen dataclass takes ten times as long to make
    """A request that was answered. ``at`` is in seconds since 1970, ``rule`` the route's pattern or ``unmatched``.

    ``kind`` and ``user`` say who asked (:class:`pxl.access.identity.Identity`), ``address`` the client's, ``path``
    as it was asked, without its query. ``problem`` is the code of the problem that was answered, ``refusal`` why
    credentials were not accepted; both empty where there was none. The last three tell about the proof that was
    asked for directly, if it got an answer.
    """

    at: float
    duration_s: float
    method: str
    rule: str
    path: str
    protocol: str
    status: int
    sent_bytes: int
    address: str
    kind: str
    user: str
    request_id: str
    agent: str = ""
    referrer: str = ""
    problem: str = ""
    refusal: str = ""
    verdict: str | None = None
    overlay: str | None = None
    certificate_sha256: str | None = None
