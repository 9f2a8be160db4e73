"""Versions of the registered model: the published one of a checkout, and the same model with another decision."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from prediction_service import OTHER_DECISION

from flight_delay.core.months import list_months
from flight_delay.model.bundle import load_bundle
from flight_delay.model.calibration import calibrate
from flight_delay.model.predictions import Predictions
from flight_delay.tracking.registry.versions import Registration

MODEL = "flight-delay"


def published(client: MlflowClient) -> Registration:
    """The only run of a database and its model."""
    (run,) = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    (model,) = client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'")
    return Registration(run.info.run_id, model.model_id, "1" * 40, "digest", "md5", "published")


def log_other(client: MlflowClient, made: Any, folder: Path) -> Registration:
    """Log the model of a checkout with another decision as a run, with what its pipeline would have recorded."""
    experiment = client.create_experiment("other", artifact_location=(folder / "artifacts").as_uri())
    run = client.create_run(experiment).info.run_id
    model = client.create_logged_model(experiment, name="model", source_run_id=run)
    files, reference = folder / "model/artifacts/bundle", folder / "reference.json"
    shutil.copytree(made.root / "models/bundle", files)
    (files / "decision.json").write_text(json.dumps(OTHER_DECISION))
    client.log_model_artifacts(model.model_id, str(folder / "model"))
    bundle = load_bundle(files)
    content = json.loads((made.root / "reports/interpret/reference.json").read_text())
    reference.write_text(json.dumps({**content, "bundle": bundle.checksum}))
    client.log_artifact(run, str(reference), "reports/interpret")
    recorded = made.root / "reports/evaluate/predictions"
    for month in list_months(recorded):
        predictions = Predictions.read(recorded, month)
        probability = calibrate(bundle.decision.calibration, predictions.probability)
        predictions.with_probability(probability).write(folder / "predictions", month)
    client.log_artifacts(run, str(folder / "predictions"), "reports/evaluate/predictions")
    client.log_artifact(run, str(made.root / "data/raw/manifest.json"))
    return Registration(run, model.model_id, "2" * 40, "digest", "md5", "other")
