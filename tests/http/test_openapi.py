"""The API's description is valid, true of the server, and takes nothing back; the viewer needs no other machine."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from tests.support.live_server import Live, running
from tests.support.openapi_file import (
    FROZEN,
    SERVED,
    SERVED_31,
    as_31,
    as_served,
    breaks,
    operations,
    promises,
    read_source,
)

ROOT = Path(__file__).resolve().parents[2]
SEED = "20261121"


@pytest.fixture(scope="module")
def live():
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def document() -> dict:
    return read_source()


class TestTheFile:
    def test_it_is_valid_openapi_3_0_3(self, document):
        assert document["openapi"] == "3.0.3"
        OpenAPIV30SpecValidator(document).validate()

    def test_what_is_served_is_the_file(self, live: Live, document):
        response = live.get("/openapi.json")
        assert response.headers["Content-Type"] == "application/json"
        assert response.json() == document
        assert SERVED.read_text(encoding="utf-8") == as_served(document), "run scripts/openapi.sh"

    def test_the_same_in_openapi_3_1_is_valid_and_served(self, live: Live, document):
        newer = as_31(document)
        OpenAPIV31SpecValidator(newer).validate()
        assert "nullable" not in as_served(newer) and newer["paths"].keys() == document["paths"].keys()
        assert live.get("/openapi-3.1.json").json() == newer
        assert SERVED_31.read_text(encoding="utf-8") == as_served(newer), "run scripts/openapi.sh"

    def test_it_has_the_routes_that_are_served_and_no_others(self, document):
        def known(route: str) -> str:
            return re.sub(r"\{\w+\}|<\w+>", "{}", route)
        described = {known(f"{method} {path}") for method, path, _ in operations(document)}
        with running(ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY="0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2,
                     JWT_SECRET_KEY="ffeeddccbbaa99887766554433221100" * 2) as everything:
            assert described == {known(route) for route in everything.get("/").json()["routes"]}

    def test_every_operation_has_a_name_of_its_own_a_summary_and_a_tag(self, document):
        found = [operation for _, _, operation in operations(document)]
        assert len({operation["operationId"] for operation in found}) == len(found)
        assert all(operation["summary"] and operation["tags"] for operation in found)

    def test_every_example_of_a_request_is_accepted(self, live: Live, document):
        for method, path, operation in operations(document):
            if path.startswith("/v1/auth/") or "{operation}" in path:
                continue        # these need a signature, or an overlay; tests/http/test_gate.py and test_overlays.py ask them
            for content in operation.get("requestBody", {}).get("content", {}).values():
                examples = [content["example"]] if "example" in content else \
                    [example["value"] for example in content["examples"].values()]
                for example in examples:
                    assert live.post(path, example).status_code == 200, (method, path, example)

    def test_a_reply_has_every_member_that_is_described(self, live: Live, document):
        schemas = document["components"]["schemas"]
        verdict = live.post("/v1/proofs", {"formula": "A", "certificate": True}).json()
        assert set(verdict) == set(schemas["Verdict"]["properties"])
        assert set(live.post("/countermodel", {"goal": "A"}).json()) == set(schemas["CountermodelReply"]["properties"])
        assert set(live.get("/v1/health").json()) == set(schemas["V1Health"]["properties"])
        assert set(live.post("/prove", {"goal": "("}).json()) == set(schemas["Problem"]["properties"])


class TestFrozen:
    def test_nothing_that_was_promised_is_taken_back(self, document):
        frozen = set(FROZEN.read_text(encoding="utf-8").splitlines())
        assert breaks(frozen, promises(document)) == [], "clients would break: see scripts/openapi.sh"

    @pytest.mark.parametrize(("change", "told"), [
        (lambda d: d["paths"].pop("/v1/overlays"), "no longer gives GET /v1/overlays"),
        (lambda d: d["paths"]["/v1/proofs/{proof_id}"].pop("delete"), "no longer gives DELETE /v1/proofs/{proof_id}"),
        (lambda d: d["paths"]["/v1/proofs"]["post"]["responses"].pop("202"), "no longer gives POST /v1/proofs 202"),
        (lambda d: d["components"]["schemas"]["Verdict"]["properties"].pop("ok"), "no longer gives replied Verdict.ok"),
        (lambda d: d["components"]["schemas"]["Verdict"]["required"].remove("ok"), "no longer gives replied Verdict.ok: always"),
        (lambda d: d["components"]["schemas"]["Question"]["properties"].pop("context"), "no longer gives asked Question.context"),
        (lambda d: d["components"]["schemas"]["Question"]["required"].append("overlay"), "now demands asked Question.overlay: always"),
        (lambda d: d["components"]["schemas"]["Timeout"].update(maximum=100), "now demands asked Timeout maximum 100"),
        (lambda d: d["components"]["schemas"]["VerdictWord"].update(type="integer"), "no longer gives replied VerdictWord: string"),
    ])
    def test_a_change_that_breaks_clients_is_seen(self, document, change, told):
        changed = copy.deepcopy(document)
        change(changed)
        assert told in breaks(promises(document), promises(changed))

    @pytest.mark.parametrize("change", [
        lambda d: d["paths"].update({"/v1/new": {"get": {"responses": {"200": {"description": "new"}}}}}),
        lambda d: d["components"]["schemas"]["Verdict"]["properties"].update(more={"type": "string"}),
        lambda d: d["components"]["schemas"]["Question"]["properties"].update(more={"type": "string"}),
        lambda d: d["components"]["schemas"]["Context"].update(description="said better"),
        lambda d: d["info"].update(description="said better"),
    ])
    def test_an_addition_is_no_break(self, document, change):
        changed = copy.deepcopy(document)
        change(changed)
        assert breaks(promises(document), promises(changed)) == []


class TestTheViewer:
    def test_the_page_and_everything_it_loads_come_from_here(self, live: Live):
        page = live.get("/docs")
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(loaded) == 5 and all(address.startswith("/") for address in loaded)
        for address in loaded:
            response = live.get(address)
            assert response.status_code == 200 and response.content, address

    def test_the_browser_is_told_to_ask_nobody_else(self, live: Live):
        policy = live.get("/docs").headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'") and "http" not in policy and "*" not in policy

    @pytest.mark.parametrize("asset", ["index.html", "..%2f__init__.py", "swagger-ui.js", "viewer.js%00", "x"])
    def test_other_files_of_the_package_are_not_served(self, live: Live, asset):
        assert live.get(f"/docs/{asset}").status_code == 404


def schemathesis_finds_nothing(directory: Path, url: str, *options: str, **env: str) -> int:
    """Run every check with examples, boundary values, random data and sequences of requests; count the operations."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("st")), "run", str(ROOT / "openapi" / "prooftoken.yaml"), "--url", url,
         "--checks", "all", "-n", "15", "--seed", SEED, "--no-color", *options],
        cwd=directory, capture_output=True, text=True, timeout=150, check=False,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.support.schemathesis_hooks", "PYTHONPATH": str(ROOT), **env})
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "No issues found" in done.stdout
    tested, = re.findall(r"Tested: (\d+)", done.stdout)
    return int(tested)


def test_no_request_gets_an_answer_that_is_not_described(tmp_path, document):
    with running() as live:
        tested = schemathesis_finds_nothing(tmp_path, live.url, "--exclude-path-regex", r"^/v1/auth/|\{operation\}")
    assert tested == sum("/v1/auth/" not in path and "{operation}" not in path for _, path, _ in operations(document))


def test_no_signed_request_gets_an_answer_that_is_not_described(tmp_path, document):
    key = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2
    with running(ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=key, JWT_SECRET_KEY="ffeeddccbbaa99887766554433221100" * 2,
                 RATE_LIMIT_REQUESTS="1000000", PXL_RATE_LIMIT_TOTAL="0") as live:
        # A renewal takes a token and no signature; each operation has a schema of its own.
        tested = schemathesis_finds_nothing(tmp_path, live.url, "--exclude-path-regex", r"^/v1/auth/refresh|\{operation\}", ST_HOOKS_KEY=key)
    assert tested == len(list(operations(document))) - 2
