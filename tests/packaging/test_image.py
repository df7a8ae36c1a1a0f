"""The image is built from nothing but Debian and this clone, and proves with a read-only root, without root and capabilities.

There is no docker engine here: buildah builds (chroot isolation) on a base made by debootstrap, bubblewrap runs. Needs
root, network for apt, and about four minutes, most of them the kernel's gates; to leave it out: `make test TEST_ARGS='--ignore tests/packaging/test_image.py'`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.prover import until
from tests.support.replicas import Reply, free_port, send

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = "Dockerfile.pxl-core"
BASE, IMAGE = "localhost/pxl-test-base", "localhost/pxl-test"
USER = 10001
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGEST_MB = 520
SECRET = "PLANTED-" + "5eC" * 12
# What debian:bookworm-slim has besides what debootstrap makes: no documents, no waiting for the disk.
SLIM = {"docker": "force-unsafe-io\n", "excludes": "".join(
    f"path-exclude /usr/share/{name}/*\n" for name in ("doc", "man", "locale", "info")) +
    "path-include /usr/share/doc/*/copyright\n"}


def run(*command: str | Path, seconds: float = 600, **options: Any) -> str:
    """Run a command; return what it printed. When it fails, the end of what it said is shown."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=seconds, **options)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{(done.stdout + done.stderr)[-4000:]}"
    return done.stdout.strip()


@dataclass(frozen=True)
class Builder:
    """A buildah whose images live in a directory of the test's own."""

    store: Path

    def __call__(self, *arguments: str | Path, seconds: float = 600) -> str:
        return run("buildah", "--root", self.store / "root", "--runroot", self.store / "run", *arguments, seconds=seconds)

    def base(self, place: Path) -> str:
        """Make Debian's smallest system an image."""
        run("debootstrap", "--variant=minbase", "bookworm", place)
        for name, text in SLIM.items():
            (place / "etc/dpkg/dpkg.cfg.d" / name).write_text(text)
        container = self("from", "scratch")
        self("add", "--quiet", container, place, "/")
        self("commit", "--quiet", "--rm", container, BASE)
        shutil.rmtree(place)
        return BASE


@dataclass(frozen=True)
class Image:
    """The built image, mounted, and a container of it to run programs in."""

    build: Builder
    container: str
    root: Path
    config: dict[str, Any]
    seconds: float

    @property
    def environment(self) -> dict[str, str]:
        return dict(entry.split("=", 1) for entry in self.config["Env"])

    def inside(self, *command: str, **environment: str) -> str:
        """Run a program in the container, as its user."""
        variables = [part for name, value in environment.items() for part in ("--env", f"{name}={value}")]
        return self.build("run", "--isolation", "chroot", *variables, self.container, "--", *command)

    @contextmanager
    def running(self, port: int, log: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """Start the image's command as a container runtime would: process 1, read-only root, no root, no capabilities."""
        variables = {**self.environment, "PXL_SERVER_PORT": str(port), "PXL_POOL_SIZE": "1", **settings}
        command = ["bwrap", "--ro-bind", str(self.root), "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
                   "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--as-pid-1", "--die-with-parent",
                   "--chdir", self.config["WorkingDir"], "--clearenv",
                   *(part for pair in variables.items() for part in ("--setenv", *pair)),
                   "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs", "--bounding-set=-all",
                   "--", *self.config["Entrypoint"], *self.config["Cmd"]]
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            until(lambda: process.poll() is not None or b"Serving on" in log.read_bytes(), 60)
            assert process.poll() is None, log.read_text()
            yield process
        finally:
            process.kill()
            process.wait(10)


def context(place: Path) -> Path:
    """Copy the clone as an operator has it: built, used, with secrets lying about."""
    shutil.copytree(ROOT, place, symlinks=True, ignore=shutil.ignore_patterns(".git", ".venv", ".hypothesis", "__pycache__"))
    for name in (".env", "keyring", "pxl/.env.local", "configs/hmac-secret-key", "pxl/kernel/_build.old"):
        (place / name).write_text(SECRET)
    return place


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    assert os.geteuid() == 0, "building an image without a docker engine needs root"
    place = tmp_path_factory.mktemp("image")
    build = Builder(place)
    wheels = place / "wheels"
    try:
        base = build.base(place / "debian")
        run(sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--require-hashes",
            "--requirement", ROOT / "requirements.lock", "--dest", wheels)
        began = time.monotonic()
        build("bud", "--isolation", "chroot", "--pull=false", "--format", "docker", "--file", DOCKERFILE, "--tag", IMAGE,
              "--build-arg", f"BASE={base}", "--build-arg", f"BUILD_SHA={COMMIT}", "--build-arg", "PIP_NO_INDEX=1",
              "--build-arg", "PIP_FIND_LINKS=/wheels", "--volume", f"{wheels}:/wheels:ro", context(place / "context"), seconds=1200)
        seconds = time.monotonic() - began
        container = build("from", "--pull=false", IMAGE)
        config = json.loads(build("inspect", container))["Docker"]["config"]
        yield Image(build, container, Path(build("mount", container)), config, seconds)
    finally:
        subprocess.run(["buildah", "--root", place / "root", "--runroot", place / "run", "umount", "--all"],
                       capture_output=True, check=False, timeout=60)
        subprocess.run(["buildah", "--root", place / "root", "--runroot", place / "run", "rm", "--all"],
                       capture_output=True, check=False, timeout=60)
        for mounted in re.findall(rf" ({re.escape(str(place))}\S*) ", Path("/proc/self/mounts").read_text()):
            subprocess.run(["umount", "--lazy", mounted], check=False, timeout=60)
        shutil.rmtree(place, ignore_errors=True)


def prove(port: int, goal: str) -> Reply:
    return send(port, "POST", "/prove", json.dumps({"goal": goal}).encode(), {"Content-Type": "application/json"})


def test_hadolint_finds_no_fault() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    run(hadolint, "--failure-threshold", "info", ROOT / DOCKERFILE)


def test_both_names_that_documents_use_are_one_file() -> None:
    assert (ROOT / "Dockerfile").resolve() == ROOT / DOCKERFILE


def test_it_says_how_to_run_it(image: Image) -> None:
    config = image.config
    assert config["User"] == f"{USER}:{USER}"
    assert config["StopSignal"] == "SIGTERM"
    assert list(config["ExposedPorts"]) == ["8088/tcp"]
    assert config["Healthcheck"]["Test"] == ["CMD", "python", "-m", "pxl.commands.healthcheck"]
    assert (config["Healthcheck"]["Interval"], config["Healthcheck"]["Timeout"]) == (30 * 10 ** 9, 10 * 10 ** 9)
    assert config["Entrypoint"] == ["/usr/bin/tini", "--"] and config["Cmd"] == ["python", "serve_pxl.py"]
    assert not re.search("SECRET|KEY|PASSWORD|TOKEN", " ".join(config["Env"]))


def test_it_is_small_and_holds_no_tools_to_build_or_fetch_with(image: Image) -> None:
    used = int(run("du", "--summarize", "--apparent-size", "--block-size=1000000", image.root).split()[0])
    print(f"image: {used} MB, built in {image.seconds:.0f} s")
    assert used < LARGEST_MB
    for name in ("gcc", "make", "curl", "wget", "pip", "pip3", "ocamlopt", "git", "coqtop", "docker"):
        assert not any((image.root / place / name).exists() for place in ("usr/bin", "usr/local/bin", "app/.venv/bin")), name


def test_nothing_that_was_lying_about_is_in_it(image: Image) -> None:
    found = subprocess.run(["grep", "--recursive", "--files-with-matches", "--fixed-strings", SECRET, image.root / "app",
                            image.root / "coq", image.root / "etc"], capture_output=True, text=True, check=False)
    assert found.stdout == ""
    names = {path.name for path in (image.root / "app").iterdir()}
    assert names == {".venv", "BUILD_SHA", "__pycache__", "README.md", "configs", "data", "logs", "pxl", "requirements.lock", "scripts", "serve_pxl.py",
                     "verify-data-integrity.sh"}


def test_nobody_can_become_root_in_it_or_change_the_program(image: Image) -> None:
    assert run("find", image.root, "-xdev", "-type", "f", "-perm", "/6000") == ""
    owned = run("find", image.root, "-xdev", "-uid", str(USER)).splitlines()
    assert sorted(owned) == [f"{image.root}/app/data", f"{image.root}/app/logs"]
    assert run("find", image.root / "app", "-xdev", "-perm", "/0002", "-not", "-type", "l") == ""
    assert image.inside("id", "-u") == str(USER)


def test_it_proves_and_refutes_with_a_read_only_root_and_ends_well(image: Image, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    with image.running(port, log) as process:
        health = send(port, "GET", "/health")
        assert health.status == 200 and health.document["status"] == "ok"
        assert health.headers["X-Build-SHA"] == COMMIT[:7]
        assert re.fullmatch(r"verified-\d{8}_\d{6}", health.headers["X-PXL-Coqchk"])
        assert "without authentication" in health.document["warnings"][0]       # it listens everywhere
        proved, refuted = prove(port, "BOX(A -> A)").document, prove(port, "A -> BOX(A)").document
        assert (proved["ok"], proved["verdict"]) == (True, "proved")
        assert (refuted["ok"], refuted["verdict"]) == (False, "refuted") and len(refuted["countermodel"]["worlds"]) == 2
        _check_confinement(process)
        assert image.inside("python", "-m", "pxl.commands.healthcheck", PXL_SERVER_PORT=str(port)).startswith("healthy: 200 ok")
        first = psutil.Process(process.pid).children()[0]
        first.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert "every request was answered" in log.read_text()
    done = subprocess.run(["buildah", "--root", image.build.store / "root", "--runroot", image.build.store / "run", "run",
                           "--isolation", "chroot", "--env", f"PXL_SERVER_PORT={port}", image.container, "--", "python", "-m",
                           "pxl.commands.healthcheck"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1 and done.stdout.startswith("unhealthy: ")


def _check_confinement(process: subprocess.Popen[bytes]) -> None:
    """Look from outside at every process of the container."""
    members = psutil.Process(process.pid).children(recursive=True)
    assert [member.name() for member in members][0] == "tini" and len(members) >= 3, members
    for member in members:
        state = dict(line.split(":\t", 1) for line in Path(f"/proc/{member.pid}/status").read_text().splitlines())
        assert state["Uid"].split() == [str(USER)] * 4
        assert state["Gid"].split() == [str(USER)] * 4
        assert {state[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
        assert state["NoNewPrivs"] == "1"
        mounts = [line.split() for line in Path(f"/proc/{member.pid}/mounts").read_text().splitlines()]
        assert next(options for _, place, _, options, *_ in mounts if place == "/").split(",")[0] == "ro"


def test_it_goes_over_its_own_kernel(image: Image) -> None:
    """What the runbook asks for. The gates themselves, which take minutes, were passed in the build; what they run is here."""
    assert image.inside("/app/verify-data-integrity.sh", "--quick").endswith("Data integrity verified")
    kernel = ("-Q", "/app/pxl/kernel/_build", "PXL", "PXL.Form")
    image.inside("coqchk", "-silent", *kernel)
    damaged = "cp -r /app/pxl/kernel/_build /tmp/kernel && printf x >>/tmp/kernel/Form.vo && " \
              "if PXL_KERNEL_DIR=/tmp/kernel /app/verify-data-integrity.sh --quick; then echo accepted; else echo refused; fi"
    assert image.inside("sh", "-c", damaged).endswith("refused")
    assert "coqchk        verified-" in image.inside("python", "-m", "pxl.kernel", "verify")
    assert image.inside("python", "serve_pxl.py", "--version").startswith("LOGOS PXL Core ")
    assert image.inside("python", "serve_pxl.py", "--check-config") .startswith("The configuration is valid.")
