"""Each known weakness of request signing (W1 to W19), and what becomes of whoever tries it."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from pxl.access.keys import CURRENT, NEXT, OLD, Key
from pxl.access.nonces import MemoryNonceStore
from pxl.access.signing import sign_reply, signature_base
from pxl.errors import AuthError, NonceStoreFull
from tests.support.signed_requests import (
    BODY,
    NONCE,
    NOW,
    OTHER_SECRET,
    SECRET,
    Checks,
    Clock,
    checking,
    flips,
    message,
    v1,
    with_header,
)

ROOT = Path(__file__).resolve().parents[2]


def refusal(verifier, view) -> str:
    """Return the words of a refusal; that there is one is the test."""
    with pytest.raises(AuthError) as caught:
        verifier.verify(view)
    return caught.value.detail


def accepted(verifier, view) -> str:
    """Return the id of the key that signed, the nonce claimed."""
    signed = verifier.verify(view)
    signed.claim()
    return signed.identity.name


class TestW1OneSignatureManyRoutes:
    @pytest.mark.parametrize(("method", "path", "query"), [
        ("GET", "/prove", ""), ("PUT", "/prove", ""), ("post", "/prove", ""), ("POST", "/countermodel", ""),
        ("POST", "/prove/", ""), ("POST", "//prove", ""), ("POST", "/Prove", ""), ("POST", "/%70rove", ""),
        ("POST", "/prove", "x=1"), ("POST", "/prove", "?"), ("POST", "/v1/auth/token", ""), ("DELETE", "/v1/proofs/7", ""),
        ("POST", "http://pxl.test/prove", ""),
    ])
    def test_the_documents_scheme_is_for_post_prove_alone(self, method, path, query):
        view = replace(v1(), method=method, path=path, query=query)
        assert "Invalid signature" in refusal(Checks().hmac, view)

    def test_a_message_signature_is_for_its_own_method_path_and_query_alone(self):
        checks, view = Checks(), message()
        for change in ({"method": "PUT"}, {"path": "/v1/proofs/"}, {"path": "/v1/%70roofs"}, {"query": ""}, {"query": "wait=1&"}):
            assert "Invalid signature" in refusal(checks.message, replace(view, **change))
        assert accepted(checks.message, view) == checks.key.id


class TestW2Delimiters:
    def test_a_captured_signature_is_good_for_no_other_cut_of_its_text(self):
        """`ts:nonce:body` can be cut elsewhere when a nonce may hold a colon."""
        body = b"x1y2z3w4:" + BODY
        captured = v1(body=body)
        other = with_header(replace(captured, body=BODY), "X-Nonce", f"{NONCE}:x1y2z3w4")
        assert "Nonce" in refusal(Checks().hmac, other)

    @given(st.binary(max_size=60).map(lambda b: b"abcdefgh:" + b), st.integers(0, 90))
    def test_no_other_cut_is_accepted(self, body, cut):
        checks = Checks()
        captured = v1(body=body)
        text = f"{NOW}:{NONCE}:".encode() + body
        head, _, tail = text[:cut], text[cut:cut + 1], text[cut + 1:]
        timestamp, _, nonce = head.partition(b":")
        if (timestamp, nonce, tail) == (str(NOW).encode(), NONCE.encode(), body):
            return
        other = with_header(with_header(replace(captured, body=tail), "X-Timestamp", timestamp.decode("latin-1")),
                            "X-Nonce", nonce.decode("latin-1"))
        refusal(checks.hmac, other)

    @pytest.mark.parametrize("nonce", ["", "short77", "a" * 129, "with:colon", "with space", "line\nbreak", "ünïcödé8", "semi;colon",
                                       "comma,comma", "plus+plus", "dots.dots", f"{NONCE}\n", "٠١٢٣٤٥٦٧"])
    def test_the_nonce_has_a_strict_alphabet_and_length(self, nonce):
        assert "Nonce" in refusal(Checks().hmac, v1(nonce=nonce))

    @pytest.mark.parametrize("nonce", ["a" * 8, "A" * 128, "_-_-_-_-", "12345678"])
    def test_every_nonce_of_that_form_is_good(self, nonce):
        assert accepted(Checks().hmac, v1(nonce=nonce))


class TestW3PredictableNonces:
    def test_a_nonce_is_not_burnt_by_somebody_without_the_key(self):
        checks = Checks()
        forged = with_header(v1(), "X-Signature", "0" * 64)
        assert refusal(checks.hmac, forged) == "Invalid signature" and len(checks.nonces) == 0
        assert accepted(checks.hmac, v1())


class TestW4WaysToWriteATime:
    @pytest.mark.parametrize("timestamp", [
        "nan", "NaN", "inf", "-inf", "1e9", f"{NOW}.0", f"+{NOW}", f" {NOW}", f"{NOW} ", f"{NOW}\n", "1_763_730_000", "",
        "٦٣٧٣٠٠٠٠٠١", "１７６３７３００００", f"0{NOW}", f"{NOW}0", str(NOW)[:-1], f"-{NOW}", hex(NOW), f"{NOW},{NOW}", "0" * 10])
    def test_only_ten_ascii_digits_are_a_time(self, timestamp):
        assert "Timestamp" in refusal(Checks().hmac, v1(timestamp=timestamp))

    @pytest.mark.parametrize("age", [-60, -59, 0, 59, 60])
    def test_a_minute_either_way_is_near_enough(self, age):
        assert accepted(Checks().hmac, v1(NOW - age)) and accepted(Checks().message, message(created=NOW - age))

    @pytest.mark.parametrize("age", [-3600, -61, 61, 3600])
    def test_more_is_not(self, age):
        assert "Timestamp" in refusal(Checks().hmac, v1(NOW - age))
        assert "Timestamp" in refusal(Checks().message, message(created=NOW - age))


class TestW5WindowAndRetention:
    def test_a_signature_from_the_future_stays_used_for_as_long_as_it_is_valid(self):
        checks = Checks()
        view = v1(NOW + 60)
        accepted(checks.hmac, view)
        for later in (1, 59, 60, 61, 119, 120):
            checks.clock.now = NOW + later
            signed = checks.hmac.verify(view)
            with pytest.raises(AuthError, match="Nonce already used"):
                signed.claim()
        checks.clock.now = NOW + 121
        assert "Timestamp" in refusal(checks.hmac, view)

    def test_a_nonce_is_kept_for_130_seconds(self):
        store = MemoryNonceStore()
        store.claim("k", NONCE, NOW)
        with pytest.raises(AuthError):
            store.claim("k", NONCE, NOW + 129.9)
        store.claim("k", NONCE, NOW + 130)

    @given(st.integers(-60, 60), st.lists(st.floats(-400, 400) | st.sampled_from([-1e6, -70, -5, 5, 65, 70, 130, 1e6]), max_size=6))
    def test_whatever_the_clock_does_nothing_is_accepted_twice(self, age, steps):
        checks = Checks(started_at=0)
        view, other = v1(NOW - age), v1(NOW - age)
        accepted(checks.hmac, view)
        for n, step in enumerate([*steps, NOW]):
            checks.clock.now = step if step == NOW else checks.clock.now + step
            other = v1(int(checks.clock.now), nonce=f"other-nonce-{n}")     # makes the store forget what it may
            for request in (view, other, view):
                try:
                    accepted(checks.hmac, request)
                    assert request is other, f"replayed at {checks.clock.now - NOW:+} s"
                except AuthError:
                    pass

    def test_a_clock_that_ran_wild_for_a_while_shuts_nobody_out(self):
        checks = Checks(started_at=0, nonces=MemoryNonceStore(capacity=2))
        accepted(checks.hmac, v1())
        checks.clock.now = NOW + 1e6
        refusal(checks.hmac, v1(nonce="during-it"))
        for second in range(1, 2000, 130):
            checks.clock.now = NOW + second
            assert accepted(checks.hmac, v1(NOW + second, nonce=f"second-{second:04}"))

    def test_a_small_correction_of_the_clock_shuts_nobody_out(self):
        checks = Checks(started_at=0)
        accepted(checks.hmac, v1())
        checks.clock.now -= 20
        assert accepted(checks.hmac, v1(NOW - 20, nonce="after-the-correction"))

    def test_nonces_from_a_clock_that_ran_ahead_do_not_keep_others_from_expiring(self):
        store = MemoryNonceStore(capacity=3)
        store.claim("k", "ahead-by-a-year", NOW + 3e7)
        for n in range(10):
            store.claim("k", f"nonce-{n:04}", NOW + 100 * n)
        assert len(store) == 3

    def test_a_request_that_waited_too_long_for_its_turn_is_not_claimed(self):
        checks = Checks()
        signed = checks.hmac.verify(v1(NOW - 60))
        checks.clock.now = NOW + 5
        with pytest.raises(AuthError, match="Timestamp is too old"):
            signed.claim()


class TestW6FullStore:
    def test_a_flood_makes_nothing_be_forgotten_and_a_full_store_is_503(self):
        checks = Checks(nonces=MemoryNonceStore(capacity=100))
        for n in range(100):
            accepted(checks.hmac, v1(nonce=f"flood-{n:06}"))
        with pytest.raises(NonceStoreFull) as caught:
            accepted(checks.hmac, v1(nonce="one-too-many"))
        assert caught.value.status == 503 and caught.value.retry_after_s
        with pytest.raises(AuthError, match="already used"):
            accepted(checks.hmac, v1(nonce="flood-000000"))
        checks.clock.now = NOW + 130
        assert accepted(checks.hmac, v1(NOW + 130, nonce="one-too-many")) and len(checks.nonces) == 1

    def test_one_keys_flood_does_not_shut_out_another_key(self):
        checks = Checks((Key(SECRET), Key(OTHER_SECRET, NEXT)), nonces=MemoryNonceStore(capacity=1))
        assert accepted(checks.hmac, v1()) != accepted(checks.hmac, v1(secret=OTHER_SECRET))


class TestW7Restart:
    def test_what_was_signed_before_the_start_is_refused(self):
        checks = Checks(started_at=NOW - 10)
        assert "Timestamp is from before the server's start" in refusal(checks.hmac, v1(NOW - 11))
        assert "Timestamp" in refusal(checks.message, message(created=NOW - 11))
        assert accepted(checks.hmac, v1(NOW - 10))

    def test_the_second_of_the_start_itself_is_before_it(self):
        assert "Timestamp" in refusal(Checks(started_at=NOW + 0.5, clock=Clock(NOW + 0.9)).hmac, v1(NOW))

    def test_a_fence_keeps_out_what_clocks_that_run_ahead_signed(self):
        checks = Checks(started_at=NOW, fence_s=60)
        assert "Timestamp" in refusal(checks.hmac, v1(NOW + 59))
        assert accepted(checks.hmac, v1(NOW + 60))


class TestW8Replicas:
    def test_servers_that_share_a_store_share_its_memory(self):
        one = Checks()
        two = Checks(nonces=one.nonces)
        assert accepted(one.hmac, v1())
        with pytest.raises(AuthError, match="already used"):
            accepted(two.hmac, v1())

    def test_a_nonce_is_used_once_across_both_schemes(self):
        checks = Checks()
        accepted(checks.hmac, v1())
        with pytest.raises(AuthError, match="already used"):
            accepted(checks.message, message())


class TestW9ExactBytes:
    @pytest.mark.parametrize("body", [b'{"goal":"BOX(A -> A)"}', b'{ "goal": "BOX(A -> A)"}', BODY + b"\n", BODY + b" ",
                                      b'{"goal": "BOX(A -\\u003e A)"}', b"\xef\xbb\xbf" + BODY])
    def test_the_same_json_in_other_bytes_is_another_body(self, body):
        assert json.loads(body.decode("utf-8-sig")) == json.loads(BODY)
        assert refusal(Checks().hmac, replace(v1(), body=body)) == "Invalid signature"
        assert "Invalid signature" in refusal(Checks().message, replace(message(), body=body))

    @given(st.binary(max_size=300))
    def test_any_bytes_can_be_signed(self, body):
        assert accepted(Checks().hmac, v1(body=body)) and accepted(Checks().message, message(body=body))


class TestW10SignaturesThatAreNoHex:
    @pytest.mark.parametrize("signature", ["", "0" * 63, "0" * 65, "é" * 64, "٠" * 64, "g" * 64, " " * 64, "0x" + "0" * 62, "\0" * 64])
    def test_junk_is_refused_and_never_compared(self, signature):
        assert "Invalid signature" in refusal(Checks().hmac, with_header(v1(), "X-Signature", signature))

    def test_upper_case_is_not_the_signature(self):
        upper = v1().values("X-Signature")[0].upper()
        assert "Invalid signature" in refusal(Checks().hmac, with_header(v1(), "X-Signature", upper))


class TestW11KeyIds:
    KEYS = (Key(SECRET, CURRENT), Key(OTHER_SECRET, NEXT))

    def test_without_an_id_every_live_key_is_tried(self):
        checks = Checks(self.KEYS)
        assert [accepted(checks.hmac, v1(secret=key.secret)) for key in self.KEYS] == [key.id for key in self.KEYS]

    def test_with_an_id_that_key_alone_is_tried(self):
        checks = Checks(self.KEYS)
        assert accepted(checks.hmac, v1(X_Key_Id=self.KEYS[0].id))
        assert refusal(checks.hmac, v1(X_Key_Id=self.KEYS[1].id)) == "Invalid signature"

    def test_an_unknown_id_is_answered_as_a_wrong_signature_is(self):
        checks = Checks(self.KEYS)
        wrong = with_header(v1(X_Key_Id=self.KEYS[0].id), "X-Signature", "0" * 64)
        assert refusal(checks.hmac, v1(X_Key_Id="0" * 12)) == refusal(checks.hmac, wrong)
        unknown = message(key=Key(b"somebody else's secret, 32 bytes"))
        forged = with_header(message(), "Signature", f"pxl=:{'A' * 43}=:")
        assert refusal(checks.message, unknown) == refusal(checks.message, forged) == "Invalid signature"

    @pytest.mark.parametrize("key_id", ["", "x" * 12, "0" * 13, "é" * 12, "../../../etc"])
    def test_an_id_has_a_strict_form(self, key_id):
        assert "Invalid signature" in refusal(Checks().hmac, v1(X_Key_Id=key_id))


class TestW12Skew:
    def test_a_client_whose_clock_is_wrong_is_told_the_time(self):
        for verifier, view in ((Checks().hmac, v1(NOW - 100)), (Checks().message, message(created=NOW - 100))):
            with pytest.raises(AuthError) as caught:
                verifier.verify(view)
            assert caught.value.challenge == f'HMAC-SHA256 error="timestamp", server-time="{NOW}"'
            assert str(NOW) in caught.value.detail


class TestW13Rotation:
    def test_next_current_and_old_are_accepted_and_old_ends(self):
        old = Key(b"0f1e2d3c4b5a6978" * 4, OLD, expires_at=NOW + 10)
        checks = Checks((Key(SECRET), Key(OTHER_SECRET, NEXT), old))
        for n, secret in enumerate((SECRET, OTHER_SECRET, old.secret)):
            assert accepted(checks.hmac, v1(secret=secret, nonce=f"before-{n}"))
        assert accepted(checks.message, message(key=old))
        checks.clock.now = NOW + 10
        assert accepted(checks.hmac, v1(NOW + 10)) and accepted(checks.hmac, v1(NOW + 10, secret=OTHER_SECRET))
        assert refusal(checks.hmac, v1(NOW + 10, secret=old.secret)) == "Invalid signature"
        assert refusal(checks.hmac, v1(NOW + 10, secret=old.secret, X_Key_Id=old.id)) == "Invalid signature"
        assert refusal(checks.message, message(created=NOW + 10, key=old)) == "Invalid signature"


class TestW14OneKeyThreeTexts:
    def test_the_texts_of_the_three_kinds_begin_differently(self):
        """A v1 text begins with a digit, a message's with a quotation mark, a reply's with a letter."""
        base = signature_base("POST", "/prove", "", None, "()")
        assert f"{NOW}:"[0].isdigit() and base.startswith('"') and "pxl-reply"[0].isalpha()

    def test_no_kind_of_signature_is_taken_for_another(self):
        checks = Checks()
        body = b"any"
        reply = sign_reply(SECRET, NONCE, 200, body)
        assert refusal(checks.hmac, with_header(v1(body=body), "X-Signature", reply)) == "Invalid signature"
        view = message("POST", "/prove", "", body)
        params = view.values("Signature-Input")[0].removeprefix("pxl=")
        base = signature_base("POST", "/prove", "", view.values("Content-Digest")[0], params).encode()
        as_v1 = hmac.digest(SECRET, base, "sha256").hex()
        assert refusal(checks.hmac, with_header(v1(body=base), "X-Signature", as_v1)) == "Invalid signature"


class TestW15TheKeyIsItsText:
    def test_hexadecimal_digits_are_not_decoded(self):
        checks = Checks()
        assert refusal(checks.hmac, v1(secret=bytes.fromhex(SECRET.decode()))) == "Invalid signature"
        assert accepted(checks.hmac, v1(secret=SECRET))


class TestW16Keys:
    """A server without a good key does not start; tests/access/test_keys.py has the table of bad ones."""

    @pytest.mark.parametrize(("env", "words"), [
        ({}, "ENABLE_HMAC_AUTH is on without a key"), ({"HMAC_SECRET_KEY": "tooshort"}, "shorter than 32"),
        ({"HMAC_SECRET_KEY": "your-secure-256-bit-key-here"}, "placeholder"), ({"HMAC_SECRET_KEY": ""}, "without a key"),
        ({"HMAC_SECRET_KEY_FILE": "/no/such/file"}, "HMAC_SECRET_KEY_FILE"), ({"HMAC_SECRETKEY": "x"}, "did you mean"),
    ])
    def test_a_server_without_a_good_key_does_not_start(self, env, words):
        done = subprocess.run([sys.executable, ROOT / "serve_pxl.py"], capture_output=True, text=True, timeout=60,
                              env={"ENABLE_HMAC_AUTH": "true", **env})
        assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr
        assert "tooshort" not in done.stderr


class TestW17Headers:
    @pytest.mark.parametrize("name", ["X-Timestamp", "X-Nonce", "X-Signature"])
    def test_a_header_that_is_missing_or_there_twice_is_refused(self, name):
        view = v1()
        twice = replace(view, headers=(*view.headers, (name.lower(), view.values(name)[0])))
        joined = with_header(view, name, ", ".join(view.values(name) * 2))
        word = "Invalid signature" if name == "X-Signature" else name[2:]
        for bad in (with_header(view, name, None), twice, joined):
            assert word in refusal(Checks().hmac, bad)

    def test_doubled_and_folded_headers_are_refused_through_a_real_server(self):
        checks = Checks(clock=time.time, started_at=0)
        now = int(time.time())
        view = v1(now)
        fields = dict(view.headers)
        with checking(checks) as port:
            def answer(extra: str, **changed: str) -> int:
                lines = "".join(f"{name}: {value}\r\n" for name, value in (fields | changed).items())
                request = f"POST /prove HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(BODY)}\r\n{lines}{extra}\r\n"
                with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                    connection.sendall(request.encode() + BODY)
                    return int(b"".join(iter(lambda: connection.recv(65536), b"")).split()[1])

            for extra in (f"X-Nonce: {NONCE}\r\n", "X-Nonce: another-nonce\r\n", f"x-signature: {'0' * 64}\r\n", f"X-Timestamp: {now}\r\n"):
                assert answer(extra) == 401
            assert answer("", **{"X-Nonce": f"{NONCE[:8]}\r\n {NONCE[8:]}"}) in (400, 401)
            assert answer("", **{"X-Nonce": f"{NONCE}\r\n\tmore-of-it"}) in (400, 401)
            assert answer("X_Nonce: another-nonce\r\n") == 200
            assert answer("") == 401


class TestW18Replies:
    def test_a_reply_is_signed_on_request_over_nonce_status_and_body(self):
        checks = Checks()
        signed = checks.hmac.verify(v1(X_PXL_Sign_Reply="true"))
        text = f"pxl-reply-1\n{NONCE}\n200\n{hashlib.sha256(b'the answer').hexdigest()}"
        assert signed.reply_headers(200, b"the answer") == {
            "X-PXL-Response-Signature": hmac.new(SECRET, text.encode(), "sha256").hexdigest()}
        changed = [signed.reply_headers(*other) for other in ((500, b"the answer"), (200, b"the answer."))]
        assert signed.reply_headers(200, b"the answer") not in changed

    def test_it_is_not_signed_otherwise(self):
        assert Checks().hmac.verify(v1()).reply_headers(200, b"x") == {}

    def test_no_secret_shows_in_what_is_passed_on(self):
        checks = Checks()
        assert SECRET.decode() not in repr((checks.hmac.verify(v1()), checks.key, checks.keyring.usage()))


class TestW19RetriesOfProxies:
    def test_a_request_that_was_turned_away_before_its_claim_can_be_sent_again(self):
        checks = Checks()
        checks.hmac.verify(v1())            # admitted by the signature, refused for want of a session: no claim
        assert accepted(checks.hmac, v1())
        with pytest.raises(AuthError, match="Nonce already used"):
            accepted(checks.hmac, v1())


class TestTampering:
    """One bit, anywhere."""

    def test_no_flipped_bit_of_a_v1_request_is_accepted(self):
        checks, view = Checks(), v1()
        for place in range(len(BODY)):
            for bit in range(8):
                body = bytes(byte ^ (1 << bit) if n == place else byte for n, byte in enumerate(BODY))
                assert refusal(checks.hmac, replace(view, body=body)) == "Invalid signature"
        for name, value in view.headers:
            for flipped in flips(value):
                refusal(checks.hmac, with_header(view, name, flipped))
        for part in ("method", "path"):
            for flipped in flips(getattr(view, part)):
                refusal(checks.hmac, replace(view, **{part: flipped}))
        assert accepted(checks.hmac, view)

    def test_no_flipped_bit_of_a_signed_message_is_accepted(self):
        checks, view = Checks(), message()
        for place in range(len(BODY)):
            body = bytes(byte ^ 1 if n == place else byte for n, byte in enumerate(BODY))
            assert "Invalid signature" in refusal(checks.message, replace(view, body=body))
        for part in ("method", "path", "query"):
            for flipped in flips(getattr(view, part)):
                refusal(checks.message, replace(view, **{part: flipped}))
        for name in ("Content-Digest", "Signature-Input", "Signature"):
            for flipped in flips(view.values(name)[0]):
                refusal(checks.message, with_header(view, name, flipped))
        assert accepted(checks.message, view)


class TestReplayInParallel:
    @pytest.mark.parametrize("scheme", ["hmac", "message"])
    def test_of_64_equal_requests_exactly_one_is_accepted(self, scheme):
        checks = Checks(clock=time.time, started_at=0)
        now = int(time.time())
        view = v1(now) if scheme == "hmac" else message("POST", "/prove", "", created=now)
        start, statuses = threading.Barrier(64), []
        with checking(checks) as port:
            def send() -> None:
                headers = {name: value for name, value in view.headers if name != "Host"}
                start.wait()
                statuses.append(requests.post(f"http://127.0.0.1:{port}/prove", data=BODY, headers=headers, timeout=30).status_code)
            threads = [threading.Thread(target=send) for _ in range(64)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        assert sorted(statuses) == [200] + [401] * 63


class TestTheSampleOfTheDocuments:
    def test_it_is_accepted_unmodified(self):
        """The deployment guide's client, letter by letter, against a real server."""
        sample: dict = {}
        exec((ROOT / "tests" / "support" / "founding_sample.txt").read_text(), sample)
        with checking(Checks(clock=time.time, started_at=0)) as port:
            headers = sample["generate_hmac_headers"](SECRET.decode(), BODY.decode())
            url = f"http://127.0.0.1:{port}/prove"
            assert requests.post(url, data=BODY, headers=headers, timeout=30).status_code == 200
            again = requests.post(url, data=BODY, headers=headers, timeout=30)
            assert (again.status_code, again.text) == (401, "Nonce already used")
