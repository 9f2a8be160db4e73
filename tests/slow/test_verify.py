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


def snapshot(project) -> dict[str, str]:
    """What must not change: status, cached files, and whether there are runs."""
    cached = sorted(str(path) for path in (project.root / ".dvc/cache").rglob("*"))
    return {
        "git": project.run("git", "status", "--porcelain").stdout,
        "cache": "\n".join(cached),
        "mlflow": str((project.root / "mlflow.db").exists()),
    }


def test_a_commit_is_reproduced_whatever_the_surroundings(copy_of_made) -> None:
    before = snapshot(copy_of_made)
    done = copy_of_made.run(
        "flight-delay",
        "verify",
        OMP_NUM_THREADS="3",
        OPENBLAS_NUM_THREADS="3",
        TZ="Asia/Tokyo",
        LC_ALL="C",
        PYTHONHASHSEED="7",
        DVC_ROOT="/nowhere",
        DVC_EXP_NAME="somebody-elses",
        MLFLOW_TRACKING_URI="http://127.0.0.1:9",
        PYTHONPATH="/nowhere",
    )
    outputs = [
        out["path"] for stage, entry in copy_of_made.lock().items() if stage != "publish" for out in entry["outs"]
    ]
    assert len(outputs) == 24
    for path in outputs:
        assert re.search(rf"  {re.escape(path)} +(\w+(?:\.dir)?) +\1 +same\n", done.stdout), path
    assert "all 24 outputs are reproduced byte for byte" in done.stdout
    for said in (
        "platform",
        f"Python {platform.python_version()}",
        "xgboost 3.2.0",
        copy_of_made.run("git", "rev-parse", "HEAD").stdout.strip(),
    ):
        assert said in done.stdout
    assert "receipt" not in done.stdout
    assert snapshot(copy_of_made) == before


def test_what_was_changed_after_the_pipeline_ran_is_found_out_and_how_outputs_differ_is_said(copy_of_made) -> None:
    path = copy_of_made.root / "src/flight_delay/stages/fetch_raw.py"
    assert path.read_text().count("**origin,") == 1
    path.write_text(path.read_text().replace("**origin,", '**origin, "licence": "other",'))
    copy_of_made.params({"train_model": {"max_depth": 2}})
    lock = copy_of_made.root / "dvc.lock"
    pretended = next(o["md5"] for o in copy_of_made.lock()["make_dataset"]["outs"] if o["path"] == "reports/data")
    lock.write_text(lock.read_text().replace(pretended, f"{'d' * 32}.dir"))
    copy_of_made.commit("change a line and a parameter, and pretend")
    done = copy_of_made.run("flight-delay", "verify", "--json", code=1)
    said = json.loads(done.stdout)
    assert said["stale"] == [
        "fetch_raw: src/flight_delay/stages/fetch_raw.py changed",
        *(
            f"{stage}: train_model.max_depth is 2, was 3"
            for stage in ("train_model", "backtest", "learning_curves", "interpret")
        ),
    ]
    assert said["deviations"] == []
    outputs = {of["output"]: of for of in said["outputs"]}
    assert len(outputs) == 24
    assert [of for of in outputs.values() if of["same"] != (of["md5_in_lock"] == of["md5_now"])] == []
    assert outputs["data/processed"]["same"]
    assert outputs["reports/data"] == {
        "stage": "make_dataset", "output": "reports/data", "md5_in_lock": f"{'d' * 32}.dir", "md5_now": pretended,
        "same": False, "matters": True, "differences": None,  # no such bytes
    }  # fmt: skip
    how = {part["file"]: part["says"] for of in outputs.values() for part in of["differences"] or ()}
    assert "licence" in how["data/raw/manifest.json"]
    assert "deepest tree 3 -> 2" in how["models/bundle/model.ubj"]
    assert re.search(r"^\S+ \S+ -> \S+; largest of \d+ changed numbers, beyond 0.001$", how["reports/metrics.json"])
    assert "probability" in how["reports/evaluate/predictions/2013-05.parquet"]
    assert re.search(r"pixels", how["reports/evaluate/roc.png"])
    assert outputs["models/bundle/model.ubj"]["matters"]
    assert re.match(r"\d+ of 24 outputs are different, \d+ in a way that may matter: ", said["verdict"])
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
    uri = f"sqlite:///{copy_of_made.root / 'mlflow.db'}"
    client = MlflowClient(uri, registry_uri=uri)
    (run,) = client.search_runs([of.experiment_id for of in client.search_experiments()])
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
        said = project.run("flight-delay", "verify", "--quick", uri).stdout.splitlines()
        assert said == [
            f"commit    {head}",
            f"model     md5 {md5} in MLflow ({uri}), {md5} in dvc.lock: same",
            "dvc.lock fits the commit",
        ]
    within = replace(project, root=project.root / "docs")  # from a folder within the checkout, too
    assert (
        "dvc.lock fits the commit" in within.run("flight-delay", "verify", "--quick", "models:/late-flights/1").stdout
    )


def test_a_model_that_was_exchanged_in_mlflow_is_found_out(registered) -> None:
    (kept,) = registered.model.rglob("model.ubj")
    kept.write_bytes(kept.read_bytes() + b" ")
    done = registered.project.run("flight-delay", "verify", "--quick", "models:/late-flights/1", code=1)
    assert "in dvc.lock: DIFFERENT" in done.stdout
    assert "models:/late-flights/1 is not the model of its commit: dvc.lock fits the commit" in done.stdout


def test_a_run_whose_pipeline_is_in_no_commit_cannot_be_checked(registered) -> None:
    project = registered.project
    project.params({"train_model": {"seed": 1}})
    project.run("git", "checkout", "--quiet", "--orphan", "other")
    (project.root / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    project.commit("another history")
    project.run("git", "branch", "--quiet", "--delete", "--force", "main")
    done = project.run("flight-delay", "verify", "models:/late-flights/1", code=2, MLFLOW_TRACKING_URI=registered.uri)
    assert done.stdout == ""
    assert "models:/late-flights/1: its pipeline is in no commit here; commit dvc.lock" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_cannot_be_checked_is_said_in_one_line(made) -> None:
    done = made.run("flight-delay", "verify", "no-such-branch", code=2)
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "flight-delay verify: error: there is no commit 'no-such-branch' here; "
        "`git log --oneline` lists them, `git fetch` brings more, `dvc exp list --all-commits` lists experiments"
    ]
