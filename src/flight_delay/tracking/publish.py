"""Publishing a pipeline as a run: once, whole, however often and by however many it is tried."""

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
    PUBLISHES,
    UNREACHABLE,
    connect,
    experiment_id,
    is_unique_violation,
    mlflow_errors_as_user_errors,
    retry_on_conflict,
    tracking_uri,
)
from flight_delay.tracking.model import log_model
from flight_delay.tracking.run_content import COMMIT_TAG, DIGEST_TAG, DataSet, RunContent
from flight_delay.tracking.view import NOTE_TAG, PIPELINES, set_default_view

# MLflow's own limit on a batch of metrics.
BATCH = 1000


class Published(NamedTuple):
    """Where a pipeline is to be found, and whether this call brought it there."""

    run_id: str
    added: bool


def publish(content: RunContent, experiment: str, commit: str | None) -> Published:
    """Make sure that exactly one complete run holds this content.

    Searching and then creating is a race when several publish at once, and MLflow has no lock to take. So:

    1. Who finds a complete run adds none, and clears away what others left.
    2. Who has created a run looks again, and gives it up if one was completed meanwhile.
    3. Who has completed a run looks again. Of several complete ones the first (by time of completion, then id) stays and
       removes those that are not complete; the others remove themselves.

    A run is complete when its status is FINISHED, which comes last; until then its name says that it is not. A server that
    is restarted in between is waited for; whatever a request left that was sent twice is cleared away with the others.

    Two complete runs do not both stay: by step 2, whoever completes a run sees all others that will get so far. Should a
    newcomer in step 1 clear away what its maker still counts on, nobody finds a complete run in the end and starts again.

    Args:
        content: what to publish.
        experiment: name of the MLflow experiment.
        commit: the commit whose dvc.lock has the content's digest, if there is one yet.

    Raises:
        UserError: the tracking server cannot be reached.
    """
    with mlflow_errors_as_user_errors(setting_up=True, then=PUBLISHES):
        client = connect()
        number = experiment_id(client, experiment)
        set_default_view(client, number, PIPELINES)
    with mlflow_errors_as_user_errors(then=PUBLISHES):
        for _ in range(ATTEMPTS):
            added = None
            complete, others = _runs(client, number, content.digest)
            if complete:
                for run_id in [*complete[1:], *others]:
                    _remove(client, number, run_id)
            else:
                added = _add(client, number, content)
            complete, _ = _runs(client, number, content.digest)
            if complete and _resolve_duplicates(client, number, complete[0], content.digest, commit):
                return Published(complete[0], added=complete[0] == added)
    raise UserError(
        f"others are at work on the run of this pipeline at {tracking_uri()}, or answers get lost; `dvc repro` tries again"
    )


def _resolve_duplicates(client: MlflowClient, experiment: str, run_id: str, digest: str, commit: str | None) -> bool:
    """Clear away what is left beside a complete run, and give it its commit; False where another one has taken its place meanwhile."""
    try:
        _clear_models(client, experiment, run_id)
        for tag in (COMMIT_TAG, "mlflow.source.git.commit") if commit else ():
            retry_on_conflict(partial(client.set_tag, run_id, tag, commit))
    except MlflowException:
        # Of several that were completed together, others may have kept another one and removed this.
        if _runs(client, experiment, digest)[0][:1] == [run_id]:
            raise
        return False
    return True


def _runs(client: MlflowClient, experiment: str, digest: str) -> tuple[list[str], list[str]]:
    """Ids of complete runs, the one that was complete first at the head, and of those that are not; from one search."""
    found = [run.info for run in client.search_runs([experiment], f"tags.{DIGEST_TAG} = '{digest}'")]
    complete = sorted(
        (info for info in found if info.status == "FINISHED"), key=lambda info: (info.end_time, info.run_id)
    )
    return [info.run_id for info in complete], [info.run_id for info in found if info.status != "FINISHED"]


def _remove(client: MlflowClient, experiment: str, run_id: str) -> None:
    """Remove a run and its models, as far as nobody else has."""
    for model in client.search_logged_models([experiment], f"source_run_id = '{run_id}'"):
        with _ignore_not_found():
            client.delete_logged_model(model.model_id)
    with _ignore_not_found():
        client.delete_run(run_id)


def _clear_models(client: MlflowClient, experiment: str, run_id: str) -> None:
    """Remove models of a complete run that were begun and not finished: a request that was sent twice leaves one."""
    for model in client.search_logged_models([experiment], f"source_run_id = '{run_id}'"):
        if model.status != LoggedModelStatus.READY:
            with _ignore_not_found():
                client.delete_logged_model(model.model_id)


def _add(client: MlflowClient, experiment: str, content: RunContent) -> str:
    """Add a run, complete it, and settle with those who did the same (steps 2 and 3); its id, whether it stays or not."""
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
            _remove(client, experiment, own)
        # That another publisher was first and has removed this run is no failure; nor is a collision, after which all begins again.
        if not isinstance(error, MlflowException) or not (
            is_unique_violation(error) or _runs(client, experiment, content.digest)[0]
        ):
            raise
        return own
    complete, others = _runs(client, experiment, content.digest)
    for run_id in others if complete[:1] == [own] else [own]:
        _remove(client, experiment, run_id)
    return own


@contextmanager
def _ignore_not_found() -> Iterator[None]:
    """Let pass that something is not there any more; a server that does not answer is another matter."""
    try:
        yield
    except MlflowException as error:
        if error.error_code in UNREACHABLE:
            raise


def _log(client: MlflowClient, run_id: str, content: RunContent) -> None:
    client.log_batch(run_id, params=[Param(name, value) for name, value in content.params.items()])
    now = round(time.time() * 1000)
    metrics = [Metric(name, value, now, 0) for name, value in content.metrics.items()]
    metrics += [
        Metric(name, value, now, number)
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
    # Last: it closes the run, which makes it complete.
    log_model(run_id, content)


def _dataset_input(part: DataSet) -> DatasetInput:
    source = json.dumps({"path": part.path, "md5": part.md5, **part.origin})
    dataset = Dataset(part.name, part.md5, "dvc", source, profile=json.dumps({"rows": part.rows}))
    return DatasetInput(dataset, [InputTag("mlflow.data.context", part.context)])
