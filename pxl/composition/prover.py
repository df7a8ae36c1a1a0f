"""Puts the prover together from settings: kernel, engine, pool, checker, decider, cache, service."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pxl.answering.theories import Theories
from pxl.cache import ProofCache, key_maker
from pxl.certificates.sentences import PREAMBLE, QUERY, right_scripts, wrong_script
from pxl.composition.overlays import (
    Compiled,
    compiled_libraries,
    healthy_libraries,
    overlays_of,
    unchanged,
    with_libraries,
)
from pxl.errors import ConfigError, ProverError
from pxl.kernel.build import default_kernel_dir
from pxl.kernel.extract import Extraction, extraction_dir
from pxl.kernel.identity import Kernel
from pxl.overlays.registry import Registry
from pxl.prover.engines import EngineConfig, find_engine, start_session
from pxl.prover.pool import Pool, PoolLimits
from pxl.prover.session import Session
from pxl.settings import Settings
from pxl.telemetry.observed import ObservedService
from pxl.verdict.checker import Checker
from pxl.verdict.decider import Decider
from pxl.verdict.self_proof import SelfProof

if TYPE_CHECKING:       # redis is imported only where it is used
    from pxl.replicas.shared import Shared

START_TIMEOUT_S = 60.0
ROOT = Path(__file__).resolve().parents[2]


class Launcher:
    """Starts sessions of the very kernel and libraries whose hashes stand in the replies."""

    def __init__(self, kernel: Kernel, engine: EngineConfig, libraries: Sequence[Compiled], registry: Registry) -> None:
        self._kernel, self._engine, self._registry = kernel, engine, registry
        self._libraries = list(libraries)
        self._lock = threading.Lock()

    def choose_libraries(self) -> None:
        """Try each library; sessions that start from then on have those that Coq takes."""
        with self._lock:
            self._libraries = healthy_libraries(self._engine, self._libraries, self._registry)

    def __call__(self, generation: int) -> Session:
        """Start a session; raises ProverError. A library that was changed meanwhile is left out, and told."""
        try:
            self._kernel.check_unchanged()
        except ConfigError as changed:
            raise ProverError(changed.detail) from changed
        with self._lock:
            self._libraries = unchanged(self._libraries, self._registry)
            engine = with_libraries(self._engine, self._libraries)
        return start_session(engine, generation)


@dataclass(frozen=True)
class Prover:
    """A prover that is put together but not started; whoever starts it closes it."""

    kernel: Kernel
    pool: Pool
    decide: Decider
    service: ObservedService
    self_proof: SelfProof
    engine: str
    launcher: Launcher
    overlays: Registry

    def start(self) -> None:
        """Start the sessions, in parallel, and wait until they are ready; raises ProverError."""
        self.launcher.choose_libraries()
        self.load_theories()
        self.pool.start()
        self.pool.wait_ready(time.monotonic() + START_TIMEOUT_S)

    def load_theories(self) -> None:
        """Read the theories with the overlays as they are now; needs no session."""
        self.service.reload_theories()

    def abort(self) -> None:
        """Stop every search and kill every session, so that work in flight fails; idempotent."""
        self.self_proof.stop()
        self.decide.stop()
        self.pool.close(time.monotonic())

    def close(self) -> None:
        """Stop the self-proofs and every session; idempotent."""
        self.abort()
        self.self_proof.close()

    def about(self) -> dict[str, Any]:
        """Return what ``/health`` says about the make of the prover."""
        return {"engine": self.engine, "coq_version": self.kernel.coq_version, "coqchk": self.kernel.coqchk,
                "extraction_sha": _extraction_sha(self.kernel)}


def _extraction_sha(kernel: Kernel) -> str | None:
    """Return the hash of the checkers that were extracted beside a kernel; None where there are none."""
    try:
        return Extraction.load(extraction_dir(kernel.kernel_dir)).sha
    except ConfigError:
        return None


def build(settings: Settings, shared: Shared | None = None) -> Prover:
    """Put the parts together; start nothing. Raises ConfigError with the cure.

    Certificates are shared with other servers through ``shared``.
    """
    kernel_dir = Path(settings.kernel_dir) if settings.kernel_dir else default_kernel_dir()
    kernel = Kernel.load(kernel_dir)
    engine = find_engine(settings, kernel_dir=kernel.kernel_dir, preamble=PREAMBLE,
                         # Twice: only then is Coq's first collection of garbage, 10 ms, over before the first goal.
                         accepted=[(*script.sentences, QUERY) for script in right_scripts() * 2],
                         refused=wrong_script().sentences)
    registry = overlays_of(settings)
    theories_dir = Path(settings.theories_dir) if settings.theories_dir else ROOT / "configs" / "theories"
    libraries = compiled_libraries(registry, kernel, allows_ungated=settings.allow_ungated)
    launcher = Launcher(kernel, engine, libraries, registry)
    pool = Pool(launcher, PoolLimits(
        size=settings.pool_size, max_waiting=settings.max_queue, queue_wait_s=settings.queue_wait_s,
        max_uses=settings.session_max_uses, max_rss_bytes=settings.session_max_rss_mb << 20))
    decide = Decider(Checker(pool), max_certificate_bytes=settings.max_certificate_bytes)
    shared_decide = shared.decider(decide, key_maker(kernel.kernel_hash, registry.library_hash)) if shared else decide
    service = ObservedService(shared_decide, kernel.kernel_hash, ProofCache(settings.cache_size, settings.cache_ttl_s),
                              timeout_s=settings.proof_timeout_s, max_timeout_s=settings.max_proof_timeout_s,
                              max_in_flight=settings.max_in_flight, max_followers=settings.max_followers,
                              coq_version=kernel.coq_version, overlays=registry, theories=Theories(theories_dir))
    self_proof = SelfProof(decide, lambda: service.certified_at,
                           grace_s=settings.max_proof_timeout_s + settings.queue_wait_s)
    return Prover(kernel, pool, decide, service, self_proof, engine.kind, launcher, registry)
