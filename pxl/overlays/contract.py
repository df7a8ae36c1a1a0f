"""What an overlay is: the values that it brings and the values that it is given.

An overlay reads a goal into a question, searches for a certificate, and writes the Coq sentences
that check it. It knows neither HTTP nor processes, and nothing that it says is trusted: a verdict
exists once Coq's kernel accepted the sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from pxl.certificates.sentences import Script
from pxl.formula import Limits
from pxl.search.elimination import Budget, Exhausted

DEFAULT_OVERLAY = "pxl"
GLOBAL = "global"
LOCAL = "local"

Json = Any      # what json.loads returns


@dataclass(frozen=True)
class Library:
    """A Coq library: its sources, and what a session must run before a question of the overlay's.

    ``name`` is the logical root (``PXLModal``); ``directory`` holds ``_CoqProject``, the sources, ``results.v`` and
    ``results.ref``; ``preamble`` are sentences for the start of every session, each of the form
    ``From PXLModal Require Name Name.``: whatever they did beyond that, they would do to all other overlays.
    """

    name: str
    directory: Path
    preamble: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """A goal as a client sent it: text, or JSON for overlays that read it, with its options and assumptions.

    ``options`` holds only names that the overlay declares, with values that match their schemas.
    ``consequence`` is ``global`` (the assumptions hold at every world) or ``local`` (at the world in question).
    """

    goal: Json
    options: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))
    assumptions: tuple[Json, ...] = ()
    consequence: str = GLOBAL
    limits: Limits = Limits()


@dataclass(frozen=True)
class SearchResult:
    """What a search found: a proof or a countermodel, as certificate text.

    ``used`` are the positions of the assumptions that a proof used; None when there are none or it is a countermodel.
    """

    proved: bool
    certificate: str
    used: tuple[int, ...] | None = None


class Model(Protocol):
    """A countermodel, or another witness, as the client reads it."""

    def document(self) -> dict[str, Any]:
        """Return it for JSON: worlds or positions with their true atoms, how they are related, why the goal fails.

        Where it has worlds, clients know them as ``worlds``: [{``name``, ``true``, ``designated``}], ``designated`` (a
        name), and ``access``: {``kind``: ``universal``}, or ``listed`` with ``relations``: [{``relation``, ``edges``}].
        """

    def lines(self) -> list[str]:
        """Return it drawn for a terminal."""


@dataclass(frozen=True)
class Explanation:
    """What a definite verdict means in the client's words.

    ``words``: a sentence. ``statement``: what was certified, in words that name the class of models
    ("valid at every world of every reflexive transitive frame"). ``coq``: the theorem. ``atoms``: whose name each
    atom of the theorem stands for, unless they are very many. ``used``: the positions of the assumptions that the
    certificate itself shows to be used, where the overlay reads it off; None leaves what the search said.
    """

    words: str
    statement: str
    coq: str | None
    atoms: Mapping[str, str] | None
    model: Model | None = None
    used: tuple[int, ...] | None = None


class Question(Protocol):
    """A goal that was read, under one overlay with its options and assumptions.

    ``key`` is a text that is equal for two questions of the overlay only if Coq is asked the same of both: options and
    assumptions included, atoms renamed. ``normalized`` is the goal's canonical text in the client's atoms;
    ``names`` maps each renamed atom (``p1``) to the client's.
    """

    @property
    def overlay(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def normalized(self) -> str: ...
    @property
    def names(self) -> Mapping[str, str]: ...

    def search(self, deadline: float, budget: Budget) -> SearchResult | Exhausted:
        """Look for a proof or a countermodel until the moment ``deadline`` of ``time.monotonic()``."""

    def script(self, proved: bool, certificate: str) -> Script:
        """Return the sentences that prove or refute the question by a certificate; the theorem is called ``answer``.

        ``Script.proposition`` says with fully qualified names what it proves; who re-checks the certificate asks Coq.
        The certificate may be anybody's: digits and nothing else, and perhaps none at all. May raise ValueError then;
        else Coq refuses it.
        """

    def explain(self, proved: bool, certificate: str, script: Script, used: tuple[int, ...] | None) -> Explanation:
        """Say what an accepted certificate means. Raises AssertionError when a countermodel does not refute it."""


@dataclass(frozen=True)
class Example:
    """A request that a reader can send, and the verdict that it gets."""

    summary: str
    goal: Json
    verdict: str
    options: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))
    assumptions: tuple[Json, ...] = ()
    consequence: str = GLOBAL


@dataclass(frozen=True)
class Operation:
    """Something else that an overlay does, at ``POST /v1/overlays/{overlay}/{name}``.

    ``schema`` is the JSON schema of the request. ``run`` gets the request, which matches it, and a function that
    answers a reading as ``/prove`` does (its reply as a dict, kernel-checked); it returns the reply.
    """

    name: str
    summary: str
    schema: Mapping[str, Json]
    run: Callable[[Mapping[str, Json], Callable[[Reading], dict[str, Any]]], dict[str, Any]]


class Overlay(Protocol):
    """One logic or notation.

    What a package registers is a function that returns it; the function may take an argument, a function from names to
    the other overlays, for one that hands goals on.
    ``options`` maps each option's name to its JSON schema, whose ``description`` and ``default`` are shown to readers.
    ``library`` is None when the kernel's own theorems suffice.
    """

    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def options(self) -> Mapping[str, Mapping[str, Json]]: ...
    @property
    def library(self) -> Library | None: ...
    @property
    def examples(self) -> tuple[Example, ...]: ...
    @property
    def operations(self) -> tuple[Operation, ...]: ...

    def read(self, reading: Reading) -> Question:
        """Read a goal. Raises RequestError (FormulaSyntaxError, GoalTooLarge, …) naming the place and the cure."""
