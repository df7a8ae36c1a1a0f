"""The search: right answers, right certificates, and limits that hold."""

from __future__ import annotations

import os
import random
import time

import pytest

from benchmarks import families
from pxl.certificates.certificate import Countermodel, Proof, decode_numbers, encode, encode_numbers
from pxl.formula import parse, rename_atoms
from pxl.search.elimination import Budget, Exhausted, decide
from pxl.verdict.reference.s5 import holds, proof_fault
from tests.support.s5_reference import is_theorem, random_formula

HARD = families.random_modal_cnf(15, 210, 2, seed=4)


def soon(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


@pytest.mark.parametrize("seed", range(20))
def test_every_answer_agrees_with_brute_force_and_its_certificate_is_right(seed):
    rng = random.Random(seed)
    for _ in range(100):
        formula = random_formula(rng, rng.randint(1, 3), rng.randint(1, 6))
        found = decide(formula, soon())
        if isinstance(found, Proof):
            assert is_theorem(formula), formula
            assert proof_fault(found) is None, (formula, proof_fault(found))
        else:
            assert isinstance(found, Countermodel)
            assert not holds(formula, list(found.worlds), found.designated)


@pytest.mark.parametrize("seed", range(5))
def test_a_countermodel_has_at_most_one_world_per_modality_plus_one(seed):
    rng = random.Random(100 + seed)
    for _ in range(100):
        formula = random_formula(rng, 3, 6)
        found = decide(formula, soon())
        if isinstance(found, Countermodel):
            modalities = sum(node[0] in ("box", "dia") for node in formula.nodes)
            assert len(found.worlds) <= modalities + 1
            assert len(set(found.worlds)) == len(found.worlds)


def test_a_countermodel_to_necessity_has_two_worlds():
    formula, _ = rename_atoms(parse("A -> BOX(A)"))
    found = decide(formula, soon())
    assert isinstance(found, Countermodel)
    assert len(found.worlds) == 2
    assert "p1" in found.worlds[found.designated]


@pytest.mark.parametrize("formula", [families.boxed_pigeonhole(6), families.pigeonhole_in_box(6),
                                     families.nesting(500)], ids=["boxed php", "php in a box", "tower"])
def test_long_proofs_are_right(formula):
    found = decide(formula, soon())
    assert isinstance(found, Proof)
    assert proof_fault(found) is None


@pytest.mark.parametrize("count", [2, 4, 60])
def test_independent_diamonds_are_refuted_by_two_worlds(count):
    found = decide(families.diamonds(count), soon())
    assert isinstance(found, Countermodel)
    assert len(found.worlds) == 2       # one world can witness many diamonds


@pytest.mark.parametrize("timeout_s", [0.0, 0.05, 0.3])
def test_the_deadline_holds(timeout_s):
    goal, began = families.random_modal_cnf(40, 1200, 3, seed=1), time.thread_time()
    found = decide(goal, time.monotonic() + timeout_s)
    late_s = time.thread_time() - began - timeout_s     # of work: a busy machine makes nobody late
    assert isinstance(found, Exhausted) and found.reason == "timeout"
    assert late_s < 1.0     # a slow machine's slack; the benchmark measures the true figure


def test_a_search_that_is_stopped_ends_before_its_deadline():
    looks = iter(range(1_000_000))
    found = decide(families.boxed_pigeonhole(11), time.monotonic() + 20, Budget(is_stopped=lambda: next(looks) > 20))
    assert found == Exhausted("stopped", "the search was stopped")


def test_a_proof_over_the_size_limit_is_no_answer():
    found = decide(families.boxed_pigeonhole(6), soon(), Budget(max_certificate_numbers=100))
    assert isinstance(found, Exhausted) and found.reason == "size"


def test_a_trace_over_the_size_limit_is_no_answer():
    found = decide(families.pigeonhole_in_box(10), soon(20), Budget(max_trace_bytes=200_000))
    assert isinstance(found, Exhausted) and found.reason == "size"


def test_searches_leave_no_descriptor_behind():
    decide(families.diamonds(3), soon())
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        decide(families.diamonds(3), soon())
        decide(HARD, soon(0.0))
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_long_search_keeps_only_what_a_proof_needs():
    formula = families.random_modal_cnf(10, 140, 2, seed=2)
    found = decide(formula, soon(30), Budget(max_trace_bytes=4_000_000))     # 50 MB with questions and models
    assert isinstance(found, Proof)
    assert proof_fault(found) is None


def test_searches_leave_no_memory_behind():
    formula, _ = rename_atoms(parse("BOX(A -> B) -> (BOX(A) -> BOX(B))"))

    def grown_pages(searches: int) -> int:
        before = _resident_pages()
        for _ in range(searches):
            decide(formula, soon())
        return _resident_pages() - before

    grown_pages(500)
    # A solver's unclosed stream would be a page a search.
    assert grown_pages(2000) < 500


def _resident_pages() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1])


def test_certificate_text_reads_back():
    numbers = [0, 1, 31, 32, 1023, 1024, 10**12, 0, 7]
    assert decode_numbers(encode_numbers(numbers)) == numbers


def test_certificate_text_is_plain():
    formula, _ = rename_atoms(families.boxed_pigeonhole(5))
    text = encode(decide(formula, soon()))
    assert all(48 <= ord(char) <= 111 for char in text)
