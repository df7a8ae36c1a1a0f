"""What every error that a server answers has in common."""

from __future__ import annotations

import requests


def assert_problem(response: requests.Response, status: int, code: str | None = None) -> dict:
    """Check what every error has in common; return its document."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == status and document["ok"] is False
    assert document["type"] == f"urn:pxl:problem:{document['code']}"
    assert document["title"] and document["error"] and document["instance"].endswith("#" + document["id"])
    assert document["id"] == response.headers["X-Request-ID"]
    assert "Traceback" not in response.text and ".py" not in response.text
    if code:
        assert document["code"] == code
    return document
