"""Find the published run to promote by run ID, MLflow URI or revision.

A revision is a commit, tag, branch or DVC experiment. Importing this does not import mlflow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.tracking.lookup import PublishedRun, find_run, is_mlflow_uri
from flight_delay.tracking.settings import apply_settings
from flight_delay.vcs.commit_files import CommitFiles
from flight_delay.vcs.lock import pipeline_digest

RUN_ID = re.compile(r"[0-9a-f]{32}")


class Candidate(NamedTuple):
    """A finished run, its logged model, and its metrics by name."""

    published: PublishedRun
    model_id: str
    metrics: Mapping[str, float]


def find_candidate(ref: str) -> Candidate:
    """Find a run that can be promoted.

    Args:
        ref: a run id, 'runs:/…', 'models:/…', or a commit, tag, branch or DVC experiment, whose run is found by the
            digest of its dvc.lock.

    Raises:
        UserError: there is none, it is not complete, is deleted or has no model; or the server does not answer.
    """
    uri = ref if is_mlflow_uri(ref) else f"runs:/{ref if RUN_ID.fullmatch(ref) else _run_of_revision(ref)}"
    published = find_run(uri)
    from flight_delay.tracking.client import connect, mlflow_errors_as_user_errors

    with mlflow_errors_as_user_errors(setting_up=True):
        client = connect()
        run = client.get_run(published.run_id)
        models = client.search_logged_models([run.info.experiment_id], f"source_run_id = '{published.run_id}'")
    if run.info.lifecycle_stage != "active":
        raise UserError(
            f"{ref}: run {published.run_id} is deleted; `mlflow runs restore --run-id {published.run_id}` restores it"
        )
    ready = [model.model_id for model in models if str(model.status) == "READY"]
    if not ready:
        raise UserError(f"{ref}: run {published.run_id} has no model; choose one that `dvc repro` published")
    return Candidate(published, ready[0], run.data.metrics)


def _run_of_revision(revision: str) -> str:
    digest = pipeline_digest(CommitFiles.at(revision).lock)
    apply_settings()
    from flight_delay.tracking import client as tracking  # now: mlflow reads its settings
    from flight_delay.tracking.database import require_database, tracking_uri
    from flight_delay.tracking.run_content import DIGEST_TAG

    require_database(revision)
    with tracking.mlflow_errors_as_user_errors(setting_up=True):
        client = tracking.connect()
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        condition = f"tags.{DIGEST_TAG} = '{digest}'"
        runs = client.search_runs(experiments, condition, order_by=["attributes.end_time ASC"])
    runs.sort(key=lambda run: run.info.status != "FINISHED")
    if not runs:
        raise UserError(
            f"{revision}: MLflow at {tracking_uri()} has no run of its pipeline; publish it with "
            f"`flight-delay publish --rev {revision}`"
        )
    return str(runs[0].info.run_id)
