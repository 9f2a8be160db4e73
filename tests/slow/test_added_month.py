"""Stages that keep unchanged months: the files of a full run, after any change, and only the needed months written."""

from __future__ import annotations

import dataclasses
import shutil
import signal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from waiting import wait_until

MONTHS = [f"2013-{month:02d}" for month in range(1, 6)]
FOLDERS = ("data/interim/flights", "data/interim/quarantine", "data/processed", "models/history")
STAGES = ("make_dataset", "build_features")


def files(project) -> dict[str, bytes]:
    """Content of the files of both stages, without the records of kept months."""
    paths = [path for folder in FOLDERS for path in (project.root / folder).glob("*.parquet")]
    return {str(path.relative_to(project.root)): path.read_bytes() for path in paths}


def written(project, former: dict[str, int]) -> dict[str, list[str]]:
    """Months by folder whose file is another than before."""
    months: dict[str, list[str]] = {folder: [] for folder in FOLDERS}
    for name, inode in sorted(inodes(project).items()):
        if inode != former.get(name):
            months[str(Path(name).parent)].append(Path(name).stem)
    return months


def inodes(project) -> dict[str, int]:
    return {name: (project.root / name).stat().st_ino for name in files(project)}


def run(project) -> dict[str, list[str]]:
    """Run both stages; return the months that they wrote, by folder."""
    before = inodes(project)
    for stage in STAGES:
        project.stage(stage)
    return written(project, before)


def assert_like_a_full_run(project, tmp_path) -> None:
    """Compare with the files of a project that never ran."""
    full = dataclasses.replace(project, root=tmp_path / "full")
    shutil.rmtree(full.root, ignore_errors=True)
    ignored = shutil.ignore_patterns("interim", "processed", "history", ".dvc", ".git", "mlruns", "reports")
    shutil.copytree(project.root, full.root, symlinks=True, ignore=ignored)
    for stage in STAGES:
        full.stage(stage)
    assert files(project) == files(full)


def change_raw(project, month: str) -> None:
    """Correct a raw month: its last flight is left out."""
    path = project.root / f"data/raw/flights/{month}.parquet"
    table = pq.read_table(path)
    path.unlink()  # it may be a link into the cache
    pq.write_table(table.slice(0, table.num_rows - 1), path)


@pytest.fixture
def project(copy_of_made, tmp_path):
    """A copy of the small pipeline, whose last month is put aside."""
    raw = copy_of_made.root / f"data/raw/flights/{MONTHS[4]}.parquet"
    shutil.move(raw, tmp_path / raw.name)
    run(copy_of_made)
    return copy_of_made


def test_a_new_month_is_the_only_one_written(project, tmp_path) -> None:
    shutil.move(tmp_path / f"{MONTHS[4]}.parquet", project.root / "data/raw/flights")
    assert run(project) == {folder: [MONTHS[4]] for folder in FOLDERS}
    assert_like_a_full_run(project, tmp_path)
    assert run(project) == {folder: [] for folder in FOLDERS}


def test_a_corrected_month_reaches_as_far_as_the_history(project, tmp_path) -> None:
    change_raw(project, MONTHS[1])
    changed = run(project)
    # The lookback of the features is seven days, so that the month after it reads its counts.
    assert changed == {
        "data/interim/flights": [MONTHS[1]],
        "data/interim/quarantine": [],
        "models/history": [MONTHS[1]],
        "data/processed": [MONTHS[1], MONTHS[2]],
    }
    assert_like_a_full_run(project, tmp_path)


def test_other_code_and_parameters_make_every_month_again(project, tmp_path) -> None:
    project.params({"build_features": {"late_threshold_minutes": 30}})
    assert run(project)["data/processed"] == MONTHS[:4]
    assert_like_a_full_run(project, tmp_path)
    function = project.root / "src/flight_delay/features/schedule.py"
    function.write_text(function.read_text().replace("return ", "return 2 * ", 1))
    run(project)
    assert_like_a_full_run(project, tmp_path)


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_run_leaves_nothing_wrong(project, tmp_path, stage) -> None:
    shutil.move(tmp_path / f"{MONTHS[4]}.parquet", project.root / "data/raw/flights")
    change_raw(project, MONTHS[1])
    if stage == "build_features":
        project.stage("make_dataset")
    process = project.start("python", "-m", f"flight_delay.stages.{stage}", PYTHONPATH="src")
    wait_until(lambda: list(project.root.rglob(".*.partial/*.parquet")) or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    run(project)
    assert_like_a_full_run(project, tmp_path)


def test_a_damaged_file_of_a_former_run_is_made_again(project, tmp_path) -> None:
    path = project.root / f"data/processed/{MONTHS[0]}.parquet"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1] + b"?")
    assert run(project)["data/processed"] == [MONTHS[0]]
    assert_like_a_full_run(project, tmp_path)
