"""docker-compose.prod.yml is valid for both generations of compose, and what it starts is confined, complete and replaceable."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pxl.errors import ConfigError
from pxl.settings import Settings, rows

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.prod.yml"
BIN = Path(sys.executable).parent


def compose(file: Path = FILE, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker-compose", "-f", str(file), "config"], capture_output=True, text=True, check=False, timeout=60,
                          cwd=ROOT, env={"PATH": os.environ["PATH"], "HOME": "/nowhere", **environ})


def by_schema(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", file], capture_output=True, text=True,
                          check=False, timeout=60)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The file as compose itself reads it, with nothing set."""
    done = compose()
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


@pytest.fixture(scope="module")
def services(document: dict[str, Any]) -> dict[str, Any]:
    return document["services"]


def published(services: dict[str, Any]) -> set[str]:
    """Return what is published on the host, in the short form, whichever form this compose prints."""
    ports = [port for service in services.values() for port in service.get("ports", ())]
    return {port.removesuffix("/tcp") if isinstance(port, str) else ":".join(
        str(part) for part in (port.get("host_ip"), port["published"], port["target"]) if part) for port in ports}


def seconds(text: str) -> float:
    return sum(int(number) * {"s": 1, "m": 60}[unit] for number, unit in re.findall(r"(\d+)([sm])", text))


def test_the_newer_generation_s_schema_knows_it() -> None:
    done = by_schema(FILE)
    assert done.returncode == 0, done.stdout
    assert "version" not in yaml.safe_load(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("typo", [("restart:", "restrat:"), ("healthcheck:", "healthchek:"), ("stop_grace_period", "stop_grace_periode")])
def test_a_typo_is_found(typo: tuple[str, str], tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8").replace(*typo)
    (tmp_path / "docker-compose.yml").write_text(text)
    assert by_schema(tmp_path / "docker-compose.yml").returncode != 0


def test_the_services_are_those_that_were_settled(services: dict[str, Any]) -> None:
    assert set(services) == {"pxl-prover", "gateway", "redis", "prometheus", "grafana"}
    text = yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"]
    assert {name: service["profiles"] for name, service in text.items() if "profiles" in service} == {
        "redis": ["replicas"], "prometheus": ["monitoring"], "grafana": ["monitoring"]}
    assert {"pxl-core", "overlay-chrono"} <= set(services["pxl-prover"]["networks"]["backend"]["aliases"])


def test_every_service_is_confined(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["init"] is service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"], name
        assert service["restart"] == "unless-stopped" and service["pids_limit"] <= 1024, name
        assert {"cpus", "memory"} <= service["deploy"]["resources"]["limits"].keys(), name
        assert not service.get("privileged") and "docker.sock" not in str(service.get("volumes")), name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
    assert services["pxl-prover"]["user"] == "10001:10001"
    assert [name for name, service in services.items() if "cap_add" in service] == ["gateway"]


def test_images_have_versions(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert name == "pxl-prover" or re.search(r":v?\d+\.\d+[\w.-]*$", service["image"]), service["image"]


def test_the_server_can_be_scaled(services: dict[str, Any]) -> None:
    """A port of the host can be one container's only."""
    assert not {"ports", "container_name"} & services["pxl-prover"].keys()
    assert published(services) == {"127.0.0.1:3001:3000", "127.0.0.1:8088:80", "127.0.0.1:9090:9090", "80:80"}
    upstream = (ROOT / "configs" / "nginx-upstream.compose.conf").read_text(encoding="utf-8")
    assert upstream.count("server pxl-prover:8088") == 2


def test_the_servers_settings_are_ones_it_takes(services: dict[str, Any], tmp_path: Path) -> None:
    """Read by the very code that would refuse to start; the files stand elsewhere here."""
    (tmp_path / "key").write_text("x")
    environ = {name: "" if value is None else str(value) for name, value in services["pxl-prover"]["environment"].items()}
    for name in ("HMAC_KEYRING_FILE", "JWT_SECRET_KEY_FILE"):
        assert environ[name].startswith(("/app/data/", "/run/secrets/"))
        environ[name] = str(tmp_path / "key")
    settings = Settings.from_env(environ)
    assert settings.enable_hmac_auth and settings.has_tokens and settings.is_rate_limited
    assert (settings.pool_size, settings.cache_ttl_s) == (10, 600)
    with pytest.raises(ConfigError):
        Settings.from_env({**environ, "PXL_POOLSIZE": "1"})


def test_the_documents_variables_reach_the_server() -> None:
    done = compose(PXL_POOL_SIZE="15", PXL_CACHE_TTL="1800", LOG_LEVEL="DEBUG", GATEWAY_PORT="8080", PROMETHEUS_RETENTION="90d",
                   PXL_REDIS_URL="redis://:x@redis:6379/0", RATE_LIMIT_REQUESTS="7", CORS_ORIGINS="https://a.example")
    environ = yaml.safe_load(done.stdout)["services"]["pxl-prover"]["environment"]
    assert {name: str(environ[name]) for name in ("PXL_POOL_SIZE", "PXL_CACHE_TTL", "LOG_LEVEL", "RATE_LIMIT_REQUESTS")} == {
        "PXL_POOL_SIZE": "15", "PXL_CACHE_TTL": "1800", "LOG_LEVEL": "DEBUG", "RATE_LIMIT_REQUESTS": "7"}
    assert "8080:80" in published(yaml.safe_load(done.stdout)["services"])
    assert "--storage.tsdb.retention.time=90d" in yaml.safe_load(done.stdout)["services"]["prometheus"]["command"]
    assert set(environ) - {"PXL_HOST"} <= {row.variable for row in rows()}


def test_no_secret_has_a_value_or_a_default(services: dict[str, Any]) -> None:
    text = FILE.read_text(encoding="utf-8")
    for name in ("REDIS_PASSWORD", "GRAFANA_ADMIN_PASSWORD"):
        assert re.findall(rf"(?<!\$)\$\{{{name}([^}}]*)\}}", text) == [":-"], name
    for name in ("redis", "grafana"):     # and without a password they do not start
        script = " ".join(services[name].get("command") or []) + " ".join(services[name].get("entrypoint") or [])
        assert "exit 1" in script, name
    assert not {"HMAC_SECRET_KEY", "JWT_SECRET_KEY"} & services["pxl-prover"]["environment"].keys()


def test_the_guards_against_empty_passwords_work(services: dict[str, Any]) -> None:
    for name, variable, part in (("redis", "REDIS_PASSWORD", "command"), ("grafana", "GF_SECURITY_ADMIN_PASSWORD", "entrypoint")):
        script = services[name][part][2].replace("$$", "$")
        script = re.sub(r"exec .*", "echo started", script)
        for value, status in (("", 1), ("a password", 0)):
            done = subprocess.run(["sh", "-c", script], env={variable: value}, capture_output=True, text=True, check=False)
            assert (done.returncode, "started" in done.stdout) == (status, status == 0), name


def test_the_health_check_is_the_images_and_calls_what_is_in_it(services: dict[str, Any]) -> None:
    """An early file called curl, which its image did not have."""
    check = services["pxl-prover"]["healthcheck"]
    assert check["test"] == ["CMD", "python", "-m", "pxl.commands.healthcheck"]
    assert (check["interval"], check["timeout"], check["retries"], check["start_period"]) == ("30s", "10s", 3, "40s")
    dockerfile = (ROOT / "Dockerfile.pxl-core").read_text(encoding="utf-8")
    assert '["python", "-m", "pxl.commands.healthcheck"]' in dockerfile
    assert seconds(services["pxl-prover"]["stop_grace_period"]) >= Settings().drain_timeout_s + 10


def test_every_volume_is_declared_and_used_and_every_file_is_there(document: dict[str, Any]) -> None:
    """An early file declared volumes that nothing used, and its documents backed one up that was nowhere declared."""
    mounts = [mount.split(":")[0] for service in document["services"].values() for mount in service.get("volumes", ())]
    named = {mount for mount in mounts if "/" not in mount}
    assert named == set(document["volumes"])
    assert document["volumes"]["logos_pxl_core_data"]["name"] == "logos_pxl_core_data"
    for mount in mounts:
        if "/configs/" in mount or "/monitoring" in mount:
            assert Path(mount).exists(), mount
    assert (ROOT / "monitoring" / "prometheus.yml").is_file()
    dashboards = (ROOT / "monitoring/grafana/provisioning/dashboards/pxl.yml").read_text(encoding="utf-8")
    assert re.search(r"path: (\S+)", dashboards)[1] in [
        mount.split(":")[1] for mount in document["services"]["grafana"]["volumes"]]
    prover = document["services"]["pxl-prover"]["volumes"]
    assert [mount.split(":")[1] for mount in prover] == ["/app/data", "/app/logs", "/app/configs/theories"]
    assert next(mount for mount in document["services"]["prometheus"]["volumes"] if "/monitoring:" in mount).endswith("/etc/prometheus:ro")


def test_only_the_gateway_leads_from_outside_to_the_server(document: dict[str, Any]) -> None:
    services, networks = document["services"], document["networks"]
    assert networks["backend"]["internal"] is True
    assert set(services["pxl-prover"]["networks"]) == {"backend"} and set(services["redis"]["networks"]) == {"backend"}
    assert services["pxl-prover"]["environment"]["TRUSTED_PROXY"] == networks["backend"]["ipam"]["config"][0]["subnet"]
    assert services["gateway"]["depends_on"] == {"pxl-prover": {"condition": "service_healthy"}}
