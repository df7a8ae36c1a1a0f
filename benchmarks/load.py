"""A small load client: keep-alive connections over raw sockets, one thread each."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """Latencies in milliseconds and throughput in requests a second."""

    p50: float
    p95: float
    p99: float
    rate: float
    count: int


def figures(latencies_s: Sequence[float], elapsed_s: float) -> Figures:
    """Summarise latencies; nearest-rank percentiles."""
    ordered = sorted(latencies_s)

    def rank(share: float) -> float:
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return Figures(rank(0.50), rank(0.95), rank(0.99), len(ordered) / elapsed_s, len(ordered))


class Connection:
    """One keep-alive connection. Each reply must be a 200 with a Content-Length."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def ask(self, goal: str, **members: object) -> bytes:
        """POST /prove; return the body. Raises RuntimeError on any status but 200."""
        body = json.dumps({"goal": goal, **members}).encode()
        self._socket.sendall(b"POST /prove HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
                             b"Content-Length: %d\r\n\r\n" % len(body) + body)
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                      if line.lower().startswith(b"content-length:"))
        while len(self._buffer) < length:
            self._more()
        reply, self._buffer = self._buffer[:length], self._buffer[length:]
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{head.splitlines()[0]!r}: {reply[:300]!r}")
        return reply

    def close(self) -> None:
        self._socket.close()

    def _more(self) -> None:
        data = self._socket.recv(1 << 16)
        if not data:
            raise RuntimeError("the server closed the connection")
        self._buffer += data


def run(port: int, goals: Sequence[str], clients: int, requests: int) -> Figures:
    """Ask ``requests`` goals in all, round robin, from ``clients`` connections."""
    latencies: list[list[float]] = [[] for _ in range(clients)]
    faults: list[BaseException] = []

    def client(number: int) -> None:
        try:
            connection = Connection(port)
            for k in range(number, requests, clients):
                began = time.perf_counter()
                connection.ask(goals[k % len(goals)])
                latencies[number].append(time.perf_counter() - began)
            connection.close()
        except BaseException as error:      # carried to the caller's thread
            faults.append(error)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return figures([s for each in latencies for s in each], time.perf_counter() - began)
