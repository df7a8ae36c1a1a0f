"""What every real engine must do; run for each one present (see ``prover_support``)."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pxl.errors import CoqRejected, ProverCrashed, ProverError, ProverTimeout
from pxl.prover.engines import EngineConfig, start_session
from pxl.prover.session import PipeSession
from tests.support.prover import children, engines_present, is_running, open_files, soon, stop, until

PREAMBLE = (
    "From Coq Require Import String.",
    "Inductive form : Set := Atom (n : nat) | Neg (f : form).",
    "Fixpoint burn (n x : nat) : nat := match n with O => x | S m => burn m (burn m x) end.",
    "Fixpoint pile (n : nat) (l : list bool) := match n with O => l | S m => pile m (pile m (cons true l)) end.",
    "Set Printing Depth 20.",
)
CLOSED = "Closed under the global context"
QUERY = "Print Assumptions goal."
TRUE = ("Definition two := 2.", "Theorem goal : 1 + 1 = two.", "Proof.",
        "exact (ltac:(vm_cast_no_check (@eq_refl nat 2))).", "Qed.")
FALSE = ("Definition two := 2.", "Theorem goal : 1 + 2 = two.", "Proof.",
         "exact (ltac:(vm_cast_no_check (@eq_refl nat 2))).", "Qed.")
FOREVER = ("Definition x := Eval vm_compute in burn 100 0.",)


@pytest.fixture(scope="module", params=engines_present(), ids=lambda config: config.kind)
def config(request: pytest.FixtureRequest) -> EngineConfig:
    """One real engine with a small preamble."""
    return replace(request.param, preamble=PREAMBLE)


@pytest.fixture(scope="module")
def shared(config: EngineConfig) -> Iterator[PipeSession]:
    """A session that must survive every test that uses it."""
    session = start_session(config)
    session.warm(soon(30))
    yield session
    assert session.death is None and session.is_fit()
    session.close()


@pytest.fixture
def own(config: EngineConfig) -> Iterator[PipeSession]:
    """A session that a test may lose."""
    session = start_session(config)
    session.warm(soon(30))
    yield session
    session.close()


def test_a_true_goal_is_accepted(shared: PipeSession) -> None:
    """The query's answer comes back when every sentence was accepted."""
    assert shared.run(TRUE, QUERY, soon()) == CLOSED
    assert shared.run(TRUE, None, soon()) is None


def test_a_false_goal_is_refused_and_the_session_goes_on(shared: PipeSession) -> None:
    """A wrong certificate is Coq's refusal, not a failure of the session."""
    with pytest.raises(CoqRejected):
        shared.run(FALSE, QUERY, soon())
    assert shared.run(TRUE, QUERY, soon()) == CLOSED


@pytest.mark.parametrize("sentences", [
    ("Blah blah.",),
    ("Definition a := (1 + .",),
    ("Definition a := undefined_name.",),
    ("Definition a := 1.", "Blah.", "Definition b := a."),
    ("Definition a := 1.", "Definition a := 2."),
    ("Theorem goal : 1 = 1.", "Proof.", "exact eq_refl."),
    ("Theorem goal : 1 = 1.", "Proof.", "Qed."),
    ("Theorem goal : 1 = 1.", "Proof.", "fail.", "Qed."),
    ("Qed.",),
    ("Theorem goal : False.", "Admitted."),
    ("Axiom goal : False.",),
    ("Theorem goal : 1 = 1.", "Proof.", "exact eq_refl.", "Qed.", "Fail Check goal."),
    ("Drop.",),
], ids=lambda sentences: sentences[-1][:20] + f"/{len(sentences)}")
def test_a_bad_sentence_is_refused_and_rolled_back(shared: PipeSession, sentences: tuple[str, ...]) -> None:
    """Whichever sentence fails, and however, nothing of the request stays."""
    for _ in range(2):
        with pytest.raises(CoqRejected):
            shared.run(sentences, QUERY, soon())
    assert shared.run(TRUE, QUERY, soon()) == CLOSED


def test_nothing_is_executed_after_a_failure(shared: PipeSession) -> None:
    """The first error ends the request, and is the one reported, with a query or without."""
    for rest in ((), ("Definition a := 1.",), ("Print missing.", "Fail Qed.")):
        with pytest.raises(CoqRejected, match="The reference undefined was not found"):
            shared.run(("Definition missing := undefined.", *rest), None, soon())


@pytest.mark.parametrize("text", [
    "", "Qed", "Definition a := 1. Definition b := 2.", "Proof. Qed.", 'Check "a.', "Check 1. (* two *)",
    "(* Check 1.", "- exact I.", "{ exact I. }", "Check 1.\x00", "Check \udc80.", " Check 1.", "Check 1. ",
], ids=repr)
def test_what_is_not_one_sentence_is_never_sent(shared: PipeSession, text: str) -> None:
    """coqidetop ignores all but the first sentence, so a text that may hold two is refused here."""
    uses = shared.uses
    with pytest.raises(CoqRejected, match="not one Coq sentence"):
        shared.run((text,), None, soon())
    assert shared.uses == uses


def test_the_query_prints_what_coq_prints(shared: PipeSession) -> None:
    """Line breaks, quotes, markup and letters beyond ASCII survive the protocol."""
    answer = shared.run(('Definition s := "a ""quoted"" \\ <b> & ∀ é"%string.',), "Print s.", soon())
    assert answer is not None
    assert answer.split() == ["s", "=", '"a', '""quoted""', "\\", "<b>", "&", "∀", 'é"%string', ":", "string"]
    assert shared.run(("Inductive t := A | B.",), "Print t.", soon()) == "Inductive t : Set :=  A : t | B : t."


def test_only_the_query_is_quoted(shared: PipeSession) -> None:
    """What other sentences print is not part of the answer."""
    assert shared.run(("Print nat.", *TRUE, "Print two."), QUERY, soon()) == CLOSED
    assert shared.run((), "Check 0.", soon()) == "0\n     : nat"


def test_assumptions_are_named(shared: PipeSession) -> None:
    """An axiom of the base state shows in the answer."""
    sentences = ("From Coq Require Import FunctionalExtensionality.",
                 "Definition goal := @functional_extensionality nat nat.")
    answer = shared.run(sentences, QUERY, soon())
    assert answer is not None and answer.startswith("Axioms:\nfunctional_extensionality_dep")


def test_rollback_leaves_no_trace(shared: PipeSession) -> None:
    """Names, notations and options of one request are gone in the next."""
    sentences = ("Definition mine := 5.", 'Notation "x ⊕ y" := (x + y) (at level 50).')
    assert shared.run(sentences, "Check mine ⊕ 1.", soon())
    for sentence in ("Check mine.", "Check 1 ⊕ 1."):
        with pytest.raises(CoqRejected):
            shared.run((sentence,), None, soon())
    shared.run(("Unset Guard Checking.",), None, soon())
    with pytest.raises(CoqRejected):
        shared.run(("Fixpoint bad (n : nat) : False := bad n.",), None, soon())


def test_three_hundred_goals_leave_memory_flat(shared: PipeSession) -> None:
    """Rolling back keeps a session's memory and its speed."""
    for _ in range(100):
        shared.run(TRUE, QUERY, soon())
    before = shared.rss_bytes()
    for index in range(300):
        assert shared.run(TRUE, QUERY, soon()) == CLOSED
        if index % 10 == 0:
            with pytest.raises(CoqRejected):
                shared.run(FALSE, QUERY, soon())
    assert 30 << 20 < before < 400 << 20
    assert shared.rss_bytes() - before < 8 << 20


def test_a_megabyte_is_one_sentence(shared: PipeSession) -> None:
    """A sentence larger than any pipe's buffer arrives whole."""
    words = "; ".join(["4611686018427387903"] * 50_000)
    answer = shared.run(("From Coq Require Import Uint63 PArray.", f"Definition a := [| {words} | 0 |]%uint63."),
                        "Eval vm_compute in (PArray.length a, a.[49999])%uint63.", soon(30))
    assert answer is not None and "(50000%uint63, 4611686018427387903%uint63)" in answer
    with pytest.raises(CoqRejected):
        shared.run((f"Check {'A' * (1 << 20)}.",), None, soon(30))
    assert shared.run(TRUE, QUERY, soon()) == CLOSED


def test_ten_thousand_levels_of_nesting(shared: PipeSession) -> None:
    """The stack of a session bears the deepest goal that is accepted; deeper ones are refused."""
    def nested(depth: int) -> tuple[str, ...]:
        return (f"Definition f : form := {'(Neg ' * depth}(Atom 1){')' * depth}.",
                "Theorem goal : f = f.", "Proof.", "exact eq_refl.", "Qed.")
    assert shared.run(nested(10_000), QUERY, soon(30)) == CLOSED
    with pytest.raises(CoqRejected, match="(?i)stack overflow"):
        shared.run(nested(100_000), QUERY, soon(60))
    assert shared.run(TRUE, QUERY, soon()) == CLOSED


def test_no_time_left_costs_no_session(shared: PipeSession) -> None:
    """A deadline that passed before the request was written leaves the session as it was."""
    with pytest.raises(ProverTimeout):
        shared.run(TRUE, QUERY, time.monotonic())
    assert shared.death is None and shared.run(TRUE, QUERY, soon()) == CLOSED


def test_a_deadline_kills(own: PipeSession) -> None:
    """A computation is not interrupted but killed, close to its deadline."""
    began = time.monotonic()
    with pytest.raises(ProverTimeout):
        own.run(FOREVER, None, began + 0.3)
    assert time.monotonic() - began < 1.3
    assert own.death == "timeout" and not is_running(own.pid)


def test_a_killed_prover_is_noticed_at_once(own: PipeSession) -> None:
    """kill -9 in the middle of a proof is a crash, long before the deadline."""
    def kill_when_busy() -> None:
        until(lambda: own.uses == 1)
        os.kill(own.pid, signal.SIGKILL)
    killer = threading.Thread(target=kill_when_busy)
    killer.start()
    began = time.monotonic()
    with pytest.raises(ProverCrashed, match="SIGKILL"):
        own.run(FOREVER, None, began + 30)
    killer.join()
    assert time.monotonic() - began < 5


def test_another_thread_can_cancel(own: PipeSession) -> None:
    """``kill`` from another thread ends a run; its owner sees a crash."""
    canceller = threading.Thread(target=lambda: (until(lambda: own.uses == 1), own.kill()))
    canceller.start()
    with pytest.raises(ProverCrashed):
        own.run(FOREVER, None, soon(30))
    canceller.join()


def test_an_idle_prover_that_was_killed_is_not_fit(own: PipeSession) -> None:
    """A death between requests is seen before the next one."""
    assert own.is_fit()
    os.kill(own.pid, signal.SIGKILL)
    until(lambda: not own.is_fit())
    with pytest.raises(ProverCrashed):
        own.run(TRUE, QUERY, soon())


def test_an_idle_prover_that_was_stopped_is_not_fit_until_it_goes_on(own: PipeSession) -> None:
    """Whoever asked it would wait in vain."""
    stop([own.pid])
    assert not own.is_fit()
    os.kill(own.pid, signal.SIGCONT)
    until(own.is_fit)


def test_a_stopped_prover_is_killed_at_the_deadline(own: PipeSession) -> None:
    """SIGSTOP while it works shows only as silence, and a stopped process can be killed."""
    os.kill(own.pid, signal.SIGSTOP)
    with pytest.raises(ProverTimeout):
        own.run(TRUE, QUERY, soon(0.2))
    assert not is_running(own.pid)


def test_memory_is_bounded(config: EngineConfig) -> None:
    """A blow-up hits the address-space limit: Coq says so or dies, well before the deadline."""
    session = start_session(replace(config, memory_limit_bytes=450 << 20, ocamlrunparam="s=1M"))
    session.warm(soon(30))
    try:
        with pytest.raises((CoqRejected, ProverCrashed), match="Out of memory|SIGABRT"):
            session.run(("Definition x := Eval vm_compute in Datatypes.length (pile 40 nil).",), None, soon(50))
        # It keeps what it took, so it is not used again.
        assert session.death in ("memory", "crash") and not is_running(session.pid)
    finally:
        session.close()


def test_a_preamble_that_coq_refuses_is_an_error(config: EngineConfig) -> None:
    """Without its kernel a session does not come up, and says what Coq said."""
    session = start_session(replace(config, preamble=("From PXL Require Import Kernel.",)))
    with pytest.raises(ProverError, match="(?s)preamble.*Kernel"):
        session.warm(soon(30))
    assert session.death is not None and not is_running(session.pid)


def test_a_library_is_found_under_its_logical_name(config: EngineConfig, tmp_path: Path) -> None:
    """``kernel_dir`` is mapped to ``logical_root``, blanks in its name included."""
    directory = tmp_path / "a kernel"
    directory.mkdir()
    (directory / "Small.v").write_text("Definition small := 3.\n")
    os.spawnlp(os.P_WAIT, "coqc", "coqc", "-q", "-Q", str(directory), "PXL", str(directory / "Small.v"))
    session = start_session(replace(config, kernel_dir=directory, preamble=("From PXL Require Import Small.",)))
    session.warm(soon(30))
    assert session.run((), "Print small.", soon()) == "small = 3\n     : nat"
    session.close()


def test_limits_and_environment_reach_the_prover(own: PipeSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """The prover runs in a group of its own, bounded, without core files and without our secrets."""
    limits = Path(f"/proc/{own.pid}/limits").read_text()
    rows = {line[:26].strip(): line[26:].split() for line in limits.splitlines()}
    assert rows["Max address space"][:2] == [str(2048 << 20)] * 2
    assert rows["Max stack size"][:2] == [str(64 << 20)] * 2
    assert rows["Max core file size"][:2] == ["0", "0"]
    assert os.getpgid(own.pid) == own.pid != os.getpgid(0)
    names = {entry.partition(b"=")[0] for entry in Path(f"/proc/{own.pid}/environ").read_bytes().split(b"\0")}
    assert b"OCAMLRUNPARAM" in names and not any(name.startswith((b"PXL_", b"HMAC", b"PYTEST")) for name in names)


def test_sessions_leave_nothing_behind(config: EngineConfig) -> None:
    """Sessions of a real prover, killed and closed, leave no process and no descriptor."""
    files, processes = open_files(), len(children())
    for _ in range(5):
        session = start_session(replace(config, preamble=()))
        session.warm(soon(30))
        session.close()
    assert (open_files(), len(children())) == (files, processes)
