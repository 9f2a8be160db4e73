"""Two dozen publishers at once, with the server and its PostgreSQL killed in between: every pipeline is there, once and whole."""

from __future__ import annotations

import importlib.util
import json
import logging
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
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
from flight_delay.model.decision import save_decision
from flight_delay.model.encode import learn_encoding
from flight_delay.model.examples import Examples
from flight_delay.model.training_data import load_training_data
from flight_delay.tracking.model import ROOMS

PIPELINES, COPIES, PATIENCE = 12, 2, 900
SCRIPT = Path(__file__).parent / "publishers.py"
log = logging.getLogger(__name__)
# MLflow puts a stand-in for a module into `sys.modules` while it loads a model: two at once leave one there, in the way of later tests.
ONE_AT_A_TIME = threading.Lock()


@pytest.fixture(scope="module")
def publishers():
    spec = importlib.util.spec_from_file_location("publishers", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    encoding = learn_encoding(features, [examples])
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
    for name in ROOMS:
        (folder / "flight_delay" / name).mkdir()
        (folder / "flight_delay" / name / "__init__.py").touch()
    return folder


def finished(client: MlflowClient, name: str) -> list[Run]:
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return []
    return list(client.search_runs([experiment.experiment_id], "attributes.status = 'FINISHED'"))


def is_complete(client: MlflowClient, run: Run, metrics: dict[str, float], files: Path, folder: Path) -> bool:
    """Whether a run has all metrics, its files byte for byte, and one model, which loads and says what it should."""
    experiment, run_id = run.info.experiment_id, run.info.run_id
    models = client.search_logged_models([experiment], f"source_run_id = '{run_id}'")
    curve = [of.value for of in client.get_metric_history(run_id, "curve/log_loss")]
    got = Path(client.download_artifacts(run_id, "", str(folder)))
    for path in ("reports/index.html", "params.yaml"):
        assert (got / path).read_bytes() == (files / path).read_bytes()
    (model,) = models
    with ONE_AT_A_TIME:
        loaded = mlflow.pyfunc.load_model(f"models:/{model.model_id}", dst_path=str(folder))
    kept = next(folder.rglob("model.ubj"))
    assert kept.read_bytes() == (files / "bundle/model.ubj").read_bytes()
    early, late = loaded.predict({"departure_minutes": np.array([10, 390], np.float32)})
    shown = {name: value for name, value in run.data.metrics.items() if not name.startswith("curve/")}
    return (model.status.value, curve, shown) == ("READY", [0.7, 0.6, 0.5], metrics) and bool(early < 0.5 < late)


def test_every_pipeline_is_published_once_and_whole_whatever_is_killed(
    checkout, s3, team_server, until, publishers, files, tmp_path, monkeypatch
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
        until(lambda: client.get_experiment_by_name("many"))
        until(lambda: client.search_runs([client.get_experiment_by_name("many").experiment_id]))
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
        server = team_server(checkout, port=int(server.uri.rpartition(":")[2]), **settings)
        until(lambda: len(finished(client, "many")) > 0 or crowd.poll() is not None, output.read_text)
        assert crowd.poll() is None, output.read_text()
        next(of for of in server.family() if of.name() == "postgres" and of.ppid() == server.process.pid).kill()
        server.wait_for("PostgreSQL is back")
        assert crowd.wait(PATIENCE) == 0, output.read_text()
    finally:
        crowd.kill()

    said = [json.loads(line) for line in output.read_text().splitlines() if line.startswith("{")]
    experiment = client.get_experiment_by_name("many").experiment_id
    runs = client.search_runs([experiment], max_results=1000)
    of_pipeline = [
        [run for run in runs if run.data.tags["pipeline_digest"] == publishers.digest_of(number)]
        for number in range(PIPELINES)
    ]

    def complete(number: int) -> bool:
        run, folder = of_pipeline[number][0], tmp_path / str(number)
        folder.mkdir()
        return is_complete(client, run, publishers.metrics_of(number), files, folder)

    with ThreadPoolExecutor(4) as checkers:
        whole = sum(checkers.map(complete, (number for number in range(PIPELINES) if of_pipeline[number])))
    figures = {
        "expected": PIPELINES,
        "found": sum(len(found) > 0 for found in of_pipeline),
        "complete": whole,
        "doubled": sum(len(found) > 1 for found in of_pipeline),
    }
    log.warning("%s; tried again: %d", figures, sum(len(of["refusals"]) for of in said))
    assert figures == {"expected": PIPELINES, "found": PIPELINES, "complete": PIPELINES, "doubled": 0}
    assert [of for of in said if not of["done"]] == []
    assert len(said) == PIPELINES * COPIES
    assert {run.info.status for run in runs} == {"FINISHED"}
