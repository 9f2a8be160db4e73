"""Publish a pipeline as exactly one complete run, also concurrently."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import PurePosixPath
from typing import NamedTuple

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelStatus, Metric, Param
from mlflow.exceptions import MlflowException

from flight_delay.core.errors import UserError
from flight_delay.tracking.client import (
    ATTEMPTS,
    UNREACHABLE,
    connect,
    experiment_id,
    is_unique_violation,
    mlflow_errors_as_user_errors,
    retry_on_conflict,
)
from flight_delay.tracking.database import tracking_uri
from flight_delay.tracking.model import log_model
from flight_delay.tracking.run_content import COMMIT_TAG, DIGEST_TAG, LoggedDataset, RunContent
from flight_delay.tracking.view import NOTE_TAG, PIPELINES, set_default_view

# MLflow's limit on a batch of metrics.
BATCH = 1000


class Published(NamedTuple):
    """The run of a pipeline, and whether this call added it."""

    run_id: str
    added: bool


def publish(content: RunContent, experiment: str, commit: str | None) -> Published:
    """Make sure that exactly one complete run holds this content.

    Idempotent, also with concurrent publishers: search-then-create is a race, and MLflow has no lock.

    1. If a complete run with this digest exists, delete all other runs with it and stop.
    2. After creating a run, search again; delete it if another run was completed meanwhile.
    3. After completing a run, search again. The first complete run (by end time, then id) stays and deletes
       incomplete runs; publishers of other complete runs delete their own.

    A run is complete when its status is FINISHED, which is set last; until then its name ends in '(incomplete)'.
    Requests are retried while a server restarts; runs and models that a repeated request created are deleted with the
    others.

    Two complete runs cannot both stay: by step 2, every publisher that completes a run finds all others. If step 1
        deletes a
    run that its publisher was about to keep, no complete run is found at the end, and the loop starts again.

    Args:
        content: of the run.
        experiment: name of the MLflow experiment.
        commit: the commit whose dvc.lock has this digest, if there is one.

    Raises:
        UserError: the tracking server cannot be reached.
    """
    with mlflow_errors_as_user_errors(setting_up=True):
        client = connect()
        number = experiment_id(client, experiment)
        set_default_view(client, number, PIPELINES)
    with mlflow_errors_as_user_errors():
        for _ in range(ATTEMPTS):
            added = None
            complete, others = _runs(client, number, content.digest)
            if complete:
                for run_id in [*complete[1:], *others]:
                    _delete_run(client, number, run_id)
            else:
                added = _add(client, number, content)
            complete, _ = _runs(client, number, content.digest)
            if complete and _resolve_duplicates(client, number, complete[0], content.digest, commit):
                return Published(complete[0], added=complete[0] == added)
    raise UserError(
        f"other processes are publishing this pipeline at {tracking_uri()}, or responses are lost; run it again"
    )


def _resolve_duplicates(client: MlflowClient, experiment: str, run_id: str, digest: str, commit: str | None) -> bool:
    """Delete unfinished models and tag the commit; False if the run is replaced."""
    try:
        _delete_unfinished_models(client, experiment, run_id)
        for tag in (COMMIT_TAG, "mlflow.source.git.commit") if commit else ():
            retry_on_conflict(partial(client.set_tag, run_id, tag, commit))
    except MlflowException:
        # Of several runs completed together, other publishers may have kept another one and deleted this.
        if _runs(client, experiment, digest)[0][:1] == [run_id]:
            raise
        return False
    return True


def _runs(client: MlflowClient, experiment: str, digest: str) -> tuple[list[str], list[str]]:
    """Return ids of complete runs, in order of completion, and of others."""
    infos = [run.info for run in client.search_runs([experiment], f"tags.{DIGEST_TAG} = '{digest}'")]
    complete = sorted(
        (info for info in infos if info.status == "FINISHED"), key=lambda info: (info.end_time, info.run_id)
    )
    return [info.run_id for info in complete], [info.run_id for info in infos if info.status != "FINISHED"]


def _delete_run(client: MlflowClient, experiment: str, run_id: str) -> None:
    """Delete a run and its models, unless another publisher has."""
    for model in client.search_logged_models([experiment], f"source_run_id = '{run_id}'"):
        with _ignore_not_found():
            client.delete_logged_model(model.model_id)
    with _ignore_not_found():
        client.delete_run(run_id)


def _delete_unfinished_models(client: MlflowClient, experiment: str, run_id: str) -> None:
    """Delete unfinished models of a complete run: a repeated request leaves one."""
    for model in client.search_logged_models([experiment], f"source_run_id = '{run_id}'"):
        if model.status != LoggedModelStatus.READY:
            with _ignore_not_found():
                client.delete_logged_model(model.model_id)


def _add(client: MlflowClient, experiment: str, content: RunContent) -> str:
    """Add and complete a run, then resolve duplicates; return its id."""
    tags = {
        "mlflow.source.name": "dvc.yaml",
        "mlflow.source.type": "PROJECT",
        "mlflow.user": content.tags["author"].partition(" <")[0],
        NOTE_TAG: content.description,
    }
    name = f"{content.name} (incomplete)"
    own: str = client.create_run(experiment, run_name=name, tags={**content.tags, **tags}).info.run_id
    try:
        complete, _ = _runs(client, experiment, content.digest)
        if not complete:
            _log(client, own, content)
    except BaseException as error:
        with suppress(MlflowException):
            _delete_run(client, experiment, own)
        # Not a failure: another publisher was first and has deleted this run, or a unique constraint was violated;
        # both are retried.
        if not isinstance(error, MlflowException) or not (
            is_unique_violation(error) or _runs(client, experiment, content.digest)[0]
        ):
            raise
        return own
    complete, others = _runs(client, experiment, content.digest)
    for run_id in others if complete[:1] == [own] else [own]:
        _delete_run(client, experiment, run_id)
    return own


@contextmanager
def _ignore_not_found() -> Iterator[None]:
    """Ignore that something does not exist, but not a missing server."""
    try:
        yield
    except MlflowException as error:
        if error.error_code in UNREACHABLE:
            raise


def _log(client: MlflowClient, run_id: str, content: RunContent) -> None:
    client.log_batch(run_id, params=[Param(name, value) for name, value in content.params.items()])
    time_ms = round(time.time() * 1000)
    metrics = [Metric(name, value, time_ms, 0) for name, value in content.metrics.items()]
    metrics += [
        Metric(name, value, time_ms, number)
        for name, values in content.curve.items()
        for number, value in enumerate(values, start=1)
    ]
    for start in range(0, len(metrics), BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + BATCH])
    datasets = [_dataset_input(part) for part in content.datasets]
    retry_on_conflict(lambda: client.log_inputs(run_id, datasets=datasets))
    for name, path in content.files.items():
        if path.is_dir():
            client.log_artifacts(run_id, str(path), name)
        else:
            client.log_artifact(run_id, str(path), str(PurePosixPath(name).parent).removeprefix("."))
    # Last: it finishes the run, which makes it complete.
    log_model(run_id, content)


def _dataset_input(part: LoggedDataset) -> DatasetInput:
    source = json.dumps({"path": part.path, "md5": part.md5, **part.origin})
    dataset = Dataset(part.name, part.md5, "dvc", source, profile=json.dumps({"rows": part.rows}))
    return DatasetInput(dataset, [InputTag("mlflow.data.context", part.context)])
