"""Checkouts whose pipelines can be published, and the stage `publish` in processes of its own."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

import forks
import yaml
from checkouts import Project
from mlflow import MlflowClient
from mlflow.entities import ViewType
from waiting import PATIENCE

MODULE = "flight_delay.stages.publish"


def checkouts(made: Project, folder: Path, *names: str, pipeline: str | None = None) -> list[Project]:
    """Make checkouts with all that is published.

    Args:
        made: the checkout whose files they get.
        folder: where they are made.
        names: of their folders.
        pipeline: name of the pipeline that all of them have; without it, each has one of its own.
    """
    projects = [replace(made, root=folder / name) for name in names]
    for project in projects:
        for path in ("src", "reports", "models"):
            shutil.copytree(made.root / path, project.root / path)
        (project.root / "data/raw").mkdir(parents=True)
        for path in ("params.yaml", "data/selected_features.json", "data/raw/manifest.json"):
            shutil.copy(made.root / path, project.root / path)
        lock = made.lock()
        lock["fetch_raw"]["cmd"] += f" # {folder.name} {pipeline or project.root.name}"
        (project.root / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": lock}))
    return projects


class Publisher(NamedTuple):
    """A process that publishes, and the file with its output."""

    process: BaseProcess
    output: Path

    def wait(self) -> int | None:
        self.process.join(PATIENCE)
        return self.process.exitcode

    def kill(self) -> None:
        self.process.kill()
        assert self.wait() == -signal.SIGKILL


@contextmanager
def publishers() -> Iterator[Callable[..., Publisher]]:
    """Start the stage `publish` in checkouts, held where `hold` says (see hold.py); in the end none is left."""
    started: list[Publisher] = []

    def start(project: Project, environment: dict[str, str], hold: str = "") -> Publisher:
        output = project.root.with_name(f"{project.root.name}_{len(started)}.txt")
        process = forks.start(
            ["python", "-m", MODULE],
            project.root,
            {**project.environment, "PYTHONPATH": "src", **environment},
            (output, output),
            hold and f"{MODULE} {hold}",
        )
        started.append(Publisher(process, output))
        return started[-1]

    try:
        yield start
    finally:
        for publisher in started:
            publisher.process.kill()
            publisher.wait()


def finish(*publishers: Publisher) -> None:
    """Wait until publishers have succeeded."""
    codes = [publisher.wait() for publisher in publishers]
    assert codes == [0] * len(publishers), "\n".join(publisher.output.read_text() for publisher in publishers)


def assert_one_complete_run_of_each(client: MlflowClient, *projects: Project) -> list[Any]:
    """Assert that every pipeline has one complete run with its model, and a removed run left no model; the runs."""
    numbers = [experiment.experiment_id for experiment in client.search_experiments()]
    runs, models = client.search_runs(numbers, "", ViewType.ALL), client.search_logged_models(numbers)
    complete = []
    for project in projects:
        digest = json.loads((project.root / "logs/publish/receipt.json").read_text())["pipeline_digest"]
        tried = [run for run in runs if run.data.tags.get("pipeline_digest") == digest]
        (run,) = (run for run in tried if run.info.lifecycle_stage == "active")
        assert run.info.status == "FINISHED"
        assert run.data.metrics["test/roc_auc"] > 0.5
        assert len(run.inputs.dataset_inputs) == 4
        assert {file.path for file in client.list_artifacts(run.info.run_id)} >= {"reports", "dvc.lock"}
        left = [model for model in models if model.source_run_id in {run.info.run_id for run in tried}]
        assert [(model.source_run_id, model.status) for model in left] == [(run.info.run_id, "READY")]
        complete.append(run)
    return complete
