"""The service takes a goal from text to an answer; the prover is a fake, the rest is real."""

from __future__ import annotations

import gc
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pxl.answering.query import Query
from pxl.answering.service import Service
from pxl.answering.theories import Theories
from pxl.cache import ProofCache
from pxl.certificates.certificate import Countermodel, encode
from pxl.errors import FormulaSyntaxError, KernelDisagreement, PoolBusy, ProverCrashed, ProverTimeout
from pxl.formula import Formula
from pxl.overlays.registry import BUILT_IN, Entry, Registry
from pxl.overlays.s5.overlay import S5
from pxl.verdict.outcome import PROVED, REFUTED, UNKNOWN, Outcome
from tests.support.fake_decider import Clock, FakeDecider, brute_force, certified, eventually

HASH = "ab" * 32


def service(decider: FakeDecider | None = None, **options) -> Service:
    return Service((decider or FakeDecider()).decide, HASH, options.pop("cache", None) or ProofCache(), **options)


class TestAnswers:
    def test_a_theorem_is_proved(self):
        answer = service().prove("BOX(A -> A)")
        assert (answer.verdict, answer.goal, answer.goal_normalized) == (PROVED, "BOX(A -> A)", "BOX(A -> A)")
        assert answer.model is None and answer.coq == "Prov goal" and "is a theorem" in answer.words
        assert (answer.kernel_hash, answer.proof_method, answer.generation) == (HASH, "coqidetop", 1)

    def test_a_non_theorem_is_refuted_by_a_model_in_the_clients_atoms(self):
        answer = service().prove("  Rain=>[]Rain ")
        assert answer.verdict == REFUTED
        assert (answer.goal, answer.goal_normalized) == ("  Rain=>[]Rain ", "Rain -> BOX(Rain)")
        assert sorted(answer.model.worlds) == [(), ("Rain",)]
        assert answer.model.worlds[answer.model.designated] == ("Rain",)
        table = {sub.text: sub.holds_at for sub in answer.model.subformulas}
        assert answer.model.designated not in table["Rain -> BOX(Rain)"] and table["BOX(Rain)"] == ()

    def test_the_trace_leads_from_the_goal_to_atoms(self):
        trace = service().prove("A -> BOX(A)").model.trace
        assert (trace[0].text, trace[0].value) == ("A -> BOX(A)", False)
        assert ("BOX(A)", False) in [(line.text, line.value) for line in trace]
        assert trace[-1].text == "A" and trace[-1].value is False

    @pytest.mark.parametrize(("verdict", "sign"), [(PROVED, ""), (REFUTED, "~ ")])
    def test_a_statement_too_long_to_show_says_where_its_goal_is_defined(self, verdict, sign):
        long = FakeDecider(lambda f, d: Outcome(verdict, certificate="00", **certified(f"{sign}Prov ({'Neg ' * 1000}Bot)")))
        answer = service(long).prove("A")
        assert answer.coq == f"{sign}Prov goal, where goal is defined in the certificate"

    def test_each_line_of_the_trace_is_followed_by_its_own_reasons(self):
        trace = service().prove("(A -> B) -> BOX(A) /\\ B").model.trace
        lines = [(line.depth, line.text, line.value) for line in trace]
        assert lines[0] == (0, "(A -> B) -> (BOX(A) /\\ B)", False)
        assert lines[1][:2] == (1, "A -> B") and lines[2][0] == 2 and lines[3][:2] == (1, "BOX(A) /\\ B")
        assert all(after.depth <= before.depth + 1 for before, after in itertools.pairwise(trace))
        assert len({(line.text, line.world) for line in trace}) == len(trace)

    def test_what_holds_at_every_world_is_explained_once(self):
        trace = service().prove("BOX(BOX(A \\/ ~A)) /\\ DIA(B) /\\ ~B -> C").model.trace
        assert [line.text for line in trace].count("BOX(A \\/ ~A)") == 1

    def test_a_long_trace_is_cut_and_says_by_how_much(self):
        goal = " \\/ ".join(f"{'~' * n}A" for n in range(0, 20, 2))
        model = service().prove(goal).model
        assert len(model.trace) == 20 and model.trace_omitted == 8

    def test_an_unknown_verdict_gives_its_reason_and_claims_nothing(self):
        decider = FakeDecider(lambda f, d: Outcome(UNKNOWN, reason="size", detail="the certificate is too large"))
        answer = service(decider).prove("A")
        assert (answer.verdict, answer.reason, answer.detail) == (UNKNOWN, "size", "the certificate is too large")
        assert answer.coq is None and answer.model is None and answer.proof_method is None
        assert "Nothing was certified" in answer.words

    def test_a_certificate_comes_only_when_asked_for_and_names_the_clients_goal(self):
        proving = service()
        assert proving.prove("BOX(A -> A)").certificate is None
        text = proving.prove("BOX(P -> P)", want_certificate=True).certificate
        assert text.startswith("(* Goal: BOX(P -> P)\n   Overlay: pxl\n   Verdict: proved\n   Atoms: p1 = P\n") and text.rstrip().endswith("Print Assumptions answer.")
        assert HASH in text

    def test_a_goal_that_is_no_formula_reaches_no_prover(self):
        decider = FakeDecider()
        with pytest.raises(FormulaSyntaxError):
            service(decider).prove("BOX(A ->")
        assert decider.runs == 0

    def test_a_model_that_does_not_falsify_the_goal_is_never_shown(self):
        decider = FakeDecider(lambda f, d: Outcome(REFUTED, certificate=encode(Countermodel((frozenset({"p1"}),), 0)),
                                                  **certified("~ Prov goal")))
        with pytest.raises(KernelDisagreement):
            service(decider).prove("A")

    def test_a_disagreement_of_the_kernel_is_logged_with_the_goal(self, caplog):
        def disagree(formula, deadline):
            raise KernelDisagreement("Coq refused the certificate")
        with pytest.raises(KernelDisagreement):
            service(FakeDecider(disagree)).prove("Good(x) -> BOX(Good(x))")
        assert "Good(x) -> BOX(Good(x)): Coq refused the certificate" in caplog.text

    def test_the_statements_atoms_are_named_unless_they_are_very_many(self):
        assert service().prove("Q(b) -> P(a)").atoms == {"Atom 1": "Q(b)", "Atom 2": "P(a)"}
        many = FakeDecider(lambda f, d: Outcome(PROVED, **certified("Prov goal")))
        assert service(many).prove(" /\\ ".join(f"A{n}" for n in range(101))).atoms is None

    def test_a_huge_goal_is_answered_without_the_table_of_subformulas(self):
        goal = " /\\ ".join(f"A{n}" for n in range(500))
        decider = FakeDecider(lambda f, d: Outcome(REFUTED, certificate=encode(Countermodel((frozenset(),), 0)),
                                                  **certified("~ Prov goal")))
        model = service(decider).prove(goal).model
        assert model.subformulas is None and model.trace is None and "999 subformulas" in model.omitted


class TestTime:
    def test_a_request_may_shorten_its_time_and_not_exceed_the_longest(self):
        decider, clock = FakeDecider(), Clock(time.monotonic())
        cache = ProofCache()
        proving = service(decider, cache=cache, timeout_s=30, max_timeout_s=60, clock=clock)
        for wanted in (None, 0.5, 45, 1000):
            proving.prove(f"A{wanted and int(wanted * 10)} -> A{wanted and int(wanted * 10)} \\/ B", wanted)
            cache.clear()
        assert [round(d - clock.now, 3) for d in decider.deadlines] == [30, 0.5, 45, 60]

    def test_a_prover_that_is_late_is_an_unknown_verdict(self):
        def late(formula, deadline):
            raise ProverTimeout("no word from Coq")
        answer = service(FakeDecider(late)).prove("A")
        assert (answer.verdict, answer.reason, answer.detail) == (UNKNOWN, "timeout", "no word from Coq")

    def test_timings_are_those_of_the_run_and_zero_for_a_cached_answer(self):
        proving = service()
        first, second = proving.prove("A"), proving.prove("A")
        assert (first.timings.queue, first.timings.search, first.timings.kernel) == (1, 2, 3)
        assert (second.timings.queue, second.timings.search, second.timings.kernel) == (0, 0, 0)
        assert first.timings.total >= first.timings.parse > 0


class TestCaching:
    def test_the_second_question_is_answered_from_the_cache(self):
        decider = FakeDecider()
        proving = service(decider)
        first, second = proving.prove("BOX(A -> A)"), proving.prove("[](A->A)")
        assert decider.runs == 1
        assert (first.cached, second.cached) == (None, "exact")
        assert (second.verdict, second.proof_method) == (PROVED, "coqidetop_cached")

    def test_the_same_question_in_other_atoms_is_a_prefetch_hit_in_its_own_atoms(self):
        proving = service()
        proving.prove("A -> BOX(A)")
        answer = proving.prove("Q(x) -> BOX(Q(x))")
        assert answer.cached == "prefetch" and answer.model.atoms == ("Q(x)",)
        assert "Q(x)" in answer.model.worlds[answer.model.designated]

    def test_goals_that_differ_in_more_than_names_share_nothing(self):
        decider = FakeDecider()
        proving = service(decider)
        for goal in ("A -> B", "A -> A", "B -> a", "A -> BOX(A)", "BOX(A) -> A", "BOX(A->a)", "BOX(a->a)"):
            proving.prove(goal)
        assert decider.runs == 6        # only `B -> a` asks what `A -> B` asked

    def test_unknown_is_asked_anew(self):
        decider = FakeDecider(lambda f, d: Outcome(UNKNOWN, reason="timeout", detail="late"))
        proving = service(decider)
        proving.prove("A")
        assert proving.prove("A").cached is None and decider.runs == 2

    def test_a_failure_is_not_kept(self):
        def crash(formula, deadline):
            raise ProverCrashed("gone")
        decider = FakeDecider(crash)
        proving = service(decider)
        with pytest.raises(ProverCrashed):
            proving.prove("A -> A")
        decider.decide_now = brute_force
        assert proving.prove("A -> A").verdict == PROVED

    def test_only_a_kernel_verdict_counts_as_a_sign_of_life(self):
        clock = Clock(time.monotonic())
        decider = FakeDecider()
        proving = service(decider, clock=clock)
        assert proving.certified_at is None
        proving.prove("A -> A")
        seen = proving.certified_at
        clock.now += 50
        proving.prove("A -> A")         # from the cache
        assert proving.certified_at == seen == clock.now - 50


class TestCrowds:
    def test_equal_questions_in_flight_are_one_run(self):
        decider = FakeDecider()
        proving = service(decider)
        with ThreadPoolExecutor(50) as threads, decider.held():
            answers = [threads.submit(proving.prove, f"BOX({name} -> {name})") for name in "ABCDE" * 10]
            eventually(lambda: decider.running == 1 and proving.cache_stats().misses == 50)
            decider.release()
            done = [future.result() for future in answers]
        assert decider.runs == 1
        assert {answer.verdict for answer in done} == {PROVED}
        assert sorted({answer.goal_normalized for answer in done}) == [f"BOX({n} -> {n})" for n in "ABCDE"]

    def test_a_failure_is_shared_once(self):
        def crash(formula, deadline):
            raise ProverCrashed("gone")
        decider = FakeDecider(crash)
        proving = service(decider)
        with ThreadPoolExecutor(20) as threads, decider.held():
            answers = [threads.submit(proving.prove, "A") for _ in range(20)]
            eventually(lambda: decider.running == 1 and proving.cache_stats().misses == 20)
            decider.release()
            errors = [type(future.exception()) for future in answers]
        assert errors == [ProverCrashed] * 20
        assert decider.runs < 20

    def test_a_patient_client_is_not_cheated_by_a_hurried_one(self):
        decider = FakeDecider()
        proving = service(decider)
        with ThreadPoolExecutor(2) as threads, decider.held():
            hurried = threads.submit(proving.prove, "A -> A", 0.05)
            eventually(lambda: decider.running == 1)
            patient = threads.submit(proving.prove, "A -> A", 20)
            assert hurried.result().reason == "timeout"
            eventually(lambda: decider.runs == 2)
            decider.release()
            assert patient.result().verdict == PROVED

    def test_a_hurried_client_does_not_wait_for_a_patient_one(self):
        decider = FakeDecider()
        proving = service(decider)
        with ThreadPoolExecutor(1) as threads, decider.held():
            patient = threads.submit(proving.prove, "A -> A", 20)
            eventually(lambda: decider.running == 1)
            answer = proving.prove("A -> A", 0.02)
            assert (answer.verdict, answer.reason, answer.is_shared) == (UNKNOWN, "timeout", True)
            decider.release()
            assert patient.result().verdict == PROVED

    def test_beyond_its_places_it_refuses_at_once_and_still_answers_from_the_cache(self):
        decider = FakeDecider()
        proving = service(decider, max_in_flight=2)
        proving.prove("A -> A")
        with ThreadPoolExecutor(2) as threads, decider.held():
            others = [threads.submit(proving.prove, goal) for goal in ("A", "BOX(A)")]
            eventually(lambda: decider.running == 2)
            with pytest.raises(PoolBusy) as caught:
                proving.prove("DIA(A)")
            assert caught.value.retry_after_s
            assert proving.prove("A -> A").cached == "exact"
            decider.release()
            assert all(future.result().verdict == REFUTED for future in others)
        assert proving.prove("DIA(A)").verdict == REFUTED

    def test_a_thread_that_just_missed_a_run_finds_its_verdict(self):
        decider, cache, barrier = FakeDecider(), ProofCache(), threading.Barrier(8)
        proving = service(decider, cache=cache)

        def ask(_):
            barrier.wait(10)
            return proving.prove("BOX(A) -> A").verdict

        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(ask, range(8))) == {PROVED}
        assert decider.runs == 1


class TestAdmission:
    """A nonce is used up when the work begins, and not by a goal that is turned away."""

    def test_who_waits_for_a_session_in_vain_was_not_admitted(self):
        admitted = []

        def busy(question, deadline, cancel=None, leased=lambda: None):
            raise PoolBusy("no session became free in time", retry_after_s=1)
        with pytest.raises(PoolBusy):
            Service(busy, HASH, ProofCache()).prove("A", admitted=lambda: admitted.append(1))
        assert admitted == []

    @pytest.mark.parametrize("goal", ["A", "BOX(A -> A)"])
    def test_every_answer_was_admitted_once_also_one_from_the_cache(self, goal):
        admitted, asked = [], service()
        for expected in ([1], [1, 2]):
            asked.prove(goal, admitted=lambda: admitted.append(len(admitted) + 1))
            assert admitted == expected

    def test_an_answer_without_a_session_was_admitted_too(self):
        admitted = []
        unleased = Service(lambda question, deadline, cancel, leased: Outcome(UNKNOWN, "timeout", "held up"), HASH, ProofCache())
        assert unleased.prove("A", admitted=lambda: admitted.append(1)).verdict == UNKNOWN and admitted == [1]

    def test_who_follows_an_equal_question_is_admitted_with_its_answer(self):
        decider, admitted = FakeDecider(), []
        asked = service(decider)
        with ThreadPoolExecutor(2) as threads, decider.held():
            leader = threads.submit(asked.prove, "A -> A")
            eventually(lambda: decider.running == 1)
            follower = threads.submit(asked.prove, "A -> A", admitted=lambda: admitted.append(1))
            decider.release()
            assert leader.result().verdict == PROVED and follower.result().verdict == PROVED
        assert admitted == [1]


def test_a_long_question_is_not_kept_when_it_is_answered():
    asked = service(FakeDecider(lambda formula, deadline: Outcome(PROVED, **certified("Prov goal"))))
    long = "~" * 3000 + "A"
    others = {id(kept) for kept in _long_formulas()}
    answer = asked.prove(Query("A", assumptions=("A", long)))
    assert answer.verdict == PROVED and answer.assumptions_consistent is not None
    gc.collect()
    assert {id(kept) for kept in _long_formulas()} <= others


def _long_formulas() -> list[Formula]:
    return [kept for kept in gc.get_objects() if isinstance(kept, Formula) and len(kept.nodes) > 2000]


@pytest.mark.parametrize(("origin", "runs"), [(BUILT_IN, 1), ("some-package", 2)])
def test_what_a_package_answers_in_the_name_of_another_overlay_is_its_own(origin, runs):
    decider = FakeDecider()
    overlays = Registry([Entry("other", origin, S5(name="other")), Entry("pxl", BUILT_IN, S5())])
    asked = service(decider, overlays=overlays)
    assert asked.prove(Query("A -> A", "other")).verdict == PROVED
    assert asked.prove("A -> A").verdict == PROVED
    assert decider.runs == runs


def test_what_was_being_read_when_theories_change_is_not_remembered(tmp_path):
    (tmp_path / "policy.pxl").write_text("A\n")
    theories = Theories(tmp_path)
    asked = service(theories=theories)
    theories.load(asked.overlays)
    applied, query = theories.applied, Query("B", theory="policy")

    def change_meanwhile(query: Query) -> Query:
        found = applied(query)
        (tmp_path / "policy.pxl").write_text("B\n")
        asked.reload_theories()
        return found

    theories.applied = change_meanwhile
    assert asked.prove(query).verdict == REFUTED
    theories.applied = applied
    assert asked.prove(Query("B", theory="policy")).verdict == PROVED
