"""Puts the prover together from settings: kernel, engine, pool, checker, decider, cache, service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pxl.cache import ProofCache
from pxl.checker import Checker
from pxl.decider import Decider
from pxl.health import SelfProof
from pxl.kernel.build import default_kernel_dir
from pxl.kernel.identity import Kernel
from pxl.prover import Pool, find_engine
from pxl.service import OVERLAY, Service
from pxl.settings import Settings


@dataclass(frozen=True)
class Prover:
    """A prover that is put together but not started; whoever starts it closes it."""

    kernel: Kernel
    pool: Pool
    service: Service
    self_proof: SelfProof
    engine: str

    def start(self) -> None:
        """Start the sessions, in parallel, and wait until they are ready."""
        self.pool.start()

    def close(self) -> None:
        """Stop the self-proofs and every session; work in flight fails."""
        self.pool.close()
        self.self_proof.close()

    def about(self) -> dict[str, Any]:
        """Return what ``/health`` says about the make of the prover."""
        return {"engine": self.engine, "coq_version": self.kernel.coq_version,
                "coqchk": self.kernel.coqchk, "overlays": [OVERLAY]}


def build(settings: Settings) -> Prover:
    """Put the parts together; start nothing. Raises ConfigError with the cure."""
    kernel_dir = Path(settings.kernel_dir) if settings.kernel_dir else default_kernel_dir()
    kernel = Kernel.load(kernel_dir)
    engine = find_engine(settings, kernel_dir)
    pool = Pool(engine, size=settings.pool_size, max_waiting=settings.max_queue, queue_wait_s=settings.queue_wait_s,
                max_uses=settings.session_max_uses, max_rss_bytes=settings.session_max_rss_mb << 20)
    decider = Decider(Checker(pool), max_certificate_bytes=settings.max_certificate_bytes)
    service = Service(decider.decide, kernel.kernel_hash, ProofCache(settings.cache_size, settings.cache_ttl_s),
                      timeout_s=settings.proof_timeout_s, max_timeout_s=settings.max_proof_timeout_s,
                      max_in_flight=settings.pool_size + settings.max_queue)
    self_proof = SelfProof(decider.decide, lambda: service.certified_at,
                           grace_s=settings.max_proof_timeout_s + settings.queue_wait_s)
    return Prover(kernel, pool, service, self_proof, engine.kind)
