"""Certificates that leave the server: what their data may be, and that nothing else is believed or run."""

from __future__ import annotations

import dataclasses
import itertools
import json
import time
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import pytest

from pxl.certificates.document import SCHEMA, CertificateDocument, InvalidDocument, read, written
from pxl.certificates.sentences import Script, script_of, text_argument, text_definition, words
from pxl.commands.main import main
from pxl.composition.overlays import compiled_libraries
from pxl.errors import ConfigError, KernelDisagreement, ProverTimeout
from pxl.formula import parse
from pxl.kernel.build import default_kernel_dir, load_library
from pxl.kernel.extract import LIBRARIES, extract, extraction_dir
from pxl.kernel.identity import Kernel
from pxl.kernel.project import builtin_libraries, read_snapshot
from pxl.overlays.contract import Example, Reading, SearchResult
from pxl.overlays.loading import load_overlays
from pxl.overlays.registry import Registry
from pxl.search.elimination import Budget
from pxl.verdict import evidence
from pxl.verdict.coqc import Coq, probe
from pxl.verdict.decider import Decider
from pxl.verdict.extracted import in_node, native
from pxl.verdict.extracted_checker import Extracted
from pxl.verdict.opinion import Claim, Declined, Opinion, Rejected
from pxl.verdict.reference.checker import Python
from pxl.verdict.sandbox import BUBBLEWRAP, NAMESPACES, NONE, Sandbox, confines, find_sandbox
from pxl.verdict.verify import claim_of, verify

FORGED = sorted((Path(__file__).parent / "forged").glob("*.v"))
KERNEL = "0" * 64
# A literal that ends too soon, and what would come after it: a theorem about something else, or a file of the user's.
ESCAPES = ('0" ltac:(vm_cast_no_check (@eq_refl bool true))). Abort. Theorem answer : True. Proof. exact I. Qed. '
           'Goal True. Proof. exact ((fun (_ : bytes) (_ : true = true) => I) "0',
           '0" idtac. Abort. Print Universes "victim.key". Goal True. idtac "0', '0"', '"', "0\n1", "0 1", "p", "0é", "0/",
           "0*)", "P", "PPPPPPPPP0")


class Witness:
    """A checker that rejects, and keeps what it was given."""

    name = "witness"

    def __init__(self) -> None:
        self.seen: list[CertificateDocument] = []

    def check(self, claim: Claim, deadline: float) -> Opinion:
        self.seen.append(claim.document)
        raise Rejected("seen")


class Nobody:
    """A checker that nothing may reach."""

    name = "nobody"

    def check(self, claim: Claim, deadline: float) -> Opinion:
        raise AssertionError("what cannot be rendered was given to a checker")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_overlays()


@pytest.fixture(scope="module")
def coq(registry: Registry) -> Coq:
    kernel = Kernel.load(default_kernel_dir())
    places = {library.root: library.library.kernel_dir for library in compiled_libraries(registry, kernel)}
    return Coq(kernel.kernel_dir, find_sandbox(), places)


def soon() -> float:
    return time.monotonic() + 60


def certificate(registry: Registry, overlay: str, example: Example) -> tuple[CertificateDocument, str]:
    """Return an example's certificate as data and as a file."""
    reading = Reading(example.goal, example.options, example.assumptions, example.consequence)
    question = registry.get(overlay).read(reading)
    found = question.search(soon(), Budget())
    assert isinstance(found, SearchResult)
    document = evidence.document_of(overlay, reading, "proved" if found.proved else "refuted", found.certificate, KERNEL,
                                    "8.16.1", {library.name: KERNEL
                                               for library in registry.libraries(overlay, question.overlay)})
    return document, claim_of(document, registry)[1]


EXAMPLES = [pytest.param(overlay.name, example, id=f"{overlay.name}: {example.goal}"[:90])
            for overlay in load_overlays().loaded() for example in overlay.examples]
# One of each verdict for each overlay, for what takes long.
FEW = [pytest.param(overlay.name, next(each for each in overlay.examples if each.verdict == verdict),
                    id=f"{overlay.name} {verdict}")
       for overlay in load_overlays().loaded() for verdict in ("proved", "refuted")]
each_example = pytest.mark.parametrize(("overlay", "example"), EXAMPLES)
each_kind = pytest.mark.parametrize(("overlay", "example"), FEW)

LONG = " \\/ ".join(f"(atom{n} /\\ BOX(b{n}))" for n in range(40))


class TestForgeries:
    @pytest.mark.parametrize("file", FORGED, ids=lambda file: file.stem)
    def test_an_old_file_is_refused_with_the_way_to_a_new_one_and_nothing_of_it_is_run(self, registry, file):
        with pytest.raises(Rejected, match="pxl prove --certificate"):
            verify(file.read_bytes(), registry, [Nobody()], 60)

    def test_the_command_refuses_a_forgery_and_writes_nothing(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "victim.key").write_text("secret")
        assert [main(["verify", str(file)]) for file in FORGED] == [1] * len(FORGED) and len(FORGED) == 3
        assert (tmp_path / "victim.key").read_text() == "secret" and len(list(tmp_path.iterdir())) == 1
        assert capsys.readouterr().out.count("rejected  ") == len(FORGED)

    @each_kind
    @pytest.mark.parametrize("escape", ESCAPES)
    def test_digits_that_are_none_are_refused_by_the_format_and_by_each_renderer(self, registry, overlay, example, escape):
        document, text = certificate(registry, overlay, example)
        forged = dataclasses.replace(document, certificate=escape)
        with pytest.raises(Rejected, match="digits"):
            verify(written(forged).encode(), registry, [Nobody()], 60)
        reading = Reading(example.goal, example.options, example.assumptions, example.consequence)
        for proved in (True, False):
            with pytest.raises(ValueError):
                registry.get(overlay).read(reading).script(proved, escape)

    @each_kind
    def test_a_file_whose_sentences_prove_something_else_is_refused(self, registry, overlay, example):
        _, text = certificate(registry, overlay, example)
        for old, new in (("Theorem answer", "Theorem other : True. Proof. exact I. Qed.\nTheorem answer"),
                         ("\nQed.", "\nAbort. Theorem answer : True. Proof. exact I. Qed."), ("Qed.", "Admitted."),
                         ("From Coq", "Set Warnings \"-all\". From Coq"), ("Print Assumptions", "Print Universes \"x\". Print")):
            assert old in text
            with pytest.raises(Rejected, match="not what its data are rendered as"):
                verify(text.replace(old, new, 1).encode(), registry, [Nobody()], 60)

    @each_kind
    def test_every_byte_of_a_file_counts(self, registry, overlay, example):
        document, text = certificate(registry, overlay, example)
        data, before = text.encode(), text.index("(*pxl ")
        inside = range(before, text.index(" *)\n", before))
        for place in range(0, len(data), 1 + len(data) // 250):
            for changed in (data[:place] + data[place + 1:], data[:place] + b"!" + data[place:],
                            data[:place] + bytes([data[place] ^ 1]) + data[place + 1:]):
                witness = Witness()
                with pytest.raises(Rejected):
                    verify(changed, registry, [witness], 60)
                # Only another certificate, all of whose file is as its own data have it, gets as far as a checker.
                assert all(place in inside and seen != document for seen in witness.seen)

    @pytest.mark.parametrize("change", [
        lambda text: "\n" + text, lambda text: text + "\n", lambda text: text.replace("\n", "\r\n"), lambda text: "\ufeff" + text,
        lambda text: text.replace("(* Goal: ", "(*  Goal: "), lambda text: text.replace("Goal: A -> A", "Goal: B -> B"),
        lambda text: text.replace("p1 = A", "p1 = Audited"), lambda text: text.replace("Verdict: proved", "Verdict: refuted"),
        lambda text: "(* Goal: BOT\n   Verdict: proved *)\n" + text, lambda text: text + text,
        lambda text: text.replace("8.16.1", "8.17.0", 1), lambda text: text.replace("(*pxl {", "(*pxl  {")])
    def test_a_comment_cannot_lie(self, registry, change):
        _, text = certificate(registry, "pxl", Example("", "A -> A", "proved"))
        assert change(text) != text
        with pytest.raises(Rejected):
            verify(change(text).encode(), registry, [Nobody()], 60)

    def test_no_text_of_a_question_ends_a_comment_or_a_string(self, registry):
        for odd in ('"', '*)', '(*', '\\"', '\\', '"*)', '\\\\"', "\u201c(*"):
            document = CertificateDocument("pxl", odd, "proved", "0", {"x": odd}, (odd, {odd: odd}))
            line = written(document)
            assert read(line) == dataclasses.replace(document) and line.isascii() and "\n" not in line
            assert not set("()*") & set(line) and line.count('"') % 2 == 0
            # As Coq reads strings: a quote ends one, whatever is before it.
            assert all("\\u0022" in part or "\\" not in part or odd != '"' for part in line.split('"')[1::2])

    @pytest.mark.parametrize("text", ['"', 'a"b', "\n", "\x00", "é", "\x7f"])
    def test_no_renderer_writes_a_text_that_could_end_its_literal(self, text):
        for render in (text_argument, words, lambda text: text_definition("name", text), lambda text: text_argument(text * 2000)):
            with pytest.raises(ValueError, match="none has"):
                render(text)


class TestData:
    @each_example
    def test_what_is_written_is_read_and_of_the_schema(self, registry, overlay, example):
        document, _ = certificate(registry, overlay, example)
        again = read(written(document))
        assert again.members() == json.loads(json.dumps(document.members())) and again.assumptions == document.assumptions
        jsonschema.validate(json.loads(written(document)), dict(SCHEMA))

    BAD = {
        "format": (1, 3, "2", None, 2.0, True), "overlay": ("", "PXL", "p" * 33, "p\n", 1, None, "../x"),
        "goal": (None, 1, True, 1.5, "A\x00", "\x1b[2J", "\ud800", {"a": "\x07"}), "options": (None, [], {"A": 1}, {"a\n": 1}, "x",
                                                                                  {f"o{n}": 1 for n in range(65)}),
        "assumptions": (None, {}, "A", [None], [1], ["\x1b"], ["A"] * 1001), "consequence": ("globally", None, "", ["global"]),
        "verdict": ("unknown", True, "Proved", None), "certificate": (*ESCAPES, None, 0, []),
        "kernel": ("", "0" * 63, "0" * 65, "G" * 64, "0" * 64 + "\n", None), "coq": ("8.16.1 *)", "8\n", "x" * 33, None, 8.16),
        "libraries": (None, [], {"PXL": "0"}, {"../PXL": "0" * 64}, {"pxl": "0" * 64}, {f"L{n}": "0" * 64 for n in range(17)}),
    }

    def test_each_member_is_demanded_and_refused_when_it_is_not_as_it_should_be(self):
        members = CertificateDocument("pxl", "A -> A", "proved", "0").members()
        read(json.dumps(members))
        assert self.BAD.keys() == members.keys() == set(SCHEMA["required"])
        for name, values in self.BAD.items():
            with pytest.raises(InvalidDocument, match=f"no member {name}"):
                read(json.dumps({other: value for other, value in members.items() if other != name}))
            for value in values:
                with pytest.raises(InvalidDocument):
                    read(json.dumps({**members, name: value}))

    @pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": 2}', "{" * 100_000, '{"a": ' * 100_000])
    def test_what_is_no_certificate_is_refused(self, text):
        with pytest.raises(InvalidDocument):
            read(text)

    def test_a_member_twice_an_unknown_one_and_numbers_without_a_value_are_refused(self):
        line = written(CertificateDocument("pxl", "A", "proved", "0", {"x": 1.5}))
        for old, new, why in (('"overlay": "pxl"', '"overlay": "pxl", "overlay": "modal"', "twice"),
                              ('"format": 2', '"format": 2, "more": 1', "no certificate has"), ("1.5", "NaN", "no JSON number"),
                              ("1.5", "1e999", "too large"), ("1.5", '{"a": 1, "a": 2}', "twice"), ("1.5", "[" * 300 + "]" * 300, "nests")):
            with pytest.raises(InvalidDocument, match=why):
                read(line.replace(old, new))

    def test_libraries_other_than_those_of_the_question_are_refused(self, registry):
        document, _ = certificate(registry, "modal", Example("", "BOX(A) -> A", "refuted"))
        for libraries in ({}, {"PXLChrono": KERNEL}, {"PXLModal": KERNEL, "PXLChrono": KERNEL}):
            with pytest.raises(Rejected, match="which are: PXLModal"):
                verify(written(dataclasses.replace(document, libraries=libraries)).encode(), registry, [Nobody()], 60)

    @pytest.mark.parametrize("changes", [{"overlay": "nothing"}, {"goal": "A ->"}, {"options": {"logic": "k"}}, {"assumptions": ("A ->",)}])
    def test_a_question_that_cannot_be_read_is_refused(self, registry, changes):
        document, _ = certificate(registry, "pxl", Example("", "A -> A", "proved"))
        with pytest.raises(Rejected, match="cannot be read"):
            verify(written(dataclasses.replace(document, **changes)).encode(), registry, [Nobody()], 60)


    def test_the_documented_schema_is_the_one_that_is_read(self):
        shown = (Path(__file__).resolve().parents[2] / "docs" / "certificates.md").read_text().split("```json\n")[1]
        assert json.loads(shown.partition("```")[0]) == json.loads(json.dumps(dict(SCHEMA)))


class TestServer:
    def test_an_overlay_is_given_nothing_but_digits(self, registry):
        """Whoever found a certificate: a search of somebody's, or another server."""
        class Careless:
            """A question whose script writes down whatever it is given."""

            overlay = "careless"
            given: list[str] = []

            def search(self, deadline, budget):
                return SearchResult(True, ESCAPES[0])

            def script(self, proved, certificate):
                self.given.append(certificate)
                return Script((f'exact "{certificate}".',), "", 0)

        class Kernel:
            @contextmanager
            def lease(self, deadline):
                yield None

        question = Careless()
        with pytest.raises(KernelDisagreement, match="no certificate"):
            Decider(Kernel())(question, soon())
        with pytest.raises(ValueError, match="digits"):
            Decider(Kernel()).recheck(question, SearchResult(True, ESCAPES[1]), soon())
        assert question.given == []


@pytest.fixture(scope="module")
def extracted() -> list[Extracted]:
    """The checkers that are extracted from Coq, native and in node."""
    kernel = Kernel.load(default_kernel_dir())
    projects = {read_snapshot(sources).project.root: sources for sources in builtin_libraries()}
    libraries = {root: load_library(sources, root, kernel) for root, sources in projects.items() if root in LIBRARIES}
    found = extract(kernel, libraries, extraction_dir(kernel.kernel_dir), lambda _: None)
    return [Extracted("native", native(found.program), found.sha), Extracted("js", in_node(found.script), found.sha)]


class TestCheckers:
    @each_example
    def test_every_example_is_accepted_by_coq_the_extracted_checkers_and_the_reference(self, registry, coq, extracted, overlay,
                                                                                       example):
        document, text = certificate(registry, overlay, example)
        accepted = verify(text.encode(), registry, [coq, *extracted, Python()], 60)
        assert [opinion.checker for opinion in accepted.opinions] == ["coq", "native", "js", "python"] and not accepted.declined
        assert accepted.document == read(written(document)) and accepted.document.verdict == example.verdict
        assert accepted.opinions[0].statement.startswith("PXL" if document.is_proved else "Coq.Init.Logic.not (PXL")

    @pytest.mark.parametrize(("overlay", "example"), [
        *(("pxl", Example("", goal, verdict, {}, assumed)) for goal, verdict, assumed in (
            (f"({LONG}) -> ({LONG})", "proved", ()), (LONG, "proved", (LONG, "BOX(q)")), (LONG, "refuted", ("BOX(q)",)))),
        *((overlay, Example("", goal, verdict, {}, assumed)) for overlay in ("modal", "chrono")
          for goal, verdict, assumed in ((f"({LONG}) -> ({LONG})", "proved", ()), (LONG, "proved", (LONG,)), (LONG, "refuted", ("q",)))),
        ("chrono", Example("", "F p", "proved", {"trace": [["p"], [], ["q"]] * 700}))])
    def test_a_long_one_is_asked_about_in_full_and_accepted(self, registry, coq, overlay, example):
        document, text = certificate(registry, overlay, example)
        assert document.verdict == example.verdict
        accepted = verify(text.encode(), registry, [coq, Python()], 60)
        assert len(accepted.opinions) == 2

    @each_kind
    def test_a_certificate_of_the_other_verdict_or_with_a_digit_more_is_refused_by_all(self, registry, coq, extracted, overlay, example):
        document, _ = certificate(registry, overlay, example)
        if "trace" in document.options:
            return      # a trace has no certificate
        other = {"proved": "refuted", "refuted": "proved"}[document.verdict]
        for forged in (dataclasses.replace(document, verdict=other), dataclasses.replace(document, certificate=document.certificate[1:]),
                       dataclasses.replace(document, certificate="0")):
            for checker in (coq, *extracted, Python()):
                with pytest.raises(Rejected):
                    verify(written(forged).encode(), registry, [checker], 60)

    def test_a_script_that_proves_something_else_than_it_says_is_refused(self, registry, coq):
        document, _ = certificate(registry, "pxl", Example("", "A -> A", "proved"))
        claim, _ = claim_of(document, registry)
        true = ("Theorem answer : True.", "Proof.", "exact I.", "Qed.")
        shadowed = ("Module PXL. Module Prov. Definition Prov (f : form) := True. End Prov. End PXL.",
                    "Definition Prov (f : form) := True.", "Theorem answer : Prov Bot.", "Proof.", "exact I.", "Qed.")
        axiom = ("Axiom add : Prov (Impl (Atom 1) (Atom 1)).", "Theorem answer : Prov (Impl (Atom 1) (Atom 1)).", "Proof.", "exact add.", "Qed.")
        local = ("Module PrimInt63. Axiom add : Prov (Impl (Atom 1) (Atom 1)). End PrimInt63.",
                 "Theorem answer : Prov (Impl (Atom 1) (Atom 1)).", "Proof.", "exact PrimInt63.add.", "Qed.")
        for sentences, why in ((true, "refuses it"), (shadowed, "refuses it"), (axiom, "rests on"), (local, "rests on .*PrimInt63.add")):
            script = dataclasses.replace(claim.script, sentences=sentences)
            with pytest.raises(Rejected, match=why):
                coq.check(dataclasses.replace(claim, script=script), soon())
        with pytest.raises(Rejected, match="does not say which proposition"):
            coq.check(dataclasses.replace(claim, script=Script(true, "Prov (Bot)", 0)), soon())

    def test_the_question_to_coq_names_everything_in_full(self):
        script = script_of(parse("p1 -> BOX(p1)"), False, "0100")
        assert script.proposition == ("Coq.Init.Logic.not (PXL.Prov.Prov (PXL.Form.Impl (PXL.Form.Atom 1) "
                                      "(PXL.Form.Box (PXL.Form.Atom 1))))")
        assert f"Check (PXLCertificate.Certificate.answer : {script.proposition})." in probe(script, ())

    def test_a_checker_that_disagrees_rejects(self, registry, coq):
        class Contrary:
            name = "contrary"

            def check(self, claim: Claim, deadline: float) -> Opinion:
                raise Rejected("no")

        class Shy(Contrary):
            name = "shy"

            def check(self, claim: Claim, deadline: float) -> Opinion:
                raise Declined("who am I to say")

        _, text = certificate(registry, "pxl", Example("", "A -> A", "proved"))
        with pytest.raises(Rejected, match="contrary: no; accepted by python: the checkers disagree"):
            verify(text.encode(), registry, [Python(), Contrary()], 60)
        assert verify(text.encode(), registry, [Python(), Shy()], 60).declined == (("shy", "who am I to say"),)
        with pytest.raises(ConfigError, match="shy: who am I"):
            verify(text.encode(), registry, [Shy()], 60)

    def test_what_is_accepted_and_cannot_be_shown_is_refused(self, registry):
        document, _ = certificate(registry, "pxl", Example("", "A -> BOX(A)", "refuted"))

        class Yes:
            name = "yes"

            def check(self, claim: Claim, deadline: float) -> Opinion:
                return Opinion("yes", "anything", "nothing")

        wrong = dataclasses.replace(document, certificate="01010")      # one world's atoms are those of the other
        with pytest.raises(Rejected, match="cannot be shown"):
            verify(written(wrong).encode(), registry, [Yes()], 60)

    def test_coqc_is_not_let_write_or_run_without_end(self, registry, coq):
        _, text = certificate(registry, "pxl", Example("", "A -> A", "proved"))
        with pytest.raises(Rejected, match="more than 1000 bytes"):
            verify(text.encode(), registry, [dataclasses.replace(coq, max_file_bytes=1000)], 60)
        with pytest.raises(ProverTimeout):
            verify(text.encode(), registry, [coq], 0.01)


class TestSandbox:
    @pytest.mark.parametrize("sandbox", [BUBBLEWRAP, NAMESPACES], ids=["bubblewrap", "namespaces"])
    def test_what_writes_elsewhere_fails_there(self, registry, coq, sandbox: Sandbox, tmp_path):
        if not confines(sandbox):
            pytest.skip("this machine does not have it")
        document, text = certificate(registry, "pxl", Example("", "A -> A", "proved"))
        claim, _ = claim_of(document, registry)
        boxed = dataclasses.replace(coq, sandbox=sandbox)
        assert verify(text.encode(), registry, [boxed], 60).opinions
        victim = tmp_path / "victim.key"
        overwrite = (f'Redirect "{tmp_path}/victim" Print Prov.', f'Print Universes "{victim}".')
        for sentence in overwrite:
            victim.write_text("secret")
            script = dataclasses.replace(claim.script, sentences=(sentence, *claim.script.sentences))
            with pytest.raises(Rejected, match="Read-only"):
                boxed.check(dataclasses.replace(claim, script=script), soon())
            assert victim.read_text() == "secret" and len(list(tmp_path.iterdir())) == 1

    def test_none_confines_nothing_and_is_refused_when_one_is_required(self, monkeypatch):
        assert not confines(NONE)
        monkeypatch.setenv("PATH", "")
        with pytest.raises(ConfigError, match="--sandbox require"):
            find_sandbox(is_required=True)
        assert not find_sandbox().is_confined


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("certificates") / "k.v"
    assert main(["prove", "BOX(A -> B) -> (BOX(A) -> BOX(B))", "--certificate", str(file)]) == 0
    return file


class TestCommand:
    def test_the_output_says_who_checked_what_and_where(self, file, capsys):
        assert main(["verify", str(file), "--checker", "all"]) == 0
        out = capsys.readouterr().out
        assert out.startswith("accepted  PXL.Prov.Prov (PXL.Form.Impl ") and "  goal: BOX(A -> B) -> (BOX(A) -> BOX(B))\n" in out
        assert "checked by coq; assumptions: none" in out and "checked by python; " in out and "  sandbox: " in out
        assert main(["verify", str(file), "--checker", "python"]) == 0
        assert "checked by coq" not in capsys.readouterr().out

    def test_without_coq_the_native_checker_judges_and_it_is_said(self, file, extracted, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("PATH", str(tmp_path))
        assert main(["verify", str(file)]) == 0
        out = capsys.readouterr().out
        assert "checked by native; assumptions: the extraction " in out and "not checked by coq: there is no coqc on PATH" in out
        assert main(["verify", str(file), "--checker", "js"]) == 4
        assert "there is no node on PATH" in capsys.readouterr().err

    def test_without_a_kernel_the_others_judge_and_it_is_said(self, file, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("PXL_KERNEL_DIR", str(tmp_path))
        assert main(["verify", str(file), "--checker", "all"]) == 0
        out = capsys.readouterr().out
        assert "not checked by coq: there is no compiled kernel" in out and "checked by python" in out
        assert main(["verify", str(file)]) == 4

    def test_the_data_alone_are_a_certificate_too(self, file, tmp_path, capsys):
        data = tmp_path / "k.json"
        data.write_text(json.dumps(evidence.data_of(file.read_text()).members(), indent=1))
        assert main(["verify", str(data)]) == 0
        data.write_text(data.read_text().replace('"proved"', '"refuted"'))
        assert main(["verify", str(data)]) == 1

    def test_the_command_writes_the_data_where_the_file_is_called_so(self, tmp_path, capsys):
        data = tmp_path / "k.json"
        assert main(["prove", "A -> BOX(A)", "--certificate", str(data)]) == 1
        assert read(data.read_text()).verdict == "refuted" and main(["verify", str(data)]) == 0

    def test_another_kernel_is_told(self, file, tmp_path, registry, capsys):
        document = dataclasses.replace(evidence.data_of(file.read_text()), kernel="a" * 64)
        other = tmp_path / "other.v"
        other.write_text(claim_of(document, registry)[1])
        assert main(["verify", str(other)]) == 0
        assert f"issued by another kernel, {'a' * 64}" in capsys.readouterr().out

    def test_a_file_that_is_not_text_is_rejected(self, tmp_path, capsys):
        for number, data in enumerate(itertools.chain([b"\xff\xd8\xff", b"", b"\x00"])):
            file = tmp_path / f"{number}.v"
            file.write_bytes(data)
            assert main(["verify", str(file)]) == 1
        assert "no certificate" in capsys.readouterr().out
