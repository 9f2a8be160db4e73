"""Log one run per date in MLflow."""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlflow.entities import Metric

from flight_delay.tracking.client import connect, experiment_id, mlflow_errors_as_user_errors
from flight_delay.tracking.view import View, set_default_view

DATE_TAG = "monitoring_date"


def log_dated_run(
    date: datetime.date,
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
    artifacts: Sequence[Path],
    columns: tuple[str, ...],
    experiment: str,
) -> str:
    """Log a run named after its date; delete earlier ones of the date.

    A new run replaces the former, since MLflow keeps metrics and artifacts that an updated run no longer has. It is
    complete before the former is deleted.

    Args:
        date: name of the run.
        metrics: by name.
        tags: by name.
        artifacts: files.
        columns: metrics that the page of the experiment shows.
        experiment: name of the experiment.

    Returns:
        The id of the run.

    Raises:
        UserError: the tracking server cannot be reached.
    """
    with mlflow_errors_as_user_errors(setting_up=True):
        client = connect()
        number = experiment_id(client, experiment)
    with mlflow_errors_as_user_errors():
        set_default_view(client, number, View(columns, ("tags.`level`", "tags.`model_version`"), "a run per date."))
        former = client.search_runs([number], f"tags.{DATE_TAG} = '{date}'")
        all_tags = {DATE_TAG: date.isoformat(), "mlflow.source.name": "flight-delay monitor", **tags}
        run_id = str(client.create_run(number, run_name=date.isoformat(), tags=all_tags).info.run_id)
        time_ms = round(time.time() * 1000)
        client.log_batch(run_id, [Metric(name, float(value), time_ms, 0) for name, value in metrics.items()])
        for path in artifacts:
            client.log_artifact(run_id, str(path))
        client.set_terminated(run_id)
        for run in former:
            client.delete_run(run.info.run_id)
    return run_id
