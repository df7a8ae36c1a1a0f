"""The manifests are what Kubernetes knows, have the documents' names, and keep to the policies that probes, drains and secrets need."""

from __future__ import annotations

import copy
import re
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from pxl.errors import ConfigError
from pxl.settings import Settings, rows

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "kubernetes"
NAMESPACE = "logos-pxl-core"
VERSIONS = ("1.31", "1.37")
# Of the annotations that ingress-nginx reads (its list ends with the project), those that are in use here.
INGRESS_ANNOTATIONS = {f"nginx.ingress.kubernetes.io/{name}" for name in (
    "ssl-redirect", "limit-rps", "limit-burst-multiplier", "proxy-body-size", "proxy-connect-timeout", "proxy-read-timeout",
    "proxy-next-upstream")}


def rendered(place: Path) -> list[dict[str, Any]]:
    done = subprocess.run(["kubectl", "kustomize", str(place)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


@pytest.fixture(scope="module")
def objects() -> dict[tuple[str, str], dict[str, Any]]:
    """What `kubectl apply -k kubernetes/` would send, by kind and name."""
    return {(document["kind"], document["metadata"]["name"]): document for document in rendered(PLACE)}


@pytest.fixture(scope="module")
def deployment(objects: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    return objects["Deployment", "pxl-prover"]["spec"]


@pytest.fixture(scope="module")
def pod(deployment: dict[str, Any]) -> dict[str, Any]:
    return deployment["template"]["spec"]


@pytest.fixture(scope="module")
def container(pod: dict[str, Any]) -> dict[str, Any]:
    return pod["containers"][0]


def secret_example() -> dict[str, Any]:
    return yaml.safe_load((PLACE / "secret.example.yaml").read_text(encoding="utf-8"))


def gibibytes(text: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(Gi|Mi)", text).groups()
    return int(number) / {"Gi": 1, "Mi": 1024}[unit]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_one_that_kubernetes_knows(version: str, objects: dict[tuple[str, str], dict[str, Any]]) -> None:
    for document in (*objects.values(), secret_example()):
        kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize(("path", "name"), [
    (("spec",), "replica"), (("spec", "template", "spec"), "enableServiceLink"),
    (("spec", "template", "spec", "containers", 0), "readinesProbe")])
def test_a_typo_is_found(path: tuple[Any, ...], name: str, objects: dict[tuple[str, str], dict[str, Any]]) -> None:
    document = copy.deepcopy(objects["Deployment", "pxl-prover"])
    place: Any = document
    for step in path:
        place = place[step]
    place[name] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, VERSIONS[-1], strict=True)


def test_they_have_the_names_that_documents_call_them_by(objects: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert {("Namespace", NAMESPACE), ("Deployment", "pxl-prover"), ("Service", "pxl-prover-service"), ("Ingress", "pxl-ingress"),
            ("HorizontalPodAutoscaler", "pxl-prover-hpa"), ("PodDisruptionBudget", "pxl-prover-pdb"),
            ("NetworkPolicy", "pxl-prover")} <= set(objects)
    assert all(document["metadata"].get("namespace", NAMESPACE) == NAMESPACE for document in objects.values())
    service = objects["Service", "pxl-prover-service"]["spec"]
    assert (service["type"], service["ports"][0]["port"]) == ("ClusterIP", 8088)
    for name in ("namespace", "deployment", "service", "ingress"):
        assert (PLACE / f"{name}.yaml").is_file()


def test_every_file_is_applied_but_the_secret(objects: dict[tuple[str, str], dict[str, Any]]) -> None:
    for place in (PLACE, PLACE / "gateway-api"):
        listed = yaml.safe_load((place / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
        assert sorted(listed) == sorted(path.name for path in place.glob("*.yaml")
                                        if path.name not in ("kustomization.yaml", "secret.example.yaml"))
    assert not [kind for kind, _ in objects if kind == "Secret"]


def test_the_secret_is_a_template_without_values_and_holds_all_that_is_asked_of_it(
        objects: dict[tuple[str, str], dict[str, Any]], pod: dict[str, Any]) -> None:
    example = secret_example()
    assert example["metadata"]["name"] == "pxl-secrets" and set(example["stringData"].values()) == {""}
    asked = {item["key"] for volume in pod["volumes"] if "secret" in volume for item in volume["secret"]["items"]}
    for kind, name in (("Deployment", "pxl-prover"), ("StatefulSet", "pxl-redis")):
        for each in objects[kind, name]["spec"]["template"]["spec"]["containers"]:
            asked |= {entry["valueFrom"]["secretKeyRef"]["key"] for entry in each["env"]
                      if entry["valueFrom"]["secretKeyRef"]["name"] == "pxl-secrets"}
    assert asked == set(example["stringData"]) and "hmac-secret" in asked


def test_every_pod_is_confined(objects: dict[tuple[str, str], dict[str, Any]]) -> None:
    for kind, name in (("Deployment", "pxl-prover"), ("StatefulSet", "pxl-redis")):
        spec = objects[kind, name]["spec"]["template"]["spec"]
        assert spec["automountServiceAccountToken"] is False and spec["enableServiceLinks"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True and spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        for each in spec["containers"]:
            context = each["securityContext"]
            assert context["allowPrivilegeEscalation"] is False and context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert each["resources"]["requests"]["memory"] == each["resources"]["limits"]["memory"]
            assert re.search(r":v?\d+\.\d+", each["image"]), each["image"]
    labels = objects["Namespace", NAMESPACE]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert pod_user(objects) == re.search(r"^USER (\d+):", (ROOT / "Dockerfile.pxl-core").read_text(), re.M)[1]


def pod_user(objects: dict[tuple[str, str], dict[str, Any]]) -> str:
    return str(objects["Deployment", "pxl-prover"]["spec"]["template"]["spec"]["securityContext"]["runAsUser"])


def test_the_three_probes_ask_different_things_and_leave_time(container: dict[str, Any]) -> None:
    """One route for all, with a second's patience, as an early document had it, gets busy pods killed."""
    from pxl.composition.prover import START_TIMEOUT_S
    startup, alive, ready = (container[f"{name}Probe"] for name in ("startup", "liveness", "readiness"))
    assert (alive["httpGet"]["path"], ready["httpGet"]["path"]) == ("/livez", "/readyz")
    assert startup["periodSeconds"] * startup["failureThreshold"] > START_TIMEOUT_S + 15
    for probe in (startup, alive, ready):
        assert probe["timeoutSeconds"] >= 3
    assert alive["periodSeconds"] * alive["failureThreshold"] >= 60
    assert ready["periodSeconds"] * ready["failureThreshold"] <= 15


def test_a_pod_has_the_time_to_drain(pod: dict[str, Any], container: dict[str, Any],
                                     objects: dict[tuple[str, str], dict[str, Any]]) -> None:
    drain_s = float(objects["ConfigMap", "pxl-settings"]["data"]["PXL_DRAIN_TIMEOUT"])
    _, wait = container["lifecycle"]["preStop"]["exec"]["command"]
    assert pod["terminationGracePeriodSeconds"] >= drain_s + int(wait) + 15
    ready = container["readinessProbe"]
    assert int(wait) >= ready["timeoutSeconds"] + ready["periodSeconds"]


def test_the_servers_settings_are_ones_it_takes(objects: dict[tuple[str, str], dict[str, Any]], container: dict[str, Any],
                                                tmp_path: Path) -> None:
    environ = dict(objects["ConfigMap", "pxl-settings"]["data"])
    (tmp_path / "key").write_text("x")
    mounted = container["volumeMounts"][1]["mountPath"]
    for name in ("HMAC_SECRET_KEY_FILE", "JWT_SECRET_KEY_FILE", "PXL_METRICS_TOKEN_FILE"):
        assert environ[name].startswith(f"{mounted}/")
        environ[name] = str(tmp_path / "key")
    environ |= {entry["name"]: "redis://:x@pxl-redis:6379/0" for entry in container["env"]}
    settings = Settings.from_env(environ)
    assert settings.enable_hmac_auth and settings.has_tokens and settings.redis_url
    assert set(environ) <= {row.variable for row in rows()}
    # Five sessions at the size at which they are replaced, one of them astray, and the server.
    wanted_mb = settings.pool_size * settings.session_max_rss_mb + (1 << 10) + 300
    assert gibibytes(container["resources"]["limits"]["memory"]) * 1024 >= wanted_mb


def test_what_the_cluster_would_say_of_its_services_stops_a_server() -> None:
    """The reason for `enableServiceLinks: false`: these variables look like misspelt settings."""
    with pytest.raises(ConfigError, match="PXL_PROVER_SERVICE_PORT is not a setting"):
        Settings.from_env({"PXL_PROVER_SERVICE_PORT": "tcp://10.0.0.1:8088"})


def test_the_scaling_is_as_documented(objects: dict[tuple[str, str], dict[str, Any]], deployment: dict[str, Any]) -> None:
    spec = objects["HorizontalPodAutoscaler", "pxl-prover-hpa"]["spec"]
    assert (deployment["replicas"], spec["minReplicas"], spec["maxReplicas"]) == (3, 3, 20)
    assert spec["scaleTargetRef"]["name"] == "pxl-prover"
    assert {metric["resource"]["name"]: metric["resource"]["target"]["averageUtilization"] for metric in spec["metrics"]} == {
        "cpu": 70, "memory": 80}
    assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    budget = objects["PodDisruptionBudget", "pxl-prover-pdb"]["spec"]
    assert budget["maxUnavailable"] < spec["minReplicas"] - 1


def test_selectors_select_what_is_there(objects: dict[tuple[str, str], dict[str, Any]]) -> None:
    pods = [objects[kind, name]["spec"]["template"]["metadata"]["labels"]
            for kind, name in (("Deployment", "pxl-prover"), ("StatefulSet", "pxl-redis"))]
    for (kind, name), document in objects.items():
        spec = document.get("spec", {})
        selector = spec.get("podSelector", spec.get("selector"))
        if selector:
            wanted = selector.get("matchLabels", selector)
            assert sum(wanted.items() <= labels.items() for labels in pods) == 1, (kind, name)


def test_nobody_comes_in_or_goes_out_but_whom_a_policy_names(objects: dict[tuple[str, str], dict[str, Any]]) -> None:
    policies = {name: document["spec"] for (kind, name), document in objects.items() if kind == "NetworkPolicy"}
    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    prover = policies["pxl-prover"]
    assert [port["port"] for rule in prover["ingress"] for port in rule["ports"]] == [8088]
    assert sorted(port["port"] for rule in prover["egress"] for port in rule["ports"]) == [53, 53, 6379]
    assert all(rule.get("from") for spec in policies.values() for rule in spec.get("ingress", ()))
    assert all(rule.get("to") for spec in policies.values() for rule in spec.get("egress", ()))
    assert "egress" not in policies["pxl-redis"]


def test_the_ingress_has_no_annotation_that_its_controller_ignores(objects: dict[tuple[str, str], dict[str, Any]]) -> None:
    """`rate-limit-rps`, of an early document, is none: it limited nothing."""
    ingress = objects["Ingress", "pxl-ingress"]
    annotations = ingress["metadata"]["annotations"]
    assert set(annotations) <= INGRESS_ANNOTATIONS and annotations["nginx.ingress.kubernetes.io/limit-rps"] == "100"
    settings = Settings()
    assert int(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"]) > settings.max_proof_timeout_s + settings.queue_wait_s
    assert ingress["spec"]["tls"] == [{"hosts": ["pxl.yourdomain.com"], "secretName": "pxl-tls"}]
    backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert backend == {"name": "pxl-prover-service", "port": {"name": "http"}}


def test_the_gateway_leads_where_the_ingress_does(objects: dict[tuple[str, str], dict[str, Any]]) -> None:
    """The Gateway API is no part of Kubernetes, so that no schema of it is at hand: the fields are held to its specification here."""
    gateway, redirect, route = sorted(rendered(PLACE / "gateway-api"), key=lambda each: (each["kind"], each["metadata"]["name"]))
    assert {each["apiVersion"] for each in (gateway, redirect, route)} == {"gateway.networking.k8s.io/v1"}
    assert [each["kind"] for each in (gateway, redirect, route)] == ["Gateway", "HTTPRoute", "HTTPRoute"]
    listeners = {listener["name"]: listener for listener in gateway["spec"]["listeners"]}
    assert listeners["https"]["tls"] == {"mode": "Terminate", "certificateRefs": [{"name": "pxl-tls"}]}
    hosts = [rule["host"] for rule in objects["Ingress", "pxl-ingress"]["spec"]["rules"]]
    for each in (redirect, route):
        assert set(each["spec"]) <= {"parentRefs", "hostnames", "rules"} and each["spec"]["hostnames"] == hosts
        for parent in each["spec"]["parentRefs"]:
            assert parent["name"] == gateway["metadata"]["name"] and parent["sectionName"] in listeners
    rule = route["spec"]["rules"][0]
    assert set(rule) == {"matches", "timeouts", "backendRefs"}
    assert rule["backendRefs"] == [{"name": "pxl-prover-service", "port": 8088}]
    settings = Settings()
    assert re.fullmatch(r"([0-9]{1,5}(h|m|s|ms)){1,4}", rule["timeouts"]["request"])
    assert int(rule["timeouts"]["request"].removesuffix("s")) > settings.max_proof_timeout_s + settings.queue_wait_s
    assert redirect["spec"]["rules"][0]["filters"][0]["requestRedirect"] == {"scheme": "https", "statusCode": 301}
