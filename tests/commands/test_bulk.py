"""`pxl batch`: a file of goals becomes a file of answers, whatever comes between."""

from __future__ import annotations

import fcntl
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxl.commands.ledger import Ledger, Task, UnusableFile, read_tasks
from pxl.commands.main import main
from pxl.errors import KernelDisagreement
from tests.support.fake_decider import brute_force, eventually
from tests.support.live_server import HASH, running
from tests.support.signing_stub import KEY, Scripted, Verified, reply_to, serving

ROOT = Path(__file__).resolve().parents[2]
GOALS = ["BOX(A -> A)", "A -> BOX(A)", "BOX(B) -> B", "DIA(C) -> C"]


@pytest.fixture(scope="module")
def live():
    with running() as server:
        yield server


class Place:
    """A folder with a file of goals and a file of answers, and the command over them."""

    def __init__(self, folder: Path) -> None:
        self.goals, self.out = folder / "goals", folder / "answers.jsonl"

    def run(self, url: str, goals: list[str] | None = None, *options: str) -> int:
        if goals is not None:
            self.goals.write_text("\n".join(goals) + "\n", encoding="utf-8")
        return main(["batch", str(self.goals), "--server", url, "--out", str(self.out), *options])

    def answers(self) -> list[dict]:
        return [json.loads(line) for line in self.out.read_text().splitlines()]

    def by_id(self) -> dict:
        answers = self.answers()
        assert len({answer["id"] for answer in answers}) == len(answers)
        return {answer["id"]: answer for answer in answers}


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path)


class TestAnswers:
    def test_definite_answers_to_all_are_0(self, live, place, capsys):
        assert place.run(live.url, ["# axioms", *GOALS, "", "  "]) == 0
        answers = place.by_id()
        assert {own: answer["verdict"] for own, answer in answers.items()} == {2: "proved", 3: "refuted", 4: "proved", 5: "refuted"}
        assert answers[3]["countermodel"]["worlds"] and answers[2]["kernel_hash"] == HASH and answers[2]["ok"] is True
        captured = capsys.readouterr()
        assert "4 goals: 2 proved, 2 refuted; " in captured.err and not captured.out and "[" not in captured.err

    def test_json_lines_carry_ids_and_times(self, place):
        with running() as live:
            lines = [{"id": "x-1", "goal": "BOX(A) -> A", "source": "kept out"}, {"id": 7, "goal": "A"}, {"goal": "B"}]
            assert place.run(live.url, [json.dumps(line) for line in lines]) == 0
            assert set(place.by_id()) == {"x-1", 7, 3}
            with live.decider.held():
                timed = [json.dumps({"id": "t", "goal": "A -> BOX(Z)", "timeout_ms": 20})]
                place.out.unlink()
                assert place.run(live.url, timed) == 3
        assert place.by_id()["t"]["reason"] == "timeout"

    def test_an_unknown_among_them_is_3(self, place):
        with running() as live:
            with live.decider.held():
                assert place.run(live.url, ["A"], "--timeout", "0.02") == 3
            assert place.answers()[0]["verdict"] == "unknown"

    def test_a_goal_that_is_no_formula_is_4_and_the_others_are_answered(self, live, place, capsys):
        assert place.run(live.url, ["A -> A", "A ->", "A -> BOX(A)"]) == 4
        answer = place.by_id()[2]
        assert (answer["verdict"], answer["ok"], answer["status"], answer["code"]) == (None, False, 400, "formula-syntax")
        assert "1 proved, 1 refuted, 1 refused" in capsys.readouterr().err

    def test_certificates_come_when_asked_for(self, live, place):
        assert place.run(live.url, ["A -> A"], "--certificate") == 0
        assert place.answers()[0]["certificate"].startswith("(* Goal")

    def test_standard_input_and_output_will_do(self, live):
        done = pxl("batch", "-", "--server", live.url, input="BOX(A -> A)\n")
        assert done.returncode == 0 and json.loads(done.stdout)["verdict"] == "proved"

    def test_a_reader_that_goes_away_ends_it_without_a_fuss(self, live, place):
        place.goals.write_text("\n".join("~" * n + "A" for n in range(300)))
        done = subprocess.run(["bash", "-c", f"{sys.executable} -m pxl batch {place.goals} --server {live.url} | head -1"],
                              cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert json.loads(done.stdout)["id"] and "Traceback" not in done.stderr and "Exception ignored" not in done.stderr

    def test_nothing_to_ask_is_0(self, live, place, capsys):
        assert place.run(live.url, ["# nothing"]) == 0
        assert "0 goals: nothing to ask" in capsys.readouterr().err

    def test_a_signed_batch(self, place, tmp_path):
        (tmp_path / "key").write_text(KEY + "\n")
        with serving(Verified(Scripted())) as url:
            assert place.run(url, GOALS, "--key-file", str(tmp_path / "key"), "--jobs", "3") == 0

    def test_a_signed_prove(self, monkeypatch, tmp_path, capsys):
        with serving(Verified(Scripted())) as url:
            assert main(["prove", "A", "--server", url]) == 4
            assert "Timestamp" in capsys.readouterr().err
            monkeypatch.setenv("HMAC_SECRET_KEY", KEY)
            assert main(["prove", "A", "--server", url]) == 0
        assert main(["prove", "A", "--key-file", str(tmp_path)]) == 2
        assert "--server" in capsys.readouterr().err


class TestFaults:
    def test_what_a_later_run_may_mend_is_not_an_answer(self, place, capsys):
        def broken(formula, deadline):
            raise KernelDisagreement("a bug")
        with running() as live:
            live.decider.decide_now = broken
            assert place.run(live.url, GOALS) == 4
            assert place.answers() == []
            err = capsys.readouterr().err
            assert "4 not answered" in err and "id 1: " in err and "the same command goes on" in err
            live.decider.decide_now = brute_force
            assert place.run(live.url) == 0

    def test_a_key_that_is_refused_stops_it(self, place, tmp_path, capsys):
        (tmp_path / "key").write_text("another key")
        app = Verified(Scripted())
        with serving(app) as url:
            assert place.run(url, ["A"] * 200, "--key-file", str(tmp_path / "key"), "--jobs", "2") == 4
        err = capsys.readouterr().err
        assert "stopped: Invalid signature" in err and "200 not answered" in err and err.count("pxl: id ") <= 4

    def test_a_server_of_another_kind_stops_it(self, live, place, capsys):
        assert place.run(live.url + "/nothing", ["A"] * 50) == 4
        assert "stopped: Not Found" in capsys.readouterr().err

    @pytest.mark.parametrize(("text", "words"), [
        ('{"id": 1, "goal": "A"}\n{"id": 1, "goal": "B"}', "line 2: the id 1 stands already in line 1"),
        ('A\n{"goal": 5}', 'line 2: the member "goal" must be there'), ('{"goal": "A"', "line 1: this is not JSON"),
        ('{"id": true, "goal": "A"}', '"id" must be'), ('{"id": 1.5, "goal": "A"}', '"id" must be'),
        ('{"goal": "A", "timeout_ms": 0}', "timeout_ms"), ('{"goal": "A", "timeout_ms": "5"}', "timeout_ms"),
        ("{" * 100_000, "line 1: this is not JSON"), ("A\n\udcff", "line 2: this is not UTF-8")])
    def test_a_file_of_something_else_is_2_before_anything_is_asked(self, live, place, text, words, capsys):
        place.goals.write_bytes(text.encode("utf-8", "surrogateescape"))
        runs = live.decider.runs
        assert place.run(live.url) == 2
        assert words in capsys.readouterr().err and live.decider.runs == runs and not place.out.exists()

    def test_a_file_that_is_not_there_is_2(self, live, place, capsys):
        assert place.run(live.url) == 2
        assert "No such file" in capsys.readouterr().err

    @pytest.mark.parametrize("options", [[], ["--jobs", "0"], ["--jobs", "257"], ["--jobs", "x"], ["--timeout", "0"]])
    def test_a_wrong_command_line_is_2(self, options, capsys):
        server = ["--server", "http://x"] if options else []
        with pytest.raises(SystemExit) as caught:
            main(["batch", "-", *server, *options])
        assert caught.value.code == 2

    def test_a_key_file_without_a_key_is_4(self, live, place, tmp_path, capsys):
        assert place.run(live.url, ["A"], "--key-file", str(tmp_path / "none")) == 4
        assert "cannot read the key file" in capsys.readouterr().err


class TestResuming:
    def test_what_is_answered_is_not_asked_again(self, place, capsys):
        with running() as live:
            assert place.run(live.url, GOALS[:2]) == 0
            runs = live.decider.runs
            before = place.out.read_bytes()
            assert place.run(live.url, GOALS) == 0
            assert live.decider.runs == runs + 2 and place.out.read_bytes().startswith(before)
            assert place.run(live.url, GOALS) == 0 and live.decider.runs == runs + 2
            assert len(place.by_id()) == 4
        assert "4 goals: 2 proved, 2 refuted" in capsys.readouterr().err

    @pytest.mark.parametrize("cut", [1, 2, 5, 8, 60, -1])
    def test_a_torn_last_line_is_asked_again(self, live, place, cut):
        assert place.run(live.url, GOALS, "--jobs", "1") == 0
        whole = place.out.read_bytes()
        lines = whole.splitlines(keepends=True)
        place.out.write_bytes(b"".join(lines[:3]) + lines[3][:cut])
        assert place.run(live.url) == 0
        assert len(place.by_id()) == 4 and place.out.read_bytes().startswith(b"".join(lines[:3]))

    def test_earlier_refusals_and_unknowns_still_count(self, live, place):
        place.out.write_text('{"id": 1, "goal": "A ->", "verdict": null}\n')
        assert place.run(live.url, ["A ->", "B -> B"]) == 4
        place.out.write_text('{"id": 1, "goal": "A", "verdict": "unknown"}\n')
        assert place.run(live.url, ["A", "B -> B"]) == 3

    def test_answers_to_other_goals_are_not_taken_for_these(self, live, place, capsys):
        assert place.run(live.url, GOALS) == 0
        before = place.out.read_bytes()
        assert place.run(live.url, GOALS[::-1]) == 2
        assert "the file has changed" in capsys.readouterr().err and place.out.read_bytes() == before

    @pytest.mark.parametrize("text", ["A -> A", "A -> A\n", '{"goal": "A"}\n', "[]\n", '{"id": {}, "goal": "A", "verdict": 1}\n'])
    def test_a_file_of_something_else_is_not_written_to(self, live, place, text, capsys):
        place.out.write_text(text)
        assert place.run(live.url, GOALS) == 2
        assert place.out.read_text() == text

    def test_the_goals_are_not_written_over(self, live, place, capsys):
        place.goals.write_text("A\n")
        place.out.symlink_to(place.goals)
        assert place.run(live.url) == 2
        assert place.goals.read_text() == "A\n" and "cannot be both" in capsys.readouterr().err

    def test_two_runs_do_not_write_to_one_file(self, live, place, capsys):
        with place.out.open("wb") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            assert place.run(live.url, GOALS) == 2
        assert "another run is writing" in capsys.readouterr().err

    @given(st.lists(st.text("AB[]{}\"\\é\n", max_size=8), max_size=5), st.integers(0, 300))
    def test_wherever_it_was_cut_no_answer_is_lost_that_was_whole(self, tmp_path_factory, goals, cut):
        path = tmp_path_factory.mktemp("ledger") / "out"
        first = Ledger.open(path)
        for own, goal in enumerate(goals):
            first.write({"id": own, "goal": goal, "verdict": "proved"})
        first.close()
        data = path.read_bytes()[:cut]
        path.write_bytes(data)
        again = Ledger.open(path)
        again.close()
        assert list(again.answered) == list(range(data.count(b"\n")))
        assert path.read_bytes() == data[:data.rfind(b"\n") + 1]


class TestInterruption:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
    def test_goals_under_way_are_finished_and_the_next_run_goes_on(self, place, number):
        goals = [f"BOX(A{n}) -> A{n} /\\ " + "~" * n + "B" for n in range(40)]
        place.goals.write_text("\n".join(goals) + "\n")
        with running(PXL_POOL_SIZE="4") as live:
            with live.decider.held():
                first = start_batch(place, live.url, "--jobs", "2")
                eventually(lambda: live.decider.running == 2)
                first.send_signal(number)
                assert "waiting for the goals under way" in read_until(first, "leave at once")
                live.decider.release()
                _, err = first.communicate(timeout=30)
            assert first.returncode == 4 and "stopped: interrupted" in err and "the same command goes on" in err
            assert 2 <= len(place.by_id()) < 40 and live.decider.runs <= 4
            assert place.run(live.url, None) == 0
        assert {own for own in place.by_id()} == set(range(1, 41))

    def test_a_second_signal_ends_it_at_once(self, place):
        place.goals.write_text("A\nB\n")
        with running() as live, live.decider.held():
            run = start_batch(place, live.url)
            eventually(lambda: live.decider.running == 1)
            run.send_signal(signal.SIGINT)
            read_until(run, "leave at once")
            run.send_signal(signal.SIGINT)
            _, err = run.communicate(timeout=10)
            assert run.returncode == 4 and "Traceback" not in err and live.decider.running == 1

    def test_a_kill_in_the_middle_loses_no_answer_that_was_written(self, place):
        place.goals.write_text("\n".join("~" * n + "A" for n in range(1, 200)) + "\n")
        with running() as live:
            run = start_batch(place, live.url)
            eventually(lambda: place.out.exists() and place.out.read_bytes().count(b"\n") >= 20)
            run.kill()
            run.communicate(timeout=10)
            whole = place.out.read_bytes().count(b"\n")
            runs = live.decider.runs
            assert place.run(live.url) == 0
            assert len(place.by_id()) == 199 and live.decider.runs - runs <= 199 - whole

    def test_an_interruption_does_not_wait_for_a_pause(self, place):
        place.goals.write_text("A\nB\n")
        app = Scripted(*[("503 Busy", {"Retry-After": "50"})] * 9)
        with serving(app) as url:
            run = start_batch(place, url)
            eventually(lambda: len(app.seen) == 2)
            run.send_signal(signal.SIGINT)
            _, err = run.communicate(timeout=20)
        assert run.returncode == 4 and "2 goals: 2 not answered" in err


def pxl(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "pxl", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60,
                          **options)


def start_batch(place: Place, url: str, *options: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-m", "pxl", "batch", str(place.goals), "--server", url,
                             "--out", str(place.out), *options], cwd=ROOT, text=True, stderr=subprocess.PIPE,
                            env=os.environ | {"PYTHONUNBUFFERED": "1"})


def read_until(run: subprocess.Popen, words: str) -> str:
    text = ""
    while words not in text:
        line = run.stderr.readline()
        assert line, text
        text += line
    return text


class TestReading:
    def test_plain_text_json_and_comments_may_be_mixed(self):
        data = '\ufeff# goals\r\nA -> A\r\n\r\n  {"goal": " B ", "id": "b"}  '.encode()
        assert read_tasks(data, "x") == [Task(2, "A -> A"), Task("b", " B ")]

    @given(st.binary(max_size=60))
    def test_any_bytes_are_tasks_or_refused_with_the_line(self, data):
        try:
            tasks = read_tasks(data, "x")
        except UnusableFile as error:
            assert error.detail.startswith("x, line ")
        else:
            assert len({task.id for task in tasks}) == len(tasks)

    def test_standard_input_is_named_in_complaints(self, monkeypatch, capsys):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"{")))
        assert main(["batch", "-", "--server", "http://127.0.0.1:1"]) == 2
        assert "standard input, line 1" in capsys.readouterr().err


def test_the_stub_replies_as_the_server_does(live):
    real = live.prove("A -> A").json()
    assert reply_to("A").keys() == real.keys()
