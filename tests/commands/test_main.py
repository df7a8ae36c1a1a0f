"""The command line: verdicts, drawings and exit statuses, with a server and with Coq itself."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxl import __version__
from pxl.certificates.draw import draw
from pxl.commands.main import main
from pxl.errors import PoolBusy
from tests.support.live_server import HASH, running

ROOT = Path(__file__).resolve().parents[2]


def world(place: int, true: list[str], designated: bool = False) -> dict:
    return {"name": f"w{place}", "true": true, "designated": designated}


class TestDrawing:
    @given(st.lists(st.lists(st.sampled_from(["A", "B", "Good(x)", "a_long_atom_name_" * 3]), max_size=12, unique=True),
                    min_size=1, max_size=40), st.integers(40, 120))
    def test_boxes_are_closed_and_fit_the_width(self, worlds, width):
        text = draw({"worlds": [world(n, true, n == 0) for n, true in enumerate(worlds)], "designated": "w0"}, width)
        boxes = [line for line in text.splitlines() if line[:1] in "┌│└╔║╚"]
        assert all(len(line) <= width for line in boxes)
        assert sum(line.count("┐") + line.count("╗") for line in boxes) == min(len(worlds), 24)
        assert text.count("╔") == text.count("╝") == 1
        assert ("more worlds" in text) == (len(worlds) > 24)

    def test_the_world_that_falsifies_the_goal_is_in_double_lines(self):
        text = draw({"worlds": [world(0, ["A"]), world(1, [], True)], "designated": "w1"})
        assert "╔═ w1 ═╗" in text and "┌─ w0 ─┐" in text and "The goal is false at w1." in text

    def test_each_reason_is_indented_under_what_it_explains(self):
        trace = [{"formula": "BOX(" * depth + "A" + ")" * depth, "world": "w0", "value": False, "depth": 40 - depth}
                 for depth in range(40, 0, -1)]
        lines = draw({"worlds": [world(0, [], True)], "designated": "w0", "falsification_trace": trace,
                      "falsification_trace_omitted": 1}, 60).splitlines()
        shown = [line for line in lines if line.endswith(" is false")]
        assert len(shown) == 40 and all(len(line) <= 60 for line in shown)
        assert [len(line) - len(line.lstrip()) for line in shown[:11]] == [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 20]
        assert lines[-1] == "  ... and 1 more line of reasons, left out"

    def test_a_terminal_without_unicode_gets_ascii(self):
        assert draw({"worlds": [world(0, ["A"], True)], "designated": "w0"}, in_ascii=True).isascii()


@pytest.fixture(scope="module")
def live():
    with running() as server:
        yield server


class TestWithAServer:
    def test_proved_is_0(self, live, capsys):
        assert main(["prove", "BOX(A -> A)", "--server", live.url]) == 0
        out = capsys.readouterr().out
        assert out.startswith("proved  BOX(A -> A)\n") and HASH[:7] in out

    def test_refuted_is_1_with_the_countermodel_drawn(self, live, capsys):
        assert main(["prove", "A -> BOX(A)", "--server", live.url + "/"]) == 1
        out = capsys.readouterr().out
        assert out.startswith("refuted  A -> BOX(A)\n") and "w1" in out and "A -> BOX(A) is false" in out

    def test_unknown_is_3_with_the_reason(self, live, capsys):
        with live.decider.held():
            assert main(["prove", "Z1 -> BOX(Z2)", "--server", live.url, "--timeout", "0.05"]) == 3
        assert "timeout: " in capsys.readouterr().out

    def test_a_goal_that_is_no_formula_is_2_and_points_at_the_place(self, live, capsys):
        assert main(["prove", "BOX(A -> )", "--server", live.url]) == 2
        assert "^" in capsys.readouterr().err

    def test_no_server_is_4(self, capsys):
        assert main(["prove", "A", "--server", "http://127.0.0.1:1"]) == 4
        assert "is the server running?" in capsys.readouterr().err

    def test_something_that_is_no_pxl_server_is_4(self, live, capsys):
        assert main(["prove", "A", "--server", live.url + "/nothing"]) == 4
        assert main(["prove", "A", "--server", "not a url"]) == 4

    def test_a_refusal_of_the_server_is_4_in_its_words(self, capsys):
        def busy(formula, deadline):
            raise PoolBusy("all of them work")
        with running() as live:
            live.decider.decide_now = busy
            assert main(["prove", "A", "--server", live.url]) == 4
        assert "No available Coq sessions: all of them work" in capsys.readouterr().err

    def test_json_is_the_reply_itself(self, live, capsys):
        assert main(["prove", "[]A -> A", "--server", live.url, "--json"]) == 0
        reply = json.loads(capsys.readouterr().out)
        assert reply["goal"] == "[]A -> A" and reply["verdict"] == "proved"

    def test_a_certificate_is_written_where_asked(self, live, tmp_path, capsys):
        file = tmp_path / "c.v"
        assert main(["prove", "A -> A", "--server", live.url, "--certificate", str(file)]) == 0
        assert "Theorem answer : Prov goal." in file.read_text() and str(file) in capsys.readouterr().out

    @pytest.mark.parametrize("place", ["no/such/directory/c.v", "."])
    def test_a_certificate_that_cannot_be_written_is_2_before_anything_is_asked(self, live, tmp_path, place, capsys):
        runs = live.decider.runs
        assert main(["prove", "Q9 -> Q8", "--server", live.url, "--certificate", str(tmp_path / place)]) == 2
        assert "cannot write the certificate" in capsys.readouterr().err and live.decider.runs == runs

    def test_a_dash_reads_standard_input(self, live, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.StringIO("BOX(A) -> A\n"))
        assert main(["prove", "-", "--server", live.url]) == 0


class TestUsage:
    @pytest.mark.parametrize("arguments", [[], ["prove"], ["frob"], ["prove", "A", "--timeout", "-1"],
                                           ["prove", "A", "--timeout", "soon"], ["verify"]])
    def test_a_wrong_command_line_is_2(self, arguments, capsys):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
        said = capsys.readouterr().err
        assert "error: " in said and "_seconds" not in said

    def test_a_goal_that_is_no_formula_needs_no_session_to_be_2(self, capsys):
        assert main(["prove", "A ->"]) == 2
        assert "expected" in capsys.readouterr().err

    def test_a_bad_setting_is_4_and_named(self, monkeypatch, capsys):
        monkeypatch.setenv("PXL_POOL_SIZE", "lots")
        assert main(["prove", "A"]) == 4
        assert "PXL_POOL_SIZE='lots'" in capsys.readouterr().err

    def test_the_version_is_told(self):
        done = subprocess.run([sys.executable, "-m", "pxl", "--version"], capture_output=True, text=True, cwd=ROOT,
                              timeout=60, check=True)
        assert done.stdout == f"pxl {__version__}\n"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> dict[str, Path]:
    place, files = tmp_path_factory.mktemp("certificates"), {}
    large, longest = (" /\\ ".join(f"DIA(a{n})" for n in range(many)) + " -> DIA(a7)" for many in (200, 400))
    for name, goal, status in (("proved", "BOX(A -> B) -> (BOX(A) -> BOX(B))", 0), ("refuted", "A -> BOX(A)", 1),
                               ("large", large, 0), ("longest", longest, 0)):
        files[name] = place / f"{name}.v"
        assert main(["prove", goal, "--certificate", str(files[name])]) == status
    return files


class TestWithCoq:
    """Without a server: a session of its own, and coqc for the certificate."""

    def test_a_certificate_is_accepted_with_its_theorem_and_goal(self, certificates, capsys):
        assert main(["verify", str(certificates["proved"])]) == 0
        out = capsys.readouterr().out
        assert out.startswith("accepted  PXL.Prov.Prov (") and "goal: BOX(A -> B) -> (BOX(A) -> BOX(B))\n" in out
        assert "verdict: proved\n" in out and "assumptions: none" in out and "issued by another" not in out

    def test_a_refutation_is_accepted_as_a_refutation(self, certificates, capsys):
        assert main(["verify", str(certificates["refuted"])]) == 0
        out = capsys.readouterr().out
        assert "Coq.Init.Logic.not (PXL.Prov.Prov" in out and "goal: A -> BOX(A)" in out and "verdict: refuted\n" in out

    def test_a_large_certificate_names_the_primitives_it_travels_with(self, certificates, capsys):
        assert main(["verify", str(certificates["large"])]) == 0
        assert "primitive-integer operations" in capsys.readouterr().out

    @pytest.mark.parametrize(("what", "by"), [
        ("Theorem answer : ~ Prov goal", "Theorem answer : Prov goal"), ('"0100"', '"0200"'),
        ("Qed.", "Admitted."), ("Qed.", "Abort."), ("Proof.", "Axiom cheat : False.\nProof."),
        ("Proof.", 'Redirect "/tmp/pxl_redirected" Print Prov.\nProof.'), ("Proof.", 'Load "x".\nProof.'),
        ("Proof.", "Declare ML Module \"x\".\nProof."), ("Qed.", ""), ("Qed.", "Qed.\nDefinition more := I."),
        ("vm_cast_no_check", "exact_no_check"), ("Form Prov", "Prov Form"), ("Atoms: p1 = A", "Atoms: p1 = B"),
        ("(* Goal: A -> BOX(A)", "(* Goal: A -> BOX(B)"), ("(* Goal: A", "(* Goal: <>"),
        ("Verdict: refuted", "Verdict: proved"), ("(Box (Atom 1))", "(Box (Atom 2))"), ("\n", "\r\n"),
        ('"verdict": "refuted"', '"verdict": "proved"'), ('"goal": "A ->', '"goal": "B ->'),
    ])
    def test_a_tampered_certificate_is_rejected(self, certificates, tmp_path, what, by, capsys):
        data = certificates["refuted"].read_bytes()
        file = tmp_path / "tampered.v"
        file.write_bytes(data.replace(what.encode(), by.encode()))
        assert file.read_bytes() != data
        assert main(["verify", str(file)]) == 1, capsys.readouterr().out
        assert not Path("/tmp/pxl_redirected").exists()

    def test_of_a_goal_too_long_to_repeat_everything_is_checked_all_the_same(self, certificates, tmp_path):
        text = certificates["longest"].read_text()
        assert text.startswith("(* Goal: (too long to repeat here)\n   Overlay: pxl\n   Verdict: proved\n   Atoms: p1 = a0, ")
        assert main(["verify", str(certificates["longest"])]) == 0
        file = tmp_path / "tampered.v"
        for old, new in (("Verdict: proved", "Verdict: refuted"), ("p1 = a0", "p1 = a1"), ("DIA\\u0028a9", "DIA\\u0028b9")):
            assert old in text
            file.write_text(text.replace(old, new, 1))
            assert main(["verify", str(file)]) == 1

    def test_a_file_that_is_not_there_is_2(self, tmp_path, capsys):
        assert main(["verify", str(tmp_path / "none.v")]) == 2
