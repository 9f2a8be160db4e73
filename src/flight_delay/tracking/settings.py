"""Settings of tracking: the parameters, `.env`, and what has to stand in the environment before mlflow is imported."""

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
    # Nothing is sent to anyone else, and there are no progress bars for two files.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # A server that is down is noticed in seconds, since `client.connect` asks for its health first. One that answered and
    # then restarts, or is busy with fifty others, is waited for: retries come after 0, 4, 8, 16 and 32 seconds.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "5",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "120",
}


class Publish(Parameters):
    """The section `publish` of params.yaml: name of the experiment in MLflow."""

    experiment: Annotated[str, Field(min_length=1)]


def main_checkout() -> Path:
    """The checkout that experiments belong to: DVC runs queued ones elsewhere and says from where."""
    if root := os.environ.get("DVC_ROOT"):
        return Path(root).resolve()
    try:
        return repo_root()  # also from a folder within it
    except UserError:
        return Path.cwd()


def apply_settings() -> None:
    """Set what the user has not set: first what `.env` in the main checkout says, then the defaults."""
    load_dotenv(main_checkout() / ENV_FILE)
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
