"""The overlay modal and its presets: what they read, what they refuse, and what they say."""

from __future__ import annotations

import time

import pytest

from pxl.errors import FormulaSyntaxError, InvalidOption, NotSupported, RequestError
from pxl.overlays.contract import Explanation, Reading, SearchResult
from pxl.overlays.modal import presets
from pxl.overlays.modal.logics import LOGICS
from pxl.overlays.modal.words import logic_words
from pxl.search.elimination import Budget


def ask(goal, name: str = "modal", assumptions=(), consequence: str = "global", **options) -> tuple[SearchResult, Explanation]:
    """Answer a question without the kernel."""
    question = getattr(presets, name)().read(Reading(goal, options, tuple(assumptions), consequence))
    found = question.search(time.monotonic() + 20, Budget())
    assert isinstance(found, SearchResult)
    script = question.script(found.proved, found.certificate)
    return found, question.explain(found.proved, found.certificate, script, found.used)


class TestOptions:
    def test_the_default_logic_is_k(self):
        assert ask("[](A -> B) -> ([]A -> []B)")[0].proved
        assert not ask("[]A -> <>A")[0].proved

    @pytest.mark.parametrize("name", LOGICS)
    def test_logics_are_named_in_any_case(self, name):
        assert ask("[]A -> []A", logic=name.upper())[0].proved

    @pytest.mark.parametrize(("options", "said"), [
        ({"logic": "kd5"}, "There is no logic 'kd5'. Did you mean 'kd45'?"), ({"logic": "grz"}, "There are k, d, t, b,"),
        ({"logic": {"b": "k"}}, 'says nothing of the relation \'a\': name it there, or give "*"'),
        ({"logic": {"a": "k", "*": "x"}, "inclusions": [["a", "c"]]}, "There is no logic 'x'"),
        ({"inclusions": [["a", "b"], ["b", "a"]]}, "they are one relation"),
        ({"converse": [["a", "a"]], "logic": "k"}, None),
        ({"converse": [["a", "b"]], "logic": {"a": "k4", "b": "k"}}, "give both the same logic"),
    ])
    def test_what_does_not_go_together_is_refused_with_the_cure(self, options, said):
        if said is None:
            assert ask("p -> [a]<a>p", **options)[0].proved
            return
        with pytest.raises(InvalidOption) as caught:
            ask("[a]p", **options)
        assert said in caught.value.detail

    def test_converses_of_euclidean_relations_are_not_supported(self):
        with pytest.raises(NotSupported) as caught:
            ask("[a]p", logic="kd45", converse=[["a", "b"]])
        assert caught.value.status == 422 and "k4" in caught.value.detail

    def test_each_agent_has_a_logic_and_the_rest_have_the_star(self):
        logic = {"a": "t", "*": "k"}
        assert ask("[a]p -> p", logic=logic)[0].proved
        assert not ask("[b]p -> p", logic=logic)[0].proved
        assert not ask("[]p -> p", logic=logic)[0].proved
        assert ask("[]p -> p", logic={"BOX": "t"})[0].proved

    def test_inclusions_are_transitive(self):
        assert ask("[c]p -> [a]p", inclusions=[["a", "b"], ["b", "c"]])[0].proved
        assert not ask("[a]p -> [c]p", inclusions=[["a", "b"], ["b", "c"]])[0].proved

    def test_too_many_relations_are_refused(self):
        with pytest.raises(RequestError, match="the limit is 200"):
            ask(" /\\ ".join(f"[a{k}]p" for k in range(201)))


class TestWords:
    @pytest.mark.parametrize(("goal", "options", "statement"), [
        ("[]A -> [][]A", {"logic": "s4"}, "valid at every world of every reflexive transitive frame"),
        ("A -> []A", {}, "not valid at every world of every frame"),
        ("A -> A", {"logic": "kd45"}, "valid at every world of every serial transitive Euclidean frame"),
        ("[a]p -> p", {"logic": "t"}, "valid at every world of every frame whose relation a is reflexive"),
        ("[b]p -> [a]p", {"inclusions": [["a", "b"]]}, "valid at every world of every frame where a is contained in b"),
        ("[F]p -> [F]p", {"converse": [["F", "P"]]}, "valid at every world of every frame where F and P are converses"),
    ])
    def test_the_statement_names_the_frames(self, goal, options, statement):
        assert ask(goal, **options)[1].statement == statement

    def test_the_theorem_names_logics_and_numbers(self):
        assert ask("[]A -> A", logic="t")[1].coq == "Valid T (Impl (Box 1 (Atom 1)) (Atom 1))"
        coq = ask("K[b]p -> K[a]p", assumptions=["q"], inclusions=[["a", "b"]], logic="s5")[1]
        assert coq.coq == ("Entails (Setting [(1, S5); (2, S5)] [(2, 1)] []) [Atom 2] [] "
                           "(Impl (Box 1 (Atom 1)) (Box 2 (Atom 1)))")
        assert coq.atoms == {"Atom 1": "p", "Atom 2": "q", "Relation 1": "b", "Relation 2": "a"}

    def test_assumptions_that_a_proof_used_are_named(self):
        assumed = ["r", "p -> q", "p", "s -> p"]
        for consequence, goal in (("global", "[]q"), ("local", "q")):
            found, meant = ask(goal, assumptions=assumed, consequence=consequence)
            assert found.used == meant.used == (1, 2)
        assert ask("t -> t", assumptions=assumed)[1].used == ()
        assert "follows from the assumptions" in ask("q", assumptions=assumed)[1].words

    def test_equal_questions_have_equal_keys_whatever_their_names(self):
        def key(goal, **options):
            return presets.modal().read(Reading(goal, options)).key
        assert key("[a]p -> <b>q") == key("[x]r -> <y>s")
        assert key("[a]p -> <b>q") != key("[a]p -> <a>q")
        assert key("[a]p", logic="k") != key("[a]p", logic="t")
        assert key("[a]p /\\ [b]p", inclusions=[["a", "b"]]) != key("[a]p /\\ [b]p", inclusions=[["b", "a"]])

    def test_every_logic_can_be_told(self):
        assert logic_words(LOGICS["k"]) == "k (every frame)"
        assert logic_words(LOGICS["kd45"]) == "kd45 (serial, transitive and Euclidean)"


class TestCountermodels:
    def test_relations_are_listed_and_the_trace_says_why(self):
        document = ask("B[a]p -> B[b]B[a]p", "doxa")[1].model.document()
        access = document["access"]
        assert access["kind"] == "listed"
        assert [(r["relation"], r["logic"]) for r in access["relations"]] == [("a", "kd45"), ("b", "kd45")]
        assert all(any(here == world["name"] for here, _ in r["edges"])
                   for r in access["relations"] for world in document["worlds"])       # serial
        assert document["designated"] == "w0" and document["worlds"][0]["designated"]
        first, *rest = document["falsification_trace"]
        assert (first["formula"], first["value"], first["depth"]) == ("B[a](p) -> B[b](B[a](p))", False, 0)
        assert {line["formula"] for line in rest} >= {"B[a](p)", "B[b](B[a](p))", "p"}

    def test_assumptions_are_listed_with_the_worlds_where_they_hold(self):
        document = ask("[]q", assumptions=["p -> q", "r"], consequence="local")[1].model.document()
        assert [line["formula"] for line in document["assumptions"]] == ["p -> q", "r"]
        assert all("w0" in line["holds_at"] for line in document["assumptions"])

    def test_the_drawing_says_what_each_world_sees(self):
        drawing = "\n".join(ask("[]p -> p", logic="d")[1].model.lines())
        assert "BOX: w0 sees w1; w1 sees w1" in drawing and "The goal is false at w0" in drawing

    def test_a_model_that_does_not_refute_is_never_shown(self):
        question = presets.modal().read(Reading("[]p -> p", {"logic": "t"}))
        with pytest.raises(AssertionError):
            question.explain(False, "0100", question.script(False, "0100"), None)
        with pytest.raises(ValueError, match="foreign"):
            question.script(False, "01900")


class TestPresets:
    @pytest.mark.parametrize("name", ["modal", "themi", "doxa", "gnosi", "tense"])
    def test_every_example_gets_its_verdict(self, name):
        for example in getattr(presets, name)().examples:
            found, _ = ask(example.goal, name, example.assumptions, example.consequence, **example.options)
            assert found.proved == (example.verdict == "proved"), example

    @pytest.mark.parametrize(("name", "goal", "options", "proved"), [
        ("themi", "P p <-> ~O ~p", {}, True), ("themi", "F p <-> O ~p", {}, True), ("themi", "O p -> O O p", {}, False),
        ("themi", "O p -> O O p", {"logic": "kd45"}, True), ("themi", "BOX p -> O p", {"ought_implies_can": True}, True),
        ("themi", "BOX p -> O p", {}, False), ("themi", "BOX p -> p", {}, True), ("themi", "O(p /\\ q) -> O p", {}, True),
        ("doxa", "B[a]B[a]p -> B[a]p", {}, True), ("doxa", "B[a](B[a]p -> p)", {}, True),
        ("doxa", "B[a]p /\\ B[a]~p -> B[b]q", {}, True), ("doxa", "B[a]p -> ~B[a]~p", {"logic": "k45"}, False),
        ("gnosi", "K[a]p -> K[a]K[a]p", {}, True), ("gnosi", "~K[a]p -> K[a]~K[a]p", {"logic": "s4"}, False),
        ("gnosi", "K[a]p -> D p", {}, True), ("gnosi", "D p -> p", {}, True), ("gnosi", "D p -> D D p", {}, True),
        ("gnosi", "K[a]p \\/ K[b]p -> D p", {}, True), ("gnosi", "M[a]p <-> ~K[a]~p", {}, True),
        ("tense", "G p -> F p", {}, False), ("tense", "G p -> F p", {"logic": "d"}, True), ("tense", "F P p -> P F p", {}, False),
        ("tense", "F H p -> p", {}, True), ("tense", "P G p -> p", {}, True), ("tense", "F F p -> F p", {"logic": "k4"}, True),
        ("tense", "P P p -> P p", {"logic": "k4"}, True), ("tense", "G p -> p", {"logic": "s4"}, True),
    ])
    def test_each_speaks_its_logic(self, name, goal, options, proved):
        assert ask(goal, name, **options)[0].proved is proved

    @pytest.mark.parametrize("goal", ["C p", "C(p)", "C[a,b] p", "p -> C ~p", "K[a](C(p) -> p)", "C K[a] p"])
    def test_common_knowledge_is_clearly_not_supported(self, goal):
        with pytest.raises(NotSupported, match="Common knowledge, C, is not supported"):
            ask(goal, "gnosi")

    def test_an_atom_may_still_be_called_c(self):
        assert ask("K[a]C -> C", "gnosi")[0].proved
        with pytest.raises(FormulaSyntaxError):
            ask("K[a] ->", "gnosi")

    def test_time_has_one_future_and_one_past(self):
        with pytest.raises(RequestError, match="neither F"):
            ask("[a]p", "tense")

    def test_goals_come_back_in_the_words_of_their_language(self):
        for name, goal in (("themi", "O(p) -> P(p)"), ("gnosi", "K[a](p) -> D(p)"), ("tense", "p -> G(P(p))"), ("doxa", "B[a](p) -> p")):
            assert getattr(presets, name)().read(Reading(goal)).normalized == goal


@pytest.mark.parametrize("goal", ["BOX[BOX] p -> BOX p", "p -> <BOX>p"])
def test_no_label_means_the_relation_without_a_label(goal):
    with pytest.raises(RequestError, match="the label BOX"):
        presets.modal().read(Reading(goal))


def test_a_thousand_assumptions_are_read_at_once():
    began = time.monotonic()
    question = presets.modal().read(Reading("p", {}, tuple(f"[](p{k} -> <>p{k + 1})" for k in range(1000))))
    assert question.key.count(" |= ") == 1000
    assert time.monotonic() - began < 2


def test_a_question_without_relations_needs_no_logic_for_any():
    assert ask("p -> p", logic={"a": "s5"})[0].proved
    # Such a question is the one whether assumptions without relations contradict each other.
    assert not ask("BOT", assumptions=("p",), logic={"a": "s5"})[0].proved
    with pytest.raises(InvalidOption, match="says nothing of the relation 'BOX'"):
        ask("BOX p", logic={"a": "s5"})


@pytest.mark.parametrize("logic", ["k", "kb", "b", "t", "k4"])
@pytest.mark.parametrize("box", ["BOX", "BOX[a]"])
def test_a_relation_that_is_its_own_converse_is_said_to_be(logic, box):
    name = "a" if "a" in box else "BOX"
    found, told = ask(f"p -> {box} ~{box} ~p", logic=logic, converse=[[name, name]], inclusions=[[name, name]])
    assert found.proved
    assert f"{name} is its own converse" in told.statement
    # What is claimed is what is shown: a single relation of the logic alone would be another class of frames.
    assert told.coq.startswith(f"Entails (Setting [(1, {logic.upper()})] [] [(1, 1)]) [] [] ")
