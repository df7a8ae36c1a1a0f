"""The client's jobs, and its signatures before the server's own checks."""

from __future__ import annotations

import dataclasses
import io
import threading
import time

import pytest
import requests

from pxl.access.http_message import MessageVerifier
from pxl.access.identity import RequestView
from pxl.access.keyring import Keyring
from pxl.access.keys import CURRENT, Key
from pxl.access.nonces import Freshness, MemoryNonceStore
from pxl.auth_hmac import HmacVerifier
from pxl.client import (
    Client,
    GoalRefused,
    HmacAuth,
    MessageAuth,
    NotUnderstood,
    Refused,
    Retries,
    TimedOut,
    Unauthorized,
)
from pxl.client.jobs import state_from
from pxl.client.signing import KeyAuth
from pxl.errors import AuthError, KernelDisagreement
from pxl.http.app import create_app
from pxl.http.drain import Drain
from pxl.settings import Settings
from tests.support.fake_decider import FakeDecider, FakePool, eventually
from tests.support.live_server import parts_of, running
from tests.support.signing_stub import KEY, Scripted, refuse, serving

ONCE = Retries(attempts=1)


@pytest.fixture(scope="module")
def live():
    with running() as server:
        yield server


class Checked:
    """Lets through to an application what the server's own verifiers take: v1 at ``/prove``, messages elsewhere."""

    def __init__(self, app) -> None:
        ring, nonces = Keyring(lambda: (Key(KEY.encode(), CURRENT),), (), time.time), MemoryNonceStore()
        freshness = Freshness(time.time, 0.0)
        self._app = app
        self._hmac, self._message = HmacVerifier(ring, nonces, freshness), MessageVerifier(ring, nonces, freshness)
        self.kinds: list[str] = []

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read()
        headers = tuple((name[5:].replace("_", "-"), value) for name, value in environ.items() if name.startswith("HTTP_"))
        view = RequestView(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], headers, body, "")
        is_v1 = any(name == "X-SIGNATURE" for name, _ in headers)
        try:
            signed = (self._hmac if is_v1 else self._message).verify(view)
            signed.claim()
        except AuthError as error:
            return refuse(start_response, "401 Unauthorized", error.detail)
        self.kinds.append(signed.identity.kind)
        return self._app({**environ, "wsgi.input": io.BytesIO(body)}, start_response)


class TestBeforeTheServersOwnChecks:
    def test_every_request_of_a_client_with_a_key_is_taken(self):
        parts, _, _ = parts_of(Settings.from_env({}), FakeDecider(), Drain(0.0), FakePool())
        checked = Checked(create_app(parts))
        try:
            with serving(checked) as url, Client(url, KEY, retries=ONCE) as client:
                assert client.prove("□(A → A)").is_proved
                job = client.submit("A -> BOX(A)", certificate=True)
                assert job.wait(20).is_refuted and "Theorem answer" in job.certificate()
                assert job.cancel().is_over
        finally:
            parts.jobs.close()
        assert checked.kinds[:2] == ["hmac", "signature"] and set(checked.kinds[2:]) == {"signature"}

    @pytest.mark.parametrize(("method", "path", "body"), [
        ("POST", "/prove", b'{"goal": "A"}'), ("POST", "/countermodel?a=1&b=%20", "□"), ("GET", "/health", None),
        ("DELETE", "/v1/proofs/x", None), ("PUT", "", b"")])
    def test_a_message_signature_covers_any_request(self, method, path, body):
        with serving(Checked(lambda environ, start: refuse(start, "200 OK", "taken"))) as url:
            for _ in range(2):
                reply = requests.request(method, url + path, data=body, auth=MessageAuth(KEY), timeout=30)
                assert "taken" in reply.text

    def test_what_was_changed_on_the_way_is_not_taken(self):
        with serving(Checked(Scripted())) as url:
            sent = requests.Request("POST", f"{url}/v1/x", data=b"A", auth=MessageAuth(KEY)).prepare()
            for change in ({"method": "PUT"}, {"url": f"{url}/v1/y"}, {"url": f"{url}/v1/x?q"}, {"body": b"B"}):
                changed = sent.copy()
                for name, value in change.items():
                    setattr(changed, name, value)
                with requests.Session() as session:
                    assert "Invalid signature" in session.send(changed, timeout=30).text, change
            with Client(url, auth=MessageAuth("another key, that nobody has given out"), retries=ONCE) as client, \
                    pytest.raises(Unauthorized):
                client.prove("A")

    def test_a_stream_cannot_be_signed(self):
        with pytest.raises(ValueError, match="not a stream"):
            requests.Request("POST", "http://x/v1/y", data=iter([b"a"]), auth=MessageAuth(KEY)).prepare()

    def test_a_key_signs_in_the_way_that_is_taken_there(self):
        def headers(method, path):
            return set(requests.Request(method, f"http://x{path}", auth=KeyAuth(KEY)).prepare().headers)
        assert "X-Signature" in headers("POST", "/prove") and "Signature-Input" in headers("GET", "/v1/proofs/1")
        assert not {"X-Signature", "Signature"} & headers("GET", "/health")
        assert HmacAuth(KEY).key_id == MessageAuth(KEY).key_id and KEY not in repr(KeyAuth(KEY)) + repr(MessageAuth(KEY))


class TestJobs:
    def test_a_goal_is_handed_in_looked_at_and_waited_for(self):
        looked = []
        with running() as live, live.decider.held():
            def pause(seconds: float) -> None:
                looked.append(seconds)
                if len(looked) == 3:
                    live.decider.release()
                    eventually(lambda: live.decider.running == 0)
            with Client(live.url, retries=ONCE, sleep=pause) as client:
                job = client.submit("A -> BOX(A)")
                eventually(lambda: job.state().status == "running")
                state = job.state()
                assert (state.id, state.is_over, state.verdict, state.error) == (job.id, False, None, None)
                assert state.elapsed_ms > 0 and state.position == 0
                verdict = job.wait()
                assert verdict.is_refuted and verdict.countermodel.designated
                assert looked[:3] == [0.05, 0.1, 0.2]
                assert client.job(job.id).wait().goal == "A -> BOX(A)"
                assert job.state().is_over and job.state().verdict == verdict

    def test_waiting_ends_and_the_job_goes_on(self, live):
        with live.decider.held(), Client(live.url, retries=ONCE) as client:
            job = client.submit("Q -> BOX(Q)")
            with pytest.raises(TimedOut, match="after 0 s: wait again"):
                job.wait(0)
            live.decider.release()
            assert job.wait(20).is_refuted

    def test_a_job_that_is_taken_back_frees_its_session_and_is_forgotten(self, live):
        with live.decider.held(), Client(live.url, retries=ONCE) as client:
            job = client.submit("R -> BOX(R /\\ S)")
            eventually(lambda: live.decider.running == 1)
            assert job.cancel().status == "cancelled"
            eventually(lambda: live.decider.running == 0)
            with pytest.raises(Refused) as caught:
                job.wait()
            assert caught.value.status == 404 and caught.value.code == "unknown-proof"

    def test_a_goal_that_is_no_formula_is_refused_at_once(self, live):
        with Client(live.url, retries=ONCE) as client, pytest.raises(GoalRefused):
            client.submit("A ->")

    def test_what_goes_wrong_with_the_goal_is_raised_to_who_waits(self):
        def broken(formula, deadline):
            raise KernelDisagreement("a bug")
        with running() as live, Client(live.url, retries=ONCE) as client:
            live.decider.decide_now = broken
            with pytest.raises(Refused, match="a bug") as caught:
                client.submit("A").wait(20)
            assert caught.value.code == "kernel-disagreement" and caught.value.status == 500

    def test_a_certificate_comes_from_the_job(self, live):
        with Client(live.url, retries=ONCE) as client:
            job = client.submit("A -> A", timeout_s=5, certificate=True)
            assert job.wait(20).certificate == job.certificate()

    def test_many_may_wait_at_once(self, live):
        with Client(live.url, retries=ONCE) as client:
            jobs = [client.submit("~" * n + "A") for n in range(8)]
            found: dict[int, str] = {}
            threads = [threading.Thread(target=lambda n=n: found.__setitem__(n, jobs[n].wait(20).verdict)) for n in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
        assert found == dict.fromkeys(range(8), "refuted")

    @pytest.mark.parametrize("job_id", ["", "../health", "a/b", "a?b", "é", "a" * 129])
    def test_what_is_no_id_is_not_asked_for(self, job_id):
        with pytest.raises(ValueError, match="not the id"):
            Client("http://x").job(job_id)

    def test_what_is_no_state_is_not_taken_for_one(self, live):
        with Client(live.url, retries=ONCE) as client:
            job = client.submit("A -> A")
            job.wait(20)
        good = requests.get(f"{live.url}/v1/proofs/{job.id}", timeout=30).json()
        assert dataclasses.is_dataclass(state_from(good, "A -> A", job.id))
        for change in ({"id": "other"}, {"status": "perhaps"}, {"status": "running"}, {"result": None}, {"progress": None},
                       {"result": {"goal": "B"}}, {"error": 5}):
            with pytest.raises(NotUnderstood):
                state_from({**good, **change}, "A -> A", job.id)
        for junk in (None, [], {}, "x"):
            with pytest.raises(NotUnderstood):
                state_from(junk, None)
