"""The team server's settings and addresses; that it runs, tests/services tells."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from flight_delay.core.errors import UserError
from flight_delay.tracking.server import postgres_programs
from flight_delay.tracking.server.artifacts import destination
from flight_delay.tracking.server.database import for_sqlalchemy, without_password
from flight_delay.tracking.server.mlflow_server import DEFAULTS, START_SECONDS, STOP_SECONDS, connections
from flight_delay.tracking.server.postgres import open_cluster
from flight_delay.tracking.server.postgres_programs import find_programs
from flight_delay.tracking.server.server import _is_loopback, wanted

REPOSITORY = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((REPOSITORY / "deploy/compose.yaml").read_text())["services"]


def test_two_workers_with_two_pools_want_220_connections() -> None:
    assert connections(DEFAULTS) == 2 * 2 * (20 + 30) + 20
    assert connections({**DEFAULTS, "MLFLOW_WORKERS": "3"}) == 320
    with pytest.raises(UserError, match=r"whole numbers.*many"):
        connections({**DEFAULTS, "MLFLOW_WORKERS": "many"})


def test_what_is_given_wins_over_the_environment_and_that_over_its_own(monkeypatch) -> None:
    monkeypatch.delenv("FLIGHT_DELAY_SERVER_DATABASE", raising=False)
    monkeypatch.delenv("FLIGHT_DELAY_SERVER_ARTIFACTS", raising=False)
    assert wanted("::1", 5000, None, None)[:4] == ("::1", 5000, None, "server/artifacts")
    monkeypatch.setenv("FLIGHT_DELAY_SERVER_DATABASE", "")  # a line of .env.example with nothing after it
    assert wanted("::1", 5000, None, None).database is None
    monkeypatch.setenv("FLIGHT_DELAY_SERVER_DATABASE", "postgresql://of/environment")
    monkeypatch.setenv("FLIGHT_DELAY_SERVER_ARTIFACTS", "s3://of/environment")
    assert wanted("::1", 5000, None, None)[2:4] == ("postgresql://of/environment", "s3://of/environment")
    assert wanted("::1", 5000, "postgresql://given", "here")[2:4] == ("postgresql://given", "here")


@given(password=st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=9))
def test_a_password_reaches_sqlalchemy_whole_and_is_never_shown(password: str) -> None:
    url = make_url("postgresql://ada@db.example.org/mlflow").set(password=password)
    address = url.render_as_string(hide_password=False)
    parsed = make_url(for_sqlalchemy(address))
    assert parsed.password == password
    assert parsed.drivername == "postgresql+psycopg2"
    assert parsed.query == {"connect_timeout": "10"}
    assert without_password(address) == "postgresql://ada:***@db.example.org/mlflow"


def test_an_address_says_what_it_says_itself() -> None:
    given_timeout = "postgresql+psycopg2://ada@/mlflow?connect_timeout=3&host=%2Ftmp"
    assert for_sqlalchemy(given_timeout) == given_timeout
    assert for_sqlalchemy("sqlite:///runs.db") == "sqlite:///runs.db"
    assert without_password("postgresql://ada@/mlflow?host=/tmp/x") == "postgresql://ada@/mlflow?host=/tmp/x"
    for wrong in ("flights", "postgres://db/mlflow", "oracle9://db"):
        with pytest.raises(UserError, match=r"^FLIGHT_DELAY_SERVER_DATABASE .*postgresql://"):
            for_sqlalchemy(wrong)


def test_a_folder_of_artifacts_is_made_and_a_uri_is_left_to_mlflow(tmp_path) -> None:
    assert destination("server/artifacts", tmp_path) == str(tmp_path / "server/artifacts")
    assert (tmp_path / "server/artifacts").is_dir()
    assert destination(str(tmp_path / "there"), Path("/elsewhere")) == str(tmp_path / "there")
    assert destination("gs://bucket/prefix", tmp_path) == "gs://bucket/prefix"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),  # noqa: S104
     ("10.0.0.1", False),
     ("::", False), ("flights.example.org", False)],
)  # fmt: skip
def test_only_loopback_addresses_are_for_this_machine_alone(host: str, loopback: bool) -> None:
    assert _is_loopback(host) is loopback


def install(folder: Path, version: int) -> Path:
    """Programs that only say which version they are."""
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}.3 (Debian {version}.3-1)'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_newest_postgresql_is_taken_unless_a_database_needs_another(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(postgres_programs, "ELSEWHERE", (f"{tmp_path}/*/bin",))
    monkeypatch.setenv("PATH", "/usr/sbin")
    with pytest.raises(UserError, match=r"^PostgreSQL [^\d]*apt-get install postgresql\b.*compose"):
        find_programs()
    for version in (9, 17, 15):
        install(tmp_path / f"{version}/bin", version)
    assert find_programs() == (17, tmp_path / "17/bin")
    assert find_programs(15) == (15, tmp_path / "15/bin")
    with pytest.raises(UserError, match=r"^PostgreSQL 16\b"):
        find_programs(16)
    on_path = install(tmp_path / "of path", 18)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/initdb").symlink_to(on_path / "initdb")
    monkeypatch.setenv("PATH", str(tmp_path / "linked"))
    monkeypatch.setattr(postgres_programs.os, "defpath", "/bin:/usr/bin")
    assert find_programs() == (18, on_path)


def test_a_path_too_long_for_a_socket_is_refused_before_anything_is_made(tmp_path) -> None:
    folder = tmp_path / ("x" * 100)
    with pytest.raises(UserError, match=rf"^{folder}: .*FLIGHT_DELAY_SERVER_DATABASE"):
        open_cluster(folder, 20)
    assert not folder.exists()


def test_containers_have_the_settings_of_the_server() -> None:
    mlflow, postgres = COMPOSE["mlflow"], COMPOSE["postgres"]
    environment = mlflow["environment"]
    assert {name: environment[name] for name in DEFAULTS} == DEFAULTS
    assert f"max_connections={connections(DEFAULTS)}" in postgres["command"]
    assert mlflow["healthcheck"]["start_period"] == f"{START_SECONDS}s"
    assert mlflow["stop_grace_period"] == f"{STOP_SECONDS}s"
    assert all(port.startswith("127.0.0.1:") for port in mlflow["ports"])
    assert "ports" not in postgres
    address = environment["MLFLOW_BACKEND_STORE_URI"].replace("${POSTGRES_PASSWORD}", "pass-word")
    assert for_sqlalchemy(address) == address
    assert not any("postgresql" in word for word in mlflow["command"])
    assert mlflow["build"]["dockerfile"] == "mlflow.Dockerfile"


def test_containers_have_the_versions_that_are_locked() -> None:
    image = (REPOSITORY / "deploy/mlflow.Dockerfile").read_text()
    locked = "".join((REPOSITORY / name).read_text() for name in ("requirements.in", "requirements-team.in"))
    pinned = dict(re.findall(r"^([\w-]+)==([\d.]+)", locked, re.MULTILINE))
    assert f"mlflow:v{pinned['mlflow']}\n" in image
    assert dict(re.findall(r"([\w-]+)==([\d.]+)", image)) == {
        name: pinned[name] for name in ("psycopg2-binary", "boto3")
    }


def test_the_example_sets_nothing_and_names_what_is_read() -> None:
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
    named = {match[1] for line in lines if (match := re.match(r"#([A-Z_]+)=", line))}
    text = (REPOSITORY / "deploy/compose.yaml").read_text()
    of_server = {"FLIGHT_DELAY_SERVER_DATABASE", "FLIGHT_DELAY_SERVER_ARTIFACTS", "MLFLOW_TRACKING_URI"}
    assert of_server <= named
    assert [name for name in ("POSTGRES_PASSWORD", "AWS_ENDPOINT_URL") if name not in named or name not in text] == []
