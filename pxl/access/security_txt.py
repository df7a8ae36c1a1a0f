"""Writes security.txt (RFC 9116): whom to tell of a weakness, and until when that is true."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

DEFAULT_CONTACT = "mailto:security@logos.org"
# RFC 9116 advises less than a year; what a running server says is renewed with every reply.
DEFAULT_LIFE_DAYS = 90

_CONTACT = re.compile(r"(?:mailto:[!-+\--~]+@[!-+\--~]+|https://[!-+\--~]+|tel:\+?[0-9().-]+)", re.ASCII)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)


@dataclass(frozen=True)
class SecurityText:
    """The contacts (URIs between commas), and when the text expires; None: some months after each reply."""

    contact: str = DEFAULT_CONTACT
    expires: str | None = None

    def text(self, now: float) -> str:
        """Return the file at a moment (unix seconds)."""
        lines = [f"Contact: {uri}" for uri in read_contacts(self.contact)]
        return "\n".join([*lines, f"Expires: {self.ends_at(now):%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages: en", ""])

    def ends_at(self, now: float) -> datetime:
        """Return when the text expires, seen from a moment (unix seconds); in UTC."""
        if self.expires is not None:
            return read_moment(self.expires)
        midnight = datetime.fromtimestamp(now, timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(days=DEFAULT_LIFE_DAYS)

    def is_stale(self, now: float) -> bool:
        """Say whether the text has expired, so that nobody may rely on it (RFC 9116, 2.5.5)."""
        return self.ends_at(now).timestamp() <= now


def read_contacts(text: str) -> tuple[str, ...]:
    """Read URIs between commas; raise ValueError where one is none that RFC 9116 knows.

    >>> read_contacts("mailto:security@example.org, https://example.org/report")
    ('mailto:security@example.org', 'https://example.org/report')
    """
    uris = tuple(part.strip() for part in text.split(","))
    for uri in uris:
        if not _CONTACT.fullmatch(uri):
            raise ValueError(uri)
    return uris


def read_moment(text: str) -> datetime:
    """Read a date and time of RFC 3339, to the second; return it in UTC, or raise ValueError.

    >>> read_moment("2027-01-01T01:00:00+01:00").isoformat()
    '2027-01-01T00:00:00+00:00'
    """
    if not _MOMENT.fullmatch(text):
        raise ValueError(text)
    try:
        return datetime.fromisoformat(text).astimezone(timezone.utc)
    except OverflowError:       # the first or last hours of all years
        raise ValueError(text) from None
