"""`dvc repro` after what stopped it was mended: it does what was left to do, and nothing else."""

from __future__ import annotations

import re
import shlex
import shutil

from waiting import HERE, free_port

from flight_delay.vcs.lock import pipeline_digest


def test_dvc_fails_with_the_stage_and_succeeds_when_the_parameter_is_mended(copy_of_made, made):
    copy_of_made.params({"fetch_raw": {"through": "2014-01"}})
    failed = copy_of_made.dvc("repro", "report", code=255)
    assert "fetch_raw: error: params.yaml: " in failed.stderr
    assert "params.yaml: fetch_raw.through is 2014-01" in failed.stderr
    assert "exited with 2" in failed.stderr
    copy_of_made.params({"fetch_raw": {"through": "2013-05"}})
    copy_of_made.dvc("repro", "report")
    copy_of_made.run("git", "diff", "--exit-code", "HEAD")
    assert "up to date" in copy_of_made.dvc("status", "report").stdout
    assert copy_of_made.lock() == made.lock()


def test_when_the_server_is_back_dvc_publishes_alone(copy_of_made, made):
    away = f"http://{HERE}:{free_port()}"
    failed = copy_of_made.dvc("repro", code=255, timeout=60, MLFLOW_TRACKING_URI=away)
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
    failed = copy_of_made.run(*limited, code=2, PYTHONPATH="src", timeout=60)
    assert failed.stderr.splitlines()[-1].startswith("publish: error: ")
    assert "Traceback" not in failed.stderr
    copy_of_made.stage("publish")
    assert [run.info.status for run in copy_of_made.runs()] == ["FINISHED"]


def follow(project, error: str) -> None:
    """Run the command that an error suggests."""
    (command,) = re.findall("`(flight-delay .*?)`", error)
    project.command(*shlex.split(command)[1:])


def test_runs_that_dvc_does_not_publish_are_published_as_the_error_suggests(copy_of_made, made):
    """DVC has the receipt: without the database, and after `dvc commit`, `dvc repro` does nothing."""
    shutil.copytree(made.root / "logs", copy_of_made.root / "logs")
    assert "Running" not in copy_of_made.dvc("repro").stdout
    follow(copy_of_made, copy_of_made.command("promote", "HEAD", code=2).stderr)
    digests = [pipeline_digest(copy_of_made.lock())]
    assert [run.data.tags["pipeline_digest"] for run in copy_of_made.runs()] == digests

    copy_of_made.params({"evaluate": {"min_slice_flights": 310}})
    copy_of_made.dvc("commit", "--force")
    copy_of_made.commit("accept the outputs")
    assert "Running" not in copy_of_made.dvc("repro").stdout
    follow(copy_of_made, copy_of_made.command("promote", "HEAD", code=2).stderr)
    digests.append(pipeline_digest(copy_of_made.lock()))
    assert [run.data.tags["pipeline_digest"] for run in copy_of_made.runs()] == digests
