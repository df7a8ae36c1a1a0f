"""Says whether a text is fit to be a secret key."""

from __future__ import annotations

import re

LEAST_LENGTH = 32
CURE = "make one with: openssl rand -hex 32"

_LEGAL = re.compile(r"[!-~]{1,512}", re.ASCII)
# What guides and examples leave to be filled in; 64 hexadecimal digits hold none of it.
_PLACEHOLDERS = ("your-", "your_", "yourkey", "change-me", "change_me", "changeme", "example", "placeholder",
                 "secret-key", "secret_key", "replace-", "password", "-here", "todo", "xxxx")
_LEAST_VARIETY = 8


def problem_of(text: str) -> str:
    """Return why a text must not be a key, without showing any of it; empty when it may be.

    >>> problem_of("f00dfeedc0de4a11b5e7" * 3)
    ''
    >>> problem_of("your-secure-256-bit-key-here")
    'a placeholder from a guide'
    >>> problem_of("0123456789abcdef")
    'shorter than 32 characters'
    """
    lower = text.lower()
    if any(word in lower for word in _PLACEHOLDERS):
        return "a placeholder from a guide"
    if len(text) < LEAST_LENGTH:
        return f"shorter than {LEAST_LENGTH} characters"
    if not _LEGAL.fullmatch(text):
        return "not of 32 to 512 printable ASCII characters without spaces"
    if len(set(text)) < _LEAST_VARIETY:
        return f"of fewer than {_LEAST_VARIETY} different characters"
    return ""
