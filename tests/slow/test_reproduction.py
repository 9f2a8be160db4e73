"""Test that `dvc repro` runs nothing twice, and that one more month adds files only.

A fresh clone gets the same bytes: test_verify.py; also after kills: interruption/."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil

import pytest

UP_TO_DATE = "Data and pipelines are up to date."


def git_status(project) -> str:
    return project.run("git", "status", "--porcelain").stdout


def listing(project, folder: str) -> dict[str, str]:
    """MD5 by name of the files of an output folder, as DVC's cache has them."""
    outs = [out for entry in project.lock().values() for out in entry["outs"] if out["path"] == folder]
    md5 = outs[0]["md5"]
    content = json.loads((project.root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]).read_text())
    return {entry["relpath"]: entry["md5"] for entry in content}


@pytest.fixture(scope="module")
def whole_copy(made, tmp_path_factory):
    """A copy of the made checkout with all that is in it. Nothing in it is to be changed, but DVC and git may look."""
    root = tmp_path_factory.mktemp("whole") / "project"
    # What SQLite keeps beside the database comes and goes.
    shutil.copytree(made.root, root, symlinks=True, ignore=shutil.ignore_patterns("mlflow.db-*"))
    return dataclasses.replace(made, root=root)


def test_a_run_leaves_four_files_for_git_and_nothing_else(whole_copy) -> None:
    changed = whole_copy.run("git", "diff", "--name-only", "HEAD~1", "HEAD").stdout.split()
    assert changed == ["data/raw/manifest.json", "dvc.lock", "reports/metrics.json", "reports/quality.json"]
    assert git_status(whole_copy) == ""


def test_after_a_run_dvc_has_nothing_to_do(whole_copy) -> None:
    assert whole_copy.dvc("status").stdout.strip() == UP_TO_DATE


def test_a_second_run_runs_nothing(whole_copy, pipeline_stages, stages_run) -> None:
    output = whole_copy.dvc("repro").stdout
    assert re.findall(r"^Stage '(\w+)' didn't change", output, re.MULTILINE) == list(pipeline_stages)
    assert stages_run(output) == []
    assert UP_TO_DATE in output
    assert git_status(whole_copy) == ""


def test_one_more_month_is_one_line_and_adds_one_file_to_every_table_of_flights(
    copy_of_made, stages_run, pipeline_stages
) -> None:
    project, tables = copy_of_made, ("data/raw/flights", "data/interim/flights", "data/processed", "models/history")
    before = {table: listing(project, table) for table in tables}
    manifest = json.loads((project.root / "data/raw/manifest.json").read_text())["files"]

    project.params({"fetch_raw": {"last_month": "2013-06"}})
    assert project.run("git", "diff", "--numstat", "params.yaml").stdout.split() == ["1", "1", "params.yaml"]
    assert stages_run(project.dvc("repro", "build_features").stdout) == list(pipeline_stages)[:3]

    for table in tables:
        after = listing(project, table)
        assert set(after) - set(before[table]) == {"2013-06.parquet"}, table
        assert {name: after[name] for name in before[table]} == before[table], table
        assert len(set(after.values())) == len(after) == 6
    after = json.loads((project.root / "data/raw/manifest.json").read_text())["files"]
    assert set(after) - set(manifest) == {"flights/2013-06.parquet"}
    assert {name: after[name] for name in manifest} == manifest


def test_baselines_do_not_depend_on_the_kind_of_processor(copy_of_made, made) -> None:
    command = ("dvc", "repro", "--single-item", "--force", "train_baselines")
    copy_of_made.run(*command, OPENBLAS_CORETYPE="Prescott")  # in processes that load OpenBLAS themselves
    assert copy_of_made.lock() == made.lock()
