"""Experiments with `dvc exp`, one at once and two queued: every pipeline is one run, none is lost or doubled."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from mlflow import MlflowClient

# Run here as they stand in the README; the others are run by test_documented_commands.py.
DOCUMENTED = (
    "dvc exp run -S train_model.max_depth=5",
    "dvc exp show --only-changed --keep '^backtest|^test\\.(roc_auc|log_loss)'",
    "dvc metrics diff HEAD",
    "dvc params diff HEAD",
    "dvc plots diff HEAD",
    "git restore params.yaml dvc.lock reports/*.json",
    "dvc checkout",
    "dvc queue start -j 2",
    "dvc queue status",
)
RUN, SHOW, METRICS, PARAMS, PLOTS, RESTORE, CHECKOUT, START, STATUS = DOCUMENTED
DEPTH = "train_model.max_depth"
# What is queued does not train: how a worker runs a pipeline does not depend on which stages are to be run.
ERRORS = "interpret.n_worst_errors"
QUEUED = {"one": 1, "three": 3}  # by experiment; the baseline has 2
PATIENCE = 1200


def client_of(project) -> MlflowClient:
    return MlflowClient(f"sqlite:///{project.root / 'mlflow.db'}")


def stop_workers(project) -> None:
    """End the workers of the queue and whatever else still runs in this checkout."""
    project.dvc("queue", "stop", "--kill", code=None)
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(project.root):
                process.kill()


def wait_for_queue(project) -> str:
    """Wait until nothing is queued or running; what DVC says of the queue then."""
    end, asked_again, refs = time.monotonic() + PATIENCE, time.monotonic() + 60, project.root / ".git/refs/exps"
    while True:
        done = {path.name for path in refs.rglob("*") if path.is_file()}
        if set(QUEUED) <= done or time.monotonic() > asked_again:  # asking DVC takes more work than looking
            status = project.dvc(*shlex.split(STATUS)[1:]).stdout
            if not re.search("Queued|Running", status):
                return status
            asked_again = time.monotonic() + 60
        assert time.monotonic() < end
        time.sleep(1)


@pytest.fixture(scope="module")
def experiments(made, copied, tmp_path_factory):
    """A checkout with one direct and two queued experiments; the name of the first and the output of DVC."""
    project = copied(made, tmp_path_factory.mktemp("experiments") / "project")

    def run(command: str, *more: str) -> str:
        arguments = shlex.split(command)[1:]
        return project.dvc(*arguments, *more).stdout

    (name,) = re.findall(r"^Ran experiment\(s\): (\S+)$", run(RUN), re.MULTILINE)
    printed = {command: run(command) for command in (SHOW, METRICS, PARAMS, PLOTS)}
    diffs = {command: json.loads(run(command, "--json")) for command in (METRICS, PARAMS)}
    assert (project.root / "dvc_plots/index.html").exists()
    project.run("bash", "-ec", RESTORE)
    run(CHECKOUT)
    assert project.run("git", "status", "--porcelain").stdout == ""
    for queued, errors in QUEUED.items():
        project.dvc("exp", "run", "--queue", "--name", queued, "--set-param", f"{ERRORS}={errors}")
    try:
        # The workers inherit its output; one may never end (a race of DVC's workers on their message files).
        project.run("bash", "-ec", f"{START} > /dev/null 2>&1")
        status = wait_for_queue(project)
    finally:
        stop_workers(project)
    shown = project.dvc("exp", "show", "--csv").stdout
    return project, name, {"printed": printed, "diffs": diffs, "queue": status, "show": shown}


def test_every_experiment_succeeds(experiments) -> None:
    _, name, outputs = experiments
    assert re.findall(r"(one|three) .* (\w+)", outputs["queue"]) == [("one", "Success"), ("three", "Success")]
    assert name in outputs["printed"][SHOW]
    assert DEPTH in outputs["printed"][PARAMS]
    assert "test.roc_auc" in outputs["printed"][METRICS]


def test_every_experiment_is_one_finished_run_of_the_main_checkout(made, experiments) -> None:
    project, name, _ = experiments
    runs = project.runs()
    by_name = {run.data.tags["dvc_experiment"]: run for run in runs}
    assert len(runs) == len(by_name) == 3
    assert {queued: int(by_name[queued].data.params[ERRORS]) for queued in QUEUED} == QUEUED
    assert {run.data.params[DEPTH] for run in runs if run is not by_name[name]} == {"3"}
    assert by_name[name].data.params[DEPTH] == "5"
    names = {name: f"max_depth 3→5 ({name})"} | {
        key: f"interpret.n_worst_errors 2→{value} ({key})" for key, value in QUEUED.items()
    }
    assert {key: run.info.run_name for key, run in by_name.items()} == names
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert len({run.data.tags["pipeline_digest"] for run in runs}) == len(runs)
    baseline = made.run("git", "rev-parse", "HEAD").stdout.strip()
    assert {run.data.tags["dvc_baseline_commit"] for run in runs} == {baseline}
    assert {run.data.tags["baseline_commit"] for run in runs} == {baseline}
    # What is only tried out is in no commit.
    assert [run for run in runs if "git_commit" in run.data.tags] == []


def test_artifacts_of_every_experiment_are_readable_in_the_main_checkout(experiments, tmp_path) -> None:
    project, _, _ = experiments
    client = client_of(project)
    for run in project.runs():
        assert Path(run.info.artifact_uri.removeprefix("file://")).is_relative_to(project.root / "mlruns")
        path = client.download_artifacts(run.info.run_id, "reports/metrics.json", str(tmp_path))
        metrics = json.loads(Path(path).read_text())
        assert metrics["test"]["roc_auc"] == run.data.metrics["test/roc_auc"]
        (model,) = client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'")
        assert model.status == "READY"


def test_dvc_shows_the_same_numbers_as_mlflow(experiments) -> None:
    project, name, outputs = experiments
    shown = {row["Experiment"]: row for row in csv.DictReader(io.StringIO(outputs["show"])) if row["Experiment"]}
    assert set(shown) == {name, *QUEUED}
    for run in project.runs():
        row = shown[run.data.tags["dvc_experiment"]]
        assert [row[key] for key in (DEPTH, ERRORS)] == [run.data.params[key] for key in (DEPTH, ERRORS)]
        assert float(row["test.roc_auc"]) == run.data.metrics["test/roc_auc"]


def test_diffs_show_what_was_changed_and_what_came_of_it(made, experiments) -> None:
    project, name, outputs = experiments
    assert outputs["diffs"][PARAMS] == {"params.yaml": {DEPTH: {"old": 3, "new": 5, "diff": 2}}}
    change = outputs["diffs"][METRICS]["reports/metrics.json"]["test.roc_auc"]
    deeper = next(run for run in project.runs() if run.data.tags["dvc_experiment"] == name)
    before = json.loads((made.root / "reports/metrics.json").read_text())["test"]["roc_auc"]
    assert (change["old"], change["new"]) == (before, deeper.data.metrics["test/roc_auc"])
    assert before != deeper.data.metrics["test/roc_auc"]


NUMBER, SIGNED = r"−?\d+\.\d+", r"[+−]\d+\.\d+"
AUC_ROW = re.compile(rf"^\| ROC AUC \| {NUMBER} \| {NUMBER} \| ({SIGNED}) \| {SIGNED} to {SIGNED} \|", re.MULTILINE)


def test_an_experiment_is_compared_with_the_commit_that_it_came_from(experiments) -> None:
    project, name, _ = experiments
    before = project.state()
    done = project.command("compare", "HEAD", name)
    page = done.stdout.splitlines()
    experiment = ("for-each-ref", "--format=%(objectname)", f"refs/exps/*/*/{name}")
    commits = [project.run("git", *command).stdout[:10] for command in (("rev-parse", "HEAD"), experiment)]
    assert re.match(r"## (B is (better|worse)|No difference)", page[0])
    sides = re.findall(r"([AB]) is `([\w-]+)` \((\w+)\)", page[2])
    assert sides == [("A", "HEAD", commits[0]), ("B", name, commits[1])]
    assert page[4].startswith("- **Backtest**, which decides: ")
    assert page[5].startswith("- **Test**, which can veto")
    assert f"| `{DEPTH}` | `3` | `5` |" in page
    (code,) = (line for line in page if line.startswith("- Code and other inputs: "))
    assert code.endswith("inputs: the same.")
    (data,) = (line for line in page if line.startswith("- Data: "))
    assert "raw files the same, " in data
    assert data.endswith("features the same (`data/processed`).")
    assert "Careful" not in done.stdout
    assert len(page) <= 70
    # Two months of the backtest, one of the test.
    assert re.findall(r" of (\d+) days;", done.stdout) == ["61", "31"]
    rows = AUC_ROW.findall(done.stdout)
    assert len(rows) == 2
    row = r"^\| `2013-05-\d\d-\w\w-\d+-\w{3}-\d{4}` \|"
    assert len(re.findall(row, done.stdout, re.MULTILINE)) == 10
    assert f"reading {name}" in done.stderr
    # The other way round differences change their sign; HEAD is the default of the second revision.
    turned = project.command("compare", name).stdout
    assert f"| `{DEPTH}` | `5` | `3` |" in turned
    assert AUC_ROW.findall(turned) == [row.translate(str.maketrans("+−", "−+")) for row in rows]
    assert project.state() == before


def test_a_description_compares_with_the_baseline(made, experiments) -> None:
    project, _, _ = experiments
    baseline = json.loads((made.root / "reports/metrics.json").read_text())["test"]["roc_auc"]
    for run in project.runs():
        (row,) = (line for line in run.data.tags["mlflow.note.content"].splitlines() if "| test ROC AUC |" in line)
        assert row.startswith(f"| test ROC AUC | {run.data.metrics['test/roc_auc']:.3f} | {baseline:.3f} | ")


def test_an_experiment_is_published_afterwards_and_gets_its_commit_when_it_has_one(experiments, tmp_path) -> None:
    project, name, _ = experiments
    (before,) = (run for run in project.runs() if run.data.tags["dvc_experiment"] == name)
    elsewhere = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'other.db'}", "HOME": str(tmp_path)}
    printed = project.command("publish", "--rev", name, **elsewhere).stdout
    assert printed.startswith("added run")

    def published() -> Any:
        client = MlflowClient(elsewhere["MLFLOW_TRACKING_URI"])
        (run,) = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
        return run

    run, ours = published(), ("pipeline_digest", "dvc_experiment", "dvc_baseline_commit", "baseline_commit")
    assert (run.info.run_name, run.info.status) == (before.info.run_name, "FINISHED")
    assert run.data.metrics == before.data.metrics
    assert run.data.params == before.data.params
    assert {tag: run.data.tags[tag] for tag in ours} == {tag: before.data.tags[tag] for tag in ours}
    assert "git_commit" not in run.data.tags

    project.dvc("exp", "branch", name, "taken")
    assert project.command("publish", "--rev", "taken", **elsewhere).stdout.startswith("already published")
    assert published().info.run_id == run.info.run_id
    assert published().data.tags["git_commit"] == project.run("git", "rev-parse", "taken").stdout.strip()


def test_a_commit_that_holds_no_pipeline_cannot_be_published(copy_of_made) -> None:
    copy_of_made.run("git", "rm", "--quiet", "dvc.lock")
    copy_of_made.commit("without a lock")
    refused = copy_of_made.command("publish", code=2)
    assert refused.stderr.splitlines()[-1].startswith("flight-delay publish: error: commit ")
    assert not (copy_of_made.root / "mlflow.db").exists()
