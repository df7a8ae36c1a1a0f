"""A prover that misbehaves is found out, killed, and never believed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pxl.errors import CoqRejected, ProverCrashed, ProverError, ProverProtocolError, ProverTimeout
from pxl.prover.engines import EngineConfig, start_session
from pxl.prover.session import PipeSession
from tests.support.fake_prover import CLOSED, MISBEHAVIOURS, executable
from tests.support.prover import children, is_running, open_files, soon, until

GOAL = ("Definition a := 1.", "Qed.")
QUERY = "Print Assumptions a."

Start = Callable[..., PipeSession]

TIMEOUTS = {"silent", "deaf", "drip", "lost-answer", "stderr-endless"}
CRASHES = {"crash-mid-answer", "exit-quietly", "closes-output"}
PROTOCOL = {"garbage", "huge-answer", "endless-answer", "foreign-tag", "yes-to-nothing", "drops-last", "wrong-span",
            "no-rollback", "truncated-rollback", "two-verdicts"}
HARMLESS = {"none", "stderr-flood", "chatty"}
APART = {"crash-at-start", "mute-at-start", "stale-answer", "entities", "complaint"}


@pytest.fixture(params=["serapi", "coqidetop"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    """Start sessions of a prover that misbehaves by name; all are closed afterwards."""
    started: list[PipeSession] = []

    def start(misbehaviour: str, **options: object) -> PipeSession:
        config = EngineConfig(request.param, executable(tmp_path, misbehaviour), max_answer_bytes=4 << 20, **options)
        session = start_session(config)
        started.append(session)
        return session

    yield start
    for session in started:
        session.close()


def warm(start: Start, misbehaviour: str) -> PipeSession:
    session = start(misbehaviour)
    session.warm(soon())
    return session


def test_every_misbehaviour_is_tested() -> None:
    """No name is in the fake prover for show."""
    assert TIMEOUTS | CRASHES | PROTOCOL | HARMLESS | APART == set(MISBEHAVIOURS)


@pytest.mark.parametrize("misbehaviour", sorted(HARMLESS))
def test_a_noisy_prover_is_still_a_prover(start: Start, misbehaviour: str) -> None:
    """Noise on standard error, or remarks while a request is written, neither block nor mislead."""
    session = warm(start, misbehaviour)
    big = f'Definition a := "{"x" * 500_000}".'
    for _ in range(3):
        assert session.run((big, "Qed."), QUERY, soon()) == CLOSED
    assert session.run(GOAL, None, soon()) is None
    with pytest.raises(CoqRejected, match="It is false"):
        session.run(("Theorem x : False.", *GOAL), QUERY, soon())
    assert session.run(GOAL, QUERY, soon()) == CLOSED
    assert session.is_fit() and session.death is None and session.uses == 6


def test_only_the_end_of_standard_error_is_kept(start: Start) -> None:
    """A flood on standard error is drained; what a crash reports is its end, bounded."""
    session = warm(start, "stderr-flood")
    session.run(GOAL, QUERY, soon())
    session.kill()
    with pytest.raises(ProverCrashed) as caught:
        session.run(GOAL, QUERY, soon())
    assert caught.value.stderr_tail.endswith("the last warning") and len(caught.value.stderr_tail) <= 4096


@pytest.mark.parametrize("misbehaviour", sorted(TIMEOUTS))
def test_a_prover_that_does_not_finish_is_killed_at_the_deadline(start: Start, misbehaviour: str) -> None:
    """The deadline is one moment for the whole request, however the answer dribbles in."""
    session = warm(start, misbehaviour)
    big = f'Definition a := "{"x" * 500_000}".'
    began = time.monotonic()
    with pytest.raises(ProverTimeout):
        session.run((big, *GOAL), QUERY, began + 0.2)
    assert 0.2 <= time.monotonic() - began < 1.0
    assert session.death == "timeout" and not is_running(session.pid)


@pytest.mark.parametrize("misbehaviour", sorted(CRASHES))
def test_a_prover_that_ends_is_noticed_at_once(start: Start, misbehaviour: str) -> None:
    """A crash does not wait for the deadline."""
    session = warm(start, misbehaviour)
    with pytest.raises(ProverCrashed, match="ended"):
        session.run(GOAL, QUERY, soon(60))
    assert session.death == "crash" and not session.is_fit() and not is_running(session.pid)


@pytest.mark.parametrize("misbehaviour", sorted(PROTOCOL))
def test_a_prover_that_breaks_its_protocol_is_killed_at_once(start: Start, misbehaviour: str) -> None:
    """Whatever is not exactly the answer due ends the session before its deadline."""
    session = warm(start, misbehaviour)
    with pytest.raises(ProverProtocolError):
        session.run(GOAL, QUERY, soon(60))
    assert session.death == "protocol" and not is_running(session.pid)


def test_an_answer_nobody_asked_for_is_not_the_next_answer(start: Start) -> None:
    """What was said before a request was written never answers it."""
    session = warm(start, "stale-answer")
    assert session.run(GOAL, QUERY, soon()) == CLOSED
    until(lambda: not session.is_fit())
    with pytest.raises(ProverProtocolError, match="unasked"):
        session.run(("Theorem x : False.",), QUERY, soon())


def test_a_prover_out_of_memory_is_not_used_again(start: Start) -> None:
    """Coq may say so cleanly, but it keeps the memory, and then refuses the next goal for it."""
    session = warm(start, "none")
    with pytest.raises(CoqRejected, match="Out of memory"):
        session.run(("Definition x := Huge.",), QUERY, soon())
    assert session.death == "memory" and not is_running(session.pid)


def test_an_error_that_is_only_remarked_on_is_an_error(start: Start) -> None:
    """A prover that goes on after an error has not accepted anything."""
    session = warm(start, "complaint")
    with pytest.raises(CoqRejected):
        session.run(GOAL, QUERY, soon())
    assert session.death is None


def test_an_xml_answer_declares_no_entities(tmp_path: Path) -> None:
    """XML is read without declarations, so that no entity can grow or change what is said."""
    session = start_session(EngineConfig("coqidetop", executable(tmp_path, "entities")))
    session.warm(soon())
    with pytest.raises(ProverProtocolError):
        session.run(GOAL, QUERY, soon())


def test_a_prover_that_does_not_start_says_why(start: Start) -> None:
    """The error carries the exit status and the end of standard error."""
    with pytest.raises(ProverCrashed, match="exit status 3") as caught:
        start("crash-at-start").warm(soon())
    assert "cannot find the library" in caught.value.stderr_tail


def test_a_prover_that_accepts_what_is_false_does_not_start(start: Start) -> None:
    """A session proves by refusing what it must that its acceptance means something."""
    with pytest.raises(ProverProtocolError, match="false theorem"):
        start("none", preamble=GOAL, refused=GOAL).warm(soon())
    session = start("none", preamble=GOAL, refused=("Lemma a : False.",))
    session.warm(soon())
    assert session.run(GOAL, QUERY, soon()) == CLOSED


def test_a_prover_that_refuses_what_is_true_does_not_start(start: Start) -> None:
    """A session that refuses everything would turn every verdict into a fault."""
    session = start("none", accepted=(GOAL, ("Lemma a : False.",)))
    with pytest.raises(ProverProtocolError, match="refuses a true theorem"):
        session.warm(soon())
    assert session.death == "protocol" and not is_running(session.pid)


def test_what_a_prover_showed_at_its_start_is_rolled_back(start: Start) -> None:
    """The base state is that of the preamble, and the first goal is the first use."""
    session = start("none", accepted=(GOAL, GOAL), refused=("Lemma a : False.",))
    session.warm(soon())
    assert session.run(GOAL, QUERY, soon()) == CLOSED and session.uses == 1


def test_starting_has_a_deadline(start: Start) -> None:
    """A prover that never greets is killed."""
    session = start("mute-at-start")
    with pytest.raises(ProverTimeout):
        session.warm(soon(0.2))
    assert session.death == "timeout" and not is_running(session.pid)


def test_a_missing_program_is_an_error_of_ours() -> None:
    """A prover that is not there, behind the wrappers or without them, is reported as a crash."""
    with pytest.raises(ProverCrashed):
        session = start_session(EngineConfig("coqidetop", "/nonexistent/coqidetop"))
        session.warm(soon())


def test_a_dead_session_says_so(start: Start) -> None:
    """A session is not asked twice after its end, and closing twice is harmless."""
    session = warm(start, "none")
    session.close()
    session.close()
    with pytest.raises(ProverError, match="dead"):
        session.run(GOAL, QUERY, soon())
    assert session.rss_bytes() == 0 and session.death == "closed"


def test_sessions_that_ended_in_any_way_leave_nothing_behind(start: Start) -> None:
    """No process, zombie or file descriptor is left of sessions that ended in every way."""
    warm(start, "none").close()
    files, processes = open_files(), len(children())
    for index in range(40):
        session = start(("crash-mid-answer", "garbage", "silent", "none")[index % 4])
        session.warm(soon())
        try:
            session.run(GOAL, QUERY, soon(0.01))
        except ProverError:
            pass
        session.close()
        assert not is_running(session.pid)
    assert (open_files(), len(children())) == (files, processes)
