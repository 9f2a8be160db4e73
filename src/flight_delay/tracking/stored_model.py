"""The model that MLflow keeps, byte for byte. Importing this does not import mlflow."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

from flight_delay.core.errors import UserError
from flight_delay.tracking.lookup import PublishedRun
from flight_delay.tracking.settings import apply_settings

MODEL = "model.ubj"


def stored_model_md5(published: PublishedRun) -> str:
    """MD5 of the model file that MLflow keeps for a run or a model, whatever its tags say.

    Args:
        published: as `lookup.find_run` found it.

    Raises:
        UserError: the server does not answer, or keeps no such file.
    """
    apply_settings()
    from mlflow.artifacts import download_artifacts  # now: mlflow reads its settings

    from flight_delay.tracking.client import connect, mlflow_errors_as_user_errors

    # Of a run, its logged model, which has the name that `publish` gives it; versions and logged models are themselves.
    uri = f"runs:/{published.run_id}/model" if published.uri.startswith("runs:/") else published.uri
    with TemporaryDirectory() as folder, mlflow_errors_as_user_errors(setting_up=True):
        connect()
        (found, *_) = [*Path(download_artifacts(artifact_uri=uri, dst_path=folder)).rglob(MODEL), None]
        if found is None:
            raise UserError(
                f"{published.uri}: MLflow keeps no {MODEL} there; choose a model that `dvc repro` published"
            )
        return hashlib.md5(found.read_bytes(), usedforsecurity=False).hexdigest()
