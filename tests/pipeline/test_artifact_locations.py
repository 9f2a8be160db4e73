"""Artifacts of a finished run are in a permanent folder, whatever the tracking URI, in checkouts of any path, and after
the checkout was moved or copied."""

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

from flight_delay.tracking.database import LOCATIONS, database_file, sqlite_uri

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
        ("sqlite:///kept/runs.db", "main/kept/runs.db"),
        ("sqlite:///{folder}/team/runs.db?timeout=60", "team/runs.db"),
    ],
)
def test_artifacts_of_a_temporary_experiment_are_beside_the_database(checkout_at, tmp_path, uri, database) -> None:
    temporary = checkout_at("main/.dvc/tmp/exps/one")
    (tmp_path / "team").mkdir()
    temporary.stage_here("publish", DVC_ROOT=str(tmp_path / "main"), MLFLOW_TRACKING_URI=uri.format(folder=tmp_path))
    shutil.rmtree(temporary.root)
    run_with_files(tmp_path / database, (tmp_path / database).parent)


def test_an_experiment_whose_artifacts_would_be_lost_is_refused(checkout_at) -> None:
    project = checkout_at("project")
    client = MlflowClient(sqlite_uri(project.root / "mlflow.db"))
    client.create_experiment("flight-delay")
    (project.root / ".dvc/tmp/exps/ended").mkdir(parents=True)
    temporary = f"{project.root}/.dvc/tmp/exps/ended/mlruns/1"
    for location in ("mlruns/1", temporary, "file:///gone/checkout/mlruns"):
        with sqlite3.connect(project.root / "mlflow.db") as database:
            database.execute("UPDATE experiments SET artifact_location = ? WHERE experiment_id = 1", [location])
        done = project.stage_here("publish", code=2)
        assert location in done.stderr.splitlines()[-1]
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


def test_a_moved_checkout_reads_its_runs_and_writes_to_itself(checkout_at, tmp_path, monkeypatch) -> None:
    old = checkout_at("old")
    old.stage_here("publish")
    run = run_with_files(old.root / "mlflow.db", old.root)
    client = MlflowClient(sqlite_uri(old.root / "mlflow.db"))
    client.create_registered_model("flight-delay")
    (model,) = client.search_logged_models([run.info.experiment_id])
    monkeypatch.setenv("MLFLOW_TRACKING_URI", client.tracking_uri)  # registration of a logged model uses it
    client.create_model_version("flight-delay", f"models:/{model.model_id}", run.info.run_id, model_id=model.model_id)
    client.set_registered_model_alias("flight-delay", "champion", "1")
    elsewhere = client.create_experiment("bucket", "s3://bucket/mlruns")

    moved = Project(tmp_path / f"new {RESERVED}", old.environment)
    old.root.rename(moved.root)
    assert moved.command("registry", "--json").stdout.count('"number": 1') == 1
    run_with_files(moved.root / "mlflow.db", moved.root)
    champion = download_artifacts("models:/flight-delay@champion", tracking_uri=sqlite_uri(moved.root / "mlflow.db"))
    assert Path(champion, "MLmodel").is_file()
    with sqlite3.connect(moved.root / "mlflow.db") as database:
        for table, column in LOCATIONS:
            stored = [row for (row,) in database.execute(f"SELECT {column} FROM {table}")]  # noqa: S608
            assert [row for row in stored if row and str(old.root) + "/" in row] == []
        query = "SELECT artifact_location FROM experiments WHERE experiment_id = ?"
        assert database.execute(query, [elsewhere]).fetchone() == ("s3://bucket/mlruns",)

    lock = moved.root / "dvc.lock"
    lock.write_text(lock.read_text().replace("old", "new"))  # another pipeline
    moved.stage_here("publish")
    assert not old.root.exists()
    assert len([*moved.root.glob("mlruns/models/*/artifacts/MLmodel")]) == 2


def test_a_copied_checkout_and_its_original_write_to_themselves(checkout_at, tmp_path) -> None:
    old = checkout_at("old")
    old.stage_here("publish")
    new = Project(tmp_path / "new", old.environment)
    shutil.copytree(old.root, new.root, symlinks=True)
    before = {path for path in old.root.rglob("*") if path.is_file()}
    (tmp_path / "link").symlink_to(new.root)
    lock = new.root / "dvc.lock"
    lock.write_text(lock.read_text().replace("old", "new"))
    Project(tmp_path / "link", old.environment).stage_here("publish")
    assert {path for path in old.root.rglob("*") if path.is_file()} == before
    assert len([*new.root.glob("mlruns/models/*/artifacts/MLmodel")]) == 2
    run_with_files(old.root / "mlflow.db", old.root)
