"""How v4 finds a goal's notation, hands the goal on, and what its operations say."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxl.errors import GoalTooLarge, InvalidOption, NotSupported, RequestError, UnknownOverlay
from pxl.formula import Limits, format_formula, parse
from pxl.overlays.chrono import overlay as chrono
from pxl.overlays.contract import Explanation, Reading
from pxl.overlays.modal.presets import modal
from pxl.overlays.v4.detect import NOTATIONS, READABLE, WRITABLE, AmbiguousNotation, read_goal, readings
from pxl.overlays.v4.overlay import overlay
from pxl.overlays.v4.reading import TARGETS

LIMITS = Limits()


@dataclass
class FakeQuestion:
    """What another overlay makes of a reading; it remembers it."""

    overlay: str
    reading: Reading
    key: str = "key"
    normalized: str = ""
    names: dict[str, str] = field(default_factory=dict)

    def explain(self, proved: bool, certificate: str, script: Any, used: Any) -> Explanation:
        return Explanation("It is so.", "everywhere", None, None)


@dataclass
class FakeOverlay:
    """An overlay that reads the canonical text of its own language and nothing else."""

    name: str
    options: dict[str, Any] = field(default_factory=lambda: {"logic": {}})

    def read(self, reading: Reading) -> FakeQuestion:
        for text in (reading.goal, *reading.assumptions):
            signature = TARGETS[self.name]
            assert format_formula(parse(text, reading.limits, signature), signature=signature) == text
        return FakeQuestion(self.name, reading)


def lookup(name: str) -> FakeOverlay:
    if name not in TARGETS:
        raise UnknownOverlay(name)
    return FakeOverlay(name)


def asked(goal: Any, assumptions: tuple[Any, ...] = (), **options: Any) -> FakeQuestion:
    return overlay(lookup).read(Reading(goal, options, assumptions)).inner


@pytest.mark.parametrize("goal, target, text", [
    ({"type": "implies", "left": "A", "right": "A"}, "pxl", "A -> A"),
    ("\\Box p \\to p", "pxl", "BOX(p) -> p"),
    ("[]p -> p", "pxl", "BOX(p) -> p"),
    ("K[a] p -> p", "modal", "BOX[a](p) -> p"),
    ("G p -> F p", "chrono", "G(p) -> F(p)"),
    ("LTLSPEC p", "chrono", "p"),
    ("(implies p q)", "pxl", "p -> q"),
    ("{$box} @ (p)", "pxl", "BOX(p)"),
])
def test_a_goal_goes_to_the_overlay_that_it_needs(goal, target, text):
    question = asked(goal)
    assert (question.overlay, question.reading.goal) == (target, text)


def test_the_target_can_be_asked_for():
    assert asked("BOX p -> p", target="chrono").overlay == "chrono"
    assert asked("BOX p -> p", target="modal", **{"with": {"logic": "k"}}).reading.options == {"logic": "k"}
    with pytest.raises(NotSupported, match="the overlay pxl has no `F`; chrono has"):
        asked("F p & q", notation="chrono", target="pxl")
    with pytest.raises(NotSupported, match="no overlay has both"):
        asked(["box:a", ["G", "p"]])
    with pytest.raises(RequestError, match="the atom needs another name"):
        asked("\\mathrm{G} \\to p", target="chrono")


def test_a_declared_logic_is_handed_on_and_can_be_overruled():
    spec = "tff(s, logic, $modal == [$modalities == $modal_system_S4]). tff(g, conjecture, {$box} @ (p) => p)."
    assert dict(asked(spec).reading.options) == {"logic": "s4"}
    assert dict(asked(spec, **{"with": {"logic": "k"}}).reading.options) == {"logic": "k"}
    assert dict(asked(spec, target="pxl").reading.options) == {}


def test_an_overlay_that_cannot_be_asked_is_an_error_of_its_own():
    def nothing(name: str) -> FakeOverlay:
        raise UnknownOverlay(f"there is no overlay {name}")
    with pytest.raises(UnknownOverlay, match="there is no overlay chrono"):
        overlay(nothing).read(Reading("LTLSPEC p"))


def test_an_option_that_the_other_overlay_lacks_is_refused():
    with pytest.raises(RequestError, match='"speed" is not an option of the overlay pxl'):
        asked("A", **{"with": {"speed": 1}})


@pytest.mark.parametrize(("goal", "options"), [
    ("[a]p", {"logic": 5}), ("[a]p", {"inclusions": 5}), ("[a]p", {"inclusions": [[1, 2]]}),
    ("G p", {"semantics": "finitely"}), ("G p", {"semantics": ["finite"]}), ("G p", {"trace": "abc"}),
    ("G p", {"trace": 5})])
def test_the_other_overlay_gets_only_options_that_it_may_have(goal, options):
    brought = {"modal": modal(), "chrono": chrono.overlay()}
    with pytest.raises(InvalidOption):
        overlay(brought.__getitem__).read(Reading(goal, {"with": options}))


def test_assumptions_are_read_in_the_same_way_for_the_same_overlay():
    question = asked("F p & q", ("G p", {"op": "not", "arg": "q"}))
    assert question.reading.assumptions == ("G(p)", "~q")
    assert asked("\\Box p", ("\\Box q", "p"), notation="latex").reading.assumptions == ("BOX(q)", "p")
    with pytest.raises(RequestError, match="in assumption 2: Line 1, column 3"):
        asked("p", ("p", "p q"))
    with pytest.raises(RequestError, match="in assumption 1: .* no temporal operators"):
        asked("p", ("G p & q",), target="pxl")


def test_falsity_is_asked_in_any_notation():
    """The service asks whether assumptions contradict each other with the goal BOT."""
    for notation in READABLE:
        target = None if notation in ("chrono", "nusmv", "black", "spot") else "pxl"
        options = {"notation": notation} | ({"target": target} if target else {})
        assert asked("BOT", ("p",), **options).reading.goal == "BOT"
    assert asked("BOT", ("G p & q", "p")).overlay == "chrono"
    assert asked("BOT", ("p",)).overlay == "pxl"
    assert asked("BOT", ("LTLSPEC p",)).overlay == "chrono"


def test_assumptions_go_to_the_overlay_that_they_would_go_to_by_themselves():
    """So that whether they contradict each other is asked of the goal's logic, though it is asked without the goal."""
    with pytest.raises(RequestError, match='the assumptions by themselves are for pxl: say which with "target"'):
        asked("[a]p", ("q",))
    assert asked("[a]p", ("q",), target="modal").overlay == "modal"
    with pytest.raises(RequestError, match="different overlays, chrono and modal"):
        asked("p", ("[a]p", "G p & q"))
    spec = "tff(s, logic, $modal == [$modalities == $modal_system_S4]). tff(g, conjecture, {$box} @ (p) => p)."
    with pytest.raises(RequestError, match='"with": {"logic": "s4"}'):
        asked(spec, ("p",), target="modal")
    assert asked(spec, ("p",), target="modal", **{"with": {"logic": "s4"}}).reading.options == {"logic": "s4"}


def test_the_answer_says_how_the_goal_was_read():
    question = overlay(lookup).read(Reading("\\Box p \\to p"))
    assert question.explain(True, "", None, None).words == (
        "It is so. The goal was read as latex, for pxl: BOX(p) -> p.")
    assert (question.key, question.overlay, question.reading.notations) == ("key", "pxl", ("latex",))


@pytest.mark.parametrize("goal, notations", [
    ("CpLp", {"text", "polish"}), ("G(p)", {"text", "chrono"}), ("F(req)", {"text", "chrono"}), ("Np", {"text", "polish"}),
])
def test_a_goal_with_two_readings_is_refused_with_both(goal, notations):
    with pytest.raises(AmbiguousNotation) as caught:
        read_goal(goal, LIMITS)
    assert set(caught.value.extras()["readings"]) == notations
    assert caught.value.status == 400
    assert '"notation"' in caught.value.detail
    for name in notations:
        assert read_goal(goal, LIMITS, name).notations == (name,)


@pytest.mark.parametrize("goal, notations", [
    ("p", ("text", "polish")), ("p -> q", ("text",)), ("G p & q U r", ("chrono", "nusmv", "black", "spot")),
    ("p <~> q", ("tptp",)), ("p => q", ("text", "tptp")), ("A", ("text",)), ("(not p)", ("text", "sexp")),
    ("LTLSPEC p", ("nusmv",)), ("F(p & q)", ("chrono", "nusmv", "black", "spot")),
])
def test_notations_that_agree_are_one_reading(goal, notations):
    assert read_goal(goal, LIMITS).notations == notations


ROBUSTNESS = ["", "{}", "BOX(A'; DROP TABLE users; --)", "<script>alert(1)</script>", "BOX(", ")" * 1000, "(" * 50_000,
              "[" * 50_000, '{"a":' * 20_000, "\x00", "\ud800", "\u202e", "A\x00B", "forall x. P(x)", "\\input{x}",
              "%", "/*", "'", '"', "$$", "#", "tff(",  "a\nb", "😀", "-1", "1e999", "[1]", "[[]]",
              '{"op": "and", "args": [1]}', None, 3, 3.5, True, False, [], {}, [[]], {"op": []}, {"op": None, "args": None},
              {"op": "and", "args": {"a": 1}}, {"type": {"type": "a"}}, ["and", ["or", {}]], {"": ""}, float("nan"), [None]]


@pytest.mark.parametrize("goal", ROBUSTNESS, ids=range(len(ROBUSTNESS)))
@pytest.mark.parametrize("notation", [None, *READABLE])
def test_what_is_no_formula_is_a_clear_error_of_the_clients(goal, notation):
    with pytest.raises(RequestError) as caught:
        read_goal(goal, LIMITS, notation)
    error = caught.value
    assert 400 <= error.status < 500
    assert error.detail.strip() and len(error.detail) < 2_000
    json.dumps([error.detail, error.extras()]).encode()


def test_old_clients_goals_have_their_reading():
    for goal, text in (("BOX(A → B ∧ C ∨ D)", "BOX(A -> ((B /\\ C) \\/ D))"), ("A" * 10_000, "A" * 10_000), ("[]p -> p", "BOX(p) -> p"),
                       ("BOX(Good(x) and TrueP(y) and not TrueP(z))", "BOX((Good(x) /\\ TrueP(y)) /\\ ~TrueP(z))")):
        assert asked(goal).reading.goal == text


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.sampled_from(["A", "not", "box", "and"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["op", "type", "args", "left", "right", "arg", "label", "name", "x"]), inner, max_size=4), max_leaves=12)


@given(ANY_JSON)
def test_any_json_is_read_or_refused(goal):
    try:
        found = read_goal(goal, LIMITS)
    except RequestError as error:
        assert error.detail
    else:
        assert found.read.target in TARGETS


@given(st.text(st.sampled_from("pqGUKLN()[]{}<>~&|-=$\\#'\"!:.@ \n_a1A") | st.characters(), max_size=40))
def test_any_text_is_read_or_refused_by_every_notation(goal):
    for notation in (None, *READABLE):
        try:
            found = read_goal(goal, LIMITS, notation)
        except RequestError as error:
            (error.detail + str(error.extras())).encode()
        else:
            assert found.read.target in TARGETS


def test_a_goal_over_a_limit_is_refused():
    for notation in READABLE:
        with pytest.raises(GoalTooLarge):
            read_goal("p" * 101, Limits(max_chars=100), notation)
    with pytest.raises(GoalTooLarge, match="nests 50 connectives"):
        read_goal("N" * 50 + "p", Limits(max_depth=10), "polish")
    with pytest.raises(GoalTooLarge, match="distinct subformulas"):
        read_goal(["and", "p", "q", "r"], Limits(max_nodes=3))


def test_a_large_goal_is_read_in_every_notation_in_seconds():
    started = time.process_time()
    found, _ = readings(" & ".join(f"(p{k} -> q{k})" for k in range(20_000)), LIMITS)
    assert len(found) == 1
    assert time.process_time() - started < 20


def run(name: str, **request: Any) -> dict[str, Any]:
    operation = next(operation for operation in overlay(lookup).operations if operation.name == name)
    unknown = set(request) - set(operation.schema["properties"])
    assert not unknown and set(operation.schema["required"]) <= set(request)

    def answer(reading: Reading) -> dict[str, Any]:
        raise AssertionError("v4 gives no verdicts")
    reply = operation.run(request, answer)
    json.dumps(reply)
    return reply


def test_translate_writes_any_notation():
    reply = run("translate", formula="\\Box A \\to B", to="json")
    assert reply == {"formula": {"op": "implies", "args": [{"op": "box", "args": ["A"]}, "B"]}, "from": "latex", "to": "json",
                     "normalized": "BOX(A) -> B", "target": "pxl"}
    assert run("translate", formula="CLpp", to="tptp", **{"from": "polish"})["formula"] == (
        "tff(goal, conjecture, ({$box} @ (p) => p)).")
    with pytest.raises(AmbiguousNotation):
        run("translate", formula="CLpp", to="tptp")
    for name in WRITABLE:
        assert run("translate", formula="p -> q", to=name)["formula"]


def test_validate_lists_the_readings_and_the_complaints():
    reply = run("validate", formula="CLpp")
    assert (reply["valid"], reply["ambiguous"]) == (False, True)
    assert [reading["normalized"] for reading in reply["readings"]] == ["CLpp", "BOX(p) -> p"]
    assert reply["errors"]["tptp"]["error"] == "the goal does not look like tptp"
    assert "nothing in the goal" not in str(reply["errors"])
    reply = run("validate", formula="[]p -> p")
    assert reply["valid"] and reply["readings"] == [
        {"notations": ["text"], "normalized": "BOX(p) -> p", "target": "pxl", "options": {}}]
    reply = run("validate", formula="! [X] : p(X)", notation="tptp")
    assert not reply["valid"] and "Quantifiers" in reply["errors"]["tptp"]["error"]
    assert run("validate", formula=None)["valid"] is False


def test_adapt_gives_the_request_that_asks_for_the_verdict():
    spec = "tff(s, logic, $modal == [$modalities == $modal_system_S4]). tff(g, conjecture, {$box} @ (p) => p)."
    assert run("adapt", formula=spec)["request"] == {"goal": "BOX(p) -> p", "overlay": "modal", "logic": "s4"}
    reply = run("adapt", formula=["->", "A", "A"], shape="type")
    assert reply["formula"] == {"type": "implies", "left": "A", "right": "A"}
    assert reply["atoms"] == ["A"]


def test_the_overlay_says_what_the_contract_asks_for():
    v4 = overlay(lookup)
    assert (v4.name, v4.library.name, v4.library.preamble) == ("v4", "PXLV4", ())
    assert (v4.library.directory / "results.ref").read_text().splitlines().count("Closed under the global context") == 8
    assert v4.options["notation"]["enum"] == list(READABLE)
    for example in v4.examples:
        assert v4.read(Reading(example.goal, example.options)).inner.reading.goal
    assert all(schema["description"] for schema in v4.options.values())
    assert [operation.name for operation in v4.operations] == ["translate", "validate", "adapt"]
    assert set(NOTATIONS) == {*READABLE, *WRITABLE}
