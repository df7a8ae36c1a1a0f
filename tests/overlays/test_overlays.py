"""Overlays, options, assumptions and theories over HTTP; and what a broken one costs the others: nothing."""

from __future__ import annotations

import dataclasses
import sys
import textwrap
from types import MappingProxyType

import pytest

from pxl.answering.theories import Theories
from pxl.errors import OverlayBroken, UnknownOverlay
from pxl.overlays.contract import Example, Library, Operation, Reading
from pxl.overlays.loading import RESERVED, InvalidOverlay, check_contract, load_overlays
from pxl.overlays.registry import Entry, Registry
from pxl.overlays.s5.overlay import S5
from pxl.overlays.schema import faults, problem
from tests.support.live_server import Live, running
from tests.support.problems import assert_problem

OPTIONS = MappingProxyType({
    "logic": {"type": "string", "enum": ["s5", "triv"], "default": "s5", "description": "Which logic."},
    "agents": {"type": "object", "additionalProperties": {"type": "string", "enum": ["s5"]}, "description": "Whose."}})


@dataclasses.dataclass(frozen=True)
class Toy(S5):
    """S5 under another name, with options and an operation, that also reads {"text": goal}."""

    name: str = "toy"
    options: MappingProxyType = dataclasses.field(default_factory=lambda: OPTIONS)

    def read(self, reading: Reading):
        goal = reading.goal["text"] if isinstance(reading.goal, dict) else reading.goal
        question = super().read(dataclasses.replace(reading, goal=goal))
        return dataclasses.replace(question, overlay="toy")


def both_ways(request, ask):
    there, back = (ask(Reading(f"{one} -> {other}")) for one, other in
                   ((request["left"], request["right"]), (request["right"], request["left"])))
    return {"equivalent": there["ok"] and back["ok"]}


OPERATION = Operation("compare", "Say whether two formulas are equivalent.", {
    "type": "object", "required": ["left", "right"], "additionalProperties": False,
    "properties": {"left": {"type": "string"}, "right": {"type": "string"}, "how": {"enum": ["fast", "well"]}}}, both_ways)


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    place = tmp_path_factory.mktemp("theories")
    (place / "policy.pxl").write_text("# What holds.\nconsequence: global\n\nRequested(a) -> Good(a)\nRequested(a)\n")
    (place / "toys.pxl").write_text('overlay: toy\nlogic: s5\nagents: {"a": "s5"}\nA\n')
    (place / "slip.pxl").write_text("A\n\n  B ->\n")
    registry = Registry([Entry("pxl", "built-in", S5()), Entry("toy", "a package", Toy(operations=(OPERATION,))),
                         Entry("sick", "a package", reason="its module cannot be loaded: ImportError: no moon")])
    with running(overlays=registry, theories=Theories(place)) as server:
        server.theories = place
        yield server


class TestAsking:
    def test_the_reply_says_which_overlay_answered_and_what_was_certified(self, live: Live):
        reply = live.prove("BOX(A -> A)", overlay="toy", logic="triv").json()
        assert (reply["overlay"], reply["verdict"], reply["goal"]) == ("toy", "proved", "BOX(A -> A)")
        assert reply["statement"]["certified"] == "true at every world of every S5 model"
        assert live.prove("A").json()["overlay"] == "pxl"

    def test_a_goal_that_is_json_comes_back_as_json(self, live: Live):
        goal = {"text": "A -> A", "note": [1, {"é": None}]}
        assert live.prove(goal, overlay="toy").json()["goal"] == goal
        reply = live.post("/v1/proofs", {"formula": goal, "overlay": "toy"}).json()
        assert reply["goal"] == goal and reply["goal_normalized"] == "A -> A"

    def test_equal_questions_of_two_overlays_are_two(self, live: Live):
        assert live.prove("BOX(C) -> C").json()["cache_hit"] is False
        assert live.prove("BOX(C) -> C", overlay="toy").json()["cache_hit"] is False
        assert live.prove("BOX(C) -> C", overlay="toy").json()["cache_hit"] is True

    @pytest.mark.parametrize("path", ["/prove", "/countermodel", "/v1/proofs"])
    @pytest.mark.parametrize(("members", "status", "code", "field"), [
        ({"overlay": "nowhere"}, 404, "unknown-overlay", None),
        ({"overlay": "sick"}, 503, "overlay-broken", None),
        ({"overlay": "toy", "logic": "s4"}, 422, "invalid-option", "logic"),
        ({"overlay": "toy", "agents": {"a": "k"}}, 422, "invalid-option", "agents"),
        ({"overlay": "toy", "logik": "s5"}, 422, "invalid-option", "logik"),
        ({"overlay": "pxl", "logic": "s5"}, 422, "invalid-option", "logic"),
        ({"logic": "s5"}, 400, "invalid-body", None),
        ({"consequence": "lokal"}, 422, "invalid-option", "consequence"),
        ({"assumptions": "A"}, 400, "invalid-body", None), ({"assumptions": [3]}, 400, "bad-request", None),
        ({"assumptions": ["A", "B ->"]}, 400, "formula-syntax", None),
        ({"theory": "nothing"}, 404, "unknown-theory", None), ({"theory": "slip"}, 503, "theory-broken", None),
        ({"theory": "policy", "consequence": "local"}, 422, "invalid-option", "consequence"),
        ({"theory": "policy", "overlay": "toy"}, 422, "invalid-option", "overlay"),
        ({"overlay": 1}, 400, "invalid-body", None)])
    def test_what_cannot_be_asked_is_refused_with_the_member_and_what_it_may_be(
            self, live: Live, path, members, status, code, field):
        goal = {"formula" if path == "/v1/proofs" else "goal": "A"}
        response = live.post(path, {**goal, **members})
        document = assert_problem(response, status, code)
        if field:
            assert document["field"] == field and field in document["detail"]
            assert document["allowed"] is None or isinstance(document["allowed"], list)

    def test_an_enumerated_option_lists_its_values(self, live: Live):
        document = live.prove("A", overlay="toy", logic="s4").json()
        assert document["allowed"] == ["s5", "triv"] and '"s5" or "triv"' in document["detail"]

    def test_in_a_batch_each_item_has_its_own_overlay(self, live: Live):
        items = [{"formula": "A -> A", "overlay": "toy"}, {"formula": "A -> A", "overlay": "sick"}, {"formula": "A -> A"},
                 {"formula": "B", "assumptions": ["A", "A -> B"]}]
        results = live.post("/v1/proofs:batch", {"items": items}).json()["results"]
        assert [result["result"] and result["result"]["overlay"] for result in results] == ["toy", None, "pxl", "pxl"]
        assert results[1]["error"]["code"] == "overlay-broken" and results[3]["result"]["verdict"] == "proved"

    def test_a_job_says_its_overlay(self, live: Live):
        response = live.post("/v1/proofs", {"formula": "A -> A", "overlay": "toy"}, Prefer="respond-async")
        assert response.status_code == 202 and response.json()["overlay"] == "toy"


class TestAssumptions:
    def test_a_global_assumption_holds_at_every_world_and_a_local_one_at_one(self, live: Live):
        for consequence, verdict in (("global", "proved"), (None, "proved"), ("local", "refuted")):
            reply = live.prove("BOX(A)", assumptions=["A"], consequence=consequence).json()
            assert reply["verdict"] == verdict

    def test_the_countermodel_shows_the_assumptions_true(self, live: Live):
        model = live.prove("BOX(B)", assumptions=["A", "A -> B"], consequence="local").json()["countermodel"]
        assert [line["formula"] for line in model["assumptions"]] == ["A", "A -> B"]
        assert all(model["designated"] in line["holds_at"] for line in model["assumptions"])
        assert model["falsification_trace"][0]["formula"] == "BOX(B)"

    def test_contradictory_assumptions_are_told(self, live: Live):
        reply = live.prove("B", assumptions=["A", "~A"]).json()
        assert reply["verdict"] == "proved" and reply["assumptions_consistent"] is False
        assert "contradict" in reply["statement"]["words"]
        reply = live.prove("A \\/ B", assumptions=["A"]).json()
        assert reply["assumptions_consistent"] is True and "consistent" in reply["statement"]["words"]
        assert live.prove("A").json()["assumptions_consistent"] is None

    def test_a_fault_names_its_assumption(self, live: Live):
        assert "in assumption 2" in live.prove("A", assumptions=["A", "(B"]).json()["detail"]

    def test_context_is_another_name_and_trees_are_read(self, live: Live):
        reply = live.post("/v1/proofs", {"formula": "B", "context": ["A", {"implies": ["A", "B"]}]}).json()
        assert reply["verdict"] == "proved"


class TestTheories:
    def test_a_theory_is_assumed_by_its_name(self, live: Live):
        assert live.prove("BOX(Good(a))", theory="policy").json()["verdict"] == "proved"
        assert live.prove("BOX(Good(b))", theory="policy").json()["verdict"] == "refuted"
        reply = live.prove("BOX(Good(b))", theory="policy", assumptions=["Good(b)"]).json()
        assert reply["verdict"] == "proved"
        assert live.prove("A", theory="toys").json()["overlay"] == "toy"

    def test_they_are_listed_with_what_is_wrong_and_where(self, live: Live):
        theories = {theory["name"]: theory for theory in live.get("/theories").json()["theories"]}
        assert theories["policy"]["assumptions"] == ["Requested(a) -> Good(a)", "Requested(a)"]
        assert theories["toys"]["options"] == {"logic": "s5", "agents": {"a": "s5"}}
        assert not theories["slip"]["healthy"] and "slip.pxl:3:" in theories["slip"]["reason"]
        assert live.get("/v1/theories").json()["theories"] == list(theories.values())

    @pytest.mark.parametrize(("text", "told"), [
        ("", "has no formula"), ("overlay: nowhere\nA", "no overlay of that name"), ("consequence: both\nA", "global or local"),
        ("overlay: pxl\noverlay: pxl\nA", ":2: overlay stands twice"), ("overlay:\nA", ":1: overlay says nothing"),
        ("logic: s4\nA", "not an option"), ("A\noverlay: pxl", ":2:"), ("A ->", ":1:"), (b"\xff", "not UTF-8")])
    def test_a_bad_file_is_told_with_its_place_and_harms_no_other(self, tmp_path, caplog, text, told):
        (tmp_path / "bad.pxl").write_bytes(text if isinstance(text, bytes) else text.encode())
        (tmp_path / "good.pxl").write_text("A")
        theories = Theories(tmp_path)
        theories.load(Registry.of(S5()))
        reason = theories.broken()["bad"]
        assert told in reason and reason.startswith("bad.pxl:") and str(tmp_path) not in reason and str(tmp_path) in caplog.text
        assert theories.get("good").assumptions == ("A",)

    def test_files_are_read_again_when_asked(self, tmp_path):
        (tmp_path / "policy.pxl").write_text("A")
        with running(theories=Theories(tmp_path)) as live:
            assert live.prove("B", theory="policy").json()["verdict"] == "refuted"
            (tmp_path / "policy.pxl").write_text("A\nA -> B")
            live.service.reload_theories()
            assert live.prove("B", theory="policy").json()["verdict"] == "proved"


class TestListing:
    def test_every_overlay_is_listed_with_options_examples_and_health(self, live: Live):
        overlays = {overlay["name"]: overlay for overlay in live.get("/overlays").json()["overlays"]}
        assert list(overlays) == ["pxl", "toy", "sick"]
        assert overlays["toy"]["options"] == {name: dict(schema) for name, schema in OPTIONS.items()}
        assert overlays["toy"]["operations"][-1] == "compare" and overlays["toy"]["healthy"]
        assert (overlays["sick"]["healthy"], overlays["sick"]["reason"]) == \
            (False, "its module cannot be loaded: ImportError: no moon")
        assert live.get("/v1/overlays").json()["overlays"] == list(overlays.values())

    def test_an_example_is_a_request_that_gets_its_verdict(self, live: Live):
        for overlay in live.get("/overlays").json()["overlays"]:
            for example in overlay["examples"]:
                assert live.post("/prove", example["request"]).json()["verdict"] == example["verdict"]

    def test_health_names_what_is_broken_and_stays_ready(self, live: Live):
        health = live.get("/health").json()
        assert health["status"] == "ok" and health["overlays"] == ["pxl", "toy"]
        assert "no moon" in health["broken_overlays"]["sick"] and "slip.pxl:3" in health["broken_theories"]["slip"]
        assert any("no moon" in warning for warning in health["warnings"])

    def test_no_reply_names_a_directory_of_the_server(self, live: Live):
        replies = [live.get("/health").text, live.get("/theories").text, live.get("/v1/theories").text,
                   live.prove("A", theory="slip").text]
        assert all("slip.pxl:3" in reply and str(live.theories) not in reply for reply in replies), replies

    def test_why_an_overlay_does_not_load_names_no_directory(self, tmp_path, monkeypatch):
        (tmp_path / "halved.py").write_text(f"open({str(tmp_path / 'no' / 'table.txt')!r})\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        reason = load_overlays(["halved"], built_ins={"halved": "halved:overlay"}).broken()["halved"]
        assert "FileNotFoundError" in reason and "'table.txt'" in reason and str(tmp_path) not in reason


class TestOperations:
    def test_an_operation_asks_as_prove_does(self, live: Live):
        reply = live.post("/v1/overlays/toy/compare", {"left": "A /\\ B", "right": "B /\\ A"}).json()
        assert reply["equivalent"] is True and (reply["overlay"], reply["operation"]) == ("toy", "compare")
        described, = live.get("/v1/overlays/toy").json()["own_operations"]
        assert described["href"] == "/v1/overlays/toy/compare" and described["schema"]["required"] == ["left", "right"]

    @pytest.mark.parametrize(("path", "body", "status", "code"), [
        ("toy/compare", {"left": "A"}, 422, "invalid-option"), ("toy/compare", {"left": 1, "right": "A"}, 422, "invalid-option"),
        ("toy/compare", {"left": "A", "right": "A", "how": "badly"}, 422, "invalid-option"),
        ("toy/compare", {"left": "A", "right": "A", "x": 1}, 422, "invalid-option"),
        ("toy/compare", {"left": "A ->", "right": "A"}, 400, "formula-syntax"), ("toy/nothing", {}, 404, "unknown-operation"),
        ("nowhere/compare", {}, 404, "unknown-overlay"), ("sick/compare", {}, 503, "overlay-broken")])
    def test_what_cannot_be_run_is_refused(self, live: Live, path, body, status, code):
        document = assert_problem(live.post(f"/v1/overlays/{path}", body), status, code)
        assert code != "invalid-option" or document["field"] in ("left", "right", "how", "x")


def module(monkeypatch, tmp_path, name: str, source: str) -> str:
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return f"{name}:overlay"


GOOD = "from pxl.overlays.s5.overlay import S5\ndef overlay():\n    return S5(name='good')\n"


class TestLoading:
    @pytest.mark.parametrize(("source", "told"), [
        ("import no_such_module_here", "ModuleNotFoundError"), ("1/0", "ZeroDivisionError"), ("overlay = 3", "TypeError"),
        ("", "AttributeError"), ("def overlay(:", "SyntaxError"), ("def overlay(): return object()", "name is not a str"),
        (GOOD, "registered as bad and calls itself good"), ("import time; time.sleep(2)", "longer than 0.5 s"),
        ("import sys; sys.exit(3)", "SystemExit")])
    def test_a_broken_one_is_told_with_the_reason_and_the_others_are_there(self, monkeypatch, tmp_path, caplog, source, told):
        table = {"good": module(monkeypatch, tmp_path, "good_overlay", GOOD),
                 # A name of its own: the thread that is left behind goes on importing it.
                 "bad": module(monkeypatch, tmp_path, f"bad_overlay_{abs(hash(source))}", source)}
        registry = load_overlays(["bad", "good"], 0.5, table)
        assert registry.names() == ("good",) and told in registry.broken()["bad"] and told in caplog.text
        with pytest.raises(OverlayBroken, match="bad cannot be asked"):
            registry.get("bad")

    def test_a_name_that_nothing_brings_is_told(self):
        registry = load_overlays(["pxl", "nowhere"])
        assert registry.names() == ("pxl",) and "nothing that is installed" in registry.broken()["nowhere"]
        with pytest.raises(UnknownOverlay):
            registry.get("elsewhere")

    def test_by_default_there_are_the_built_in_ones(self):
        registry = load_overlays()
        assert registry.names()[0] == "pxl" and registry.broken() == {}

    def test_two_libraries_of_one_name_are_not_loaded_together(self, monkeypatch, tmp_path):
        source = """
            from pathlib import Path
            from pxl.overlays.contract import Library
            from pxl.overlays.s5.overlay import S5
            def overlay(name={name!r}):
                return S5(name=name, library=Library("Twice", Path({place!r}), ()))
            """
        table = {name: module(monkeypatch, tmp_path, f"{name}_overlay", source.format(name=name, place=place))
                 for name, place in (("one", "/a"), ("two", "/b"), ("three", "/a"))}
        registry = load_overlays(["one", "two", "three"], 5, table)
        assert registry.names() == ("one", "three") and "Twice" in registry.broken()["two"]

    @pytest.mark.parametrize("change", [
        {"name": "Upper"}, {"version": 1}, {"options": ()}, {"examples": ("no example",)}, {"operations": (3,)},
        {"options": {"goal": {"description": "taken"}}}, {"options": {"logic": {"type": "string"}}},
        {"options": {"logic": {"type": "strung", "description": "?"}}},
        {"options": {"logic": {"enum": ["a"], "default": "b", "description": "?"}}},
        {"library": "PXLToy"}, {"library": Library("PXL", None, ())}, {"library": Library("Toy", None, ("Import Nat.",))},
        {"library": Library("Toy", None, ("From Toy Require Import A.",))},
        {"library": Library("Toy", None, ("From Toy Require A. Axiom a : False.",))}])
    def test_what_breaks_the_contract_is_unfit(self, change):
        check_contract(Toy(), "toy")
        with pytest.raises(InvalidOverlay):
            check_contract(Toy(**change), change.get("name", "toy"))

    def test_what_every_request_has_is_no_options_name(self):
        assert {"goal", "overlay", "assumptions", "consequence", "theory", "timeout_ms", "certificate"} <= RESERVED

    def test_examples_are_values(self):
        assert Example("s", "A", "refuted") == Example("s", "A", "refuted")


class TestSchemas:
    @pytest.mark.parametrize(("schema", "value", "told"), [
        ({"type": "integer", "minimum": 1, "maximum": 9}, 3, None), ({"type": "integer"}, True, "whole number"),
        ({"type": "integer", "minimum": 1, "maximum": 9}, 10, "from 1 to 9"), ({"enum": [1, "a"]}, True, '1 or "a"'),
        ({"type": "array", "items": {"type": "string"}, "minItems": 1}, [], "1 items or more"),
        ({"type": "array", "items": {"type": "string"}}, ["a", 1], "x[1] is 1"),
        ({"type": "array", "uniqueItems": True}, [1, 1], "twice"), ({"type": "string", "pattern": "^a+$"}, "ab", "matches"),
        ({"type": "string", "maxLength": 2}, "abc", "from 0 to 2"), ({"type": ["string", "null"]}, None, None),
        ({"type": "object", "required": ["a"]}, {}, "lacks the member 'a'"),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": False}, {"b": 1}, "x.b is unknown"),
        ({"anyOf": [{"type": "string"}, {"type": "array"}]}, 1, "text"), ({"const": 3}, 4, "must be 3"),
        ({"oneOf": [{"type": "string"}, {"maxLength": 3}]}, "a", "more than one")])
    def test_a_value_is_told_what_it_must_be(self, schema, value, told):
        found = problem(value, schema, "x")
        assert found is None if told is None else told in found

    @pytest.mark.parametrize("schema", [3, {"type": "strong"}, {"$ref": "#/x"}, {"minimum": "1"}, {"pattern": "("},
                                        {"properties": {"a": {"not": {}}}}, {"items": 1}, {"type": "string", "default": 1}])
    def test_a_schema_that_is_not_understood_is_a_fault(self, schema):
        assert list(faults(schema))
