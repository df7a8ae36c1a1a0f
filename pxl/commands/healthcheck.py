"""Asks a server for its health: ``python -m pxl.commands.healthcheck``, for containers that have no curl.

Ends with 0 when the server says that it can prove, and with 1 for everything else; no other status, because Docker
keeps 2 for itself. One line on standard output says why.
"""

from __future__ import annotations

import argparse
import json
import sys
from http.client import HTTPConnection, HTTPException
from typing import NoReturn

from pxl.errors import ConfigError
from pxl.settings import Settings

HEALTHY, UNHEALTHY = 0, 1
_LARGEST_BYTES = 65_536
# What listens everywhere is reached on this machine.
_LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(UNHEALTHY, f"{self.prog}: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Ask once; return the exit status."""
    parser = _Parser(prog="python -m pxl.commands.healthcheck",
                     description="Ask the server of this environment for its health; end with 0 when it can "
                                 "prove, else with 1.")
    parser.add_argument("--path", default="/health", help="the route to ask (default: %(default)s; /livez only asks "
                        "whether the process answers)")
    parser.add_argument("--host", help="default: from PXL_HOST")
    parser.add_argument("--port", type=int, help="default: from PXL_SERVER_PORT")
    parser.add_argument("--timeout", type=float, default=4.0, metavar="SECONDS", help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.from_env()
    except ConfigError as error:
        print(f"unhealthy: {error.detail}")
        return UNHEALTHY
    host = options.host or _LOCAL.get(settings.host, settings.host)
    port = settings.port if options.port is None else options.port
    problem, words = ask(host, port, options.path, options.timeout)
    print(f"{'unhealthy' if problem else 'healthy'}: {words}")
    return UNHEALTHY if problem else HEALTHY


def ask(host: str, port: int, path: str, timeout_s: float) -> tuple[bool, str]:
    """Return whether something is wrong, and the server's or the network's words."""
    connection = HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", path, headers={"User-Agent": "pxl-healthcheck", "Connection": "close"})
        response = connection.getresponse()
        document = json.loads(response.read(_LARGEST_BYTES))
        reasons = "; ".join(map(str, document.get("reasons", ())))
        return response.status != 200, f"{response.status} {document.get('status', '')} {reasons}".rstrip()
    except (OSError, HTTPException, ValueError, AttributeError) as error:
        return True, f"http://{host}:{port}{path}: {error or type(error).__name__}"
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
