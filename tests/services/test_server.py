"""The team server: what it says, what it refuses, and that nothing is lost or left when it is stopped or killed. How it ends by SIGTERM
and by Ctrl-C: also test_server_page.py."""

from __future__ import annotations

import re
import signal
import socket
from contextlib import suppress
from typing import Any

import psutil
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from flight_delay.tracking.server.database import max_connections

HERE = "127.0.0.1"


def log_run(uri: str, name: str) -> str:
    """A run with a metric and an artifact."""
    client = MlflowClient(uri)
    run_id = client.create_run("0", run_name=name).info.run_id
    client.log_metric(run_id, "log_loss", 0.5)
    client.log_text(run_id, name, "name.txt")
    return run_id


def assert_has(uri: str, run_id: str, name: str) -> None:
    client = MlflowClient(uri)
    run = client.get_run(run_id)
    assert (run.info.run_name, run.data.metrics["log_loss"]) == (name, 0.5)
    assert [file.path for file in client.list_artifacts(run_id)] == ["name.txt"]


def refused(project, *arguments: str, **environment: str) -> str:
    """The one line of error with which a server does not start."""
    done = project.run("flight-delay", "server", *arguments, code=2, **environment)
    assert "Traceback" not in done.stderr
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("flight-delay server: error: "))
    assert line == done.stderr.splitlines()[-1]
    return line


@pytest.fixture
def half_made(open_folder, project_at, free_port, until):
    """A checkout in which a server was killed while it made its database."""

    def caught_half_made() -> Any:
        project = project_at(open_folder("half"))
        project.run("git", "init", "--quiet")
        making = project.start("flight-delay", "server", "--port", str(free_port()))
        partial = project.root / "server/postgres/.data.partial"
        until(lambda: (partial / "PG_VERSION").exists() or making.poll() is not None)
        making.kill()
        making.communicate()
        caught = partial.exists() and not (project.root / "server/postgres/data").exists()
        return project if caught else None

    # A machine that is busy elsewhere may look too late.
    return next(project for project in (caught_half_made() for _ in range(5)) if project)


def test_from_a_database_half_made_through_kills_to_the_end_of_mlflow(half_made, team_server, free_port) -> None:
    server, folder = team_server(half_made), half_made.root / "server"
    assert not (folder / "postgres/.data.partial").exists()
    run_id = log_run(server.uri, "first")
    assert_says_where_everything_is(server, folder)
    assert_has(server.uri, run_id, "first")
    (kept,) = (folder / "artifacts").rglob("name.txt")
    assert kept.read_text() == "first"
    port = server.uri.rpartition(":")[2]
    assert str(folder) in refused(half_made, "--port", str(free_port()))
    assert f"port {port} " in refused(half_made, "--port", port)
    assert server.end(signal.SIGKILL) == -signal.SIGKILL

    server = team_server(half_made, port=int(port))
    assert_has(server.uri, run_id, "first")
    (postgres,) = (of for of in server.family() if of.name() == "postgres" and of.ppid() == server.process.pid)
    postgres.kill()
    server.wait_for("PostgreSQL is back")
    assert server.said().count("PostgreSQL has ended") == 1
    assert_has(server.uri, run_id, "first")
    assert_has(server.uri, log_run(server.uri, "after"), "after")

    family = server.family()
    next(of for of in family if "mlflow" in of.cmdline()).kill()
    assert server.ended(family) == 2
    assert server.said().splitlines()[-1].startswith("flight-delay server: error: ")


def assert_says_where_everything_is(server, folder) -> None:
    """It says what is there, and PostgreSQL is reached through its folder only, which is nobody else's."""
    *_, ready, database, artifacts, clients, _ = server.said().splitlines()
    assert ready.endswith(f": {server.uri}")
    address = re.search("postgresql://.*", database)[0]
    assert f"host={folder}/postgres" in address
    assert artifacts.endswith(f" {folder}/artifacts")
    assert clients.endswith(f" MLFLOW_TRACKING_URI={server.uri}")
    # 1 worker with 2 pools of 20 + 30, and 20 in reserve.
    assert max_connections(address) == 120
    listening = set()
    for process in server.family():
        with suppress(psutil.NoSuchProcess):  # PostgreSQL starts workers that end again
            listening |= {of.laddr.port for of in process.net_connections("tcp") if not of.raddr}
    assert listening == {int(server.uri.rpartition(":")[2])}
    assert (folder / "postgres").stat().st_mode & 0o777 == 0o700


def test_a_given_database_and_bucket_are_used_and_no_password_is_shown(
    checkout, postgres, s3, team_server, monkeypatch
) -> None:
    given = postgres.url.replace("@", ":pass-word@", 1)  # it asks for none, so that any will do
    settings = {"FLIGHT_DELAY_SERVER_DATABASE": given, "FLIGHT_DELAY_SERVER_ARTIFACTS": f"s3://{s3.bucket}/of/server"}
    server = team_server(checkout, **settings, **s3.environment)
    assert_has(server.uri, log_run(server.uri, "given"), "given")
    (key,) = (of["Key"] for of in s3.client.list_objects_v2(Bucket=s3.bucket, Prefix="of/server")["Contents"])
    assert key.endswith("/name.txt")
    assert re.search(r" 60 .* 120", server.said())  # connections that there are, and that it may want
    shown = [server.said(), *(word for of in server.family() for word in of.cmdline())]
    assert [text for text in shown if "pass-word" in text] == []
    assert [of for of in server.family() if of.name() == "postgres"] == []

    postgres.stop()  # while it is away, clients get errors, soon
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(MlflowException):
        MlflowClient(server.uri).search_experiments()
    postgres.start()
    assert_has(server.uri, log_run(server.uri, "again"), "again")
    assert server.end(signal.SIGTERM) == 0


def test_what_is_not_there_is_one_line(checkout, postgres, s3, free_port) -> None:
    port, database = str(free_port()), ("--database", postgres.url)
    gone = refused(checkout, "--port", port, "--database", f"postgresql://ada:pass-word@{HERE}:{free_port()}/mlflow")
    assert "refused" in gone
    assert "pass-word" not in gone
    unknown = refused(checkout, "--port", port, *database, "--artifacts", "s3://nothing-here", **s3.environment)
    assert "s3://nothing-here cannot be used" in unknown
    assert "NoSuchBucket" in unknown
    away = {**s3.environment, "AWS_ENDPOINT_URL": f"http://{HERE}:{free_port()}"}
    assert "AWS_ENDPOINT_URL" in refused(checkout, "--port", port, *database, "--artifacts", "s3://flights", **away)
    assert "FLIGHT_DELAY_SERVER_DATABASE" in refused(checkout, "--port", port, "--database", "flights")
    assert "cannot listen on 192.0.2.1" in refused(checkout, "--host", "192.0.2.1", "--port", port)
    with socket.create_server((HERE, int(port))):
        assert f"port {port} " in refused(checkout, "--port", port)
