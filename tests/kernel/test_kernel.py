"""The kernel's build, its identity and its gates, on a kernel of two files and on the real one."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from pxl.certificates.sentences import CONSTRUCTORS, PREAMBLE
from pxl.errors import ConfigError
from pxl.kernel import gates
from pxl.kernel.__main__ import main
from pxl.kernel.build import build, coq_version
from pxl.kernel.identity import MANIFEST, UNVERIFIED, Kernel, source_hash
from pxl.kernel.inspection import PUBLISHED, Inspection
from pxl.kernel.project import builtin_libraries, default_kernel_dir, library_dir, read_snapshot, source_dir
from pxl.kernel.scan import code_only
from pxl.kernel.statements import commands
from pxl.overlays.chrono import sentences as chrono_sentences
from pxl.overlays.modal import script as modal_script
from pxl.overlays.modal.logics import LOGICS
from tests.support.small_kernel import FLAGS, REFERENCE, RESULTS, TWO, write_sources


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small kernel's directory, compiled once, with its sources in `src` beside it."""
    root = tmp_path_factory.mktemp("kernel")
    build(write_sources(root / "src"), root / "built", lambda _: None)
    return root / "built"


@pytest.fixture
def copy(compiled: Path, tmp_path: Path) -> Path:
    """A copy of the small kernel for a test to damage."""
    shutil.copytree(compiled.parent / "src", tmp_path / "src")
    return Path(shutil.copytree(compiled, tmp_path / "built"))


# ---------------------------------------------------------------- build

def test_build_says_what_it_does_and_then_does_nothing(tmp_path: Path) -> None:
    sources, said = write_sources(tmp_path / "src"), []
    first = build(sources, tmp_path / "built", said.append)
    assert [line for line in said if line.startswith("  PXL [")][-1].startswith("  PXL [2/2] results.v")
    written = (tmp_path / "built" / MANIFEST).stat().st_mtime_ns
    said.clear()
    assert build(sources, tmp_path / "built", said.append) == first
    assert len(said) == 1
    assert "up to date" in said[0]
    assert (tmp_path / "built" / MANIFEST).stat().st_mtime_ns == written


def test_build_follows_a_changed_source(copy: Path) -> None:
    before = Kernel.load(copy)
    sources = write_sources(copy.parent / "src", Two=TWO + "Definition three : nat := 3.\n")
    after = build(sources, copy, lambda _: None)
    assert after.kernel_hash != before.kernel_hash
    assert Kernel.load(copy, sources) == after


def test_build_mends_a_damaged_file(copy: Path) -> None:
    whole = Kernel.load(copy)
    flip_a_byte(copy / "Two.vo")
    said: list[str] = []
    assert build(copy.parent / "src", copy, said.append) == whole
    assert "Two.vo is not the file that the build wrote" in said[0]


def test_a_source_that_coq_refuses_leaves_the_old_build(copy: Path) -> None:
    before = Kernel.load(copy)
    sources = write_sources(copy.parent / "src", Two="Lemma wrong : 1 = 2.\nProof. reflexivity. Qed.\n")
    with pytest.raises(ConfigError, match=r"coqc Two\.v failed with status 1(.|\n)*Unable to unify"):
        build(sources, copy, lambda _: None)
    assert Kernel.load(copy) == before
    assert sorted(path.name for path in copy.parent.iterdir()) == ["built", "built.lock", "src"]


def test_builders_at_the_same_time_compile_once(tmp_path: Path) -> None:
    sources, target = write_sources(tmp_path / "src"), tmp_path / "built"
    said: list[str] = []
    kernels: list[Kernel] = []
    builders = [threading.Thread(target=lambda: kernels.append(build(sources, target, said.append)))
                for _ in range(3)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join(60)
    assert len(kernels) == 3
    assert len(set(kernels)) == 1
    assert sum("compiling" in line for line in said) == 1


def test_build_leaves_a_directory_that_is_not_its_own_alone(tmp_path: Path) -> None:
    mine = tmp_path / "letters" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("dear")
    with pytest.raises(ConfigError, match="is in the way"):
        build(write_sources(tmp_path / "src"), mine.parent, lambda _: None)
    assert mine.read_text() == "dear"


def test_a_missing_coq_is_named_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="apt-get install coq"):
        coq_version(time.monotonic() + 10)


def test_a_coq_that_is_too_old_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "coqc"
    fake.write_text("#!/bin/sh\necho 8.15.2 4.13.1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(ConfigError, match=r"version 8\.15\.2; the kernel needs 8\.16 or later"):
        build(write_sources(tmp_path / "src"), tmp_path / "built", lambda _: None)


def test_a_build_out_of_time_is_stopped(tmp_path: Path) -> None:
    slow = "Fixpoint f (n : nat) := match n with O => 0 | S m => f m + f m end.\nCompute f 60.\n"
    with pytest.raises(ConfigError, match="the time allowed is over"):
        build(write_sources(tmp_path / "src", Two=slow), tmp_path / "built", lambda _: None, timeout_s=2)


# ---------------------------------------------------------------- identity

def test_the_kernel_hash_depends_on_names_bytes_and_coq_alone(tmp_path: Path) -> None:
    files = read_snapshot(write_sources(tmp_path / "a")).files
    elsewhere = write_sources(tmp_path / "deep" / "down" / "b")
    for path in elsewhere.iterdir():
        os.utime(path, (1, 1))
    moved = read_snapshot(elsewhere).files
    assert source_hash(files, "8.16.1") == source_hash(tuple(reversed(moved)), "8.16.1")
    assert source_hash(files, "8.16.1") != source_hash(files, "8.17.0")
    renamed = [(name.replace("Two", "Deux"), data) for name, data in files]
    assert source_hash(renamed, "8.16.1") != source_hash(files, "8.16.1")
    changed = [(name, data + b" ") for name, data in files]
    assert source_hash(changed, "8.16.1") != source_hash(files, "8.16.1")


def test_both_hashes_can_be_had_with_a_shell(compiled: Path) -> None:
    kernel = Kernel.load(compiled)
    sources, compiled_files = (subprocess.run(
        ["bash", "-c", script], cwd=where, capture_output=True, text=True, check=True).stdout.split()[0]
        for where, script in (
            (compiled.parent / "src", f'{{ echo "coq {kernel.coq_version}"; sha256sum _CoqProject *.v '
                                      '| LC_ALL=C sort -k 2; } | sha256sum'),
            (compiled, "sha256sum *.vo | LC_ALL=C sort -k 2 | sha256sum")))
    assert (kernel.kernel_hash, kernel.compiled_hash) == (sources, compiled_files)


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_flipped_byte_is_caught(copy: Path) -> None:
    flip_a_byte(copy / "Two.vo")
    with pytest.raises(ConfigError, match=r"Two\.vo is not the file .* run `make kernel`"):
        Kernel.load(copy)


def test_a_change_after_the_start_is_caught(copy: Path) -> None:
    kernel = Kernel.load(copy)
    kernel.check_unchanged()
    flip_a_byte(copy / "Two.vo")
    with pytest.raises(ConfigError, match=r"Two\.vo is not the file"):
        kernel.check_unchanged()
    build(write_sources(copy.parent / "src", Two=TWO + "Definition three : nat := 3.\n"), copy, lambda _: None)
    with pytest.raises(ConfigError, match="built anew .* start it again"):
        kernel.check_unchanged()


@pytest.mark.parametrize(("damage", "complaint"), [
    (lambda where: (where / "Two.vo").unlink(), r"Two\.vo is missing"),
    (lambda where: (where / "Evil.vo").write_bytes(b"x"), r"Evil\.vo was not written by the build"),
    (lambda where: (where / MANIFEST).unlink(), "there is no compiled kernel"),
    (lambda where: (where / MANIFEST).write_text("{"), "manifest .* is damaged"),
    (lambda where: (where / MANIFEST).write_text("{}"), "manifest .* is damaged"),
    (lambda where: (where / MANIFEST).write_text(
        (where / MANIFEST).read_text().replace('"compiled_hash": "', '"compiled_hash": "0')), "manifest .* is damaged"),
])
def test_other_damage_is_caught_and_the_cure_named(copy: Path, damage, complaint: str) -> None:
    damage(copy)
    with pytest.raises(ConfigError, match=complaint + ".*run `make kernel`"):
        Kernel.load(copy)


def test_a_kernel_of_other_sources_is_caught(copy: Path) -> None:
    sources = write_sources(copy.parent / "src", Two=TWO + "\n")
    Kernel.load(copy)
    with pytest.raises(ConfigError, match="compiled from other sources"):
        Kernel.load(copy, sources)


# ---------------------------------------------------------------- words

@pytest.mark.parametrize("planted", [
    "Lemma hole : 1 = 2. Proof. Admitted.",
    "Lemma hole : 1 = 2. Proof. admit. Qed.",
    "Lemma hole : 1 = 2. Proof. give_up. Qed.",
    "Axiom hole : 1 = 2.",
    "Axioms hole : 1 = 2.",
    "Local Axiom hole : 1 = 2.",
    "Parameter hole : 1 = 2.",
    "Parameters hole : 1 = 2.",
    "Conjecture hole : 1 = 2.",
    "Variable hole : 1 = 2.",
    "Local Variables hole : 1 = 2.",
    "Hypothesis hole : 1 = 2.",
    "#[local] Hypotheses hole : 1 = 2.",
    "Context (hole : 1 = 2).",
    "Section S. End S. Context (hole : 1 = 2).",
    "Module M. Variable hole : 1 = 2. End M.",
    "Declare Module M : T.",
    "Primitive hole := #int63_add.",
    "Unset Guard Checking.",
    "#[local] Unset  Positivity\nChecking.",
    "Set Universe Checking.",
    "#[bypass_check(guard)] Fixpoint f (n : nat) : nat := f n.",
    "Admit Obligations.",
    'Declare ML Module "x".',
    'Load "hole".',
    'Redirect "hole" Print two.',
    'Cd "hole".',
    "Drop.",
    "From Elsewhere Require Import Hole.",
    "Require Import Hole.",
    "(* a comment that (* never *) ends",
    'Definition x := "a string that never ends.',
])
def test_each_forbidden_word_is_caught_on_its_line(planted: str) -> None:
    assert gates.check_source("Two.v", TWO) == []
    found = gates.check_source("Two.v", TWO + planted + "\n")
    assert found
    assert str(found[0]).startswith(("Two.v:4", "Two.v: a comment or string"))


@pytest.mark.parametrize("harmless", [
    "(* Admitted. (* Axiom x. *) admit. *)",
    "(** no \"Axiom *) Parameter\" here: a string hides the mark *)",
    'Definition text := "Axiom ""Parameter"" (* admit".',
    "Section S. Variable A : Type. Context (a : A). Hypothesis H : a = a. End S.",
    "Definition admitted' := 1. Definition my_Axiom := 2. Definition Axiomatic := 3.",
    "Lemma bulleted : True /\\ True. Proof. split. - { exact I. } - exact I. Qed.",
])
def test_harmless_text_passes(harmless: str) -> None:
    assert gates.check_source("Two.v", TWO + harmless + "\n") == []


def test_comments_are_blanked_line_by_line() -> None:
    assert code_only("a (* b\n c *) d") == "a     \n      d"


def test_weaker_flags_and_unlisted_files_are_caught(tmp_path: Path) -> None:
    sources = write_sources(tmp_path)
    assert gates.check_words(read_snapshot(sources), ["Two.v", "results.v"]) == []
    assert [finding.where for finding in gates.check_words(read_snapshot(sources), ["Two.v", "Stray.v"])] == ["Stray.v"]
    (sources / "_CoqProject").write_text(FLAGS + "-arg -type-in-type\nTwo.v\nresults.v\n")
    assert [finding.where for finding in gates.check_words(read_snapshot(sources), [])] == ["_CoqProject"]


# ---------------------------------------------------------------- statements, coqchk and the stamp

def inspect(sources: Path, kernel_dir: Path) -> Inspection:
    return Inspection(sources, Kernel.load(kernel_dir, sources), None, time.monotonic() + 300)


def test_an_axiom_is_caught_by_print_assumptions_and_by_coqchk(tmp_path: Path) -> None:
    sources = write_sources(tmp_path / "src", Two="Axiom hole : 1 = 2.\n",
                            results=RESULTS.replace("two = 2", "1 = 2").replace("Two.two_is_two", "Two.hole"))
    build(sources, tmp_path / "built", lambda _: None)
    outcome = inspect(sources, tmp_path / "built").statements()
    assert "PXL.Two.hole : @eq nat (S O) (S (S O))" in outcome.evidence
    assert any("rest on assumptions" in found.why
               for found in gates.check_results(["two_is_two"], outcome.evidence, outcome.evidence))
    summary = gates.run_coqchk({"PXL": tmp_path / "built"}, ["PXL.results"], time.monotonic() + 300)
    assert [found.why for found in gates.check_summary(summary, primitives_allowed=True)] == ["Axioms: PXL.Two.hole"]


def test_results_must_state_theorems_and_match_the_stored_text() -> None:
    theorems = gates.public_theorems(RESULTS)
    assert theorems == ["two_is_two"]
    assert gates.check_results(theorems, REFERENCE, REFERENCE) == []
    assert gates.check_results(theorems, REFERENCE, "")
    assert gates.check_results([], "", "")
    assert gates.check_results([*theorems, "other"], REFERENCE, REFERENCE)
    weaker = REFERENCE.replace("S (S O)\n     : nat", "S O\n     : nat")
    assert "-Definition PXL.Two.two = S (S O)\n+Definition PXL.Two.two = S O" in str(
        gates.check_results(theorems, weaker, REFERENCE)[0])


def test_the_references_are_written_as_the_gates_read_them(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = copy.parent / "src"
    options = ["--sources", str(sources), "--dir", str(copy)]
    (sources / "results.ref").write_text("")
    (sources / "session.ref").write_text("From PXL Require Import Two.\nLocate two.\nCheck two.\n")
    (sources / PUBLISHED).write_text("")
    assert main(["reference", *options]) == 0
    assert (sources / "results.ref").read_text() == REFERENCE
    assert (sources / "session.ref").read_text() == (
        "From PXL Require Import Two.\nLocate two.\n    Constant PXL.Two.two\nCheck two.\n    two\n         : nat\n")
    assert main(["gates", *options]) == 0
    assert "2 files are what Coq makes of the sources, and those published" in capsys.readouterr().out
    (sources / PUBLISHED).write_text("coq 8.16.1\n" + "0" * 64 + "\n")
    assert main(["gates", *options]) == 0
    assert "not those published in compiled.ref" in capsys.readouterr().out


def test_coqchk_summaries_are_read_strictly() -> None:
    clean = ("CONTEXT SUMMARY\n===============\n\n* Theory: Set is predicative\n  \n* Axioms: <none>\n  \n"
             "* Constants/Inductives relying on type-in-type: <none>\n  \n"
             "* Constants/Inductives relying on unsafe (co)fixpoints: <none>\n  \n"
             "* Inductives whose positivity is assumed: <none>\n  \n")
    native = clean.replace(
        "Axioms: <none>", "Axioms:\n    Coq.Numbers.Cyclic.Int63.PrimInt63.add\n    PXL.Words.array_get")

    def is_clean(summary: str, allowed: bool = False) -> bool:
        return not gates.check_summary(summary, primitives_allowed=allowed)

    assert is_clean(clean)
    assert not is_clean(native)
    assert is_clean(native, allowed=True)
    for axiom in ("Coq.Logic.Classical_Prop.classic", "PXL.Words.hole", "PXL.Two.array_get"):
        assert not is_clean(native + f"* Axioms:\n    {axiom}\n", allowed=True)
    assert not is_clean(clean.replace("type-in-type: <none>", "type-in-type: PXL.Two.two"), allowed=True)
    assert not is_clean(clean.replace("is predicative", "is impredicative"))
    assert not is_clean("")


def test_primitives_are_followed_through_requires(tmp_path: Path) -> None:
    assert gates.with_primitives(read_snapshot(write_sources(tmp_path))) == set()
    for native in ("From Coq Require Import PrimInt63.\n", "Primitive array := #array_type.\n"):
        assert gates.with_primitives(read_snapshot(write_sources(tmp_path, Two=native))) == {"Two.v", "results.v"}


def test_only_named_primitives_may_be_declared_and_only_in_their_file() -> None:
    declared = "Primitive array_get : forall A, array A -> int -> A := #array_get."
    assert gates.check_source("Words.v", declared) == []
    assert gates.check_source("Two.v", declared)
    assert gates.check_source("Words.v", declared.replace(":= #array_get", ":= #array_set"))
    assert gates.check_source("Words.v", "Primitive hole := #int63_add.")


def test_the_gates_write_a_stamp_only_when_all_pass(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--sources", str(copy.parent / "src"), "--dir", str(copy)]
    assert main(["gates", *options]) == 0
    said = capsys.readouterr().out
    assert "FAIL" not in said
    stamp = Kernel.load(copy).coqchk
    assert stamp.startswith("verified-")
    assert len(stamp) == len("verified-20250110_120000")
    assert f"all gates passed: {stamp}" in said

    (copy.parent / "src" / "results.ref").write_text("something else\n")
    assert main(["gates", *options]) == 1
    assert "FAIL  results.ref: is not what Coq says" in capsys.readouterr().out
    assert Kernel.load(copy).coqchk == stamp  # still true of these compiled files

    write_sources(copy.parent / "src", Two=TWO + "\n")
    assert main(["build", *options]) == 0
    assert Kernel.load(copy).coqchk == UNVERIFIED


def test_a_stamp_for_other_compiled_files_counts_for_nothing(copy: Path) -> None:
    (copy / "verified-20250110_120000").write_text("0" * 64 + "\n")
    assert Kernel.load(copy).coqchk == UNVERIFIED


def test_the_command_line_says_what_is_wrong(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--sources", str(copy.parent / "src"), "--dir", str(copy)]
    kernel = Kernel.load(copy)
    assert main(["verify", *options]) == 0
    assert kernel.compiled_hash in capsys.readouterr().out
    assert main(["hash", *options]) == 0
    assert capsys.readouterr().out.strip() == kernel.kernel_hash
    flip_a_byte(copy / "Two.vo")
    assert main(["verify", *options]) == 2
    assert capsys.readouterr().err.startswith("error: the compiled kernel is damaged: ")


# ---------------------------------------------------------------- the real kernel

@pytest.fixture(scope="module")
def real_dir() -> Path:
    return Path(os.environ.get("PXL_KERNEL_DIR") or default_kernel_dir())


def test_the_real_kernel_is_compiled_from_these_sources(real_dir: Path) -> None:
    assert Kernel.load(real_dir, source_dir()).coq_version == coq_version(time.monotonic() + 60)


def test_the_real_kernel_has_no_forbidden_word() -> None:
    present = [path.name for path in source_dir().glob("*.v")]
    assert gates.check_words(read_snapshot(source_dir()), present) == []


def test_the_real_statements_and_names_are_those_stored(real_dir: Path) -> None:
    for sources in (source_dir(), *builtin_libraries()):
        root = read_snapshot(sources).project.root
        below = None if root == "PXL" else Kernel.load(real_dir)
        kernel = Kernel.load(library_dir(real_dir, root) if below else real_dir, sources)
        inspection = Inspection(sources, kernel, below, time.monotonic() + 300)
        assert inspection.statements().findings == []
        if root != "PXLV4":     # which no session loads
            assert inspection.names().findings == []
        coq, compiled = (sources / PUBLISHED).read_text().split("\n")[:2]
        if coq == f"coq {kernel.coq_version}" and Path("/usr/lib/ocaml/coq").is_dir():  # Debian's build, as published
            assert compiled == kernel.compiled_hash, f"write {PUBLISHED} again: python -m pxl.kernel reference"


def test_the_stored_names_are_those_of_sessions() -> None:
    """What `session.ref` opens is what a session's goal opens, and each name that sentences can use stands there."""
    chrono, modal = (next(path for path in builtin_libraries() if name in str(path)) for name in ("chrono", "modal"))
    for sources, preamble, constructors, rules in (
            (source_dir(), PREAMBLE, CONSTRUCTORS, ("proved", "refuted", "Prov", "form")),
            (modal, (*PREAMBLE, *modal_script.PREAMBLE, "Import PXLModal.Session."), CONSTRUCTORS,
             ("entailed", "not_entailed", "Entails", "Valid", "Setting", "mform", *(logic.coq for logic in LOGICS.values()))),
            (chrono, (*PREAMBLE, *chrono_sentences.PREAMBLE, chrono_sentences.IMPORT), chrono_sentences.CONSTRUCTORS,
             ("valid", "not_valid", "valid_finite", "not_valid_finite", "holds", "not_holds", "Valid", "ValidFinite",
              "Holds", "tform", "At", "trace", "positive"))):
        given = commands((sources / "session.ref").read_text())
        assert tuple(given[:len(preamble)]) == preamble
        names = {"Atom", "formula", "unpack", "list", "Byte.byte", "bool", "true", "eq_refl", '"~"',
                 *constructors.values(), *rules}
        assert names <= {command.split()[1].removesuffix(".") for command in given if command.startswith("Locate ")}


@pytest.mark.parametrize("hole", ["Axiom hole : 1 = 2.", "Lemma hole : 1 = 2. Proof. Admitted."])
def test_a_hole_planted_in_any_real_source_is_caught(hole: str) -> None:
    for name, data in read_snapshot(source_dir()).files:
        if name.endswith(".v"):
            assert gates.check_source(name, data.decode() + hole + "\n"), name
