"""What a client asks: a goal under one overlay, with its options and assumptions, as it was sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

DEFAULT_OVERLAY = "pxl"


@dataclass(frozen=True, eq=False)
class Query:
    """A goal as it was sent, text or JSON; ``overlay``, ``consequence`` and ``theory`` are None where not named."""

    goal: Any
    overlay: str | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    assumptions: tuple[Any, ...] = ()
    consequence: str | None = None
    theory: str | None = None

    @cached_property
    def text(self) -> str:
        """Return a text that two queries share only when they ask the same in the same words."""
        if type(self.goal) is str and self.is_plain:
            return self.goal
        # NUL is in no goal that can be read.
        return "\0" + json.dumps([self.goal, self.overlay, sorted(self.options.items()), self.assumptions,
                                  self.consequence, self.theory], sort_keys=True)

    @property
    def is_plain(self) -> bool:
        """Say whether there is nothing but a goal for the default overlay."""
        return (self.overlay is None and self.consequence is None and self.theory is None
                and not self.options and not self.assumptions)

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Query) and self.text == other.text
