#!/usr/bin/env python3
"""Start the proof server: read the settings, put the parts together, serve until told to stop."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import signal
import sys
import threading
import time
from functools import partial
from types import FrameType

from pxl import __version__
from pxl import settings as settings_table
from pxl.access.security_txt import SecurityText
from pxl.answering.jobs import JobLimits, JobTable
from pxl.answering.service import Service
from pxl.composition.gate import build_gate, provenance_of
from pxl.composition.shared import build_shared
from pxl.composition.signatures import Signatures, shared_signatures, signatures
from pxl.composition.telemetry import build_logs, build_watch
from pxl.errors import ConfigError, PxlError
from pxl.host.notify import Notifier, Watchdog
from pxl.http.app import Parts, create_app
from pxl.http.drain import Drain
from pxl.http.gate import early_headers
from pxl.http.provenance import Provenance
from pxl.http.server import Server
from pxl.http.watch import refused_early
from pxl.settings import Settings
from pxl.telemetry.logs import Logs

EPILOG = """\
settings (environment variable, default [unit], meaning):

{table}

SIGTERM lets proofs in flight finish (PXL_DRAIN_TIMEOUT) and exits 0; a second one exits at once.
Exit status: 0 drained, 1 nothing can be proved or stopped at once, 2 bad configuration."""


def main(arguments: list[str] | None = None) -> int:
    """Run the server; return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.from_env()
        if options.debug:
            settings = dataclasses.replace(settings, log_level="DEBUG")
        if options.check_config:
            build_gate(settings, Provenance(), signatures(settings))    # the keys in files, too
            print("The configuration is valid.")
            for warning in _warnings(settings):
                print(f"serve_pxl.py: warning: {warning}", file=sys.stderr)
            return 0
        logs = build_logs(settings)
        try:
            _start_logging(settings, logs)
            return serve(settings, logs)
        finally:
            logs.close()
    except ConfigError as error:
        for line in error.detail.splitlines():
            print(f"serve_pxl.py: {line}", file=sys.stderr)
        return 2
    except PxlError as error:
        print(f"serve_pxl.py: {error.title}: {error.detail}", file=sys.stderr)
        return 1


def serve(settings: Settings, logs: Logs) -> int:
    """Serve until drained; return 0, or 1 when nothing can be proved or work was cut off."""
    from pxl.composition.prover import build  # the prover's packages are not needed for --help

    logging.getLogger("performance").info("Performance monitor initialized")
    shared = build_shared(settings)
    prover = build(settings, shared)
    # Threads that wait for a session or a socket must not wait long for a search that computes.
    sys.setswitchinterval(0.0005)
    drain = Drain(settings.drain_timeout_s)
    warnings = _warnings(settings)
    security = SecurityText(settings.security_contact, settings.security_expires)
    if security.is_stale(time.time()):
        warnings += ("security.txt has expired: set PXL_SECURITY_EXPIRES to a later moment, or unset it",)
    v4_hash = prover.overlays.library_hash("v4") if "v4" in prover.overlays.names() else ""
    provenance = provenance_of(prover.kernel, settings, v4_hash)
    signed = shared_signatures(settings, shared) if shared else signatures(settings)
    about = {**prover.about(), "build_sha": provenance.build_sha, "v4_sha": provenance.v4_sha}
    watch = build_watch(settings, prover.service, prover.pool.stats, about, logs)
    parts = Parts(prover.service, prover.self_proof, prover.pool.stats, drain, settings.max_request_bytes,
                  about, warnings, JobTable(JobLimits(workers=settings.pool_size)),
                  gate=build_gate(settings, provenance, signed, shared), security=security,
                  shared=shared, watch=watch)
    say = partial(_say, logs)
    say(f"PXL Kernel Hash: {prover.kernel.kernel_hash}",
        f"Starting OPTIMIZED PXL Proof Server with kernel hash: {prover.kernel.kernel_hash[:7]}...",
        f"Session pool size: {settings.pool_size}",
        f"Cache TTL: {settings.cache_ttl_s:g}s",
        f"HMAC Authentication: {'Enabled' if settings.enable_hmac_auth else 'Disabled'}")
    for warning in warnings:
        logging.getLogger("pxl").warning(warning)
    notifier = Notifier.from_env()
    server = Server(create_app(parts), settings, drain, on_expiry=prover.abort,
                    early_headers=early_headers(provenance), on_refusal=refused_early(watch),
                    on_drain=lambda: notifier.stopping("finishing the requests in flight"))
    watchdog = Watchdog(notifier, {"pool's supervisor": prover.pool.heartbeat_age_s,
                                   "HTTP loop": server.heartbeat_age_s})
    serving = f"serving on {server.host}:{server.port} with {settings.pool_size} sessions"
    # There is nothing to drain yet, and a prover that hangs can keep the start waiting for a minute.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)

    def reload(signum: int, frame: FrameType | None) -> None:
        notifier.reloading()
        _reload(prover.service, signed)
        notifier.ready(serving)

    # Log files that were renamed away are noticed without it, and so it must not end the server.
    signal.signal(signal.SIGHUP, lambda signum, frame: _reload(prover.service, signed))
    try:
        if shared is not None:
            shared.start()
        prover.start()
        readiness = prover.self_proof.probe()
        if not readiness.is_ready:
            raise PxlError(f"the first self-proof failed: {readiness.reason}")
        server.install_signals()
        signal.signal(signal.SIGHUP, reload)
        prover.self_proof.start()
        if watch.file is not None:
            watch.file.start()
        say("Using Waitress WSGI server for production stability...")
        server.print_listen()
        notifier.ready(serving)
        watchdog.start()
        end = "every request was answered" if server.run() else "some requests were cut off"
        logs.flush()        # so that this is the last line wherever all of them go
        logging.getLogger("pxl").info("stopped: %s", end)
        return 1 if drain.is_urgent else 0
    finally:
        notifier.stopping("stopping the sessions")
        watchdog.stop()
        server.close()      # first: whoever connects now is turned away, not kept waiting
        parts.jobs.stop()
        prover.close()
        parts.jobs.close()
        if watch.file is not None:
            watch.file.close()
        if shared is not None:
            shared.close()


def _reload(service: Service, signed: Signatures | None) -> None:
    """Read the keys and the theories again; both in other threads, for this runs between any two instructions."""
    if signed is not None:
        signed.keyring.reload_soon()
    threading.Thread(target=service.reload_theories, name="pxl-theories", daemon=True).start()


def _warnings(settings: Settings) -> tuple[str, ...]:
    """Return what is legal and not wise in the settings."""
    if settings.is_open and not settings.has_authentication:
        return (f"listening on {settings.host} without authentication: anybody who reaches it can use it",)
    return ()


def _end(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def _say(logs: Logs, *lines: str) -> None:
    """Print the lines; a full disk or a closed pipe at the other end is no reason not to serve."""
    logs.flush()        # what was logged before stands before it, where both go to one place
    try:
        for line in lines:
            logs.say(line)
            print(line, flush=True)
    except OSError as error:
        logging.getLogger("pxl").warning("standard output cannot be written: %s", error)
        # What is left in its buffer would fail again at the exit and spoil the status.
        sys.stdout = None


def _start_logging(settings: Settings, logs: Logs) -> None:
    logs.open()
    logs.take_over(settings.log_level)
    # One line for each request that waits for a thread is no news; the pool's own limit is.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="serve_pxl.py", description="Serve kernel-checked verdicts on modal formulas over HTTP.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EPILOG.format(table=settings_table.help_text()))
    parser.add_argument("--debug", action="store_true", help="log everything; replies never show a traceback")
    parser.add_argument("--check-config", action="store_true", help="check the settings and exit")
    parser.add_argument("--version", action="version", version=f"LOGOS PXL Core {__version__}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
