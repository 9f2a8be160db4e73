"""Log a parameter search: a parent run with a nested run for every trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME

from flight_delay.tracking.client import connect, experiment_id, mlflow_errors_as_user_errors
from flight_delay.tracking.view import NOTE_TAG, TRIALS, set_default_view

STUDY_TAG, TRIAL_TAG = "tuning_study", "tuning_trial"
# MLflow's limit of a page of runs.
MAX_RUNS = 50_000


@dataclass(frozen=True)
class TrialRun:
    """A nested run; times are milliseconds since 1970 (UTC)."""

    number: int
    name: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class SearchRun:
    """A parent run: `study` identifies it, `description` is Markdown."""

    study: str
    name: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    description: str
    trials: tuple[TrialRun, ...]


def log_search(search: SearchRun, experiment: str) -> str:
    """Log the trials of a search that are not in MLflow yet; idempotent.

    Args:
        search: with at least one trial.
        experiment: name of the MLflow experiment.

    Returns:
        The id of the parent run.

    Raises:
        UserError: the tracking server cannot be reached.
    """
    with mlflow_errors_as_user_errors(setting_up=True):
        client = connect()
        number = experiment_id(client, experiment)
    with mlflow_errors_as_user_errors():
        set_default_view(client, number, TRIALS)
        parents = client.search_runs([number], f"tags.{STUDY_TAG} = '{search.study}'", max_results=1)
        tags = {STUDY_TAG: search.study, "mlflow.source.name": "flight-delay tune", **search.tags}
        started = search.trials[0].start_ms
        run = parents[0] if parents else client.create_run(number, started, tags, search.name)
        parent = str(run.info.run_id)
        nested = client.search_runs([number], f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{parent}'", max_results=MAX_RUNS)
        logged = _complete_trials(client, nested)
        for trial in search.trials:
            if trial.number not in logged:
                tags = {MLFLOW_PARENT_RUN_ID: parent, TRIAL_TAG: str(trial.number), **search.tags}
                run_id = client.create_run(number, trial.start_ms, tags, trial.name).info.run_id
                _log_batch(client, run_id, trial.params, trial.metrics, trial.end_ms)
                client.set_terminated(run_id, "FINISHED", trial.end_ms)  # last: it makes the run complete
        _log_parent(client, run, search)
    return parent


def _complete_trials(client: MlflowClient, nested: list[Run]) -> set[int]:
    """Return numbers of trials with a complete run; delete incomplete runs."""
    for run in nested:
        if run.info.status != "FINISHED":
            client.delete_run(run.info.run_id)
    return {int(run.data.tags[TRIAL_TAG]) for run in nested if run.info.status == "FINISHED"}


def _log_parent(client: MlflowClient, run: Run, search: SearchRun) -> None:
    parent, end_ms = run.info.run_id, search.trials[-1].end_ms
    # MLflow refuses other values of logged parameters, such as of a stage that is not searched.
    params = {} if run.data.params else search.params
    _log_batch(client, parent, params, search.metrics, end_ms, step=len(search.trials))
    client.set_tag(parent, MLFLOW_RUN_NAME, search.name)
    client.set_tag(parent, NOTE_TAG, search.description)
    client.set_terminated(parent, "FINISHED", end_ms)


def _log_batch(
    client: MlflowClient,
    run_id: str,
    params: Mapping[str, str],
    metrics: Mapping[str, float],
    time_ms: int,
    step: int = 0,
) -> None:
    logged = [Metric(name, value, time_ms, step) for name, value in metrics.items()]
    client.log_batch(run_id, logged, [Param(name, value) for name, value in params.items()])
