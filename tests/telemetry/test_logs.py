"""Logs say who asked what, keep every line through rotations, and hold up nobody when they cannot be written."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from pxl.access.signing import sign_v1
from pxl.composition.telemetry import build_logs, build_watch
from pxl.errors import ConfigError
from pxl.settings import Settings
from pxl.telemetry.log_lines import access_line, audit_line
from pxl.telemetry.logs import ACCESS_LOG, AUDIT_LOG, SERVER_LOG, LineFormatter, Logs, Sink, printable
from pxl.telemetry.request_record import RequestRecord
from tests.support.fake_decider import eventually
from tests.support.live_server import running
from tests.support.started_server import LINES, started, url_of

COMBINED = re.compile(r'(?P<ip>\S+) - (?P<user>\S+) \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] '
                      r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?:\d+|-) "(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)"')
KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2


def audit(directory: Path) -> list[dict]:
    return [json.loads(line) for line in (directory / AUDIT_LOG).read_text().splitlines()]


def within(seconds: float, call: Callable[[], object]) -> None:
    """Demand that a call takes no longer."""
    began = time.monotonic()
    call()
    assert time.monotonic() - began < seconds


class TestSink:
    def test_no_line_is_lost_or_torn_by_rotations_under_concurrent_writes(self, tmp_path):
        log = tmp_path / "access.log"
        sink = Sink(log, linger_s=0.01, max_lines=1_000_000)
        sink.open()

        def write(writer: int) -> None:
            for number in range(10_000):
                sink.put(f"{writer}:{number}:{'x' * 80}\n")
        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
        for thread in threads:
            thread.start()
        for turn in range(8):
            eventually(lambda: log.exists() and log.stat().st_size > 0)
            log.rename(tmp_path / f"archive-{turn}")
            eventually(log.exists)      # from here on the renamed file is written no more
            if turn > 5:
                for thread in threads:
                    thread.join()
                sink.put("last\n")
        sink.close(10)
        lines = [line for file in tmp_path.iterdir() for line in file.read_text().splitlines() if line != "last"]
        assert len(lines) == len(set(lines)) == 40_000
        assert set(lines) == {f"{writer}:{number}:{'x' * 80}" for writer in range(4) for number in range(10_000)}
        assert (sink.errors, sink.drops) == (0, 0)

    def test_a_file_that_was_renamed_away_is_there_again_soon_without_anything_to_write(self, tmp_path):
        sink = Sink(tmp_path / "log")
        sink.open()
        (tmp_path / "log").rename(tmp_path / "old")
        eventually((tmp_path / "log").exists)
        sink.close()

    def test_a_full_disk_is_counted_survived_and_forgotten_when_there_is_room_again(self, tmp_path):
        log = tmp_path / "log"
        log.symlink_to("/dev/full")
        sink = Sink(log)
        sink.open()
        sink.put("first\n")
        eventually(lambda: sink.errors >= 1)
        assert sink.is_failing
        sink.put("second\n")
        log.unlink()
        eventually(lambda: log.exists() and log.read_text() == "first\nsecond\n")
        assert not sink.is_failing and sink.drops == 0
        sink.close()

    def test_a_reader_that_stalls_holds_up_nobody_and_what_is_given_up_is_counted(self):
        reading, writing = os.pipe()
        sink = Sink(writing, max_lines=1000)
        sink.open()
        within(5, lambda: [sink.put("x" * 1000 + "\n") for _ in range(20_000)])
        assert sink.drops > 15_000
        within(5, lambda: sink.close(0.1))
        os.close(reading)       # which lets the thread go

    def test_a_pipe_that_nobody_reads_any_more_is_no_failure(self):
        reading, writing = os.pipe()
        os.close(reading)
        sink = Sink(writing)
        sink.open()
        sink.put("line\n")
        eventually(lambda: sink.errors >= 1)
        within(5, sink.close)
        os.close(writing)
        assert sink.drops == 1


class TestLines:
    SEEN = RequestRecord(1767225600.5, 0.0123, "POST", "/prove", "/prove", "HTTP/1.1", 200, 700, "192.0.2.77", "hmac", "k1", "id1",
                "agent", "", verdict="proved", overlay="pxl", certificate_sha256="ab")

    def test_the_access_log_has_the_combined_format(self):
        assert access_line(self.SEEN) == \
            '192.0.2.77 - k1 [01/Jan/2026:00:00:00 +0000] "POST /prove HTTP/1.1" 200 700 "-" "agent"\n'

    def test_the_audit_has_the_members_that_auditors_ask_for(self):
        assert json.loads(audit_line(self.SEEN)) == {
            "timestamp": "2026-01-01T00:00:00.500Z", "request_id": "id1", "user_id": "k1", "auth": "hmac", "method": "POST",
            "path": "/prove", "route": "/prove", "status": 200, "duration_ms": 12.3, "client_ip": "192.0.2.77",
            "user_agent": "agent", "error": None, "refusal": None, "overlay": "pxl", "verdict": "proved", "certificate_sha256": "ab"}

    def test_addresses_can_be_left_out(self):
        assert access_line(self.SEEN, anonymous=True).startswith("192.0.2.0 - ")
        assert "192.0.2.77" not in audit_line(self.SEEN, anonymous=True)

    @given(st.text(), st.text(), st.text(), st.text(max_size=30))
    def test_whatever_a_client_sends_is_one_line_that_can_be_read(self, path, agent, referrer, method):
        seen = self.SEEN._replace(path=path, agent=agent, referrer=referrer, method=method)
        line = access_line(seen)
        assert line.isascii() and line[:-1].isprintable() and line.endswith("\n") and COMBINED.fullmatch(line[:-1])
        record = audit_line(seen)
        assert record.isascii() and record[:-1].isprintable()
        assert json.loads(record)["user_agent"] == agent[:300]

    def test_scripts_find_the_status_in_the_ninth_word(self):
        assert access_line(self.SEEN._replace(path="/a b\tc")).split()[8] == "200"

    def test_a_traceback_cannot_pass_for_a_record(self):
        try:
            raise ValueError("boom\nERROR:pxl:forged\x1b[2J")
        except ValueError as error:
            record = logging.LogRecord("pxl", logging.ERROR, "", 0, "it %s\nERROR:pxl:forged", ("broke",),
                                       (ValueError, error, error.__traceback__))
        first, *rest = LineFormatter("%(levelname)s:%(name)s:%(message)s").format(record).splitlines()
        assert first == "ERROR:pxl:it broke\\nERROR:pxl:forged"
        assert len(rest) >= 3 and all(line.startswith("  | ") and line.isprintable() for line in rest)

    @given(st.text())
    def test_what_is_printable_stays_and_the_rest_is_escaped(self, text):
        assert printable(text).isprintable() and (not text.isprintable() or printable(text) == text)


class TestServer:
    def test_every_request_is_in_the_access_log_and_in_the_audit(self, tmp_path):
        with running(PXL_LOG_DIR=str(tmp_path)) as live:
            live.post("/prove", {"goal": "SecretAtom -> SecretAtom"}, User_Agent='evil"\\agent', Referer="http://a/b?token=hunter2")
            live.prove("(")
            live.get("/nothing/a%0d%0ab%1b%20x?password=hunter2")
            live.raw(b"GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\n")
            live.get("/healthz", headers={"X-Request-ID": "my-id"})
            live.logs.flush()
            lines = (tmp_path / ACCESS_LOG).read_text().splitlines()
            records = audit(tmp_path)
        assert len(lines) == len(records) == 5
        for line, record in zip(lines, records, strict=True):
            match = COMBINED.fullmatch(line)
            assert match["ip"] == record["client_ip"] == "127.0.0.1" and int(match["status"]) == record["status"]
        assert [record["status"] for record in records] == [200, 400, 404, 400, 200]
        proved, malformed, nothing, early, health = records
        assert (proved["verdict"], proved["overlay"], proved["route"]) == ("proved", "pxl", "/prove")
        assert proved["duration_ms"] > 0 and proved["user_agent"] == 'evil"\\agent'
        assert (malformed["error"], malformed["verdict"]) == ("formula-syntax", None)
        assert nothing["path"] == "/nothing/a\r\nb\x1b x" and nothing["route"] == "unmatched"
        assert "/nothing/a%0D%0Ab%1B%20x HTTP/1.1" in lines[2]
        assert early["error"] == "bad-request" and health["request_id"] == "my-id"
        everything = "".join(file.read_text() for file in tmp_path.iterdir())
        assert '"http://a/b"' in lines[0]
        assert "SecretAtom" not in everything and "hunter2" not in everything

    def test_a_verdict_is_audited_with_its_certificate(self, tmp_path, prover):
        settings = Settings.from_env({"PXL_LOG_DIR": str(tmp_path)})
        watch = build_watch(settings, prover.service, prover.pool.stats, prover.about(), build_logs(settings))
        seen = []
        watch.answered, prover.service.observer = seen.append, watch
        try:
            prover.service.prove("BOX(A) -> A")
        finally:
            prover.service.observer = None
        assert re.fullmatch("[0-9a-f]{64}", seen[0].script.certificate_sha256)

    def test_who_asked_is_audited_and_no_credentials(self, tmp_path):
        body, stamp = b'{"goal": "A"}', str(int(time.time()))
        signature = sign_v1(KEY.encode(), stamp, "nonce-0001", body)
        with running(PXL_LOG_DIR=str(tmp_path), ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=KEY) as live:
            for _ in range(2):
                live.post("/prove", raw=body, X_Timestamp=stamp, X_Nonce="nonce-0001", X_Signature=signature)
            live.logs.flush()
            (first, second), text = audit(tmp_path), (tmp_path / AUDIT_LOG).read_text()
        assert first["auth"] == "hmac" and first["user_id"] and first["refusal"] is None
        assert (second["status"], second["refusal"], second["error"]) == (401, "nonce", "unauthorized")
        assert signature not in text and "nonce-0001" not in text and KEY not in text

    def test_addresses_are_left_out_on_request(self, tmp_path):
        with running(PXL_LOG_DIR=str(tmp_path), PXL_LOG_ANONYMIZE="true", TRUSTED_PROXY="127.0.0.1") as live:
            live.get("/", headers={"X-Forwarded-For": "198.51.100.23"})
            live.logs.flush()
            assert audit(tmp_path)[0]["client_ip"] == "198.51.100.0"
            assert (tmp_path / ACCESS_LOG).read_text().startswith("198.51.100.0 ")

    def test_a_full_disk_is_counted_and_answers_go_on(self, tmp_path):
        (tmp_path / ACCESS_LOG).symlink_to("/dev/full")
        (tmp_path / AUDIT_LOG).symlink_to("/dev/full")
        with running(PXL_LOG_DIR=str(tmp_path)) as live:
            assert live.prove("A").status_code == 200
            eventually(lambda: {f'pxl_log_errors_total{{log="{log}"}} 0.0' for log in ("access", "audit")}.isdisjoint(
                live.get("/metrics/prometheus").text.splitlines()))
            assert live.prove("A").status_code == 200
            (tmp_path / ACCESS_LOG).unlink()
            (tmp_path / AUDIT_LOG).unlink()
            eventually(lambda: (tmp_path / AUDIT_LOG).exists() and len(audit(tmp_path)) >= 3)

    def test_on_request_nothing_is_decided_that_cannot_be_audited(self, tmp_path):
        (tmp_path / AUDIT_LOG).symlink_to("/dev/full")
        with running(PXL_LOG_DIR=str(tmp_path), PXL_AUDIT_FAIL_CLOSED="true") as live:
            live.get("/healthz")
            eventually(lambda: live.prove("A").status_code == 503)
            refused = live.prove("A")
            assert refused.json()["code"] == "audit-unavailable" and refused.headers["Retry-After"] == "5"
            assert live.get("/health").status_code == live.get("/metrics").status_code == 200
            (tmp_path / AUDIT_LOG).unlink()
            eventually(lambda: live.prove("A").status_code == 200)

    def test_a_directory_that_cannot_be_written_ends_the_start_with_the_cure(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(ConfigError, match="PXL_LOG_DIR"):
            Logs(tmp_path / "file").open()


class TestAuthentication:
    def test_scripts_find_refused_signatures_by_the_headers_name(self, caplog):
        with running(ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=KEY) as live:
            live.post("/prove", {"goal": "A"}, X_Timestamp="1", X_Nonce="nonce-0001", X_Signature="00")
            live.prove("A")
        first, second = [record.getMessage() for record in caplog.records if "401" in record.getMessage()]
        assert first.endswith("(shown: X-Signature)") and second.endswith("(shown: nothing)")


class TestProcess:
    def test_the_servers_log_has_the_lines_of_the_start_in_their_order(self, tmp_path):
        with started(PXL_LOG_DIR=str(tmp_path / "new" / "logs")) as (process, lines):
            assert len(lines) == len(LINES)
            url = url_of(lines)
            requests.post(f"{url}/prove", json={"goal": "BOX(A -> A)"}, timeout=30)
            log = tmp_path / "new" / "logs" / SERVER_LOG
            written = [line.partition(" ")[2] for line in log.read_text().splitlines()]
            for line, pattern in zip(written, LINES, strict=True):
                assert re.fullmatch(pattern, line), line
            assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", line) for line in log.read_text().splitlines())
            log.rename(tmp_path / "rotated")
            process.send_signal(signal.SIGHUP)      # as log rotation sends it
            eventually(log.exists)
            process.terminate()
            assert process.wait(30) == 0
        assert log.read_text().splitlines()[-1].endswith("INFO:pxl:stopped: every request was answered")
        record, = audit(log.parent)
        assert record["verdict"] == "proved" and re.fullmatch("[0-9a-f]{64}", record["certificate_sha256"])
        report = json.loads((log.parent / "performance.json").read_text())
        assert [endpoint["name"] for endpoint in report["endpoints"]] == ["POST /prove"]

    def test_without_a_directory_the_audit_is_on_standard_output_and_a_stalled_reader_holds_up_nobody(self):
        with started() as (process, lines), requests.Session() as session:
            url = url_of(lines)
            began = time.monotonic()
            for _ in range(600):        # more than a pipe holds
                assert session.get(f"{url}/healthz", timeout=5).status_code == 200
            assert time.monotonic() - began < 30
            first = process.stdout.readline()
            assert json.loads(first)["path"] == "/healthz"
            process.terminate()
            text = process.stdout.read()
            assert process.wait(30) == 0
            assert sum(line.startswith("{") for line in text.splitlines()) == 599

    def test_a_server_whose_output_nobody_reads_still_ends_when_told(self):
        with started() as (process, lines), requests.Session() as session:
            for _ in range(600):
                session.get(f"{url_of(lines)}/healthz", timeout=5)
            process.terminate()
            assert process.wait(20) == 0
