"""The server over HTTP: a real Waitress on a free port, a fake prover behind it."""

from __future__ import annotations

import gzip
import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pxl.errors import ConfigError, KernelDisagreement, PoolBusy, ProverCrashed
from pxl.http.drain import Drain
from pxl.http.server import Server
from pxl.settings import Settings
from pxl.verdict.outcome import PROVED, UNKNOWN, Outcome
from pxl.verdict.self_proof import FRESH_S, SelfProof
from tests.support.fake_decider import Clock, FakeDecider, brute_force, eventually
from tests.support.live_server import HASH, Live, running
from tests.support.problems import assert_problem


@pytest.fixture(scope="module")
def live():
    with running() as server:
        yield server


class TestProve:
    def test_a_theorem(self, live: Live):
        response = live.prove("BOX(A -> A)")
        reply = response.json()
        assert response.status_code == 200 and response.headers["Content-Type"] == "application/json"
        assert reply["ok"] is True and reply["verdict"] == "proved" and reply["reason"] is None
        assert reply["goal"] == reply["goal_normalized"] == "BOX(A -> A)"
        assert reply["kernel_hash"] == HASH and reply["countermodel"] is None
        assert reply["statement"]["coq"] == "Prov goal" and "kernel-checked" in reply["statement"]["words"]
        assert reply["statement"]["atoms"] == {"Atom 1": "A"}
        assert reply["id"] == response.headers["X-Request-ID"]
        assert isinstance(reply["latency_ms"], float) and set(reply["timings"]) == {"parse", "queue", "search", "kernel"}
        assert "certificate" not in reply

    def test_a_non_theorem_is_an_answer_too(self, live: Live):
        response = live.prove("A -> BOX(A)")
        reply = response.json()
        assert response.status_code == 200
        assert reply["ok"] is False and reply["verdict"] == "refuted"
        model = reply["countermodel"]
        assert [world["name"] for world in model["worlds"]] == ["w0", "w1"]
        designated = next(world for world in model["worlds"] if world["designated"])
        assert designated == {"name": model["designated"], "true": ["A"], "designated": True}
        assert model["access"]["kind"] == "universal"
        table = {row["formula"]: row["holds_at"] for row in model["subformulas"]}
        assert designated["name"] not in table["A -> BOX(A)"] and table["A"] == [designated["name"]]
        assert model["falsification_trace"][0] == {"formula": "A -> BOX(A)", "world": designated["name"],
                                                   "value": False, "depth": 0}
        assert [line["depth"] for line in model["falsification_trace"]] == [0, 1, 1, 2]
        assert model["falsification_trace_omitted"] == 0

    def test_the_second_time_it_is_cached(self, live: Live):
        live.prove("BOX(K) -> K \\/ L")
        reply = live.prove("BOX(K) -> K \\/ L").json()
        assert reply["cache_hit"] is True and reply["cache"] == "exact"
        assert reply["proof_method"] == "coqidetop_cached"

    @pytest.mark.parametrize("goal", ["BOX(A->A)", "  [] (A => A)\n", "□(p → p)", "A \t->\r\n A", "Good(x) and not Bad(y)"])
    def test_the_goal_comes_back_byte_for_byte(self, live: Live, goal):
        assert live.prove(goal).json()["goal"] == goal

    def test_a_certificate_comes_when_asked_for(self, live: Live):
        assert live.prove("A -> A", certificate=True).json()["certificate"].startswith("(* Goal: A -> A")
        assert "certificate" not in live.prove("A -> A", certificate=False).json()

    def test_unknown_is_not_ok_and_says_why(self):
        decider = FakeDecider(lambda f, d: Outcome(UNKNOWN, reason="size", detail="too large") if len(f.nodes) == 2
                              else brute_force(f, d))
        with running(decider) as live:
            for _ in range(2):
                reply = live.prove("~A").json()
                assert (reply["ok"], reply["verdict"], reply["reason"]) == (False, "unknown", "size")
                assert reply["detail"] == "too large" and reply["cache_hit"] is False

    def test_a_short_time_is_honoured(self):
        with running() as live, live.decider.held():
            began = time.monotonic()
            reply = live.prove("A", timeout_ms=50).json()
            assert (reply["verdict"], reply["reason"]) == ("unknown", "timeout")
            assert time.monotonic() - began < 5

    def test_an_id_that_the_client_gives_is_kept_when_it_is_harmless(self, live: Live):
        assert live.post("/prove", {"goal": "A"}, X_Request_ID="trace-42.a").json()["id"] == "trace-42.a"
        for bad in ("a b", "x" * 65, "<script>"):
            assert re.fullmatch("[0-9a-f]{32}", live.post("/prove", {"goal": "A"}, X_Request_ID=bad).json()["id"])


class TestCountermodel:
    def test_found(self, live: Live):
        reply = live.post("/countermodel", {"goal": "DIA(A) -> A"}).json()
        assert reply["countermodel_found"] is True and reply["verdict"] == "refuted"
        assert reply["kernel_hash"] == HASH and reply["goal"] == "DIA(A) -> A" and reply["method"]
        frame = reply["kripke_structure"]
        assert len(frame["accessibility_relation"]) == len(frame["worlds"]) ** 2
        assert "A" not in frame["valuation_function"][reply["falsifying_world"]]
        assert reply["model"]["designated"] == reply["falsifying_world"]

    def test_certainly_none(self, live: Live):
        reply = live.post("/countermodel", {"goal": "A -> DIA(A)"}).json()
        assert reply["countermodel_found"] is False and reply["verdict"] == "proved"
        assert reply["model"] is reply["falsifying_world"] is reply["kripke_structure"] is None

    def test_not_known(self):
        with running() as live, live.decider.held():
            reply = live.post("/countermodel", {"goal": "A", "timeout_ms": 20}).json()
            assert reply["countermodel_found"] is None and reply["verdict"] == "unknown" and reply["reason"] == "timeout"


BAD_BODIES = [
    (b"", 400), (b" ", 400), (b"{", 400), (b"}", 400), (b"{}", 400), (b"[]", 400), (b"null", 400), (b"1", 400),
    (b'"goal"', 400), (b"true", 400), (b"goal=A", 400), (b"NaN", 400), (b"{'goal': 'A'}", 400), (b'{"goal"}', 400),
    (b'{"goal": "A"} x', 400), (b'{"goal": "A",}', 400), (b'{"goal": null}', 400), (b'{"goal": 1}', 400),
    (b'{"goal": true}', 400), (b'{"goal": []}', 400), (b'{"goal": {}}', 400), (b'{"goal": NaN}', 400),
    (b'{"goal": "A", "timeout_ms": Infinity}', 400), (b'{"goal": "A", "timeout_ms": 1e999}', 400),
    (b'{"goal": "A", "timeout_ms": 0}', 400), (b'{"goal": "A", "timeout_ms": -5}', 400),
    (b'{"goal": "A", "timeout_ms": 60001}', 400), (b'{"goal": "A", "timeout_ms": "5"}', 400),
    (b'{"goal": "A", "timeout_ms": 1.5}', 400), (b'{"goal": "A", "timeout_ms": true}', 400),
    (b'{"goal": "A", "timeout_ms": ' + b"9" * 5000 + b"}", 400), (b'{"goal": ' + b"9" * 5000 + b"}", 400),
    (b'{"goal": "A", "certificate": 1}', 400), (b'{"goal": "A", "certificate": "yes"}', 400),
    (b'{"goal": "A", "goal": "B"}', 400), (b'{"goal": "A", "goals": 1}', 400), (b'{"Goal": "A"}', 400),
    (b'{"goal": "A", "": 1}', 400), (b'{"goal": "A", "\\ud800": 1}', 400), (b'{"goal": "\\ud800"}', 400),
    (b'{"goal": "A\\udfff"}', 400), (b'{"goal": "\\u0000"}', 400), (b'{"goal": "A\x00"}', 400),
    (b'{"goal": "A\n"}', 400), (b'{"goal": "\\x41"}', 400), (b'{"goal": "\xff"}', 400), (b'{"goal": "\xe9"}', 400),
    (b'{"goal": "\xed\xa0\x80"}', 400), (b'\xef\xbb\xbf{"goal": "A"}', 400),
    ('{"goal": "A"}'.encode("utf-16"), 400), ('{"goal": "A"}'.encode("utf-16-le"), 400),
    ('{"goal": "A"}'.encode("utf-32"), 400), (b"[" * 100_000, 400), (b'{"a":' * 100_000, 400),
    (b"[" * 100_000 + b"]" * 100_000, 400), (b'{"goal": ' + b"[" * 900 + b"]" * 900 + b"}", 400),
    (b'"' + b"\\" * 99_999, 400), (b'{"goal": "' + b"[" * 1000 + b'"}', 400),
    (b'{"goal": ""}', 400), (b'{"goal": " "}', 400), (b'{"goal": "BOX("}', 400), (b'{"goal": "A B"}', 400),
    (b'{"goal": "BOX(A\'; DROP TABLE goals; --)"}', 400), (b'{"goal": "<script>alert(1)</script>"}', 400),
    (b'{"goal": "True). Axiom cheat: False. Goal (1=2"}', 400), (b'{"goal": "A. Admitted."}', 400),
    (b'{"goal": "(* A"}', 400), ('{"goal": "\u202eA"}'.encode(), 400), ('{"goal": "A\u200b"}'.encode(), 400),
    ('{"goal": "А"}'.encode(), 400), ('{"goal": "\U0001f600"}'.encode(), 400), (b'{"goal": "' + b"A" * 10_000 + b'"}', 0),
    (b'{"goal": "' + b"(" * 500_000 + b'"}', 0), (b'{"goal": "' + b"~" * 900_000 + b'A"}', 0),
    (b'{"goal": "' + b"x" * 1_048_576 + b'"}', 413),
]


class TestBadRequests:
    @pytest.mark.parametrize("route", ["/prove", "/countermodel"])
    @pytest.mark.parametrize(("body", "status"), BAD_BODIES, ids=lambda v: ascii(v)[:40])
    def test_no_body_is_ever_a_server_error(self, live: Live, route, body, status):
        response = live.post(route, raw=body)
        if status:
            assert_problem(response, status)
        else:
            assert response.status_code in (200, 400, 413), response.text

    @hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.one_of(st.binary(max_size=80), st.builds(
        lambda v: json.dumps(v).encode(), st.dictionaries(
            st.sampled_from(["goal", "timeout_ms", "certificate", "x"]),
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
                      st.lists(st.integers(), max_size=2)), max_size=4))))
    def test_random_bodies_are_answered_or_refused(self, live: Live, body):
        response = live.post("/prove", raw=body)
        if response.status_code != 200:
            assert_problem(response, response.status_code)
            assert response.status_code in (400, 413, 415)     # 415: it begins as a compressed one does

    def test_a_syntax_error_points_at_the_place(self, live: Live):
        document = assert_problem(live.prove("BOX(A -> )"), 400, "formula-syntax")
        assert (document["line"], document["column"]) == (1, 10)
        assert document["found"] and document["expected"] and "^" in document["excerpt"]

    def test_an_unknown_member_is_named_with_the_nearest_known_one(self, live: Live):
        document = assert_problem(live.post("/prove", {"goal": "A", "timeout": 5}), 400)
        assert '"timeout" (did you mean "timeout_ms"?)' in document["detail"]

    def test_a_duplicate_member_is_named(self, live: Live):
        assert '"goal" stands twice' in assert_problem(live.post("/prove", raw=b'{"goal":"A","goal":"A"}'), 400)["detail"]

    @pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                                              "application/json; charset=latin-1", "application/json;charset=utf-16"])
    def test_only_json_in_utf8_is_read(self, live: Live, content_type):
        document = assert_problem(live.post("/prove", {"goal": "A"}, Content_Type=content_type), 415)
        assert "JSON" in document["detail"] or "Content-Type" in document["detail"]

    @pytest.mark.parametrize("path", ["/prove", "/countermodel", "/v1/proofs", "/v1/proofs:batch"])
    @pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, deflate", ""])
    def test_a_compressed_body_is_refused_by_what_it_is(self, live: Live, path, coding):
        headers = {"Content_Encoding": coding} if coding else {}
        document = assert_problem(live.post(path, raw=gzip.compress(b'{"goal": "A"}'), **headers), 415)
        assert "uncompressed" in document["detail"] and "Content-Encoding" in document["detail"]
        assert "UTF" not in document["detail"] and coding in document["detail"]

    def test_identity_is_no_compression(self, live: Live):
        assert live.post("/prove", {"goal": "A"}, Content_Encoding="identity").status_code == 200

    @pytest.mark.parametrize(("goal", "found", "is_ok"), [("A", True, True), ("BOX(A) -> A", False, True)])
    def test_a_countermodel_request_is_ok_when_it_is_answered(self, live: Live, goal, found, is_ok):
        reply = live.post("/countermodel", {"goal": goal}).json()
        assert (reply["countermodel_found"], reply["ok"]) == (found, is_ok)

    @pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=UTF-8",
                                              'application/json; charset="utf-8"'])
    def test_ways_to_say_json(self, live: Live, content_type):
        assert live.post("/prove", {"goal": "A"}, Content_Type=content_type).status_code == 200

    def test_the_largest_body_is_read_and_one_byte_more_is_not(self):
        with running(MAX_REQUEST_SIZE="2000") as live:
            body = b'{"goal": "A"}'
            assert live.post("/prove", raw=body + b" " * (2000 - len(body))).status_code == 200
            document = assert_problem(live.post("/prove", raw=body + b" " * (2001 - len(body))), 413)
            assert "2000 bytes" in document["detail"] and "MAX_REQUEST_SIZE" in document["detail"]

    def test_a_declared_giant_is_refused_before_it_is_sent(self, live: Live):
        head = b"POST /prove HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2000000000\r\n\r\n"
        answer = live.raw(head)
        assert answer.startswith(b"HTTP/1.1 413 ") and b"1048576 bytes (setting MAX_REQUEST_SIZE)" in answer

    @pytest.mark.parametrize(("request_", "status", "word"), [
        (b"GARBAGE\r\n\r\n", 400, "Start line"), (b"POST /prove HTTP/1.1\r\nContent-Length: +5\r\n\r\n", 400, "Content-Length"),
        (b"POST /prove HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "Transfer-Encoding"),
        (b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 32_768 + b"\r\n\r\n", 431, "32768 bytes"),
    ], ids=lambda v: ascii(v)[:30])
    def test_what_never_reaches_the_application_is_refused_in_a_problem_document_too(self, live: Live, request_, status,
                                                                                    word):
        head, _, body = live.raw(request_).partition(b"\r\n\r\n")
        document = json.loads(body)
        assert head.split()[1] == b"%d" % status and b"Content-Type: application/problem+json" in head
        assert document["ok"] is False and document["status"] == status and word in document["error"] and document["id"]

    def test_a_chunked_giant_is_refused(self, live: Live):
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        head = b"POST /prove HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        with socket.create_connection(("127.0.0.1", live.port), timeout=30) as connection:
            try:
                connection.sendall(head + chunk * 40)
            except OSError:
                pass        # the server may close before it has read everything
            try:
                answer = connection.recv(65536)
            except ConnectionResetError:
                answer = b"HTTP/1.1 413 "
        assert answer.startswith(b"HTTP/1.1 413 ")

    def test_a_flood_of_headers_is_refused(self, live: Live):
        head = b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 4_120 + b"\r\n"
        assert b" 431 " in live.raw(head)[:20]

    def test_an_unexpected_failure_is_a_500_that_tells_nothing(self, caplog):
        def broken(formula, deadline):
            raise RuntimeError("secret-path /etc/shadow")
        with running() as live:
            live.decider.decide_now = broken
            response = live.prove("A")
            document = assert_problem(response, 500, "internal-error")
            assert "secret" not in response.text
        assert document["id"] in caplog.text and "secret-path" in caplog.text

    def test_a_kernel_disagreement_is_a_500_and_never_a_verdict(self):
        def disagree(formula, deadline):
            raise KernelDisagreement("Coq refused the certificate")
        with running() as live:
            live.decider.decide_now = disagree
            assert "verdict" not in assert_problem(live.prove("A"), 500, "kernel-disagreement")

    def test_a_goal_cannot_forge_a_log_line(self, live: Live, caplog):
        caplog.set_level("DEBUG")
        live.prove("A\r\nERROR:root:forged\x1b[31m -> ")
        assert all("\n" not in record.getMessage() and "\x1b" not in record.getMessage()
                   for record in caplog.records if record.name.startswith("pxl"))


class TestRoutes:
    def test_the_index_lists_the_routes(self, live: Live):
        assert "POST /prove" in live.get("/").json()["routes"]

    @pytest.mark.parametrize("path", ["/nothing", "/prove/", "/prove/x", "/%00", "/..%2f", "/favicon.ico",
                                      "/%ff", "/prove;x", "/%0d%0aSet-Cookie:x"])
    def test_what_is_not_there_is_a_404(self, live: Live, path):
        assert_problem(live.get(path), 404, "not-found")

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
    def test_the_wrong_method_is_a_405_with_the_right_ones(self, live: Live, method):
        response = live.get("/prove", method=method)
        assert_problem(response, 405, "method-not-allowed")
        assert set(response.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}

    def test_head_is_get_without_a_body(self, live: Live):
        response = live.get("/healthz", method="HEAD")
        assert (response.status_code, response.content) == (200, b"")
        assert live.get("/prove", method="HEAD").status_code == 405

    def test_options_names_the_methods(self, live: Live):
        response = live.get("/prove", method="OPTIONS")
        assert (response.status_code, response.content) == (204, b"") and "Content-Type" not in response.headers
        assert set(response.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
        assert_problem(live.get("/nothing", method="OPTIONS"), 404, "not-found")

    def test_every_reply_has_an_id_and_no_server_name(self, live: Live):
        for response in (live.get("/"), live.get("/health"), live.get("/nothing"), live.prove("A"), live.prove("(")):
            assert response.json()["id"] == response.headers["X-Request-ID"]
            assert "Server" not in response.headers and response.headers["X-Content-Type-Options"] == "nosniff"

    def test_pipelined_requests_are_answered_in_order(self, live: Live):
        def request(goal: str, last: bool = False) -> bytes:
            body = json.dumps({"goal": goal}).encode()
            close = b"Connection: close\r\n" if last else b""
            return (b"POST /prove HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + close
                    + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        text = live.raw(request("A1 -> A1") + request("A2") + request("A3 -> A3", last=True)).decode()
        assert re.findall(r'"goal": "(A\d[^"]*)"', text) == ["A1 -> A1", "A2", "A3 -> A3"]


class TestHealth:
    KEYS = {"total_sessions": int, "active_sessions": int, "idle_sessions": int, "busy_sessions": int,
            "max_pool_size": int, "utilization_rate": float}

    def test_it_has_the_fields_of_the_founding_documents(self, live: Live):
        live.self_proof.probe()     # its last word may be old: nothing asks in the background here
        response = live.get("/health")
        body = response.json()
        assert response.status_code == 200
        assert (body["status"], body["ready"], body["kernel_hash"]) == ("ok", True, HASH)
        assert {name: type(body["session_pool"][name]) for name in self.KEYS} == self.KEYS
        assert type(body["timestamp"]) is int and abs(body["timestamp"] - time.time()) < 60
        assert body["engine"] == "coqidetop" and body["coq_version"] and body["version"] and body["overlays"] == ["pxl"]

    def test_active_means_alive_and_idle(self):
        with running() as live:
            live.pool.idle, live.pool.busy = 4, 1
            pool = live.get("/health").json()["session_pool"]
            assert (pool["total_sessions"], pool["active_sessions"], pool["busy_sessions"]) == (5, 4, 1)
            assert pool["utilization_rate"] == 0.2

    def test_a_missing_session_degrades_and_no_session_fails(self):
        with running() as live:
            live.pool.total = live.pool.idle = 4
            response = live.get("/health")
            assert response.status_code == 200 and response.json()["status"] == "degraded"
            live.pool.total = live.pool.idle = 0
            response = live.get("/health")
            assert response.status_code == 503
            assert (response.json()["status"], response.json()["ready"]) == ("fail", False)

    def test_it_answers_while_every_session_is_busy_and_the_queue_is_full(self):
        with running(PXL_POOL_SIZE="2", PXL_MAX_QUEUE="8") as live:
            with ThreadPoolExecutor(10) as threads, live.decider.held():
                busy = [threads.submit(live.prove, f"A{n} /\\ " + "~" * n + "B") for n in range(10)]
                eventually(lambda: live.decider.running == 10)
                refused = live.prove("DIA(C)")
                document = assert_problem(refused, 503, "pool-busy")
                assert "No available Coq sessions" in document["error"]
                assert int(refused.headers["Retry-After"]) >= 1
                times = []
                for path in ("/health", "/healthz", "/readyz") * 5:
                    began = time.monotonic()
                    assert live.get(path).status_code == 200
                    times.append(time.monotonic() - began)
                assert sorted(times)[len(times) // 2] < 0.1
                live.decider.release()
                assert all(future.result().status_code == 200 for future in busy)
            assert live.prove("DIA(C)").status_code == 200

    def test_a_prover_that_says_yes_to_everything_is_not_healthy(self):
        with running() as live:
            live.decider.decide_now = lambda f, d: Outcome(PROVED)
            live.self_proof.probe()
            response = live.get("/health")
            assert response.status_code == 503 and response.json()["ready"] is False
            assert "p1 -> BOX(p1) gave proved, not refuted" in response.json()["reasons"][0]
            assert live.get("/readyz").status_code == 503 and live.get("/livez").status_code == 200

    def test_it_recovers_with_the_next_success(self):
        def crash(formula, deadline):
            raise ProverCrashed("gone")
        with running() as live:
            live.decider.decide_now = crash
            live.self_proof.probe()
            assert live.get("/health").status_code == 503
            live.decider.decide_now = brute_force
            live.prove("BOX(A) -> A")
            assert live.get("/health").status_code == 200

    def test_the_detailed_page_has_cache_pool_and_sessions(self, live: Live):
        live.self_proof.probe()
        body = live.get("/health/proof_server").json()
        assert body["ready"] is True and body["sessions"] == []
        assert {"size", "max_size", "hits", "exact_hits", "prefetch_hits", "misses"} <= set(body["cache"])


class TestSelfProof:
    def make(self, decide=brute_force, certified_at=None):
        clock = Clock()
        return SelfProof(decide, lambda: certified_at, clock=clock), clock

    def test_nothing_is_ready_before_the_first_proof(self):
        proof, _ = self.make()
        assert proof.readiness().reason == "no self-proof has finished yet"
        assert proof.probe().is_ready

    def test_a_success_grows_stale(self):
        proof, clock = self.make()
        proof.probe()
        clock.now += FRESH_S
        assert proof.readiness().is_ready
        clock.now += 1
        assert not proof.readiness().is_ready and "31 s" in proof.readiness().reason

    def test_a_clients_verdict_is_as_good_as_its_own(self):
        proof, clock = self.make(certified_at=1000.0)
        assert proof.readiness().is_ready
        assert proof.wait_s() == 10
        clock.now += 8
        assert proof.wait_s() == 2

    def test_saturation_is_no_fault_for_as_long_as_a_proof_may_take(self):
        def busy(formula, deadline):
            raise PoolBusy("all busy")
        answers = [brute_force]
        proof, clock = self.make(lambda formula, deadline: answers[-1](formula, deadline))
        proof.probe()
        answers.append(busy)
        clock.now += FRESH_S + 1
        assert proof.probe().is_ready
        clock.now += 60
        assert not proof.probe().is_ready

    def test_a_failure_is_tried_again_soon(self):
        def crash(formula, deadline):
            raise ProverCrashed("gone")
        proof, _ = self.make(crash)
        assert proof.probe().reason == "gone" and proof.wait_s() == 1

    def test_the_thread_tries_without_being_asked_and_ends_when_closed(self):
        decider = FakeDecider()
        proof = SelfProof(decider.decide, lambda: None)
        proof.start()
        try:
            eventually(lambda: proof.readiness().is_ready)
        finally:
            proof.close()
        assert decider.runs == 2


class TestCrowds:
    @pytest.mark.parametrize("settings", [{}, {"PXL_POOL_SIZE": "1", "PXL_MAX_QUEUE": "1"}], ids=["default", "tight"])
    def test_a_hundred_equal_goals_are_one_run_with_one_verdict(self, settings):
        with running(**settings) as live:
            with ThreadPoolExecutor(100) as threads, live.decider.held():
                runs = live.decider.runs
                replies = [threads.submit(live.prove, "BOX(A) -> DIA(A)") for _ in range(100)]
                eventually(lambda: live.service.cache_stats().misses == 100)
                began = time.monotonic()
                assert live.get("/health").status_code == 200
                assert time.monotonic() - began < 1.0
                live.decider.release()
                bodies = [future.result().json() for future in replies]
            assert live.decider.runs == runs + 1
            assert {body["verdict"] for body in bodies} == {"proved"}
            assert len({body["id"] for body in bodies}) == 100

    def test_followers_beyond_their_threads_are_sent_away_and_health_is_told(self):
        with running(PXL_POOL_SIZE="1", PXL_MAX_QUEUE="1", PXL_THREADS="15") as live:
            with ThreadPoolExecutor(20) as threads, live.decider.held():
                replies = [threads.submit(live.prove, "BOX(A) -> DIA(A)") for _ in range(20)]
                eventually(lambda: sum(future.done() for future in replies) == 14)
                assert live.get("/health").status_code == 200
                other = threads.submit(live.prove, "A -> BOX(A)")
                eventually(lambda: live.decider.running == 2)
                live.decider.release()
                answers = [future.result() for future in replies]
                assert other.result().json()["verdict"] == "refuted"
            assert sum(answer.status_code == 200 and answer.json()["verdict"] == "proved" for answer in answers) == 6
            refused = [answer for answer in answers if answer.status_code != 200]
            for answer in refused:
                assert "No available Coq sessions" in assert_problem(answer, 503, "pool-busy")["error"]
                assert int(answer.headers["Retry-After"]) >= 1

    def test_mixed_goals_from_many_clients_are_each_answered_right(self, live: Live):
        goals = {"BOX(A -> A)": True, "A -> BOX(A)": False, "DIA(A) -> A": False, "BOX(B) -> B": True,
                 "BOX(C -> D) -> (BOX(C) -> BOX(D))": True, "DIA(C) /\\ DIA(D) -> DIA(C /\\ D)": False}
        with ThreadPoolExecutor(16) as threads:
            asked = list(goals) * 20
            replies = list(threads.map(lambda goal: live.prove(goal).json(), asked))
        for goal, reply in zip(asked, replies, strict=True):
            assert (reply["goal"], reply["ok"]) == (goal, goals[goal])

    def test_more_connections_than_select_can_hold_do_not_kill_it(self, live: Live):
        import resource
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))
        idle = [socket.create_connection(("127.0.0.1", live.port), timeout=30) for _ in range(1100)]
        try:
            assert live.get("/healthz").status_code == 200
        finally:
            for connection in idle:
                connection.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def test_a_client_that_goes_away_costs_nobody_else(self, live: Live):
        with live.decider.held():
            body = b'{"goal": "Gone -> BOX(Gone2)"}'
            connection = socket.create_connection(("127.0.0.1", live.port), timeout=30)
            connection.sendall(b"POST /prove HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                               b"Content-Length: %d\r\n\r\n" % len(body) + body)
            eventually(lambda: live.decider.running == 1)
            connection.close()
        eventually(lambda: live.decider.running == 0)
        assert live.prove("A -> A").status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "::1::1", "203.0.113.5"])
def test_an_address_that_cannot_be_had_stops_the_start_and_names_the_cure(live: Live, host):
    settings = Settings.from_env({"PXL_SERVER_PORT": str(live.port), "PXL_HOST": host})
    with pytest.raises(ConfigError, match=f"cannot listen on {host}:{live.port}: .*correct PXL_HOST or PXL_SERVER_PORT"):
        Server(lambda environ, start_response: [], settings, Drain(0))
