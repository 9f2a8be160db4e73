"""Test concurrent `dvc repro`, and a stage that outlives its DVC: the outputs are those of an undisturbed run."""

from __future__ import annotations

import os
import shutil
import signal

import psutil
import pytest
from waiting import wait_until


@pytest.fixture
def published(copy_of_made, made):
    """A copy of the made checkout that counts as published."""
    shutil.copytree(made.root / "logs", copy_of_made.root / "logs")
    return copy_of_made


def again(stage: str) -> tuple[str, ...]:
    return ("dvc", "repro", "--single-item", "--force", stage)


def resume(processes: list[psutil.Process]) -> None:
    for process in processes:
        process.resume()
    wait_until(
        lambda: not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)
    )


def test_a_stage_that_outlives_its_dvc_is_made_again_with_the_same_bytes(
    published, made, begin, remove_outputs, assert_same, stages_run
) -> None:
    remove_outputs(published, "train_model")
    command = begin(published, *again("train_model"), hold="flight_delay.stages.train_model 1 log train_model: start")
    command.wait_until_held()
    resume(command.kill_only_dvc())

    assert stages_run(published.dvc("repro").stdout) == ["train_model"]
    assert_same(published, made)


def test_a_stage_that_outlives_its_dvc_does_not_spoil_what_the_next_one_writes(
    published, made, begin, remove_outputs, assert_same
) -> None:
    remove_outputs(published, "make_dataset")
    amid = r"flight_delay.stages.make_dataset 1 log .*\(1 of 5\)"
    command = begin(published, *again("make_dataset"), hold=amid)
    command.wait_until_held()
    left = command.kill_only_dvc()

    # The next one waits for the one that was left, which now comes to its end.
    following = begin(published, "dvc", "repro", "make_dataset")
    following.wait_for(lambda: "make_dataset: waiting" in following.output.read_text())
    resume(left)
    assert following.wait() == 0, following.output.read_text()

    published.dvc("repro")
    assert_same(published, made)


def test_a_second_repro_at_the_same_time_is_refused_and_the_first_one_finishes(
    published, made, begin, remove_outputs, assert_same, files_made, stages_run
) -> None:
    remove_outputs(published, "train_model")
    first = begin(published, *again("train_model"), hold="flight_delay.stages.train_model 1 log train_model: start")
    first.wait_until_held()
    before = files_made(published)
    second = published.dvc("repro", code=255)
    assert f"(PID {first.process.pid})" in second.stderr
    assert files_made(published) == before
    os.killpg(first.process.pid, signal.SIGCONT)

    assert first.wait() == 0, first.output.read_text()
    assert stages_run(published.dvc("repro").stdout) == []
    assert_same(published, made)
