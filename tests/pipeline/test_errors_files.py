"""Files that are damaged, missing or may not be touched, and full disks: one line that says what, where and what to do,
exit code 2, and nothing has changed."""

from __future__ import annotations

import errno
import os
import re
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flight_delay.core.incremental import RECORD

# The first month, which is read at once; the second, which has no 30th.
RAW, SECOND = (f"data/raw/flights/2013-{month}.parquet" for month in ("01", "02"))
MODEL, MANIFEST, DECISION = (f"models/bundle/{name}" for name in ("model.ubj", "manifest.json", "decision.json"))
SELECTION = "data/selected_features.json"
WRITING = [("build_features", "data/processed"), ("train_model", "models/bundle")]
# A file may have this many bytes: less than a month of flights, less than a small model.
TOO_FEW_BYTES = {"build_features": 100_000, "train_model": 8_000}


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def without_column(path: Path) -> None:
    pq.write_table(pq.read_table(path).drop_columns(["dest"]), path)


def with_column(name: str, value: Any, kind: pa.DataType) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        table = pq.read_table(path).slice(0, 2_000)  # of more than a hundred thousand, of which few may be wrong
        column = pa.array([value] * table.num_rows, kind)
        pq.write_table(table.set_column(table.schema.get_field_index(name), name, column), path)

    return change


def of_another_format(path: Path) -> None:
    path.write_text(re.sub(r'"format": \d', '"format": 99', path.read_text()))


def removed(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


DAMAGED = {
    "a raw file cut short": ("make_dataset", RAW, cut_short, ["not a whole Parquet file"]),
    "an empty raw file": ("make_dataset", RAW, emptied, ["not a whole Parquet file"]),
    "a raw file without a column": ("make_dataset", RAW, without_column, ["'dest' is missing"]),
    "a raw column of another type": (
        "make_dataset",
        RAW,
        with_column("dest", 7, pa.int64()),
        ["destination: does not"],
    ),
    "a day that is none": ("make_dataset", SECOND, with_column("day", 30, pa.int64()), ["flight_date: is not a date"]),
    "no airports": ("make_dataset", "data/raw/tables/airports.parquet", removed, ["no such file"]),
    "an interim file cut short": ("build_features", "data/interim/flights/2013-04.parquet", cut_short, ["not a whole"]),
    "no observations of the weather": ("build_features", "data/interim/weather.parquet", removed, ["no such file"]),
    "a processed file cut short": ("train_model", "data/processed/2013-02.parquet", cut_short, ["not a whole"]),
    "no selection of features": ("train_model", SELECTION, removed, ["dvc"]),
    "a selection cut short": ("train_baselines", SELECTION, cut_short, ["dvc"]),
    "an empty selection": ("backtest", SELECTION, emptied, ["dvc"]),
    "no predictions of the backtest": ("choose_threshold", "reports/backtest/predictions", removed, ["dvc"]),
    "no predictions to take thresholds from": ("drift_thresholds", "reports/backtest/predictions", removed, ["dvc"]),
    "no model to take thresholds for": ("drift_thresholds", MODEL, removed, ["dvc"]),
    "a processed month of the backtest cut short": (
        "drift_thresholds",
        "data/processed/2013-04.parquet",
        cut_short,
        ["not a whole"],
    ),
    "nothing decided": ("evaluate", "reports/choose_threshold/metrics.json", removed, ["dvc"]),
    "no training curve": ("evaluate", "reports/train/curve.csv", removed, ["dvc"]),
    "an empty training curve": ("evaluate", "reports/train/curve.csv", emptied, ["dvc"]),
    "no baselines": ("evaluate", "reports/baselines", removed, ["dvc"]),
    "a plot missing": ("report", "reports/evaluate/roc.png", removed, ["dvc"]),
    "a model cut short": ("evaluate", MODEL, cut_short, ["dvc"]),
    "a model cut short, to be explained": ("interpret", MODEL, cut_short, ["dvc"]),
    "a bundle without its model": ("evaluate", MODEL, removed, ["dvc"]),
    "a manifest cut short": ("evaluate", MANIFEST, cut_short, ["dvc"]),
    "a manifest of another format": ("evaluate", MANIFEST, of_another_format, ["dvc"]),
    "no manifest": ("interpret", MANIFEST, removed, ["dvc"]),
    "a decision cut short": ("evaluate", DECISION, cut_short, ["dvc"]),
    "a decision of another format": ("interpret", DECISION, of_another_format, ["dvc"]),
    "no decision": ("evaluate", DECISION, removed, ["dvc"]),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_file_that_cannot_be_used_is_named(checkout, monkeypatch, what):
    stage, path, damage, parts = DAMAGED[what]
    damage(checkout.root / path)
    checkout.refuses(stage, path, *parts)


@contextmanager
def full_file_system(folder: Path) -> Iterator[None]:
    """Put a folder on a file system of its own that has no space left."""
    aside = folder.with_name("aside")
    folder.rename(aside)
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
    try:
        if mount.returncode:
            pytest.skip("file systems can only be mounted by root")
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        blocks = os.statvfs(folder)
        used = (blocks.f_blocks - blocks.f_bfree) * blocks.f_frsize // 1024
        # One page for the folder that the stage begins to write into.
        subprocess.run(["mount", "-o", f"remount,size={used + 4}k", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=mount.returncode == 0, capture_output=True)
        shutil.rmtree(folder)
        aside.rename(folder)


@pytest.mark.parametrize(("stage", "path"), WRITING)
def test_a_full_disk_is_named_with_what_could_not_be_written(checkout, stage, path):
    (checkout.root / path / RECORD).unlink(missing_ok=True)  # lest unchanged months are kept
    with full_file_system(checkout.root / Path(path).parts[0]):
        checkout.refuses(stage, os.strerror(errno.ENOSPC), Path(path).name)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let this process write no larger files."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(("stage", "path"), WRITING)
def test_a_file_that_may_not_grow_so_far_is_named(checkout, stage, path):
    (checkout.root / path / RECORD).unlink(missing_ok=True)  # lest unchanged months are kept
    with files_of_at_most(TOO_FEW_BYTES[stage]):
        checkout.refuses(stage, os.strerror(errno.EFBIG), Path(path).name)


@pytest.mark.parametrize(
    ("stage", "folder", "parts"),
    [
        ("build_features", "data", "data/"),
        ("build_features", "data/processed", "data/processed"),
        ("build_features", "models", "models/"),
        ("build_features", "models/history", "models/history"),
        ("train_model", "models/bundle", "models/bundle"),
        ("choose_threshold", "models/bundle", "models/bundle"),
        ("report", "reports", "reports/"),
    ],
)
def test_a_folder_that_may_not_be_written_to_is_named(checkout, as_a_user, stage, folder, parts):
    (checkout.root / folder).chmod(0o555)
    try:
        as_a_user(checkout.refuses, stage, os.strerror(errno.EACCES), parts)
    finally:
        (checkout.root / folder).chmod(0o755)


@pytest.mark.parametrize("path", ["data/processed/2013-01.parquet", "data/processed", "params.yaml"])
def test_what_may_not_be_read_is_named(checkout, as_a_user, path):
    mode = (checkout.root / path).stat().st_mode
    before = checkout.state()
    (checkout.root / path).chmod(0)
    try:
        done = as_a_user(checkout.stage_here, "train_model", code=2)
    finally:
        (checkout.root / path).chmod(mode)
    error = done.stderr.splitlines()[-1]
    assert error.startswith(f"train_model: error: {path}: Permission denied")
    assert checkout.state() == before
