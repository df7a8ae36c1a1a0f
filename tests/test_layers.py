"""Imports point down between packages, processes and HTTP are known to few, and nothing happens at import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# From the ground up; docs/architecture.md says what each is for. A package, or a module that stands beside them,
# imports from floors below its own and from no other.
FLOORS = (
    {"errors"},
    {"access", "formula", "host", "kernel", "prover"},
    {"auth_hmac", "certificates", "configuration"},
    {"client", "search", "settings"},
    {"overlays"},
    {"verdict"},
    {"cache", "replicas"},
    {"answering"},
    {"telemetry"},
    {"http"},
    {"composition"},
    {"commands", "serve_pxl"},
    {"__main__"},
)
RANK = {part: rank for rank, floor in enumerate(FLOORS) for part in floor}

# Packages whose __init__.py is the public face of a library: what others write against.
FACES = {"pxl", "pxl.client", "pxl.formula"}

# Who may know what: a foreign package, and the packages or modules that may import it.
RESERVED = {
    "flask": {"pxl.http"},
    "flask_cors": {"pxl.http.gate"},
    "flask_limiter": {"pxl.http.rate_limits"},
    "limits": {"pxl.access.rate_counters", "pxl.http.rate_limits", "pxl.replicas.rates"},
    "redis": {"pxl.replicas"},
    "jwt": {"pxl.access.tokens"},
    "prometheus_client": {"pxl.telemetry.metrics", "pxl.http.metrics_view"},
    "werkzeug": {"pxl.http"},
    "swagger_ui_bundle": {"pxl.http.v1_docs"},
    "waitress": {"pxl.http.server", "serve_pxl"},
    "cachetools": {"pxl.cache"},
    "yaml": {"pxl.configuration.gateway_file"},
    "requests": {"pxl.client"},
    "http_message_signatures": {"pxl.access.http_message"},
    "pysat": {"pxl.search"},
    "pysolvers": {"pxl.search"},
    **{package: {"pxl.prover", "pxl.kernel.build", "pxl.verdict.coqc", "pxl.verdict.extracted", "pxl.verdict.sandbox",
                 "pxl.commands.main"}
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


MODULES = modules()


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


def target_of(name: str) -> str | None:
    """Return the module of the program that an imported name belongs to; None for one of somebody else's."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module: str) -> None:
    own = part_of(module)
    if own is None:
        return
    assert own in RANK, f"{module}: give {own!r} a floor in {Path(__file__).name}"
    for line, name in imported(module, MODULES[module]):
        other = part_of(name)
        if other in (None, own) or name == "pxl.__version__":
            continue
        assert other in RANK, f"{module}:{line}: {name} has no floor"
        assert RANK[other] < RANK[own], f"{module}:{line}: {own} (floor {RANK[own]}) imports {name} ({RANK[other]})"


def test_no_module_imports_itself_through_others() -> None:
    graph = {module: {target for _, name in imported(module, path) if (target := target_of(name)) not in (None, module)}
             for module, path in MODULES.items()}
    assert list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("module", [name for name, path in MODULES.items() if path.name == "__init__.py"])
def test_a_package_says_what_it_is_for_and_no_more(module: str) -> None:
    body = ast.parse(MODULES[module].read_text(encoding="utf-8")).body
    assert body and isinstance(body[0], ast.Expr), f"{module}: say what it is for"
    assert module in FACES or len(body) == 1, f"{module}: import from the modules where things are defined"


@pytest.mark.parametrize("module", MODULES)
def test_an_import_inside_a_function_says_why(module: str) -> None:
    path = MODULES[module]
    lines = path.read_text(encoding="utf-8").splitlines()
    inside = {node.lineno for function in ast.walk(ast.parse("\n".join(lines)))
              if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
              for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)}
    for line in sorted(inside):
        # One reason serves imports that follow each other.
        first = line
        while first - 1 in inside:
            first -= 1
        assert "#" in lines[first - 1] or lines[first - 2].lstrip().startswith("#"), f"{module}:{line}: say why here"


@pytest.mark.parametrize("module", MODULES)
def test_foreign_packages_are_known_to_few(module: str) -> None:
    for line, name in imported(module, MODULES[module]):
        allowed = RESERVED.get(name.split(".")[0])
        assert allowed is None or any(f"{module}.".startswith(f"{knower}.") for knower in allowed), \
            f"{module}:{line}: only {', '.join(sorted(allowed))} may import {name.split('.')[0]}"


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_global_and_nothing_spawns_by_hand(module: str) -> None:
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
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
    program = [name for name in MODULES if not name.endswith("__main__")]
    stdlib = sys.stdlib_module_names
    foreign = {name.split(".")[0] for module, path in MODULES.items() for _, name in imported(module, path)}
    foreign -= {"pxl", "serve_pxl", "__future__"} | set(stdlib)
    done = subprocess.run([sys.executable, "-B", "-c", WATCH, ",".join(sorted(foreign)) or "sys", ",".join(program)],
                          cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
