"""Tokens are read strictly, renewed within their session, and dead once revoked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxl.access.tokens import LIFETIME_S, SESSION_S, DenyList, DenyListFull, Tokens, key_id
from pxl.errors import AuthError
from tests.support.fake_decider import Clock

KEY = b"0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2
OTHER = b"ffeeddccbbaa99887766554433221100" * 2
NOW = 1_800_000_000


def make(*keys: bytes, now: float = NOW) -> tuple[Tokens, Clock]:
    clock = Clock(now)
    return Tokens(keys or (KEY,), clock=clock), clock


def payload(**changes) -> dict:
    claims = {"iss": "pxl", "aud": "pxl", "sub": "alice", "iat": NOW, "exp": NOW + 3600, "jti": "j" * 16,
              "sid": "s" * 16, "auth_time": NOW, "roles": ["prove"]} | changes
    return {name: value for name, value in claims.items() if value is not None}


def signed(claims: object, header: dict | None = None, key: bytes = KEY, digest=hashlib.sha256) -> str:
    """Sign by hand: PyJWT would not write most of what is tried here."""
    def part(value: object) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")
    signing = part({"alg": "HS256", "typ": "JWT"} | (header or {})) + b"." + part(claims)
    mac = hmac.new(key, signing, digest).digest()
    return (signing + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


class TestIssued:
    def test_it_is_read_back_and_lives_an_hour(self):
        tokens, clock = make()
        issued = tokens.issue("alice", {"prove", "observe"})
        claims = tokens.read(issued.text)
        assert claims == issued.claims and claims.identity.kind == "jwt" and claims.identity.name == "alice"
        assert claims.expires_at - claims.issued_at == LIFETIME_S == 3600
        clock.now += 3600 + 9
        assert tokens.read(issued.text)
        clock.now += 1
        with pytest.raises(AuthError, match="expired"):
            tokens.read(issued.text)

    def test_any_library_reads_it(self):
        tokens, _ = make()
        text = tokens.issue("alice", {"prove"}).text
        assert jwt.get_unverified_header(text) == {"alg": "HS256", "typ": "JWT", "kid": key_id(KEY)}
        read = jwt.decode(text, KEY, algorithms=["HS256"], audience="pxl", issuer="pxl",
                          options={"verify_exp": False, "verify_iat": False})
        assert read["exp"] - read["iat"] == 3600 and read["roles"] == ["prove"]

    def test_two_are_never_equal(self):
        tokens, _ = make()
        assert tokens.issue("a", ()).text != tokens.issue("a", ()).text

    @pytest.mark.parametrize("name", ["", "a b", "x" * 65, "a\n", "é", None])
    def test_a_strange_subject_gets_none(self, name):
        with pytest.raises(AuthError):
            make()[0].issue(name, ())

    def test_the_key_id_tells_nothing_of_the_key(self):
        assert key_id(KEY) not in KEY.decode() and len(key_id(KEY)) == 12


class TestRefused:
    def test_the_handmade_one_is_good_so_that_the_others_fail_for_their_own_reason(self):
        assert make()[0].read(signed(payload())).subject == "alice"

    @pytest.mark.parametrize("claims", [
        payload(exp=None), payload(iat=None), payload(sub=None), payload(aud=None), payload(iss=None), payload(jti=None),
        payload(sid=None), payload(auth_time=None), payload(roles=None),
        payload(aud="other"), payload(aud=["pxl"]), payload(aud=["pxl", "other"]), payload(iss="other"), payload(iss=["pxl"]),
        payload(exp=str(NOW + 3600)), payload(exp=NOW + 3600.0), payload(exp=True), payload(exp=NOW + 3601),
        payload(exp=10 ** 400), payload(exp=NOW - 11, iat=NOW - 3611, auth_time=NOW - 3611), payload(exp=NOW), payload(exp=-1),
        payload(iat=NOW + 11, exp=NOW + 3611, auth_time=NOW + 11), payload(iat=str(NOW)), payload(iat=NOW - 0.5),
        payload(auth_time=NOW + 1), payload(auth_time=NOW - SESSION_S - 1), payload(nbf=NOW + 11), payload(nbf="0"),
        payload(sub="a b"), payload(sub=7), payload(sub=["alice"]), payload(sub=""), payload(sub="x" * 65),
        payload(roles="prove"), payload(roles=["root"]), payload(roles=[["prove"]]), payload(roles={"prove": 1}),
        payload(roles=[1]), payload(jti=7), payload(jti="short"), payload(sid="x" * 65), payload(sid="../../etc/passwd0"),
        [], "text", 7, None, {},
    ], ids=lambda claims: json.dumps(claims)[:60])
    def test_claims(self, claims):
        with pytest.raises(AuthError):
            make()[0].read(signed(claims))

    @pytest.mark.parametrize("header", [
        {"alg": "none"}, {"alg": "None"}, {"alg": "HS512"}, {"alg": "HS384"}, {"alg": "RS256"}, {"alg": "hs256"}, {"alg": ""},
        {"alg": None}, {"alg": ["HS256"]}, {"kid": "../../../../dev/null"}, {"kid": key_id(OTHER)}, {"kid": ""}, {"kid": 7},
        {"kid": None}, {"kid": ["a"]}, {"kid": {}}, {"crit": ["exp"]}, {"crit": []}, {"b64": False, "crit": ["b64"]},
    ], ids=json.dumps)
    def test_headers(self, header):
        with pytest.raises(AuthError):
            make()[0].read(signed(payload(), header))

    def test_another_digest_under_our_name(self):
        for digest in (hashlib.sha512, hashlib.sha384, hashlib.sha1):
            with pytest.raises(AuthError):
                make()[0].read(signed(payload(), {}, KEY, digest))

    def test_hs512_with_its_own_digest(self):
        with pytest.raises(AuthError):
            make()[0].read(signed(payload(), {"alg": "HS512"}, KEY, hashlib.sha512))

    def test_none_without_a_signature(self):
        unsigned = jwt.encode(payload(), None, "none")
        for text in (unsigned, unsigned.rstrip("."), signed(payload(), {"alg": "none"}).rpartition(".")[0] + "."):
            with pytest.raises(AuthError):
                make()[0].read(text)

    def test_another_key(self):
        with pytest.raises(AuthError):
            make()[0].read(signed(payload(), {}, OTHER))
        for empty in (b"", b"\x00" * 64):
            with pytest.raises(AuthError):
                make()[0].read(signed(payload(), {}, empty))

    def test_a_key_in_the_header_is_not_used(self):
        jwk = {"kty": "oct", "k": base64.urlsafe_b64encode(OTHER).decode()}
        with pytest.raises(AuthError):
            make()[0].read(signed(payload(), {"jwk": jwk, "jku": "http://127.0.0.1/keys", "x5u": "http://127.0.0.1/"}, OTHER))

    def test_every_changed_character(self):
        tokens, _ = make()
        text = tokens.issue("alice", {"prove"}).text
        # The last character holds bits that mean nothing.
        for place in range(len(text) - 1):
            changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1:]
            with pytest.raises(AuthError):
                tokens.read(changed)

    @given(st.one_of(st.text(max_size=60), st.text("eyJ.-_Aa0=", max_size=60)))
    def test_any_other_text(self, text):
        with pytest.raises(AuthError):
            make()[0].read(text)

    @pytest.mark.parametrize("text", ["", ".", "..", "...", "e30.e30.", "x" * 5000, "[" * 4000, "\ud800", "é.é.é"])
    def test_odd_texts(self, text):
        with pytest.raises(AuthError):
            make()[0].read(text)

    def test_deep_json(self):
        deep = base64.urlsafe_b64encode(b"[" * 2000).rstrip(b"=").decode()
        with pytest.raises(AuthError):
            make()[0].read(f"{deep}.{deep}.AAAA")

    def test_what_is_said_shows_no_secret(self):
        tokens, _ = make()
        text = signed(payload(), {}, OTHER)
        with pytest.raises(AuthError) as caught:
            tokens.read(text)
        assert text.split(".")[2] not in caught.value.detail and KEY.decode() not in caught.value.detail


class TestKeys:
    def test_the_former_key_is_read_and_not_used(self):
        before, _ = make(OTHER)
        both, _ = make(KEY, OTHER)
        after, _ = make(KEY)
        old = before.issue("alice", {"prove"}).text
        assert both.read(old).subject == "alice"
        assert jwt.get_unverified_header(both.issue("alice", ()).text)["kid"] == key_id(KEY)
        with pytest.raises(AuthError):
            after.read(old)


class TestSessions:
    def test_a_renewed_token_is_of_the_same_session_and_has_no_more_roles(self):
        tokens, clock = make()
        first = tokens.issue("alice", {"prove"}).claims
        clock.now += 3000
        second = tokens.renew(first).claims
        assert (second.session, second.roles, second.authenticated_at) == (first.session, first.roles, first.authenticated_at)
        assert second.token_id != first.token_id and second.expires_at == NOW + 3000 + 3600

    def test_a_session_ends_a_day_after_the_signed_call(self):
        tokens, clock = make()
        claims = tokens.issue("alice", {"prove"}).claims
        clock.now += SESSION_S - 1
        last = tokens.renew(claims)
        assert tokens.read(last.text)
        clock.now += 1
        with pytest.raises(AuthError, match="session is over"):
            tokens.renew(last.claims)

    def test_revoking_ends_every_token_of_the_session_and_no_other(self):
        tokens, clock = make()
        first, other = tokens.issue("alice", {"prove"}), tokens.issue("alice", {"prove"})
        second = tokens.renew(first.claims)
        tokens.revoke(first.claims.session)
        for dead in (first, second, tokens.renew(second.claims)):
            with pytest.raises(AuthError, match="revoked"):
                tokens.read(dead.text)
        assert tokens.read(other.text)

    def test_a_full_list_forgets_nobody_who_could_come_back(self):
        denied = DenyList(capacity=2)
        denied.add("a", until=10, now=0)
        denied.add("b", until=20, now=0)
        with pytest.raises(DenyListFull):
            denied.add("c", until=30, now=9)
        denied.add("b", until=25, now=9)
        denied.add("c", until=30, now=10)
        assert "a" not in denied and "b" in denied and "c" in denied
