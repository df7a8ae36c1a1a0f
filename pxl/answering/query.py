"""What a client asks: a goal under one overlay, with its options and assumptions, as it was sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any


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
        """Return a text that two plain queries, or two others, share only when they ask the same in the same words."""
        if self.is_plain:
            return str(self.goal)
        return json.dumps([self.goal, self.overlay, sorted(self.options.items()), self.assumptions,
                                  self.consequence, self.theory], sort_keys=True)

    @cached_property
    def is_plain(self) -> bool:
        """Say whether there is nothing but a text for the default overlay."""
        return (type(self.goal) is str and self.overlay is None and self.consequence is None and self.theory is None
                and not self.options and not self.assumptions)

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Query) and self.is_plain == other.is_plain and self.text == other.text
