"""Download of a logged model, and scoring flights with it in another process. Importing this does not import mlflow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_json
from flight_delay.tracking.settings import apply_settings

BUNDLE = Path("artifacts/bundle")
TIMEOUT_SECONDS = 900


class Speed(NamedTuple):
    """Speed of a loaded model: median latency of a single flight, and throughput of a month of flights at once."""

    one_flight_milliseconds: float
    flights_per_second: float


def download(model_id: str, target: Path) -> Path:
    """Download a logged model; its folder below `target`.

    Raises:
        UserError: the server does not answer, or does not have the model's files.
    """
    apply_settings()
    from mlflow.artifacts import download_artifacts  # now: mlflow reads its settings
    from mlflow.exceptions import MlflowException

    from flight_delay.tracking.client import UNREACHABLE, connect, mlflow_errors_as_user_errors

    with mlflow_errors_as_user_errors(setting_up=True):
        connect()
        try:
            folder = Path(download_artifacts(artifact_uri=f"models:/{model_id}", dst_path=str(target)))
        except (MlflowException, OSError) as error:
            if isinstance(error, MlflowException) and error.error_code in UNREACHABLE:
                raise
            raise UserError(f"models:/{model_id}: MLflow does not have its files ({error})") from None
    if not (folder / BUNDLE).is_dir():
        raise UserError(f"models:/{model_id}: MLflow keeps no bundle there; choose a model that `dvc repro` published")
    return folder


def score(model: Path, flights: Path, target: Path) -> Speed:
    """Load a model in another process, with the code that was logged with it, and write its predictions.

    Args:
        model: its folder, see `download`.
        flights: folder of processed flights, a file per month; those without an outcome are left out.
        target: an empty folder, for a file of `flight_id` and `probability` per month.

    Raises:
        UserError: the model does not load or does not predict.
    """
    script = Path(__file__).with_name("score_in_subprocess.py")
    command = [sys.executable, "-P", str(script), *map(str, (model, flights, target))]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise UserError(f"the logged model did not predict within {TIMEOUT_SECONDS} s; try again") from None
    if done.returncode:
        last_line = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise UserError(f"the logged model does not load or does not predict ({last_line[:300]})")
    return Speed(**read_json(target / "speed.json"))
