"""The Python client: typed answers, signatures, retries and crowds, against real servers."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import io
import json
import re
import socket
import threading
from collections.abc import Iterator
from email.utils import formatdate

import pytest
import requests

from pxl.client import (
    Busy,
    Client,
    ClientError,
    Countermodel,
    GoalRefused,
    HmacAuth,
    NoAnswer,
    NotUnderstood,
    Refused,
    Retries,
    ServerFault,
    TimedOut,
    Unauthorized,
    Undecided,
    World,
    find_key,
    read_key,
)
from pxl.client.failures import refusal
from pxl.client.many import in_parallel
from pxl.client.progress import Progress
from pxl.errors import ConfigError, PoolBusy
from pxl.http.app import create_app
from pxl.http.drain import Drain
from pxl.settings import Settings
from tests.support.fake_decider import FakeDecider, FakePool, eventually
from tests.support.live_server import HASH, parts_of, running
from tests.support.signing_stub import KEY, Scripted, Verified, reply_to, serving

ONCE = Retries(attempts=1)
STEADY = Retries(attempts=4, chance=lambda: 0.0)


@pytest.fixture(scope="module")
def live():
    with running() as server:
        yield server


@pytest.fixture
def client(live) -> Iterator[Client]:
    with Client(live.url, retries=ONCE) as client:
        yield client


class Pauses(list):
    """Waits for nothing and keeps what was asked for."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def asking(*steps, retries: Retries = STEADY, key: str | None = None, goal: str = "A"):
    """Ask one goal of a scripted server; return what came of it, what it saw and the pauses."""
    app, pauses = Scripted(*steps), Pauses()
    with serving(app) as url, Client(url, key, retries=retries, sleep=pauses) as client:
        try:
            outcome = client.prove(goal)
        except ClientError as error:
            outcome = error
    return outcome, app.seen, pauses


class TestAnswers:
    def test_a_theorem_is_a_typed_verdict(self, client):
        verdict = client.prove("BOX(A -> A)")
        assert (verdict.verdict, verdict.is_proved, verdict.is_refuted, verdict.is_unknown) == ("proved", True, False, False)
        assert verdict.goal == verdict.goal_normalized == "BOX(A -> A)" and verdict.kernel_hash == HASH
        assert verdict.countermodel is verdict.certificate is verdict.reason is None
        assert verdict.coq == "Prov goal" and "kernel-checked" in verdict.words
        assert verdict.reply["id"] == verdict.request_id and verdict.latency_ms > 0

    def test_a_refutation_has_a_typed_countermodel(self, client):
        model = client.prove("A -> BOX(A)").countermodel
        assert isinstance(model, Countermodel) and len(model.worlds) == 2
        designated = next(world for world in model.worlds if world.is_designated)
        assert designated == World(model.designated, ("A",), True)
        assert "The goal is false at" in model.draw(in_ascii=True) and model.document["access"]["kind"] == "universal"

    def test_a_verdict_is_frozen_and_no_truth_value(self, client):
        verdict = client.prove("A")
        with pytest.raises(dataclasses.FrozenInstanceError):
            verdict.verdict = "proved"
        with pytest.raises(TypeError):
            verdict.reply["verdict"] = "proved"
        with pytest.raises(TypeError, match="ask .is_proved"):
            bool(verdict)

    def test_a_countermodel_is_there_or_certainly_not_there(self, client):
        assert client.countermodel("DIA(A) -> A").designated
        assert client.countermodel("A -> DIA(A)") is None

    def test_unknown_is_a_verdict_and_no_answer_about_a_countermodel(self):
        with running() as live, live.decider.held(), Client(live.url, timeout_s=0.02) as client:
            verdict = client.prove("A")
            assert verdict.is_unknown and verdict.reason == "timeout"
            with pytest.raises(Undecided) as caught:
                client.countermodel("A", timeout_s=0.01)
            assert caught.value.verdict.is_unknown

    def test_a_certificate_comes_when_asked_for(self, client):
        assert client.prove("A -> A", certificate=True).certificate.startswith("(* Goal: A -> A")

    @pytest.mark.parametrize("goal", ["□(p → p)", "  [] (A => A)\n", "A /\\ \"B\"", "\ud800", ""])
    def test_any_text_can_be_asked(self, client, goal):
        try:
            assert client.prove(goal).goal == goal
        except GoalRefused as error:
            assert error.status == 400

    def test_health_is_told_also_when_there_is_none(self, client):
        health = client.health()
        assert (health.status, health.is_ready, health.sessions, health.reasons) == ("ok", True, 5, ())
        assert health.engine == "coqidetop" and health.kernel_hash == HASH
        with running() as live, Client(live.url) as client:
            live.pool.total = live.pool.idle = 0
            assert client.health().is_ready is False and client.health().reasons

    def test_connections_are_used_again(self):
        app, peers = Scripted(), set()

        def watched(environ, start_response):
            peers.add(environ["REMOTE_PORT"])
            return app(environ, start_response)
        with serving(watched) as url, Client(url) as client:
            for _ in range(5):
                client.prove("A")
        assert len(peers) == 1


class TestRefusals:
    def test_a_goal_that_is_no_formula_points_at_the_place(self, client):
        with pytest.raises(GoalRefused) as caught:
            client.prove("BOX(A -> )")
        error = caught.value
        assert (error.status, error.code, error.problem["column"]) == (400, "formula-syntax", 10)
        assert "^" in error.excerpt and error.request_id == error.problem["id"] and "The goal is not a formula" in str(error)

    @pytest.mark.parametrize(("status", "kind"), [
        (400, GoalRefused), (401, Unauthorized), (403, Unauthorized), (404, Refused), (405, Refused), (413, GoalRefused),
        (415, GoalRefused), (422, GoalRefused), (429, Busy), (431, GoalRefused), (500, ServerFault), (501, ServerFault),
        (502, Busy), (503, Busy), (504, Busy)])
    def test_every_status_has_its_exception(self, status, kind):
        for text in ('{"error": "so it is", "code": "x"}', "<html>", "", "[1]", "[" * 100_000):
            error = refusal("http://x/prove", status, {}, text)
            assert type(error) is kind and error.status == status and isinstance(error, ClientError)
            assert str(error) == "so it is" if text.startswith("{") else "is this a PXL server?" in str(error)

    def test_a_server_that_is_not_there(self):
        with Client("http://127.0.0.1:1", retries=ONCE) as client, pytest.raises(NoAnswer, match="is the server running"):
            client.prove("A")

    def test_a_server_that_says_nothing_in_time(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            with Client(url, timeout_s=0.05, margin_s=0.05) as client, pytest.raises(TimedOut):
                client.prove("A")

    @pytest.mark.parametrize("reply", [
        {"ok": True}, ("200 OK", {}, "[]"), reply_to("B"), reply_to("A", "perhaps"), reply_to("A", ok=False), reply_to("A", "refuted", ok=True),
        reply_to("A", countermodel={"worlds": []}), reply_to("A", "refuted", countermodel=None),
        reply_to("A", "refuted", countermodel={"worlds": 1, "designated": "w0"}), reply_to("A", latency_ms="soon"),
        {**reply_to("A"), "statement": None}], ids=repr)
    def test_what_is_no_verdict_on_this_goal_is_not_taken_for_one(self, reply):
        assert isinstance(asking(reply)[0], NotUnderstood)

    def test_another_kind_of_server_is_named_as_such(self, live):
        assert "is this a PXL server?" in str(asking(("200 OK", {}, "<html>hello</html>"))[0])
        with Client(live.url + "/nothing", retries=ONCE) as lost:
            with pytest.raises(Refused):
                lost.prove("A")
            with pytest.raises(Refused):
                lost.health()
        with serving(Scripted(reply_to("A"))) as url, Client(url) as other, pytest.raises(NotUnderstood):
            other.health()

    def test_a_redirect_is_not_followed_but_told(self):
        outcome, seen, _ = asking(("301 Moved", {"Location": "http://else.where/prove"}), key=KEY)
        assert isinstance(outcome, NotUnderstood) and "http://else.where/prove" in str(outcome) and len(seen) == 1

    @pytest.mark.parametrize("url", ["", "localhost:8088", "ftp://x", "http://", "http://x?y", "not a url"])
    def test_an_address_that_is_none_is_refused_at_once(self, url):
        with pytest.raises(ConfigError, match="looks like"):
            Client(url)

    def test_a_key_and_another_auth_are_one_too_many(self):
        with pytest.raises(ConfigError):
            Client("http://x", KEY, auth=HmacAuth(KEY))


class TestSigning:
    def test_the_headers_are_those_of_the_founding_documents(self):
        auth = HmacAuth(KEY, clock=lambda: 1_795_000_000.9, make_nonce=lambda: "nonce-0001")
        headers = auth.headers('{"goal": "□A"}'.encode())
        signed = '1795000000:nonce-0001:{"goal": "□A"}'
        assert headers == {"X-Timestamp": "1795000000", "X-Nonce": "nonce-0001",
                           "X-Key-Id": hashlib.sha256(b"pxl-kid" + KEY.encode()).hexdigest()[:12],
                           "X-Signature": hmac.new(KEY.encode(), signed.encode(), hashlib.sha256).hexdigest()}

    def test_a_key_of_hexadecimal_digits_is_taken_as_text(self):
        text = HmacAuth("ab" * 32, clock=lambda: 1e9, make_nonce=lambda: "n" * 8).headers(b"")
        raw = HmacAuth(bytes.fromhex("ab" * 32), clock=lambda: 1e9, make_nonce=lambda: "n" * 8).headers(b"")
        assert text["X-Signature"] != raw["X-Signature"]

    @pytest.mark.parametrize("body", [{"json": {"goal": "□A"}}, {"data": '{"goal": "□A"}'},
                                      {"data": '{"goal": "□A"}'.encode()}, {"data": bytearray(b'{"goal": "A"}')}], ids=str)
    def test_it_is_a_plain_auth_of_requests(self, body):
        app = Verified(Scripted())
        with serving(app) as url:
            for _ in range(3):
                response = requests.post(f"{url}/prove", **body, auth=HmacAuth(KEY), timeout=30)
                assert response.status_code == 200, response.text
        assert len(set(app.nonces)) == 3 and all(re.fullmatch("[A-Za-z0-9_-]{22}", nonce) for nonce in app.nonces)

    def test_what_cannot_be_signed_is_refused_before_it_is_sent(self):
        for url, options in (("http://x/countermodel", {}), ("http://x/prove?a=1", {}), ("http://x/prove/b", {}),
                             ("http://x/prove", {"data": iter([b"a"])})):
            with pytest.raises(ValueError, match="HmacAuth signs|not a stream"):
                requests.Request("POST", url, auth=HmacAuth(KEY), **options).prepare()
        assert "X-Signature" not in requests.Request("GET", "http://x/health", auth=HmacAuth(KEY)).prepare().headers

    def test_a_signed_client_is_answered_by_a_real_server_that_verifies(self):
        settings = Settings.from_env({})
        parts, _, _ = parts_of(settings, FakeDecider(), Drain(0.0), FakePool())
        with serving(Verified(create_app(parts))) as url:
            with Client(url, KEY, retries=ONCE) as client:
                assert client.prove("□(A → A)").is_proved and client.countermodel("A -> BOX(A)")
                assert client.health().engine == "coqidetop"
            for key in ("another key", None):
                with Client(url, key) as stranger, pytest.raises(Unauthorized):
                    stranger.prove("A")

    def test_the_key_is_in_no_text_about_it(self):
        auth = HmacAuth(KEY)
        assert KEY not in repr(auth) + str(auth) + repr(Client("http://x", KEY)) and auth.key_id in repr(auth)

    def test_a_clock_that_is_off_is_named(self):
        stale = {"Date": formatdate(1_795_000_000, usegmt=True)}
        error = refusal("u", 401, stale, '{"error": "Timestamp outside the window"}', now=1_795_000_075)
        assert "this clock is 75 s ahead of the server's" in str(error)
        error = refusal("u", 401, stale, '{"error": "Timestamp outside the window"}', now=1_794_999_000)
        assert "1000 s behind" in str(error)

    @pytest.mark.parametrize("key", ["", " \n", b""])
    def test_an_empty_key_is_refused(self, key):
        with pytest.raises(ConfigError, match="the key is empty"):
            HmacAuth(key)

    def test_a_key_comes_from_a_file_or_a_variable_and_never_both(self, tmp_path):
        file = tmp_path / "key"
        file.write_bytes(b"from a file\r\n")
        assert read_key(file) == find_key({}, str(file)) == find_key({"HMAC_SECRET_KEY_FILE": str(file)}) == b"from a file"
        assert find_key({"HMAC_SECRET_KEY": "k", "HMAC_SECRET_KEY_FILE": "f"}, str(file)) == b"from a file"
        assert find_key({"HMAC_SECRET_KEY": "ключ"}) == "ключ".encode() and find_key({}) is None
        for text, words in ((b"", "is empty"), (b"a\nb\n", "more than one line")):
            file.write_bytes(text)
            with pytest.raises(ConfigError, match=words):
                read_key(file)
        with pytest.raises(ConfigError, match="No such file"):
            read_key(tmp_path / "none")
        with pytest.raises(ConfigError, match="unset one"):
            find_key({"HMAC_SECRET_KEY": "k", "HMAC_SECRET_KEY_FILE": "f"})


class TestRetries:
    def test_a_named_time_is_waited_and_the_request_signed_anew(self):
        clock = iter(range(1_795_000_000, 1_795_000_900, 20))
        busy, pauses = ("503 Busy", {"Retry-After": "7"}), Pauses()
        app = Scripted(busy, ("429 Slow down", {"Retry-After": "20"}), busy)
        auth = HmacAuth(KEY, clock=lambda: next(clock))
        with serving(app) as url, Client(url, auth=auth, retries=STEADY, sleep=pauses) as client:
            assert client.prove("A").is_proved
        assert pauses == [7, 20, 7]
        sent = [request["headers"] for request in app.seen]
        assert [headers["X_TIMESTAMP"][-2:] for headers in sent] == ["00", "20", "40", "60"]
        assert len({headers["X_NONCE"] for headers in sent}) == len({headers["X_SIGNATURE"] for headers in sent}) == 4
        assert len({request["body"] for request in app.seen}) == 1
        for request in app.seen:
            head = f"{request['headers']['X_TIMESTAMP']}:{request['headers']['X_NONCE']}:".encode()
            assert request["headers"]["X_SIGNATURE"] == hmac.new(KEY.encode(), head + request["body"], "sha256").hexdigest()

    def test_after_the_last_attempt_the_servers_words_are_raised(self):
        outcome, seen, pauses = asking(*[("503 Busy", {"Retry-After": "1"})] * 9)
        assert isinstance(outcome, Busy) and outcome.retry_after_s == 1 and "scripted 503" in str(outcome)
        assert len(seen) == 4 and len(pauses) == 3

    def test_a_time_beyond_the_cap_is_not_undercut_but_given_up(self):
        outcome, seen, pauses = asking(("429 Slow down", {"Retry-After": "61"}))
        assert isinstance(outcome, Busy) and outcome.retry_after_s == 61 and len(seen) == 1 and not pauses

    def test_a_date_is_a_named_time_too_by_the_servers_clock(self):
        headers = {"Retry-After": formatdate(1_795_000_030, usegmt=True), "Date": formatdate(1_795_000_000, usegmt=True)}
        assert refusal("u", 503, headers, "").retry_after_s == 30
        past = {"Retry-After": formatdate(1_795_000_000, usegmt=True)}
        assert refusal("u", 503, past, "", now=1_795_000_900).retry_after_s == 0
        for junk in ("soon", "-5", "1.5", "²", "", "Mon, 99 Foo 2026"):
            assert refusal("u", 503, {"Retry-After": junk}, "").retry_after_s is None

    def test_without_a_named_time_the_wait_doubles_up_to_the_cap(self):
        outcome, _, pauses = asking(*[("502 Bad Gateway", {}, "<html>")] * 9,
                                    retries=Retries(attempts=9, max_wait_s=10, chance=lambda: 1.0))
        assert isinstance(outcome, Busy) and pauses == [0.5, 1, 2, 4, 8, 10, 10, 10]

    def test_a_crowd_does_not_come_back_at_once(self):
        error = Busy("", status=503, retry_after_s=8)
        waits = {Retries(chance=lambda share=share: share).wait_s(1, error) for share in (0.0, 0.5, 1.0)}
        assert waits == {8, 9, 10}
        assert Retries(chance=lambda: 1.0).wait_s(1, Busy("", status=503, retry_after_s=60)) == 60

    @pytest.mark.parametrize("status", ["400 Bad", "401 No", "403 No", "404 None", "413 Large", "500 Broken"])
    def test_what_would_be_the_same_again_is_not_asked_again(self, status):
        outcome, seen, pauses = asking((status, {"Retry-After": "1"}))
        assert isinstance(outcome, Refused) and len(seen) == 1 and not pauses

    def test_a_request_that_a_proxy_sent_twice_is_signed_anew(self):
        """W19: the first copy claimed the nonce, and its answer was lost on the way."""
        server, pauses = Verified(Scripted()), Pauses()

        def proxy(environ, start_response):
            body = environ["wsgi.input"].read()
            if not server.nonces:
                server({**environ, "wsgi.input": io.BytesIO(body)}, lambda status, headers: None)
            return server({**environ, "wsgi.input": io.BytesIO(body)}, start_response)
        with serving(proxy) as url, Client(url, KEY, retries=STEADY, sleep=pauses) as client:
            assert client.prove("A").is_proved
        assert len(pauses) == 1 and len(server.nonces) == 2

    def test_a_broken_connection_is_tried_again_and_a_late_answer_is_not(self):
        pauses = Pauses()
        with Client("http://127.0.0.1:1", retries=STEADY, sleep=pauses) as client, pytest.raises(NoAnswer):
            client.prove("A")
        assert len(pauses) == 3
        assert STEADY.wait_s(1, TimedOut("")) is None

    def test_a_server_that_recovers_answers(self):
        def crowded(formula, deadline):
            raise PoolBusy("all of them work")
        with running() as live:
            usual, live.decider.decide_now = live.decider.decide_now, crowded

            def pause(seconds: float) -> None:
                assert 1 <= seconds <= 4
                live.decider.decide_now = usual
            with Client(live.url, sleep=pause) as client:
                assert client.prove("A -> A").is_proved


class TestMany:
    GOALS = ["BOX(A -> A)", "A -> BOX(A)", "A ->", "BOX(B) -> B"] * 10

    def test_each_goal_has_its_own_outcome_and_one_bad_one_costs_no_other(self, client):
        items = client.batch(self.GOALS, jobs=8, progress=False)
        assert [item.goal for item in items] == self.GOALS and [item.place for item in items] == list(range(40))
        assert [getattr(item.outcome, "verdict", None) for item in items[:4]] == ["proved", "refuted", None, "proved"]
        with pytest.raises(GoalRefused):
            _ = items[2].verdict
        assert items[0].verdict.is_proved

    def test_no_more_goals_are_under_way_than_allowed_and_no_more_are_read_ahead(self):
        read = []

        def goals():
            for n in range(100):
                read.append(n)
                yield "~" * n + "A"
        with running(PXL_POOL_SIZE="20") as live, Client(live.url) as client:
            with live.decider.held():
                answers = client.prove_many(goals(), jobs=3, progress=False)
                first = []
                consumer = threading.Thread(target=lambda: first.append(next(answers)))
                consumer.start()
                eventually(lambda: live.decider.running == 3 and len(read) == 6)
                live.decider.release()
                consumer.join(10)
            assert len(read) == 6 and first[0].verdict.is_refuted
            assert len(list(answers)) == 99

    def test_answers_come_as_they_are_ready(self):
        gate = threading.Event()
        results = in_parallel(lambda n: (gate.wait(20), n)[1] if n == 0 else n, range(6), 2)
        assert [next(results) for _ in range(5)] == [1, 2, 3, 4, 5]
        gate.set()
        assert list(results) == [0]

    def test_what_goes_wrong_in_the_work_goes_wrong_here_and_the_threads_end(self):
        before = threading.active_count()
        with pytest.raises(ZeroDivisionError):
            list(in_parallel(lambda n: 1 // n, [3, 2, 1, 0, 1, 2], 2))
        results = in_parallel(lambda n: n, range(100), 4)
        next(results)
        results.close()
        eventually(lambda: threading.active_count() == before)
        with pytest.raises(ValueError, match="at least 1"):
            next(in_parallel(lambda n: n, [1], 0))

    def test_nothing_to_ask_is_nothing(self, client):
        assert client.batch([]) == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestProgress:
    def test_a_terminal_sees_one_line_that_is_written_over(self):
        terminal, now = Terminal(), iter(range(1000))
        bar = Progress(4, terminal, clock=lambda: float(next(now)))
        for kind in ("proved", "refuted", "proved", "unknown"):
            bar.count(kind)
        bar.close()
        last = terminal.getvalue().rstrip("\n").split("\r")[-1]
        assert "[########################] 4/4  2 proved  1 refuted  1 unknown" in last
        assert terminal.getvalue().count("\n") == 1 and " s left" in terminal.getvalue()

    def test_anything_else_sees_nothing(self):
        stream = io.StringIO()
        bar = Progress(2, stream)
        bar.count("proved")
        bar.clear()
        bar.close()
        assert stream.getvalue() == ""

    def test_it_is_drawn_ten_times_a_second_at_most(self):
        terminal = Terminal()
        bar = Progress(None, terminal, clock=lambda: 5.0)
        for _ in range(1000):
            bar.count("proved")
        assert terminal.getvalue().count("\r") == 1 and "1000 done" in bar.line()

    def test_a_batch_draws_on_standard_error_when_asked_to(self, client, capsys):
        client.batch(["A", "~A"], progress=True)
        captured = capsys.readouterr()
        assert "2/2  2 refuted" in captured.err and not captured.out


def test_the_stub_verifies():
    """The stub refuses what a server must: a changed body, an old time, a nonce that was used."""
    with serving(Verified(Scripted())) as url:
        good = HmacAuth(KEY).headers(b'{"goal": "A"}')
        old = HmacAuth(KEY, clock=lambda: 1_000_000_000).headers(b'{"goal": "A"}')
        said = [requests.post(f"{url}/prove", data=body, headers=headers, timeout=30).text for body, headers in (
            (b'{"goal": "B"}', good), (b'{"goal": "A"}', good), (b'{"goal": "A"}', good), (b'{"goal": "A"}', old))]
    assert "Invalid signature" in said[0] and json.loads(said[1])["ok"]
    assert "Nonce already used" in said[2] and "Timestamp" in said[3]
