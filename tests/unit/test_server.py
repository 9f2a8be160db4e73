"""The team server's addresses, settings and containers; tests/services runs it."""

from __future__ import annotations

import http.server
import re
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from flight_delay.commands.serve import COMMIT_VARIABLE
from flight_delay.core.errors import UserError
from flight_delay.tracking.server import mlflow_server, server
from flight_delay.tracking.server.mlflow_server import (
    DEFAULTS,
    START_SECONDS,
    STOP_SECONDS,
    http_url,
    require_port_free,
)
from flight_delay.tracking.server.postgres import MAX_CONNECTIONS
from flight_delay.tracking.server.server import sqlalchemy_url

REPOSITORY = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((REPOSITORY / "deploy/compose.yaml").read_text())["services"]
HERE = "127.0.0.1"


class Healthy(http.server.BaseHTTPRequestHandler):
    """Answers that it is healthy."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


def test_options_win_over_the_environment_and_both_over_the_defaults(project_at, tmp_path, monkeypatch) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(server, "serve", lambda *args, options, **_: calls.append((*args[2:], options)) or 0)
    project, database = project_at(tmp_path), "postgresql://option/mlflow"
    variables = {
        "FLIGHT_DELAY_SERVER_DATABASE": "postgresql://variable/mlflow",
        "FLIGHT_DELAY_SERVER_ARTIFACTS": "s3://b",
    }
    project.command("server", FLIGHT_DELAY_SERVER_DATABASE="")  # as in .env.example, without a value
    project.command("server", **variables)
    project.command(
        "server", "--database", database, "--artifacts", "here", "--", "--app-name", "basic-auth", **variables
    )
    assert calls == [
        (None, "server/artifacts", []),
        (*variables.values(), []),
        (database, "here", ["--app-name", "basic-auth"]),
    ]


@given(password=st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=9))
def test_sqlalchemy_gets_the_whole_password_and_a_timeout_and_shows_no_password(password: str) -> None:
    database = make_url("postgresql://ada@db.example.org/mlflow").set(password=password)
    url = sqlalchemy_url(database.render_as_string(hide_password=False))
    assert (url.password, url.drivername, url.query) == (password, "postgresql+psycopg2", {"connect_timeout": "10"})
    assert url.set(query={}).render_as_string() == "postgresql+psycopg2://ada:***@db.example.org/mlflow"


def test_a_timeout_in_a_url_is_kept_and_only_postgresql_is_accepted() -> None:
    assert sqlalchemy_url("postgresql://ada@/mlflow?connect_timeout=3").query == {"connect_timeout": "3"}
    for wrong in ("postgres://db/mlflow", "sqlite:///runs.db"):
        with pytest.raises(UserError):
            sqlalchemy_url(wrong)


def test_a_port_is_required_to_be_free_and_left_free() -> None:
    with socket.create_server((HERE, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError):
            require_port_free(HERE, port)
    require_port_free(HERE, port)
    require_port_free(HERE, port)


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 5000), (HERE, 70_000), ("nowhere.invalid", 5000)])
def test_an_address_that_this_machine_does_not_have_is_refused(host: str, port: int) -> None:
    with pytest.raises(UserError, match=rf"\b{re.escape(host)}, port {port} "):
        require_port_free(host, port)


def test_the_health_of_an_own_server_is_not_asked_through_a_proxy(monkeypatch) -> None:
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://{HERE}:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setattr(mlflow_server, "START_SECONDS", 5)
    with (
        http.server.HTTPServer((HERE, 0), Healthy) as healthy,
        subprocess.Popen(["sleep", "60"]) as process,
    ):
        threading.Thread(target=healthy.handle_request, daemon=True).start()
        try:
            mlflow_server._wait_until_healthy(process, http_url(HERE, healthy.server_port))
        finally:
            process.kill()


def test_a_server_that_listens_everywhere_is_reached_by_the_loopback_address() -> None:
    assert http_url("0.0.0.0", 80) == "http://127.0.0.1:80"  # noqa: S104
    assert http_url("::", 80) == http_url("::1", 80) == "http://[::1]:80"
    assert http_url("flights.example.org", 80) == "http://flights.example.org:80"


def test_containers_have_the_settings_of_the_server() -> None:
    mlflow, postgres = COMPOSE["mlflow"], COMPOSE["postgres"]
    environment = mlflow["environment"]
    assert {name: environment[name] for name in DEFAULTS} == DEFAULTS
    of_predictions = 3 * (5 + 10)  # the default pools of SQLAlchemy: two replicas and monitoring
    assert f"max_connections={MAX_CONNECTIONS + of_predictions}" in postgres["command"]
    assert mlflow["healthcheck"]["start_period"] == f"{START_SECONDS}s"
    assert mlflow["stop_grace_period"] == f"{STOP_SECONDS}s"
    assert {service["restart"] for service in COMPOSE.values()} == {"unless-stopped"}
    assert all(port.startswith("127.0.0.1:") for port in mlflow["ports"])
    assert "ports" not in postgres
    address = environment["MLFLOW_BACKEND_STORE_URI"].replace("${POSTGRES_PASSWORD}", "pass-word")
    assert sqlalchemy_url(address) == make_url(address)
    assert not any("postgresql" in word for word in mlflow["command"])


def test_containers_have_the_versions_that_are_locked() -> None:
    image = (REPOSITORY / "deploy/mlflow.Dockerfile").read_text()
    locked = "".join((REPOSITORY / name).read_text() for name in ("requirements.in", "requirements-team.in"))
    pinned = dict(re.findall(r"^([\w-]+)==([\d.]+)", locked, re.MULTILINE))
    assert f"mlflow:v{pinned['mlflow']}\n" in image
    assert dict(re.findall(r"([\w-]+)==([\d.]+)", image)) == {
        name: pinned[name] for name in ("psycopg2-binary", "boto3")
    }


def test_the_image_of_the_service_is_built_from_files_that_exist() -> None:
    image = (REPOSITORY / "deploy/Dockerfile").read_text()
    sources = [word for line in re.findall(r"^COPY (?!--)(.+) \S+$", image, re.MULTILINE) for word in line.split()]
    allowed = (REPOSITORY / ".dockerignore").read_text().splitlines()
    assert {"src", "references", "requirements-team.txt"} <= set(sources)
    for source in sources:
        assert (REPOSITORY / source).exists(), source
        assert f"!{source}" in allowed or (source.startswith("requirements") and "!requirements*.txt" in allowed), (
            source
        )
    assert f"ENV {COMMIT_VARIABLE}=$GIT_COMMIT" in image
    build = COMPOSE["predictions-1"]["build"]
    assert (REPOSITORY / "deploy" / build["context"] / build["dockerfile"]).exists()


def test_the_example_of_env_sets_nothing_and_names_the_settings() -> None:
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
    named = {match[1] for line in lines if (match := re.match(r"#([A-Z_]+)=", line))}
    read = {"FLIGHT_DELAY_SERVER_DATABASE", "FLIGHT_DELAY_SERVER_ARTIFACTS", "MLFLOW_TRACKING_URI"}
    assert {*read, "POSTGRES_PASSWORD", "AWS_ENDPOINT_URL"} <= named
