"""The table of settings, read strictly from the environment.

Each field of :class:`Settings` is one row: variable, kind, default, unit and help. The help
text of ``serve_pxl.py``, ``.env.example`` and the checks below are all made from it.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pxl.errors import ConfigError

# For health checks, cached answers and refusals: they must find a thread while all others wait.
_SPARE_THREADS = 8
_FOLLOWER_THREADS = 128


@dataclass(frozen=True)
class Row:
    """One setting: its variable, how its text is read, and what it is for."""

    variable: str
    field: str
    kind: str                              # what a legal value looks like, for messages
    read: Callable[[str], Any]             # raises ValueError
    default: Any
    unit: str
    help: str

    @property
    def default_text(self) -> str:
        """Return the default as it would stand in the environment; empty when there is none."""
        if self.default is None:
            return ""
        if isinstance(self.default, bool):
            return str(self.default).lower()
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)


def _whole(low: int, high: int) -> tuple[str, Callable[[str], int]]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text, re.ASCII) or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)
    return f"a whole number from {low} to {high}", read


def _seconds(low: float, high: float) -> tuple[str, Callable[[str], float]]:
    def read(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text, re.ASCII):
            raise ValueError(text)
        value = float(text)
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(text)
        return value
    return f"a number of seconds from {low:.12g} to {high:.12g}", read


def _choice(*words: str, aliases: Mapping[str, str] = {}) -> tuple[str, Callable[[str], str]]:
    def read(text: str) -> str:
        word = aliases.get(text.upper(), text.upper())
        for legal in words:
            if legal.upper() == word:
                return legal
        raise ValueError(text)
    return "one of " + ", ".join((*words, *aliases)), read


def _text(pattern: str, kind: str) -> tuple[str, Callable[[str], str]]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(text)
        return text
    return kind, read


def _program() -> tuple[str, Callable[[str], str]]:
    def read(text: str) -> str:
        path = shutil.which(text)
        if path is None:
            raise ValueError(text)
        return path
    return "an executable program (a path, or a name found on PATH)", read


def _directory() -> tuple[str, Callable[[str], str]]:
    def read(text: str) -> str:
        if not os.path.isdir(text):
            raise ValueError(text)
        return os.path.abspath(text)
    return "a directory that exists", read


def _setting(variable: str, reader: tuple[str, Callable[[str], Any]], default: Any, unit: str, help_: str) -> Any:
    kind, read = reader
    meta = {"variable": variable, "kind": kind, "read": read, "unit": unit, "help": help_}
    return dataclasses.field(default=default, metadata=meta)


@dataclass(frozen=True)
class Settings:
    """Everything that an operator can set, checked."""

    port: int = _setting("PXL_SERVER_PORT", _whole(0, 65535), 8088, "port",
                         "TCP port to listen on; 0 takes a free one")
    host: str = _setting("PXL_HOST", _text(r"[0-9A-Za-z.:_\-]{1,255}", "a host name or address"),
                         "127.0.0.1", "address",
                         "address to listen on; an open one without authentication is warned about")
    pool_size: int = _setting("PXL_POOL_SIZE", _whole(1, 64), 5, "sessions", "Coq sessions kept ready")
    max_queue: int = _setting("PXL_MAX_QUEUE", _whole(0, 10_000), 50, "requests",
                              "requests that may wait for a session; the next one gets 503")
    queue_wait_s: float = _setting("PXL_QUEUE_WAIT", _seconds(0, 600), 5.0, "s",
                                   "longest wait for a session before 503")
    proof_timeout_s: float = _setting("PXL_PROOF_TIMEOUT", _seconds(0.01, 3600), 30.0, "s",
                                      "time for one goal when the request names none")
    max_proof_timeout_s: float = _setting("PXL_MAX_PROOF_TIMEOUT", _seconds(0.01, 3600), 60.0, "s",
                                          "longest time that a request's timeout_ms may ask for")
    cache_ttl_s: float = _setting("PXL_CACHE_TTL", _seconds(0, 31_536_000), 300.0, "s",
                                  "how long a verdict is kept; 0 keeps none")
    cache_size: int = _setting("PXL_CACHE_SIZE", _whole(1, 1_000_000), 1000, "verdicts",
                               "verdicts kept, each of up to 64 KiB (a larger one counts as several)")
    max_request_bytes: int = _setting("MAX_REQUEST_SIZE", _whole(1024, 1 << 30), 1_048_576, "bytes",
                                      "largest request body; a longer one gets 413")
    max_certificate_bytes: int = _setting(
        "PXL_MAX_CERTIFICATE_BYTES", _whole(1024, 1 << 30), 8_388_608, "bytes",
        "largest certificate sent to Coq; a longer one is answered unknown")
    connection_timeout_s: int = _setting("CONNECTION_TIMEOUT", _whole(1, 3600), 60, "s",
                                         "an idle connection is closed after this long")
    connection_limit: int = _setting("PXL_CONNECTION_LIMIT", _whole(1, 100_000), 2000, "connections",
                                     "open connections; more wait in the system's backlog")
    thread_count: int | None = _setting("PXL_THREADS", _whole(1, 20_000), None, "threads",
                                        "HTTP threads; default PXL_POOL_SIZE + PXL_MAX_QUEUE + 136")
    drain_timeout_s: float = _setting("PXL_DRAIN_TIMEOUT", _seconds(0, 3600), 30.0, "s",
                                      "time for proofs in flight after SIGTERM")
    kernel_dir: str | None = _setting("PXL_KERNEL_DIR", _directory(), None, "directory",
                                      "the compiled kernel; default pxl/kernel/_build")
    engine: str = _setting("PXL_ENGINE", _choice("auto", "sertop", "coqidetop"), "auto", "name",
                           "the prover; auto takes sertop when there is one, else coqidetop")
    sertop: str | None = _setting("PXL_SERTOP", _program(), None, "program", "sertop, when it is not on PATH")
    coqidetop: str | None = _setting("PXL_COQIDETOP", _program(), None, "program",
                                     "coqidetop, when it is not on PATH")
    session_max_uses: int = _setting("PXL_SESSION_MAX_USES", _whole(1, 10_000_000), 5000, "goals",
                                     "a session is replaced after this many goals")
    session_max_rss_mb: int = _setting("PXL_SESSION_MAX_RSS_MB", _whole(50, 1_000_000), 400, "MiB",
                                       "a session is replaced when its resident memory is above this")
    session_memory_mb: int = _setting("PXL_SESSION_MEMORY_MB", _whole(200, 1_000_000), 2048, "MiB",
                                      "address space of a session; Coq aborts beyond it")
    log_level: str = _setting("LOG_LEVEL", _choice("DEBUG", "INFO", "WARNING", "ERROR",
                                                   aliases={"WARN": "WARNING"}), "INFO", "level",
                              "how much is logged")

    @property
    def threads(self) -> int:
        """Return the number of HTTP threads: for goals that run or wait, for equal ones, and for the rest."""
        return self.thread_count or self.max_in_flight + _FOLLOWER_THREADS + _SPARE_THREADS

    @property
    def max_in_flight(self) -> int:
        """Return how many goals may run or wait for a session."""
        return self.pool_size + self.max_queue

    @property
    def max_followers(self) -> int:
        """Return how many requests may wait for the run of an equal goal: they hold a thread, no session."""
        return self.threads - self.max_in_flight - _SPARE_THREADS

    @property
    def is_open(self) -> bool:
        """Say whether other machines can reach the server."""
        return self.host not in ("127.0.0.1", "::1", "localhost")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment, or raise ConfigError with every problem and its cure at once."""
        env = os.environ if environ is None else environ
        known = {row.variable: row for row in rows()}
        problems = [_unknown(name, known) for name in sorted(env)
                    if name.startswith("PXL_") and name not in known]
        problems += [problem for name, test, problem in _NOT_YET if test(env.get(name, ""))]
        values = {}
        for row in known.values():
            text = env.get(row.variable)
            if text is None or (text == "" and row.default is None):
                continue
            try:
                values[row.field] = row.read(text.strip())
            except ValueError:
                default = f" (default {row.default_text})" if row.default_text else ""
                problems.append(f"{row.variable}={_shown(text)} is not {row.kind}: "
                                f"set it so, or unset it{default}")
        settings = cls(**values)
        problems += settings._contradictions()
        if problems:
            raise ConfigError("\n".join(problems))
        return settings

    def _contradictions(self) -> list[str]:
        found = []
        needed = self.max_in_flight + 1 + _SPARE_THREADS
        if self.threads < needed:
            found.append(f"PXL_THREADS={self.threads} is fewer than PXL_POOL_SIZE + PXL_MAX_QUEUE + "
                         f"{1 + _SPARE_THREADS} = {needed}, so that waiting proofs would silence /health: raise it, "
                         f"or unset it")
        if self.proof_timeout_s > self.max_proof_timeout_s:
            found.append(f"PXL_PROOF_TIMEOUT={self.proof_timeout_s:g} is above PXL_MAX_PROOF_TIMEOUT="
                         f"{self.max_proof_timeout_s:g}: lower the first or raise the second")
        return found


def rows() -> tuple[Row, ...]:
    """Return the table, in the order of the fields."""
    return tuple(Row(f.metadata["variable"], f.name, f.metadata["kind"], f.metadata["read"], f.default,
                     f.metadata["unit"], f.metadata["help"]) for f in dataclasses.fields(Settings))


def help_text() -> str:
    """Return the table for a terminal, at most 100 characters wide."""
    width = max(len(row.variable) for row in rows())
    lines = []
    for row in rows():
        default = row.default_text or ("derived" if row.field == "thread_count" else "none")
        lines.append(f"  {row.variable:<{width}}  {default} [{row.unit}]")
        lines.append(f"  {'':<{width}}  {row.help}")
    return "\n".join(lines)


def env_example() -> str:
    """Return the text of ``.env.example``: every variable with its default, commented out."""
    lines = ["# Settings of the LOGOS PXL Core proof server, with their defaults.",
             "# Made from pxl/settings.py; an unknown PXL_* name or a malformed value stops the start.", ""]
    for row in rows():
        lines += [f"# {row.help} ({row.kind}).", f"#{row.variable}={row.default_text}", ""]
    return "\n".join(lines)


def _truthy(text: str) -> bool:
    return text.strip().lower() not in ("", "false", "0", "no", "off")


# A security feature that is asked for and not there must stop the start, never be ignored.
_NOT_YET: tuple[tuple[str, Callable[[str], bool], str], ...] = tuple(
    (name, _truthy, f"{name} is set, but this version has no {what}: unset it, and keep PXL_HOST=127.0.0.1 "
                    f"or put an authenticating proxy in front")
    for name, what in (("ENABLE_HMAC_AUTH", "request authentication"),
                       ("JWT_SECRET_KEY", "token authentication"),
                       ("RATE_LIMIT_ENABLED", "rate limit")))


def _unknown(name: str, known: Mapping[str, Row]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    cure = f"did you mean {near[0]}?" if near else "unset it; `serve_pxl.py --help` lists the settings"
    return f"{name} is not a setting: {cure}"


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 60 else text[:57] + "...")
