"""What the server did is counted under the names that operators know, and told in the format that is asked for."""

from __future__ import annotations

import io
import json
import math
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from pxl.access.signing import sign_v1
from pxl.cache import CacheStats
from pxl.composition.prover import Prover
from pxl.errors import KernelDisagreement, PoolBusy, ProverCrashed
from pxl.host.memory_limit import memory_limit_bytes
from pxl.http.app import create_app
from pxl.http.drain import Drain
from pxl.http.metrics_view import as_json, wants_text
from pxl.settings import Settings
from pxl.telemetry.metrics import Metrics, Sources
from pxl.telemetry.performance import Performance, PerformanceFile
from pxl.telemetry.request_record import RequestRecord
from pxl.telemetry.window import Share, Window
from tests.support.fake_decider import Clock, FakeDecider, FakePool, brute_force, eventually
from tests.support.live_server import Live, parts_of, running

KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2
TOKEN = "a-token-for-prometheus-of-more-than-32-characters"
# As a Prometheus of Debian 12 asks; of version 3; and one that would rather have protobuf.
PROMETHEUS = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
PROMETHEUS_3 = ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
                "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2")
PROTOBUF = ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1")

DOCUMENTED = {f"logos_pxl_{name}" for name in (
    "uptime_seconds", "verification_ratio_percent", "p95_latency_ms", "cache_hit_rate_percent", "session_pool_total",
    "session_pool_busy", "cache_size", "cache_hits_total", "cache_misses_total", "cache_prefetch_hits_total")}


def samples(live: Live) -> dict[str, float]:
    """Return every sample as Prometheus would get it, by its name with labels."""
    text = live.get("/metrics/prometheus").text
    return {sample.name + (json.dumps(sample.labels, sort_keys=True).replace('"', "") if sample.labels else ""): sample.value
            for family in read_text(text) for sample in family.samples}


def told(live: Live) -> dict[str, float | None]:
    return live.get("/metrics").json()


@pytest.fixture
def live() -> Iterator[Live]:
    with running() as server:
        yield server


class TestWindow:
    @given(st.lists(st.floats(1e-5, 1000), min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
    def test_a_quantile_is_right_to_one_percent(self, durations, share):
        window = Window()
        for duration in durations:
            window.add(duration)
        exact = sorted(durations)[max(1, math.ceil(share * len(durations))) - 1]
        assert window.quantiles((share,))[0] == pytest.approx(exact, rel=0.011)

    def test_what_is_older_than_the_span_is_forgotten(self):
        clock = Clock()
        window, share = Window(300, clock=clock), Share(300, clock=clock)
        assert math.isnan(window.quantiles((0.95,))[0]) and math.isnan(share.percent())
        window.add(8.0)
        share.add(False)
        clock.now += 200
        window.add(2.0)
        share.add(True)
        assert (len(window), share.percent()) == (2, 50)
        clock.now += 150
        assert window.quantiles((0.5, 0.95)) == pytest.approx((2.0, 2.0), rel=0.01)
        assert share.percent() == 100
        clock.now += 300
        assert len(window) == 0 and math.isnan(share.percent())

    def test_a_jump_of_the_clock_over_many_spans_leaves_nothing(self):
        clock = Clock()
        window = Window(300, clock=clock)
        window.add(1.0)
        clock.now += 1e6
        window.add(2.0)
        assert len(window) == 1


class TestGoals:
    def test_before_the_first_goal_what_is_not_known_is_null_and_nan(self, live):
        values = told(live)
        assert DOCUMENTED <= set(values)
        for name in ("verification_ratio_percent", "p95_latency_ms", "cache_hit_rate_percent"):
            assert values[f"logos_pxl_{name}"] is None
            assert math.isnan(samples(live)[f"logos_pxl_{name}"])
        assert values["logos_pxl_session_pool_total"] == 5

    def test_a_verdict_is_counted_once_from_the_kernel_and_again_from_the_cache(self, live):
        before = told(live)
        for goal in ("BOX(A) -> A", "BOX(A) -> A", "BOX(B) -> B", "A"):
            assert live.prove(goal).status_code == 200
        found, values = samples(live), told(live)
        assert found["pxl_proofs_total{overlay: pxl, source: kernel, verdict: proved}"] == 1
        assert found["pxl_proofs_total{overlay: pxl, source: cache, verdict: proved}"] == 2
        assert found["pxl_proofs_total{overlay: pxl, source: kernel, verdict: refuted}"] == 1
        assert found["pxl_cache_hits_total{kind: exact}"] == found["pxl_cache_hits_total{kind: prefetch}"] == 1
        assert (values["logos_pxl_cache_hits_total"], values["logos_pxl_cache_misses_total"]) == (2, 2)
        assert (values["logos_pxl_cache_prefetch_hits_total"], values["logos_pxl_cache_size"]) == (1, 2)
        assert values["logos_pxl_cache_hit_rate_percent"] == 50
        assert values["logos_pxl_verification_ratio_percent"] == 100
        assert values["logos_pxl_uptime_seconds"] > before["logos_pxl_uptime_seconds"]
        for stage in ("queue", "search", "kernel"):
            assert found[f"pxl_proof_{stage}_seconds_count{{overlay: pxl}}"] == 2
        assert found["pxl_proof_kernel_seconds_sum{overlay: pxl}"] == pytest.approx(0.006)
        assert values["pxl_certificate_bytes_sum"] == 20

    def test_an_equal_question_in_flight_is_counted_as_shared(self, live):
        with ThreadPoolExecutor(2) as pool, live.decider.held():
            asked = [pool.submit(live.prove, "BOX(A) -> A") for _ in range(2)]
            eventually(lambda: len(live.service._flights) == 1 and live.decider.running == 1)
            eventually(lambda: live.service._flights.waiting == 1)
            live.decider.release()
            assert {future.result().status_code for future in asked} == {200}
        found = samples(live)
        assert found["pxl_proofs_total{overlay: pxl, source: shared, verdict: proved}"] == 1
        assert found["pxl_proofs_total{overlay: pxl, source: kernel, verdict: proved}"] == 1

    def test_only_well_formed_goals_without_a_verdict_lower_the_ratio(self, live):
        assert live.prove("A").status_code == 200
        assert live.prove("(").status_code == 400
        assert live.get("/nothing").status_code == 404
        assert told(live)["logos_pxl_verification_ratio_percent"] == 100
        with live.decider.held():
            assert live.prove("B -> C", timeout_ms=20).json()["verdict"] == "unknown"
        assert told(live)["logos_pxl_verification_ratio_percent"] == 50
        assert samples(live)["pxl_proof_unknown_total{reason: timeout}"] == 1

        def fails(error):
            def decide(formula, deadline):
                raise error
            live.decider.decide_now = decide
        fails(ProverCrashed("gone"))
        for error in (ProverCrashed("gone"), PoolBusy("busy")):
            fails(error)
            assert live.prove("B -> C").status_code == 503
        assert told(live)["logos_pxl_verification_ratio_percent"] == 25

    def test_a_disagreement_with_the_kernel_is_counted(self, live):
        def disagree(formula, deadline):
            raise KernelDisagreement("refused")
        live.decider.decide_now = disagree
        assert live.prove("A").status_code == 500
        found = samples(live)
        assert found["pxl_kernel_disagreements_total"] == found["pxl_rejections_total{code: kernel-disagreement}"] == 1
        assert found["http_requests_total{method: POST, route: /prove, status: 500}"] == 1

    def test_items_of_a_batch_and_jobs_are_counted_as_goals(self, live):
        live.post("/v1/proofs:batch", {"items": [{"formula": "A"}, {"formula": "BOX(A) -> A"}, {"formula": "("}]})
        live.post("/v1/proofs", {"formula": "DIA(A)"}, Prefer="respond-async")
        eventually(lambda: sum(value for name, value in samples(live).items() if name.startswith("pxl_proofs_total")) == 3)

    def test_p95_is_that_of_the_goals_and_refusals_do_not_hide_it(self):
        def decide(formula, deadline):
            threading.Event().wait(1.0 if len(formula.nodes) > 3 else 0.02)
            return brute_force(formula, deadline)
        goals = [f"A{n} -> A{n}" for n in range(18)] + ["A -> BOX(B) -> A", "B -> DIA(C) -> B"]
        with running(FakeDecider(decide), PXL_CACHE_TTL="0") as live, ThreadPoolExecutor(4) as pool:
            assert {reply.status_code for reply in pool.map(live.prove, goals)} == {200}
            for _ in range(40):
                assert live.prove("(").status_code == 400
            assert told(live)["logos_pxl_p95_latency_ms"] == pytest.approx(1000, rel=0.05)
            report = live.get("/metrics/performance").json()
            endpoint, = [entry for entry in report["endpoints"] if entry["name"] == "POST /prove"]
            assert (endpoint["call_count"], endpoint["recent"]["call_count"], endpoint["error_count"]) == (60, 60, 0)
            assert endpoint["p99_duration_ms"] == pytest.approx(1000, rel=0.05)
            found = samples(live)
            assert found["http_request_duration_seconds_count{method: POST, route: /prove}"] == 60
            assert found["http_request_duration_seconds_bucket{le: 0.3, method: POST, route: /prove}"] == 58


class TestPool:
    def test_gauges_say_what_the_sessions_do_at_this_moment(self, prover: Prover):
        metrics = Metrics(Sources(prover.pool.stats, prover.service.cache_stats), {"version": "0"}, ["pxl"])

        def now(*names: str) -> tuple:
            values = json.loads(as_json(metrics)) | {
                sample.labels["state"]: sample.value for family in metrics.collect() for sample in family.samples
                if sample.name == "pxl_pool_sessions"}
            return tuple(values[name] for name in names)
        names = ("logos_pxl_session_pool_total", "logos_pxl_session_pool_busy", "proof_queue_length", "idle", "busy", "starting")
        assert now(*names) == (2, 0, 0, 2, 0, 0)
        deadline = time.monotonic() + 60

        def third() -> None:
            with prover.pool.lease(deadline):
                pass
        with prover.pool.lease(deadline):
            assert now(*names) == (2, 1, 0, 1, 1, 0)
            with prover.pool.lease(deadline):
                waiting = threading.Thread(target=third)
                waiting.start()
                eventually(lambda: now(*names) == (2, 2, 1, 0, 2, 0))
        waiting.join()
        assert now(*names) == (2, 0, 0, 2, 0, 0)
        assert now("pxl_pool_rss_bytes")[0] > 20e6 and now("pxl_pool_size", "pxl_pool_generation") >= (2, 2)

    def test_restarts_begin_at_zero_for_every_reason(self, live):
        live.pool.restarts["crash"] = 3
        found = samples(live)
        assert found["pxl_worker_restarts_total{reason: crash}"] == 3
        assert found["pxl_worker_restarts_total{reason: uses}"] == 0

    @pytest.mark.parametrize(("name", "text"), [("memory.max", "4194304"), ("memory/memory.limit_in_bytes", "4194304")])
    def test_the_memory_limit_is_that_of_the_control_group(self, tmp_path, name, text):
        file = tmp_path / "sys/fs/cgroup" / name
        file.parent.mkdir(parents=True)
        file.write_text(text + "\n")
        assert memory_limit_bytes(tmp_path) == 4194304
        file.write_text("max\n")
        assert memory_limit_bytes(tmp_path) > 4194304

    @pytest.mark.parametrize(("groups", "file"), [
        ("0::/system.slice/pxl.service", "system.slice/pxl.service/memory.max"),
        ("0::/system.slice/pxl.service", "system.slice/memory.max"),
        ("4:cpu,memory:/pods/a\n0::/", "memory/pods/a/memory.limit_in_bytes")])
    def test_a_service_has_the_limit_of_its_own_group_and_of_those_above(self, tmp_path, groups, file):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(f"7:cpuset:/else\n{groups}\n")
        limit = tmp_path / "sys/fs/cgroup" / file
        limit.parent.mkdir(parents=True)
        limit.write_text("4194304\n")
        assert memory_limit_bytes(tmp_path) == 4194304


class TestFormats:
    @pytest.mark.parametrize(("accept", "kind"), [
        (PROMETHEUS, "application/openmetrics-text"), (PROMETHEUS_3, "application/openmetrics-text"),
        (PROTOBUF, "application/openmetrics-text"), ("text/plain", "text/plain"), ("text/plain;version=0.0.4", "text/plain"),
        ("application/json;q=0.5, text/plain", "text/plain"), ("application/vnd.google.protobuf", "text/plain"),
        ("application/openmetrics-text;version=x", "application/openmetrics-text"), ("TEXT/PLAIN", "text/plain"),
        ("*/*", "application/json"), ("application/json", "application/json"), ("", "application/json"),
        ("garbage;;q=,", "application/json"), ("text/*", "application/json"), ("text/plain;q=0", "application/json"),
        ("text/plain;q=nan", "application/json"), ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("text/plain;q=0.5, application/json", "application/json"), ("text/plain, application/json", "application/json"),
    ])
    def test_what_is_accepted_decides(self, live, accept, kind):
        response = live.get("/metrics", headers={"Accept": accept})
        assert response.headers["Content-Type"].partition(";")[0] == kind
        assert "Accept" in response.headers["Vary"] and response.headers["Cache-Control"] == "no-store"

    def test_the_query_overrides_what_is_accepted(self, live):
        assert live.get("/metrics?format=json", headers={"Accept": PROMETHEUS}).json()
        assert live.get("/metrics?format=prometheus").headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert live.get("/metrics?format=xml").status_code == 400

    def test_the_second_address_is_always_text(self, live):
        assert live.get("/metrics/prometheus", headers={"Accept": "application/json"}).text.startswith("# HELP")

    def test_what_those_get_who_do_not_say_is_a_setting(self):
        with running(PXL_METRICS_DEFAULT="prometheus") as live:
            assert live.get("/metrics").text.startswith("# HELP")
            assert live.get("/metrics", headers={"Accept": "application/json"}).json()

    def test_both_text_formats_are_read_by_their_parsers_and_say_the_same(self, live):
        live.prove("A")
        text = live.get("/metrics", headers={"Accept": "text/plain"}).text
        modern = live.get("/metrics", headers={"Accept": PROMETHEUS}).text
        assert modern.endswith("# EOF\n")
        assert {s.name for f in read_text(text) for s in f.samples} == {s.name for f in read_openmetrics(modern) for s in f.samples}
        assert "_created" not in text + modern

    def test_the_json_has_every_sample_without_a_label_and_nothing_that_is_not_json(self, live):
        live.prove("A")
        body = live.get("/v1/metrics").text
        values = json.loads(body, parse_constant=lambda word: pytest.fail(word))
        assert set(values) == {name for name in samples(live) if "{" not in name}
        assert type(values["logos_pxl_cache_misses_total"]) is int

    def test_promtool_objects_to_nothing_but_two_names_of_the_founding_documents(self, live):
        live.prove("A")
        done = subprocess.run([shutil.which("promtool"), "check", "metrics"], input=live.get("/metrics/prometheus").text,
                              capture_output=True, text=True, timeout=30, check=False)
        assert set(re.findall(r"^(\S+) ", done.stdout + done.stderr, re.M)) == {"logos_pxl_p95_latency_ms", "logos_pxl_session_pool_total"}

    def test_the_build_is_told_in_labels(self, live):
        line, = [name for name in samples(live) if name.startswith("pxl_build_info")]
        assert "kernel_hash: 0123456789abcdef" in line and "engine: coqidetop" in line and "version: " in line


class TestPrometheus:
    def test_a_real_one_scrapes_with_the_token(self, tmp_path):
        (tmp_path / "token").write_text(TOKEN)
        with running(ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=KEY, PXL_METRICS_TOKEN_FILE=str(tmp_path / "token")) as live, \
                socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
            free.close()
            (tmp_path / "prometheus.yml").write_text(json.dumps({"scrape_configs": [{
                "job_name": "pxl-core", "scrape_interval": "100ms", "scrape_timeout": "100ms",
                "authorization": {"credentials_file": str(tmp_path / "token")},
                "static_configs": [{"targets": [f"127.0.0.1:{live.port}"]}]}]}))
            prometheus = subprocess.Popen(
                [shutil.which("prometheus"), f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
                 f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

            def value(query: str) -> str | None:
                try:
                    found = requests.get(f"http://127.0.0.1:{port}/api/v1/query", params={"query": query}, timeout=5).json()
                except (requests.ConnectionError, ValueError):      # not listening, or not ready
                    return None
                return found["data"]["result"][0]["value"][1] if found.get("data", {}).get("result") else None
            try:
                eventually(lambda: value('up{job="pxl-core"}') == "1", 30)
                eventually(lambda: value("logos_pxl_session_pool_total") == "5")
                assert value("logos_pxl_verification_ratio_percent < 90") is None        # NaN raises no alert
            finally:
                prometheus.kill()
                prometheus.wait()


class TestRequests:
    def test_requests_are_counted_by_route_and_not_by_path(self, live):
        live.get("/v1/proofs/abc")
        live.get("/v1/proofs/def")
        live.get("/nothing/1")
        live.get("/prove", method="DELETE")
        found = samples(live)
        assert found["http_requests_total{method: GET, route: /v1/proofs/<job_id>, status: 404}"] == 2
        assert found["http_requests_total{method: GET, route: unmatched, status: 404}"] == 1
        assert found["http_requests_total{method: DELETE, route: unmatched, status: 405}"] == 1
        assert not [name for name in found if name.startswith("http_request_duration") and "unmatched" in name]
        assert found["pxl_rejections_total{code: unknown-proof}"] == 2

    def test_what_the_web_server_refuses_itself_is_counted_too(self, live):
        live.raw(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\n")
        live.raw(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 40_000 + b"\r\n\r\n")
        found = samples(live)
        assert found["pxl_rejections_total{code: request-header-fields-too-large}"] == 1
        assert sum(value for name, value in found.items() if re.match(r"http_requests_total.*unmatched, status: 4(00|31)", name)) == 2

    def test_a_streamed_answer_is_measured_to_its_end(self, live):
        reply = live.post("/v1/proofs:batch", {"items": [{"formula": "A"}] * 5}, Accept="application/x-ndjson")
        assert len(reply.text.splitlines()) == 6
        eventually(lambda: samples(live).get("http_requests_total{method: POST, route: /v1/proofs:batch, status: 200}") == 1)

    def test_ten_thousand_paths_methods_and_agents_add_no_series(self):
        chance = random.Random(5)
        settings = Settings.from_env({})
        parts, _, _ = parts_of(settings, FakeDecider(), Drain(1), FakePool())
        app = create_app(parts)

        def ask(method: str, path: str, agent: str) -> None:
            environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "x", "SERVER_PORT": "80",
                       "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr,
                       "REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": agent, "HTTP_X_REQUEST_ID": agent}
            answer = app(environ, lambda *started: None)
            b"".join(answer)
            answer.close()

        def series() -> int:
            return sum(len(family.samples) for family in parts.watch.metrics.collect())

        def word() -> str:
            return "".join(chance.choices("abcdefghij0123456789%é", k=12))
        methods = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW")
        fresh = series()
        for _ in range(2000):
            ask(chance.choice((*methods, word().upper())), f"/{word()}", word())
        assert series() < fresh + 30
        routes = sorted({re.sub("<[^>]+>", "{}", rule.rule) for rule in app.url_map.iter_rules()})
        for path in routes:
            for method in methods:
                ask(method, path.format(*"xxx"), "agent")
        before = series()
        for _ in range(8000):
            ask(chance.choice((*methods, word().upper())), chance.choice(routes).format(word(), word(), word()), word())
        assert series() == before
        assert len(parts.watch.performance.report()["endpoints"]) < 4 * len(routes)


class TestAccess:
    ON = {"ENABLE_HMAC_AUTH": "true", "HMAC_SECRET_KEY": KEY}

    def statuses(self, live: Live, **headers: str) -> list[int]:
        return [live.get(path, headers=headers).status_code
                for path in ("/metrics", "/metrics/prometheus", "/metrics/performance", "/v1/metrics")]

    def test_without_authentication_everybody_reads_them(self, live):
        assert self.statuses(live) == [200] * 4

    def test_with_authentication_a_scraper_needs_the_token_and_reads_nothing_else_with_it(self):
        with running(**self.ON, PXL_METRICS_TOKEN=TOKEN) as live:
            assert self.statuses(live) == [401] * 4
            assert self.statuses(live, Authorization=f"Bearer {TOKEN}x") == [401] * 4
            assert self.statuses(live, Authorization=f"Bearer {TOKEN}") == [200, 200, 200, 401]
            assert live.post("/prove", {"goal": "A"}, Authorization=f"Bearer {TOKEN}").status_code == 401
            found = [line for line in live.get("/metrics/prometheus", headers={"Authorization": f"bearer {TOKEN}"}).text.splitlines()
                     if line.startswith("pxl_auth_failures_total")]
            assert 'pxl_auth_failures_total{reason="missing"} 10.0' in found

    def test_the_token_may_stand_in_a_file(self, tmp_path):
        (tmp_path / "token").write_text(TOKEN + "\n")
        with running(**self.ON, PXL_METRICS_TOKEN_FILE=str(tmp_path / "token")) as live:
            assert self.statuses(live, Authorization=f"Bearer {TOKEN}")[0] == 200

    def test_loopback_lets_this_machine_in_and_not_what_a_proxy_on_it_forwards(self):
        with running(**self.ON, PXL_METRICS_ACCESS="loopback") as live:
            assert self.statuses(live) == [200, 200, 200, 401]
            assert self.statuses(live, **{"X-Forwarded-For": "127.0.0.1"}) == [401] * 4

    def test_open_lets_everybody_in_and_only_there(self):
        with running(**self.ON, PXL_METRICS_ACCESS="open") as live:
            assert self.statuses(live, **{"X-Forwarded-For": "192.0.2.7"}) == [200, 200, 200, 401]

    def test_scrapers_are_not_counted_by_the_rate_limit(self):
        with running(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="3", PXL_METRICS_ACCESS="open") as live:
            assert {live.get("/metrics").status_code for _ in range(8)} == {200}
            assert [live.get("/").status_code for _ in range(4)] == [200, 200, 200, 429]
            assert samples(live)["pxl_rate_limited_total"] == 1

    def test_accepted_and_refused_credentials_are_counted(self):
        body = b'{"goal": "A"}'
        with running(**self.ON, PXL_METRICS_ACCESS="open") as live:
            def ask(stamp: int, nonce: str, key: str = KEY) -> int:
                signature = sign_v1(key.encode(), str(stamp), nonce, body)
                return live.post("/prove", raw=body, X_Timestamp=str(stamp), X_Nonce=nonce, X_Signature=signature).status_code
            now = int(time.time())
            assert [ask(now, "nonce-0001"), ask(now, "nonce-0001"), ask(now - 500, "nonce-0002"), ask(now, "nonce-0003", "another" + KEY)] \
                == [200, 401, 401, 401]
            found = samples(live)
            for reason in ("nonce", "timestamp", "signature"):
                assert found[f"pxl_auth_failures_total{{reason: {reason}}}"] == 1
            accepted, = [name for name in found if name.startswith("pxl_auth_requests_total")]
            assert "scheme: hmac" in accepted and found[accepted] == 1

    def test_only_so_many_keys_are_told_apart(self):
        metrics = Metrics(Sources(FakePool, lambda: CacheStats(0, 0, 0, 0, 0, 0)), {}, [])
        for number in range(200):
            metrics.request(RequestRecord(0, 0.1, "POST", "/prove", "/prove", "", 200, 0, "", "hmac", f"key{number}", ""))
            metrics.request(RequestRecord(0, 0.1, "POST", "/prove", "/prove", "", 200, 0, "", "jwt", f"user{number}", ""))
        found = {(s.labels["scheme"], s.labels["key_id"]): s.value for f in metrics.collect() for s in f.samples
                 if s.name == "pxl_auth_requests_total"}
        assert len(found) == 66 and found["hmac", "other"] == 136 and found["jwt", ""] == 200


class TestPerformanceFile:
    def seen(self, duration_s: float, status: int = 200) -> RequestRecord:
        return RequestRecord(0, duration_s, "POST", "/prove", "/prove", "", status, 0, "", "", "", "")

    def test_it_is_valid_before_the_first_request_and_never_half_written(self, tmp_path):
        performance, path = Performance(), tmp_path / "performance.json"
        file = PerformanceFile(path, performance, lambda: pytest.fail("not written"), every_s=0.001)
        file.start()
        assert json.loads(path.read_text())["endpoints"] == []
        for number in range(200):
            performance.request(self.seen(0.1, 500 if number % 2 else 200))
            json.loads(path.read_text())
        file.close()
        endpoint, = json.loads(path.read_text())["endpoints"]
        assert (endpoint["name"], endpoint["call_count"], endpoint["error_count"]) == ("POST /prove", 200, 100)
        assert endpoint["p95_duration_ms"] == pytest.approx(100, rel=0.01) and endpoint["mean_duration_ms"] == 100
        assert list(tmp_path.iterdir()) == [path]

    def test_percentiles_are_of_the_last_day_and_of_the_last_five_minutes(self):
        clock = Clock()
        performance = Performance(clock)
        performance.request(self.seen(2.0))
        clock.now += 1000
        endpoint, = performance.report()["endpoints"]
        assert endpoint["p95_duration_ms"] == pytest.approx(2000, rel=0.01) and endpoint["recent"]["p95_duration_ms"] is None
        clock.now += 100_000
        endpoint, = performance.report()["endpoints"]
        assert endpoint["p95_duration_ms"] is None and endpoint["call_count"] == 1

    def test_what_cannot_be_written_is_counted_and_no_failure(self, tmp_path):
        failures = []
        PerformanceFile(tmp_path / "gone" / "performance.json", Performance(), lambda: failures.append(1)).write()
        assert failures == [1]


@pytest.mark.parametrize(("accept", "is_default", "expected"), [("", True, True), ("*/*", True, True), ("application/json", True, False)])
def test_the_default_is_for_those_who_name_neither(accept, is_default, expected):
    assert wants_text(accept, is_default) is expected
