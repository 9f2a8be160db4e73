"""Logging a search as a parent run with a run for every trial: each once, however often the search is killed or called again.
The study is the truth; whatever MLflow lacks of it is logged."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from flight_delay.tracking.client import connect, experiment_id, reachable
from flight_delay.tracking.view import NOTE_TAG, TRIALS, arrange
from flight_delay.tuning.shown import SearchRun, TrialRun

STUDY_TAG, TRIAL_TAG, ROLE_TAG = "tuning_study", "tuning_trial", "tuning_role"
PARENT = "search"
NAME_TAG = "mlflow.runName"
AGAIN = "the same `flight-delay tune` logs what is missing"
# MLflow's own limit on a page of runs.
PAGE = 1000


def log_search(search: SearchRun, experiment: str) -> str:
    """Bring MLflow up to date with a search, and say which run is the parent.

    The parent is RUNNING until the search is done, and FINISHED then. A trial's run that is not FINISHED was left by a kill
    and is made anew; of several parents of one study, which two who search at the same time on one server can make, the
    oldest stays.

    Args:
        search: what to log.
        experiment: name of the MLflow experiment.

    Raises:
        UserError: the tracking server cannot be reached.
    """
    with reachable(setting_up=True, then=AGAIN):
        client = connect()
        number = experiment_id(client, experiment)
    with reachable(then=AGAIN):
        arrange(client, number, TRIALS)
        parent = _parent(client, number, search)
        has = _complete_children(client, number, parent)
        for trial in search.trials:
            if trial.number not in has:
                _log_trial(client, number, parent, search, trial)
        _log_parent(client, parent, search)
    return parent


def _runs(client: MlflowClient, experiment: str, condition: str) -> list[Run]:
    """All runs, the oldest first."""
    page = client.search_runs([experiment], condition, max_results=PAGE)
    found = list(page)
    while page.token:
        page = client.search_runs([experiment], condition, max_results=PAGE, page_token=page.token)
        found += page
    return sorted(found, key=lambda run: (run.info.start_time, run.info.run_id))


def _parent(client: MlflowClient, experiment: str, search: SearchRun) -> str:
    """The id of the parent run, made where there is none."""
    condition = f"tags.{STUDY_TAG} = '{search.study}' and tags.{ROLE_TAG} = '{PARENT}'"
    if not _runs(client, experiment, condition):
        tags = {**_tags(search), ROLE_TAG: PARENT}
        began = search.trials[0].began if search.trials else round(time.time() * 1000)
        client.create_run(experiment, start_time=began, run_name=search.name, tags=tags)
    first, *others = _runs(client, experiment, condition)
    for run in others:
        client.delete_run(run.info.run_id)
    return str(first.info.run_id)


def _complete_children(client: MlflowClient, experiment: str, parent: str) -> set[int]:
    """Numbers of the trials that are there; what a kill left of others is cleared away."""
    complete: set[int] = set()
    for run in _runs(client, experiment, f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{parent}'"):
        number = int(run.data.tags[TRIAL_TAG])
        if run.info.status == "FINISHED" and number not in complete:
            complete.add(number)
        else:
            client.delete_run(run.info.run_id)
    return complete


def _log_trial(client: MlflowClient, experiment: str, parent: str, search: SearchRun, trial: TrialRun) -> None:
    tags = {**_tags(search), MLFLOW_PARENT_RUN_ID: parent, TRIAL_TAG: str(trial.number)}
    run = client.create_run(experiment, start_time=trial.began, run_name=trial.name, tags=tags)
    params = [Param(name, value) for name, value in trial.params.items()]
    metrics = [Metric(name, value, trial.ended, 0) for name, value in trial.metrics.items()]
    client.log_batch(run.info.run_id, metrics=metrics, params=params)
    # Last: it makes the run complete.
    client.set_terminated(run.info.run_id, "FINISHED", end_time=trial.ended)


def _log_parent(client: MlflowClient, parent: str, search: SearchRun) -> None:
    run = client.get_run(parent)
    if not run.data.params:
        client.log_batch(parent, params=[Param(name, value) for name, value in search.params.items()])
    now = search.trials[-1].ended if search.trials else round(time.time() * 1000)
    # Of a metric, only what it does not say yet: MLflow keeps every value that it is told.
    metrics = [Metric(name, of, now, 0) for name, of in search.metrics.items() if run.data.metrics.get(name) != of]
    for name, values in search.best_so_far.items():
        known = {metric.step for metric in client.get_metric_history(parent, name)}
        metrics += [
            Metric(name, of, search.trials[step].ended, step) for step, of in enumerate(values) if step not in known
        ]
    client.log_batch(parent, metrics=metrics)
    for tag, value in {NAME_TAG: search.name, NOTE_TAG: search.note}.items():
        if run.data.tags.get(tag) != value:
            client.set_tag(parent, tag, value)
    finished = run.info.status == "FINISHED"
    if not search.done and finished:
        client.update_run(parent, status="RUNNING")
    if search.done and (metrics or not finished):
        for name, content in search.files.items():
            _log_file(client, parent, name, content)
        client.set_terminated(parent, "FINISHED", end_time=now)


def _log_file(client: MlflowClient, run_id: str, name: str, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        client.log_artifact(run_id, str(path))


def _tags(search: SearchRun) -> dict[str, str]:
    return {
        **search.tags,
        STUDY_TAG: search.study,
        "mlflow.source.name": "flight-delay tune",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": search.tags.get("author", "unknown").partition(" <")[0],
    }
