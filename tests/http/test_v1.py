"""The versioned API over HTTP: a real Waitress on a free port, a fake prover behind it."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from pxl.errors import PoolBusy, ProverCrashed
from pxl.verdict.evidence import data_of
from pxl.verdict.outcome import UNKNOWN, Outcome
from tests.support.fake_decider import FakeDecider, brute_force, eventually
from tests.support.live_server import HASH, Live, running

GOALS = {"BOX(A -> A)": "proved", "A -> BOX(A)": "refuted", "DIA(A) -> A": "refuted", "BOX(B) -> B": "proved"}


@pytest.fixture(scope="module")
def live():
    with running() as server:
        yield server


def later(live: Live, formula, **members) -> requests.Response:
    return live.post("/v1/proofs", {"formula": formula, **members}, Prefer="respond-async")


def settled(live: Live, formula, **members) -> dict:
    url = later(live, formula, **members).headers["Location"]
    eventually(lambda: live.get(url).json()["status"] not in ("pending", "running"))
    return live.get(url).json()


def assert_problem(response: requests.Response, status: int, code: str) -> dict:
    document = response.json()
    assert (response.status_code, document["status"], document["code"]) == (status, status, code), response.text
    assert response.headers["Content-Type"] == "application/problem+json" and document["ok"] is False
    return document


class TestNow:
    @pytest.mark.parametrize("formula", GOALS)
    def test_the_answer_is_that_of_prove(self, live: Live, formula):
        response = live.post("/v1/proofs", {"formula": formula})
        reply, classic = response.json(), live.prove(formula).json()
        assert response.status_code == 200 and reply["verdict"] == GOALS[formula]
        assert set(reply) == set(classic) and reply["countermodel"] == classic["countermodel"]
        assert "certificate" not in reply

    def test_a_certificate_comes_along_when_asked_for(self, live: Live):
        assert live.post("/v1/proofs", {"formula": "A -> A", "certificate": True}).json()["certificate"].startswith("(* Goal")

    @pytest.mark.parametrize(("tree", "text"), [
        ({"box": "A"}, "BOX(A)"), ({"not": {"dia": "A -> B"}}, "~DIA(A -> B)"),
        ({"implies": [{"box": "A"}, "A"]}, "BOX(A) -> A"), ({"iff": ["A", "A"]}, "A <-> A"),
        ({"and": ["A", "B", "C"]}, "(A /\\ B) /\\ C"), ({"or": ["A \\/ B", "true"]}, "(A \\/ B) \\/ ~BOT"),
    ])
    def test_a_tree_is_read_as_its_text(self, live: Live, tree, text):
        assert live.post("/v1/proofs", {"formula": tree}).json()["goal_normalized"] == text

    @pytest.mark.parametrize(("body", "status", "code"), [
        ({}, 400, "invalid-body"), ({"formula": None}, 400, "invalid-body"), ({"formula": 1}, 400, "invalid-body"),
        ({"formula": []}, 400, "invalid-body"), ({"formula": {}}, 400, "invalid-body"),
        ({"formula": {"box": "A", "dia": "A"}}, 400, "invalid-body"), ({"formula": {"xor": ["A", "B"]}}, 400, "invalid-body"),
        ({"formula": {"implies": ["A"]}}, 400, "invalid-body"), ({"formula": {"iff": ["A", "B", "C"]}}, 400, "invalid-body"),
        ({"formula": {"and": ["A"]}}, 400, "invalid-body"), ({"formula": {"and": "AB"}}, 400, "invalid-body"),
        ({"formula": {"box": None}}, 400, "invalid-body"), ({"formula": {"box": ["A"]}}, 400, "invalid-body"),
        ({"formula": {"not": "A) -> (B"}}, 400, "formula-syntax"), ({"formula": {"not": "\ud800"}}, 400, "invalid-body"),
        ({"formula": "A B"}, 400, "formula-syntax"), ({"formula": "A", "goal": "A"}, 400, "invalid-body"),
        ({"formula": "A", "timeout_ms": 60001}, 400, "invalid-body"), ({"formula": "A", "certificate": 1}, 400, "invalid-body"),
        ({"formula": "A", "overlay": "nowhere"}, 404, "unknown-overlay"), ({"formula": "A", "overlay": 1}, 400, "invalid-body"),
        ({"formula": "A", "context": "A"}, 400, "invalid-body"),
        ({"formula": "A", "context": ["B ->"]}, 400, "formula-syntax"),
        ({"formula": "A", "consequence": "both"}, 422, "invalid-option"),
        ({"formula": "A", "overlay": "pxl", "logic": "s4"}, 422, "invalid-option"),
    ])
    @pytest.mark.parametrize("prefer", ["", "respond-async"])
    def test_what_cannot_be_asked_is_refused_at_once(self, live: Live, body, status, code, prefer):
        assert_problem(live.post("/v1/proofs", body, Prefer=prefer), status, code)

    def test_an_empty_context_and_the_overlay_by_name_are_fine(self, live: Live):
        body = {"formula": "A", "context": [], "overlay": "pxl", "timeout_ms": None, "certificate": None}
        assert live.post("/v1/proofs", body).json()["verdict"] == "refuted"
        assert live.post("/v1/proofs", {"formula": "A", "context": None, "overlay": None}).status_code == 200

    def test_a_body_that_is_not_json_is_415(self, live: Live):
        assert_problem(live.post("/v1/proofs", raw=b"formula=A", Content_Type="text/plain"), 415, "unsupported-media-type")


class TestLater:
    def test_a_proof_is_taken_on_and_looked_at_until_it_is_completed(self):
        with running() as live, live.decider.held():
            response = later(live, "BOX(A) -> A", timeout_ms=9000)
            assert response.status_code == 202 and response.headers["Preference-Applied"] == "respond-async"
            url, shown = response.headers["Location"], response.json()
            assert url == shown["links"]["self"] == f"/v1/proofs/{shown['id']}"
            eventually(lambda: live.get(url).json()["status"] == "running")
            reply = live.get(url)
            assert reply.headers["Retry-After"] == "1" and reply.json()["result"] is reply.json()["links"]["certificate"] is None
            assert reply.json()["progress"]["timeout_ms"] == 9000 and reply.json()["progress"]["elapsed_ms"] > 0
            live.decider.release()
            eventually(lambda: live.get(url).json()["status"] == "completed")
            reply = live.get(url)
            assert "Retry-After" not in reply.headers and reply.json()["result"]["verdict"] == "proved"
            assert live.get(reply.json()["links"]["certificate"]).status_code == 200

    def test_more_than_the_workers_wait_their_turn(self):
        with running() as live, live.decider.held():
            urls = [later(live, "~" * n + "A").headers["Location"] for n in range(live.jobs.limits.workers + 2)]
            eventually(lambda: live.decider.running == live.jobs.limits.workers)
            assert [live.get(url).json()["status"] for url in urls[-2:]] == ["pending", "pending"]
            assert live.get(urls[-1]).json()["progress"]["position"] == 1

    @pytest.mark.parametrize("prefer", ["Respond-Async", "wait=10, respond-async", "respond-async; x=1,handling=lenient"])
    def test_ways_to_prefer(self, live: Live, prefer):
        assert live.post("/v1/proofs", {"formula": "A"}, Prefer=prefer).status_code == 202

    @pytest.mark.parametrize("prefer", ["", "wait=10", "respond-asynchronously", 'x="respond-async"'])
    def test_other_preferences_are_ignored(self, live: Live, prefer):
        assert live.post("/v1/proofs", {"formula": "A"}, Prefer=prefer).status_code == 200

    def test_a_failure_is_shown_with_its_problem(self):
        def crash(formula, deadline):
            raise ProverCrashed("gone")
        with running() as live:
            live.decider.decide_now = crash
            shown = settled(live, "A")
            assert (shown["status"], shown["error"]["code"], shown["result"]) == ("failed", "prover-crashed", None)
            assert_problem(live.get(shown["links"]["self"] + "/certificate"), 409, "no-certificate")

    def test_a_busy_pool_is_waited_for(self):
        refusals = [PoolBusy("full"), PoolBusy("full")]

        def busy(formula, deadline):
            if refusals:
                raise refusals.pop()
            return brute_force(formula, deadline)
        with running() as live:
            live.decider.decide_now = busy
            assert settled(live, "A -> A")["result"]["verdict"] == "proved" and not refusals

    def test_an_unknown_verdict_is_a_completed_proof_without_certificate(self):
        decider = FakeDecider(lambda f, d: Outcome(UNKNOWN, reason="size", detail="too large") if len(f.nodes) == 2
                              else brute_force(f, d))
        with running(decider) as live:
            shown = settled(live, "~A")
            assert (shown["status"], shown["result"]["verdict"]) == ("completed", "unknown")
            assert_problem(live.get(shown["links"]["certificate"]), 409, "no-certificate")

    def test_the_certificate_is_data_to_who_takes_json_and_no_text(self, live: Live):
        shown = settled(live, "A -> BOX(A)")
        link = shown["links"]["certificate"]
        response = live.get(link, headers={"Accept": "application/json"})
        assert response.headers["Content-Type"] == "application/json" and ".json" in response.headers["Content-Disposition"]
        text = live.get(link).text
        assert data_of(response.text) == data_of(text) and response.json()["verdict"] == "refuted"
        assert live.get(link, headers={"Accept": "application/json, */*"}).text == text

    def test_the_certificate_is_a_file(self, live: Live):
        shown = settled(live, "A -> A")
        response = live.get(shown["links"]["certificate"])
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert response.headers["Content-Disposition"] == f'attachment; filename="proof_{shown["id"]}.v"'
        assert response.text.startswith("(* Goal: A -> A") and HASH in response.text

    @pytest.mark.parametrize("proof_id", ["x", "0" * 32, "%00", "a%2fb", "é"])
    def test_an_id_that_is_not_kept_is_404(self, live: Live, proof_id):
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/certificate")):
            assert live.get(f"/v1/proofs/{proof_id}{path}", method=method).status_code == 404

    def test_no_new_work_is_taken_on_while_shutting_down(self):
        with running(PXL_DRAIN_TIMEOUT="30") as live, ThreadPoolExecutor(1) as threads, live.decider.held():
            in_flight = threads.submit(live.prove, "A -> A")
            eventually(lambda: live.decider.running == 1)
            live.drain.begin()
            assert_problem(later(live, "A"), 503, "shutting-down")
            assert_problem(live.post("/v1/proofs:batch", {"items": [{"formula": "A"}]}), 503, "shutting-down")
            live.decider.release()
            assert in_flight.result(10).json()["ok"] is True


class TestCancelling:
    def test_delete_stops_the_work_and_forgets_it(self):
        with running() as live, live.decider.held():
            url = later(live, "A").headers["Location"]
            eventually(lambda: live.decider.running == 1)
            shown = live.get(url, method="DELETE")
            assert (shown.status_code, shown.json()["status"]) == (200, "cancelled")
            eventually(lambda: live.decider.running == 0)
            assert_problem(live.get(url), 404, "unknown-proof")
            assert_problem(live.get(url, method="DELETE"), 404, "unknown-proof")

    def test_a_completed_proof_is_shown_once_more_and_forgotten(self, live: Live):
        url = settled(live, "A -> A")["links"]["self"]
        assert live.get(url, method="DELETE").json()["result"]["verdict"] == "proved"
        assert live.get(url).status_code == 404

    @pytest.mark.parametrize(("path", "body"), [
        ("/prove", {"goal": "Gone"}), ("/countermodel", {"goal": "Gone"}), ("/v1/proofs", {"formula": "Gone"}),
        ("/v1/proofs:batch", {"items": [{"formula": "Gone"}, {"formula": "~Gone"}]}),
    ])
    @pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
    def test_a_client_that_goes_away_takes_its_work_with_it(self, path, body, accept):
        with running() as live, live.decider.held():
            data = json.dumps(body).encode()
            connection = socket.create_connection(("127.0.0.1", live.port), timeout=30)
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: {accept}\r\n"
                               f"Content-Length: {len(data)}\r\n\r\n".encode() + data)
            eventually(lambda: live.decider.running == len(body.get("items", "1")))
            connection.close()
            eventually(lambda: live.decider.running == 0, timeout_s=5)

    def test_what_was_taken_on_outlives_its_connection(self):
        with running() as live, live.decider.held(), requests.Session() as session:
            response = session.post(f"{live.url}/v1/proofs", json={"formula": "A -> A"}, headers={"Prefer": "respond-async"},
                                    timeout=30)
            session.close()
            live.decider.release()
            eventually(lambda: live.get(response.headers["Location"]).json()["status"] == "completed")


BAD_ITEMS = [3, None, True, "A", [], {}, {"formula": "("}, {"formula": 1}, {"formula": "A", "x": 1}, {"formula": "A", "id": 1},
             {"formula": "A", "id": "i" * 129}, {"formula": "A", "id": "\ud800"}, {"formula": "A", "overlay": "nowhere"},
             {"formula": "A", "context": ["B ->"]}, {"formula": "A", "timeout_ms": 0}, {"formula": "A", "certificate": True}]


def lines(response: requests.Response) -> list[dict]:
    assert response.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


class TestBatch:
    ITEMS = [{"id": f"client-{n}", "formula": goal} for n, goal in enumerate(GOALS)]

    def test_every_item_gets_its_verdict_in_the_order_of_the_request(self, live: Live):
        reply = live.post("/v1/proofs:batch", {"items": self.ITEMS}).json()
        assert [result["id"] for result in reply["results"]] == [item["id"] for item in self.ITEMS]
        assert [result["result"]["verdict"] for result in reply["results"]] == list(GOALS.values())
        summary = reply["summary"]
        assert summary.pop("elapsed_ms") > 0
        assert summary == {"total": 4, "proved": 2, "refuted": 2, "unknown": 0, "failed": 0}

    @pytest.mark.parametrize("bad", BAD_ITEMS, ids=lambda item: ascii(item)[:40])
    @pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
    def test_a_bad_item_never_fails_the_rest(self, live: Live, bad, accept):
        response = live.post("/v1/proofs:batch", {"items": [self.ITEMS[0], bad, self.ITEMS[1]]}, Accept=accept)
        assert response.status_code == 200
        found = response.json()["results"] if accept == "application/json" else sorted(lines(response)[:-1], key=lambda one: one["index"])
        assert [one["result"] and one["result"]["verdict"] for one in found] == ["proved", None, "refuted"]
        assert found[1]["error"]["status"] in (400, 404, 422) and found[1]["error"]["detail"]

    def test_an_id_that_stands_twice_is_an_error_of_the_later_item(self, live: Live):
        reply = live.post("/v1/proofs:batch", {"items": [{"id": "a", "formula": "A"}] * 2 + [{"formula": "A"}] * 2}).json()
        assert [bool(result["error"]) for result in reply["results"]] == [False, True, False, False]
        assert [result["id"] for result in reply["results"]] == ["a", "a", None, None]

    def test_failures_of_the_prover_stay_with_their_items(self):
        def sometimes(formula, deadline):
            if len(formula.nodes) == 2:
                raise ProverCrashed("gone")
            if len(formula.nodes) == 3:
                raise RuntimeError("bug")
            return brute_force(formula, deadline)
        with running() as live:
            live.decider.decide_now = sometimes
            items = [{"formula": "A"}, {"formula": "~A"}, {"formula": "~~A"}, {"formula": "~~~A"}]
            reply = live.post("/v1/proofs:batch", {"items": items}).json()
            assert [(one["error"] or {}).get("code") for one in reply["results"]] == [None, "prover-crashed", "internal-error", None]
            assert reply["summary"]["failed"] == 2

    def test_a_line_comes_as_soon_as_its_item_is_settled(self):
        with running() as live:
            live.prove("A -> A")        # known from now on
            items = [{"id": "slow", "formula": "B -> DIA(B)"}, {"id": "known", "formula": "A -> A"}]
            with live.decider.held(), requests.post(f"{live.url}/v1/proofs:batch", json={"items": items}, stream=True, timeout=30,
                                                    headers={"Accept": "application/x-ndjson"}) as response:
                stream = response.iter_lines()
                assert json.loads(next(stream))["id"] == "known"
                assert live.decider.running == 1
                live.decider.release()
                assert json.loads(next(stream))["id"] == "slow"
                assert json.loads(next(stream))["summary"]["proved"] == 2

    def test_a_thousand_items_are_answered_and_one_more_is_refused(self, live: Live):
        items = [{"id": str(n), "formula": f"A{n % 7} -> " + "~" * (2 * (n % 3)) + f"A{n % 7}"} for n in range(1000)]
        reply = live.post("/v1/proofs:batch", {"items": items}).json()
        assert (reply["summary"]["proved"], len(reply["results"])) == (1000, 1000)
        assert_problem(live.post("/v1/proofs:batch", {"items": [*items, {"formula": "A"}]}), 400, "invalid-body")

    @pytest.mark.parametrize("body", [{}, {"items": []}, {"items": None}, {"items": {}}, {"items": [{"formula": "A"}], "x": 1}])
    def test_a_body_without_items_is_refused(self, live: Live, body):
        assert_problem(live.post("/v1/proofs:batch", body), 400, "invalid-body")

    def test_no_more_than_the_pools_size_are_in_work_for_one_batch(self):
        with running() as live, ThreadPoolExecutor(1) as threads, live.decider.held():
            live.pool.size = 2
            body = {"items": [{"formula": "~" * n + "A"} for n in range(9)]}
            batch = threads.submit(live.post, "/v1/proofs:batch", body)
            eventually(lambda: live.decider.running == 2)
            assert live.service.cache_stats().misses == 2       # nobody else has even asked
            live.decider.release()
            assert batch.result(10).json()["summary"]["refuted"] == 9

    def test_few_batches_at_a_time_are_taken(self):
        with running() as live, ThreadPoolExecutor(4) as threads, live.decider.held():
            body = {"items": [{"formula": "A"}]}
            batches = [threads.submit(live.post, "/v1/proofs:batch", body, Accept=accept)
                       for accept in ("application/json", "application/x-ndjson") * 2]
            eventually(lambda: live.service.cache_stats().misses == 4)
            assert_problem(live.post("/v1/proofs:batch", body), 503, "pool-busy")
            live.decider.release()
            assert all(batch.result(10).status_code == 200 for batch in batches)
            eventually(lambda: live.post("/v1/proofs:batch", body).status_code == 200)

    def test_a_pool_that_is_busy_for_a_moment_costs_no_item(self):
        refusals = [PoolBusy("full"), PoolBusy("full")]

        def busy(formula, deadline):
            if refusals:
                raise refusals.pop()
            return brute_force(formula, deadline)
        with running() as live:
            live.decider.decide_now = busy
            reply = live.post("/v1/proofs:batch", {"items": self.ITEMS}).json()
            assert reply["summary"]["failed"] == 0 and not refusals


class TestOverlaysAndHealth:
    def test_there_is_one_overlay(self, live: Live):
        overlay, = live.get("/v1/overlays").json()["overlays"]
        shown = live.get(overlay["href"]).json()
        assert shown["name"] == overlay["name"] == "pxl" and shown["kernel_hash"] == HASH and "prove" in shown["operations"]

    @pytest.mark.parametrize("name", ["chrono", "v4", "PXL", "pxl%20", "x" * 300])
    def test_another_overlay_is_unknown(self, live: Live, name):
        assert_problem(live.get(f"/v1/overlays/{name}"), 404, "unknown-overlay")

    def test_health_says_what_is_served_and_what_it_was_checked_with(self):
        with running() as live:
            body = live.get("/v1/health").json()
        assert (body["status"], body["ready"], body["kernel_hash"]) == ("healthy", True, HASH)
        assert body["coq_version"] == "8.16.1"
        assert body["coqchk"] == body["build_sha"] == body["v4_sha"] == "unknown"     # never made up

    def test_health_has_three_words(self):
        with running() as live:
            live.pool.total = 4
            response = live.get("/v1/health")
            assert (response.status_code, response.json()["status"]) == (200, "degraded")
            live.pool.total = 0
            response = live.get("/v1/health")
            assert (response.status_code, response.json()["status"]) == (503, "unhealthy")
