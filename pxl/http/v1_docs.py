"""Serves the API's description and a viewer of it, from files on this machine only."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, abort
from swagger_ui_bundle import swagger_ui_path  # type: ignore[import-untyped]  # it has no types

_WEB = Path(__file__).resolve().parent / "web"
_VENDOR = Path(str(swagger_ui_path))
_ASSETS = {
    "viewer.js": (_WEB, "text/javascript; charset=utf-8"),
    "swagger-ui-bundle.js": (_VENDOR, "text/javascript; charset=utf-8"),
    "swagger-ui.css": (_VENDOR, "text/css; charset=utf-8"),
    "favicon-32x32.png": (_VENDOR, "image/png"),
}
# The viewer styles elements one by one and has its icons in data: addresses.
_POLICY = ("default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
           "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


def add_routes(app: Flask) -> None:
    """Add ``/openapi.json``, ``/openapi-3.1.json``, ``/docs`` and what that page loads."""

    @app.get("/openapi.json")
    def openapi() -> Response:
        """Describe the API in OpenAPI 3.0."""
        return Response((_WEB / "openapi.json").read_bytes(), content_type="application/json")

    @app.get("/openapi-3.1.json")
    def openapi_31() -> Response:
        """Describe the API in OpenAPI 3.1: the same, in newer words."""
        return Response((_WEB / "openapi-3.1.json").read_bytes(), content_type="application/json")

    @app.get("/docs")
    def docs() -> Response:
        """Show the description, and let it be tried."""
        return Response((_WEB / "docs.html").read_bytes(), content_type="text/html; charset=utf-8",
                        headers={"Content-Security-Policy": _POLICY})

    @app.get("/docs/<asset>")
    def docs_asset(asset: str) -> Response:
        """Return a file that the page loads."""
        if asset not in _ASSETS:
            abort(404)
        directory, content_type = _ASSETS[asset]
        return Response((directory / asset).read_bytes(), content_type=content_type)
