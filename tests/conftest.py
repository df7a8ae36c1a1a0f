"""Fixtures that several test files share: the real kernel behind the real pipeline, and behind a real server."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import hypothesis
import pytest

from pxl.composition.prover import Prover, build
from pxl.settings import Settings

# A machine with other work is slow, and no fault of what is tested.
hypothesis.settings.register_profile("tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("tests")

ROOT = Path(__file__).resolve().parents[1]
START_TIMEOUT_S = 60.0
# With several workers each takes a file at a time: those that take longest come first.
LONGEST_FIRST = ("packaging/test_image.py", "verdict/test_verdicts.py", "verdict/test_certificate_files.py", "operations/test_integration_suite.py",
                 "serve_pxl/test_faults.py", "overlays/test_docs.py", "operations/test_scripts.py", "operations/test_runbook.py",
                 "packaging/test_nginx.py", "kernel/test_mutations.py", "kernel/test_extraction.py", "http/test_openapi.py", "overlays/v4/test_notations.py",
                 "overlays/modal/test_search.py", "benchmarks/test_benchmarks.py", "documents/test_requirements_rows.py")


# What starts Coq, Redis, a shell or any other program but Python: `make test-fast` leaves it out, and has no such program on
# its PATH.
NEED_PROGRAMS = (
    "access/test_attacks.py", "answering/test_cancel.py", "benchmarks", "client/test_docs.py", "commands/test_bulk.py",
    "commands/test_doctor.py", "commands/test_healthcheck.py", "commands/test_main.py", "documents", "host", "http/test_openapi.py",
    "http/test_ports.py", "http/test_provenance.py", "kernel", "operations", "overlays/chrono/test_kernel.py",
    "overlays/modal/test_kernel.py", "overlays/test_contract.py", "overlays/test_docs.py", "packaging", "prover", "replicas",
    "serve_pxl", "telemetry/test_logs.py", "telemetry/test_metrics.py", "verdict/test_verdicts.py")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "programs: starts other programs than Python (`make test-fast` leaves it out)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {str(ROOT / "tests" / name): place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(str(item.path), len(order)))
    places = [ROOT / "tests" / name for name in NEED_PROGRAMS]
    for item in items:
        starts_one = {"prover", "address"}.intersection(getattr(item, "fixturenames", ()))
        if starts_one or any(item.path.is_relative_to(place) for place in places):
            item.add_marker("programs")


@pytest.fixture(scope="session")
def prover() -> Prover:
    """Two real Coq sessions behind the whole pipeline; the kernel must have been built."""
    prover = build(dataclasses.replace(Settings.from_env(), pool_size=2, cache_ttl_s=0.0))
    try:
        prover.start()
        yield prover
    finally:
        prover.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that was started as a user would start it, on a free port."""
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "serve_pxl.py"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=os.environ | {"PXL_SERVER_PORT": "0", "PXL_POOL_SIZE": "1", "PXL_ENGINE": "coqidetop"})
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (found := re.search(r"Serving on http://(\S+)", log.read_text())):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        with urlopen(f"http://{found[1]}/readyz", timeout=10) as reply:
            assert reply.status == 200
        yield found[1]
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            status = server.wait(30)
        finally:
            server.kill()
    assert status == 0, log.read_text()
