"""tracking.trials, in a real MLflow database: a parent run and one nested run per trial, at any repetition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from mlflow import MlflowClient

from flight_delay.tracking.trials import SearchRun, TrialRun, log_search

PARENT_TAG = "mlflow.parentRunId"
LOSSES = (0.5, 0.6, 0.4)


def search(study: str, trials: int) -> SearchRun:
    return SearchRun(
        study=study,
        name=f"tune log_loss, {trials} trials",
        params={"train_model.max_depth": "4"},
        metrics={"best/log_loss": min(LOSSES[:trials])},
        tags={"author": "Ada Lovelace <ada@example.org>", "data_md5": "d1"},
        description=f"best of {trials}",
        trials=tuple(
            TrialRun(
                number=number,
                name=f"max_depth 4→{4 + number}",
                params={"train_model.max_depth": str(4 + number)},
                metrics={"backtest/log_loss": LOSSES[number]},
                start_ms=1_000_000 * (number + 1),
                end_ms=1_000_000 * (number + 1) + 5_000,
            )
            for number in range(trials)
        ),
    )


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    root = tmp_path_factory.mktemp("tracked")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setenv("DVC_ROOT", str(root))
        yield MlflowClient(f"sqlite:///{root / 'mlflow.db'}")


def runs(client, experiment: str) -> list[Any]:
    """The parents, and then the nested runs, the oldest first."""
    logged = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    return sorted(logged, key=lambda run: (PARENT_TAG in run.data.tags, run.info.start_time))


def content(client, experiment: str) -> list[Any]:
    return [
        (run.info.run_name, run.info.status, run.info.start_time, run.info.end_time, run.data.params, run.data.metrics)
        for run in runs(client, experiment)
    ]


def test_a_search_is_a_parent_with_a_nested_run_per_trial(client) -> None:
    run_id = log_search(search("a", 2), "one")
    parent, first, second = runs(client, "one")
    assert parent.info.run_id == run_id
    assert (parent.info.run_name, parent.info.status) == ("tune log_loss, 2 trials", "FINISHED")
    assert (parent.data.params, parent.data.metrics) == ({"train_model.max_depth": "4"}, {"best/log_loss": 0.5})
    assert parent.data.tags["mlflow.note.content"] == "best of 2"
    assert {child.data.tags[PARENT_TAG] for child in (first, second)} == {run_id}
    assert {child.info.status for child in (first, second)} == {"FINISHED"}
    assert (second.info.run_name, second.data.params) == ("max_depth 4→5", {"train_model.max_depth": "5"})
    assert (second.data.metrics, second.data.tags["data_md5"]) == ({"backtest/log_loss": 0.6}, "d1")
    assert (second.info.start_time, second.info.end_time) == (2_000_000, 2_005_000)
    assert log_search(search("b", 1), "one") != run_id
    assert len(runs(client, "one")) == 5


def test_logging_is_idempotent(client) -> None:
    log_search(search("a", 3), "at once")
    for trials in (1, 1, 2, 3):
        run_id = log_search(search("a", trials), "bit by bit")
    other_params = {"train_model.max_depth": "4", "evaluate.calibration_bins": "5"}  # that a search does not depend on
    log_search(replace(search("a", 3), params=other_params), "bit by bit")
    assert content(client, "bit by bit") == content(client, "at once")
    history = sorted(client.get_metric_history(run_id, "best/log_loss"), key=lambda metric: metric.step)
    assert [(metric.step, metric.value) for metric in history] == [(1, 0.5), (2, 0.5), (3, 0.4)]
    assert client.get_run(run_id).data.tags["mlflow.note.content"] == "best of 3"


def test_an_incomplete_run_of_a_killed_process_is_replaced(client) -> None:
    log_search(search("a", 3), "killed")
    expected = content(client, "killed")
    parent, _, second, third = runs(client, "killed")
    client.delete_run(third.info.run_id)
    client.update_run(second.info.run_id, status="RUNNING")
    tags = {PARENT_TAG: parent.info.run_id}
    client.create_run(parent.info.experiment_id, start_time=1, tags=tags)  # begun, and nothing logged
    log_search(search("a", 3), "killed")
    assert content(client, "killed") == expected
