"""The extracted checkers, native and in JavaScript, on certificates of the real search, on altered ones, and beside Coq."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from pxl.errors import ConfigError
from pxl.formula import format_formula
from pxl.kernel.build import load_library, run_coq
from pxl.kernel.extract import LIBRARIES, Extraction, extract, extraction_dir
from pxl.kernel.identity import Kernel
from pxl.kernel.project import builtin_libraries, default_kernel_dir, library_dir, read_snapshot
from pxl.overlays.asked import asked
from pxl.overlays.chrono.language import CHRONO
from pxl.overlays.contract import GLOBAL, LOCAL, Question, Reading, SearchResult
from pxl.overlays.loading import load_overlays
from pxl.overlays.modal.logics import LOGICS
from pxl.search.elimination import Budget
from pxl.verdict.extracted import check, in_node, native
from tests.support import chrono, modal_reference, s5_reference

Case = tuple[str, str, str, str]        # kind, verdict, question, certificate

MODAL_GOALS = (
    "BOX(p -> q) -> (BOX p -> BOX q)", "BOX p -> p", "BOX p -> DIA p", "p -> BOX(DIA p)", "BOX p -> BOX(BOX p)",
    "DIA p -> BOX(DIA p)", "DIA(p /\\ q) -> DIA p", "DIA p /\\ DIA q -> DIA(p /\\ q)")
CHRONO_GOALS = (
    "G p -> F p", "F G p -> G F p", "G F p -> F G p", "p U q -> F q", "p W q <-> (p U q \\/ G p)",
    "p R q <-> ~(~p U ~q)", "p M q <-> q U (p /\\ q)", "G(p -> X p) -> (p -> G p)", "G(P p -> F q)",
    "G(p S q -> P q)", "G(p T q <-> ~(~p S ~q))", "H p <-> p", "At 2 p -> F p", "At 0 p <-> p", "F(At 3 p)",
    "DIA(BOX p) -> BOX p", "G(Z p \\/ ~Y p)", "X p -> F p", "F ~X(~BOT)")
# One process for all: a node takes longer to start than a check takes.
NODE_BATCH = """
const { pxlCheck } = require(process.argv[1]);
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(cases.map(texts => pxlCheck(...texts))));
"""


@pytest.fixture(scope="module")
def parts() -> tuple[Kernel, dict[str, Kernel]]:
    """The compiled kernel and the libraries that are extracted."""
    kernel = Kernel.load(default_kernel_dir())
    libraries = {}
    for sources in builtin_libraries():
        root = read_snapshot(sources).project.root
        if root in LIBRARIES:
            libraries[root] = load_library(sources, root, kernel)
    return kernel, libraries


@pytest.fixture(scope="module")
def built(parts: tuple[Kernel, dict[str, Kernel]]) -> Extraction:
    return extract(*parts, extraction_dir(default_kernel_dir()), lambda _: None)


def settled(question: Question) -> Case | None:
    """Search for an answer to a question; None when the search gave up."""
    found = question.search(time.monotonic() + 10, Budget())
    if not isinstance(found, SearchResult):
        return None
    said = asked(question)
    assert said is not None
    return said[0], "proved" if found.proved else "refuted", said[1], found.certificate


@pytest.fixture(scope="module")
def good() -> list[Case]:
    """Certificates for goals of every overlay, logic and kind of runs, with assumptions and without."""
    overlays = load_overlays()
    readings = [(overlay.name, Reading(example.goal, example.options, example.assumptions, example.consequence))
                for overlay in overlays.loaded() for example in overlay.examples]
    for logic in LOGICS:
        readings += [("modal", Reading(goal, {"logic": logic})) for goal in MODAL_GOALS]
        readings += [("modal", Reading(goal, {"logic": logic}, ("p", "p -> q"), consequence))
                     for goal in ("BOX p", "q", "DIA r") for consequence in (GLOBAL, LOCAL)]
    for goal in CHRONO_GOALS:
        readings += [("chrono", Reading(goal, {"semantics": which, "at": at}))
                     for which, at in (("infinite", "start"), ("finite", "always"))]
        readings.append(("chrono", Reading(goal, {"trace": [["p"], ["p", "q"], [], ["q"]]})))
    readings += [("chrono", Reading(goal, {"semantics": which, "at": at}, ("p", "p -> F q"), consequence))
                 for goal in ("F q", "q") for which in ("infinite", "finite") for at in ("start", "always") for consequence in (GLOBAL, LOCAL)]
    chance = random.Random(20)
    for _ in range(25):
        readings.append(("pxl", Reading(format_formula(s5_reference.random_formula(chance, 3, 4)))))
        goal, *assumed = (format_formula(s5_reference.random_formula(chance, 2, 3)) for _ in range(3))
        readings.append(("pxl", Reading(goal, {}, tuple(assumed), chance.choice((GLOBAL, LOCAL)))))
        goal = format_formula(modal_reference.random_formula(chance, 2, 4, 4))
        readings.append(("modal", Reading(goal, {"logic": chance.choice([*LOGICS])})))
        goal = format_formula(chrono.random_formula(chance, 2, 5), signature=CHRONO)
        readings.append(("chrono", Reading(goal, {"semantics": chance.choice(("finite", "infinite"))})))
    cases = [settled(overlays.get(name).read(reading)) for name, reading in readings]
    return list(dict.fromkeys(case for case in cases if case is not None))


def natively(built: Extraction, case: Sequence[str]) -> str:
    return check(native(built.program), *case, deadline=time.monotonic() + 20).outcome


def in_javascript(built: Extraction, cases: Sequence[Sequence[object]]) -> list[str]:
    """Ask a node that makes no code of strings, as a page with script-src 'self' does not."""
    done = subprocess.run(["node", "--disallow-code-generation-from-strings", "-e", NODE_BATCH, str(built.script)],
                          input=json.dumps(cases), capture_output=True, text=True, check=True, timeout=60)
    return [said.split(" ")[0] for said in json.loads(done.stdout)]


def test_what_the_search_finds_is_accepted(built: Extraction, good: list[Case]) -> None:
    kinds = {(kind, verdict) for kind, verdict, _, _ in good}
    assert kinds == {(kind, verdict) for kind in ("pxl", "modal", "chrono") for verdict in ("proved", "refuted")}
    for logic in LOGICS.values():
        assert {verdict for _, verdict, question, _ in good if f"[(1, {logic.coq})] [] []:" in question} == {
            "proved", "refuted"}, logic.name
    for kind in ("pxl", "modal", "chrono"):
        for sign in (" |= ", " |- "):
            assert {verdict for found, verdict, question, _ in good if found == kind and sign in question} == {
                "proved", "refuted"}, (kind, sign)
    for runs in ("infinite: ", "finite: ", "trace "):
        assert {verdict for _, verdict, question, _ in good if question.startswith(runs)} == {"proved", "refuted"}
    assert [case for case in good if natively(built, case) != "accepted"] == []
    assert in_javascript(built, good) == ["accepted"] * len(good)


def altered(good: list[Case], chance: random.Random) -> list[Case]:
    """Return certificates with one character changed, left out, doubled or cut off, and questions changed likewise."""
    found = []
    for kind, verdict, question, certificate in good:
        place = chance.randrange(len(certificate))
        other = chr(chance.randrange(48, 112))
        for text in (certificate[:place] + other + certificate[place + 1:],
                     certificate[:place] + certificate[place + 1:], certificate[:place]):
            if text and text != certificate:
                found.append((kind, verdict, question, text))
        place = chance.randrange(len(question))
        found.append((kind, verdict, question[:place] + chance.choice("p12~()X -") + question[place + 1:], certificate))
    return found


def test_altered_certificates_are_judged_alike_and_as_coq_judges_them(
        built: Extraction, good: list[Case], parts: tuple[Kernel, dict[str, Kernel]], tmp_path: Path) -> None:
    chance = random.Random(7)
    cases = chance.sample(altered(good, chance), 240)
    verdicts = [natively(built, case) for case in cases]
    assert verdicts.count("rejected") > 150
    assert in_javascript(built, cases) == verdicts
    sample = [*zip(chance.sample(good, 30), ["accepted"] * 30), *zip(cases[:60], verdicts[:60])]
    assert coq_agrees([each for each in sample if each[1] != "declined"], parts, tmp_path)


def coq_agrees(sample: Sequence[tuple[Case, str]], parts: tuple[Kernel, dict[str, Kernel]], place: Path) -> bool:
    """Have Coq compute the extracted functions themselves, and prove that they say what the programs said."""
    names = {("pxl", "proved"): "PXL.Verify.verify_proved", ("pxl", "refuted"): "PXL.Verify.verify_refuted",
             ("modal", "proved"): "PXLModal.Verify.verify_entailed",
             ("modal", "refuted"): "PXLModal.Verify.verify_not_entailed",
             ("chrono", "proved"): "PXLChrono.Verify.verify_holds",
             ("chrono", "refuted"): "PXLChrono.Verify.verify_fails"}
    lines = ["From PXL Require Transport Verify.", "From PXLModal Require Verify.", "From PXLChrono Require Verify.",
             "Import PXL.Transport."]
    for (kind, verdict, question, certificate), outcome in sample:
        lines.append(f'Goal {names[kind, verdict]} (unwrap "{question}"%text) (unwrap "{certificate}"%text) = '
                     f"{'true' if outcome == 'accepted' else 'false'}. Proof. vm_compute; reflexivity. Qed.")
    (place / "Agree.v").write_text("\n".join(lines) + "\n")
    kernel, libraries = parts
    flags = [word for root, found in {"PXL": kernel, **libraries}.items()
             for word in ("-Q", str(found.kernel_dir), root)]
    run_coq(["coqc", "-q", *flags, "Agree.v"], cwd=place, deadline=time.monotonic() + 60)
    return len(lines) > 80


def test_another_goal_logic_or_verdict_is_rejected(built: Extraction, good: list[Case]) -> None:
    turned = [(kind, {"proved": "refuted", "refuted": "proved"}[verdict], question, certificate)
              for kind, verdict, question, certificate in good[::3]]
    for kind, verdict, question, certificate in good[::3]:
        if "|" not in question:      # contradictory assumptions entail a goal and its negation
            before, colon, goal = question.rpartition(": ")
            turned.append((kind, verdict, f"{before}{colon}~({goal})", certificate))
    weaker = {"T": "K", "S4": "T", "S5": "S4", "D": "K", "B": "T", "K4": "K", "KB": "K", "K45": "K4", "KD45": "D4"}
    needed = {"T": "BOX(p1) -> p1", "S4": "BOX(p1) -> BOX(BOX(p1))", "S5": "DIA(p1) -> BOX(DIA(p1))",
              "D": "BOX(p1) -> DIA(p1)", "B": "p1 -> BOX(DIA(p1))", "K4": "BOX(p1) -> BOX(BOX(p1))",
              "KB": "p1 -> BOX(DIA(p1))", "K45": "DIA(p1) -> BOX(DIA(p1))", "KD45": "DIA(p1) -> BOX(DIA(p1))"}
    modal = {question: (verdict, certificate) for kind, verdict, question, certificate in good if kind == "modal"}
    for logic, below in weaker.items():
        strong, weak = (f"Setting [(1, {name})] [] []: {needed[logic]}" for name in (logic, below))
        assert modal[strong][0] == "proved" and modal[weak][0] == "refuted", logic
        turned += [("modal", "proved", weak, modal[strong][1]), ("modal", "refuted", strong, modal[weak][1])]
    for kind, verdict, question, certificate in good:
        if question.startswith(("finite: ", "infinite: ")) and verdict == "refuted":
            here, _, goal = question.partition(": ")
            other = {"finite": "infinite", "infinite": "finite"}[here]
            turned.append((kind, verdict, f"{other}: {goal}", certificate))
    assert [case for case in turned if natively(built, case) != "rejected"] == []
    assert set(in_javascript(built, turned)) == {"rejected"}


def test_logics_that_no_overlay_offers_are_read_too(built: Extraction) -> None:
    question = load_overlays(["modal"]).get("modal").read(Reading("BOX(p -> q) -> (BOX p -> BOX q)", {"logic": "k"}))
    case = settled(question)
    assert case is not None
    for logic in ("DB", "KB4", "K5", "D5"):
        assert natively(built, (*case[:2], case[2].replace("(1, K)", f"(1, {logic})"), case[3])) == "accepted", logic
    assert natively(built, (*case[:2], case[2].replace("(1, K)", "(1, K6)"), case[3])) == "rejected"


@pytest.mark.parametrize("question", [
    "(p1 -> p1)", "p1  -> p1", "p01 -> p01", " p1 -> p1", "p1 -> p1 ", "p1 -> p1: ", "p2 |+ p1 -> p1",
    "p2 |- p2 |= p1 -> p1", "|- p1 -> p1", "infinite: p1 -> p1"])
def test_a_question_that_is_not_canonical_is_rejected(built: Extraction, question: str) -> None:
    good_one = settled(load_overlays(["pxl"]).get("pxl").read(Reading("p -> p")))
    assert good_one is not None and good_one[2] == "p1 -> p1"
    assert natively(built, ("pxl", "proved", question, good_one[3])) == "rejected"


def test_what_is_no_input_is_declined(built: Extraction) -> None:
    good_one = ["pxl", "refuted", "p1 -> BOX(p1)", "0100"]
    wrong = [["s5", *good_one[1:]], ["pxl", "true", *good_one[2:]], ["pxl", "refuted", "", "0100"],
             [*good_one[:3], ""], [*good_one[:3], "01 0"], [*good_one[:3], "0~00"], ["pxl", "refuted", "p1\x7f", "0"],
             ["pxl", "refuted", "~" * (16 * 1024 * 1024 + 1), "0"], [*good_one[:3], "0" * (16 * 1024 * 1024 + 1)]]
    for case in wrong:
        assert natively(built, case) == "declined", case[0:2]
    assert natively(built, good_one) == "accepted"
    wrong += [["pxl", "refuted", "é", "0"], ["pxl", "refuted", "İ1", "0"], [*good_one[:3], 100], [*good_one[:3], None]]
    assert in_javascript(built, [good_one, *wrong]) == ["accepted", *["declined"] * len(wrong)]


@pytest.mark.parametrize("given", [
    b"", b"pxl\n", b"pxl\nrefuted\np1 -> BOX(p1)\n0100", b"pxl\nrefuted\np1 -> BOX(p1)\n0100\n\n",
    b"pxl\r\nrefuted\r\np1 -> BOX(p1)\r\n0100\r\n", b"pxl\nrefuted\np1 -> BOX(p1)\n0100\n\0"])
def test_the_program_reads_four_lines_and_nothing_else(built: Extraction, given: bytes) -> None:
    done = subprocess.run([str(built.program)], input=given, capture_output=True, timeout=20, check=False)
    assert done.returncode == 2 and done.stdout.startswith(b"declined ") and done.stdout.count(b"\n") == 1
    assert done.stderr == b""


def test_too_deep_for_the_stack_is_declined(built: Extraction) -> None:
    deep = ["pxl", "refuted", "~" * 1_000_000 + "p1", "000"]
    done = subprocess.run(["prlimit", "--stack=8388608", str(built.program)], input="".join(f"{x}\n" for x in deep),
                          capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, "declined it needs more stack than there is\n")
    assert in_javascript(built, [[*deep[:2], "~" * 100_000 + "p1", "000"]]) == ["declined"]


def test_memory_and_time_that_run_out_are_declined(built: Extraction) -> None:
    case = ("pxl", "refuted", "~" * 200_000 + "p1", "000")
    command = ["prlimit", f"--as={24 * 1024 * 1024}", str(built.program)]
    assert check(command, *case, deadline=time.monotonic() + 20).outcome == "declined"
    assert check(native(built.program), *case, deadline=time.monotonic()).outcome == "declined"
    assert check(["/bin/echo", "accepted pxl proved"], *case, deadline=time.monotonic() + 5).outcome == "declined"
    assert check(in_node(built.script), *case[:2], "p1 -> BOX(p1)", "0100", deadline=time.monotonic() + 20).outcome \
        == "accepted"


def test_a_page_or_worker_gets_a_plain_function(built: Extraction, tmp_path: Path) -> None:
    program = """
const context = require("vm").createContext({}, { codeGeneration: { strings: false, wasm: false } });
require("vm").runInContext(require("fs").readFileSync(process.argv[1], "utf8"), context);
console.log(context.pxlCheck("pxl", "refuted", "p1 -> BOX(p1)", "0100"));
"""
    done = subprocess.run(["node", "-e", program, str(built.script)], capture_output=True, text=True, timeout=20,
                          check=False, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("accepted pxl refuted\n", "")


def test_the_script_is_small(built: Extraction) -> None:
    done = subprocess.run(["gzip", "-9nc", str(built.script)], capture_output=True, check=True)
    assert len(done.stdout) < 150 * 1024


def test_two_builds_are_the_same_and_a_damaged_one_is_found(
        built: Extraction, parts: tuple[Kernel, dict[str, Kernel]], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make extract"):
        Extraction.load(tmp_path / "none")
    other = extract(*parts, tmp_path / "another directory with a longer name" / "x", lambda _: None)
    assert (other.sha, other.programs) == (built.sha, built.programs)
    listed = subprocess.run("sha256sum *.ml *.mli browser.js | LC_ALL=C sort -k 2 | sha256sum", shell=True,
                            cwd=other.directory, capture_output=True, text=True, check=True)
    assert listed.stdout.split()[0] == other.sha
    assert not [name for name in os.listdir(other.directory) if name.endswith((".vo", ".cmx", ".o", ".byte"))]
    with other.program.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ConfigError, match="not what the build wrote"):
        Extraction.load(other.directory)


def test_a_missing_library_or_tool_is_told(
        built: Extraction, parts: tuple[Kernel, dict[str, Kernel]], tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, libraries = parts
    with pytest.raises(ConfigError, match="PXLChrono is not compiled"):
        extract(kernel, {"PXLModal": libraries["PXLModal"]}, tmp_path / "x", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="apt-get install js-of-ocaml ocaml"):
        extract(kernel, libraries, tmp_path / "x", lambda _: None)
    assert library_dir(kernel.kernel_dir, "PXLModal") == libraries["PXLModal"].kernel_dir
