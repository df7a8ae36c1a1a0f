"""Reads the web origins whose pages may call this server."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ORIGIN = re.compile(r"https?://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::([0-9]{1,5}))?", re.ASCII)


@dataclass(frozen=True)
class Origin:
    """A scheme, host and maybe port, as a browser writes them into the Origin header."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def pattern(self) -> re.Pattern[str]:
        """Return what matches this origin, all of it, and nothing else."""
        return re.compile(re.escape(self.text) + r"\Z", re.IGNORECASE)


def read_origins(text: str) -> tuple[Origin, ...]:
    """Read origins between commas; raise ValueError where one is none, or stands for more than itself.

    >>> [str(origin) for origin in read_origins("https://Your-Domain.com, http://localhost:3000")]
    ['https://your-domain.com', 'http://localhost:3000']
    >>> read_origins("*")
    Traceback (most recent call last):
    ValueError: *
    """
    origins = []
    for part in text.split(","):
        origin = part.strip().lower()
        match = _ORIGIN.fullmatch(origin)
        if match is None or (match[1] and not 0 < int(match[1]) < 65536):
            raise ValueError(part)
        origins.append(Origin(origin))
    return tuple(origins)
