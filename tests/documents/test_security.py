"""SECURITY.md says what is so: its routes, settings, limits, vectors and commands; and security.txt is RFC 9116's."""

from __future__ import annotations

import hashlib
import hmac
import importlib
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import requests

from pxl.access.guard import HEALTH, PUBLIC
from pxl.access.security_txt import DEFAULT_CONTACT, DEFAULT_LIFE_DAYS, SecurityText
from pxl.errors import ConfigError
from pxl.settings import Settings, rows
from tests.support.live_server import running

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
SIGNING = (ROOT / "docs" / "signing.md").read_text(encoding="utf-8")
SETTINGS = {row.variable: row for row in rows()}
LIMITS = re.findall(r"^\| ([^|]+) \| (\d+)[^|]* \| `([\w.]+)` \|$", TEXT, re.M)
SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2


class TestTheDocument:
    def test_every_setting_it_names_exists(self):
        named = set(re.findall(r"`((?:[A-Z0-9]+_)+[A-Z0-9]+)(?:=[^`]*)?`", TEXT))
        assert len(named) > 15 and named <= SETTINGS.keys()

    @pytest.mark.parametrize(("what", "number", "source"), LIMITS, ids=[source for *_, source in LIMITS])
    def test_every_limit_is_the_codes(self, what, number, source):
        if source in SETTINGS:
            assert float(SETTINGS[source].default) == int(number), what
        else:
            module, _, name = source.rpartition(".")
            assert getattr(importlib.import_module(module), name) == int(number), what

    def test_the_table_of_limits_was_read(self):
        assert len(LIMITS) == 16

    def test_the_limit_of_the_header_is_the_servers(self):
        most = int(re.search(r"\| header \| (\d+) bytes \|", TEXT)[1])
        with running() as live:
            filler = "a" * (most - 200)
            assert b" 200 " in live.raw(f"GET /livez HTTP/1.0\r\nX-Filler: {filler}\r\n\r\n".encode())[:20]
            assert b" 431 " in live.raw(f"GET /livez HTTP/1.0\r\nX-Filler: {filler}{'b' * 300}\r\n\r\n".encode())[:20]

    def test_the_vector_to_try_by_hand_is_the_one_of_the_signing_document(self):
        text, key, digest = re.search(r"printf '%s' '(.*)' \|\n +openssl dgst -sha256 -hmac '(.*)'\n# ([0-9a-f]{64})", TEXT).groups()
        assert hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest() == digest
        vector = re.search(r"```vector-v1\n(.*?)```", SIGNING, re.S)[1]
        assert digest in vector and key in vector

    @pytest.mark.parametrize("name", ["v1", "message", "base", "reply"])
    def test_the_vectors_it_promises_are_there(self, name):
        assert f"```vector-{name}\n" in SIGNING and "(docs/signing.md)" in TEXT

    def test_exactly_the_routes_it_calls_open_are(self):
        sentence = " ".join(re.search(r"Open to everybody.*?\n\n", TEXT, re.S)[0].split())
        named = set(re.findall(r"`([A-Z]+ /[^`]*)`", sentence))
        with running(ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=SECRET, JWT_SECRET_KEY=SECRET[::-1]) as live:
            routes = live.get("/").json()["routes"]
            is_open = {route for route in routes if requests.request(
                *sent(live.url, route), timeout=30).status_code not in (401, 403)}
        assert {route for route in is_open if not route.startswith("GET /docs/")} == named & set(routes)
        assert {route.split()[1] for route in named} == HEALTH | PUBLIC and len(routes) > len(is_open)

    def test_no_part_of_it_is_left_out(self):
        headings = re.findall(r"^## (.+)$", TEXT, re.M)
        assert headings == ["Reporting a weakness", "The trust line", "Threats", "Schemes", "Keys", "Limits", "What is logged",
                            "The machine", "Known limits"]

    def test_a_refusal_is_logged_as_it_says(self, caplog):
        shape = re.search(r"`WARNING:(pxl\.\w+):<request id> (401 Unauthorized from) <address>, agent <…>: <reason>`", TEXT)
        with running(ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=SECRET) as live:
            live.post("/prove", {"goal": "A"}, X_Request_ID="logged-1", User_Agent="m\xe9")
        record = next(record for record in caplog.records if "logged-1" in record.getMessage())
        assert (record.levelname, record.name) == ("WARNING", shape[1])
        assert re.fullmatch(rf"logged-1 {shape[2]} 127\.0\.0\.1, agent 'm\\xe9': .*Invalid signature.*", record.getMessage())


def sent(url: str, route: str) -> tuple[str, str]:
    method, path = route.split()
    return method, url + re.sub(r"<[^>]*>", "x", path)


class TestSecurityTxt:
    def test_it_is_plain_text_with_the_default_contact_and_open_to_all(self):
        with running(ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=SECRET) as live:
            for accept in ("*/*", "application/json", "text/html"):
                reply = live.get("/.well-known/security.txt", headers={"Accept": accept})
                assert reply.status_code == 200 and reply.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert live.get("/.well-known/security.txt", method="HEAD").status_code == 200
            assert live.post("/.well-known/security.txt", {}).status_code == 405
        fields = re.findall(r"^([A-Za-z-]+): (\S.*)\n", reply.text, re.M)
        assert "".join(f"{name}: {value}\n" for name, value in fields) == reply.text
        assert [value for name, value in fields if name == "Contact"] == [DEFAULT_CONTACT]
        assert DEFAULT_CONTACT.removeprefix("mailto:") in TEXT
        (expires,) = (value for name, value in fields if name == "Expires")
        ahead = datetime.fromisoformat(expires) - datetime.now(timezone.utc)
        assert timedelta(days=DEFAULT_LIFE_DAYS - 1) <= ahead <= timedelta(days=DEFAULT_LIFE_DAYS)
        assert f"{DEFAULT_LIFE_DAYS} days" in TEXT

    def test_contacts_and_end_come_from_the_settings(self):
        with running(PXL_SECURITY_CONTACT="mailto:a@example.org, https://example.org/report",
                     PXL_SECURITY_EXPIRES="2030-01-02T03:04:05+01:00") as live:
            text = live.get("/.well-known/security.txt").text
        assert "Contact: mailto:a@example.org\nContact: https://example.org/report\nExpires: 2030-01-02T02:04:05Z\n" in text

    @pytest.mark.parametrize(("variable", "value"), [
        ("PXL_SECURITY_CONTACT", ""), ("PXL_SECURITY_CONTACT", "security@example.org"), ("PXL_SECURITY_CONTACT", "http://example.org"),
        ("PXL_SECURITY_CONTACT", "mailto:a@b.org,"), ("PXL_SECURITY_CONTACT", "mailto:a@b.org\nExpires: never"),
        ("PXL_SECURITY_CONTACT", "https://exämple.org"), ("PXL_SECURITY_EXPIRES", "tomorrow"), ("PXL_SECURITY_EXPIRES", "2027-01-01"),
        ("PXL_SECURITY_EXPIRES", "2027-13-01T00:00:00Z"), ("PXL_SECURITY_EXPIRES", "2027-01-01T00:00:00"),
        ("PXL_SECURITY_EXPIRES", "0001-01-01T00:00:00+23:00")])
    def test_what_is_no_contact_and_no_moment_stops_the_start(self, variable, value):
        with pytest.raises(ConfigError, match=variable):
            Settings.from_env({variable: value})

    def test_an_end_that_is_past_is_told_from(self):
        moment = datetime(2030, 1, 1, tzinfo=timezone.utc).timestamp()
        text = SecurityText(expires="2030-01-01T00:00:00Z")
        assert not text.is_stale(moment - 1) and text.is_stale(moment) and not SecurityText().is_stale(moment)
