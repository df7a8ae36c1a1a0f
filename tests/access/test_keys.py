"""Keys: what may be one, how a set is rotated, how its file changes under a running server, what is printed."""

from __future__ import annotations

import json
import logging
import os
import stat
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxl.access.identity import ROLES
from pxl.access.keyfile import read_keyfile, write_keyfile
from pxl.access.keyring import Keyring
from pxl.access.keys import CURRENT, LONGEST_GRACE_S, NEXT, OLD, Key, KeyChangeError, add, checked, expire, rotate
from pxl.access.nonces import Freshness, MemoryNonceStore
from pxl.access.secret_key import problem_of
from pxl.auth_hmac import HmacVerifier
from pxl.commands.main import main
from pxl.composition.signatures import keyring_of, signatures
from pxl.errors import AuthError, ConfigError
from pxl.settings import Settings
from tests.support.signed_requests import NOW, OTHER_SECRET, SECRET, Clock, v1

THIRD_SECRET = b"13579bdf02468ace" * 4


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    return tmp_path / "keyring.json"


class TestSecrets:
    def test_what_openssl_rand_makes_is_good(self):
        assert not problem_of("1f" * 8 + "23456789abcdef0c" * 3)

    @given(st.binary(min_size=32, max_size=32).filter(lambda b: len(set(b.hex())) >= 8))
    def test_64_hexadecimal_digits_are_good(self, secret):
        assert not problem_of(secret.hex())

    @pytest.mark.parametrize(("text", "word"), [
        ("", "shorter"), ("a1b2c3d4" * 3, "shorter"), ("your-secure-256-bit-key-here", "placeholder"),
        ("your-generated-key-here", "placeholder"), ("your-256-bit-secret" * 2, "placeholder"), ("changeme" * 8, "placeholder"),
        ("pxl-example-key-" + "0123456789abcdef" * 3, "placeholder"), ("<256-bit-hex-key>-EXAMPLE-0123456789", "placeholder"),
        ("a" * 64, "different characters"), ("ab" * 32, "different characters"), ("0123456789abcdef " * 4, "without spaces"),
        ("schlüssel0123456789" * 3, "ASCII"), ("0123456789abcdef" * 33, "512")])
    def test_a_bad_one_is_refused_with_the_reason(self, text, word):
        assert word in problem_of(text)


class TestRotation:
    def fresh(self, secret: bytes = OTHER_SECRET) -> Key:
        return Key(secret, NEXT, created_at=NOW)

    def test_the_first_key_is_current_and_the_second_is_next(self):
        keys = add(add((), self.fresh(SECRET)), self.fresh())
        assert [key.state for key in keys] == [CURRENT, NEXT]
        with pytest.raises(KeyChangeError, match="already"):
            add(keys, self.fresh(THIRD_SECRET))

    def test_next_becomes_current_and_current_becomes_old_for_the_grace(self):
        keys = rotate((Key(SECRET), Key(OTHER_SECRET, NEXT)), self.fresh(THIRD_SECRET), NOW, 3600)
        assert [(key.secret, key.state, key.expires_at) for key in keys] == [
            (SECRET, OLD, NOW + 3600), (OTHER_SECRET, CURRENT, None)]

    def test_without_a_next_key_the_fresh_one_becomes_current(self):
        keys = rotate((Key(SECRET),), self.fresh(), NOW, LONGEST_GRACE_S)
        assert [(key.secret, key.state) for key in keys] == [(SECRET, OLD), (OTHER_SECRET, CURRENT)]

    def test_without_grace_the_old_key_is_gone(self):
        assert [key.secret for key in rotate((Key(SECRET),), self.fresh(), NOW, 0)] == [OTHER_SECRET]

    def test_grace_is_a_day_at_most(self):
        with pytest.raises(KeyChangeError, match="86400"):
            rotate((Key(SECRET),), self.fresh(), NOW, LONGEST_GRACE_S + 1)

    def test_the_current_key_cannot_be_expired_and_the_others_can(self):
        keys = (Key(SECRET), Key(OTHER_SECRET, NEXT))
        assert expire(keys, keys[1].id) == keys[:1]
        with pytest.raises(KeyChangeError, match="--grace 0"):
            expire(keys, keys[0].id)

    @given(st.lists(st.sampled_from(["new", "rotate", "rotate now", "expire next", "expire old"]), max_size=12))
    def test_whatever_is_done_the_set_is_proper_and_has_one_current_key(self, steps):
        keys = (Key(SECRET),)
        for n, step in enumerate(steps):
            fresh = Key(f"{n:064x}".encode(), NEXT)
            try:
                if step == "new":
                    keys = add(keys, fresh)
                elif step.startswith("rotate"):
                    keys = rotate(keys, fresh, NOW + n, 0 if "now" in step else 1000)
                else:
                    keys = expire(keys, next((key.id for key in keys if key.state == step.split()[1]), "none"))
            except KeyChangeError:
                pass
            assert checked(keys, NOW + n) == keys

    def test_the_id_tells_nothing_of_the_secret_and_repr_neither(self):
        key = Key(SECRET)
        assert key.id == "874414432491" and SECRET.decode() not in repr(key) and key.id not in SECRET.decode()


class TestFile:
    KEYS = (Key(SECRET, CURRENT, NOW), Key(OTHER_SECRET, NEXT, NOW, roles=frozenset({"prove"})), Key(THIRD_SECRET, OLD, NOW, NOW + 5))

    def test_what_is_written_is_read_and_for_the_owner_alone(self, ring):
        previous = os.umask(0)
        try:
            write_keyfile(ring, self.KEYS)
        finally:
            os.umask(previous)
        assert read_keyfile(ring, NOW) == self.KEYS
        assert stat.S_IMODE(ring.stat().st_mode) == 0o600 and os.listdir(ring.parent) == [ring.name]

    def test_it_is_replaced_and_not_written_into(self, ring):
        write_keyfile(ring, self.KEYS)
        with ring.open() as before:
            write_keyfile(ring, self.KEYS[:1])
            assert SECRET.decode() in before.read() and len(read_keyfile(ring, NOW)) == 1
        link = ring.with_name("link")
        link.symlink_to(ring)
        write_keyfile(link, self.KEYS)
        assert link.is_symlink() and read_keyfile(ring, NOW) == self.KEYS

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o666])
    def test_one_that_others_can_read_is_refused_with_the_cure(self, ring, mode):
        write_keyfile(ring, self.KEYS)
        ring.chmod(mode)
        with pytest.raises(ConfigError, match="chmod 600"):
            read_keyfile(ring, NOW)

    @pytest.mark.parametrize("change", [
        {"state": "CURRENT"}, {"state": None}, {"secret": "short"}, {"secret": 7}, {"id": "000000000000"}, {"roles": []}, {"roles": ["root"]},
        {"roles": "prove"}, {"created_at": "now"}, {"created_at": True}, {"expires_at": 1e9}, {"expires_at": NOW}, {"extra": 1},
        {"state": "old"}, {"state": "old", "expires_at": NOW + LONGEST_GRACE_S + 3600}, {"state": "next"}, {"expires_at": -1}])
    def test_a_key_that_is_not_as_it_must_be_is_refused_and_not_shown(self, ring, change):
        write_keyfile(ring, self.KEYS[:1])
        document = json.loads(ring.read_text())
        document["keys"][0] |= change
        ring.write_text(json.dumps(document))
        with pytest.raises(ConfigError) as caught:
            read_keyfile(ring, NOW)
        assert str(ring) in caught.value.detail and SECRET.decode() not in caught.value.detail

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"keys": {}}', '{"keys": []}', '{"keys": [1]}', '{"keys": [[]]}', "[" * 50_000, "\xff",
                                      SECRET.decode(), "x" * 70_000, '{"keys": [], "more": 1}'])
    def test_junk_is_refused_and_not_shown(self, ring, text):
        ring.write_text(text, encoding="latin-1")
        ring.chmod(0o600)
        with pytest.raises(ConfigError) as caught:
            read_keyfile(ring, NOW)
        assert SECRET.decode() not in caught.value.detail and caught.value.__cause__ is None

    def test_one_that_is_not_there_is_refused_with_the_cure(self, ring):
        with pytest.raises(ConfigError, match="pxl keys new"):
            read_keyfile(ring, NOW)


def ring_of(clock: Clock, **fields: object) -> Keyring:
    return keyring_of(replace(Settings(), **fields), clock)


class TestRingFromVariables:
    def test_new_key_and_old_are_live_and_old_ends_after_a_day(self):
        clock = Clock()
        ring = ring_of(clock, hmac_secret_key=SECRET.decode(), hmac_secret_key_new=OTHER_SECRET.decode(),
                       hmac_secret_key_old=THIRD_SECRET.decode())
        assert [(key.secret, key.state) for key in ring.live()] == [(SECRET, CURRENT), (OTHER_SECRET, NEXT), (THIRD_SECRET, OLD)]
        assert all(key.roles == ROLES for key in ring.live())
        clock.now += LONGEST_GRACE_S - 1
        assert len(ring.live()) == 3
        clock.now += 1
        assert [key.secret for key in ring.live()] == [SECRET, OTHER_SECRET]

    def test_half_way_through_the_documents_rotation_the_current_key_does_not_end(self):
        """Their script sets _OLD to the key that is still in HMAC_SECRET_KEY."""
        clock = Clock()
        ring = ring_of(clock, hmac_secret_key=SECRET.decode(), hmac_secret_key_new=OTHER_SECRET.decode(), hmac_secret_key_old=SECRET.decode())
        clock.now += 2 * LONGEST_GRACE_S
        assert [(key.secret, key.state) for key in ring.live()] == [(SECRET, CURRENT), (OTHER_SECRET, NEXT)]

    def test_a_file_may_hold_the_key_with_its_line_end(self, tmp_path):
        file = tmp_path / "secret"
        file.write_bytes(SECRET + b"\n")
        clock = Clock()
        ring = ring_of(clock, hmac_secret_key_file=str(file))
        assert [key.secret for key in ring.live()] == [SECRET]
        file.write_bytes(OTHER_SECRET + b"\r\n")
        clock.now += 1
        assert [key.secret for key in ring.live()] == [OTHER_SECRET]

    @pytest.mark.parametrize("content", [b"", b"short\n", b"your-secure-256-bit-key-here\n", b"\xff" * 64, SECRET + b"\n" + SECRET])
    def test_a_file_without_a_good_key_stops_the_start(self, tmp_path, content):
        file = tmp_path / "secret"
        file.write_bytes(content)
        with pytest.raises(ConfigError) as caught:
            ring_of(Clock(), hmac_secret_key_file=str(file))
        assert SECRET.decode() not in caught.value.detail

    def test_no_key_stops_the_start(self):
        with pytest.raises(ConfigError, match="HMAC_SECRET_KEY"):
            signatures(replace(Settings(), enable_hmac_auth=True))


class TestRingFromAFile:
    def open(self, file: Path, clock: Clock) -> Keyring:
        write_keyfile(file, (Key(SECRET),))
        return ring_of(clock, hmac_keyring_file=str(file))

    def test_a_change_is_seen_within_a_second(self, ring):
        clock = Clock()
        keys = self.open(ring, clock)
        write_keyfile(ring, (Key(SECRET), Key(OTHER_SECRET, NEXT)))
        clock.now += 0.5
        assert len(keys.live()) == 1
        clock.now += 0.5
        assert len(keys.live()) == 2 and keys.find(Key(OTHER_SECRET).id).state == NEXT

    def test_a_signal_makes_it_seen_at_once(self, ring):
        keys = self.open(ring, Clock())
        write_keyfile(ring, (Key(OTHER_SECRET),))
        keys.reload_soon()
        assert [key.secret for key in keys.live()] == [OTHER_SECRET]

    def test_a_clock_that_is_set_back_does_not_end_the_looking(self, ring):
        clock = Clock()
        keys = self.open(ring, clock)
        write_keyfile(ring, (Key(OTHER_SECRET),))
        clock.now -= 3600
        assert [key.secret for key in keys.live()] == [OTHER_SECRET]

    @pytest.mark.parametrize("harm", [lambda f: f.write_text("{"), lambda f: f.unlink(), lambda f: f.chmod(0o644), lambda f: f.write_text("")])
    def test_a_file_that_cannot_be_used_changes_nothing_and_is_told_once(self, ring, harm, caplog):
        clock = Clock()
        keys = self.open(ring, clock)
        harm(ring)
        with caplog.at_level(logging.ERROR):
            for _ in range(3):
                clock.now += 1
                assert [key.secret for key in keys.live()] == [SECRET]
        assert len(caplog.records) == 1
        ring.unlink(missing_ok=True)
        write_keyfile(ring, (Key(OTHER_SECRET),))
        clock.now += 1
        assert [key.secret for key in keys.live()] == [OTHER_SECRET]
        assert "the keys stay as they were" in caplog.text and SECRET.decode() not in caplog.text

    def test_nobody_is_refused_while_keys_are_rotated(self, ring):
        """Four threads sign with the key they know; each rotation is told to them before the next."""
        clock = Clock()
        keys = self.open(ring, clock)
        verifier = HmacVerifier(keys, MemoryNonceStore(), Freshness(clock, 0))
        known, refused, done = [SECRET], [], threading.Event()
        counts = [0] * 4

        def sign(who: int) -> None:
            while not done.is_set():
                counts[who] += 1
                try:
                    verifier.verify(v1(nonce=f"thread-{who}-{counts[who]}", secret=known[0])).claim()
                except AuthError as error:
                    refused.append(error.detail)

        threads = [threading.Thread(target=sign, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        try:
            for n in range(20):
                fresh = Key(f"{n:02}{THIRD_SECRET.decode()}"[:64].encode(), NEXT)
                write_keyfile(ring, add(read_keyfile(ring, NOW), fresh))
                keys.reload_soon()
                while keys.find(fresh.id) is None:      # another thread may be reading
                    pass
                known[0] = fresh.secret
                write_keyfile(ring, rotate(read_keyfile(ring, NOW), fresh, NOW, 600))
                keys.reload_soon()
        finally:
            done.set()
            for thread in threads:
                thread.join(10)
        assert refused == [] and min(counts) > 0 and len(keys.live()) == 21

    def test_an_operator_sees_who_still_uses_the_old_key(self, ring, caplog):
        clock = Clock()
        old = Key(OTHER_SECRET, OLD, expires_at=NOW + 100)
        write_keyfile(ring, (Key(SECRET), old))
        keys = ring_of(clock, hmac_keyring_file=str(ring))
        verifier = HmacVerifier(keys, MemoryNonceStore(), Freshness(clock, 0))
        with caplog.at_level(logging.INFO):
            for n in range(3):
                verifier.verify(v1(nonce=f"with-old-{n}", secret=OTHER_SECRET))
        with pytest.raises(AuthError):
            verifier.verify(v1(secret=THIRD_SECRET))
        assert [(use.state, use.uses, use.last_used_at) for use in keys.usage()] == [(CURRENT, 0, None), (OLD, 3, NOW)]
        assert caplog.text.count(f"key {old.id} is old and still in use; it ends in 100 s") == 1

    def test_roles_travel_with_the_key(self, ring):
        write_keyfile(ring, (Key(SECRET, roles=frozenset({"observe"})),))
        verifier = HmacVerifier(ring_of(Clock(), hmac_keyring_file=str(ring)), MemoryNonceStore(), Freshness(Clock(), 0))
        assert verifier.verify(v1()).identity.roles == {"observe"}


class TestSettings:
    def test_nothing_is_checked_unless_asked_for(self):
        assert signatures(Settings()) is None

    def test_both_schemes_are_on_with_a_key_and_the_documents_can_be_turned_off(self):
        settings = replace(Settings(), enable_hmac_auth=True, hmac_secret_key=SECRET.decode())
        clock = Clock()
        assert signatures(settings, clock=clock, remembers_from=0).hmac.verify(v1()).identity.kind == "hmac"
        assert signatures(replace(settings, hmac_allow_v1=False)).hmac is None
        with pytest.raises(AuthError, match="start"):
            signatures(settings, clock=clock).hmac.verify(v1(NOW - 1))

    @pytest.mark.parametrize(("env", "word"), [
        ({"ENABLE_HMAC_AUTH": "yes"}, "true, false, 1 or 0"), ({"ENABLE_HMAC_AUTH": ""}, "true, false, 1 or 0"),
        ({"ENABLE_HMAC_AUTH": "true"}, "without a key"), ({"HMAC_SECRET_KEY": "f00d" * 5}, "shorter"),
        ({"HMAC_SECRET_KEY": SECRET.decode(), "HMAC_SECRET_KEY_FILE": __file__}, "keep one of them"),
        ({"HMAC_KEYRING_FILE": __file__, "HMAC_SECRET_KEY_OLD": SECRET.decode()}, "pxl keys rotate"),
        ({"HMAC_KEYRING_FILE": "/no/such/file"}, "a file that can be read"), ({"HMAC_ALLOW_V2": "1"}, "HMAC_ALLOW_V1"),
        ({"HMAC_BOOT_FENCE": "61"}, "from 0 to 60"), ({"HMAC_NONCE_CAPACITY": "10"}, "from 1000")])
    def test_settings_that_do_not_fit_stop_the_start(self, env, word):
        with pytest.raises(ConfigError, match=word):
            Settings.from_env(env)

    @pytest.mark.parametrize("name", ["HMAC_SECRET_KEY", "HMAC_SECRET_KEY_NEW", "HMAC_SECRET_KEY_OLD"])
    def test_no_message_and_no_repr_shows_a_secret(self, name):
        with pytest.raises(ConfigError) as caught:
            Settings.from_env({name: "sixteen-letters-"})
        assert "sixteen" not in caught.value.detail and name in caught.value.detail
        assert SECRET.decode() not in repr(Settings.from_env({name: SECRET.decode()}))


class TestCommands:
    def run(self, capsys, ring: Path, *arguments: str, status: int = 0) -> str:
        assert main(["keys", *arguments, "--file", str(ring)]) == status
        told = capsys.readouterr()
        return told.out if status == 0 else told.err

    def test_new_rotate_and_expire_without_ever_printing_a_secret(self, ring, capsys):
        told = [self.run(capsys, ring, "new"), self.run(capsys, ring, "new"), self.run(capsys, ring, "list"),
                self.run(capsys, ring, "rotate", "--grace", "60")]
        assert [line.split()[1] for line in told[3].splitlines()] == ["old", "current"]
        told.append(self.run(capsys, ring, "expire", told[0].split()[0]))
        told.append(self.run(capsys, ring, "rotate"))
        told.append(self.run(capsys, ring, "expire", "0" * 12, status=2))
        for key in read_keyfile(ring, time.time()):
            assert key.secret.decode() not in "".join(told)
        assert read_keyfile(ring, time.time())[-1].secret.decode() in self.run(capsys, ring, "list", "--show")

    def test_the_first_key_makes_the_file_for_the_owner_alone(self, ring, capsys):
        self.run(capsys, ring, "new", "--roles", "observe,prove")
        assert stat.S_IMODE(ring.stat().st_mode) == 0o600 and os.listdir(ring.parent) == [ring.name]
        assert self.run(capsys, ring, "list").split()[1:] == ["current", "observe,prove"]

    def test_the_variable_names_the_file(self, ring, capsys, monkeypatch):
        monkeypatch.setenv("HMAC_KEYRING_FILE", str(ring))
        assert main(["keys", "new"]) == 0 and ring.exists()
        monkeypatch.delenv("HMAC_KEYRING_FILE")
        assert main(["keys", "list"]) == 2 and "--file" in capsys.readouterr().err

    @pytest.mark.parametrize("arguments", [["list"], ["rotate"], ["expire", "0" * 12]])
    def test_a_file_that_is_not_there_is_a_fault_with_the_cure(self, ring, capsys, arguments):
        assert "pxl keys new" in self.run(capsys, ring, *arguments, status=4)

    @pytest.mark.parametrize("arguments", [[], ["new", "--roles", "root"], ["rotate", "--grace", "nan"], ["rotate", "--grace", "86401"], ["expire"]])
    def test_a_wrong_command_line_is_2(self, arguments, capsys):
        with pytest.raises(SystemExit) as caught:
            main(["keys", *arguments])
        assert caught.value.code == 2 and capsys.readouterr().err

    def test_writers_take_turns(self, ring):
        main(["keys", "new", "--file", str(ring)])
        threads = [threading.Thread(target=main, args=(["keys", "rotate", "--file", str(ring)],)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert len(read_keyfile(ring, time.time())) == 9
