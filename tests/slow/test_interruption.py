"""Killed stages, a killed dvc, two at once: the next `dvc repro` finishes with the bytes of the run that nobody disturbed."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest
import yaml
from mlflow import MlflowClient

REPOSITORY = Path(__file__).resolve().parents[2]
MAKING = [stage for stage in yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"] if stage != "publish"]
PATIENCE = 120


@pytest.fixture
def published(copy_of_made, made):
    """A copy of the made checkout that counts as published."""
    shutil.copytree(made.root / "logs", copy_of_made.root / "logs")
    return copy_of_made


def begins_to_write(project, stage: str) -> Callable[[], bool]:
    """Whether there is something of an output of a stage, under the name that it has before it is whole."""
    outs = [project.root / out["path"] for out in project.lock()[stage]["outs"]]
    return lambda: any(True for out in outs for _ in out.parent.glob(f".{out.name}*partial"))


def forget(project, stage: str) -> None:
    """Take what a stage made out of DVC's cache, so that it has to run again."""
    shutil.rmtree(project.root / ".dvc/cache/runs")
    for out in project.lock()[stage]["outs"]:
        (project.root / ".dvc/cache/files/md5" / out["md5"][:2] / out["md5"][2:]).unlink(missing_ok=True)


def files(project) -> dict[str, bytes]:
    """All outputs but the receipt, by path."""
    outs = [project.root / out["path"] for stage in MAKING for out in project.lock()[stage]["outs"]]
    every = [file for out in outs for file in ([out] if out.is_file() else out.rglob("*")) if file.is_file()]
    return {str(file.relative_to(project.root)): file.read_bytes() for file in every}


def assert_same(project, made) -> None:
    assert project.lock() == made.lock()
    assert files(project) == files(made)
    assert "up to date" in project.run("dvc", "status").stdout


def finish(project) -> list[str]:
    """Run `dvc repro` to its end; the stages that ran."""
    said = project.run("dvc", "repro").stdout
    return [line.split("'")[1] for line in said.splitlines() if line.startswith("Running stage")]


@pytest.mark.parametrize("moment", ["as it works", "as it writes"])
@pytest.mark.parametrize("stage", MAKING)
def test_a_stage_that_is_killed_with_dvc_is_made_again_with_the_same_bytes(published, made, begin, stage, moment):
    forget(published, stage)
    writing = begins_to_write(published, stage)
    command = begin(published, "--single-item", "--force", stage)
    command.wait_for(lambda: command.said(f"{stage}: start"))
    if moment == "as it works":
        time.sleep(0.02)
    else:
        command.wait_for(lambda: writing() or command.said(f"{stage}: done"))
    command.kill()

    assert finish(published) == [stage]
    assert_same(published, made)


def test_a_killed_stage_is_restored_from_the_cache_and_what_it_left_behind_is_not_published(copy_of_made, made, begin):
    writing = begins_to_write(copy_of_made, "train_baselines")
    command = begin(copy_of_made, "--single-item", "--force", "train_baselines")
    command.wait_for(writing)
    command.kill()

    assert finish(copy_of_made) == ["publish"]
    assert_same(copy_of_made, made)
    published = [path.name for path in (copy_of_made.root / "mlruns").rglob("*")]
    assert "index.html" in published
    assert [name for name in published if name.endswith("partial")] == []


def queried(project, query: str) -> list[tuple]:
    """What MLflow's database answers; nothing while it cannot."""
    database = f"file:{project.root / 'mlflow.db'}?mode=ro"
    with suppress(sqlite3.Error), closing(sqlite3.connect(database, uri=True, timeout=0)) as connection:
        return connection.execute(query).fetchall()
    return []


def making_the_database(project) -> bool:
    """A table is being changed, which MLflow does in several steps; or, if that cannot be seen, there is a run."""
    changing = queried(project, "SELECT 1 FROM sqlite_master WHERE name LIKE '\\_alembic\\_tmp%' ESCAPE '\\'")
    return bool(changing or queried(project, "SELECT 1 FROM runs"))


def logging_files(project) -> bool:
    return any(path.is_file() for path in project.root.glob("mlruns/*/*/artifacts/**/*"))


@pytest.mark.parametrize("moment", [making_the_database, logging_files])
def test_after_publish_was_killed_there_is_one_whole_run(copy_of_made, made, begin, moment):
    command = begin(copy_of_made, "--single-item", "--force", "publish")
    command.wait_for(lambda: command.said("publish: start"))

    def caught() -> bool:
        # What stands still cannot leave the moment behind before it is killed.
        command.signal(signal.SIGSTOP)
        found = moment(copy_of_made)
        if not found:
            command.signal(signal.SIGCONT)
        return found

    command.wait_for(caught)
    command.kill()

    assert finish(copy_of_made) == ["publish"]
    client = MlflowClient(f"sqlite:///{copy_of_made.root / 'mlflow.db'}")
    runs = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    assert [run.info.status for run in runs] == ["FINISHED"]
    assert runs[0].data.tags["pipeline_digest"] in (made.root / "logs/publish/receipt.json").read_text()
    logged = Path(runs[0].info.artifact_uri.removeprefix("file://"))
    assert (logged / "report/index.html").read_bytes() == (made.root / "reports/index.html").read_bytes()
    assert_same(copy_of_made, made)


def wait_for_end(processes: list[psutil.Process]) -> None:
    end = time.monotonic() + PATIENCE
    while any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_stage_that_outlives_its_dvc_is_made_again_with_the_same_bytes(published, made, begin):
    forget(published, "train_model")
    command = begin(published, "--single-item", "--force", "train_model")
    command.wait_for(lambda: command.said("train_model: start"))
    wait_for_end(command.kill_only_dvc())

    assert finish(published) == ["train_model"]
    assert_same(published, made)


def test_a_stage_that_outlives_its_dvc_does_not_spoil_what_the_next_one_writes(published, made, begin):
    forget(published, "make_dataset")
    command = begin(published, "--single-item", "--force", "make_dataset")
    command.wait_for(lambda: command.said("(1 of 5)"))
    command.signal(signal.SIGSTOP)
    left = command.kill_only_dvc()

    # The next one has begun to write, or is held back from it; now the one that was left comes to its end.
    following = begin(published, "make_dataset")
    patience = time.monotonic() + 8
    following.wait_for(lambda: following.said("(1 of 5)") or time.monotonic() > patience)
    following.signal(signal.SIGSTOP)
    for process in left:
        process.resume()
    wait_for_end(left)
    following.signal(signal.SIGCONT)
    following.process.wait()

    finish(published)
    assert_same(published, made)


def test_a_second_repro_at_the_same_time_is_refused_and_the_first_one_finishes(published, made, begin):
    forget(published, "train_model")
    first = begin(published, "--single-item", "--force", "train_model")
    first.wait_for(lambda: first.said("train_model: start"))
    first.signal(signal.SIGSTOP)
    before = files(published)
    second = published.run("dvc", "repro", code=255)
    assert "is busy, it is being blocked by" in second.stderr
    assert f"(PID {first.process.pid})" in second.stderr
    assert files(published) == before
    first.signal(signal.SIGCONT)

    assert first.process.wait() == 0, first.output.read_text()
    assert finish(published) == []
    assert_same(published, made)
