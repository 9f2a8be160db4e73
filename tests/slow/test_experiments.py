"""Trying things out, by hand and with `dvc exp`, one by one and queued: every pipeline is one run, none is lost or doubled."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
import yaml
from mlflow import MlflowClient

MISSED_DELAY = {"changed": -900, "back": -500, "again": -900}  # what it costs; -500 in the baseline
DEPTHS = {"deeper": 4, "deep": 5, "shallow": 2}  # by experiment; the baseline has 3


class Step(NamedTuple):
    """What came of one command: stages that ran, and the runs that MLflow has then, oldest first."""

    stages: list[str]
    runs: list[Any]


def copied(made, root: Path) -> Any:
    ignored = shutil.ignore_patterns("mlflow.db*", "mlruns", "logs")
    shutil.copytree(made.root, root, symlinks=True, ignore=ignored)
    return dataclasses.replace(made, root=root)


def client_of(project) -> MlflowClient:
    return MlflowClient(f"sqlite:///{project.root / 'mlflow.db'}")


def runs_of(project) -> list[Any]:
    client = client_of(project)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return sorted(client.search_runs(experiments), key=lambda run: run.info.start_time)


def step(project, *command: str, **environment: str) -> Step:
    done = project.run(*command, **environment)
    return Step(re.findall(r"^Running stage '(\w+)'", done.stdout, re.MULTILINE), runs_of(project))


@pytest.fixture(scope="module")
def by_hand(made, tmp_path_factory) -> dict[str, Step]:
    """A cost is changed, changed back, and changed again; then the lock is committed and published once more."""
    folder = tmp_path_factory.mktemp("by-hand")
    project, steps = copied(made, folder / "project"), {}
    (folder / "home").mkdir()
    (folder / "tmp").mkdir()
    payoffs = yaml.safe_load((project.root / "params.yaml").read_text())["decide"]["payoffs"]
    assert payoffs["late_called_on_time"] == MISSED_DELAY["back"]
    for name, cost in MISSED_DELAY.items():
        project.params({"decide": {"payoffs": {**payoffs, "late_called_on_time": cost}}})
        private = {} if name == "changed" else {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
        steps[name] = step(project, "dvc", "repro", **private)
    project.commit("a better cost")
    steps["committed"] = step(project, "flight-delay", "publish")
    steps["committed"].stages.append(project.run("git", "rev-parse", "HEAD").stdout.strip())
    return {**steps, "folder": folder}


def test_a_changed_parameter_gives_a_second_run_with_the_same_keys(by_hand) -> None:
    first, second = by_hand["back"].runs
    assert first.info.run_id == by_hand["changed"].runs[0].info.run_id
    assert set(first.data.params) == set(second.data.params)
    assert set(first.data.metrics) == set(second.data.metrics)
    costs = [run.data.params["decide.payoffs.late_called_on_time"] for run in (first, second)]
    assert costs == ["-900", "-500"]
    # The dearer a missed delay, the earlier a flight is called late.
    assert 0 < first.data.metrics["threshold"] < second.data.metrics["threshold"] < 1
    assert [run.info.status for run in (first, second)] == ["FINISHED"] * 2


def test_going_back_finds_the_run_that_is_there_and_adds_nothing(by_hand) -> None:
    assert by_hand["again"].stages[-1] == "publish"
    assert [run.info.run_id for run in by_hand["again"].runs] == [run.info.run_id for run in by_hand["back"].runs]


def test_a_run_has_its_commit_as_soon_as_the_lock_is_committed(made, by_hand) -> None:
    changed, baseline = by_hand["again"].runs
    made_at = made.run("git", "rev-parse", "HEAD").stdout.strip()
    assert [run.data.tags.get("git_commit") for run in (changed, baseline)] == [None, made_at]
    (commit,), runs = by_hand["committed"]
    assert [run.info.run_id for run in runs] == [changed.info.run_id, baseline.info.run_id]
    assert [run.data.tags["git_commit"] for run in runs] == [commit, made_at]
    assert runs[0].data.tags["mlflow.source.git.commit"] == commit


def test_publishing_writes_nothing_outside_of_the_checkout(by_hand) -> None:
    found = sorted(str(path.relative_to(by_hand["folder"])) for path in by_hand["folder"].glob("*/**/*mlruns"))
    assert found == ["project/mlruns"]
    assert sorted(path.name for path in by_hand["folder"].iterdir()) == ["home", "project", "tmp"]
    assert [path.name for path in (by_hand["folder"] / "tmp").iterdir()] == []
    assert [path.name for path in (by_hand["folder"] / "home").rglob("*") if "mlflow" in path.name.lower()] == []


def stop_workers(project) -> None:
    """End the workers of the queue and whatever else still runs in this checkout."""
    project.run("dvc", "queue", "stop", "--kill", code=None)
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(project.root):
                process.kill()


@pytest.fixture(scope="module")
def experiments(made, tmp_path_factory):
    """A checkout in which one experiment ran at once and two in the queue, side by side; with what DVC said."""
    project = copied(made, tmp_path_factory.mktemp("experiments") / "project")
    project.run("dvc", "exp", "run", "--name", "deeper", "--set-param", "train_model.max_depth=4")
    said = {what: json.loads(project.run("dvc", what, "diff", "--json").stdout) for what in ("params", "metrics")}
    for name in ("deep", "shallow"):
        setting = f"train_model.max_depth={DEPTHS[name]}"
        project.run("dvc", "exp", "run", "--queue", "--name", name, "--set-param", setting)
    try:
        project.run("dvc", "queue", "start", "--jobs", "2")
        end = time.monotonic() + 240
        while re.search("Queued|Running", status := project.run("dvc", "queue", "status").stdout):
            assert time.monotonic() < end, status
            time.sleep(2)
    finally:
        stop_workers(project)
    return project, {**said, "queue": status, "show": project.run("dvc", "exp", "show", "--csv").stdout}


def test_every_experiment_succeeds(experiments) -> None:
    _, said = experiments
    assert re.findall(r"(deep|shallow) .* (\w+)", said["queue"]) == [("deep", "Success"), ("shallow", "Success")]


def test_every_experiment_is_one_finished_run_of_the_main_checkout(made, experiments) -> None:
    project, _ = experiments
    runs = runs_of(project)
    depths = {run.data.tags["dvc_experiment"]: int(run.data.params["train_model.max_depth"]) for run in runs}
    assert len(runs) == len(DEPTHS)
    assert depths == DEPTHS
    assert {run.info.run_name for run in runs} == {f"max_depth 3→{depth} ({name})" for name, depth in DEPTHS.items()}
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert len({run.data.tags["pipeline_digest"] for run in runs}) == len(DEPTHS)
    baseline = made.run("git", "rev-parse", "HEAD").stdout.strip()
    assert {run.data.tags["dvc_baseline_commit"] for run in runs} == {baseline}
    assert {run.data.tags["baseline_commit"] for run in runs} == {baseline}
    # What is only tried out is in no commit.
    assert [run for run in runs if "git_commit" in run.data.tags] == []


def test_artifacts_of_every_experiment_are_readable_in_the_main_checkout(experiments, tmp_path) -> None:
    project, _ = experiments
    client = client_of(project)
    for run in runs_of(project):
        assert Path(run.info.artifact_uri.removeprefix("file://")).is_relative_to(project.root / "mlruns")
        path = client.download_artifacts(run.info.run_id, "reports/metrics.json", str(tmp_path))
        metrics = json.loads(Path(path).read_text())
        assert metrics["test"]["roc_auc"] == run.data.metrics["test/roc_auc"]
        (model,) = client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'")
        assert model.status == "READY"


def test_dvc_shows_the_same_numbers_as_mlflow(experiments) -> None:
    project, said = experiments
    shown = {row["Experiment"]: row for row in csv.DictReader(io.StringIO(said["show"])) if row["Experiment"]}
    assert set(shown) == set(DEPTHS)
    for run in runs_of(project):
        row = shown[run.data.tags["dvc_experiment"]]
        assert row["train_model.max_depth"] == run.data.params["train_model.max_depth"]
        assert float(row["test.roc_auc"]) == run.data.metrics["test/roc_auc"]


def test_diffs_show_what_was_changed_and_what_came_of_it(made, experiments) -> None:
    project, said = experiments
    assert said["params"] == {"params.yaml": {"train_model.max_depth": {"old": 3, "new": 4, "diff": 1}}}
    change = said["metrics"]["reports/metrics.json"]["test.roc_auc"]
    deeper = next(run for run in runs_of(project) if run.data.tags["dvc_experiment"] == "deeper")
    before = json.loads((made.root / "reports/metrics.json").read_text())["test"]["roc_auc"]
    assert (change["old"], change["new"]) == (before, deeper.data.metrics["test/roc_auc"])
    assert before != deeper.data.metrics["test/roc_auc"]


def test_a_description_compares_with_the_baseline(made, experiments) -> None:
    project, _ = experiments
    then = json.loads((made.root / "reports/metrics.json").read_text())["test"]["roc_auc"]
    for run in runs_of(project):
        (row,) = (line for line in run.data.tags["mlflow.note.content"].splitlines() if "| test ROC AUC |" in line)
        assert row.startswith(f"| test ROC AUC | {run.data.metrics['test/roc_auc']:.3f} | {then:.3f} | ")


def test_an_experiment_is_published_afterwards_and_gets_its_commit_when_it_has_one(experiments, tmp_path) -> None:
    project, _ = experiments
    (before,) = (run for run in runs_of(project) if run.data.tags["dvc_experiment"] == "deep")
    elsewhere = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'other.db'}", "HOME": str(tmp_path)}
    said = project.run("flight-delay", "publish", "--rev", "deep", **elsewhere).stdout
    assert said.startswith("added run")
    assert "in no commit of a branch yet" in said

    def published() -> Any:
        client = MlflowClient(elsewhere["MLFLOW_TRACKING_URI"])
        (run,) = client.search_runs([found.experiment_id for found in client.search_experiments()])
        return run

    run, ours = published(), ("pipeline_digest", "dvc_experiment", "dvc_baseline_commit", "baseline_commit")
    assert (run.info.run_name, run.info.status) == (before.info.run_name, "FINISHED")
    assert run.data.metrics == before.data.metrics
    assert run.data.params == before.data.params
    assert {tag: run.data.tags[tag] for tag in ours} == {tag: before.data.tags[tag] for tag in ours}
    assert "git_commit" not in run.data.tags

    project.run("dvc", "exp", "branch", "deep", "taken")
    assert project.run("flight-delay", "publish", "--rev", "taken", **elsewhere).stdout.startswith("already there")
    assert published().info.run_id == run.info.run_id
    assert published().data.tags["git_commit"] == project.run("git", "rev-parse", "taken").stdout.strip()


def test_a_commit_that_holds_no_pipeline_cannot_be_published(copy_of_made) -> None:
    copy_of_made.run("git", "rm", "--quiet", "dvc.lock")
    copy_of_made.commit("without a lock")
    refused = copy_of_made.run("flight-delay", "publish", code=2)
    assert refused.stderr.splitlines()[-1].startswith("flight-delay publish: error: commit ")
    assert not (copy_of_made.root / "mlflow.db").exists()
