"""What every overlay owes, asked of each one that is built in, with the real kernel behind it."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pxl.answering.answer import Answer
from pxl.answering.query import Query
from pxl.certificates.certificate import decode_numbers, encode_numbers
from pxl.composition.overlays import compiled_libraries
from pxl.composition.prover import Prover
from pxl.errors import KernelDisagreement, RequestError
from pxl.http.reply import countermodel_reply
from pxl.kernel import gates
from pxl.kernel.project import read_snapshot
from pxl.overlays.contract import GLOBAL, LOCAL, Example, Overlay, Question, Reading, SearchResult
from pxl.overlays.loading import BUILT_INS, check_contract, load_overlays
from pxl.overlays.registry import check_options
from pxl.overlays.schema import faults, problem
from pxl.prover.session import CLOSED
from pxl.search.elimination import Budget, Exhausted
from pxl.verdict.coqc import Coq
from pxl.verdict.opinion import Rejected
from pxl.verdict.sandbox import find_sandbox
from pxl.verdict.verify import verify

NAMES = load_overlays().names()
EXAMPLES = [pytest.param(overlay, example, id=f"{overlay.name}: {example.goal}"[:90])
            for overlay in load_overlays().loaded() for example in overlay.examples]
each_overlay = pytest.mark.parametrize("name", NAMES)
each_example = pytest.mark.parametrize(("overlay", "example"), EXAMPLES)


def soon(seconds: float = 30.0) -> float:
    return time.monotonic() + seconds


def reading_of(example: Example) -> Reading:
    return Reading(example.goal, example.options, example.assumptions, example.consequence)


def ask(prover: Prover, overlay: Overlay, example: Example, certificate: bool = False) -> Answer:
    query = Query(example.goal, overlay.name, example.options, example.assumptions, example.consequence)
    return prover.service.prove(query, 30.0, certificate)


def found(question: Question) -> SearchResult:
    result = question.search(soon(), Budget())
    assert isinstance(result, SearchResult), result
    return result


@pytest.fixture(scope="module")
def coq(prover: Prover) -> Coq:
    return Coq(prover.kernel.kernel_dir, find_sandbox(), {
        library.root: library.library.kernel_dir for library in compiled_libraries(load_overlays(), prover.kernel)})


def test_every_built_in_overlay_loads_and_its_library_too(prover: Prover):
    assert prover.overlays.broken() == {}
    assert [entry.name for entry in prover.overlays.entries()] == list(NAMES) and NAMES[0] == "pxl"
    assert NAMES == tuple(BUILT_INS)


class TestItself:
    @each_overlay
    def test_it_keeps_the_contract(self, prover: Prover, name: str):
        overlay = prover.overlays.get(name)
        check_contract(overlay, name)
        assert overlay.summary.endswith((".", ")")) and "\n" not in overlay.summary

    @each_overlay
    def test_its_options_take_their_examples_and_their_enumerated_values(self, prover: Prover, name: str):
        overlay = prover.overlays.get(name)
        for option, schema in overlay.options.items():
            for value in (*schema.get("enum", ()), *([schema["default"]] if "default" in schema else [])):
                assert problem(value, schema, option) is None
        for example in overlay.examples:
            check_options(overlay, example.options)
            assert example.consequence in (GLOBAL, LOCAL)

    @each_overlay
    def test_its_operations_are_described(self, prover: Prover, name: str):
        operations = prover.overlays.get(name).operations
        assert len({operation.name for operation in operations}) == len(operations)
        for operation in operations:
            assert list(faults(operation.schema)) == [] and operation.summary
            assert operation.schema.get("type") == "object" and problem([], operation.schema, "the request")
            json.dumps(dict(operation.schema))

    @each_overlay
    def test_its_examples_show_both_verdicts(self, prover: Prover, name: str):
        assert {"proved", "refuted"} <= {example.verdict for example in prover.overlays.get(name).examples}


class TestReading:
    @pytest.mark.parametrize("goal", ["", "(", "A B", "BOX(A ->", "\0", 5, None, [], {}, [[]], {"a": {"b": []}}],
                             ids=ascii)
    @each_overlay
    def test_what_is_no_goal_is_a_request_error(self, prover: Prover, name: str, goal):
        with pytest.raises(RequestError):
            prover.overlays.get(name).read(Reading(goal))

    @each_overlay
    def test_a_wrong_assumption_is_a_request_error(self, prover: Prover, name: str):
        overlay = prover.overlays.get(name)
        for given in ("(", 7, None):
            with pytest.raises(RequestError):
                overlay.read(Reading("A", assumptions=("A", given)))

    @each_example
    def test_the_normalized_goal_asks_the_same(self, prover: Prover, overlay: Overlay, example: Example):
        question = overlay.read(reading_of(example))
        if question.overlay == overlay.name:
            again = overlay.read(Reading(question.normalized, example.options, example.assumptions, example.consequence))
            assert (again.normalized, again.key) == (question.normalized, question.key)
        else:       # handed on to another overlay, in whose language it is then
            inner = prover.overlays.get(question.overlay)
            assert inner.read(Reading(question.normalized)).normalized == question.normalized
        assert question.normalized and set(question.names) == {f"p{n}" for n in range(1, len(question.names) + 1)}

    @each_example
    def test_the_key_says_all_but_the_names(self, overlay: Overlay, example: Example):
        question = overlay.read(reading_of(example))
        if question.overlay != overlay.name or example.options.keys() & {"trace"}:
            return      # in another language, or with names elsewhere, too
        new = {old: f"fresh{number}" for number, old in enumerate(question.names.values(), 1)}
        renamed = overlay.read(Reading(_renamed(question.normalized, new), example.options, tuple(
            _renamed(given, new) for given in example.assumptions), example.consequence))
        assert renamed.key == question.key and set(renamed.names.values()) == set(new.values())

    @each_overlay
    def test_different_questions_have_different_keys(self, prover: Prover, name: str):
        overlay = prover.overlays.get(name)
        verdicts: dict[str, str] = {}
        for example in overlay.examples:
            question = overlay.read(reading_of(example))
            assert verdicts.setdefault(question.overlay + question.key, example.verdict) == example.verdict


def _renamed(text: str, new: dict[str, str]) -> str:
    for old in sorted(new, key=len, reverse=True):
        text = re.sub(rf"(?<![\w\[]){re.escape(old)}(?![\w(\]])", lambda _, old=old: new[old], text)
    return text


class TestAnswers:
    @each_example
    def test_an_example_gets_its_verdict_from_the_kernel(self, prover: Prover, overlay: Overlay, example: Example):
        answer = ask(prover, overlay, example)
        assert answer.verdict == example.verdict, (answer.reason, answer.detail)
        assert answer.overlay == overlay.name and answer.words and answer.statement and answer.coq
        assert answer.rests_on == CLOSED
        if answer.verdict == "proved":
            assert answer.model is None
            assert answer.used_assumptions is None or set(map(json.dumps, answer.used_assumptions)) <= \
                set(map(json.dumps, example.assumptions))
            assert not example.assumptions or answer.assumptions_consistent is not None
        elif answer.model is not None:
            assert json.loads(json.dumps(answer.model.document())) and all(isinstance(line, str) for line in answer.model.lines())
            structure = countermodel_reply(answer, "id")["kripke_structure"]
            assert (structure is not None) == ("worlds" in answer.model.document())

    @each_example
    def test_nothing_is_certified_by_a_certificate_for_the_other_verdict(self, prover: Prover, overlay: Overlay,
                                                                         example: Example):
        question = overlay.read(reading_of(example))
        right = found(question)
        with pytest.raises((KernelDisagreement, ValueError)):
            prover.decide.recheck(question, SearchResult(not right.proved, right.certificate), soon())

    @each_example
    def test_a_broken_certificate_gives_no_other_verdict(self, prover: Prover, overlay: Overlay, example: Example):
        """Whatever is done to it, it is refused, or it is another certificate of the same verdict."""
        question = overlay.read(reading_of(example))
        right = found(question)
        for text in itertools.islice(_mutants(right.certificate), 8):
            for proved in (True, False):
                try:
                    outcome = prover.decide.recheck(question, SearchResult(proved, text), soon())
                except (KernelDisagreement, ValueError):
                    continue
                assert outcome.verdict == example.verdict

    @each_overlay
    def test_a_search_keeps_its_deadline_and_can_be_stopped(self, prover: Prover, name: str):
        overlay = prover.overlays.get(name)
        for example in overlay.examples[:3]:
            question = overlay.read(reading_of(example))
            for deadline, budget in ((time.monotonic() - 1, Budget()), (soon(), Budget(is_stopped=lambda: True))):
                result = question.search(deadline, budget)
                assert isinstance(result, (SearchResult, Exhausted))
                assert not isinstance(result, SearchResult) or result.proved == (example.verdict == "proved")

    @each_overlay
    def test_contradictory_assumptions_are_told(self, prover: Prover, name: str):
        overlay = prover.overlays.get(name)
        for consequence in (GLOBAL, LOCAL):
            answer = ask(prover, overlay, Example("", "B", "proved", {}, ("A", "~A"), consequence))
            assert (answer.verdict, answer.assumptions_consistent) == ("proved", False)
            answer = ask(prover, overlay, Example("", "A", "proved", {}, ("A", "B"), consequence))
            assert (answer.verdict, answer.assumptions_consistent, answer.used_assumptions) == ("proved", True, ("A",))


class TestEvidence:
    @each_overlay
    def test_a_certificate_file_is_accepted_and_a_changed_one_is_not(self, prover: Prover, coq: Coq, name: str):
        overlay = prover.overlays.get(name)
        for verdict in ("proved", "refuted"):
            example = next(each for each in overlay.examples if each.verdict == verdict)
            text = ask(prover, overlay, example, certificate=True).certificate
            accepted = verify(text.encode(), prover.overlays, [coq], 60)
            assert accepted.document.kernel == prover.kernel.kernel_hash and accepted.document.verdict == verdict
            other = {"proved": "refuted", "refuted": "proved"}[verdict]
            with pytest.raises(Rejected):
                verify(text.replace(f"Verdict: {verdict}", f"Verdict: {other}", 1).encode(), prover.overlays, [coq], 60)

    @each_overlay
    def test_its_library_has_no_hole(self, prover: Prover, name: str):
        library = prover.overlays.get(name).library
        if library is None:
            return
        snapshot = read_snapshot(Path(library.directory))
        assert snapshot.project.root == library.name
        assert gates.check_words(snapshot, [path.name for path in library.directory.glob("*.v")]) == []


def _mutants(certificate: str) -> Iterator[str]:
    """Yield texts of digits that are near a certificate."""
    numbers = decode_numbers(certificate)
    yield encode_numbers(numbers[:-1])
    yield encode_numbers([*numbers, 1])
    yield "0"
    for place in range(0, len(numbers), max(1, len(numbers) // 5)):
        yield encode_numbers([*numbers[:place], numbers[place] + 1, *numbers[place + 1:]])
