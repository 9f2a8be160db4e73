"""Loading the model that MLflow keeps of a run, and asking it about flights. Importing this does not import mlflow."""

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


class Answers(NamedTuple):
    """What a model said: folder of monthly predictions, milliseconds for a single flight (median), flights per second of a month
    at once, and the folder of the code that it was loaded with."""

    predictions: Path
    one_flight_milliseconds: float
    flights_per_second: float
    code: Path


def download(model_id: str, target: Path) -> Path:
    """Take a logged model as it is kept; its folder below `target`.

    Raises:
        UserError: the server does not answer, or keeps no files of it.
    """
    apply_settings()
    from mlflow.artifacts import download_artifacts  # now: mlflow reads its settings
    from mlflow.exceptions import MlflowException

    from flight_delay.tracking.client import UNREACHABLE, connect, reachable

    with reachable(setting_up=True):
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


def ask(model: Path, flights: Path, answers: Path) -> Answers:
    """Load a model in another process, with the code that was logged with it, and have it predict.

    Args:
        model: its folder, see `download`.
        flights: folder of processed flights, a file per month; those without an outcome are left aside.
        answers: an empty folder, for a file per month.

    Raises:
        UserError: it does not load, or does not answer.
    """
    script = Path(__file__).with_name("ask_model.py")
    command = [sys.executable, "-P", str(script), *map(str, (model, flights, answers))]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise UserError(f"the kept model did not answer within {TIMEOUT_SECONDS} s; try again") from None
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise UserError(f"the kept model does not load or does not answer ({said[:300]})")
    speed = read_json(answers / "speed.json")
    return Answers(answers, speed["one_flight_milliseconds"], speed["flights_per_second"], Path(speed["code"]))
