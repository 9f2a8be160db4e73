"""A `dvc repro` beside another one, or beside a stage that has outlived its dvc: the bytes in the end are those of the run that
nobody disturbed."""

from __future__ import annotations

import shutil
import signal
import time

import psutil
import pytest

PATIENCE = 600


@pytest.fixture
def published(copy_of_made, made):
    """A copy of the made checkout that counts as published."""
    shutil.copytree(made.root / "logs", copy_of_made.root / "logs")
    return copy_of_made


def forget(project, stage: str) -> None:
    """Take what a stage made out of DVC's cache, so that it has to run again."""
    shutil.rmtree(project.root / ".dvc/cache/runs")
    for out in project.lock()[stage]["outs"]:
        (project.root / ".dvc/cache/files/md5" / out["md5"][:2] / out["md5"][2:]).unlink(missing_ok=True)


def again(stage: str) -> tuple[str, ...]:
    return ("dvc", "repro", "--single-item", "--force", stage)


def wait_for_end(processes: list[psutil.Process]) -> None:
    end = time.monotonic() + PATIENCE
    while any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes):
        assert time.monotonic() < end
        time.sleep(0.02)


def resume(processes: list[psutil.Process]) -> None:
    for process in processes:
        process.resume()
    wait_for_end(processes)


def test_a_stage_that_outlives_its_dvc_is_made_again_with_the_same_bytes(
    published, made, begin, assert_same, stages_run
) -> None:
    forget(published, "train_model")
    command = begin(published, *again("train_model"), hold="flight_delay.stages.train_model 1 log train_model: start")
    command.wait_until_held()
    resume(command.kill_only_dvc())

    assert stages_run(published.run("dvc", "repro").stdout) == ["train_model"]
    assert_same(published, made)


def test_a_stage_that_outlives_its_dvc_does_not_spoil_what_the_next_one_writes(
    published, made, begin, assert_same
) -> None:
    forget(published, "make_dataset")
    amid = r"flight_delay.stages.make_dataset 1 log .*\(1 of 5\)"
    command = begin(published, *again("make_dataset"), hold=amid)
    command.wait_until_held()
    left = command.kill_only_dvc()

    # The next one waits for the one that was left, which now comes to its end.
    following = begin(published, "dvc", "repro", "make_dataset")
    following.wait_for(lambda: "make_dataset: waiting" in following.said())
    resume(left)
    assert following.process.wait(PATIENCE) == 0, following.said()

    published.run("dvc", "repro")
    assert_same(published, made)


def test_a_second_repro_at_the_same_time_is_refused_and_the_first_one_finishes(
    published, made, begin, assert_same, files_made, stages_run
) -> None:
    forget(published, "train_model")
    first = begin(published, *again("train_model"), hold="flight_delay.stages.train_model 1 log train_model: start")
    first.wait_until_held()
    before = files_made(published)
    second = published.run("dvc", "repro", code=255)
    assert f"(PID {first.process.pid})" in second.stderr
    assert files_made(published) == before
    first.signal(signal.SIGCONT)

    assert first.process.wait(PATIENCE) == 0, first.said()
    assert stages_run(published.run("dvc", "repro").stdout) == []
    assert_same(published, made)
