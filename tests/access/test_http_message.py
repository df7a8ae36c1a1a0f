"""HTTP message signatures: what must be covered, what is refused, and that other implementations agree."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import re
from dataclasses import dataclass, field, replace

import pytest
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms
from hypothesis import given
from hypothesis import strategies as st

from pxl.access.identity import RequestView
from pxl.access.keys import Key
from pxl.access.signing import content_digest, signature_base
from pxl.errors import AuthError
from tests.support.signed_requests import BODY, NONCE, NOW, SECRET, Checks, message, with_header

KEY = Key(SECRET)
ALL = '("@method" "@path" "@query" "content-digest")'
GOOD = f'{ALL};created={NOW};keyid="{KEY.id}";alg="hmac-sha256";nonce="{NONCE}";tag="pxl"'


def refusal(view: RequestView) -> str:
    with pytest.raises(AuthError) as caught:
        Checks().message.verify(view)
    return caught.value.detail


def signed_over(base: str, params: str, body: bytes = BODY, **headers: str) -> RequestView:
    """Return a request with a true MAC over any text and any parameters."""
    mac = base64.b64encode(hmac.digest(SECRET, base.encode(), "sha256")).decode()
    fields = {"Content-Digest": content_digest(body), "Signature-Input": f"s={params}", "Signature": f"s=:{mac}:", **headers}
    return RequestView("POST", "/prove", "", tuple(fields.items()), body, "")


def with_params(params: str) -> RequestView:
    """Return a request that is truly signed with these parameters, over the usual components."""
    return signed_over(signature_base("POST", "/prove", "", content_digest(BODY), params), params)


def test_a_well_signed_request_is_accepted_with_the_keys_identity():
    signed = Checks().message.verify(with_params(GOOD))
    assert (signed.identity.kind, signed.identity.name, signed.nonce) == ("signature", KEY.id, NONCE)


class TestWhatTheLibraryLeavesOpen:
    """Each of these has a valid MAC; only our demands keep it out."""

    @pytest.mark.parametrize(("params", "word"), [
        (GOOD.replace(f';nonce="{NONCE}"', ""), "Nonce is missing"),
        (GOOD.replace(NONCE, "short"), "Nonce must be"),
        (GOOD.replace(NONCE, "with:colon:1"), "Nonce must be"),
        (GOOD.replace(f"created={NOW};", ""), "Timestamp is missing"),
        (GOOD.replace(f"={NOW}", f"={NOW - 61}"), "Timestamp"),
        (GOOD.replace(f"={NOW}", f"={NOW + 61}"), "Timestamp"),
        (GOOD.replace(f"={NOW}", f"={NOW}.0"), "Invalid signature"),
        (GOOD.replace(f"={NOW}", "=nan"), "Invalid signature"),
        (GOOD.replace(f"={NOW}", f'="{NOW}"'), "Invalid signature"),
        (GOOD + f";expires={NOW - 1}", "Timestamp in the parameter expires"),
        (GOOD.replace(';tag="pxl"', ""), "Invalid signature"),
        (GOOD.replace('"pxl"', '"other"'), "Invalid signature"),
        (GOOD.replace(f'keyid="{KEY.id}";', ""), "Invalid signature"),
        (GOOD.replace("hmac-sha256", "ed25519"), "Unexpected algorithm"),
        (GOOD.replace("hmac-sha256", "none"), "Unexpected algorithm"),
        (GOOD.replace("hmac-sha256", "rsa-pss-sha512"), "Unexpected algorithm"),
        (GOOD + ";extra=1", "Unexpected signature metadata"),
    ])
    def test_parameters_are_demanded(self, params, word):
        assert word in refusal(with_params(params))

    def test_without_alg_it_is_the_one_algorithm_there_is(self):
        assert Checks().message.verify(with_params(GOOD.replace('alg="hmac-sha256";', "")))

    @pytest.mark.parametrize("left_out", ["@method", "@path", "@query", "content-digest"])
    def test_every_component_is_demanded(self, left_out):
        params = GOOD.replace(f'"{left_out}"', "").replace("( ", "(").replace(" )", ")").replace("  ", " ")
        base = "\n".join(line for line in signature_base("POST", "/prove", "", content_digest(BODY), params).splitlines()
                         if not line.startswith(f'"{left_out}"'))
        assert left_out in refusal(signed_over(base, params))

    def test_a_signature_over_the_method_alone_is_not_enough(self):
        params = GOOD.replace(ALL, '("@method")')
        assert "was not covered" in refusal(signed_over(f'"@method": POST\n"@signature-params": {params}', params))

    @pytest.mark.parametrize("component", ["@authority", "@target-uri", "@scheme", "@request-target", "@status", "@query-param"])
    def test_what_proxies_change_cannot_be_covered(self, component):
        params = GOOD.replace('"@query"', f'"@query" "{component}"')
        assert component in refusal(signed_over("whatever", params))

    def test_a_further_header_may_be_covered_and_then_counts(self):
        params = GOOD.replace('"content-digest"', '"content-digest" "content-type"')
        base = signature_base("POST", "/prove", "", content_digest(BODY), params).replace(
            '"@signature-params"', '"content-type": application/json\n"@signature-params"')
        view = signed_over(base, params, **{"Content-Type": "application/json"})
        assert Checks().message.verify(view)
        assert refusal(with_header(view, "Content-Type", "text/plain")) == "Invalid signature"
        assert "content-type" in refusal(with_header(view, "Content-Type", None))


class TestBodies:
    def test_without_a_body_no_digest_is_needed(self):
        assert Checks().message.verify(message("GET", "/metrics", "", b""))

    def test_a_body_cannot_be_added_to_a_request_without_one(self):
        view = message("GET", "/metrics", "", b"")
        assert "content-digest" in refusal(replace(view, body=b"x"))
        assert "content-digest" in refusal(with_header(replace(view, body=b"x"), "Content-Digest", content_digest(b"x")))

    def test_a_body_cannot_be_taken_away_or_exchanged_with_its_digest(self):
        assert "Invalid signature" in refusal(replace(message(), body=b""))
        other = with_header(replace(message(), body=b"x"), "Content-Digest", content_digest(b"x"))
        assert refusal(other) == "Invalid signature"

    @pytest.mark.parametrize("digest", ["md5=:AAAAAAAAAAAAAAAAAAAAAA==:", "sha-256=:AAAA:", "", "sha-256=1", "unixsum=1"])
    def test_a_weak_or_broken_digest_is_refused(self, digest):
        base = signature_base("POST", "/prove", "", digest, GOOD)
        assert "Invalid signature" in refusal(signed_over(base, GOOD, **{"Content-Digest": digest}))

    def test_sha_512_is_as_good(self):
        digest = f"sha-512=:{base64.b64encode(hashlib.sha512(BODY).digest()).decode()}:"
        assert Checks().message.verify(signed_over(signature_base("POST", "/prove", "", digest, GOOD), GOOD, **{"Content-Digest": digest}))


class TestSeveralSignatures:
    def test_one_of_a_proxys_with_another_tag_does_not_matter(self):
        view = message()
        fields = {name: view.values(name)[0] for name in ("Signature-Input", "Signature")}
        for name, more in (("Signature-Input", ', proxy=("@authority");created=1;keyid="p";tag="cdn"'), ("Signature", ", proxy=:AAAA:")):
            view = with_header(view, name, fields[name] + more)
        assert Checks().message.verify(view)

    def test_two_with_our_tag_are_refused(self):
        one, two = message(label="a"), message(label="b", nonce="another-nonce")
        view = one
        for name in ("Signature-Input", "Signature"):
            view = with_header(view, name, f"{one.values(name)[0]}, {two.values(name)[0]}")
        assert "several signatures" in refusal(view)

    def test_the_same_label_twice_is_refused(self):
        view = message()
        doubled = replace(view, headers=(*view.headers, *((n, v) for n, v in view.headers if n.startswith("Signature"))))
        assert "Invalid signature" in refusal(doubled)

    def test_endless_headers_are_refused_unread(self):
        assert "too long" in refusal(with_header(message(), "Signature-Input", ", ".join(f"s{n}=()" for n in range(9))))
        assert "too long" in refusal(with_header(message(), "Signature", "s=:" + "A" * 5000 + ":"))


class TestJunk:
    TEXT = st.text(st.characters(max_codepoint=255), max_size=80)
    PIECES = st.lists(st.sampled_from(['pxl=', '("@method"', ' "@path"', ')', ';created=', str(NOW), ';tag="pxl"', ';keyid="', KEY.id,
                                       '"', '="', ';nonce=', '=:AAAA:', '=:', ':', ', ', '?1', '(', ';', '"@query";req', ';alg', '\x00', 'é',
                                       '"content-digest";key="sha-256"', ';sf', ';bs', '1.5', '-', '@']), max_size=14).map("".join)

    @given(TEXT | PIECES, TEXT | PIECES | st.just("pxl=:AAAA:"), TEXT | st.just(content_digest(BODY)))
    def test_any_header_is_refused_in_our_own_words(self, signature_input, signature, digest):
        view = message()
        for name, value in (("Signature-Input", signature_input), ("Signature", signature), ("Content-Digest", digest)):
            view = with_header(view, name, value)
        assert re.match("Invalid signature|Timestamp|Nonce", refusal(view))

    @given(st.text(st.characters(max_codepoint=0x2FFF), max_size=30), st.text(st.characters(max_codepoint=0x2FFF), max_size=30), st.text(max_size=5))
    def test_any_target_is_refused(self, path, query, method):
        view = message()
        if (method, path, query) != (view.method, view.path, view.query):
            assert "Invalid signature" in refusal(replace(view, method=method, path=path, query=query))

    @given(st.text("abcXYZ019-._~!$&'()*+,;=:@/%|^\"<>[]{}`\\", max_size=40), st.text("abcXYZ019-._~!$&'()*+,;=:@/?%|^\"<>[]{}`\\", max_size=40))
    def test_any_printable_target_can_be_signed_as_it_goes_over_the_wire(self, path, query):
        assert Checks().message.verify(message("GET", "/" + path, query, b""))


@dataclass
class LibraryRequest:
    """A request for the library's own signer."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


@pytest.mark.parametrize(("method", "path", "query", "body"), [
    ("POST", "/prove", "", BODY), ("GET", "/v1/proofs/a%20b", "x=1&y=%2F", b""), ("DELETE", "/v1/proofs/7", "", b"")])
def test_what_another_implementation_signs_is_accepted(method, path, query, body):
    """The library's signer, which knows nothing of ours, with the components asked for."""
    request = LibraryRequest(method, f"https://pxl.example{path}" + (f"?{query}" if query else ""))
    signer = HTTPMessageSigner(signature_algorithm=algorithms.HMAC_SHA256,
                               key_resolver=MappingKeyResolver(public_keys={}, private_keys={KEY.id: SECRET}))
    signer.sign(request, key_id=KEY.id, created=datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc), nonce=NONCE, tag="pxl",
                covered_component_ids=("@query", "@path", "@method"), body=body or None)
    assert Checks().message.verify(RequestView(method, path, query, tuple(request.headers.items()), body, ""))


def test_no_refusal_shows_the_signature_or_the_key():
    view = message()
    value = view.values("Signature")[0]
    for bad in (replace(view, body=b"x"), replace(view, path="/x"), with_header(view, "Signature", value + "x"),
                with_header(view, "Signature-Input", value), with_header(view, "Signature", value.replace("pxl=", ""))):
        words = refusal(bad)
        assert value[5:-1] not in words and SECRET.decode() not in words
