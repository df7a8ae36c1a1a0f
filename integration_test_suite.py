#!/usr/bin/env python3
"""Judge a running PXL server from outside, and trust nothing that it says.

    HMAC_SECRET_KEY_FILE=FILE python integration_test_suite.py [--url URL] [--jwt @FILE] [--json FILE]

Every verdict is compared: with the textbook's, and for formulas made up on the spot with what
the suite finds itself by trying all models. Every countermodel is evaluated here. The exit
status is 0 when every check passed, 1 when one failed, and 2 when the suite was called wrongly.

It needs Python 3.11 and `requests`, and nothing of the server's code.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import itertools
import json
import os
import random
import re
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

DOCUMENT_METRICS = (
    "logos_pxl_uptime_seconds", "logos_pxl_verification_ratio_percent", "logos_pxl_p95_latency_ms",
    "logos_pxl_cache_hit_rate_percent", "logos_pxl_session_pool_total", "logos_pxl_session_pool_busy",
    "logos_pxl_cache_size", "logos_pxl_cache_hits_total", "logos_pxl_cache_misses_total",
    "logos_pxl_cache_prefetch_hits_total")
PROVENANCE = ("X-PXL-Coqchk", "X-Build-SHA", "X-V4-SHA", "X-Request-ID")

# ---------------------------------------------------------------------------------------------
# Formulas: tuples ("atom", name), ("bot",), ("not", f), ("and", f, g), ("or", …), ("imp", …),
# ("iff", …), ("box", f), ("dia", f). A model of S5 is a list of worlds, sets of true atoms; every
# world sees every world.

Form = tuple
_WORDS = {"and": "/\\", "or": "\\/", "imp": "->", "iff": "<->"}


def text_of(form: Form) -> str:
    """Write a formula with all its parentheses."""
    match form:
        case ("atom", name):
            return name
        case ("bot",):
            return "BOT"
        case ("not", body):
            return f"~{text_of(body)}"
        case ("box" | "dia" as op, body):
            return f"{op.upper()}({text_of(body)})"
        case (op, left, right):
            return f"({text_of(left)} {_WORDS[op]} {text_of(right)})"
    raise ValueError(f"not a formula: {form}")


def holds(form: Form, model: Sequence[frozenset[str]], world: int) -> bool:
    """Say whether a formula is true at a world of an S5 model."""
    match form:
        case ("atom", name):
            return name in model[world]
        case ("bot",):
            return False
        case ("not", body):
            return not holds(body, model, world)
        case ("and", left, right):
            return holds(left, model, world) and holds(right, model, world)
        case ("or", left, right):
            return holds(left, model, world) or holds(right, model, world)
        case ("imp", left, right):
            return not holds(left, model, world) or holds(right, model, world)
        case ("iff", left, right):
            return holds(left, model, world) == holds(right, model, world)
        case ("box", body):
            return all(holds(body, model, place) for place in range(len(model)))
        case ("dia", body):
            return any(holds(body, model, place) for place in range(len(model)))
    raise ValueError(f"not a formula: {form}")


def is_valid(form: Form, atoms: Sequence[str]) -> bool:
    """Decide S5 by trying every set of valuations: for two or three atoms."""
    worlds = [frozenset(w) for n in range(len(atoms) + 1) for w in itertools.combinations(atoms, n)]
    return all(holds(form, model, place)
               for size in range(1, len(worlds) + 1)
               for model in itertools.combinations(worlds, size)
               for place in range(size))


def random_form(source: random.Random, atoms: Sequence[str], depth: int) -> Form:
    """Make up a formula."""
    if depth == 0 or source.random() < 0.1:
        return ("atom", source.choice(atoms))
    op = source.choice(("not", "box", "dia", "box", "and", "or", "imp", "imp", "iff"))
    if op in ("not", "box", "dia"):
        return (op, random_form(source, atoms, depth - 1))
    return (op, random_form(source, atoms, depth - 1), random_form(source, atoms, depth - 1))


A, B, C = ("atom", "A"), ("atom", "B"), ("atom", "C")


def _box(body: Form) -> Form:
    return ("box", body)


def _dia(body: Form) -> Form:
    return ("dia", body)


def _not(body: Form) -> Form:
    return ("not", body)


def _imp(left: Form, right: Form) -> Form:
    return ("imp", left, right)


# The textbook's word on each: True for a theorem of S5.
TEXTBOOK: tuple[tuple[str, Form, bool], ...] = (
    ("identity", _imp(A, A), True), ("necessity of a tautology", _box(_imp(A, A)), True),
    ("excluded middle", ("or", A, _not(A)), True), ("Peirce", _imp(_imp(_imp(A, B), A), A), True),
    ("K", _imp(_box(_imp(A, B)), _imp(_box(A), _box(B))), True), ("T", _imp(_box(A), A), True),
    ("D", _imp(_box(A), _dia(A)), True), ("4", _imp(_box(A), _box(_box(A))), True),
    ("5", _imp(_dia(A), _box(_dia(A))), True), ("B", _imp(A, _box(_dia(A))), True),
    ("duality", ("iff", _dia(A), _not(_box(_not(A)))), True),
    ("box over and", ("iff", _box(("and", A, B)), ("and", _box(A), _box(B))), True),
    ("diamond over or", ("iff", _dia(("or", A, B)), ("or", _dia(A), _dia(B))), True),
    ("possibly necessary", _imp(_dia(_box(A)), _box(A)), True),
    ("absorption", ("iff", _box(_dia(A)), _dia(A)), True),
    ("necessity of a conjunct", _box(_imp(("and", A, B), A)), True),
    ("transitivity", _box(_imp(_imp(A, B), _imp(_imp(B, C), _imp(A, C)))), True),
    ("4, necessarily", _box(_imp(_box(A), _box(_box(A)))), True),
    ("an atom", A, False), ("necessity of an atom", _box(_imp(A, B)), False),
    ("possibility of an atom", _dia(A), False), ("falsehood", ("bot",), False),
    ("truth implies necessity", _imp(A, _box(A)), False), ("possibility implies truth", _imp(_dia(A), A), False),
    ("possible is necessary", _imp(_dia(A), _box(A)), False),
    ("box over or", _imp(_box(("or", A, B)), ("or", _box(A), _box(B))), False),
    ("diamond over and", _imp(("and", _dia(A), _dia(B)), _dia(("and", A, B))), False),
    ("the old suite's mistake", _box(_imp(("and", A, _box(B)), _box(("and", A, B)))), False),
    ("converse of K", _imp(_imp(_box(A), _box(B)), _box(_imp(A, B))), False),
    ("affirming the consequent", _imp(("and", _imp(A, B), B), A), False),
)

# What other overlays must say, where they are on: request members besides the goal, the goal, the verdict.
OVERLAY_VERDICTS: Mapping[str, Sequence[tuple[dict[str, Any], Any, bool]]] = {
    "modal": (({"logic": "s4"}, "BOX(A) -> BOX(BOX(A))", True), ({"logic": "t"}, "BOX(A) -> BOX(BOX(A))", False),
              ({"logic": "t"}, "BOX(A) -> A", True), ({"logic": "k"}, "BOX(A) -> A", False),
              ({"logic": "kd45"}, "BOX(A) -> A", False), ({"logic": "d"}, "BOX(A) -> DIAMOND(A)", True),
              ({"logic": "k"}, "BOX(A) -> DIAMOND(A)", False), ({"logic": "b"}, "A -> BOX(DIAMOND(A))", True),
              ({"logic": "s4"}, "A -> BOX(DIAMOND(A))", False),
              ({"logic": "s5"}, "DIAMOND(A) -> BOX(DIAMOND(A))", True)),
    "themi": (({}, "O(p) -> P(p)", True), ({}, "O(p) -> p", False)),
    "gnosi": (({}, "K[a] p -> p", True), ({}, "p -> K[a] p", False)),
    "doxa": (({}, "B[a] p -> p", False), ({}, "B[a] p -> B[a] B[a] p", True)),
    "tense": (({}, "p -> G P p", True), ({}, "F p -> G p", False)),
    "chrono": (({}, "G(req -> F ack) -> (G F req -> G F ack)", True), ({}, "F p -> G p", False),
               ({"trace": [["proof"], ["allow"], [], ["allow"]]}, "G(allow -> P proof)", True),
               ({"trace": [["allow"], ["proof"]]}, "G(allow -> P proof)", False)),
    "v4": (({}, {"type": "implies", "left": "A", "right": "A"}, True),
           ({}, {"type": "implies", "left": "A", "right": "B"}, False)),
}


# ---------------------------------------------------------------------------------------------
# The report

class Failure(Exception):
    """A check that did not pass; its text says what was expected and what came."""


def expect(claim: Any, complaint: str) -> None:
    """Raise Failure unless the claim is true."""
    if not claim:
        raise Failure(complaint)


@dataclass
class Result:
    """One check: where it belongs, what it said, whether it passed, and how long it took in ms."""

    section: str
    name: str
    passed: bool
    detail: str
    took_ms: float


@dataclass
class Report:
    """The checks so far, each printed as it is done."""

    url: str
    results: list[Result] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    section: str = ""

    def begin(self, section: str) -> None:
        """Start a section."""
        self.section = section
        print(f"\n{section}", flush=True)

    @contextmanager
    def check(self, name: str) -> Iterator[list[str]]:
        """Run one check; what is put in the list that it gives is shown beside its name."""
        began, detail, passed = time.monotonic(), [], True
        try:
            yield detail
        except Failure as failure:
            passed, detail = False, [str(failure)]
        except requests.ConnectionError:
            passed, detail = False, [f"nothing answers at {self.url}"]
        except requests.RequestException as trouble:
            passed, detail = False, [f"no usable answer: {trouble}"]
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as trouble:
            passed, detail = False, [f"the answer has not the shape that is documented: {trouble!r}"]
        took_ms = 1000 * (time.monotonic() - began)
        self.results.append(Result(self.section, name, passed, " ".join(detail), round(took_ms, 3)))
        print(f"  {'ok  ' if passed else 'FAIL'}  {name}{': ' if detail else ''}{' '.join(detail)}", flush=True)

    def note(self, text: str) -> None:
        """Say what was not checked, and why."""
        self.notes.append(text)
        print(f"  --    {text}", flush=True)

    @property
    def failed(self) -> list[Result]:
        """Return the checks that did not pass."""
        return [result for result in self.results if not result.passed]

    def document(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return {"url": self.url, "passed": not self.failed, "checks": len(self.results),
                "failures": len(self.failed), "results": [asdict(result) for result in self.results],
                "not_checked": self.notes}


# ---------------------------------------------------------------------------------------------
# The server, from outside

class Server:
    """A server at a URL; requests are signed and carry the token when there are a key and one."""

    def __init__(self, url: str, key: str | None, token: str | None, timeout_s: float) -> None:
        self.url, self.key, self.token, self.timeout_s = url.rstrip("/"), key, token, timeout_s
        self._session = requests.Session()
        self._session.trust_env = False
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=32)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def get(self, path: str, **headers: str) -> requests.Response:
        """GET a path."""
        return self._patiently(lambda: self._session.get(self.url + path, headers=self._bearer(path) | headers,
                                                         timeout=self.timeout_s))

    def look(self, path: str, **headers: str) -> requests.Response:
        """GET what observers see, below /v1 where there is a token."""
        return self.get(f"/v1{path}" if self.token else path, **headers)

    def has_overlay(self, name: str) -> bool:
        """Say whether an overlay can be asked."""
        return self.send(json.dumps({"goal": "A", "overlay": name}).encode()).status_code != 404

    def send(self, body: bytes, path: str = "/prove", headers: Mapping[str, str] | None = None, *,
             signed: bool = True) -> requests.Response:
        """POST bytes as JSON, signed anew each time they are sent."""
        def once() -> requests.Response:
            sent = {"Content-Type": "application/json", **self._bearer(path), **(headers or {})}
            if signed and self.key and path == "/prove":
                sent |= signature(self.key, body)
            return self._session.post(self.url + path, data=body, headers=sent, timeout=self.timeout_s)
        return self._patiently(once)

    def prove(self, goal: Any, **members: Any) -> dict[str, Any]:
        """Ask for a verdict; raise Failure when there is no answer with status 200."""
        reply = self.send(json.dumps({"goal": goal, **members}).encode())
        expect(reply.status_code == 200, f"{goal!r} got status {reply.status_code}: {reply.text[:200]}")
        return reply.json()

    def _bearer(self, path: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token and path.startswith("/v1/") else {}

    @staticmethod
    def _patiently(ask: Callable[[], requests.Response]) -> requests.Response:
        """Wait as long as a 429 or 503 asks for, up to four times and 70 s each."""
        for _ in range(4):
            reply = ask()
            if reply.status_code not in (429, 503) or "Retry-After" not in reply.headers:
                break
            time.sleep(min(float(reply.headers["Retry-After"]), 70.0))
        return reply


def signature(key: str, body: bytes, *, timestamp: str | None = None, nonce: str | None = None) -> dict[str, str]:
    """Return the headers of a request signed as the deployment guide says."""
    timestamp, nonce = timestamp or str(int(time.time())), nonce or secrets.token_urlsafe(16)
    message = f"{timestamp}:{nonce}:".encode() + body
    mac = hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
    return {"X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": mac}


# ---------------------------------------------------------------------------------------------
# The checks

def check_verdict(reply: Mapping[str, Any], goal: Any, expected: bool, kernel_hash: str) -> None:
    """Expect a kernel-checked verdict on this very goal, and the right one."""
    expect(reply["goal"] == goal, f"the reply speaks of {reply['goal']!r}, the goal was {goal!r}")
    expect(reply["kernel_hash"] == kernel_hash, "the reply names another kernel than /health does")
    wanted = "proved" if expected else "refuted"
    expect(reply["verdict"] == wanted and reply["ok"] is expected,
           f"{goal!r} is {'valid' if expected else 'not valid'}, and the server says {reply['verdict']} "
           f"(ok: {reply['ok']}, reason: {reply.get('reason')})")
    expect(reply["statement"]["coq"], f"no theorem is shown for {goal!r}")


def model_of(document: Mapping[str, Any]) -> tuple[list[frozenset[str]], int]:
    """Read the countermodel of a reply about S5: its worlds and the designated one."""
    names = [world["name"] for world in document["worlds"]]
    expect(len(set(names)) == len(names), "two worlds have one name")
    return [frozenset(world["true"]) for world in document["worlds"]], names.index(document["designated"])


def check_countermodel(reply: Mapping[str, Any], form: Form) -> None:
    """Expect a countermodel in which the formula is false where the reply says so."""
    expect(reply["countermodel"], f"no countermodel for {text_of(form)}")
    model, world = model_of(reply["countermodel"])
    expect(not holds(form, model, world), f"{text_of(form)} is true in its countermodel {[sorted(w) for w in model]}")


def health_checks(server: Server, report: Report) -> str:
    """Check the health routes; return the kernel's hash."""
    report.begin("Health")
    kernel_hash = ""
    with report.check("GET /health"):
        reply = server.get("/health")
        expect(reply.status_code == 200, f"status {reply.status_code}: {reply.text[:200]}")
        body = reply.json()
        expect(body["status"] == "ok" and body["ready"] is True, f"status {body['status']}, ready {body['ready']}")
        expect(re.fullmatch("[0-9a-f]{64}", body["kernel_hash"]), "kernel_hash is not a SHA-256")
        kernel_hash = body["kernel_hash"]
        pool = body["session_pool"]
        expect(pool["total_sessions"] >= 1, "there is no session")
        expect(pool["total_sessions"] == pool["active_sessions"] + pool["busy_sessions"]
               or pool["busy_sessions"] > 0, f"the pool's numbers do not add up: {pool}")
        expect(0 <= pool["utilization_rate"] <= 1 and pool["max_pool_size"] >= 1, f"the pool's numbers: {pool}")
        expect(abs(body["timestamp"] - time.time()) < 60, "the server's clock is more than a minute off")
    for path in ("/healthz", "/livez", "/readyz", "/v1/health"):
        with report.check(f"GET {path}"):
            expect(server.get(path).status_code == 200, "the status is not 200")
    with report.check("every reply says where it comes from"):
        for path in ("/health", "/nothing-here"):
            missing = [name for name in PROVENANCE if not server.get(path).headers.get(name)]
            expect(not missing, f"GET {path} lacks {', '.join(missing)}")
    return kernel_hash


def verdict_checks(server: Server, report: Report, kernel_hash: str, source: random.Random, count: int) -> None:
    """Compare the verdicts with the textbook's and, on formulas made up now, with our own."""
    report.begin("Verdicts and countermodels")
    for name, form, expected in TEXTBOOK:
        with report.check(f"{name}: {text_of(form)}") as detail:
            reply = server.prove(text_of(form))
            check_verdict(reply, text_of(form), expected, kernel_hash)
            if not expected:
                check_countermodel(reply, form)
            detail.append(reply["verdict"])
    with report.check(f"{count} formulas made up on the spot") as detail:
        seen = {True: 0, False: 0}
        while sum(seen.values()) < count:
            form = random_form(source, ("p", "q"), source.randint(2, 5))
            valid = is_valid(form, ("p", "q"))
            # As many valid ones as invalid ones, which are more common.
            if not valid and seen[False] > seen[True] + 3:
                continue
            reply = server.prove(text_of(form))
            check_verdict(reply, text_of(form), valid, kernel_hash)
            if not valid:
                check_countermodel(reply, form)
            seen[valid] += 1
        detail.append(f"{seen[True]} valid, {seen[False]} not, all agreed")
    with report.check("POST /countermodel shows a model that falsifies"):
        form = _imp(_dia(("atom", "rain")), _box(("atom", "rain")))
        body = json.dumps({"goal": text_of(form)}).encode()
        reply = server.send(body, "/countermodel")
        if reply.status_code == 401 and server.key:
            report.note("/countermodel wants strong signatures; only /prove takes the documents' scheme")
        else:
            document = reply.json()
            expect(document["countermodel_found"] is True, "no countermodel was found")
            model, world = model_of(document["model"])
            expect(not holds(form, model, world), "the goal is true in its countermodel")


def overlay_checks(server: Server, report: Report, kernel_hash: str) -> None:
    """Compare verdicts under the other overlays that the server has on."""
    report.begin("Overlays and assumptions")
    listed: set[str] = set()
    with report.check("the overlays are listed"):
        reply = server.look("/overlays")
        if reply.status_code == 401 and not server.token:
            report.note("only who shows a token with the role observe may list the overlays: each was tried")
            listed = {name for name in OVERLAY_VERDICTS if server.has_overlay(name)}
        else:
            listed = {overlay["name"] for overlay in reply.json()["overlays"] if overlay["healthy"]}
            expect("pxl" in listed, "the overlay pxl is not listed")
        for name in sorted(set(OVERLAY_VERDICTS) - listed):
            report.note(f"the overlay {name} is not on")
    for overlay in sorted(set(OVERLAY_VERDICTS) & listed):
        with report.check(overlay) as detail:
            for members, goal, expected in OVERLAY_VERDICTS[overlay]:
                reply = server.prove(goal, overlay=overlay, **members)
                check_verdict(reply, goal, expected, kernel_hash)
            detail.append(f"{len(OVERLAY_VERDICTS[overlay])} verdicts agreed")
    with report.check("assumptions make a policy's conclusions valid, and nothing else"):
        policy = ["BOX(Requested(a) -> Good(a))", "BOX(Requested(a))"]
        for goal, assumptions, expected in (("BOX(Good(a))", policy, True), ("BOX(Good(a))", policy[:1], False),
                                            ("BOX(Good(b))", policy, False)):
            reply = server.prove(goal, assumptions=assumptions, consequence="global")
            check_verdict(reply, goal, expected, kernel_hash)


def cache_checks(server: Server, report: Report, source: random.Random) -> None:
    """Check that repeating a goal hits the cache and changes nothing."""
    report.begin("Cache")
    fresh = f"n{source.getrandbits(60):x}"
    for shape, expected in (("BOX({0}) -> ({0} \\/ BOX({1}))", True), ("BOX({0} \\/ {1}) -> BOX({0})", False)):
        goal = shape.format(fresh, fresh + "b")
        # A formula of its own for this run: the names of atoms alone would make a hit.
        goal = f"({goal}) /\\ ({'~' * (2 * source.randint(1, 400))}T{fresh} \\/ ~T{fresh})"
        with report.check(f"a {'theorem' if expected else 'refuted goal'} is found again") as detail:
            first, again = server.prove(goal), server.prove(goal)
            renamed = server.prove(goal.replace(fresh, "m" + fresh[1:]))
            expect(again["cache_hit"] is True, "the second answer did not come from the cache")
            expect(renamed["cache_hit"] is True, "a renamed copy did not come from the cache")
            expect({first["verdict"], again["verdict"], renamed["verdict"]} == {"proved" if expected else "refuted"},
                   f"the verdicts are {first['verdict']}, {again['verdict']} and {renamed['verdict']}")
            expect(renamed["goal_normalized"] != again["goal_normalized"], "the copy was answered in the other's atoms")
            detail.append(f"{first['latency_ms']:.1f} ms, then {again['latency_ms']:.1f} ms")
    with report.check("goals that differ in case only are different goals"):
        expect(server.prove("BOX(A -> a)")["verdict"] == "refuted", "BOX(A -> a) was taken for BOX(A -> A)")


def speed_checks(server: Server, report: Report, source: random.Random, p95_ms: float, requests_: int) -> None:
    """Measure the latency of goals new to the cache, then send many at once and compare every verdict."""
    report.begin("Latency and load")

    def new_goal(valid: bool) -> str:
        name = f"x{source.getrandbits(60):x}"
        pad = "~" * (2 * source.randint(1, 500))
        return f"BOX({name}) -> {pad}{name}" if valid else f"{pad}{name} -> BOX({name})"

    with report.check(f"40 new goals, one after another: p95 at most {p95_ms:g} ms") as detail:
        took = []
        for number in range(40):
            # Of the request that was answered: waiting for a rate limit to let it in is no latency.
            answer = server.send(json.dumps({"goal": new_goal(number % 2 == 0)}).encode())
            took.append(1000 * answer.elapsed.total_seconds())
            expect(answer.status_code == 200, f"status {answer.status_code}: {answer.text[:200]}")
            reply = answer.json()
            expect(reply["ok"] is (number % 2 == 0), f"{reply['goal']!r} got {reply['verdict']}")
        p95 = statistics.quantiles(took, n=20)[-1]
        detail.append(f"p50 {statistics.median(took):.1f} ms, p95 {p95:.1f} ms")
        expect(p95 <= p95_ms, f"p95 is {p95:.1f} ms")
    with report.check(f"{requests_} goals over 16 connections, each verdict compared") as detail:
        goals = [(new_goal(number % 2 == 0) if number % 3 else text_of(TEXTBOOK[number % 30][1]),
                  number % 2 == 0 if number % 3 else TEXTBOOK[number % 30][2]) for number in range(requests_)]
        began = time.monotonic()
        with ThreadPoolExecutor(16) as threads:
            replies = list(threads.map(lambda pair: (server.prove(pair[0]), pair[1]), goals))
        took_s = time.monotonic() - began
        wrong = [reply["goal"] for reply, expected in replies if reply["ok"] is not expected]
        expect(not wrong, f"{len(wrong)} wrong verdicts, the first on {wrong[:1]}")
        detail.append(f"{requests_ / took_s:.0f} a second, all right")
    with report.check("the health route answers afterwards"):
        expect(server.get("/health").json()["ready"] is True, "the server is not ready")


def error_checks(server: Server, report: Report) -> None:
    """Send what is wrong and expect to be told so: a 4xx problem, never a verdict, never a 5xx."""
    report.begin("Errors and limits")
    table: tuple[tuple[str, bytes, set[int]], ...] = (
        ("no JSON", b"{", {400}), ("no object", b"[]", {400, 422}), ("no goal", b"{}", {400, 422}),
        ("an empty goal", b'{"goal": ""}', {400, 422}), ("a number for a goal", b'{"goal": 7}', {400, 422}),
        ("an open parenthesis", b'{"goal": "BOX(A -> "}', {400}),
        ("a Coq sentence", b'{"goal": "True). Axiom cheat: False. Goal (1=2"}', {400}),
        ("an SQL injection", b'{"goal": "BOX(A\'; DROP TABLE users; --)"}', {400}),
        ("a script tag", b'{"goal": "<script>alert(1)</script>"}', {400}),
        ("a NUL", b'{"goal": "A\\u0000"}', {400}), ("an unknown member", b'{"goal": "A", "gaol": 1}', {400, 422}),
        ("a lone surrogate", b'{"goal": "\\ud800"}', {400}), ("Latin-1", b'{"goal": "\xe9"}', {400}),
        ("deep nesting", b"[" * 100_000, {400, 413}),
        ("a timeout that is none", b'{"goal": "A", "timeout_ms": "x"}', {400, 422}),
    )
    for name, body, statuses in table:
        with report.check(name) as detail:
            check_problem(server.send(body), statuses)
            detail.append("refused")
    with report.check("another media type"):
        check_problem(server.send(b'{"goal": "A"}', headers={"Content-Type": "text/plain"}), {415})
    with report.check("an unknown route and a wrong method"):
        check_problem(server.get("/nothing-here"), {404, 401})
        check_problem(server.get("/prove"), {405, 401})
    with report.check("a body over the limit") as detail:
        reply = server.send(b'{"goal": "' + b"A" * 11_000_000 + b'"}')
        expect(reply.status_code == 413, f"status {reply.status_code}")
    with report.check("a goal nested 20,000 deep is answered"):
        reply = server.prove("~" * 20_000 + "A")
        expect(reply["verdict"] in ("refuted", "unknown") and reply["ok"] is False, f"it got {reply['verdict']}")


def check_problem(reply: requests.Response, statuses: set[int]) -> None:
    """Expect one of the statuses, a problem document, and no verdict."""
    expect(reply.status_code in statuses,
           f"status {reply.status_code}, expected {sorted(statuses)}: {reply.text[:200]}")
    expect(reply.headers["Content-Type"].startswith("application/problem+json"),
           f"the reply is {reply.headers['Content-Type']}")
    body = reply.json()
    expect(body["ok"] is False and isinstance(body["error"], str) and body["status"] == reply.status_code,
           f"not a problem as documented: {body}")
    expect("verdict" not in body, "a refusal carries a verdict")


def authentication_checks(server: Server, report: Report) -> None:
    """Check that what is not signed, or not rightly, gets no verdict."""
    report.begin("Authentication")
    body = b'{"goal": "BOX(A -> A)"}'
    if server.key is None:
        with report.check("requests are answered without a key"):
            expect(server.send(body).status_code == 200,
                   "the server wants signatures: give its key with --hmac-key or HMAC_SECRET_KEY")
        report.note("signatures were not checked: no --hmac-key was given")
    else:
        signed_checks(server, server.key, report, body)
    if server.token is None:
        report.note("tokens were not checked: no --jwt was given")
        return
    token = server.token
    with report.check("/v1 wants the token, whole"):
        proof = json.dumps({"formula": "BOX(A -> A)"}).encode()
        expect(server.send(proof, "/v1/proofs").json()["verdict"] == "proved", "the token gets no verdict")
        for name, value in (("no token", ""), ("a cut one", f"Bearer {token[:-3]}"),
                            ("an unsigned one", f"Bearer {token.rpartition('.')[0]}.")):
            reply = server.send(proof, "/v1/proofs", {"Authorization": value})
            expect(reply.status_code == 401, f"{name} got status {reply.status_code}")


def signed_checks(server: Server, key: str, report: Report, body: bytes) -> None:
    """Check the deployment guide's signatures."""
    def status(headers: Mapping[str, str], sent: bytes = body) -> int:
        return server.send(sent, headers=headers, signed=False).status_code

    with report.check("a signed request is answered"):
        expect(status(signature(key, body)) == 200, "a right signature was refused")
    right = signature(key, body)
    flipped = right["X-Signature"][:-1] + ("0" if right["X-Signature"][-1] != "0" else "1")
    for name, headers in (
            ("no signature", {}), ("a flipped bit", right | {"X-Signature": flipped}),
            ("another key", signature("0" * 64, body)),
            ("a timestamp that is no number", signature(key, body, timestamp="nan")),
            ("a nonce with a colon", signature(key, body, nonce="12345678:9"))):
        with report.check(f"{name}: 401"):
            got = status(headers)
            expect(got == 401, f"status {got}")
    # The moment is taken when it is sent: after a wait it would be another distance away.
    for name, off_s in (("62 seconds old", -62), ("more than a minute in the future", 150)):
        with report.check(f"{name}: 401"):
            got = status(signature(key, body, timestamp=str(int(time.time()) + off_s)))
            expect(got == 401, f"status {got}")
    with report.check("another body under the same signature: 401"):
        expect(status(signature(key, body), b'{"goal": "BOX(B -> B)"}') == 401, "the body is not signed")
    with report.check("a request sent twice: 200, then 401"):
        headers = signature(key, body)
        statuses = [status(headers), status(headers)]
        expect(statuses == [200, 401], f"statuses {statuses}")
    with report.check("a request sent 16 times at once: exactly one 200"):
        headers = signature(key, body)
        with ThreadPoolExecutor(16) as threads:
            statuses = list(threads.map(lambda _: status(headers), range(16)))
        expect(statuses.count(200) == 1 and set(statuses) <= {200, 401}, f"statuses {sorted(statuses)}")


def metrics_checks(server: Server, report: Report) -> None:
    """Check the two faces of the metrics."""
    report.begin("Metrics")
    if server.look("/metrics").status_code == 401:
        report.note("the metrics were not checked: they want a token with the role observe")
        return
    with report.check("GET /metrics is JSON for jq"):
        reply = server.look("/metrics")
        expect(reply.status_code == 200, f"status {reply.status_code}")
        body = reply.json()
        missing = [name for name in DOCUMENT_METRICS if name not in body]
        expect(not missing, f"it lacks {', '.join(missing)}")
        ratio = body["logos_pxl_verification_ratio_percent"]
        expect(ratio is None or ratio >= 90, f"only {ratio} % of the answers were certified")
    with report.check("GET /metrics is text for Prometheus"):
        text = server.look("/metrics", Accept="text/plain").text
        expect(re.search(r"^pxl_proofs_total\{", text, re.MULTILINE), "pxl_proofs_total is missing")
    if server.token:
        return
    with report.check("GET /metrics/performance"):
        reply = server.get("/metrics/performance")
        expect(reply.status_code == 200 and reply.json()["endpoints"], f"status {reply.status_code}, or it is empty")


# ---------------------------------------------------------------------------------------------

def run(server: Server, report: Report, *, seed: int, count: int, load: int, p95_ms: float) -> None:
    """Run every check."""
    source = random.Random(seed)
    kernel_hash = health_checks(server, report)
    if not any(result.passed for result in report.results):
        return      # there is no server; one section says it
    authentication_checks(server, report)
    verdict_checks(server, report, kernel_hash, source, count)
    overlay_checks(server, report, kernel_hash)
    cache_checks(server, report, random.Random(secrets.randbits(64)))
    error_checks(server, report)
    speed_checks(server, report, random.Random(secrets.randbits(64)), p95_ms, load)
    metrics_checks(server, report)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; exit with 2 when it is wrong."""
    parser = argparse.ArgumentParser(
        description="Judge a running PXL server from outside. The exit status is 0 when all is right, 1 when not.")
    parser.add_argument("--url", default=os.environ.get("BASE_URL", "http://localhost:8088"),
                        help="where the server is (BASE_URL; default %(default)s)")
    parser.add_argument("--hmac-key", metavar="KEY",
                        help="the key that signs requests. Others on this machine see arguments: better set "
                             "HMAC_SECRET_KEY_FILE, or HMAC_SECRET_KEY")
    parser.add_argument("--jwt", metavar="TOKEN",
                        help="a bearer token for /v1, with the roles prove and observe; @FILE reads it from a file")
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON, too")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32),
                        help="makes the formulas that are made up the same ones again")
    parser.add_argument("--formulas", type=int, default=60, help="how many to make up (default %(default)s)")
    parser.add_argument("--load", type=int, default=200, help="requests of the load check (default %(default)s)")
    parser.add_argument("--p95-ms", type=float, default=float(os.environ.get("PXL_TARGET_P95_MS") or 300),
                        help="the latency objective (PXL_TARGET_P95_MS; default %(default)g)")
    parser.add_argument("--timeout", type=float, default=30, help="seconds to wait for a reply (default %(default)s)")
    chosen = parser.parse_args(argv)
    if urlsplit(chosen.url).scheme not in ("http", "https"):
        parser.error(f"--url: {chosen.url!r} is no http or https address")
    try:
        chosen.hmac_key = chosen.hmac_key or key_of_environment()
        if chosen.jwt and chosen.jwt.startswith("@"):
            chosen.jwt = content(chosen.jwt[1:])
    except (OSError, ValueError) as why:
        parser.error(str(why))
    return chosen


def key_of_environment() -> str | None:
    """Return the key that the scripts would sign with, or None; raise OSError or ValueError when it cannot be had."""
    key, file = os.environ.get("HMAC_SECRET_KEY"), os.environ.get("HMAC_SECRET_KEY_FILE")
    if key and file:
        raise ValueError("both HMAC_SECRET_KEY and HMAC_SECRET_KEY_FILE are set: unset one")
    return content(file) if file else key or None


def content(file: str) -> str:
    """Return the one line of a file; raise ValueError when there is not one."""
    with open(file, encoding="utf-8") as opened:
        lines = opened.read().splitlines()
    if len(lines) != 1 or not lines[0]:
        raise ValueError(f"{file} must hold one line")
    return lines[0]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the suite and return the exit status."""
    chosen = arguments(argv)
    report = Report(chosen.url)
    print(f"The PXL server at {chosen.url} (seed {chosen.seed})")
    run(Server(chosen.url, chosen.hmac_key, chosen.jwt, chosen.timeout), report,
        seed=chosen.seed, count=chosen.formulas, load=chosen.load, p95_ms=chosen.p95_ms)
    document = report.document()
    if chosen.json:
        with open(chosen.json, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
            file.write("\n")
    failed = report.failed
    print(f"\n{len(report.results) - len(failed)} of {len(report.results)} checks passed"
          + (f"; {len(failed)} failed:" if failed else "."))
    for result in failed:
        print(f"  {result.section}: {result.name}: {result.detail}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
