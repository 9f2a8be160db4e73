"""Settings of tracking: parameters, `.env` and environment variables.

They are applied before mlflow is imported.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from dotenv import load_dotenv
from pydantic import Field

from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters
from flight_delay.vcs.git import repo_root

ENV_FILE = ".env"

DEFAULTS = {
    # No telemetry, and no progress bars.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # `client.connect` checks the health first, so that a missing server fails in seconds. Later requests are retried
    # after 0, 4, 8, 16 and 32 seconds, for a server that restarts or is busy with fifty clients.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "5",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "120",
}
# Settings of the user's own runs, which would change or hinder those of pipelines.
IGNORED = (
    "MLFLOW_ACTIVE_MODEL_ID",
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING",
    "MLFLOW_EXPERIMENT_ID",
    "MLFLOW_EXPERIMENT_NAME",
    "MLFLOW_RUN_ID",
)
# Names of this machine, whose servers no proxy reaches.
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Publish(Parameters):
    """The section `publish` of params.yaml: name of the experiment in MLflow."""

    experiment: Annotated[str, Field(min_length=1)]


def main_checkout() -> Path:
    """Return the user's checkout; DVC sets DVC_ROOT for queued experiments."""
    if root := os.environ.get("DVC_ROOT"):
        return Path(root).resolve()
    try:
        return repo_root()  # also from a subfolder
    except UserError:
        return Path.cwd()


def apply_settings() -> None:
    """Set missing environment variables from `.env`, then from defaults.

    Exclude this machine from proxies.
    """
    load_dotenv(main_checkout() / ENV_FILE)
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    for name in IGNORED:
        os.environ.pop(name, None)
    excluded = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    if excluded != "*":
        names = [name for name in LOOPBACK if name not in excluded.split(",")]
        os.environ["no_proxy"] = ",".join([*filter(None, [excluded]), *names])
