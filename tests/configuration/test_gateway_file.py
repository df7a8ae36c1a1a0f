"""gateway.yaml stands for settings, is read strictly, and gives way to the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxl.configuration.gateway_file import read_gateway_file
from pxl.errors import ConfigError
from pxl.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "configs" / "gateway.yaml"


def settings_of(place: Path, text: str, **environ: str) -> Settings:
    (place / "gateway.yaml").write_text(text)
    return Settings.from_env({"PXL_GATEWAY_FILE": str(place / "gateway.yaml"), **environ})


def test_the_shipped_file_says_what_holds_without_it() -> None:
    without, with_it = Settings.from_env({}), Settings.from_env({"PXL_GATEWAY_FILE": str(SHIPPED)})
    assert (with_it.rate_limit_total, with_it.rate_limit_requests, with_it.cors_origins) == (
        without.rate_limit_total, without.rate_limit_requests, without.cors_origins) == (1000, 100, None)


def test_each_member_becomes_its_setting(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "rate_limiting: {requests_per_minute: 7, burst_limit: 3, enabled: true}\n"
                                     "cors: {allow_origins: ['https://a.example', 'https://b.example:8443']}")
    assert (settings.rate_limit_total, settings.rate_limit_requests, settings.rate_limit_enabled) == (7, 3, True)
    assert settings.cors_origins == "https://a.example,https://b.example:8443"


def test_the_environment_goes_before_it(tmp_path: Path) -> None:
    text = "rate_limiting: {requests_per_minute: 7, burst_limit: 3}"
    settings = settings_of(tmp_path, text, PXL_RATE_LIMIT_TOTAL="9")
    assert (settings.rate_limit_total, settings.rate_limit_requests) == (9, 3)
    # As elsewhere, an empty variable is as good as none.
    assert settings_of(tmp_path, "cors: {allow_origins: ['https://a.example']}", CORS_ORIGINS="").cors_origins == "https://a.example"


@pytest.mark.parametrize("text", ["", "rate_limiting:\ncors:\n", "# nothing"])
def test_what_is_left_out_stays_as_it_is(text: str, tmp_path: Path) -> None:
    assert settings_of(tmp_path, text).rate == Settings().rate


@pytest.mark.parametrize(("text", "words"), [
    ("rate_limit: {}", "'rate_limit', which is not known; it may have rate_limiting, cors"),
    ("rate_limiting: {request_per_minute: 1}", "it may have requests_per_minute, burst_limit, enabled"),
    ("rate_limiting: {burst_limit: '5'}", "rate_limiting.burst_limit is not a whole number"),
    ("rate_limiting: {burst_limit: true}", "rate_limiting.burst_limit is not a whole number"),
    ("rate_limiting: {burst_limit: -1}", "rate_limiting.burst_limit is not a whole number"),
    ("rate_limiting: {burst_limit: 0}", "RATE_LIMIT_REQUESTS='0' is not a whole number from 1"),
    ("rate_limiting: [1]", "rate_limiting is not a mapping"), ("- 1", "the file is not a mapping"),
    ("cors: {allow_origins: '*'}", "is not a list of origins"), ("cors: {allow_origins: [1]}", "is not a list of origins"),
    ("cors: {allow_origins: ['*']}", "CORS_ORIGINS"), ("cors: {allow_origins: ['https://a.example/path']}", "CORS_ORIGINS"),
    ("cors: {allow_credentials: false}", "leave out the origins"), ("cors: {allow_credentials: maybe}", "is not true or false"),
    ("cors: {", "is not YAML"), ("a: !!python/object/apply:os.system ['true']", "is not YAML"), ("\x07", "is not YAML")])
def test_what_is_not_understood_stops_the_start(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, text)
    assert words in caught.value.detail


def test_a_file_that_is_missing_or_huge_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="PXL_GATEWAY_FILE: .* cannot be read: No such file"):
        Settings.from_env({"PXL_GATEWAY_FILE": str(tmp_path / "none")})
    with pytest.raises(ConfigError, match="is larger than 65536 bytes"):
        settings_of(tmp_path, "#" * 70_000)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    try:
        assert isinstance(read_gateway_file(path), dict)
    except ConfigError as error:
        assert str(path) in error.detail
