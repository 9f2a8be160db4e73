"""Artifacts of a finished run are in a permanent folder, whatever the tracking URI, and in checkouts of any path."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import publishing
import pytest
from checkouts import Project
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

from flight_delay.tracking.database import database_file, sqlite_uri

# Reserved in URIs, or quoted in them.
RESERVED = "what?now#a%20b&c=d é:;+@'"


@pytest.fixture
def checkout_at(made, tmp_path) -> Callable[..., Project]:
    """Makes a repository with all that is published at a path below the test's folder."""

    def make(path: str) -> Project:
        (project,) = publishing.checkouts(made, tmp_path, path)
        project.run("git", "init", "--quiet")
        return project

    return make


def run_with_files(database: Path, root: Path) -> Any:
    """Return the only run, with status FINISHED and files of its run and its model below a folder."""
    client = MlflowClient(sqlite_uri(database))
    (run,) = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    (model,) = client.search_logged_models([run.info.experiment_id])
    assert run.info.status == "FINISHED"
    for location, file in ((run.info.artifact_uri, "params.yaml"), (model.artifact_location, "MLmodel")):
        path = Path(download_artifacts(f"{location}/{file}"))
        assert path.is_file()
        assert path.is_relative_to(root / "mlruns")
    return run


@pytest.mark.parametrize(
    ("uri", "database"),
    [
        ("", "main/mlflow.db"),
        ("sqlite:///mlflow.db", "main/mlflow.db"),
        ("sqlite:///kept/runs.db", "main/kept/runs.db"),
        ("sqlite:///{folder}/team/runs.db", "team/runs.db"),
        ("sqlite:///{folder}/team/runs.db?timeout=60", "team/runs.db"),
    ],
)
def test_artifacts_of_a_temporary_experiment_are_beside_the_database(checkout_at, tmp_path, uri, database) -> None:
    temporary = checkout_at("main/.dvc/tmp/exps/one")
    (tmp_path / "team").mkdir()
    temporary.stage_here("publish", DVC_ROOT=str(tmp_path / "main"), MLFLOW_TRACKING_URI=uri.format(folder=tmp_path))
    shutil.rmtree(temporary.root)
    run_with_files(tmp_path / database, (tmp_path / database).parent)


@pytest.mark.parametrize(
    "location", ["mlruns/1", "{root}/.dvc/tmp/exps/ended/mlruns/1", "file:///gone/checkout/mlruns"]
)
def test_an_experiment_whose_artifacts_would_be_lost_is_refused(checkout_at, location) -> None:
    project = checkout_at("project")
    client = MlflowClient(sqlite_uri(project.root / "mlflow.db"))
    client.create_experiment("flight-delay")
    with sqlite3.connect(project.root / "mlflow.db") as database:
        stored = location.format(root=project.root)
        database.execute("UPDATE experiments SET artifact_location = ? WHERE experiment_id = 1", [stored])
    (project.root / ".dvc/tmp/exps/ended").mkdir(parents=True)
    done = project.stage_here("publish", code=2)
    assert stored in done.stderr.splitlines()[-1]
    assert client.search_runs(["1"]) == []


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:runs.db?uri=true"])
def test_a_database_without_a_file_is_refused(checkout_at, uri) -> None:
    project = checkout_at("project")
    project.refuses("publish", "MLFLOW_TRACKING_URI", uri, MLFLOW_TRACKING_URI=uri)


def test_a_path_with_reserved_characters_is_used_as_it_is(checkout_at, tmp_path) -> None:
    project = checkout_at(f"{RESERVED}/project")
    project.stage_here("publish")
    run_with_files(project.root / "mlflow.db", project.root)
    assert [path.name for path in tmp_path.iterdir()] == [RESERVED]
    assert [path.name for path in (tmp_path / RESERVED).iterdir()] == ["project"]


@pytest.mark.parametrize("file", [Path("/a/runs.db"), Path(f"/{RESERVED}/runs.db"), Path("/50%/runs.db")])
def test_the_uri_of_a_database_file_has_its_path(file) -> None:
    assert database_file(sqlite_uri(file)) == file
