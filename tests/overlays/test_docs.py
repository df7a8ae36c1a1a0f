"""docs/overlays.md walks through a whole package: it is written out, compiled, checked, loaded and asked, as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pxl.kernel.build import default_kernel_dir
from pxl.prover.engines import EngineConfig, find_engine
from pxl.settings import Settings
from tests.support.real_server import RealServer, serving

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "overlays.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^\*\*`([\w./]+)`\*\*\n\n```\w*\n(.*?)```$", DOCUMENT, re.MULTILINE | re.DOTALL))


@dataclass(frozen=True)
class Installed:
    """The package where Python finds it, and a kernel of this test's own with the library beside it."""

    site: Path
    kernel_dir: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": f"{self.site}{os.pathsep}{ROOT}", "PXL_KERNEL_DIR": str(self.kernel_dir),
                "PXL_OVERLAYS": "pxl,triv"}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", *words], cwd=self.site, env=self.environment, capture_output=True,
                              text=True, timeout=300)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    site = tmp_path_factory.mktemp("site")
    for name, text in BLOCKS.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, encoding="utf-8")
    # What pip writes down of an installed package.
    points = re.search(r'\[project\.entry-points\."(.+?)"\]\n(\w+) = "(.+?)"', BLOCKS["pyproject.toml"])
    assert points is not None
    info = site / "pxl_triv-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pxl-triv\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{points[1]}]\n{points[2]} = {points[3]}\n")
    settings = Settings.from_env()
    kernel_dir = shutil.copytree(settings.kernel_dir or default_kernel_dir(), site / "kernel")
    package = Installed(site, kernel_dir)
    built = package.run("pxl.kernel", "build", "--library", "pxl_triv/coq", "--dir", str(kernel_dir))
    assert built.returncode == 0, built.stderr
    return package


@pytest.fixture(scope="module")
def gated(installed: Installed) -> subprocess.CompletedProcess[str]:
    """What the gates say of its library; they leave their stamp beside it."""
    return installed.run("pxl.kernel", "gates", "--library", "pxl_triv/coq", "--dir", str(installed.kernel_dir))


@pytest.fixture(scope="module")
def server(installed: Installed, gated: subprocess.CompletedProcess[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    engine: EngineConfig = find_engine(Settings.from_env())
    log = tmp_path_factory.mktemp("server") / "log"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", installed.environment["PYTHONPATH"])
        with serving(engine, log, PXL_OVERLAYS="pxl,triv,missing", PXL_KERNEL_DIR=str(installed.kernel_dir)) as real:
            yield real


def test_the_walk_is_all_there():
    assert set(BLOCKS) == {"pyproject.toml", "pxl_triv/__init__.py", "pxl_triv/coq/_CoqProject", "pxl_triv/coq/Check.v",
                           "pxl_triv/coq/results.v", "pxl_triv/coq/results.ref"}


def test_before_its_gates_it_is_refused_unless_a_setting_allows_it(installed: Installed, monkeypatch: pytest.MonkeyPatch):
    done = installed.run("pxl", "prove", "A -> A", "--overlay", "triv")
    assert done.returncode == 4 and "its Coq library PXLTriv has not passed its gates as it is compiled" in done.stderr
    monkeypatch.setenv("PXL_ALLOW_UNGATED", "true")
    assert installed.run("pxl", "prove", "A -> A", "--overlay", "triv").returncode == 0


def test_its_library_passes_the_gates(gated: subprocess.CompletedProcess[str]):
    assert gated.returncode == 0, gated.stdout + gated.stderr
    assert "all gates passed" in gated.stdout and "without an axiom" in gated.stdout


def test_a_hole_in_its_library_does_not(installed: Installed, tmp_path: Path):
    sources = shutil.copytree(installed.site / "pxl_triv" / "coq", tmp_path / "coq")
    text = (sources / "results.v").read_text().replace("Proof. exact Check.proved. Qed.", "Proof. Admitted.")
    (sources / "results.v").write_text(text)
    kernel_dir = shutil.copytree(installed.kernel_dir, tmp_path / "kernel")
    for command in ("build", "gates"):
        done = installed.run("pxl.kernel", command, "--library", str(sources), "--dir", str(kernel_dir))
    assert done.returncode == 1 and "'Admitted' leaves a theorem unproved" in done.stdout


def test_a_server_proves_and_refutes_in_it(server: RealServer):
    reply = server.ask("A -> BOX(A)", overlay="triv", certificate=True).document
    assert (reply["verdict"], reply["overlay"]) == ("proved", "triv") and "Libraries: PXLTriv" in reply["certificate"]
    assert reply["statement"]["certified"] == "true at every world that sees itself and nothing else"
    assert server.ask("A -> BOX(A)").document["verdict"] == "refuted"
    reply = server.ask("DIA(Rain) -> BOX(Snow)", overlay="triv").document
    assert reply["verdict"] == "refuted" and reply["countermodel"]["worlds"][0]["true"] == ["Rain"]


def test_its_examples_get_their_verdicts(server: RealServer):
    listed = {overlay["name"]: overlay for overlay in server.get("/overlays").document["overlays"]}
    assert listed["triv"]["healthy"] and listed["triv"]["origin"] == "pxl-triv" and listed["triv"]["library"]["start_ms"] > 0
    for example in listed["triv"]["examples"]:
        assert server.ask(**example["request"]).verdict == example["verdict"]


def test_what_is_missing_is_told_and_costs_nothing_else(server: RealServer):
    health = server.get("/health").document
    assert health["status"] == "ok" and health["overlays"] == ["pxl", "triv"] and "missing" in health["broken_overlays"]
    assert server.ask("A", overlay="missing").status == 503
    assert "the overlay missing cannot be asked" in server.log.read_text()


def test_the_command_line_asks_in_it_and_checks_its_certificates(installed: Installed, gated: subprocess.CompletedProcess[str]):
    done = installed.run("pxl", "prove", "A -> BOX(A)", "--overlay", "triv", "--certificate", "proof.v")
    assert done.returncode == 0 and done.stdout.startswith("proved"), done.stderr
    done = installed.run("pxl", "verify", "proof.v")
    assert done.returncode == 0 and "accepted  PXLTriv.Check.Triv (" in done.stdout, done.stdout + done.stderr
    text = (installed.site / "proof.v").read_text()
    (installed.site / "forged.v").write_text(text.replace("PXLTriv.Check.Triv goal", "True", 1))
    done = installed.run("pxl", "verify", "forged.v")
    assert done.returncode == 1 and "not what its data are rendered as" in done.stdout


@pytest.mark.parametrize(("harm", "told"), [
    (lambda place: (place / "Check.vo").unlink(), "is missing"),
    (lambda place: (place / "Check.vo").write_bytes(b"nothing"), "is not the file that the build wrote"),
    (lambda place: shutil.rmtree(place), "is not compiled; run python -m pxl.kernel build --library")])
def test_a_damaged_library_costs_its_overlay_and_no_other(installed: Installed, gated: subprocess.CompletedProcess[str], tmp_path: Path, harm, told):
    kernel_dir = shutil.copytree(installed.kernel_dir, tmp_path / "kernel")
    library = shutil.copytree(installed.site / "kernel.PXLTriv", tmp_path / "kernel.PXLTriv")
    harm(library)
    own = Installed(installed.site, kernel_dir)
    done = own.run("pxl", "prove", "A", "--overlay", "triv")
    assert done.returncode == 4 and told in done.stderr, done.stderr
    assert own.run("pxl", "prove", "A -> A").returncode == 0


def test_a_preamble_that_coq_refuses_costs_its_overlay_and_no_other(installed: Installed, gated: subprocess.CompletedProcess[str], tmp_path: Path):
    site = shutil.copytree(installed.site, tmp_path / "site")
    module = site / "pxl_triv" / "__init__.py"
    module.write_text(module.read_text().replace("From PXLTriv Require Check.", "From PXLTriv Require Missing."))
    own = Installed(site, site / "kernel")
    done = own.run("pxl", "prove", "A -> A", "--overlay", "triv")
    assert done.returncode == 4 and "Coq does not take its library PXLTriv" in done.stderr, done.stderr
    assert own.run("pxl", "prove", "A -> A").returncode == 0
