"""Fixtures that several test files share: the real kernel behind the real pipeline."""

from __future__ import annotations

import dataclasses

import pytest

from pxl.compose import Prover, build
from pxl.settings import Settings


@pytest.fixture(scope="session")
def prover() -> Prover:
    """Two real Coq sessions behind the whole pipeline; the kernel must have been built."""
    prover = build(dataclasses.replace(Settings.from_env(), pool_size=2, cache_ttl_s=0.0))
    try:
        prover.start()
        yield prover
    finally:
        prover.close()
