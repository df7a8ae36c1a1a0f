"""Changes that weaken what is proved, each made in a copy of the sources; which gate, or Coq itself, refuses it."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from pxl.certificates.sentences import PREAMBLE
from pxl.errors import ConfigError
from pxl.kernel import gates
from pxl.kernel.__main__ import main
from pxl.kernel.build import build, build_library, run_coq
from pxl.kernel.identity import MANIFEST, Kernel, Manifest, compiled_digests, compiled_hash, read_manifest, source_hash
from pxl.kernel.inspection import Inspection, run_coqchk
from pxl.kernel.project import builtin_libraries, default_kernel_dir, library_dir, read_snapshot, source_dir
from tests.support.small_kernel import FLAGS, RESULTS, TWO, write_sources

SHADOW = """
From PXL Require Form.
Definition Prov (f : Form.form) : Prop :=
  match f with Form.Box (Form.Atom _) => True | _ => False end.
Definition proved (_ : list byte) (f : Form.form) (_ : list byte)
  : match f with Form.Box (Form.Atom _) => true | _ => false end = true -> Prov f :=
  match f with Form.Box (Form.Atom _) => fun _ => I | _ => fun H => match H with eq_refl => I end end.
Definition refuted : nat := 0.
"""


class Mutant:
    """Sources in which one thing is changed, and compiled files of which only what is needed is compiled again."""

    def __init__(self, where: Path, sources: Path, kernel_dir: Path, below: Kernel | None = None) -> None:
        self.sources = Path(shutil.copytree(sources, where / "src", ignore=shutil.ignore_patterns("_build*", "*.py")))
        self.built = Path(shutil.copytree(kernel_dir, where / "built"))
        self.below = below

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands once in a source."""
        text = (self.sources / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} has {text.count(old)} times: {old}"
        (self.sources / name).write_text(text.replace(old, new), encoding="utf-8")

    def compile(self, *names: str) -> None:
        """Compile sources again, in this order, and write the manifest that a build would write."""
        snapshot = read_snapshot(self.sources)
        flags = [*snapshot.project.flags, *(("-Q", str(self.below.kernel_dir), "PXL") if self.below else ())]
        for name in names:
            shutil.copy(self.sources / name, self.built / name)
            run_coq(["coqc", "-q", *flags, name], cwd=self.built, deadline=time.monotonic() + 120)
        write_manifest(self.built, self.sources)

    def refused_by_coq(self, *names: str) -> str:
        """Compile sources until Coq refuses one, and return its name."""
        for name in names:
            try:
                self.compile(name)
            except ConfigError as refusal:
                assert f"coqc {name} failed with status 1" in refusal.detail
                assert "inconsistent assumptions" not in refusal.detail, "a file before it was not compiled again"
                return name
        return ""

    def inspection(self) -> Inspection:
        return Inspection(self.sources, Kernel.load(self.built, self.sources), self.below, time.monotonic() + 300)


def write_manifest(built: Path, sources: Path) -> None:
    """Make the manifest say that these compiled files are of these sources, as whoever replaced them would."""
    old, digests = read_manifest(built), compiled_digests(built)
    manifest = Manifest(source_hash(read_snapshot(sources).files, old.coq_version), compiled_hash(digests),
                        old.coq_version, digests, old.built_at, old.build_seconds, old.rests_on)
    (built / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")


@pytest.fixture
def kernel(tmp_path: Path) -> Mutant:
    """The kernel, to be changed."""
    return Mutant(tmp_path, source_dir(), default_kernel_dir())


@pytest.fixture
def modal(tmp_path: Path) -> Mutant:
    """The library of modal logics, to be changed."""
    sources = next(path for path in builtin_libraries() if "modal" in str(path))
    return Mutant(tmp_path, sources, library_dir(default_kernel_dir(), "PXLModal"), Kernel.load(default_kernel_dir()))


# ---------------------------------------------------------------- statements

def test_weakened_theorems_are_not_the_stored_statements(kernel: Mutant) -> None:
    kernel.change("results.v", "equivalence M -> decided M -> forall w, sat M w f.\nProof. exact Soundness.soundness. Qed.",
                  "equivalence M -> decided M -> forall w, sat M w f -> sat M w f.\nProof. auto. Qed.")
    kernel.change("results.v", "Clausal.check_proof f p = true -> Prov f.\nProof. exact",
                  "Clausal.check_proof f p = true -> Prov f \\/ True.\nProof. right; exact I. Qed.\n"
                  "Lemma unused : forall f p, Clausal.check_proof f p = true -> Prov f.\nProof. exact")
    kernel.compile("results.v")
    assert kernel.inspection().words().findings == []
    found = str(kernel.inspection().statements().findings[0])
    assert found.startswith("results.ref: is not what Coq says")
    assert "+         (_ : PXL.Semantics.decided M) (w : PXL.Semantics.world M) (_ : PXL.Semantics.sat M w f)," in found
    assert "or (PXL.Prov.Prov f) True" in found


def test_a_theorem_about_another_relation_of_the_same_name_is_not_the_stored_statement(kernel: Mutant) -> None:
    kernel.change("results.v", "From PXL Require Soundness", "Definition valid (_ : form) : Prop := True.\n"
                  "From PXL Require Soundness")
    kernel.change("results.v", "Proof. exact Soundness.soundness_finite. Qed.", "Proof. exact (fun _ _ => I). Qed.")
    kernel.change("results.v", "valid f -> Prov f.", "Semantics.valid f -> Prov f.")
    kernel.compile("results.v")
    found = str(kernel.inspection().statements().findings[0])
    assert "-  forall (f : PXL.Form.form) (_ : PXL.Prov.Prov f), PXL.Semantics.valid f" in found
    assert "+  forall (f : PXL.Form.form) (_ : PXL.Prov.Prov f), PXL.results.valid f" in found


def test_a_weaker_definition_is_not_the_stored_one(tmp_path: Path) -> None:
    sources = write_sources(tmp_path / "src", Two=TWO.replace(":= 2", ":= 1 + 1"))
    build(sources, tmp_path / "built", lambda _: None)
    inspection = Inspection(sources, Kernel.load(tmp_path / "built"), None, time.monotonic() + 60)
    assert "+Definition PXL.Two.two = Coq.Init.Nat.add (S O) (S O)" in str(inspection.statements().findings[0])


# ---------------------------------------------------------------- names

def test_names_shadowed_in_the_last_import_are_not_the_stored_ones(kernel: Mutant) -> None:
    text = (kernel.sources / "Words.v").read_text() + SHADOW
    (kernel.sources / "Words.v").write_text(text)
    kernel.compile("Words.v")
    goal = ("Definition goal : form := Box (Atom 1).\nTheorem answer : Prov goal.\nProof.\n"
            'exact (proved "BOX(p1)" goal "0" ltac:(vm_cast_no_check (@eq_refl bool true))).\nQed.\n')
    (kernel.built / "goal.v").write_text("\n".join([*PREAMBLE, goal]))
    assert subprocess.run(["coqc", "-q", "-Q", ".", "PXL", "goal.v"], cwd=kernel.built, check=False,
                          capture_output=True).returncode == 0, "the shadows do what they are made for"
    for left in ("goal.vo", "goal.v"):
        (kernel.built / left).unlink()
    inspection = kernel.inspection()
    assert inspection.words().findings == []
    found = str(inspection.names().findings[0])
    for kind, name in (("Inductive PXL.Prov", "Prov"), ("Constant PXL.Transport", "proved"),
                       ("Constant PXL.Transport", "refuted")):
        assert f"-    {kind}.{name}" in found
        assert f"+    Constant PXL.Words.{name}" in found


@pytest.mark.parametrize(("planted", "said"), [
    ('Set Warnings "-notation-overridden".\nNotation "~ x" := (x -> True) : type_scope.', "forall _ : Prov (Atom xH), True"),
    ("Notation Prov := (fun _ : Form.form => True).", "+    Notation PXL.Words.Prov"),
])
def test_notations_in_the_last_import_are_not_the_stored_ones(kernel: Mutant, planted: str, said: str) -> None:
    text = (kernel.sources / "Words.v").read_text() + f"\nFrom PXL Require Form.\n{planted}\n"
    (kernel.sources / "Words.v").write_text(text)
    kernel.compile("Words.v")
    assert kernel.inspection().words().findings == []
    assert said in str(kernel.inspection().names().findings[0])


# ---------------------------------------------------------------- compiled files

def test_compiled_files_of_other_sources_are_found_whatever_the_manifest_says(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Words.v compiled with the shadows, the genuine sources beside it, and a manifest that says that all is well."""
    words = (source_dir() / "Words.v").read_text()
    sources = write_sources(tmp_path / "src")
    (sources / "_CoqProject").write_text(FLAGS + "Two.v\nForm.v\nWords.v\nresults.v\n")
    shutil.copy(source_dir() / "Form.v", sources)
    (sources / "Words.v").write_text(words + SHADOW)
    build(sources, tmp_path / "built", lambda _: None)
    (sources / "Words.v").write_text(words)
    write_manifest(tmp_path / "built", sources)
    options = ["--sources", str(sources), "--dir", str(tmp_path / "built")]
    assert main(["verify", *options]) == 0
    inspection = Inspection(sources, Kernel.load(tmp_path / "built", sources), None, time.monotonic() + 300)
    assert inspection.statements().findings == []
    assert [str(found) for found in inspection.compiled().findings] == ["Words.vo: is not what Coq makes of the sources"]
    assert capsys.readouterr().err == ""


# ---------------------------------------------------------------- assumptions

def test_an_axiom_in_a_librarys_file_named_as_the_standard_librarys_is_found(tmp_path: Path) -> None:
    below = build(write_sources(tmp_path / "below"), tmp_path / "built", lambda _: None)
    sources = tmp_path / "src"
    sources.mkdir()
    (sources / "_CoqProject").write_text(FLAGS.replace("PXL", "PXLEvil") + "PrimInt63.v\nresults.v\n")
    (sources / "PrimInt63.v").write_text("Axiom add : forall P : Prop, P.\n")
    (sources / "results.v").write_text("From PXLEvil Require PrimInt63.\nTheorem all : False.\n"
                                       "Proof. exact (PrimInt63.add False). Qed.\nPrint Assumptions all.\n")
    library = build_library(sources, below, lambda _: None)
    inspection = Inspection(sources, library, below, time.monotonic() + 300)
    assert [found.where for found in inspection.words().findings] == ["PrimInt63.v:1"]
    statements = inspection.statements()
    assert "PXLEvil.PrimInt63.add : forall P : Prop, P" in statements.evidence
    (sources / "results.ref").write_text(statements.evidence)
    assert any("rest on assumptions" in found.why for found in inspection.statements().findings)
    coqchk = run_coqchk([inspection], time.monotonic() + 300)        # the file has the name of the standard library's, and counts as such
    assert coqchk.success.startswith("coqchk")
    assert "Axioms: PXLEvil.PrimInt63.add" in [found.why for found in coqchk.findings]


UNGUARDED = "Fixpoint loop (n : nat) : False := loop n.\n"


@pytest.mark.parametrize("hole", [
    "Lemma loop (n : nat) : False.\nProof. Admitted.\n",
    "Lemma loop (n : nat) : False.\nProof. admit. Admitted.\n",
    "#[bypass_check(guard)] " + UNGUARDED,
    "Unset Guard Checking.\n" + UNGUARDED,
], ids=["Admitted", "admit", "bypass_check", "Unset Guard Checking"])
def test_what_rests_on_a_hole_is_not_closed(tmp_path: Path, hole: str) -> None:
    """The word list refuses each before Coq is run; what Coq says when it is run is refused, too."""
    results = RESULTS.replace("exact Two.two_is_two", "destruct (Two.loop 0)")
    sources = write_sources(tmp_path / "src", Two=TWO + hole, results=results)
    build(sources, tmp_path / "built", lambda _: None)
    assert main(["gates", "--sources", str(sources), "--dir", str(tmp_path / "built")]) == 1
    inspection = Inspection(sources, Kernel.load(tmp_path / "built"), None, time.monotonic() + 60)
    assert all(found.where == "Two.v:4" or found.where == "Two.v:5" for found in inspection.words().findings)
    statements = inspection.statements()
    (sources / "results.ref").write_text(statements.evidence)
    assert "PXL.Two.loop" in statements.evidence
    assert any("rest on assumptions" in found.why for found in inspection.statements().findings)


def test_a_plugin_is_refused_by_its_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Coq loads it and proves the same; only the word list can refuse it."""
    sources = write_sources(
        tmp_path / "src", Two='Declare ML Module "cc_plugin:coq-core.plugins.cc".\n' + TWO)
    build(sources, tmp_path / "built", lambda _: None)
    assert main(["gates", "--sources", str(sources), "--dir", str(tmp_path / "built")]) == 1
    assert "FAIL  Two.v:1: 'Declare ML Module' loads a plugin" in capsys.readouterr().out


@pytest.mark.parametrize("hole", ["Admitted.", "Goal False. admit. Abort.", "#[bypass_check(guard)] Definition x := 1.",
                                  "Unset Guard Checking.", 'Declare ML Module "cc_plugin:coq-core.plugins.cc".'])
def test_the_word_list_reads_every_file_of_every_library(hole: str) -> None:
    for directory in (source_dir(), *builtin_libraries()):
        snapshot = read_snapshot(directory)
        for name, data in snapshot.files:
            if name.endswith(".v"):
                assert gates.check_source(name, f"{data.decode()}\n{hole}\n", snapshot.project.root), name


# ---------------------------------------------------------------- what Coq refuses

def test_one_more_axiom_makes_soundness_fail(kernel: Mutant) -> None:
    kernel.change("Prov.v", "(* rules *)", "| ax_wrong : forall a, Prov (Impl (Dia a) a)\n(* rules *)")
    assert kernel.refused_by_coq("Prov.v", "Semantics.v", "Soundness.v") == "Soundness.v"


def test_possibility_without_access_makes_soundness_fail(kernel: Mutant) -> None:
    kernel.change("Semantics.v", "exists u, access M w u /\\ sat M u a", "exists u : world M, sat M u a")
    assert kernel.refused_by_coq("Semantics.v", "Soundness.v") == "Soundness.v"


def test_equivalence_without_transitivity_makes_soundness_fail(kernel: Mutant) -> None:
    kernel.change("Semantics.v", "(forall w u v, access M w u -> access M u v -> access M w v).", "True.")
    assert kernel.refused_by_coq("Semantics.v", "Soundness.v") == "Soundness.v"


def test_a_printer_that_swaps_box_and_dia_makes_print_inj_fail(kernel: Mutant) -> None:
    kernel.change("Text.v", '| Box a => "B"', '| Dia a => "B"')
    kernel.change("Text.v", '| Dia a => "D"', '| Box a => "D"')
    assert kernel.refused_by_coq("Text.v", "Transport.v", "Canonical.v") == "Canonical.v"


@pytest.mark.parametrize(("old", "new"), [
    ("  | Dia r a => exists u, access M r w u /\\ sat M u a", "  | Dia r a => exists u : world M, sat M u a"),
    ("  | KD45 => serial R /\\ transitive R /\\ euclidean R", "  | KD45 => serial R /\\ transitive R"),
    ("Definition serial : Prop := forall w, exists u, R w u.", "Definition serial : Prop := forall w, R w w."),
], ids=["Dia ignores access", "KD45 without Euclidean", "serial is reflexive"])
def test_other_frames_make_the_modal_librarys_theorems_fail(modal: Mutant, old: str, new: str) -> None:
    modal.change("Semantics.v", old, new)
    assert modal.refused_by_coq("Semantics.v", "Clausal.v", "Soundness.v", "Countermodel.v") in (
        "Soundness.v", "Countermodel.v")
