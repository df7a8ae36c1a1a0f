"""Settings are read strictly, and every text about them comes from one table."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxl.errors import ConfigError
from pxl.settings import Settings, env_example, help_text, rows

ROOT = Path(__file__).resolve().parents[1]
KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2


def problems(**env: str) -> str:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(env)
    return caught.value.detail


class TestDefaults:
    def test_the_founding_documents_defaults_hold(self):
        settings = Settings.from_env({})
        assert (settings.port, settings.host, settings.pool_size) == (8088, "127.0.0.1", 5)
        assert (settings.cache_ttl_s, settings.cache_size, settings.max_request_bytes) == (300, 1000, 1_048_576)
        assert (settings.connection_timeout_s, settings.connection_limit, settings.log_level) == (60, 2000, "INFO")

    def test_threads_are_what_can_run_or_wait_and_128_for_equal_goals_and_eight_more(self):
        settings = Settings.from_env({})
        assert (settings.threads, settings.max_in_flight, settings.max_followers) == (5 + 50 + 128 + 8, 55, 128)
        settings = Settings.from_env({"PXL_POOL_SIZE": "20", "PXL_MAX_QUEUE": "10"})
        assert (settings.threads, settings.max_followers) == (166, 128)

    def test_threads_that_are_set_leave_eight_for_the_rest(self):
        settings = Settings.from_env({"PXL_POOL_SIZE": "1", "PXL_MAX_QUEUE": "1", "PXL_THREADS": "15"})
        assert (settings.threads, settings.max_followers) == (15, 5)

    def test_every_default_is_itself_a_legal_value(self):
        for row in rows():
            if row.default is not None:
                assert row.read(row.default_text) == row.default, row.variable


class TestReading:
    def test_values_are_taken_from_the_environment(self):
        settings = Settings.from_env({"PXL_SERVER_PORT": "9000", "PXL_POOL_SIZE": "64", "PXL_PROOF_TIMEOUT": "2.5",
                                      "PATH": "/bin", "HOME": "/"})
        assert (settings.port, settings.pool_size, settings.proof_timeout_s) == (9000, 64, 2.5)

    @pytest.mark.parametrize("text", ["WARN", "warn", "Warning"])
    def test_warn_is_an_alias(self, text):
        assert Settings.from_env({"LOG_LEVEL": text}).log_level == "WARNING"

    def test_an_empty_value_means_unset_only_where_there_is_no_default(self):
        assert Settings.from_env({"PXL_SERTOP": "", "PXL_THREADS": ""}).sertop is None
        assert "PXL_POOL_SIZE=''" in problems(PXL_POOL_SIZE="")

    def test_an_address_without_authentication_is_closed_by_default(self):
        assert not Settings.from_env({}).is_open
        assert Settings.from_env({"PXL_HOST": "0.0.0.0"}).is_open

    @pytest.mark.parametrize("how", [{"JWT_SECRET_KEY": KEY}, {"ENABLE_HMAC_AUTH": "1", "HMAC_SECRET_KEY": KEY}])
    def test_with_authentication_every_address_is_listened_on(self, how):
        settings = Settings.from_env(how)
        assert settings.host == "0.0.0.0" and settings.has_authentication
        assert Settings.from_env({**how, "PXL_HOST": "127.0.0.1"}).host == "127.0.0.1"

    def test_requests_are_limited_where_others_reach_the_server(self):
        assert not Settings.from_env({}).is_rate_limited
        assert Settings.from_env({"RATE_LIMIT_ENABLED": "true"}).is_rate_limited
        assert Settings.from_env({"PXL_HOST": "0.0.0.0"}).is_rate_limited
        assert not Settings.from_env({"PXL_HOST": "0.0.0.0", "RATE_LIMIT_ENABLED": "false"}).is_rate_limited

    def test_the_limit_for_a_minute_overrides_the_other(self):
        assert Settings.from_env({"RATE_LIMIT_REQUESTS": "7", "RATE_LIMIT_WINDOW": "5"}).rate == (7, 5)
        assert Settings.from_env({"RATE_LIMIT_REQUESTS": "7", "RATE_LIMIT_PER_MINUTE": "60"}).rate == (60, 60)


class TestRefusals:
    @pytest.mark.parametrize(("name", "value"), [
        ("PXL_POOL_SIZE", "0"), ("PXL_POOL_SIZE", "65"), ("PXL_POOL_SIZE", "five"), ("PXL_POOL_SIZE", "1_0"),
        ("PXL_POOL_SIZE", "+5"), ("PXL_POOL_SIZE", "٥"), ("PXL_POOL_SIZE", "5.0"), ("PXL_SERVER_PORT", "65536"),
        ("PXL_SERVER_PORT", "-1"), ("PXL_PROOF_TIMEOUT", "nan"), ("PXL_PROOF_TIMEOUT", "inf"),
        ("PXL_PROOF_TIMEOUT", "1e3"), ("PXL_PROOF_TIMEOUT", "30s"), ("PXL_CACHE_TTL", "-1"), ("LOG_LEVEL", "LOUD"),
        ("PXL_HOST", "a b"), ("PXL_SERTOP", "/no/such/program"), ("PXL_KERNEL_DIR", "/no/such/dir"),
        ("MAX_REQUEST_SIZE", "1MB"), ("PXL_ENGINE", "lean"), ("CONNECTION_TIMEOUT", "0"),
    ])
    def test_junk_is_refused_by_name_value_and_cure(self, name, value):
        text = problems(**{name: value})
        assert name in text and ascii(value) in text and "set it so, or unset it" in text

    def test_an_unknown_name_is_refused_with_the_nearest_one(self):
        assert problems(PXL_POOLSIZE="5") == "PXL_POOLSIZE is not a setting: did you mean PXL_POOL_SIZE?"
        assert "--help" in problems(PXL_ZZZ="1")

    def test_all_problems_are_told_at_once(self):
        wrong = {"PXL_POOL_SIZE": "x", "PXL_ZZZ": "1", "LOG_LEVEL": "LOUD", "ENABLE_HMAC_AUTH": "true"}
        lines = problems(**wrong).splitlines()
        assert all(any(name in line for line in lines) for name in wrong) and len(lines) >= len(wrong)

    def test_too_few_threads_for_the_queue_are_refused(self):
        assert "PXL_THREADS=63" in problems(PXL_THREADS="63")
        assert Settings.from_env({"PXL_THREADS": "64"}).max_followers == 1

    def test_a_default_time_above_the_longest_is_refused(self):
        assert "PXL_MAX_PROOF_TIMEOUT" in problems(PXL_PROOF_TIMEOUT="90")

    @pytest.mark.parametrize("value", ["secret", "your-256-bit-secret", "a" * 64, "é" * 32, "k e y" * 10])
    def test_a_weak_token_key_is_refused_and_not_shown(self, value):
        text = problems(JWT_SECRET_KEY=value)
        assert text.startswith("JWT_SECRET_KEY is ") and value not in text and "openssl rand -hex 32" in text

    def test_a_misspelt_protection_is_refused(self):
        assert "did you mean JWT_SECRET_KEY?" in problems(JWT_SECRET="k")
        assert "did you mean RATE_LIMIT_WINDOW?" in problems(RATE_LIMIT_WINDOWS="60")

    def test_a_former_token_key_needs_a_present_one(self):
        assert "JWT_SECRET_KEY_OLD is set without" in problems(JWT_SECRET_KEY_OLD=KEY)

    @pytest.mark.parametrize("origins", ["*", "null", "https://*.example.org", "example.org", "https://a.org/", "ftp://a",
                                         "https://a.org:0", "https://a.org,", "https://u@a.org", "https://a.org b"])
    def test_only_plain_origins_are_taken(self, origins):
        assert "CORS_ORIGINS=" in problems(CORS_ORIGINS=origins)

    @pytest.mark.parametrize("proxies", ["*", "nginx", "10.0.0.0/33", "10.0.0.1/8"])
    def test_only_addresses_and_networks_are_trusted(self, proxies):
        assert "TRUSTED_PROXY=" in problems(TRUSTED_PROXY=proxies)

    @given(st.sampled_from([row.variable for row in rows()]), st.text(max_size=20))
    def test_any_text_is_either_a_legal_value_or_a_config_error(self, name, text):
        try:
            Settings.from_env({name: text})
        except ConfigError as error:
            assert name in error.detail


class TestCheckConfig:
    @pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("0.0.0.0", True)])
    def test_an_open_address_is_legal_and_warned_of(self, host, warned):
        done = subprocess.run([sys.executable, ROOT / "serve_pxl.py", "--check-config"], capture_output=True, text=True,
                              timeout=60, check=True, env={**os.environ, "PXL_HOST": host})
        assert done.stdout == "The configuration is valid.\n"
        assert (f"warning: listening on {host} without authentication" in done.stderr) == warned == bool(done.stderr)


class TestOneTable:
    def test_the_example_file_is_the_table(self):
        assert (ROOT / ".env.example").read_text() == env_example()

    def test_the_example_file_with_its_defaults_is_a_legal_environment(self):
        pairs = [line[1:].split("=", 1) for line in env_example().splitlines() if line.startswith("#") and "=" in line]
        named = {name: value for name, value in pairs if name in {row.variable for row in rows()}}
        assert len(named) == len(rows())
        assert Settings.from_env(named) == Settings.from_env({})

    def test_help_lists_every_setting(self):
        done = subprocess.run([sys.executable, ROOT / "serve_pxl.py", "--help"], capture_output=True, text=True,
                              timeout=60, check=True)
        assert help_text() in done.stdout
        for row in rows():
            assert row.variable in done.stdout and row.help in done.stdout

    def test_a_bad_setting_ends_the_start_with_status_2_and_no_traceback(self):
        done = subprocess.run([sys.executable, ROOT / "serve_pxl.py"], capture_output=True, text=True,
                              timeout=60, env={"PXL_POOL_SIZE": "many", "PXL_ZZZ": "1"})
        assert done.returncode == 2
        assert done.stderr.splitlines()[0].startswith("serve_pxl.py: PXL_ZZZ is not a setting")
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize(("key", "words"), [("your-256-bit-secret", "a placeholder"), ("0123456789abcdef", "shorter than 32"),
                                                (KEY, "")])
    def test_check_config_looks_at_keys_in_files_too(self, tmp_path, key, words):
        file = tmp_path / "key"
        file.write_text(key + "\n")
        done = subprocess.run([sys.executable, ROOT / "serve_pxl.py", "--check-config"], capture_output=True, text=True,
                              timeout=60, env={"JWT_SECRET_KEY_FILE": str(file)})
        assert done.returncode == (2 if words else 0) and words in done.stderr and key not in done.stderr


def test_metrics_of_several_processes_are_refused():
    with pytest.raises(ConfigError, match="PROMETHEUS_MULTIPROC_DIR is set: .*; unset it"):
        Settings.from_env({"PROMETHEUS_MULTIPROC_DIR": "/tmp/metrics"})
