"""Settings of publishing: the parameters, and what has to stand in the environment before mlflow is imported."""

from __future__ import annotations

import os
from typing import Annotated

from pydantic import Field

from flight_delay.core.params import Parameters

DEFAULTS = {
    # Nothing is sent to anyone else, and there are no progress bars for two files.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # A server that is down is to be noticed in seconds; with MLflow's own seven retries it takes minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}


class Publish(Parameters):
    """The section `publish` of params.yaml: name of the experiment in MLflow."""

    experiment: Annotated[str, Field(min_length=1)]


def apply_settings() -> None:
    """Set what the user has not set."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
