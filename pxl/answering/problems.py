"""Says what went wrong as a problem document (RFC 9457), with ``ok`` and ``error`` for older clients."""

from __future__ import annotations

import random
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from pxl.errors import AuthError, PxlError

MEDIA_TYPE = "application/problem+json"

# Statuses of the HTTP layer itself, which have no class of their own in pxl.errors.
_CODES = {404: "not-found", 405: "method-not-allowed", 413: "body-too-large", 400: "bad-request"}


@dataclass(frozen=True)
class Problem:
    """One failure, ready to be written: status, code, title, detail, further members and headers."""

    status: int
    code: str
    title: str
    detail: str
    extras: dict[str, Any]
    headers: dict[str, str]

    def document(self, path: str, request_id: str) -> dict[str, Any]:
        """Return the JSON document; ``instance`` names this one occurrence."""
        error = self.detail if self.title.lower() in self.detail.lower() else f"{self.title}: {self.detail}"
        return {**self.extras, "type": f"urn:pxl:problem:{self.code}", "title": self.title, "status": self.status,
                "detail": self.detail, "instance": f"{quote(path[:200])}#{request_id}", "code": self.code,
                "ok": False, "error": error, "id": request_id}


def from_error(error: PxlError) -> Problem:
    """Return the problem of an error of ours."""
    headers = {}
    if error.status in (429, 503):
        # Spread a little, so that a refused crowd does not come back as one.
        headers["Retry-After"] = str(error.retry_after_s or random.randint(1, 3))
    if isinstance(error, AuthError) and error.challenge:
        headers["WWW-Authenticate"] = error.challenge
    return Problem(error.status, error.code, error.title, error.detail, error.extras(), headers)


def from_status(status: int, detail: str, headers: dict[str, str]) -> Problem:
    """Return the problem of a bare HTTP status."""
    title = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    return Problem(status, _CODES.get(status, title.lower().replace(" ", "-")), title, detail, {}, headers)


def unexpected() -> Problem:
    """Return the problem of a bug: it names nothing that a client should not see."""
    return Problem(500, "internal-error", "Internal error",
                   "the server failed in a way it should not; the log has the id of this request", {}, {})
