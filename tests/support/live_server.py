"""A real server with a fake prover; as a program, it is told on standard input when to finish its proofs."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from pxl.access.security_txt import SecurityText
from pxl.answering.jobs import JobTable
from pxl.answering.service import Service
from pxl.answering.theories import Theories
from pxl.cache import ProofCache
from pxl.composition.gate import build_gate
from pxl.composition.shared import build_shared
from pxl.composition.signatures import shared_signatures, signatures
from pxl.composition.telemetry import build_logs, build_watch
from pxl.errors import ProverCrashed
from pxl.http.app import Parts, create_app
from pxl.http.drain import Drain
from pxl.http.gate import Gate, early_headers
from pxl.http.provenance import Provenance
from pxl.http.server import Server
from pxl.http.watch import Watch, refused_early
from pxl.overlays.registry import Registry
from pxl.replicas.shared import Shared
from pxl.settings import Settings
from pxl.telemetry.logs import Logs
from pxl.telemetry.observed import ObservedService
from pxl.verdict.self_proof import SelfProof
from tests.support.fake_decider import FakeDecider, FakePool

HASH = "0123456789abcdef" * 4
PROVENANCE = Provenance("verified-20260102_030405", "e6a0d37", HASH)


@dataclass
class Live:
    """What a test holds of a running server."""

    url: str
    port: int
    decider: FakeDecider
    pool: FakePool
    drain: Drain
    service: Service
    self_proof: SelfProof
    jobs: JobTable
    watch: Watch
    logs: Logs | None = None

    def post(self, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> requests.Response:
        data = json.dumps(body).encode() if raw is None else raw
        sent = {"Content-Type": "application/json"} | {n.replace("_", "-"): v for n, v in headers.items()}
        return requests.post(self.url + path, data=data, headers=sent, timeout=30)

    def prove(self, goal: str, **members: Any) -> requests.Response:
        return self.post("/prove", {"goal": goal, **members})

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.request(options.pop("method", "GET"), self.url + path, timeout=30, **options)

    def raw(self, data: bytes) -> bytes:
        """Send bytes as they are; return the whole answer, up to where the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65536), b""))


def parts_of(settings: Settings, decider: FakeDecider, drain: Drain, pool: FakePool,
             gate: Gate | None = None, shared: Shared | None = None, overlays: Registry | None = None,
             theories: Theories | None = None, logs: Logs | None = None) -> tuple[Parts, Service, SelfProof]:
    service = ObservedService(decider.decide, HASH, ProofCache(settings.cache_size, settings.cache_ttl_s),
                              timeout_s=settings.proof_timeout_s, max_timeout_s=settings.max_proof_timeout_s,
                              max_in_flight=settings.max_in_flight, max_followers=settings.max_followers,
                              overlays=overlays, theories=theories)
    service.reload_theories()
    self_proof = SelfProof(decider.decide, lambda: service.certified_at)
    about = {"engine": "coqidetop", "coq_version": "8.16.1"}
    watch = build_watch(settings, service, lambda: pool, about, logs)
    signed = shared_signatures(settings, shared) if shared else signatures(settings, remembers_from=0)
    return Parts(service, self_proof, lambda: pool, drain, settings.max_request_bytes, about,
                 gate=gate or build_gate(settings, PROVENANCE, signed, shared),
                 shared=shared, watch=watch, security=SecurityText(settings.security_contact, settings.security_expires)), service, self_proof


@contextmanager
def running(decider: FakeDecider | None = None, gate: Gate | None = None, overlays: Registry | None = None,
            theories: Theories | None = None, **env: str) -> Iterator[Live]:
    """Run a server on a free port for as long as the block lasts; its gate is made from the settings, or given."""
    settings = Settings.from_env({"PXL_SERVER_PORT": "0", "PXL_DRAIN_TIMEOUT": "0", "PXL_HOST": "127.0.0.1", **env})
    decider, drain, pool = decider or FakeDecider(), Drain(settings.drain_timeout_s), FakePool()
    shared = build_shared(settings)
    logs = build_logs(settings) if settings.log_dir else None
    parts, service, self_proof = parts_of(settings, decider, drain, pool, gate, shared, overlays, theories, logs)
    server = Server(create_app(parts), settings, drain, early_headers=early_headers(PROVENANCE),
                    on_refusal=refused_early(parts.watch))
    if logs is not None:
        logs.open()
        parts.watch.file.start()
    self_proof.probe()
    if shared is not None:
        shared.start()
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Live(f"http://127.0.0.1:{server.port}", server.port, decider, pool, drain, service, self_proof,
                   parts.jobs, parts.watch, logs)
    finally:
        decider.release()
        server.stop()
        thread.join(10)
        server.close()
        parts.jobs.close()
        if logs is not None:
            parts.watch.file.close()
            logs.close()
        if shared is not None:
            shared.close()
        assert not thread.is_alive()


def main(drain_timeout: str) -> int:
    """Serve with signals installed; hold every proof until a line comes in. Prints the port."""
    settings = Settings.from_env({"PXL_SERVER_PORT": "0", "PXL_DRAIN_TIMEOUT": drain_timeout})
    decider, drain = FakeDecider(), Drain(settings.drain_timeout_s)
    parts, _, self_proof = parts_of(settings, decider, drain, FakePool())
    self_proof.probe()

    def take_sessions_away() -> None:
        def gone(formula, deadline):
            raise ProverCrashed("the session was closed")
        decider.decide_now = gone
        decider.release()

    server = Server(create_app(parts), settings, drain, on_expiry=take_sessions_away)
    server.install_signals()
    with decider.held():
        threading.Thread(target=lambda: (sys.stdin.readline(), decider.release()), daemon=True).start()
        print(server.port, flush=True)
        server.run()
        began = time.monotonic()
        server.close()
    print(f"closed in {time.monotonic() - began:.1f} s", flush=True)
    return 1 if drain.is_urgent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
