"""Checks what a machine can check of the production checklist, and says how to mend what is wrong."""

from __future__ import annotations

import json
import math
import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from pxl.composition.overlays import compiled_libraries, overlays_of
from pxl.errors import ConfigError, PxlError
from pxl.host.memory_limit import memory_limit_bytes
from pxl.kernel.build import default_kernel_dir
from pxl.kernel.identity import Kernel
from pxl.settings import Settings

OK, WARN, FAIL = "ok", "warn", "FAIL"

ROOT = Path(__file__).resolve().parents[2]
LEAST_FILES = 4096
LEAST_FREE_BYTES = 1 << 30
SESSION_BYTES = 200 << 20       # what a session takes while it works; idle it takes two thirds of that
OLDEST_BACKUP_S = 8 * 86_400


@dataclass(frozen=True)
class Finding:
    """One point of the checklist: ``ok``, ``warn`` or ``FAIL``, what was seen, and the cure when there is one."""

    state: str
    point: str
    detail: str
    cure: str = ""

    def __str__(self) -> str:
        return f"{self.state:4}  {self.point}: {self.detail}" + (f"\n      {self.cure}" if self.cure else "")


def examine(environ: Mapping[str, str], prove: Callable[[Settings], float], root: Path = ROOT) -> Iterator[Finding]:
    """Yield a finding for each point. ``prove`` has the prover prove and refute; it returns seconds or raises PxlError.

    The points that need settings are left out when the settings are refused.
    """
    try:
        settings = Settings.from_env(environ)
    except ConfigError as error:
        for line in error.detail.splitlines():
            yield Finding(FAIL, "settings", line, "serve_pxl.py --help lists them")
        return
    yield Finding(OK, "settings", "every variable is known and legal")
    yield from _packages(root)
    yield from _kernel(settings)
    yield _proofs(settings, prove)
    yield from _access(settings)
    yield from _secrets(settings, root)
    yield from _room(settings)
    yield from _logs(environ)
    yield _backups(environ)


def report(findings: Iterator[Finding], *, as_json: bool) -> int:
    """Print the findings as they come; return 1 when one of them is a failure."""
    seen = []
    for finding in findings:
        seen.append(finding)
        if not as_json:
            print(finding, flush=True)
    failures = sum(finding.state == FAIL for finding in seen)
    if as_json:
        print(json.dumps({"ok": not failures, "findings": [asdict(finding) for finding in seen]}, indent=2))
    else:
        warnings = sum(finding.state == WARN for finding in seen)
        print(f"\n{len(seen)} points: {failures} to mend, {warnings} to think about")
    return 1 if failures else 0


def _packages(root: Path) -> Iterator[Finding]:
    wrong = []
    for line in (root / "requirements.txt").read_text(encoding="utf-8").splitlines():
        name, _, version = line.partition("#")[0].strip().partition("==")
        if not version:
            continue
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed = "missing"
        if installed != version:
            wrong.append(f"{name} is {installed}, not {version}")
    if wrong:
        yield Finding(FAIL, "packages", "; ".join(wrong), "pip install --require-hashes -r requirements.lock")
    else:
        yield Finding(OK, "packages", "those that requirements.txt pins")


def _kernel(settings: Settings) -> Iterator[Finding]:
    try:
        kernel = Kernel.load(Path(settings.kernel_dir) if settings.kernel_dir else default_kernel_dir())
        kernel.check_unchanged()
    except ConfigError as error:
        yield Finding(FAIL, "kernel", error.detail, "make kernel")
        return
    yield Finding(OK, "kernel", f"{kernel.kernel_hash[:7]}, as it was built with Coq {kernel.coq_version}")
    if kernel.coqchk.startswith("verified"):
        yield Finding(OK, "coqchk", kernel.coqchk)
    else:
        yield Finding(WARN, "coqchk", f"{kernel.coqchk}: Coq's own checker has not seen this build", "make gates")
    registry = overlays_of(settings)
    libraries = compiled_libraries(registry, kernel, allows_ungated=settings.allow_ungated)
    if broken := registry.broken():
        yield Finding(FAIL, "overlays", "; ".join(f"{name}: {why}" for name, why in broken.items()), "make kernel")
    else:
        yield Finding(OK, "overlays", f"{', '.join(registry.names())}, {len(libraries)} libraries as they were built")


def _proofs(settings: Settings, prove: Callable[[Settings], float]) -> Finding:
    try:
        took_s = prove(settings)
    except PxlError as error:
        return Finding(FAIL, "proofs", error.detail, "the prover must prove BOX(A -> A) and refute A -> BOX(A)")
    return Finding(OK, "proofs", f"one proved and one refuted in {1000 * took_s:.0f} ms, by a session of its own")


def _access(settings: Settings) -> Iterator[Finding]:
    if settings.has_authentication:
        yield Finding(OK, "authentication", "on: " + " and ".join(
            name for name, on in (("signatures", settings.enable_hmac_auth), ("tokens", settings.has_tokens)) if on))
    elif settings.is_open:
        yield Finding(FAIL, "authentication", f"off, and the server listens on {settings.host}",
                      "set ENABLE_HMAC_AUTH=true with HMAC_KEYRING_FILE, or PXL_HOST=127.0.0.1")
    else:
        yield Finding(WARN, "authentication", f"off; only programs on {settings.host} reach the server")
    if settings.rate_limit_enabled is False and settings.is_open:
        yield Finding(WARN, "rate limits", "off on an open address", "unset RATE_LIMIT_ENABLED")
    else:
        yield Finding(OK, "rate limits", "as the settings say" if settings.is_open else "not needed on this address")


def _secrets(settings: Settings, root: Path) -> Iterator[Finding]:
    files = [Path(name) for name in (settings.hmac_secret_key_file, settings.hmac_keyring_file,
                                     settings.jwt_secret_key_file, settings.metrics_token_file) if name]
    files += [path for path in (root / ".env",) if path.exists()]
    loose = [f"{path} has mode {path.stat().st_mode & 0o777:o}" for path in files if path.stat().st_mode & 0o077]
    if loose:
        yield Finding(FAIL, "secret files", "; ".join(loose), "chmod 600 them")
    else:
        yield Finding(OK, "secret files", f"{len(files)} of them, readable by their owner only")


def _room(settings: Settings) -> Iterator[Finding]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < LEAST_FILES:
        yield Finding(FAIL, "open files", f"at most {hard}", f"LimitNOFILE={LEAST_FILES} or ulimit -n {LEAST_FILES}")
    else:
        yield Finding(OK, "open files", f"{soft} now, up to {hard}")
    needed = settings.pool_size * SESSION_BYTES
    limit = memory_limit_bytes()
    has = int(limit) if math.isfinite(limit) else needed * 2
    cores = os.cpu_count() or 1
    if needed > has // 2:
        yield Finding(FAIL, "memory", f"{settings.pool_size} sessions may take {needed >> 20} MB of {has >> 20} MB",
                      "set PXL_POOL_SIZE lower")
    else:
        yield Finding(OK, "memory", f"{settings.pool_size} sessions may take {needed >> 20} MB of {has >> 20} MB")
    if settings.pool_size > 4 * cores:
        yield Finding(WARN, "processors", f"{settings.pool_size} sessions share {cores} cores",
                      "more sessions than a few for each core wait for each other")


def _logs(environ: Mapping[str, str]) -> Iterator[Finding]:
    directory = environ.get("PXL_LOG_DIR")
    if not directory:
        yield Finding(WARN, "logs", "on standard output only", "set PXL_LOG_DIR, or let the service manager keep them")
        return
    path = Path(directory)
    if not (path.is_dir() and os.access(path, os.W_OK | os.X_OK)):
        yield Finding(FAIL, "logs", f"{path} is no directory that can be written", f"mkdir -p {path}, and give it away")
        return
    free = shutil.disk_usage(path).free
    if free < LEAST_FREE_BYTES:
        yield Finding(FAIL, "logs", f"{free >> 20} MB are free at {path}", "scripts/rotate_logs.sh --keep-days 7")
    else:
        yield Finding(OK, "logs", f"in {path}, with {free >> 30} GB free")


def _backups(environ: Mapping[str, str]) -> Finding:
    directory = Path(environ.get("BACKUP_DIR") or "/backups/logos-pxl")
    try:
        packs = [path.stat().st_mtime for path in directory.glob("logos-pxl-config_*.tar.gz")]
    except OSError as error:
        return Finding(WARN, "backups", f"cannot look into {directory}: {error.strerror}")
    if not packs:
        return Finding(WARN, "backups", f"none in {directory}",
                       "scripts/backup_config.sh, daily (BACKUP_DIR says where)")
    age_s = time.time() - max(packs)
    if age_s > OLDEST_BACKUP_S:
        return Finding(WARN, "backups", f"the newest in {directory} is {age_s / 86_400:.0f} days old",
                       "see why pxl-backup_config.timer does not run")
    return Finding(OK, "backups", f"the newest in {directory} is {age_s / 3600:.0f} hours old")
