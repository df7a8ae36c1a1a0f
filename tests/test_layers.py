"""Imports point down, processes and HTTP are known to few, and nothing happens at import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# From the ground up. A part may import parts of lower layers and, as long as there is no circle,
# of its own. A part is a module or package right below `pxl`.
LAYERS = (
    {"address", "errors", "gateway_file", "identity", "notify", "origins", "query", "scrapers", "secretkey",
     "security_txt", "seen", "settings", "window"},
    {"auth_hmac", "auth_message", "auth_signed", "keyfile", "keyring", "keys", "nonces", "redis_link", "signing"},
    {"authentication", "formula"},
    {"cancel", "healthcheck"},
    {"away", "certificate", "drain", "draw", "flight", "jsonbody", "kernel", "problems", "provenance", "prover", "render",
     "redis_stores", "search", "tokens"},
    {"cache", "checker", "client", "decider", "evidence", "ledger", "model", "outcome", "overlays", "query_body",
     "shared_cache", "theories", "verify"},
    {"answer", "bulk", "guard", "health", "jobs", "batch", "logs", "service"},
    {"v1_body", "log_lines", "memory_limit", "metrics", "observed", "performance"},
    {"v1", "v1_docs", "app", "auth_routes", "gate", "ratelimit", "redis_rates", "cli", "compose", "compose_gate",
     "compose_overlays", "compose_shared", "compose_watch", "doctor", "keys_cli", "metrics_view", "overlay_routes",
     "reply", "server", "watch"},
    {"__main__", "serve_pxl"},
)
RANK = {part: rank for rank, layer in enumerate(LAYERS) for part in layer}

# Who may know what: a foreign package, and the parts or modules that may import it.
RESERVED = {
    # One module for each family of routes, and nothing else; what they work with knows no HTTP.
    "flask": {"pxl.app", "pxl.auth_routes", "pxl.gate", "pxl.metrics_view", "pxl.overlay_routes", "pxl.ratelimit",
              "pxl.v1", "pxl.v1_docs", "pxl.watch"},
    "flask_cors": {"pxl.gate"},
    "flask_limiter": {"pxl.ratelimit"},
    "limits": {"pxl.ratelimit", "pxl.redis_rates"},
    "redis": {"pxl.redis_link", "pxl.redis_rates"},
    "jwt": {"pxl.tokens"},
    "prometheus_client": {"pxl.metrics", "pxl.metrics_view"},
    "werkzeug": {"pxl.app"},
    "swagger_ui_bundle": {"pxl.v1_docs"},
    "waitress": {"pxl.server", "serve_pxl"},
    "cachetools": {"pxl.cache"},
    "yaml": {"pxl.gateway_file"},
    "requests": {"pxl.client"},
    "http_message_signatures": {"pxl.auth_message"},
    "pysat": {"pxl.search"},
    "pysolvers": {"pxl.search"},
    **{package: {"pxl.prover", "pxl.kernel.build", "pxl.verify", "pxl.cli"}
       for package in ("subprocess", "pexpect", "ptyprocess", "pty", "multiprocessing")},
}
SPAWNING_CALLS = {"system", "popen", "fork", "forkpty", "posix_spawn", "posix_spawnp", "execv", "execve", "execvp",
                  "spawnv", "spawnve"}


def modules() -> dict[str, Path]:
    """Return every module of the program by its dotted name."""
    found = {}
    for path in [*sorted((ROOT / "pxl").rglob("*.py")), *ROOT.glob("serve_pxl.py")]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return found


def part_of(module: str) -> str | None:
    """Return the part that a dotted name belongs to; None outside the program and for `pxl` itself."""
    names = module.split(".")
    if names[0] == "pxl":
        return names[1] if len(names) > 1 else None
    return names[0] if names[0] == "serve_pxl" else None


def imported(module: str, path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and dotted name of everything that a module imports, inside functions too."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[:len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base]).rstrip(".")
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


@pytest.mark.parametrize("module", modules())
def test_imports_point_down(module: str) -> None:
    own = part_of(module)
    if own is None:
        return
    assert own in RANK, f"{module}: give the part {own!r} a layer in {Path(__file__).name}"
    for line, name in imported(module, modules()[module]):
        other = part_of(name)
        if other in (None, own) or name == "pxl.__version__":
            continue
        assert other in RANK, f"{module}:{line}: {name} has no layer"
        assert RANK[other] <= RANK[own], f"{module}:{line}: {own} (layer {RANK[own]}) imports {name} ({RANK[other]})"


def test_parts_do_not_import_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for module, path in modules().items():
        own = part_of(module)
        if own is not None:
            graph.setdefault(own, set()).update(
                other for _, name in imported(module, path)
                if (other := part_of(name)) not in (None, own, "__version__"))
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("module", modules())
def test_foreign_packages_are_known_to_few(module: str) -> None:
    for line, name in imported(module, modules()[module]):
        allowed = RESERVED.get(name.split(".")[0])
        assert allowed is None or any(f"{module}.".startswith(f"{knower}.") for knower in allowed), \
            f"{module}:{line}: only {', '.join(sorted(allowed))} may import {name.split('.')[0]}"


@pytest.mark.parametrize("module", modules())
def test_nothing_is_global_and_nothing_spawns_by_hand(module: str) -> None:
    for node in ast.walk(ast.parse(modules()[module].read_text(encoding="utf-8"))):
        assert not isinstance(node, ast.Global), f"{module}:{node.lineno}: a global variable"
        if (isinstance(node, ast.Attribute) and node.attr in SPAWNING_CALLS
                and isinstance(node.value, ast.Name) and node.value.id == "os"):
            assert module.startswith("pxl.prover"), f"{module}:{node.lineno}: os.{node.attr}"


WATCH = """
import importlib, os, sys, threading
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
seen = []
def watch(event, args):
    if event.startswith(("subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.mkdir", "os.remove",
                         "socket.bind", "socket.connect", "signal.")):
        seen.append(event)
    if event == "open" and isinstance(args[2], int) and args[2] & WRITES and args[0] != os.devnull:
        seen.append(f"open {args[0]} for writing")
# Foreign packages may do as they please; import them first.
for name in sys.argv[1].split(","):
    importlib.import_module(name)
threads = threading.active_count()
sys.addaudithook(watch)
for name in sys.argv[2].split(","):
    importlib.import_module(name)
    if seen or threading.active_count() > threads:
        sys.exit(f"{name}: at import: {seen or 'a thread was started'}")
"""


def test_nothing_happens_at_import() -> None:
    """Every module is imported in a fresh interpreter that watches for effects."""
    program = [name for name in modules() if not name.endswith("__main__")]
    stdlib = sys.stdlib_module_names
    foreign = {name.split(".")[0] for module, path in modules().items() for _, name in imported(module, path)}
    foreign -= {"pxl", "serve_pxl", "__future__"} | set(stdlib)
    done = subprocess.run([sys.executable, "-B", "-c", WATCH, ",".join(sorted(foreign)) or "sys", ",".join(program)],
                          cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
