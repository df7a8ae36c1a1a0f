"""All there is to say about one goal, in values that replies are written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pxl.cache import Hit
from pxl.certificates.sentences import Script
from pxl.overlays.contract import Model


@dataclass(frozen=True)
class Timings:
    """Where the time went, in milliseconds; what was not done took 0."""

    parse: float
    queue: float
    search: float
    kernel: float
    total: float


@dataclass(frozen=True)
class Answer:
    """All there is to say about one goal.

    ``statement`` says what was certified and of which models. ``atoms`` says whose name each atom of the
    theorem ``coq`` stands for, unless they are very many. ``reason`` (a code) and ``detail`` (a sentence) are set when
    the verdict is unknown. ``rests_on`` is what Coq says of the theorem. ``used_assumptions`` are those that a proof
    used, as they were sent; ``assumptions_consistent`` is None where that is not known, or there are none. ``cached``
    tells how the cache was hit, if it was; ``is_shared`` that an equal question in flight
    answered this one too.
    """

    verdict: str
    reason: str | None
    detail: str | None
    overlay: str
    goal: Any
    goal_normalized: str
    words: str
    statement: str | None
    coq: str | None
    atoms: Mapping[str, str] | None
    rests_on: str | None
    used_assumptions: tuple[Any, ...] | None
    assumptions_consistent: bool | None
    model: Model | None
    model_json: str | None
    certificate: str | None
    kernel_hash: str
    engine: str | None
    cached: Hit | None
    is_shared: bool
    generation: int | None
    timings: Timings
    script: Script | None = None        # what the kernel accepted

    @property
    def proof_method(self) -> str | None:
        """Return the engine that checked the verdict, with ``_cached`` when it was kept from before."""
        return f"{self.engine}_cached" if self.engine and self.cached else self.engine
