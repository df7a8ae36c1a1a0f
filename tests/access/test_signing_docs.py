"""The worked examples of docs/signing.md are what the code computes, and what it accepts."""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path

from pxl.access.identity import RequestView
from pxl.access.keys import Key
from pxl.access.secret_key import problem_of
from pxl.access.signing import sign_message, sign_reply, sign_v1, signature_base
from tests.support.signed_requests import Checks, Clock

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "signing.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    return re.search(rf"```vector-{name}\n(.*?)\n?```", TEXT, re.S)[1]


def vector(name: str) -> dict[str, str]:
    return dict(re.split(r"\s+", line, maxsplit=1) for line in block(name).splitlines())


def test_the_v1_example_is_right_by_python_alone_and_accepted():
    v = vector("v1")
    text = f"{v['timestamp']}:{v['nonce']}:{v['body']}"
    assert v["X-Signature"] == hmac.new(v["key"].encode(), text.encode(), hashlib.sha256).hexdigest()
    assert v["X-Signature"] == sign_v1(v["key"].encode(), int(v["timestamp"]), v["nonce"], v["body"].encode())
    headers = (("X-Timestamp", v["timestamp"]), ("X-Nonce", v["nonce"]), ("X-Signature", v["X-Signature"]))
    checks = Checks((Key(v["key"].encode()),), Clock(int(v["timestamp"])))
    checks.hmac.verify(RequestView("POST", "/prove", "", headers, v["body"].encode(), "")).claim()


def test_the_message_example_is_right_and_accepted():
    v = vector("message")
    key = Key(v["key"].encode())
    method, target = v["request"].split()
    path, _, query = target.partition("?")
    fields = sign_message(key.id, key.secret, method, path, query, v["body"].encode(), created=int(v["created"]), nonce=v["nonce"])
    assert v["keyid"] == key.id and fields == {name: v[name] for name in ("Content-Digest", "Signature-Input", "Signature")}
    assert block("base") == signature_base(method, path, query, v["Content-Digest"], v["Signature-Input"].removeprefix("pxl="))
    checks = Checks((key,), Clock(int(v["created"])))
    checks.message.verify(RequestView(method, path, query, tuple(fields.items()), v["body"].encode(), "")).claim()


def test_the_reply_example_is_right():
    v = vector("reply")
    assert v["X-PXL-Response-Signature"] == sign_reply(v["key"].encode(), v["nonce"], int(v["status"]), v["body"].encode())


def test_the_key_of_the_examples_cannot_be_used():
    assert "placeholder" in problem_of(vector("v1")["key"])
