"""The searches of docs/experiments.md, run as written, in a database with a champion and a run that beats it."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric

PAGE = Path(__file__).resolve().parents[2] / "docs/experiments.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def printed(made, tmp_path_factory) -> list[str]:
    """What each search prints, the one after the other."""
    uri = f"sqlite:///{shutil.copy(made.root / 'mlflow.db', tmp_path_factory.mktemp('searches'))}"
    client = MlflowClient(uri)
    (first,) = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    head = made.run("git", "rev-parse", "HEAD").stdout.strip()
    # Named, and complete or not, as `publish` does it.
    for name, gain, status in (("better", -0.01, "FINISHED"), ("worse", 0.01, "FINISHED"), ("begun", -0.02, "RUNNING")):
        tags = {"data_version": first.data.tags["data_version"], "baseline_commit": head}
        run = client.create_run(first.info.experiment_id, run_name=name, tags=tags).info.run_id
        loss = first.data.metrics["backtest/log_loss"] + gain
        client.log_batch(run, metrics=[Metric("backtest/log_loss", loss, 0, 0)])
        client.update_run(run, status=status)
    client.set_tag(first.info.run_id, "git_commit", head)
    client.create_registered_model("flight-delay")
    client.create_model_version("flight-delay", f"runs:/{first.info.run_id}/model", first.info.run_id)
    client.set_registered_model_alias("flight-delay", "champion", "1")
    mlflow.set_tracking_uri(uri)
    before, outputs, names = Path.cwd(), [], {"mlflow": mlflow}
    os.chdir(made.root)
    try:
        for block in BLOCKS:
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(block, names)  # noqa: S102 (our own page)
            outputs.append(output.getvalue())
    finally:
        os.chdir(before)
        mlflow.set_tracking_uri(None)
    return [first.info.run_name, *outputs]


def test_the_best_run_of_a_version_of_the_data_is_a_complete_one(printed) -> None:
    _, best, *_ = printed
    assert len(best.splitlines()) == 2
    assert " better " in best


def test_all_runs_of_a_commit_are_the_one_that_it_holds_and_those_tried_from_it(printed) -> None:
    name, _, of_commit, _ = printed
    held, tried = of_commit.splitlines()
    assert held == f"git_commit: {name}"
    assert set(tried.removeprefix("baseline_commit: ").split(", ")) == {"better", "worse", "begun"}


def test_what_beat_the_champion_is_complete_and_better(printed) -> None:
    *_, beat = printed
    assert [line.split()[0] for line in beat.splitlines()[1:]] == ["better"]
