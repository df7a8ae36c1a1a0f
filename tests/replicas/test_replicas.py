"""Several servers with one Redis are one service: what one has seen, all know; what Redis says, none believes."""

from __future__ import annotations

import dataclasses
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path

import pytest

from pxl.cache import key_maker, question_key
from pxl.composition.shared import build_shared
from pxl.errors import AuthError, ConfigError, StoreUnavailable
from pxl.overlays.contract import Reading
from pxl.overlays.s5.overlay import S5
from pxl.replicas.cache import SharedCache, SharedDecider
from pxl.replicas.link import RedisLink
from pxl.replicas.rates import SharedRates
from pxl.replicas.stores import RedisDenyList, RedisNonceStore
from pxl.settings import Settings
from tests.support.fake_decider import brute_force
from tests.support.live_server import Live, running
from tests.support.prover import engines_present, until
from tests.support.real_server import RealServer, serving
from tests.support.replicas import KEY, TOKEN_KEY, RedisServer, Reply, Signed, bearer, nginx, redis_server, send

ROOT = Path(__file__).resolve().parents[2]
# The goal of 0.3 s is the server's; a test's own machine may be busy with three servers.
REFUSED_WITHIN_S = 0.3
REPLICAS = 3

DOCUMENT = (ROOT / "docs" / "replicas.md").read_text(encoding="utf-8")
NGINX = "\n".join(re.findall(r"```nginx\n(.*?)```", DOCUMENT, re.S))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@dataclasses.dataclass(frozen=True)
class Cluster:
    """Real servers with real sessions behind nginx."""

    servers: list[RealServer]
    port: int
    store: RedisServer

    @property
    def ports(self) -> list[int]:
        return [server.port for server in self.servers]

    def health(self) -> list[Reply]:
        return [send(port, "GET", "/health") for port in self.ports]

    def is_well(self) -> bool:
        return all(reply.status == 200 and reply.document["status"] == "ok" for reply in self.health())

    def settle(self) -> None:
        """Wait until every server takes signed requests: what was signed in the second of the store's start is refused."""
        until(self.is_well)
        until(lambda: all(Signed("A -> A").send(port).status == 200 for port in self.ports))

    def shared(self, port: int) -> dict[str, int]:
        return send(port, "GET", "/health/proof_server", headers=bearer()).document["shared_cache"]


@pytest.fixture(scope="module")
def started(store: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    place = tmp_path_factory.mktemp("cluster")
    settings = {"PXL_POOL_SIZE": "1", "PXL_REDIS_URL": store.url, "ENABLE_HMAC_AUTH": "true", "HMAC_SECRET_KEY": KEY,
                "JWT_SECRET_KEY": TOKEN_KEY, "TRUSTED_PROXY": "127.0.0.1"}

    with ExitStack() as stack, ThreadPoolExecutor(REPLICAS) as threads:
        contexts = [serving(engines_present()[0], place / f"log{n}", **settings) for n in range(REPLICAS)]
        # Started at the same time, each by a thread: what is started is stopped even when another fails.
        futures = [threads.submit(context.__enter__) for context in contexts]
        for context, future in zip(contexts, futures):
            if future.exception() is None:
                stack.push(context)
        servers = [future.result() for future in futures]
        yield Cluster(servers, stack.enter_context(nginx(place, [s.port for s in servers], NGINX)), store)


@pytest.fixture
def cluster(started: Cluster) -> Cluster:
    """The servers, when whatever befell their store before this test is over."""
    started.settle()
    return started


@pytest.fixture
def trio(store: RedisServer, tmp_path: Path) -> Iterator[tuple[int, list[Live]]]:
    """Three servers without Coq behind nginx; five requests of one caller an hour are answered."""
    store.ask("FLUSHALL")
    settings = {"PXL_REDIS_URL": store.url, "PXL_SHARED_CACHE_TTL": "0", "JWT_SECRET_KEY": TOKEN_KEY,
                "TRUSTED_PROXY": "127.0.0.1", "RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_REQUESTS": "5",
                "RATE_LIMIT_WINDOW": "3600"}
    with ExitStack() as stack:
        lives = [stack.enter_context(running(**settings)) for _ in range(REPLICAS)]
        yield stack.enter_context(nginx(tmp_path, [live.port for live in lives], NGINX)), lives


class TestNonces:
    def test_a_replay_to_another_replica_is_refused(self, cluster: Cluster):
        request = Signed("A -> A")
        assert request.send(cluster.ports[0]).document["verdict"] == "proved"
        for port in (*cluster.ports, cluster.port):
            again = request.send(port)
            assert (again.status, again.document["detail"]) == (401, "Nonce already used")

    def test_one_of_many_parallel_replays_wins(self, cluster: Cluster):
        request = Signed("BOX(A) -> A")
        with ThreadPoolExecutor(16) as threads:
            replies = list(threads.map(lambda n: request.send([*cluster.ports, cluster.port][n % 4]), range(64)))
        assert sorted(reply.status for reply in replies) == [200] + 63 * [401]

    def test_a_store_that_forgot_makes_what_was_signed_before_worthless(self, cluster: Cluster):
        before = Signed("A -> A")
        assert before.send(cluster.ports[0]).status == 200
        cluster.store.ask("FLUSHALL")
        replies = [before.send(port) for port in cluster.ports]
        assert [reply.status for reply in replies] == REPLICAS * [401]
        assert replies[0].document["detail"].startswith("Timestamp is from before")
        cluster.settle()

    def test_a_store_that_was_restarted_begins_anew(self, cluster: Cluster):
        before = Signed("A -> A")
        assert before.send(cluster.port).status == 200
        with cluster.store.gone():
            pass
        until(cluster.is_well)
        assert [before.send(port).status for port in cluster.ports] == REPLICAS * [401]
        cluster.settle()


class TestStoreAway:
    @pytest.mark.parametrize("fault", ["stalled", "gone"])
    def test_signed_requests_are_refused_at_once_and_health_says_why(self, cluster: Cluster, fault: str):
        with getattr(cluster.store, fault)():
            for port in cluster.ports:      # the first to ask waits for its time-out; the others know
                for _ in range(3):
                    reply = Signed("A -> A").send(port)
                    assert (reply.status, reply.document["title"]) == (503, "The shared store is unavailable")
                    assert reply.headers["Retry-After"] == "1"
                    assert reply.took_s <= REFUSED_WITHIN_S
            until(lambda: all(reply.document["status"] == "degraded" for reply in cluster.health()))
            for reply in cluster.health():
                assert reply.status == 200 and reply.took_s < REFUSED_WITHIN_S
                assert any(reason.startswith("the shared store cannot be used") for reason in reply.document["reasons"])
            assert send(cluster.port, "GET", "/healthz").status == 200
            assert send(cluster.port, "GET", "/readyz").status == 200
        cluster.settle()

    def test_limits_fall_back_to_each_server(self, trio: tuple[int, list[Live]], store: RedisServer):
        port, lives = trio
        caller = bearer("falling-back")
        with store.stalled():
            replies = [send(lives[0].port, "POST", "/prove", b'{"goal": "A"}', caller) for _ in range(7)]
            assert [reply.status for reply in replies] == 5 * [200] + 2 * [429]
            assert max(reply.took_s for reply in replies) <= REFUSED_WITHIN_S
            assert send(lives[1].port, "POST", "/prove", b'{"goal": "A"}', caller).status == 200

    def test_a_token_is_taken_but_not_renewed(self, trio: tuple[int, list[Live]], store: RedisServer):
        port, lives = trio
        caller = bearer()
        with store.gone():
            assert send(port, "POST", "/prove", b'{"goal": "A"}', caller).status == 200
            assert send(port, "POST", "/v1/auth/refresh", b"", caller).status == 503
            revoked = send(lives[0].port, "POST", "/v1/auth/revoke", b"", caller)
            assert revoked.status == 503        # the others do not know of it
            assert send(lives[0].port, "POST", "/prove", b'{"goal": "A"}', caller).status in (401, 429)

    def test_a_server_starts_without_it_and_finds_it_later(self, store: RedisServer):
        with ExitStack() as stack:
            with store.gone():
                live = stack.enter_context(running(PXL_REDIS_URL=store.url, PXL_SHARED_CACHE_TTL="0"))
                assert live.get("/health").json()["status"] == "degraded"
            until(lambda: live.get("/health").json()["status"] == "ok")


class TestLimitsAndTokens:
    def test_a_limit_is_counted_once_for_all(self, trio: tuple[int, list[Live]]):
        port, lives = trio
        caller = bearer("one-caller")
        ports = [port, *(live.port for live in lives)]
        replies = [send(ports[n % 4], "POST", "/prove", b'{"goal": "A"}', caller) for n in range(8)]
        assert [reply.status for reply in replies] == 5 * [200] + 3 * [429]
        assert [reply.headers["X-RateLimit-Remaining"] for reply in replies[:5]] == ["4", "3", "2", "1", "0"]
        assert send(port, "POST", "/prove", b'{"goal": "A"}', bearer("another-caller")).status == 200

    def test_refused_credentials_are_counted_once_for_all(self, trio: tuple[int, list[Live]]):
        port, lives = trio
        wrong = {"Authorization": "Bearer wrong", "X-Forwarded-For": "203.0.113.7"}
        replies = [send(lives[n % 3].port, "POST", "/prove", b"{}", wrong) for n in range(7)]
        assert [reply.status for reply in replies] == 5 * [401] + 2 * [429]

    def test_a_token_revoked_on_one_is_refused_on_another(self, trio: tuple[int, list[Live]]):
        port, lives = trio
        caller = bearer("leaving")
        assert send(lives[1].port, "POST", "/prove", b'{"goal": "A"}', caller).status == 200
        assert send(lives[0].port, "POST", "/v1/auth/revoke", b"", caller).status == 200
        for each in (*(live.port for live in lives), port):
            reply = send(each, "POST", "/prove", b'{"goal": "A"}', caller)
            assert (reply.status, reply.document["detail"]) == (401, "Token revoked")


class TestSharedCache:
    def test_what_one_decided_another_only_checks(self, cluster: Cluster):
        for goal, verdict in (("BOX(C -> D) -> (BOX(C) -> BOX(D))", "proved"), ("C -> BOX(C)", "refuted")):
            first = Signed(goal).send(cluster.ports[0]).document
            before = cluster.shared(cluster.ports[1])
            second = Signed(goal.replace("C", "X")).send(cluster.ports[1]).document
            assert first["verdict"] == second["verdict"] == verdict
            assert second["timings"]["kernel"] > 0      # it was checked here, by this server's own session
            assert cluster.shared(cluster.ports[1])["hits"] == before["hits"] + 1

    def test_a_poisoned_entry_is_refused_dropped_and_decided_anew(self, cluster: Cluster):
        """Every entry of the store is swapped for one of the other verdict."""
        cluster.store.ask("FLUSHALL")
        cluster.settle()
        # Of shapes that no other test asks: what a server has itself cached it does not share again.
        goals = {"(E -> E) \\/ ~E": "proved", "E -> BOX(E /\\ E)": "refuted", "DIA(E /\\ E) -> BOX(DIA(E))": "proved"}
        for goal, verdict in goals.items():
            assert Signed(goal).send(cluster.ports[0]).document["verdict"] == verdict
        entries = {key: cluster.store.ask("GET", key) for key in cluster.store.keys("pxl:c:*")}
        some = {letter: next(e for e in entries.values() if e[:1] == letter) for letter in (b"P", b"R")}
        for key, entry in entries.items():
            cluster.store.ask("SET", key, some[b"R" if entry[:1] == b"P" else b"P"])
        refused = cluster.shared(cluster.ports[2])["refused"]
        for goal, verdict in goals.items():
            assert Signed(goal).send(cluster.ports[2]).document["verdict"] == verdict
        assert cluster.shared(cluster.ports[2])["refused"] == refused + len(goals)
        assert {key: cluster.store.ask("GET", key)[:1] for key in entries} == \
            {key: entry[:1] for key, entry in entries.items()}

    @pytest.mark.parametrize("entry", [
        b"", b"P", b"R", b"junk", b"P0 \". Axiom x : False. (*", b"P" + b"0" * 300_000, b"R" + b"P" * 200, b"Ro0",
        b"R0q0", b"R00100", b"R100", b"R09900", b"R0100", b"P\xff\xfe", b"X0100", b"P5", b"P" + b"1" * 20_000])
    def test_whatever_stands_there_the_verdict_is_right(self, prover, store: RedisServer, entry: bytes):
        link = RedisLink(store.url, "shared cache")
        link.start()
        try:
            decide = SharedDecider(prover.decide, SharedCache(link, 60), key_maker("hash", lambda overlay: ""))
            for text in ("p1 -> p1", "p1 -> BOX(p1)", "BOX(p1) -> p2"):
                question = S5().read(Reading(text))
                key = f"pxl:c:{question_key('hash', '', 'pxl', text).hex()}"
                store.ask("SET", key, entry)
                assert decide(question, time.monotonic() + 20).verdict == brute_force(question.whole, 0).verdict
                assert decide(question, time.monotonic() + 20).verdict == brute_force(question.whole, 0).verdict
            assert decide.stats().hits >= 3
        finally:
            link.close()

    def test_without_the_store_goals_are_decided(self, prover, store: RedisServer):
        link = RedisLink(store.url, "shared cache")
        link.start()
        try:
            decide = SharedDecider(prover.decide, SharedCache(link, 60), key_maker("hash", lambda overlay: ""))
            with store.stalled():
                assert decide(S5().read(Reading("p1 -> p1")), time.monotonic() + 20).verdict == "proved"
        finally:
            link.close()


class TestStores:
    """What the servers are made of, on a clock that tests move."""

    @pytest.fixture
    def link(self, store: RedisServer) -> Iterator[RedisLink]:
        store.ask("FLUSHALL")
        link = RedisLink(store.url, "shared store")
        link.start()
        yield link
        link.close()

    def test_a_nonce_belongs_to_its_key_and_is_kept_for_130_s(self, link: RedisLink, store: RedisServer):
        one, other = RedisNonceStore(link), RedisNonceStore(link)
        one.claim("key1", "nonce", 1000.0)
        other.claim("key2", "nonce", 1000.0)
        with pytest.raises(AuthError, match="Nonce already used"):
            other.claim("key1", "nonce", 1100.0)
        assert 129_000 < store.ask("PTTL", "pxl:n:key1:nonce") <= 130_000

    def test_every_server_learns_since_when_the_store_remembers(self, link: RedisLink, store: RedisServer):
        one, other = RedisNonceStore(link), RedisNonceStore(link)
        one.claim("key", "n1", 1000.5)
        other.claim("key", "n2", 1010.0)
        assert one.remembers_from == other.remembers_from == 1000.5
        store.ask("SET", "pxl:since", "0123456789abcdef 5.0")      # as another node's would be after a fail-over
        other.claim("key", "n3", 1020.0)
        one.claim("key", "n4", 1030.0)
        assert one.remembers_from == other.remembers_from == 1020.0

    def test_a_full_store_takes_no_nonce(self, link: RedisLink, store: RedisServer):
        store.ask("CONFIG", "SET", "maxmemory", "1")
        try:
            with pytest.raises(StoreUnavailable):
                RedisNonceStore(link).claim("key", "nonce", 1000.0)
            assert link.problem is None     # it answers, and says no
        finally:
            store.ask("CONFIG", "SET", "maxmemory", "0")

    def test_after_one_time_out_nobody_waits(self, link: RedisLink, store: RedisServer):
        nonces = RedisNonceStore(link)
        with store.stalled():
            for number, bound_s in enumerate((0.3, 0.02, 0.02)):
                began = time.monotonic()
                with pytest.raises(StoreUnavailable):
                    nonces.claim("key", f"nonce{number}", 1000.0)
                assert time.monotonic() - began <= bound_s
        until(lambda: link.problem is None)
        nonces.claim("key", "another", 1000.0)

    def test_a_user_with_the_rights_of_the_document_can_do_all_of_it(self, store: RedisServer):
        rights = re.search(r"The user needs `([A-Z ]+)` on `(pxl:\*)`", DOCUMENT)
        assert rights is not None
        store.ask("ACL", "SETUSER", "few", "on", ">word", "~" + rights[2], "-@all",
                  *("+" + name.lower() for name in rights[1].split()))
        link = RedisLink(f"redis://few:word@127.0.0.1:{store.port}/0", "shared store")
        nonces, denied, cache = RedisNonceStore(link), RedisDenyList(link), SharedCache(link, 60)
        rates = SharedRates("", link)
        link.start(nonces.look)
        try:
            nonces.claim("key", "nonce", time.time())
            denied.add("session", time.time() + 100, time.time())
            assert RedisDenyList(link).surely_has("session")
            assert [rates.incr("caller", 60), rates.incr("caller", 60), rates.get("caller")] == [1, 2, 2]
            assert rates.get_expiry("caller") > time.time()
            assert store.ask("GET", "pxl:l:caller") == b"2"
            cache.put(b"key", b"P0")
            assert cache.get(b"key") == b"P0"
            cache.drop(b"key")
            assert cache.get(b"key") is None and link.problem is None
        finally:
            link.close()
            store.ask("ACL", "DELUSER", "few")

    def test_a_revocation_is_kept_as_long_as_a_token_could_live(self, link: RedisLink, store: RedisServer):
        one, other = RedisDenyList(link), RedisDenyList(link)
        now = time.time()
        one.add("session", now + 100, now)
        assert "session" in other and other.surely_has("session") and "another" not in other
        assert 99_000 < store.ask("PTTL", "pxl:r:session") <= 100_000
        with store.gone():
            assert "session" in one and "session" in other
            assert "another" not in other
            with pytest.raises(StoreUnavailable):
                other.surely_has("another")


class TestSettings:
    @pytest.mark.parametrize("url", [
        "http://host", "redis://", "redis://host:6379/0?socket_timeout=9", "host:6379", "redis://user:hunter2@host/x"])
    def test_a_malformed_address_is_refused_and_never_shown(self, url: str):
        with pytest.raises(ConfigError, match="PXL_REDIS_URL is not redis://") as refused:
            Settings.from_env({"PXL_REDIS_URL": url})
        assert "hunter2" not in refused.value.detail

    def test_the_caches_address_needs_the_other(self):
        with pytest.raises(ConfigError, match="set without PXL_REDIS_URL"):
            Settings.from_env({"PXL_REDIS_CACHE_URL": "redis://host/1"})

    def test_without_the_setting_nothing_is_shared_and_redis_is_not_imported(self):
        assert build_shared(Settings.from_env({})) is None
        code = "import sys, serve_pxl, pxl.composition.prover; sys.exit('redis' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0

    def test_a_password_is_in_no_log(self, store: RedisServer, caplog: pytest.LogCaptureFixture):
        link = RedisLink(f"redis://user:hunter2@127.0.0.1:{store.port}/0", "shared store")
        link.start()
        link.close()
        assert link.problem is not None
        assert "hunter2" not in caplog.text + link.problem


class TestReplicaKilled:
    """Last in the file: it costs the cluster a server."""

    def test_only_what_was_in_flight_is_lost(self, cluster: Cluster):
        stop = threading.Event()
        victim = cluster.servers[0]

        def ask() -> list[Reply | tuple[float, Exception]]:
            replies: list[Reply | tuple[float, Exception]] = []
            while not stop.is_set():
                began = time.monotonic()
                try:
                    replies.append(Signed("A -> A").send(cluster.port))
                except (OSError, HTTPException) as error:
                    replies.append((began, error))
            return replies

        with ThreadPoolExecutor(6) as threads:
            running_asks = [threads.submit(ask) for _ in range(6)]
            try:
                before = time.monotonic()
                until(lambda: time.monotonic() > before + 0.5)
                victim.process.send_signal(signal.SIGKILL)
                victim.process.wait()
                dead = time.monotonic()
                until(lambda: time.monotonic() > dead + 1.5)
            finally:
                stop.set()
            replies = [reply for each in running_asks for reply in each.result()]
        failed = [r for r in replies if not isinstance(r, Reply) or r.status != 200]
        late = [r for r in failed if (r.began if isinstance(r, Reply) else r[0]) > dead]
        assert not late, late[:3]
        assert len(failed) <= 6
        answered = [r for r in replies if isinstance(r, Reply) and r.status == 200]
        assert sum(r.began > dead for r in answered) > 20
