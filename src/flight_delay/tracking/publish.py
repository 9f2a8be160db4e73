"""Publishing a pipeline as a run: once, whole, however often and by however many it is tried."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import NamedTuple

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run
from mlflow.exceptions import MlflowException

from flight_delay.tracking.client import connect, experiment_id, reachable
from flight_delay.tracking.content import COMMIT_TAG, DIGEST_TAG, Content, DataSet
from flight_delay.tracking.model import log_model

# MLflow's own limit on a batch of metrics.
BATCH = 1000


class Published(NamedTuple):
    """Where a pipeline is to be found, and whether this call brought it there."""

    run_id: str
    added: bool


def publish(content: Content, experiment: str, commit: str | None) -> Published:
    """Make sure that exactly one complete run holds this content.

    Searching and then creating is a race when two publish at once. So whoever completes a run looks again and keeps,
    of all runs with this digest, the one that was complete first; everybody comes to the same choice, and a publisher
    whose run has gone under it takes the one that was kept.

    Args:
        content: what to publish.
        experiment: name of the MLflow experiment.
        commit: the commit whose dvc.lock has the content's digest, if there is one yet.

    Raises:
        UserError: the tracking server cannot be reached.
    """
    with reachable():
        client = connect()
        number = experiment_id(client, experiment)
        added = not _complete(client, number, content.digest)
        if added:
            _add(client, number, content)
        kept = _complete(client, number, content.digest)[0].info.run_id
        for run in _runs(client, number, content.digest):
            if run.info.run_id != kept:
                _remove(client, number, run.info.run_id)
        if commit:
            client.set_tag(kept, COMMIT_TAG, commit)
            client.set_tag(kept, "mlflow.source.git.commit", commit)
        return Published(kept, added)


def _runs(client: MlflowClient, experiment: str, digest: str) -> list[Run]:
    return list(client.search_runs([experiment], f"tags.{DIGEST_TAG} = '{digest}'"))


def _complete(client: MlflowClient, experiment: str, digest: str) -> list[Run]:
    """Complete runs, the one that was complete first at the head."""
    finished = [run for run in _runs(client, experiment, digest) if run.info.status == "FINISHED"]
    return sorted(finished, key=lambda run: (run.info.end_time, run.info.run_id))


def _remove(client: MlflowClient, experiment: str, run_id: str) -> None:
    for model in client.search_logged_models([experiment], f"source_run_id = '{run_id}'"):
        client.delete_logged_model(model.model_id)
    client.delete_run(run_id)


def _add(client: MlflowClient, experiment: str, content: Content) -> None:
    tags = {
        "mlflow.source.name": "dvc.yaml",
        "mlflow.source.type": "PROJECT",
        "mlflow.user": content.tags["author"].partition(" <")[0],
    }
    run_id = client.create_run(experiment, run_name=content.name, tags={**content.tags, **tags}).info.run_id
    try:
        _log(client, run_id, content)
    except BaseException as error:
        # That another publisher was first and has removed this run is no failure.
        if isinstance(error, MlflowException) and _complete(client, experiment, content.digest):
            return
        with suppress(MlflowException):
            _remove(client, experiment, run_id)
        raise


def _log(client: MlflowClient, run_id: str, content: Content) -> None:
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
    client.log_inputs(run_id, datasets=[_dataset_input(part) for part in content.datasets])
    for name, path in content.files.items():
        if path.is_dir():
            client.log_artifacts(run_id, str(path), name)
        else:
            client.log_artifact(run_id, str(path))
    # Last: it closes the run, which makes it complete.
    log_model(run_id, content)


def _dataset_input(part: DataSet) -> DatasetInput:
    source = json.dumps({"path": part.path, "md5": part.md5})
    dataset = Dataset(part.name, part.md5, "dvc", source, profile=json.dumps({"rows": part.rows}))
    return DatasetInput(dataset, [InputTag("mlflow.data.context", part.context)])
