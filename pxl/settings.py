"""The table of settings, read strictly from the environment.

Each field of :class:`Settings` is one row: variable, kind, default, unit and help. The help
text of ``serve_pxl.py``, ``.env.example`` and the checks below are all made from it.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pxl.access.address import read_networks
from pxl.access.origins import read_origins
from pxl.access.scrapers import GUARDED, LOOPBACK, OPEN
from pxl.access.secret_key import CURE
from pxl.access.security_txt import DEFAULT_CONTACT, read_contacts, read_moment
from pxl.configuration.gateway_file import read_gateway_file
from pxl.configuration.readers import (
    choice,
    directory,
    parsed,
    pattern,
    program,
    read_names,
    readable_file,
    redis_address,
    seconds,
    secret,
    truth,
    whole,
)
from pxl.errors import ConfigError

# For health checks, cached answers and refusals: they must find a thread while all others wait.
_SPARE_THREADS = 8
_FOLLOWER_THREADS = 128
PROMETHEUS = "prometheus"


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
    is_secret: bool = False                # then no message shows the value

    @property
    def default_text(self) -> str:
        """Return the default as it would stand in the environment; empty when there is none."""
        if self.default is None:
            return ""
        if isinstance(self.default, bool):
            return str(self.default).lower()
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)


def _setting(variable: str, reader: tuple[str, Callable[[str], Any]], default: Any, unit: str, help_: str, *,
             is_secret: bool = False) -> Any:
    kind, read = reader
    meta = {"variable": variable, "kind": kind, "read": read, "unit": unit, "help": help_, "is_secret": is_secret}
    return dataclasses.field(default=default, repr=not is_secret, metadata=meta)


@dataclass(frozen=True)
class Settings:
    """Everything that an operator can set, checked."""

    port: int = _setting("PXL_SERVER_PORT", whole(0, 65535), 8088, "port",
                         "TCP port to listen on; 0 takes a free one")
    bind_host: str | None = _setting(
        "PXL_HOST", pattern(r"[0-9A-Za-z.:_\-]{1,255}", "a host name or address"), None, "address",
        "address to listen on; default 127.0.0.1, and 0.0.0.0 with ENABLE_HMAC_AUTH or a JWT key. An open one "
        "without authentication is warned about")
    core_port: int | None = _setting("PXL_CORE_PORT", whole(1, 65535), None, "port",
                                     "another port with the same routes, for clients that expect them at 8080, say")
    chrono_port: int | None = _setting("OVERLAY_CHRONO_PORT", whole(1, 65535), None, "port",
                                       "another one, for those that expect chrono at 8081, say")
    v4_port: int | None = _setting("OVERLAY_V4_PORT", whole(1, 65535), None, "port",
                                   "another one, for those that expect v4 at 8082, say")
    pool_size: int = _setting("PXL_POOL_SIZE", whole(1, 64), 5, "sessions", "Coq sessions kept ready")
    max_queue: int = _setting("PXL_MAX_QUEUE", whole(0, 10_000), 50, "requests",
                              "requests that may wait for a session; the next one gets 503")
    queue_wait_s: float = _setting("PXL_QUEUE_WAIT", seconds(0, 600), 5.0, "s",
                                   "longest wait for a session before 503")
    proof_timeout_s: float = _setting("PXL_PROOF_TIMEOUT", seconds(0.01, 3600), 30.0, "s",
                                      "time for one goal when the request names none")
    max_proof_timeout_s: float = _setting("PXL_MAX_PROOF_TIMEOUT", seconds(0.01, 3600), 60.0, "s",
                                          "longest time that a request's timeout_ms may ask for")
    cache_ttl_s: float = _setting("PXL_CACHE_TTL", seconds(0, 31_536_000), 300.0, "s",
                                  "how long a verdict is kept; 0 keeps none")
    cache_size: int = _setting("PXL_CACHE_SIZE", whole(1, 1_000_000), 1000, "verdicts",
                               "verdicts kept, each of up to 64 KiB (a larger one counts as several)")
    max_request_bytes: int = _setting("MAX_REQUEST_SIZE", whole(1024, 1 << 30), 1_048_576, "bytes",
                                      "largest request body; a longer one gets 413")
    max_certificate_bytes: int = _setting(
        "PXL_MAX_CERTIFICATE_BYTES", whole(1024, 1 << 30), 8_388_608, "bytes",
        "largest certificate sent to Coq; a longer one is answered unknown")
    connection_timeout_s: int = _setting("CONNECTION_TIMEOUT", whole(1, 3600), 60, "s",
                                         "an idle connection is closed after this long")
    connection_limit: int = _setting("PXL_CONNECTION_LIMIT", whole(1, 100_000), 2000, "connections",
                                     "open connections; more wait in the system's backlog")
    thread_count: int | None = _setting("PXL_THREADS", whole(1, 20_000), None, "threads",
                                        "HTTP threads; default PXL_POOL_SIZE + PXL_MAX_QUEUE + 136")
    drain_timeout_s: float = _setting("PXL_DRAIN_TIMEOUT", seconds(0, 3600), 30.0, "s",
                                      "time for proofs in flight after SIGTERM")
    kernel_dir: str | None = _setting("PXL_KERNEL_DIR", directory(), None, "directory",
                                      "the compiled kernel; default pxl/kernel/_build")
    overlays: str | None = _setting(
        "PXL_OVERLAYS", parsed(read_names, "overlays' names between commas"), None, "names",
        "overlays that can be asked, built-in or of installed packages; default every built-in one")
    allow_ungated: bool = _setting(
        "PXL_ALLOW_UNGATED", truth(), False, "truth", "whether overlays of other packages are loaded whose Coq library "
        "has not passed `python -m pxl.kernel gates` as it is compiled")
    theories_dir: str | None = _setting("PXL_THEORIES_DIR", directory(), None, "directory",
                                        "where theories (*.pxl) are; default configs/theories")
    engine: str = _setting("PXL_ENGINE", choice("auto", "sertop", "coqidetop"), "auto", "name",
                           "the prover; auto takes sertop when there is one, else coqidetop")
    sertop: str | None = _setting("PXL_SERTOP", program(), None, "program", "sertop, when it is not on PATH")
    coqidetop: str | None = _setting("PXL_COQIDETOP", program(), None, "program",
                                     "coqidetop, when it is not on PATH")
    session_max_uses: int = _setting("PXL_SESSION_MAX_USES", whole(1, 10_000_000), 5000, "goals",
                                     "a session is replaced after this many goals")
    session_max_rss_mb: int = _setting("PXL_SESSION_MAX_RSS_MB", whole(50, 1_000_000), 400, "MiB",
                                       "a session is replaced when its resident memory is above this")
    session_memory_mb: int = _setting("PXL_SESSION_MEMORY_MB", whole(200, 1_000_000), 2048, "MiB",
                                      "address space of a session; Coq aborts beyond it")
    enable_hmac_auth: bool = _setting("ENABLE_HMAC_AUTH", truth(), False, "truth",
                                      "whether requests must be signed")
    hmac_secret_key: str | None = _setting("HMAC_SECRET_KEY", secret(), None, "text", "the key that signs requests, "
                                           "as text: hexadecimal digits are not decoded", is_secret=True)
    hmac_secret_key_file: str | None = _setting("HMAC_SECRET_KEY_FILE", readable_file(), None, "file",
                                                "a file with that key instead; read again when it changes")
    hmac_secret_key_new: str | None = _setting("HMAC_SECRET_KEY_NEW", secret(), None, "text",
                                               "the next key, accepted already", is_secret=True)
    hmac_secret_key_old: str | None = _setting("HMAC_SECRET_KEY_OLD", secret(), None, "text",
                                               "the former key, accepted for 24 h after the start", is_secret=True)
    hmac_keyring_file: str | None = _setting("HMAC_KEYRING_FILE", readable_file(), None, "file",
                                             "a file with all keys instead (`pxl keys`); read again when it changes")
    hmac_allow_v1: bool = _setting("HMAC_ALLOW_V1", truth(), True, "truth",
                                   "whether POST /prove accepts X-Signature beside HTTP message signatures")
    hmac_nonce_capacity: int = _setting("HMAC_NONCE_CAPACITY", whole(1000, 100_000_000), 200_000, "nonces",
                                        "used nonces remembered for each key, 130 s each; then 503")
    hmac_boot_fence_s: float = _setting(
        "HMAC_BOOT_FENCE", seconds(0, 60), 0.0, "s", "requests signed for a moment up to this long after the start "
        "are refused: with 60, not even a client whose clock ran ahead can be replayed across a restart")
    jwt_secret_key: str | None = _setting("JWT_SECRET_KEY", secret(), None, "text", "the key that signs tokens: "
                                          "with it /v1 needs a bearer token or a signature", is_secret=True)
    jwt_secret_key_file: str | None = _setting("JWT_SECRET_KEY_FILE", readable_file(), None, "file",
                                               "a file with that key instead, read at the start")
    jwt_secret_key_old: str | None = _setting("JWT_SECRET_KEY_OLD", secret(), None, "text", "the former key: its "
                                              "tokens are accepted, and none are issued", is_secret=True)
    rate_limit_enabled: bool | None = _setting("RATE_LIMIT_ENABLED", truth(), None, "truth", "whether requests are "
                                               "limited; by default they are where other machines reach the server")
    rate_limit_requests: int = _setting("RATE_LIMIT_REQUESTS", whole(1, 1_000_000), 100, "requests",
                                        "requests of one identity, or address where there is none, in a window")
    rate_limit_window_s: int = _setting("RATE_LIMIT_WINDOW", whole(1, 86_400), 60, "s", "the length of that window")
    rate_limit_per_minute: int | None = _setting("RATE_LIMIT_PER_MINUTE", whole(1, 1_000_000), None, "requests",
                                                 "the same for a minute; when set, it overrides the two above")
    rate_limit_total: int = _setting("PXL_RATE_LIMIT_TOTAL", whole(0, 100_000_000), 1000, "requests/min",
                                     "requests of everybody together in a minute; 0 sets no such limit")
    gateway_file: str | None = _setting("PXL_GATEWAY_FILE", readable_file(), None, "file", "a gateway.yaml with limits "
                                        "and origins, for what the environment does not set")
    cors_origins: str | None = _setting(
        "CORS_ORIGINS", parsed(read_origins, "web origins (https://host or https://host:port) between commas"),
        None, "origins", "origins whose pages may call this server")
    trusted_proxy: str | None = _setting(
        "TRUSTED_PROXY", parsed(read_networks, "addresses or networks between commas"), None, "addresses",
        "proxies whose X-Forwarded-For is believed; nobody else's is")
    build_sha: str | None = _setting(
        "PXL_BUILD_SHA", pattern(r"[0-9a-f]{7}|[0-9a-f]{40}|[0-9a-f]{64}", "a commit's hash"), None, "commit",
        "what X-Build-SHA says; by default the file BUILD_SHA, or git's HEAD")
    security_contact: str = _setting(
        "PXL_SECURITY_CONTACT", parsed(read_contacts, "URIs (mailto:, https: or tel:) between commas"),
        DEFAULT_CONTACT, "contacts", "whom /.well-known/security.txt names for reports of weaknesses: set your own")
    security_expires: str | None = _setting(
        "PXL_SECURITY_EXPIRES", parsed(read_moment, "a date and time such as 2027-01-31T00:00:00Z"), None, "moment",
        "when that text expires; default 90 days after each reply")
    redis_url: str | None = _setting(
        "PXL_REDIS_URL", redis_address(), None, "URL", "a Redis server that several servers share: used nonces, "
        "counted requests, revoked tokens and certificates", is_secret=True)
    redis_cache_url: str | None = _setting(
        "PXL_REDIS_CACHE_URL", redis_address(), None, "URL", "another one for the certificates, which may evict them; "
        "default PXL_REDIS_URL", is_secret=True)
    shared_cache_ttl_s: float = _setting("PXL_SHARED_CACHE_TTL", seconds(0, 31_536_000), 3600.0, "s",
                                         "how long a certificate is kept there; 0 shares none")
    metrics_access: str = _setting(
        "PXL_METRICS_ACCESS", choice(GUARDED, LOOPBACK, OPEN), GUARDED, "name", "who reads /metrics where callers "
        "must show who they are: guarded asks for the role observe or PXL_METRICS_TOKEN; loopback lets this machine "
        "in, unless forwarded by a proxy; open lets everybody in")
    metrics_token: str | None = _setting("PXL_METRICS_TOKEN", secret(), None, "text", "a bearer token that reads "
                                         "/metrics and nothing else, for Prometheus", is_secret=True)
    metrics_token_file: str | None = _setting("PXL_METRICS_TOKEN_FILE", readable_file(), None, "file",
                                              "a file with that token instead, read at the start")
    metrics_default: str = _setting(
        "PXL_METRICS_DEFAULT", choice("json", PROMETHEUS), "json", "name",
        "what /metrics gives a client that names neither JSON nor Prometheus's formats")
    log_dir: str | None = _setting(
        "PXL_LOG_DIR", pattern(r"[^\0]{1,4000}", "a directory"), None, "directory", "where pxl-server.log, access.log, "
        "audit.jsonl and performance.json are written; made if missing. By default the audit goes to standard output")
    log_anonymize: bool = _setting("PXL_LOG_ANONYMIZE", truth(), False, "truth",
                                   "whether access.log and audit.jsonl have networks in place of addresses")
    audit_fail_closed: bool = _setting("PXL_AUDIT_FAIL_CLOSED", truth(), False, "truth",
                                       "whether goals get 503 while the audit cannot be written")
    log_level: str = _setting("LOG_LEVEL", choice("DEBUG", "INFO", "WARNING", "ERROR",
                                                   aliases={"WARN": "WARNING"}), "INFO", "level",
                              "how much is logged")

    @property
    def overlay_names(self) -> tuple[str, ...] | None:
        """Return the overlays that can be asked; None for every built-in one."""
        return read_names(self.overlays) if self.overlays else None

    @property
    def ports(self) -> tuple[int, ...]:
        """Return the ports to listen on: the server's own first, then the others."""
        others = (self.core_port, self.chrono_port, self.v4_port)
        return (self.port, *(port for port in others if port is not None))

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
    def has_authentication(self) -> bool:
        """Say whether callers must show who they are."""
        return self.enable_hmac_auth or self.has_tokens

    @property
    def has_tokens(self) -> bool:
        """Say whether bearer tokens are issued and taken."""
        return bool(self.jwt_secret_key or self.jwt_secret_key_file)

    @property
    def host(self) -> str:
        """Return the address to listen on: this machine only, unless callers must show who they are."""
        return self.bind_host or ("0.0.0.0" if self.has_authentication else "127.0.0.1")

    @property
    def is_rate_limited(self) -> bool:
        """Say whether requests are counted: where nothing else was set, on an open address."""
        return self.is_open if self.rate_limit_enabled is None else self.rate_limit_enabled

    @property
    def rate(self) -> tuple[int, int]:
        """Return how many requests of one caller are answered in how many seconds."""
        if self.rate_limit_per_minute is not None:
            return self.rate_limit_per_minute, 60
        return self.rate_limit_requests, self.rate_limit_window_s

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
                    if name.startswith(_OURS) and name not in known and name not in _OF_SCRIPTS]
        if env.get(_MULTIPROCESS):
            problems.append(f"{_MULTIPROCESS} is set: this server is one process and keeps its own metrics; unset it")
        if gateway_file := env.get("PXL_GATEWAY_FILE", "").strip():
            try:
                from_file = read_gateway_file(Path(gateway_file))
                env = {**env, **{name: text for name, text in from_file.items() if not env.get(name)}}
            except ConfigError as error:
                problems.append(f"PXL_GATEWAY_FILE: {error.detail}")
        values = {}
        for row in known.values():
            text = env.get(row.variable)
            if text is None or (text == "" and row.default is None):
                continue
            try:
                values[row.field] = row.read(text.strip())
            except ValueError as error:
                if row.is_secret:
                    problems.append(f"{row.variable} is {error}")
                    continue
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
        if len(set(self.ports)) < len(self.ports):
            found.append(f"PXL_SERVER_PORT, PXL_CORE_PORT, OVERLAY_CHRONO_PORT and OVERLAY_V4_PORT name one port twice "
                         f"({', '.join(map(str, self.ports))}): the routes are the same on each, so unset one")
        if self.proof_timeout_s > self.max_proof_timeout_s:
            found.append(f"PXL_PROOF_TIMEOUT={self.proof_timeout_s:g} is above PXL_MAX_PROOF_TIMEOUT="
                         f"{self.max_proof_timeout_s:g}: lower the first or raise the second")
        if self.redis_cache_url and not self.redis_url:
            found.append("PXL_REDIS_CACHE_URL is set without PXL_REDIS_URL: set that, or unset this")
        return found + self._key_contradictions()

    def _key_contradictions(self) -> list[str]:
        found = []
        sources = [name for name, value in (("HMAC_SECRET_KEY", self.hmac_secret_key),
                                            ("HMAC_SECRET_KEY_FILE", self.hmac_secret_key_file),
                                            ("HMAC_KEYRING_FILE", self.hmac_keyring_file)) if value is not None]
        if self.enable_hmac_auth and not sources:
            found.append(f"ENABLE_HMAC_AUTH is on without a key: set HMAC_SECRET_KEY ({CURE}), "
                         f"HMAC_SECRET_KEY_FILE or HMAC_KEYRING_FILE (`pxl keys new`)")
        if len(sources) > 1:
            found.append(f"{' and '.join(sources)} are set: keep one of them")
        if (self.hmac_secret_key_new or self.hmac_secret_key_old) and sources == ["HMAC_KEYRING_FILE"]:
            found.append("HMAC_SECRET_KEY_NEW and HMAC_SECRET_KEY_OLD do not go with HMAC_KEYRING_FILE: "
                         "`pxl keys rotate` does their work")
        if self.jwt_secret_key and self.jwt_secret_key_file:
            found.append("JWT_SECRET_KEY and JWT_SECRET_KEY_FILE are set: keep one of them")
        if self.metrics_token and self.metrics_token_file:
            found.append("PXL_METRICS_TOKEN and PXL_METRICS_TOKEN_FILE are set: keep one of them")
        if self.jwt_secret_key_old and not self.has_tokens:
            found.append("JWT_SECRET_KEY_OLD is set without a JWT_SECRET_KEY: tokens are off, unset it")
        return found


# Whose names begin so are ours alone; a misspelt one must not be ignored.
_OURS = ("PXL_", "HMAC_", "JWT_", "RATE_LIMIT_")
# Those of scripts/, which may stand in the same environment.
_OF_SCRIPTS = frozenset({"PXL_RESTART_CMD", "PXL_ENV_FILE", "PXL_TOKEN_FILE", "PXL_ROOT", "PXL_PYTHON",
                         "PXL_SCRIPT_TIMEOUT", "PXL_ROTATE_GRACE", "PXL_TARGET_P95_MS", "PXL_TEST_WORKERS"})
# With it the metrics would be read from files that nobody writes.
_MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
# Fields whose default follows from others.
_DERIVED = frozenset({"thread_count", "bind_host", "rate_limit_enabled", "build_sha", "security_expires"})


def rows() -> tuple[Row, ...]:
    """Return the table, in the order of the fields."""
    return tuple(Row(field=f.name, default=f.default, **f.metadata) for f in dataclasses.fields(Settings))


def help_text() -> str:
    """Return the table for a terminal, at most 100 characters wide."""
    width = max(len(row.variable) for row in rows())
    lines = []
    for row in rows():
        default = row.default_text or ("derived" if row.field in _DERIVED else "none")
        lines.append(f"  {row.variable:<{width}}  {default} [{row.unit}]")
        lines.append(f"  {'':<{width}}  {row.help}")
    return "\n".join(lines)


def env_example() -> str:
    """Return the text of ``.env.example``: every variable with its default, commented out."""
    lines = ["# Settings of the LOGOS PXL Core proof server, with their defaults.",
             "# Made from pxl/settings.py; a malformed value stops the start, and so does an unknown name that",
             "# begins with PXL_, HMAC_, JWT_ or RATE_LIMIT_.", ""]
    for row in rows():
        lines += [f"# {row.help} ({row.kind}).", f"#{row.variable}={row.default_text}", ""]
    return "\n".join(lines)


def _unknown(name: str, known: Mapping[str, Row]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    cure = f"did you mean {near[0]}?" if near else "unset it; `serve_pxl.py --help` lists the settings"
    return f"{name} is not a setting: {cure}"


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 60 else text[:57] + "...")
