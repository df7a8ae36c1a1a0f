"""Every question of a batch is settled for itself, a few at a time, whatever becomes of the others."""

from __future__ import annotations

import threading

import pytest

from pxl.answering.batch import settle_all
from pxl.errors import PoolBusy, ProverCrashed, RequestError
from pxl.verdict.cancel import Cancel
from tests.support.fake_decider import eventually


def settled(questions, ask, **options) -> dict:
    found = list(settle_all(questions, ask, width=options.pop("width", 3), cancel=Cancel(), **options))
    assert len(found) == len(questions)
    return {one.index: one for one in found}


def test_each_question_gets_its_own_answer():
    found = settled(range(50), lambda question, cancel: question * 2)
    assert [found[n].answer for n in range(50)] == [2 * n for n in range(50)]


def test_failures_of_every_kind_stay_with_their_items(caplog):
    def ask(question, cancel):
        if question == 1:
            raise ProverCrashed("gone")
        if question == 2:
            raise RuntimeError("secret")
        return question

    found = settled([0, 1, 2, RequestError("malformed"), 4], ask)
    assert [found[n].answer for n in (0, 4)] == [0, 4]
    assert [found[n].problem.code for n in (1, 2, 3)] == ["prover-crashed", "internal-error", "bad-request"]
    assert "secret" in caplog.text and "secret" not in found[2].problem.detail


def test_no_more_than_the_width_are_in_work():
    lock, now, most = threading.Lock(), 0, 0
    together = threading.Barrier(4)

    def ask(question, cancel):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        together.wait(10)
        with lock:
            now -= 1

    settled(range(12), ask, width=4)
    assert most == 4


def test_what_is_settled_first_comes_first():
    first = threading.Event()

    def ask(question, cancel):
        if question == 0:
            first.wait(10)
        return question

    outcomes = settle_all([0, 1], ask, width=2, cancel=Cancel())
    assert next(outcomes).answer == 1
    first.set()
    assert next(outcomes).answer == 0
    outcomes.close()


def test_a_busy_pool_is_waited_for():
    refusals = [PoolBusy("full"), PoolBusy("full")]

    def ask(question, cancel):
        if refusals:
            raise refusals.pop()
        return question

    assert settled(["A"], ask)[0].answer == "A"


def test_a_pool_that_stays_busy_is_an_error_once_the_time_is_over():
    def ask(question, cancel):
        raise PoolBusy("full")
    assert settled(["A"], ask, limit_s=0.15)[0].problem.code == "pool-busy"


def test_what_was_not_begun_in_time_is_told_so():
    assert settled(["A", "B"], lambda question, cancel: question, limit_s=0.0)[1].problem.code == "batch-timeout"


@pytest.mark.parametrize("how", ["close", "cancel"])
def test_work_ends_when_nobody_wants_it_any_more(how):
    cancel, running = Cancel(), []

    def ask(question, cancel):
        if question == 0:
            return 0
        running.append(question)
        cancel.wait(10)
        cancel.check()

    outcomes = settle_all(range(100), ask, width=3, cancel=cancel)
    assert next(outcomes).answer == 0
    eventually(lambda: running)
    if how == "close":
        outcomes.close()
    else:
        cancel.set()
        assert {one.problem.code for one in outcomes} == {"cancelled"}
    assert len(running) <= 3
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pxl-batch")]
