"""The client: one server's address, how to sign for it, and the questions that can be put to it."""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import closing
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from pxl.client.failures import ClientError, NoAnswer, NotUnderstood, TimedOut, Undecided, refusal
from pxl.client.jobs import Job, state_from
from pxl.client.many import Item, in_parallel
from pxl.client.progress import Progress
from pxl.client.replies import health_from, verdict_from
from pxl.client.retries import Retries
from pxl.client.signing import KeyAuth
from pxl.client.values import Countermodel, Health, Verdict
from pxl.errors import ConfigError

T = TypeVar("T")

CONNECT_S = 10.0
LONGEST_S = 120.0       # how long a server may take over a goal when no time was named
MARGIN_S = 10.0
HEALTH_S = 10.0


class Client:
    """Ask a PXL server; safe to use from several threads.

    ``key`` signs ``/prove`` and what is below ``/v1``; ``auth`` (any requests auth) is used for every request instead.
    ``timeout_s`` is the time that the server may spend on a goal; without it the server's own
    default holds; ``margin_s`` is what its queue and the way there and back may take besides.
    ``retries`` says how often a goal is sent, ``sleep`` how waiting is done.
    Use it in a ``with`` block, or close it: it keeps connections open.

    Raises the exceptions of :mod:`pxl.client.failures`; ConfigError for an address that is none.
    """

    def __init__(self, url: str, key: str | bytes | None = None, *, auth: AuthBase | None = None,
                 timeout_s: float | None = None, margin_s: float = MARGIN_S, retries: Retries | None = None,
                 sleep: Callable[[float], None] = time.sleep) -> None:
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname or address.query or address.fragment:
            raise ConfigError(f"{url!r} is not a server's address: it looks like http://127.0.0.1:8088")
        if key is not None and auth is not None:
            raise ConfigError("give a key or an auth, not both")
        self.url = url.rstrip("/")
        self._auth: AuthBase | None = KeyAuth(key) if key is not None else auth
        self._timeout_s, self._margin_s = timeout_s, margin_s
        self._retries, self._sleep = retries or Retries(), sleep
        # A session is not safe to share between threads; each request borrows one.
        self._idle: deque[requests.Session] = deque()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the idle connections; the client may be used again."""
        while self._idle:
            self._idle.pop().close()

    def prove(self, goal: Any, *, timeout_s: float | None = None, certificate: bool = False, **asked: Any) -> Verdict:
        """Return the verdict on a goal; with ``certificate`` the text of a .v file that coqc re-checks.

        ``asked`` are further members of the request: ``overlay`` and its options, ``assumptions``, ``consequence``,
        ``theory``.
        """
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        body = {**_body("goal", goal, timeout_s, certificate), **asked}
        wait_s = (LONGEST_S if timeout_s is None else timeout_s) + self._margin_s
        return self._ask("POST", "/prove", lambda reply: verdict_from(_json(reply), goal), body, wait_s=wait_s)

    def countermodel(self, goal: Any, *, timeout_s: float | None = None, **asked: Any) -> Countermodel | None:
        """Return a countermodel to a goal, or None when there is certainly none: the goal is a theorem.

        Asks ``/prove``, whose refutations carry the same model as ``/countermodel`` and which a key
        can sign for. Raises Undecided when the verdict is unknown.
        """
        verdict = self.prove(goal, timeout_s=timeout_s, **asked)
        if verdict.is_unknown:
            raise Undecided(f"whether there is a countermodel is not known: {verdict.reason}: {verdict.detail}",
                            verdict)
        return verdict.countermodel

    def health(self) -> Health:
        """Return the server's state at this moment; asked once, also when it is not ready."""
        response = self._send("GET", "/health", HEALTH_S)
        if response.status_code in (200, 503) and "json" in response.headers.get("Content-Type", ""):
            document = _json(response)
            if isinstance(document, dict) and "session_pool" in document:
                return health_from(document)
        if response.status_code == 200:
            raise NotUnderstood(f"{self.url}/health is not a PXL server's health")
        raise _refusal(response)

    def prove_many(self, goals: Iterable[str], *, jobs: int = 4, timeout_s: float | None = None,
                   certificate: bool = False, progress: bool | None = None) -> Iterator[Item]:
        """Yield what became of each goal, as it is answered, not in order; ``item.place`` counts from 0.

        A goal without an answer is an item with its error, and the others go on. At most ``jobs`` goals
        are asked at a time. ``progress`` None draws a bar on standard error when that is a terminal.
        """
        def ask(task: tuple[int, str]) -> Item:
            place, goal = task
            try:
                return Item(place, goal, self.prove(goal, timeout_s=timeout_s, certificate=certificate))
            except ClientError as error:
                return Item(place, goal, error)

        bar = Progress(len(goals) if isinstance(goals, Sized) else None, sys.stderr, is_shown=progress)
        try:
            with closing(in_parallel(ask, enumerate(goals), jobs)) as items:
                for item in items:
                    bar.count(item.outcome.verdict if isinstance(item.outcome, Verdict) else "failed")
                    yield item
        finally:
            bar.close()

    def batch(self, goals: Iterable[str], *, jobs: int = 4, timeout_s: float | None = None,
              certificate: bool = False, progress: bool | None = None) -> list[Item]:
        """Return what became of each goal, in the order of the goals."""
        items = self.prove_many(goals, jobs=jobs, timeout_s=timeout_s, certificate=certificate, progress=progress)
        return sorted(items, key=lambda item: item.place)

    def submit(self, goal: Any, *, timeout_s: float | None = None, certificate: bool = False, **asked: Any) -> Job:
        """Hand a goal in for later (``POST /v1/proofs``) and return its job; ``asked`` as in :meth:`prove`."""
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        body = {**_body("formula", goal, timeout_s, certificate), **asked}
        state = self._ask("POST", "/v1/proofs", lambda reply: state_from(_json(reply), goal), body, status=202,
                          headers={"Prefer": "respond-async"})
        return Job(self._ask, self._sleep, state.id, goal)

    def job(self, job_id: str) -> Job:
        """Return the job of that id, which may have been submitted by another program with the same key."""
        return Job(self._ask, self._sleep, job_id)

    def _ask(self, method: str, path: str, read: Callable[[requests.Response], T], body: Any = None, *,
             status: int = 200, wait_s: float = LONGEST_S, headers: Mapping[str, str] | None = None) -> T:
        """Send a request until it is answered with the status, and return what is read in the reply."""
        data = None if body is None else json.dumps(body).encode("ascii")
        failures = 0
        while True:
            try:
                response = self._send(method, path, wait_s, data, headers)
                if response.status_code == status:
                    return read(response)
                raise _refusal(response)
            except ClientError as error:
                failures += 1
                pause_s = self._retries.wait_s(failures, error)
                if pause_s is None:
                    raise
            self._sleep(pause_s)

    def _send(self, method: str, path: str, wait_s: float, data: bytes | None = None,
              headers: Mapping[str, str] | None = None) -> requests.Response:
        """Send one request, signed anew; a reply of any status is returned."""
        url = self.url + path
        headers = {**({"Content-Type": "application/json"} if data is not None else {}), **(headers or {})}
        try:
            session = self._idle.pop()
        except IndexError:
            session = requests.Session()
        try:
            # A redirect would turn a POST into a GET, and show a signature to another host.
            response = session.request(method, url, data=data, headers=headers, auth=self._auth,
                                       timeout=(CONNECT_S, wait_s), allow_redirects=False)
        except requests.RequestException as error:
            session.close()
            if isinstance(error, requests.ReadTimeout):
                raise TimedOut(f"no answer from {url} within {wait_s:.0f} s") from error
            if isinstance(error, (requests.ConnectionError, requests.Timeout,
                                  requests.exceptions.ChunkedEncodingError)):
                raise NoAnswer(f"no answer from {url}: {type(error).__name__}: is the server running?") from error
            raise ConfigError(f"cannot ask {url}: {error}") from error
        except BaseException:
            session.close()
            raise
        self._idle.append(session)
        return response


def _refusal(response: requests.Response) -> ClientError:
    if response.is_redirect:
        return NotUnderstood(f"{response.url} sends on to {response.headers['Location']}: give that address")
    return refusal(str(response.url), response.status_code, response.headers,
                   response.content.decode("utf-8", "replace"))


def _body(member: str, goal: Any, timeout_s: float | None, certificate: bool) -> dict[str, Any]:
    """Return the question as the server reads it; ``member`` is what the route calls the goal."""
    body: dict[str, Any] = {member: goal}
    if timeout_s is not None:
        body["timeout_ms"] = max(1, round(timeout_s * 1000))
    if certificate:
        body["certificate"] = True
    return body


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except (requests.JSONDecodeError, RecursionError):
        raise NotUnderstood(f"{response.url} answered {response.status_code} without JSON: "
                            f"is this a PXL server?") from None
