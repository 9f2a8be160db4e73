"""Two dozen publishers at once, and all processes of the server killed meanwhile: every pipeline is published once, completely."""

from __future__ import annotations

import json
import logging
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pytest
from feature_parameters import FEATURE_PARAMETERS
from mlflow import MlflowClient
from mlflow.entities import Run

import flight_delay
from flight_delay.core.months import Window
from flight_delay.features.feature import Feature
from flight_delay.model.booster import BoosterParameters, train_booster
from flight_delay.model.bundle import save_bundle
from flight_delay.model.calibration import Calibration
from flight_delay.model.decision_rule import save_decision
from flight_delay.model.encode import fit_encoding
from flight_delay.model.examples import Examples
from flight_delay.model.training_data import load_training_data
from flight_delay.tracking.model import PACKAGES

PIPELINES, COPIES, PATIENCE = 12, 2, 900
SCRIPT = Path(__file__).parent / "publishers.py"
PUBLISHERS = runpy.run_path(str(SCRIPT))
log = logging.getLogger(__name__)


def write_bundle(folder: Path) -> None:
    """A model of one feature, really trained."""
    features = (Feature(name="departure_minutes", kind="quantitative", group="schedule"),)
    minutes, dates = np.arange(400, dtype=np.float32), np.full(400, "2013-01-01", "datetime64[D]")
    examples = Examples(
        np.array([str(n) for n in range(400)], object), dates, {features[0].name: minutes}, minutes > 200
    )
    parameters = BoosterParameters(
        max_rounds=3, early_stopping_rounds=2, learning_rate=0.3, max_depth=2, min_child_weight=1.0, subsample=1.0,
        colsample_bytree=1.0, reg_lambda=1.0, max_bin=16, monotone=False, seed=7,
    )  # fmt: skip
    encoding = fit_encoding(features, [examples])
    data = load_training_data(encoding, lambda _: examples, ["2013-01"], ["2013-02"], parameters.max_bin)
    trained = train_booster(parameters, data, record_train=True)
    months = {"trained_on": Window(first="2013-01", through="2013-01"), "trained_rows": 400, "trained_base_rate": 0.5}
    save_bundle(
        folder,
        trained.booster,
        features=encoding,
        feature_parameters=FEATURE_PARAMETERS,
        **months,
        stopped_on=Window(first="2013-02", through="2013-02"),
    )
    save_decision(folder, Calibration(method="none"), 0.25)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """What every pipeline publishes, and the code that loads its model."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "reports").mkdir()
    (folder / "reports/index.html").write_text("<p>late</p>\n" * 1000)
    (folder / "params.yaml").write_text("train_model: {seed: 7}\n")
    write_bundle(folder / "bundle")
    (folder / "flight_delay/tracking").mkdir(parents=True)
    for name in ("__init__.py", "tracking/__init__.py", "tracking/pyfunc_model.py"):
        shutil.copy(Path(flight_delay.__path__[0]) / name, folder / "flight_delay" / name)
    for name in PACKAGES:
        (folder / "flight_delay" / name).mkdir()
        (folder / "flight_delay" / name / "__init__.py").touch()
    return folder


def finished(client: MlflowClient, name: str) -> list[Run]:
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return []
    return list(client.search_runs([experiment.experiment_id], "attributes.status = 'FINISHED'"))


def assert_complete(client: MlflowClient, run: Run, metrics: dict[str, float], files: Path, folder: Path) -> None:
    """Assert that a run has all metrics, its files byte for byte, and one model with the whole bundle."""
    shown = {name: value for name, value in run.data.metrics.items() if not name.startswith("curve/")}
    curve = [of.value for of in client.get_metric_history(run.info.run_id, "curve/log_loss")]
    assert (shown, curve) == (metrics, [0.7, 0.6, 0.5])
    (model,) = client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'")
    assert model.status.value == "READY"
    artifacts = Path(client.download_artifacts(run.info.run_id, "", str(folder)))
    logged = Path(mlflow.artifacts.download_artifacts(f"models:/{model.model_id}", dst_path=str(folder / "model")))
    (bundle,) = (path.parent for path in logged.rglob("model.ubj"))
    for path in sorted((files / "bundle").iterdir()):
        assert (bundle / path.name).read_bytes() == path.read_bytes()
    for name in ("reports/index.html", "params.yaml"):
        assert (artifacts / name).read_bytes() == (files / name).read_bytes()


def test_every_pipeline_is_published_once_and_completely_although_the_server_is_killed(
    checkout, s3, team_server, until, files, tmp_path, monkeypatch
) -> None:
    settings = {"FLIGHT_DELAY_SERVER_ARTIFACTS": f"s3://{s3.bucket}/many", **s3.environment}
    server = team_server(checkout, **settings)
    output = tmp_path / "publishers.txt"
    command = [sys.executable, str(SCRIPT), str(files), str(PIPELINES), str(COPIES)]
    environment = {**checkout.environment, "MLFLOW_TRACKING_URI": server.uri}
    with output.open("w") as into:
        crowd = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=into, stderr=subprocess.STDOUT)
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    mlflow.set_tracking_uri(server.uri)
    client = MlflowClient(server.uri)
    try:
        until(lambda: finished(client, "many"), output.read_text)
        server.kill_everything()
        assert crowd.poll() is None, output.read_text()
        server = team_server(checkout, port=int(server.uri.rpartition(":")[2]), **settings)
        assert crowd.wait(PATIENCE) == 0, output.read_text()
    finally:
        crowd.kill()

    reports = [json.loads(line) for line in output.read_text().splitlines() if line.startswith("{")]
    log.warning("retries: %d", sum(len(report["refusals"]) for report in reports))
    assert [report for report in reports if not report["done"]] == []
    assert len(reports) == PIPELINES * COPIES
    runs = client.search_runs([client.get_experiment_by_name("many").experiment_id], max_results=1000)
    assert {run.info.status for run in runs} == {"FINISHED"}
    digests = [run.data.tags["pipeline_digest"] for run in runs]
    assert sorted(digests) == [PUBLISHERS["digest_of"](number) for number in range(PIPELINES)]

    for run in runs:
        folder, number = tmp_path / run.info.run_id, int(run.data.tags["pipeline_digest"], 16)
        (folder / "model").mkdir(parents=True)
        assert_complete(client, run, PUBLISHERS["metrics_of"](number), files, folder)
