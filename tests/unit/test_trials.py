"""tracking.trials, in a real MLflow database: a parent and its trials, each once, however often they are logged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric

from flight_delay.core.errors import UserError
from flight_delay.tracking.trials import log_search
from flight_delay.tuning.shown import SearchRun, TrialRun

PARENT_TAG = "mlflow.parentRunId"


def search(study: str, trials: int, *, done: bool = False, budget: int = 3) -> SearchRun:
    losses = [0.5, 0.6, 0.4, 0.3]
    best = [min(losses[: count + 1]) for count in range(trials)]
    return SearchRun(
        study=study,
        name=f"tune log_loss, {budget} trials",
        params={"train_model.max_depth": "4", "tune.seed": "1"},
        metrics={"tune/trials": float(trials), "tune/best_trial": float(losses.index(best[-1]))},
        best_so_far={"best/log_loss": best},
        tags={"author": "Ada Lovelace <ada@example.org>", "data_md5": "d1"},
        note="done" if done else "at work",
        files={"trials.csv": b"trial\n", "importances.csv": b"parameter\n"} if done else {},
        trials=tuple(
            TrialRun(
                number=number,
                name=f"max_depth 4→{4 + number}" if number else "current parameters",
                params={"train_model.max_depth": str(4 + number)},
                metrics={"backtest/log_loss": losses[number]},
                began=1_000_000 * (number + 1),
                ended=1_000_000 * (number + 1) + 5_000,
            )
            for number in range(trials)
        ),
        done=done,
    )


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    root = tmp_path_factory.mktemp("tracked")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setenv("DVC_ROOT", str(root))
        yield MlflowClient(f"sqlite:///{root / 'mlflow.db'}")


def runs(client, experiment: str) -> list:
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    return sorted(found, key=lambda run: (PARENT_TAG in run.data.tags, run.info.start_time))


def content(client, experiment: str) -> list:
    """Everything that is there of a search, but ids."""
    return [
        (run.info.run_name, run.info.status, run.info.start_time, run.info.end_time, run.data.params, run.data.metrics,
         {name: value for name, value in run.data.tags.items() if name != PARENT_TAG})
        for run in runs(client, experiment)
    ]  # fmt: skip


def test_a_search_is_a_parent_with_a_run_for_every_trial(client) -> None:
    run_id = log_search(search("a", 2), "one")
    parent, first, second = runs(client, "one")
    assert parent.info.run_id == run_id
    assert (parent.info.run_name, parent.info.status) == ("tune log_loss, 3 trials", "RUNNING")
    assert parent.data.params == {"train_model.max_depth": "4", "tune.seed": "1"}
    assert parent.data.metrics == {"tune/trials": 2.0, "tune/best_trial": 0.0, "best/log_loss": 0.5}
    assert parent.data.tags["mlflow.note.content"] == "at work"
    assert PARENT_TAG not in parent.data.tags
    for number, child in enumerate((first, second)):
        assert child.data.tags[PARENT_TAG] == run_id
        assert child.info.status == "FINISHED"
        assert (child.data.tags["tuning_study"], child.data.tags["tuning_trial"]) == ("a", str(number))
        assert (child.data.tags["mlflow.user"], child.data.tags["data_md5"]) == ("Ada Lovelace", "d1")
        assert child.data.params == {"train_model.max_depth": str(4 + number)}
    assert [child.info.run_name for child in (first, second)] == ["current parameters", "max_depth 4→5"]
    assert [child.data.metrics for child in (first, second)] == [{"backtest/log_loss": 0.5}, {"backtest/log_loss": 0.6}]
    assert (second.info.start_time, second.info.end_time) == (2_000_000, 2_005_000)


def test_what_is_there_is_not_logged_again_and_what_is_missing_is(client) -> None:
    log_search(search("a", 3, done=True), "at once")
    for trials in (1, 1, 2, 3):
        log_search(search("a", trials), "bit by bit")
    run_id = log_search(search("a", 3, done=True), "bit by bit")
    log_search(search("a", 3, done=True), "bit by bit")
    assert content(client, "bit by bit") == content(client, "at once")
    assert len(runs(client, "bit by bit")) == 4
    history = sorted(client.get_metric_history(run_id, "best/log_loss"), key=lambda metric: metric.step)
    assert [(metric.step, metric.value) for metric in history] == [(0, 0.5), (1, 0.5), (2, 0.4)]


def test_a_search_that_is_done_is_finished_and_one_that_goes_on_is_not(client) -> None:
    run_id = log_search(search("a", 3, done=True), "longer")
    parent = client.get_run(run_id)
    assert (parent.info.status, parent.info.end_time) == ("FINISHED", 3_005_000)
    assert parent.data.tags["mlflow.note.content"] == "done"
    assert [of.path for of in client.list_artifacts(run_id)] == ["importances.csv", "trials.csv"]
    assert log_search(search("a", 3, budget=4), "longer") == run_id
    assert client.get_run(run_id).info.status == "RUNNING"
    assert log_search(search("a", 4, done=True, budget=4), "longer") == run_id
    again = client.get_run(run_id)
    assert (again.info.status, again.info.run_name) == ("FINISHED", "tune log_loss, 4 trials")
    assert again.data.metrics == {"tune/trials": 4.0, "tune/best_trial": 3.0, "best/log_loss": 0.3}
    assert len(runs(client, "longer")) == 5


def test_what_a_kill_left_of_a_trial_is_made_anew(client) -> None:
    log_search(search("a", 3, done=True), "killed")
    expected = content(client, "killed")
    parent, first, second, third = runs(client, "killed")
    number = parent.info.experiment_id
    client.delete_run(third.info.run_id)
    client.update_run(second.info.run_id, status="RUNNING")
    tags = {PARENT_TAG: parent.info.run_id, "tuning_trial": "2"}
    client.create_run(number, start_time=1, tags=tags)  # begun, and nothing logged
    log_search(search("a", 3, done=True), "killed")
    assert content(client, "killed") == expected
    assert runs(client, "killed")[1].info.run_id == first.info.run_id


def test_what_a_kill_left_of_the_parent_is_completed(client) -> None:
    run_id = log_search(search("a", 1), "half")
    client.log_batch(run_id, metrics=[Metric("best/log_loss", 0.5, 2, 1)])
    log_search(search("a", 3, done=True), "half")
    history = client.get_metric_history(run_id, "best/log_loss")
    assert sorted(metric.step for metric in history) == [0, 1, 2]
    assert client.get_run(run_id).info.status == "FINISHED"


def test_of_several_parents_the_oldest_stays_and_other_studies_are_left_alone(client) -> None:
    run_id = log_search(search("a", 1), "several")
    other = log_search(search("b", 1), "several")
    parent = client.get_run(run_id)
    tags = {name: value for name, value in parent.data.tags.items() if name.startswith("tuning_")}
    late = client.create_run(parent.info.experiment_id, start_time=parent.info.start_time + 1, tags=tags)
    assert log_search(search("a", 2), "several") == run_id
    assert client.get_run(late.info.run_id).info.lifecycle_stage == "deleted"
    assert len(runs(client, "several")) == 5
    assert log_search(search("b", 1), "several") == other


def test_more_trials_than_a_page_are_found_again(client, monkeypatch) -> None:
    monkeypatch.setattr("flight_delay.tracking.trials.PAGE", 2)
    for _ in range(2):
        log_search(search("a", 4, done=True, budget=4), "pages")
    assert len(runs(client, "pages")) == 5


def test_a_server_that_is_down_is_one_line_that_says_what_logs_the_rest(client, monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="`flight-delay tune`") as refused:
        log_search(replace(search("a", 1), study="c"), "down")
    assert "\n" not in str(refused.value)
