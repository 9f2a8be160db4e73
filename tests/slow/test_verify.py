"""`flight-delay verify`: says that a commit is reproduced when it is, and names what is not."""

from __future__ import annotations

import json
import platform
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from mlflow import MlflowClient

from flight_delay.review.clean_clone import CleanClone

FITS = "dvc.lock fits the commit"


def test_a_commit_is_reproduced_whatever_the_surroundings(verification, made, pipeline_outputs) -> None:
    outputs = [out["path"] for stage, entry in made.lock().items() if stage != "publish" for out in entry["outs"]]
    assert sorted(outputs) == sorted(pipeline_outputs)
    for path in outputs:
        assert re.search(rf"  {re.escape(path)} +(\w+(?:\.dir)?) +\1 +same\n", verification.stdout), path
    assert f"all {len(outputs)} outputs" in verification.stdout.splitlines()[-1]
    python = f"Python {platform.python_version()}"
    for printed in ("platform", python, "xgboost 3.2.0", made.run("git", "rev-parse", "HEAD").stdout.strip()):
        assert printed in verification.stdout
    assert "receipt" not in verification.stdout
    assert verification.after == verification.before


@pytest.fixture
def of_a_single_tree(by_hand, pipeline_stages, monkeypatch) -> list[str]:
    """Let clean clones take what they would make from a checkout whose model has a single tree; stages that ran."""
    ran, stages = [], [name for name in pipeline_stages if name != "publish"]

    def take(clone: CleanClone, _: float | None = None) -> None:
        shutil.copytree(by_hand.project.root / ".dvc/cache", clone.root / ".dvc/cache", dirs_exist_ok=True)
        (clone.root / "dvc.lock").unlink()
        ran.extend(re.findall(r"^Running stage '(\w+)'", clone.dvc("repro", *stages), re.MULTILINE))

    monkeypatch.setattr(CleanClone, "run_from_raw_data", take)
    return ran


def test_what_was_changed_after_the_pipeline_ran_is_found_out_and_how_outputs_differ_is_said(
    copy_of_made, of_a_single_tree, pipeline_outputs
) -> None:
    path = copy_of_made.root / "src/flight_delay/stages/fetch_raw.py"
    assert path.read_text().count("**provenance,") == 1
    path.write_text(path.read_text().replace("**provenance,", '**provenance, "licence": "other",'))
    copy_of_made.params({"train_model": {"num_boost_round": 1}})
    lock = copy_of_made.root / "dvc.lock"
    pretended = next(o["md5"] for o in copy_of_made.lock()["make_dataset"]["outs"] if o["path"] == "reports/data")
    lock.write_text(lock.read_text().replace(pretended, f"{'d' * 32}.dir"))
    copy_of_made.commit("change a line and a parameter, and pretend")
    printed = json.loads(copy_of_made.command("verify", "--json", code=1).stdout)
    # What reads the line that was changed, and stages that DVC's run cache leaves out, since they keep months.
    assert of_a_single_tree == ["fetch_raw", "make_dataset", "build_features", "report"]
    assert printed["stale"] == [
        "fetch_raw: src/flight_delay/stages/fetch_raw.py changed",
        *(
            f"{stage}: train_model.num_boost_round is 1, was 20"
            for stage in ("train_model", "backtest", "learning_curves", "interpret")
        ),
    ]
    assert printed["deviations"] == []
    outputs = {entry["output"]: entry for entry in printed["outputs"]}
    assert sorted(outputs) == sorted(pipeline_outputs)
    assert [entry for entry in outputs.values() if entry["same"] != (entry["md5_in_lock"] == entry["md5_now"])] == []
    assert outputs["data/processed"]["same"]
    assert outputs["reports/data"] == {
        "stage": "make_dataset", "output": "reports/data", "md5_in_lock": f"{'d' * 32}.dir", "md5_now": pretended,
        "same": False, "matters": True, "differences": None,  # no such bytes
    }  # fmt: skip
    how = {part["file"]: part["summary"] for entry in outputs.values() for part in entry["differences"] or ()}
    assert "licence" in how["data/raw/manifest.json"]
    assert "20 -> 1" in how["models/bundle/model.ubj"]
    assert re.search(r"^\S+ \S+ -> \S+; .* 0\.001\b", how["reports/metrics.json"])
    assert re.search(r"^probability differs .* \(mean .*: \S+ -> ", how["reports/evaluate/predictions/2013-05.parquet"])
    assert re.search(r"pixels", how["reports/evaluate/roc.png"])
    assert outputs["models/bundle/model.ubj"]["matters"]
    different, of_all, mattering = map(int, re.findall(r"\d+", printed["verdict"].partition(":")[0]))
    assert of_all == len(pipeline_outputs)
    assert different == sum(not entry["same"] for entry in outputs.values())
    assert mattering == sum(not entry["same"] and entry["matters"] for entry in outputs.values())
    assert copy_of_made.run("git", "status", "--porcelain").stdout == ""


class Registered(NamedTuple):
    """A copy of the made pipeline with its MLflow, in which the model is models:/late-flights/1."""

    project: Any
    run_id: str
    uri: str  # of its database
    model: Path  # the version's own files


@pytest.fixture
def registered(copy_of_made, made, tmp_path) -> Registered:
    """Registers a copy of the model of the made pipeline."""
    shutil.copy(made.root / "mlflow.db", copy_of_made.root)
    shutil.copytree(made.root / "mlruns", copy_of_made.root / "mlruns")
    uri = f"sqlite:///{copy_of_made.root / 'mlflow.db'}"
    client = MlflowClient(uri, registry_uri=uri)
    (run,) = client.search_runs([entry.experiment_id for entry in client.search_experiments()])
    (model,) = client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'")
    kept = tmp_path / "kept"
    shutil.copytree(model.artifact_location.removeprefix("file://"), kept)
    client.create_registered_model("late-flights")
    client.create_model_version("late-flights", source=str(kept), run_id=run.info.run_id)
    return Registered(copy_of_made, run.info.run_id, uri, kept)


def test_a_model_in_mlflow_leads_to_its_commit_and_the_same_bytes(registered) -> None:
    project = registered.project
    md5 = next(o["md5"] for o in project.lock()["train_model"]["outs"] if o["path"] == "models/bundle/model.ubj")
    head = project.run("git", "rev-parse", "HEAD").stdout.strip()
    for uri in ("models:/late-flights/1", f"runs:/{registered.run_id}"):
        commit, model, verdict = project.command("verify", "--quick", uri).stdout.splitlines()
        assert commit.split() == ["commit", head]
        assert model.count(md5) == 2
        assert f"({uri})" in model
        assert model.endswith(": same")
        assert verdict == FITS
    within = replace(project, root=project.root / "docs")  # from a folder within the checkout, too
    assert FITS in within.command("verify", "--quick", "models:/late-flights/1").stdout


def test_a_model_that_was_exchanged_in_mlflow_is_found_out(registered) -> None:
    (kept,) = registered.model.rglob("model.ubj")
    kept.write_bytes(kept.read_bytes() + b" ")
    printed = registered.project.command("verify", "--quick", "models:/late-flights/1", code=1).stdout.splitlines()
    assert printed[1].endswith(": DIFFERENT")
    assert printed[-1].startswith("models:/late-flights/1 ")
    assert printed[-1].endswith(FITS)


def test_a_run_whose_pipeline_is_in_no_commit_cannot_be_checked(registered) -> None:
    project = registered.project
    project.params({"train_model": {"seed": 1}})
    project.run("git", "checkout", "--quiet", "--orphan", "other")
    (project.root / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    project.commit("another history")
    project.run("git", "branch", "--quiet", "--delete", "--force", "main")
    done = project.command("verify", "models:/late-flights/1", code=2, MLFLOW_TRACKING_URI=registered.uri)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("flight-delay verify: error: models:/late-flights/1: ")


def test_what_cannot_be_checked_is_said_in_one_line(made) -> None:
    done = made.command("verify", "no-such-branch", code=2)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("flight-delay verify: error: ")
    assert "'no-such-branch'" in line
