"""Test the team server: runs survive a kill, no process is left behind, and a configuration error is one line.

Ending it by SIGTERM and by Ctrl-C: test_server_page.py."""

from __future__ import annotations

from contextlib import suppress

import psutil
import psycopg2
import pytest
from mlflow import MlflowClient
from waiting import HERE, PATIENCE, free_port

from flight_delay.tracking.server.postgres import MAX_CONNECTIONS, running_postgres


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


def listening(processes: list[psutil.Process]) -> set[int]:
    """Ports that processes listen on."""
    ports = set()
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # PostgreSQL's workers come and go
            ports |= {process.laddr.port for process in process.net_connections("tcp") if not process.raddr}
    return ports


@pytest.fixture
def project(open_folder, project_at):
    """An empty repository."""
    project = project_at(open_folder("own"))
    project.run("git", "init", "--quiet")
    return project


def test_runs_survive_a_kill_and_nothing_is_left_when_mlflow_ends(project, s3, team_server) -> None:
    settings = {"FLIGHT_DELAY_SERVER_ARTIFACTS": f"s3://{s3.bucket}/runs", **s3.environment}
    postgres = project.root / "server/postgres"
    (postgres / ".data.partial").mkdir(parents=True)  # of a server that was killed while it created its cluster
    postgres.chmod(0o700)
    server = team_server(project, **settings)
    assert not (postgres / ".data.partial").exists()
    port = int(server.uri.rpartition(":")[2])
    run_id = log_run(server.uri, "first")
    assert_has(server.uri, run_id, "first")
    (key,) = (item["Key"] for item in s3.client.list_objects_v2(Bucket=s3.bucket, Prefix="runs/")["Contents"])
    assert key.endswith("/name.txt")
    assert "postgres" in {process.name() for process in server.processes()}
    assert listening(server.processes()) == {port}
    assert postgres.stat().st_mode & 0o777 == 0o700

    mlflow = [process for process in server.processes() if process.name() != "postgres"]
    server.process.kill()  # MLflow ends by itself, and the next server takes over PostgreSQL
    assert psutil.wait_procs(mlflow, timeout=PATIENCE)[1] == []
    server = team_server(project, port=port, **settings)
    assert_has(server.uri, run_id, "first")
    assert_has(server.uri, log_run(server.uri, "after"), "after")

    processes = server.processes()
    next(process for process in processes if "mlflow" in process.cmdline()).kill()
    assert server.ended(processes) == 2
    assert server.printed().splitlines()[-1].startswith("flight-delay server: error: ")


def test_a_given_database_is_used_and_its_password_is_not_shown(checkout, open_folder, team_server) -> None:
    with running_postgres(open_folder("postgres")) as database:
        with psycopg2.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW max_connections")
            assert cursor.fetchone() == (str(MAX_CONNECTIONS),)
        given = database.replace("@", ":pass-word@", 1)  # peer authentication ignores it
        server = team_server(checkout, FLIGHT_DELAY_SERVER_DATABASE=given)
        assert_has(server.uri, log_run(server.uri, "given"), "given")
        shown = [server.printed(), *(word for process in server.processes() for word in process.cmdline())]
        assert [text for text in shown if "pass-word" in text] == []
        assert [process for process in server.processes() if process.name() == "postgres"] == []


def test_what_cannot_be_used_is_one_line(checkout, s3) -> None:
    def refused(*arguments: str, **environment: str) -> str:
        done = checkout.command("server", "--port", str(free_port()), *arguments, code=2, **environment)
        assert "Traceback" not in done.stderr
        *_, line = done.stderr.splitlines()
        return line.removeprefix("flight-delay server: error: ")

    closed = f"{HERE}:{free_port()}"
    message = refused("--database", f"postgresql://ada:pass-word@{closed}/mlflow")
    assert "refused" in message
    assert "pass-word" not in message
    assert refused("--database", "flights").startswith("FLIGHT_DELAY_SERVER_DATABASE ")
    assert "NoSuchBucket" in refused("--artifacts", "s3://nothing-here", **s3.environment)
    endpoint = {**s3.environment, "AWS_ENDPOINT_URL": f"http://{closed}"}
    assert "AWS_ENDPOINT_URL" in refused("--artifacts", "s3://flights", **endpoint)
    assert "192.0.2.1" in refused("--host", "192.0.2.1")
