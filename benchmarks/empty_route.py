"""The floor of a request: an empty Flask route under the same Waitress settings."""

from __future__ import annotations

from flask import Flask, jsonify

from pxl.http.drain import Drain
from pxl.http.server import Server
from pxl.settings import Settings


def main() -> None:
    """Serve a constant on a free port, named on the first line of standard output, until SIGTERM."""
    app = Flask(__name__)

    @app.post("/prove")
    def prove():
        return jsonify(ok=True)

    server = Server(app, Settings(port=0), Drain(1.0))
    server.install_signals()
    print(f"INFO:waitress:Serving on http://127.0.0.1:{server.port}", flush=True)
    server.run()
    server.close()


if __name__ == "__main__":
    main()
