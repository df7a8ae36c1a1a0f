"""Tells the service manager how the server fares (systemd's ``sd_notify`` protocol).

Without ``NOTIFY_SOCKET`` in the environment nothing is sent, so that nobody has to ask whether there is a manager.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping

log = logging.getLogger("pxl.notify")

_SEND_TIMEOUT_S = 1.0
_BEATS = 3                  # in the time after which the manager gives the server up
_LEAST_PATIENCE_S = 3.0     # whoever beats at all, beats every second


class Notifier:
    """Sends states to the manager's socket. Every method is safe in a signal handler and raises nothing."""

    def __init__(self, address: str = "", watchdog_s: float | None = None) -> None:
        # A leading @ stands for the zero byte of an abstract name.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_s = watchdog_s if address else None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Notifier:
        """Read ``NOTIFY_SOCKET``, ``WATCHDOG_USEC`` and ``WATCHDOG_PID``; what is malformed is as good as unset."""
        address, usec = environ.get("NOTIFY_SOCKET", ""), environ.get("WATCHDOG_USEC", "")
        is_mine = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        is_number = usec.isascii() and usec.isdigit() and int(usec) > 0
        return cls(address if address[:1] in ("/", "@") else "", int(usec) / 1e6 if is_mine and is_number else None)

    def ready(self, status: str) -> None:
        """Say that the server serves, or that it has read its keys again."""
        self._send(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """Say that keys are read again; :meth:`ready` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str) -> None:
        """Say that the server is on its way out; more than once is fine."""
        self._send(f"STOPPING=1\nSTATUS={status}")

    def alive(self) -> None:
        """Keep the manager from giving the server up."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Set the line that ``systemctl status`` shows."""
        self._send(f"STATUS={text}")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.settimeout(_SEND_TIMEOUT_S)
                sender.sendto(text.encode(), self._address)
        except (OSError, ValueError) as error:      # ValueError: a zero byte in the path
            log.warning("the service manager was not reached: %s", error)


class Watchdog:
    """Keeps the manager content while everything that must move, moves.

    ``ages`` names what must move and tells how long ago each last did, in seconds. It is asked by a thread of its own,
    so that a loop which stands still cannot vouch for itself.
    """

    def __init__(self, notifier: Notifier, ages: Mapping[str, Callable[[], float]]) -> None:
        self._notifier = notifier
        self._ages = dict(ages)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, if the manager asked for it."""
        if self._notifier.watchdog_s is not None:
            self._thread = threading.Thread(target=self._watch, args=(self._notifier.watchdog_s,), name="pxl-watchdog",
                                            daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End, and wait for the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_SEND_TIMEOUT_S + 1)

    def _watch(self, watchdog_s: float) -> None:
        patience_s = max(_LEAST_PATIENCE_S, watchdog_s / _BEATS)
        was_stuck = False
        while True:
            stuck = [f"the {name} has not moved for {age:.0f} s" for name, ask in self._ages.items()
                     if (age := ask()) > patience_s]
            if not stuck:
                self._notifier.alive()
            elif not was_stuck:
                log.error("%s: the service manager is no longer told that all is well", ", ".join(stuck))
                self._notifier.status(", ".join(stuck))
            was_stuck = bool(stuck)
            if self._stop.wait(watchdog_s / _BEATS):
                return
