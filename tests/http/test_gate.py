"""Who may ask, over HTTP: signatures, tokens, roles, replays, and what every response carries."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import jwt
import pytest
import requests
from requests.structures import CaseInsensitiveDict

from pxl.access.guard import HEALTH, PUBLIC
from pxl.access.keys import Key
from pxl.access.signing import sign_message, sign_v1
from pxl.access.tokens import key_id
from tests.support.fake_decider import FakeDecider, eventually
from tests.support.live_server import HASH, Live, running

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2
JWT_SECRET = "ffeeddccbbaa99887766554433221100" * 2
KEY = Key(SECRET.encode())
HMAC = {"ENABLE_HMAC_AUTH": "true", "HMAC_SECRET_KEY": SECRET}
JWT = {"JWT_SECRET_KEY": JWT_SECRET}
GOAL = b'{"goal": "BOX(A -> A)"}'
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def both():
    with running(**HMAC, **JWT) as server:
        yield server


@pytest.fixture(scope="module")
def hmac_only():
    with running(**HMAC) as server:
        yield server


@pytest.fixture(scope="module")
def jwt_only():
    with running(**JWT) as server:
        yield server


def v1(body: bytes = GOAL, **changes: str) -> dict[str, str]:
    """Return the headers of the documents' scheme."""
    stamp, nonce = changes.get("timestamp", str(int(time.time()))), changes.get("nonce", secrets.token_urlsafe(16))
    return JSON | {"X-Timestamp": stamp, "X-Nonce": nonce, "X-Signature": sign_v1(KEY.secret, stamp, nonce, body)}


def message(method: str, path: str, body: bytes = b"", query: str = "", nonce: str = "") -> dict[str, str]:
    return JSON | sign_message(KEY.id, KEY.secret, method, path, query, body, created=int(time.time()),
                               nonce=nonce or secrets.token_urlsafe(16))


def send(live: Live, method: str, path: str, body: bytes = b"", headers: dict | None = None) -> requests.Response:
    return requests.request(method, live.url + path, data=body or None, headers=headers, timeout=30)


def signed(live: Live, method: str, path: str, body: bytes = b"") -> requests.Response:
    return send(live, method, path, body, message(method, path, body))


def issue(live: Live, **members) -> dict:
    response = signed(live, "POST", "/v1/auth/token", json.dumps(members).encode())
    assert response.status_code == 200, response.text
    return response.json()


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def claims(**changes) -> dict:
    now = int(time.time())
    return {"iss": "pxl", "aud": "pxl", "sub": "eve", "iat": now, "exp": now + 3600, "jti": "j" * 16, "sid": "s" * 16,
            "auth_time": now, "roles": ["prove", "observe"]} | changes


def assert_unauthorized(response: requests.Response, words: str = "") -> dict:
    assert response.status_code == 401, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["WWW-Authenticate"]
    assert abs(parsedate_to_datetime(response.headers["Date"]).timestamp() - time.time()) < 60
    document = response.json()
    assert document["ok"] is False and document["code"] == "unauthorized" and words in document["error"]
    assert SECRET not in response.text and JWT_SECRET not in response.text
    return document


class TestTheDocumentsScheme:
    def test_a_signed_goal_is_answered(self, both):
        response = send(both, "POST", "/prove", GOAL, v1())
        assert response.status_code == 200 and response.json()["ok"] is True

    def test_unsigned_is_401_with_a_challenge_and_the_time(self, both):
        response = send(both, "POST", "/prove", GOAL, JSON)
        assert_unauthorized(response, "Invalid signature")
        assert re.match(r'HMAC-SHA256 error="signature", server-time="[0-9]{10}"', response.headers["WWW-Authenticate"])
        assert "Bearer" not in response.headers["WWW-Authenticate"]

    def test_the_challenge_names_what_was_wrong(self, both):
        old = send(both, "POST", "/prove", GOAL, v1(timestamp=str(int(time.time()) - 61)))
        assert_unauthorized(old, "Timestamp")
        assert 'error="timestamp"' in old.headers["WWW-Authenticate"]
        bad = send(both, "POST", "/prove", GOAL, v1(nonce="a:b:c:d:e"))
        assert_unauthorized(bad, "Nonce")
        assert 'error="nonce"' in bad.headers["WWW-Authenticate"]

    def test_a_replay_is_401(self, both):
        headers = v1()
        assert send(both, "POST", "/prove", GOAL, headers).status_code == 200
        assert_unauthorized(send(both, "POST", "/prove", GOAL, headers), "Nonce already used")

    @pytest.mark.parametrize("make", [lambda: v1(), lambda: message("POST", "/prove", GOAL)], ids=["v1", "message"])
    def test_of_64_equal_requests_at_once_exactly_one_is_answered(self, make):
        with running(PXL_MAX_QUEUE="80", **HMAC) as live:
            headers = make()
            with ThreadPoolExecutor(64) as threads:
                statuses = list(threads.map(lambda _: send(live, "POST", "/prove", GOAL, headers).status_code, range(64)))
            assert sorted(statuses) == [200] + [401] * 63

    @pytest.mark.parametrize(("method", "path"), [
        ("POST", "/countermodel"), ("POST", "/prove?x=1"), ("POST", "//prove"), ("POST", "/prove/"),
        ("GET", "/health/proof_server"), ("POST", "/v1/auth/token"), ("PUT", "/prove")])
    def test_it_is_good_for_one_endpoint_only(self, both, method, path):
        assert send(both, method, path, GOAL, v1()).status_code in (401, 404, 405)

    def test_one_changed_byte_of_the_body(self, both):
        for place in range(len(GOAL)):
            body = GOAL[:place] + bytes([GOAL[place] ^ 1]) + GOAL[place + 1:]
            assert_unauthorized(send(both, "POST", "/prove", body, v1(GOAL)))

    @pytest.mark.parametrize("name", ["X-Signature", "X-Timestamp", "X-Nonce"])
    def test_a_header_that_stands_twice(self, both, name):
        headers = v1()
        lines = [f"{key}: {value}" for key, value in headers.items()] + [f"{name}: {headers[name]}"]
        raw = "\r\n".join(["POST /prove HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {len(GOAL)}", *lines])
        assert both.raw(raw.encode() + b"\r\n\r\n" + GOAL).startswith(b"HTTP/1.1 401")

    @pytest.mark.parametrize("name", ["X-Signature", "X-Timestamp", "X-Nonce"])
    def test_a_header_under_a_name_with_underscores_is_none(self, both, name):
        headers = v1()
        headers[name.replace("-", "_")] = headers.pop(name)
        assert_unauthorized(send(both, "POST", "/prove", GOAL, headers))

    def test_the_nonce_is_claimed_after_admission(self):
        """W19: whoever was answered 503 may send the same request again."""
        with running(FakeDecider(), PXL_POOL_SIZE="1", PXL_MAX_QUEUE="0", PXL_THREADS="12", **HMAC) as live:
            body, headers = b'{"goal": "Q -> Q"}', v1(b'{"goal": "Q -> Q"}')
            with ThreadPoolExecutor(1) as threads, live.decider.held():
                other = b'{"goal": "R -> BOX(R)"}'
                busy = threads.submit(send, live, "POST", "/prove", other, v1(other))
                eventually(lambda: live.decider.running == 1)
                assert send(live, "POST", "/prove", body, headers).status_code == 503
                live.decider.release()
                assert busy.result().status_code == 200
            assert send(live, "POST", "/prove", body, headers).status_code == 200
            assert_unauthorized(send(live, "POST", "/prove", body, headers), "Nonce already used")

    def test_also_a_cached_answer_needs_a_fresh_nonce(self, both):
        headers = v1()
        assert send(both, "POST", "/prove", GOAL, v1()).status_code == 200
        assert send(both, "POST", "/prove", GOAL, headers).json()["cache_hit"] is True
        assert_unauthorized(send(both, "POST", "/prove", GOAL, headers), "Nonce already used")

    def test_a_malformed_goal_is_told_to_the_signer_only(self, both):
        body = b'{"goal": "BOX("}'
        assert send(both, "POST", "/prove", body, v1(body)).status_code == 400
        assert_unauthorized(send(both, "POST", "/prove", body, JSON))

    def test_it_can_be_turned_off(self):
        with running(HMAC_ALLOW_V1="false", **HMAC) as live:
            assert_unauthorized(send(live, "POST", "/prove", GOAL, v1()), "Invalid signature")
            assert signed(live, "POST", "/prove", GOAL).status_code == 200


class TestMessageSignatures:
    @pytest.mark.parametrize(("method", "path", "body"), [
        ("POST", "/prove", GOAL), ("POST", "/countermodel", GOAL), ("GET", "/health/proof_server", b""), ("GET", "/", b"")])
    def test_every_route_takes_them(self, both, method, path, body):
        assert signed(both, method, path, body).status_code == 200

    def test_cross_endpoint_reuse(self, both):
        headers = message("POST", "/prove", GOAL)
        assert_unauthorized(send(both, "POST", "/countermodel", GOAL, headers))
        assert_unauthorized(send(both, "POST", "/prove?a=b", GOAL, headers))
        assert send(both, "POST", "/prove", GOAL, headers).status_code == 200

    @pytest.mark.parametrize(("method", "path", "body"), [
        ("POST", "/countermodel", GOAL), ("GET", "/health/proof_server", b""), ("POST", "/v1/auth/token", b"{}")])
    def test_a_replay_is_401_on_every_route(self, both, method, path, body):
        headers = message(method, path, body)
        assert send(both, method, path, body, headers).status_code == 200
        assert_unauthorized(send(both, method, path, body, headers), "Nonce already used")

    def test_a_query_is_signed_too(self, both):
        headers = message("GET", "/health/proof_server", query="a=1&b=%20")
        assert send(both, "GET", "/health/proof_server?a=1&b=%20", b"", headers).status_code == 200
        assert_unauthorized(send(both, "GET", "/health/proof_server?a=2&b=%20", b"", headers))

    def test_the_reply_is_signed_on_request_but_not_the_refusal_of_a_replay(self, both):
        headers = message("POST", "/prove", GOAL) | {"X-PXL-Sign-Reply": "1"}
        first, again = (send(both, "POST", "/prove", GOAL, headers) for _ in range(2))
        assert re.fullmatch("[0-9a-f]{64}", first.headers["X-PXL-Response-Signature"])
        assert again.status_code == 401 and "X-PXL-Response-Signature" not in again.headers


class TestTokens:
    def test_a_signed_call_gets_one_for_an_hour(self, both):
        token = issue(both, subject="alice", roles=["observe"])
        read = jwt.decode(token["access_token"], JWT_SECRET.encode(), algorithms=["HS256"], audience="pxl")
        assert read["exp"] - read["iat"] == 3600 == token["expires_in"] and token["token_type"] == "Bearer"
        assert read["sub"] == "alice" and token["roles"] == read["roles"] == ["observe"]

    def test_without_a_body_it_is_for_the_key_itself(self, both):
        token = signed(both, "POST", "/v1/auth/token").json()
        assert token["subject"] == KEY.id and token["roles"] == ["observe", "prove"]

    @pytest.mark.parametrize("body", [b'{"roles": []}', b'{"roles": ["root"]}', b'{"roles": "prove"}', b'{"roles": [[]]}',
                                      b'{"subject": ""}', b'{"subject": "a b"}', b'{"subject": 7}', b'{"x": 1}', b"[]", b"x"])
    def test_malformed_wishes_are_400(self, both, body):
        assert signed(both, "POST", "/v1/auth/token", body).status_code == 400

    def test_nobody_else_gets_one(self, both):
        token = issue(both)["access_token"]
        assert_unauthorized(send(both, "POST", "/v1/auth/token", b"{}", JSON), "Invalid signature")
        assert send(both, "POST", "/v1/auth/token", b"{}", JSON | bearer(token)).status_code == 403

    def test_it_opens_what_people_use_and_not_the_machines_route(self, both):
        token = issue(both)["access_token"]
        assert send(both, "GET", "/health/proof_server", b"", bearer(token)).status_code == 200
        response = send(both, "POST", "/prove", GOAL, JSON | bearer(token))
        assert_unauthorized(response, "needs a signature")

    def test_without_signatures_it_opens_all_routes_and_nothing_is_open_without_it(self, jwt_only):
        token = jwt.encode(claims(), JWT_SECRET.encode(), "HS256")
        for path in ("/prove", "/countermodel"):
            assert send(jwt_only, "POST", path, GOAL, JSON | bearer(token)).status_code == 200
            response = send(jwt_only, "POST", path, GOAL, JSON)
            assert_unauthorized(response)
            assert response.headers["WWW-Authenticate"].startswith("Bearer")

    @pytest.mark.parametrize("make", [
        lambda: jwt.encode(claims(), None, "none"),
        lambda: jwt.encode(claims(), JWT_SECRET.encode(), "HS512"),
        lambda: jwt.encode(claims(), JWT_SECRET.encode(), "HS384"),
        lambda: jwt.encode(claims(), SECRET.encode(), "HS256"),
        lambda: jwt.encode(claims(iat=1, exp=3601, auth_time=1), JWT_SECRET.encode(), "HS256"),
        lambda: jwt.encode(claims(aud="other"), JWT_SECRET.encode(), "HS256"),
        lambda: jwt.encode(claims(iss="other"), JWT_SECRET.encode(), "HS256"),
        lambda: jwt.encode(claims(), JWT_SECRET.encode(), "HS256", {"kid": "../../dev/null"}),
        lambda: jwt.encode(claims(exp=int(time.time()) + 7200), JWT_SECRET.encode(), "HS256"),
        lambda: "x", lambda: "a.b.c", lambda: "é", lambda: "Bearer",
    ], ids=["none", "hs512", "hs384", "the other secret", "expired", "aud", "iss", "kid path", "too long a life",
            "x", "dots", "not ascii", "twice bearer"])
    def test_bad_tokens_are_401(self, both, make):
        response = send(both, "GET", "/health/proof_server", b"", {"Authorization": b"Bearer " + make().encode()})
        assert_unauthorized(response)
        assert 'Bearer realm="pxl"' in response.headers["WWW-Authenticate"]

    def test_the_handmade_one_is_good(self, both):
        for header in (None, {"kid": key_id(JWT_SECRET.encode())}):
            token = jwt.encode(claims(), JWT_SECRET.encode(), "HS256", header)
            assert send(both, "GET", "/health/proof_server", b"", bearer(token)).status_code == 200

    @pytest.mark.parametrize("value", ["Basic YTpi", "Bearer", "Bearer a b", "Bearer a, Bearer b", "bearer", "Token x", ""])
    def test_other_words_in_authorization(self, both, value):
        assert_unauthorized(send(both, "GET", "/health/proof_server", b"", {"Authorization": value}))

    def test_two_kinds_of_credentials_are_none(self, both):
        token = issue(both)["access_token"]
        headers = message("GET", "/health/proof_server") | bearer(token)
        assert_unauthorized(send(both, "GET", "/health/proof_server", b"", headers), "one kind")
        assert_unauthorized(send(both, "POST", "/prove", GOAL, v1() | message("POST", "/prove", GOAL)), "one kind")

    def test_refresh_and_logout(self, both):
        first = issue(both, subject="bob")
        second = send(both, "POST", "/v1/auth/refresh", b"", bearer(first["access_token"])).json()
        assert second["session"] == first["session"] and second["access_token"] != first["access_token"]
        assert send(both, "POST", "/v1/auth/revoke", b"", bearer(first["access_token"])).json()["revoked"] == first["session"]
        for token in (first, second):
            for method, path in (("GET", "/health/proof_server"), ("POST", "/v1/auth/refresh")):
                assert_unauthorized(send(both, method, path, b"", bearer(token["access_token"])), "Token revoked")

    def test_a_signed_call_ends_any_session(self, both):
        token = issue(both, subject="carol")
        body = json.dumps({"session": token["session"]}).encode()
        assert signed(both, "POST", "/v1/auth/revoke", body).status_code == 200
        assert_unauthorized(send(both, "POST", "/v1/auth/refresh", b"", bearer(token["access_token"])))
        for bad in (b"{}", b'{"session": "x"}', b'{"session": 1}'):
            assert signed(both, "POST", "/v1/auth/revoke", bad).status_code == 400

    def test_refresh_is_for_tokens(self, both):
        assert_unauthorized(signed(both, "POST", "/v1/auth/refresh"))

    def test_without_a_key_there_are_no_such_routes(self, hmac_only):
        assert signed(hmac_only, "POST", "/v1/auth/token").status_code == 404


class TestRoles:
    def test_a_role_that_is_missing_is_403(self, jwt_only):
        for roles, prove, observe in ((["observe"], 403, 200), (["prove"], 200, 403), ([], 403, 403), (["admin"], 200, 200)):
            token = bearer(jwt.encode(claims(roles=roles), JWT_SECRET.encode(), "HS256"))
            response = send(jwt_only, "POST", "/prove", GOAL, JSON | token)
            assert response.status_code == prove
            assert send(jwt_only, "GET", "/health/proof_server", b"", token).status_code == observe
            if prove == 403:
                assert response.json()["code"] == "forbidden" and "prove" in response.json()["detail"]

    def test_a_key_gives_no_role_that_it_has_not(self, tmp_path):
        keyring = tmp_path / "keys.json"
        from pxl.access.keyfile import write_keyfile
        write_keyfile(keyring, (Key(KEY.secret, roles=frozenset({"observe"})),))
        with running(ENABLE_HMAC_AUTH="true", HMAC_KEYRING_FILE=str(keyring), **JWT) as live:
            assert issue(live)["roles"] == ["observe"]
            assert signed(live, "POST", "/v1/auth/token", b'{"roles": ["prove"]}').status_code == 403
            assert signed(live, "POST", "/v1/auth/revoke", b'{"session": "ssssssssssssssss"}').status_code == 403
            assert send(live, "POST", "/prove", GOAL, v1()).status_code == 403


class TestOrder:
    """A request with two faults is told the one that comes first."""

    def test_the_drain_before_the_size_before_the_credentials(self):
        with running(FakeDecider(), PXL_DRAIN_TIMEOUT="20", MAX_REQUEST_SIZE="2048", **HMAC) as live:
            large = b"x" * 3000
            assert send(live, "POST", "/prove", large, JSON).status_code == 413
            body = b'{"goal": "Slow"}'
            with ThreadPoolExecutor(1) as threads, live.decider.held():
                busy = threads.submit(send, live, "POST", "/prove", body, v1(body))
                eventually(lambda: live.decider.running == 1)
                live.drain.begin()
                assert send(live, "POST", "/prove", large, JSON).status_code == 503
                live.decider.release()
                assert busy.result().status_code == 200

    def test_the_credentials_before_the_rate_before_the_role_before_the_body(self):
        with running(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1", **JWT) as live:
            token = bearer(jwt.encode(claims(roles=["observe"]), JWT_SECRET.encode(), "HS256"))
            assert send(live, "POST", "/prove", b"{", JSON | token).status_code == 403
            assert send(live, "POST", "/prove", b"{", JSON | token).status_code == 429
            assert send(live, "POST", "/prove", b"{", JSON | bearer("junk")).status_code == 401


class TestOpenRoutes:
    @pytest.mark.parametrize("path", sorted(HEALTH - {"/v1/health"}))
    def test_probes_need_nothing(self, both, path):
        assert both.get(path).status_code == 200
        assert both.get(path, headers={"Authorization": "junk", "X-Signature": "junk"}).status_code == 200

    def test_what_is_no_route_is_no_secret(self, both):
        assert both.get("/nothing").status_code == 404
        assert both.get("/prove").status_code == 405

    def test_every_other_route_is_closed(self, both):
        listed = both.get("/").json()["routes"]
        for line in listed:
            method, path = line.split()
            if "<" in path and path.startswith("/docs"):
                continue        # the viewer's files, as open as the viewer
            status = send(both, method, path, b"{}" if method == "POST" else b"", JSON).status_code
            assert status == (200 if path in HEALTH | PUBLIC else 401), line

    def test_without_authentication_everybody_may_ask(self):
        with running() as live:
            assert live.prove("A -> A").status_code == 200
            assert live.get("/health/proof_server").status_code == 200


def assert_provenance(headers, status: int) -> None:
    for name, value in (("X-PXL-Coqchk", "verified-20260102_030405"), ("X-Build-SHA", "e6a0d37"), ("X-V4-SHA", HASH)):
        assert headers.get(name) == value, (name, status)
    assert re.fullmatch("[A-Za-z0-9._-]{1,64}", headers["X-Request-ID"])
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in headers["Content-Security-Policy"] and headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"


class TestEveryResponse:
    def test_says_what_is_running_on_all_routes_with_all_statuses(self):
        """200, 204, 400, 401, 403, 404, 405, 413, 415, 429, 500, 503, and what Waitress answers by itself."""
        seen = set()

        def look(response: requests.Response) -> None:
            seen.add(response.status_code)
            assert_provenance(response.headers, response.status_code)

        with running(FakeDecider(), RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="9000", PXL_RATE_LIMIT_TOTAL="0",
                     MAX_REQUEST_SIZE="4096", PXL_MAX_QUEUE="0", PXL_POOL_SIZE="1", **HMAC, **JWT) as live:
            routes = [line.split() for line in live.get("/").json()["routes"]]
            for _, path in routes:
                for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"):
                    look(send(live, method, path, b"{}" if method == "POST" else b"", JSON))
                    look(signed(live, method, path, GOAL if method == "POST" else b""))
            look(send(live, "GET", "/nowhere"))
            for body, kind in ((b"{", "application/json"), (b"{}", "text/plain"), (b"x" * 5000, "application/json")):
                look(send(live, "POST", "/prove", body, v1(body) | {"Content-Type": kind}))
            look(send(live, "GET", "/health/proof_server", b"",
                      bearer(issue(live, roles=["prove"])["access_token"])))

            def broken(formula, deadline, cancel=None, leased=lambda: None):
                raise RuntimeError("a bug")
            body, now = b'{"goal": "Broken"}', live.decider.decide_now
            live.decider.decide_now = broken
            look(send(live, "POST", "/prove", body, v1(body)))
            live.decider.decide_now = now
            with ThreadPoolExecutor(1) as threads, live.decider.held():
                busy = threads.submit(send, live, "POST", "/prove", body, v1(body))
                eventually(lambda: live.decider.running == 1)
                other = b'{"goal": "BOX(Other)"}'
                look(send(live, "POST", "/prove", other, v1(other)))
                live.decider.release()
                look(busy.result())
        with running(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1") as live:
            look(live.prove("A"))
            look(live.prove("A"))
        assert seen == {200, 204, 400, 401, 403, 404, 405, 413, 415, 429, 500, 503}

    @pytest.mark.parametrize("data", [
        b"GET\r\n\r\n", b"POST /prove HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"GET / HTTP/1.1\r\nA: " + b"x" * 40_000 + b"\r\n\r\n",
        b"POST /prove HTTP/1.1\r\nTransfer-Encoding: bogus\r\n\r\n", b"POST /prove HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n",
    ], ids=["line", "length", "long header", "encoding", "too large"])
    def test_also_what_waitress_answers_by_itself(self, both, data):
        head = both.raw(data).split(b"\r\n\r\n")[0].decode().split("\r\n")
        assert re.match(r"HTTP/1\.[01] (400|413|431|501)", head[0]), head[0]
        assert_provenance(CaseInsensitiveDict(line.split(": ", 1) for line in head[1:]), 0)

    def test_the_commit_of_this_clone(self):
        from pathlib import Path

        from pxl.http.provenance import build_sha
        assert re.fullmatch("[0-9a-f]{7}|unknown", build_sha(Path(__file__).resolve().parents[2]))

    def test_a_refusal_is_logged_on_one_line_with_address_and_agent(self, both, caplog):
        with caplog.at_level("INFO", logger="pxl"):
            send(both, "POST", "/prove", GOAL, v1(nonce="a b c d e f") | {"User-Agent": "probe\x85é"})
        line = next(record.getMessage() for record in caplog.records if "Unauthorized" in record.getMessage())
        assert "127.0.0.1" in line and "probe\\x85\\xe9" in line and "Nonce" in line and "\n" not in line
        assert SECRET not in caplog.text and hashlib.sha256(GOAL).hexdigest() not in caplog.text


GOOD = "https://trusted-domain.com"


@pytest.fixture(scope="module")
def live():
    with running(CORS_ORIGINS=f"{GOOD}, http://localhost:3000", **JWT) as server:
        yield server


class TestOrigins:
    @pytest.mark.parametrize("origin", [GOOD, "http://localhost:3000"])
    def test_a_listed_origin_may_call(self, live, origin):
        for response in (live.get("/health", headers={"Origin": origin}),
                         live.get("/health/proof_server", headers={"Origin": origin})):
            assert response.headers["Access-Control-Allow-Origin"] == origin
            assert response.headers["Access-Control-Allow-Credentials"] == "true"
            assert "Origin" in response.headers["Vary"]
            assert "X-Request-ID" in response.headers["Access-Control-Expose-Headers"]

    @pytest.mark.parametrize("origin", [
        "null", "https://trusted-domain.com.evil.org", "https://eviltrusted-domain.com", "http://trusted-domain.com",
        "https://trusted-domain.com:8443", "https://trusted-domainXcom", "https://trusted-domain.com/", "*", "",
        "https://trusted-domain.com https://evil.org", "https://trusted-domain.com\tx", "https://sub.trusted-domain.com",
        "http://localhost:3000.evil.org", "http://localhost:30000", "file://", "https://evil.org"])
    def test_nobody_else_may(self, live, origin):
        for response in (live.get("/health", headers={"Origin": origin}),
                         live.get("/nowhere", headers={"Origin": origin}),
                         live.get("/prove", method="OPTIONS", headers={
                             "Origin": origin, "Access-Control-Request-Method": "POST"})):
            assert not [name for name in response.headers if name.lower().startswith("access-control-")]
            assert "Origin" in response.headers["Vary"]

    def test_a_preflight_needs_no_credentials_and_grants_what_is_listed(self, live):
        response = live.get("/prove", method="OPTIONS", headers={
            "Origin": GOOD, "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type, x-evil"})
        assert response.status_code == 204
        assert response.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
        assert set(response.headers["Access-Control-Allow-Methods"].split(", ")) == {"GET", "POST", "DELETE"}
        assert response.headers["Access-Control-Max-Age"] == "600"

    def test_without_the_setting_nobody_may(self, both):
        response = both.get("/health", headers={"Origin": GOOD})
        assert "Access-Control-Allow-Origin" not in response.headers


class TestLimits:
    def test_the_61st_request_in_a_minute_is_429(self):
        with running(RATE_LIMIT_ENABLED="true", RATE_LIMIT_PER_MINUTE="60") as live:
            replies = [live.prove("A -> A") for _ in range(61)]
            assert [reply.status_code for reply in replies] == [200] * 60 + [429]
            assert replies[0].headers["X-RateLimit-Limit"] == "60" and replies[0].headers["X-RateLimit-Remaining"] == "59"
            assert 0 <= int(replies[0].headers["X-RateLimit-Reset"]) - time.time() <= 62
            assert "Retry-After" not in replies[0].headers
            refused = replies[-1]
            assert refused.headers["Content-Type"] == "application/problem+json"
            assert refused.json()["code"] == "rate-limited" and refused.json()["ok"] is False
            assert 1 <= int(refused.headers["Retry-After"]) <= 61
            assert refused.headers["X-RateLimit-Remaining"] == "0"

    def test_paths_and_methods_share_one_count_and_probes_have_none(self):
        with running(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="4") as live:
            statuses = [live.get("/nowhere").status_code, live.get("/prove").status_code,
                        live.prove("A").status_code, live.get("/").status_code, live.get("/").status_code]
            assert statuses == [404, 405, 200, 200, 429]
            for path in ("/healthz", "/livez", "/readyz", "/health"):
                assert live.get(path).status_code == 200

    def test_a_window_ends(self):
        with running(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1", RATE_LIMIT_WINDOW="1") as live:
            assert live.get("/").status_code == 200
            deadline = time.monotonic() + 20
            assert live.get("/").status_code == 429
            while live.get("/").status_code == 429:
                assert time.monotonic() < deadline

    def test_a_forged_address_gains_nothing(self):
        with running(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="2") as live:
            statuses = [live.get("/", headers={name: f"198.51.100.{n}"}).status_code for n, name in enumerate(
                ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP"))]
            assert statuses == [200, 200, 429, 429, 429]

    def test_behind_a_trusted_proxy_each_client_is_counted_as_the_proxy_saw_it(self):
        with running(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1", TRUSTED_PROXY="127.0.0.0/8") as live:
            def ask(field: str) -> int:
                return live.get("/", headers={"X-Forwarded-For": field}).status_code
            assert ask("198.51.100.1") == 200
            assert ask("6.6.6.6, 198.51.100.1") == 429
            assert ask("198.51.100.2") == 200
            assert ask("2001:db8::1") == 200
            assert ask("2001:db8::ffff:2") == 429
            assert ask("2001:db8:0:1::1") == 200

    def test_an_identity_is_counted_wherever_it_comes_from(self):
        with running(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="2", TRUSTED_PROXY="127.0.0.1", **HMAC, **JWT) as live:
            def ask(n: int, headers: dict) -> int:
                return send(live, "GET", "/health/proof_server", b"",
                            headers | {"X-Forwarded-For": f"198.51.100.{n}"}).status_code
            token = bearer(jwt.encode(claims(), JWT_SECRET.encode(), "HS256"))
            assert [ask(n, token) for n in range(3)] == [200, 200, 429]
            other = bearer(jwt.encode(claims(sub="dave"), JWT_SECRET.encode(), "HS256"))
            assert ask(1, other) == 200
            assert [ask(n, message("GET", "/health/proof_server")) for n in range(3)] == [200, 200, 429]

    def test_refused_credentials_are_counted_for_the_address_and_cost_no_identity_anything(self):
        with running(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="3", TRUSTED_PROXY="127.0.0.1", **HMAC) as live:
            def ask(address: str, headers: dict) -> int:
                return send(live, "POST", "/prove", GOAL, headers | {"X-Forwarded-For": address}).status_code
            assert [ask("198.51.100.1", v1(b"other")) for _ in range(4)] == [401, 401, 401, 429]
            assert ask("198.51.100.1", v1()) == 429
            assert [ask("198.51.100.2", v1()) for _ in range(3)] == [200] * 3

    def test_requests_without_credentials_are_counted_apart_from_those_with(self):
        with running(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="3", **HMAC) as live:
            assert [send(live, "POST", "/prove", GOAL, JSON).status_code for _ in range(5)] == [401] * 3 + [429] * 2
            assert [send(live, "POST", "/prove", GOAL, v1()).status_code for _ in range(4)] == [200] * 3 + [429]

    def test_everybody_together_has_a_limit_that_one_caller_cannot_use_up(self):
        with running(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="3", PXL_RATE_LIMIT_TOTAL="5",
                     TRUSTED_PROXY="127.0.0.1") as live:
            def ask(n: int) -> requests.Response:
                return live.get("/", headers={"X-Forwarded-For": f"198.51.100.{n}"})
            assert [ask(1).status_code for _ in range(8)] == [200] * 3 + [429] * 5
            assert [ask(n).status_code for n in (2, 3)] == [200] * 2
            assert ask(4).status_code == 429 and "everybody" in ask(4).json()["error"]

    def test_a_429_claims_no_nonce(self):
        with running(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1", RATE_LIMIT_WINDOW="1", **HMAC) as live:
            assert send(live, "POST", "/prove", GOAL, v1()).status_code == 200
            headers, deadline = v1(), time.monotonic() + 20
            assert send(live, "POST", "/prove", GOAL, headers).status_code == 429
            while (status := send(live, "POST", "/prove", GOAL, headers).status_code) == 429:
                assert time.monotonic() < deadline
            assert status == 200

    def test_off_means_no_counting_and_no_headers(self):
        with running() as live:
            assert "X-RateLimit-Limit" not in live.get("/").headers
