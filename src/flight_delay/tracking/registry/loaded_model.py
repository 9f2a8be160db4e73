"""Download a logged model, and predict with it in another process.

Importing this does not import mlflow.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_json
from flight_delay.features.feature import KEYS, TARGET
from flight_delay.tracking.lookup import PublishedRun
from flight_delay.tracking.settings import apply_settings
from flight_delay.vcs.lock import md5

BUNDLE, MODEL = Path("artifacts/bundle"), "model.ubj"
TIMEOUT_SECONDS = 900


class Speed(NamedTuple):
    """Median latency of one row, and throughput of a month of rows at once."""

    row_milliseconds: float
    rows_per_second: float


def download_model(uri: str, target: Path) -> Path:
    """Download a logged model; return its folder below `target`.

    Args:
        uri: 'runs:/<run id>/model' or 'models:/…'.
        target: a folder.

    Raises:
        UserError: the server does not answer, or does not have the model's files.
    """
    folder = _download(uri, target)
    if not (folder / BUNDLE / MODEL).is_file():
        raise UserError(f"{uri}: no bundle in MLflow; choose a model that `dvc repro` published")
    return folder


def stored_model_md5(published: PublishedRun) -> str:
    """Compute the MD5 of the model file that MLflow stores.

    Raises:
        UserError: the server does not answer, or does not have the file.
    """
    # `publish` logs the model of a run by this name.
    uri = f"runs:/{published.run_id}/model" if published.uri.startswith("runs:/") else published.uri
    with TemporaryDirectory() as folder:
        return md5((download_model(uri, Path(folder)) / BUNDLE / MODEL).read_bytes())


def score(model: Path, data: Path, target: Path, environment: Mapping[str, str]) -> Speed:
    """Predict with a model and its logged code, in another process.

    Args:
        model: its folder, see `download_model`.
        data: folder of processed data, a file per month; rows without a target are left out.
        target: an empty folder, for a file of row ids and probabilities per month.
        environment: variables of the process, which runs the code of the model.

    Raises:
        UserError: the model does not load or does not predict.
    """
    script = Path(__file__).with_name("score_in_subprocess.py")
    command = [sys.executable, "-P", str(script), *map(str, (model, data, target)), KEYS[0], TARGET]
    try:
        done = subprocess.run(
            command,
            env=dict(environment),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"the logged model did not predict within {TIMEOUT_SECONDS} s; try again") from None
    if done.returncode:
        last_line = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise UserError(f"the logged model does not load or does not predict ({last_line[:300]})")
    return Speed(**read_json(target / "speed.json"))


def download_artifact(run_id: str, path: str, target: Path) -> Path:
    """Download a file of a run; return its path below `target`.

    Args:
        run_id: of the run.
        path: in the run, such as 'reports/interpret/reference.json'.
        target: a folder.

    Raises:
        UserError: the server does not answer, or the run has no such file.
    """
    return _download(f"runs:/{run_id}/{path}", target)


def _download(uri: str, target: Path) -> Path:
    apply_settings()
    from mlflow.artifacts import download_artifacts  # now: mlflow reads its settings
    from mlflow.exceptions import MlflowException

    from flight_delay.tracking.client import UNREACHABLE, connect, mlflow_errors_as_user_errors

    with mlflow_errors_as_user_errors(setting_up=True):
        connect()
        try:
            return Path(download_artifacts(artifact_uri=uri, dst_path=str(target)))
        except (MlflowException, OSError) as error:
            if isinstance(error, MlflowException) and error.error_code in UNREACHABLE:
                raise
            raise UserError(f"{uri}: MLflow does not have its files ({error})") from None
