"""tracking.client and publish: concurrent writers of the same row, in a real MLflow database; the other is first."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED
from sqlalchemy import event

from flight_delay.tracking.client import ATTEMPTS, is_unique_violation, retry_on_conflict
from flight_delay.tracking.publish import publish
from flight_delay.tracking.run_content import RunContent
from flight_delay.tracking.view import PIPELINES, VIEW_TAG, set_default_view


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without runs; making one takes longer than any of the tests."""
    path = tmp_path_factory.mktemp("collisions") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def database(empty: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty, tmp_path / "mlflow.db"))


@pytest.fixture
def client(database: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{database}")


@pytest.fixture
def overtake(client: MlflowClient, database: Path) -> Callable[[str], list[str]]:
    """Insert the first row of a table just before this client does, after it has checked that there is none."""

    def begin(table: str) -> list[str]:
        overtaken: list[str] = []

        def first(_connection, _cursor, statement, parameters, *_) -> None:
            if statement.startswith(f"INSERT INTO {table} ") and not overtaken:
                overtaken.append(statement)
                with sqlite3.connect(database) as other:
                    other.execute(statement, parameters)

        event.listen(client._tracking_client.store.engine, "before_cursor_execute", first)
        return overtaken

    return begin


def test_a_tag_that_another_writer_sets_first_is_set(client, overtake) -> None:
    run = client.create_run(client.create_experiment("one")).info.run_id
    overtaken = overtake("tags")
    errors = []

    def set_tag() -> None:
        try:
            client.set_tag(run, "git_commit", "a" * 40)
        except MlflowException as error:
            errors.append(error)
            raise

    retry_on_conflict(set_tag)
    assert (len(overtaken), list(map(is_unique_violation, errors))) == (1, [True])
    assert client.get_run(run).data.tags["git_commit"] == "a" * 40


def test_a_view_that_another_writer_saves_first_is_saved(client, overtake) -> None:
    experiment = client.create_experiment("one")
    overtaken = overtake("experiment_tags")
    set_default_view(client, experiment, PIPELINES)
    assert len(overtaken) == 1
    assert VIEW_TAG in client.get_experiment(experiment).tags


@pytest.mark.parametrize(
    ("message", "attempts"), [("not found", 1), ("(psycopg2.errors.UniqueViolation) duplicate key", ATTEMPTS)]
)
def test_conflicts_are_retried_a_few_times_and_other_errors_are_not(monkeypatch, message: str, attempts: int) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    calls = []

    def fail() -> None:
        calls.append(1)
        raise MlflowException(message)

    with pytest.raises(MlflowException, match=message.rsplit(maxsplit=1)[-1]):
        retry_on_conflict(fail)
    assert len(calls) == attempts


def finished(client: MlflowClient, experiment: str, end_time: int) -> str:
    run = client.create_run(experiment, tags={"pipeline_digest": "0" * 32}).info.run_id
    client.set_terminated(run, "FINISHED", end_time=end_time)
    return str(run)


def content(tmp_path: Path) -> RunContent:
    return RunContent(
        digest="0" * 32, name="a pipeline", description="", params={}, metrics={}, curve={}, tags={"author": "Ada"},
        datasets=[], files={}, bundle=tmp_path, package=tmp_path,
    )  # fmt: skip


def test_a_run_that_another_publisher_deletes_is_replaced_by_the_one_that_stays(
    client, database, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database}")
    experiment = client.create_experiment("one")
    first, stays = finished(client, experiment, 2), []
    set_tag = MlflowClient.set_tag

    def a_moment_later(self: MlflowClient, run_id: str, key: str, value: str) -> None:
        if not stays:
            stays.append(finished(client, experiment, 1))
            client.delete_run(first)
        set_tag(self, run_id, key, value)

    monkeypatch.setattr(MlflowClient, "set_tag", a_moment_later)
    published = publish(content(tmp_path), "one", "a" * 40)
    assert published == (stays[0], False)
    assert client.get_run(stays[0]).data.tags["git_commit"] == "a" * 40


def test_another_error_of_the_commit_tag_is_raised(client, database, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database}")
    finished(client, client.create_experiment("one"), 1)

    def refuse(*_: object) -> None:
        raise MlflowException("not allowed", error_code=PERMISSION_DENIED)

    monkeypatch.setattr(MlflowClient, "set_tag", refuse)
    with pytest.raises(MlflowException, match="not allowed"):
        publish(content(tmp_path), "one", "a" * 40)
