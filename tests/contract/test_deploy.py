"""deploy/: containers fit the schema of Compose and mount what is there; the dashboard fits the types of Grafana."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from environments import read_settings
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
DASK = DEPLOY / "dask.yaml"
CONTENT = yaml.safe_load(COMPOSE.read_text())
DASHBOARD = DEPLOY / "grafana/dashboard.json"
HARDENED = [
    *("predictions-1", "predictions-2", "proxy"),
    *("prometheus", "alertmanager", "node-exporter", "grafana", "monitor"),
]
OWN_IMAGES = {"flight-delay-predictions", None}  # None: built without a name
DIGEST = re.compile(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}")


def fits_schema(compose: Path) -> bool:
    command = [Path(sys.executable).parent / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", compose]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_the_containers_fit_the_schema_of_compose(tmp_path: Path) -> None:
    assert fits_schema(COMPOSE)
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(COMPOSE.read_text().replace("healthcheck:", "healthchek:", 1))
    assert not fits_schema(wrong)


def test_the_dask_cluster_runs_the_image_of_the_code_and_listens_to_this_machine() -> None:
    assert fits_schema(DASK)
    for service in yaml.safe_load(DASK.read_text())["services"].values():
        assert service["image"] == CONTENT["services"]["predictions-1"]["image"]
        assert service["read_only"] is True
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_containers_mount_what_is_there_and_volumes_that_are_declared() -> None:
    made = {REPOSITORY / "service", REPOSITORY / "data"}  # by `flight-delay state` and by the pipeline
    for service in CONTENT["services"].values():
        for source in (volume.split(":")[0] for volume in service.get("volumes", [])):
            path = (DEPLOY / source).resolve()
            assert source in CONTENT["volumes"] or path in made or (source.startswith(".") and path.exists())


@pytest.mark.parametrize("name", HARDENED)
def test_containers_are_read_only_checked_and_listen_to_this_machine(name: str) -> None:
    service = CONTENT["services"][name]
    assert service["read_only"] is True
    assert "healthcheck" in service or service["build"]["dockerfile"] == "deploy/Dockerfile"  # which has one
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_images_of_others_are_pinned_by_digest() -> None:
    images = {service.get("image") for service in CONTENT["services"].values()} - OWN_IMAGES
    assert len(images) >= 6
    assert [image for image in images if not DIGEST.fullmatch(image)] == []
    for dockerfile in (DEPLOY / "Dockerfile", DEPLOY / "pipeline.Dockerfile"):
        bases = [line.split()[1] for line in dockerfile.read_text().splitlines() if line.startswith("FROM ")]
        assert len(bases) == 2
        assert len(set(bases)) == 1
        assert DIGEST.fullmatch(bases[0])


def test_replicas_are_the_same_and_known_to_proxy_and_prometheus() -> None:
    services = CONTENT["services"]
    replicas = [name for name in services if name.startswith("predictions")]
    assert len(replicas) == 2
    assert services[replicas[0]] == services[replicas[1]]
    addresses = [f"{name}:8000" for name in replicas]
    proxied = re.findall(r"^ +server (\S+) max_fails", (DEPLOY / "nginx.conf").read_text(), re.MULTILINE)
    (scraped, _) = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"]
    assert proxied == addresses == scraped["static_configs"][0]["targets"]
    assert set(services["proxy"]["depends_on"]) == set(replicas)


ENVIRONMENTS = {path.stem: path.read_text() for path in (DEPLOY / "environments").glob("*.env")}


def test_environments_have_the_same_settings_which_something_reads() -> None:
    assert set(ENVIRONMENTS) == {"development", "testing", "acceptance", "production"}
    settings = {name: read_settings(name) for name in ENVIRONMENTS}
    common = set.intersection(*map(set, settings.values()))
    assert settings["acceptance"].keys() == settings["production"].keys() == common | {"PGPASSFILE"}
    files = [*(REPOSITORY / "src").rglob("*.py"), *(REPOSITORY / "tests").rglob("conftest.py"), COMPOSE]
    texts = "\n".join(path.read_text() for path in files)
    read_by_libpq = {"PGPASSFILE"}
    names = {name for values in settings.values() for name in values} - read_by_libpq
    assert {name for name in names if not re.search(rf"\b{name}\b", texts)} == set()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_says_who_promotes_and_holds_no_secret(name: str) -> None:
    assert re.findall(r"^# (data|promotes|secrets) +\S", ENVIRONMENTS[name], re.MULTILINE) == [
        "data",
        "promotes",
        "secrets",
    ]
    for setting, value in read_settings(name).items():
        assert not re.search(r"PASSWORD|SECRET|TOKEN|KEY", setting)
        assert not re.search(r"://[^/@]*:[^/@]*@", value)


def test_the_dashboard_is_what_the_tool_writes() -> None:
    assert runpy.run_path(str(REPOSITORY / "tools/dashboard.py"))["build_dashboard"]() == DASHBOARD.read_text()


@pytest.mark.parametrize(("changed", "is_known"), [({}, True), ({"titel": "Flight delay"}, False)])
def test_the_dashboard_has_only_fields_of_the_schema_of_grafana(changed: dict[str, str], is_known: bool) -> None:
    register_default_plugins()
    content = {**json.loads(DASHBOARD.read_text()), **changed}
    assert (json.loads(JSONEncoder().encode(Dashboard.from_json(content))) == content) == is_known


def test_the_panels_of_the_dashboard_differ_and_each_has_its_query() -> None:
    content = json.loads(DASHBOARD.read_text())
    panels = [panel for panel in content["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in content["panels"]}) == len(content["panels"])
    assert len({panel["title"] for panel in panels}) == len(panels)
    assert all(target["expr"] for panel in panels for target in panel["targets"])
    (source,) = yaml.safe_load((DEPLOY / "grafana/datasource.yml").read_text())["datasources"]
    assert {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}
