"""`dvc repro` after what stopped it was mended: it does what was left to do, and nothing else."""

from __future__ import annotations

import re
import shlex
import shutil

from mlflow import MlflowClient
from waiting import HERE, free_port

from flight_delay.vcs.lock import pipeline_digest


def test_dvc_fails_with_the_stage_and_succeeds_when_the_parameter_is_mended(copy_of_made, made):
    copy_of_made.params({"fetch_raw": {"last_month": "2014-01"}})
    failed = copy_of_made.dvc("repro", "report", code=255)
    assert "fetch_raw: error: params.yaml: " in failed.stderr
    assert "params.yaml: fetch_raw.last_month is 2014-01" in failed.stderr
    assert "exited with 2" in failed.stderr
    copy_of_made.params({"fetch_raw": {"last_month": "2013-05"}})
    copy_of_made.dvc("repro", "report")
    copy_of_made.run("git", "diff", "--exit-code", "HEAD")
    assert "up to date" in copy_of_made.dvc("status", "report").stdout
    assert copy_of_made.lock() == made.lock()


def test_when_the_server_is_back_dvc_publishes_alone(copy_of_made, made):
    away = f"http://{HERE}:{free_port()}"
    failed = copy_of_made.dvc("repro", code=255, MLFLOW_TRACKING_URI=away)
    assert f"publish: error: MLflow at {away} " in failed.stderr
    assert f"{away} does not answer" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert copy_of_made.lock() == made.lock()
    assert copy_of_made.run("git", "status", "--porcelain").stdout == ""

    again = copy_of_made.dvc("repro")
    assert [line for line in again.stdout.splitlines() if line.startswith("Running")] == ["Running stage 'publish':"]
    assert [run.info.status for run in copy_of_made.runs()] == ["FINISHED"]


def test_after_a_full_disk_cut_the_making_of_the_database_short_publishing_succeeds(copy_of_made):
    # In blocks of 512 bytes: a third of what an empty database of MLflow has.
    limited = ["sh", "-c", 'ulimit -f 600; exec "$@"', "sh", "python", "-m", "flight_delay.stages.publish"]
    failed = copy_of_made.run(*limited, code=2, PYTHONPATH="src")
    assert failed.stderr.splitlines()[-1].startswith("publish: error: ")
    assert "Traceback" not in failed.stderr
    copy_of_made.stage("publish")
    assert [run.info.status for run in copy_of_made.runs()] == ["FINISHED"]


def publish_as_advised(project, *command: str, **environment: str) -> None:
    """Run a command that fails, since MLflow lacks a run, and then the command in its error message."""
    refused = project.command(*command, code=2, **environment)
    program, *arguments = shlex.split(re.search("`(.*)`", refused.stderr.splitlines()[-1])[1])
    assert program == "flight-delay"
    project.command(*arguments, **environment)


def test_a_run_that_is_missing_in_mlflow_is_published_as_advised(copy_of_made, tmp_path):
    """Where DVC sees nothing to do: `dvc repro` does not look into MLflow."""
    copy_of_made.dvc("repro")
    (run,) = copy_of_made.runs()
    client = MlflowClient(f"sqlite:///{copy_of_made.root / 'mlflow.db'}")
    client.delete_run(run.info.run_id)
    assert "Running stage" not in copy_of_made.dvc("repro").stdout
    publish_as_advised(copy_of_made, "promote", "HEAD")
    assert [run.info.status for run in copy_of_made.runs()] == ["FINISHED"]
    for command in (("promote", "HEAD"), ("registry",), ("ui",)):
        elsewhere = tmp_path / f"{command[0]}.db"
        if command == ("ui",):
            MlflowClient(f"sqlite:///{elsewhere}").search_experiments()
        publish_as_advised(copy_of_made, *command, MLFLOW_TRACKING_URI=f"sqlite:///{elsewhere}")
        assert len(MlflowClient(f"sqlite:///{elsewhere}").search_runs(["1"])) == 1


def test_a_deleted_experiment_is_refused(copy_of_made):
    client = MlflowClient(f"sqlite:///{copy_of_made.root / 'mlflow.db'}")
    number = client.create_experiment("flight-delay")
    client.delete_experiment(number)
    for command in ("publish", "ui"):
        error = copy_of_made.command(command, code=2).stderr.splitlines()[-1]
        assert f"mlflow experiments restore -x {number}" in error


def test_runs_that_dvc_does_not_publish_are_published_as_the_error_suggests(copy_of_made, made):
    """DVC has the receipt: without the database, and after `dvc commit`, `dvc repro` does nothing."""
    shutil.copytree(made.root / "logs", copy_of_made.root / "logs")
    assert "Running" not in copy_of_made.dvc("repro").stdout
    publish_as_advised(copy_of_made, "promote", "HEAD")
    digests = [pipeline_digest(copy_of_made.lock())]
    assert [run.data.tags["pipeline_digest"] for run in copy_of_made.runs()] == digests

    copy_of_made.params({"evaluate": {"min_slice_rows": 310}})
    copy_of_made.dvc("commit", "--force")
    copy_of_made.commit("accept the outputs")
    assert "Running" not in copy_of_made.dvc("repro").stdout
    publish_as_advised(copy_of_made, "promote", "HEAD")
    digests.append(pipeline_digest(copy_of_made.lock()))
    assert [run.data.tags["pipeline_digest"] for run in copy_of_made.runs()] == digests
