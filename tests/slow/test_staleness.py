"""`flight-delay verify --quick`: whether a dvc.lock tells the truth about its commit, without data, on a pipeline of two stages
that DVC really runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

TRUE = "dvc.lock fits the commit"
PREFIX = "dvc.lock does not fit the commit: "


@pytest.fixture
def stale() -> Callable[..., list[str]]:
    """Asks the command about a commit; what it says does not fit."""

    def ask(project, *arguments: str) -> list[str]:
        done = project.command("verify", "--quick", *arguments, code=None)
        said = [line.removeprefix(PREFIX) for line in done.stdout.splitlines() if line.startswith(PREFIX)]
        assert done.returncode == bool(said), done.stderr
        assert (done.stdout.splitlines()[-1] == TRUE) == (not said)
        return said

    return ask


def edit(project, name: str, old: str, new: str) -> None:
    path = project.root / name
    assert path.read_text().count(old) >= 1
    path.write_text(path.read_text().replace(old, new))


def files(project) -> dict[str, Any]:
    return {path: of for path, of in project.state().items() if ".git" not in Path(path).parts}


def test_without_data_cache_and_lock_of_others_it_says_the_same(stale, small, tmp_path, project_at) -> None:
    small.run("git", "clone", "--quiet", str(small.root), str(tmp_path / "bare"))
    assert stale(project_at(tmp_path / "bare")) == []
    edit(small, "make.py", "row", "line")
    small.commit()
    small.run("git", "clone", "--quiet", str(small.root), str(tmp_path / "stale"))
    assert stale(project_at(tmp_path / "stale")) == ["make: make.py changed"]


def test_every_change_after_the_pipeline_ran_is_named(stale, small) -> None:
    for name, old, new in (
        ("make.py", "row", "line"),
        ("train.py", "rows / 10", "rows / 5"),
        ("requirements.txt", "6.0.3", "6.0.2"),
        ("params.yaml", "rows: 3", "rows: 4, more: 1"),
        ("dvc.yaml", "python make.py", "python -u make.py"),
        ("metrics.json", "0.3", "0.4"),
    ):
        edit(small, name, old, new)
    small.commit()
    assert sorted(stale(small)) == [
        "make: command changed",
        "make: make.more is 1, was not there",
        "make: make.py changed",
        "make: make.rows is 4, was 3",
        "make: requirements.txt changed",
        "train: metrics.json changed after it was written",
        "train: requirements.txt changed",
        "train: train.py changed",
    ]


def test_a_commit_is_judged_not_what_is_edited_and_nothing_is_touched(stale, small) -> None:
    edit(small, "make.py", "row", "line")
    before = files(small)
    assert stale(small) == []
    assert files(small) == before
    small.commit()
    said = json.loads(small.command("verify", "--quick", "--json", code=1).stdout)
    assert said["commit"] == small.run("git", "rev-parse", "HEAD").stdout.strip()
    assert (said["same"], said["stale"], said["outputs"]) == (False, ["make: make.py changed"], [])
    assert stale(small, "HEAD~1") == []


def test_what_a_stage_declares_anew_and_no_longer_is_named(stale, small) -> None:
    for old, new in (
        ("[make.py, requirements.txt]", "[make.py, train.py]"),
        ("outs: [model.txt]", "outs: [curve.txt]"),
        ("params: [make]", "params: []"),
    ):
        edit(small, "dvc.yaml", old, new)
    small.commit()
    assert sorted(stale(small)) == [
        "make: make is no parameter any more",
        "make: requirements.txt is no dependency any more",
        "make: train.py is a new dependency",
        "train: curve.txt is a new output",
        "train: model.txt is no output any more",
    ]


def test_code_and_metrics_that_are_gone_are_named_and_data_are_not(stale, small) -> None:
    small.run("git", "rm", "--quiet", "make.py", "metrics.json")
    small.commit()
    assert stale(small) == ["make: make.py is missing", "train: metrics.json is missing"]


def test_a_pipeline_that_dvc_cannot_read_is_one_line_of_advice(small) -> None:
    edit(small, "dvc.yaml", "    cmd: python make.py\n", "")
    small.commit()
    done = small.command("verify", "--quick", code=2)
    assert done.stdout == ""
    assert "`dvc status`" in done.stderr.splitlines()[-1]


def test_a_stage_that_was_never_run_and_one_that_is_gone_are_named(stale, small) -> None:
    path = small.root / "dvc.yaml"
    stages = yaml.safe_load(path.read_text())
    stages["stages"]["report"] = {"cmd": "true", "deps": ["model.txt"], "outs": ["report.txt"]}
    del stages["stages"]["make"]
    path.write_text(yaml.safe_dump(stages))
    small.commit()
    assert stale(small) == ["report: never run", "make: not in dvc.yaml"]


def test_a_stage_that_read_another_version_than_was_written_is_named(stale, small) -> None:
    lock = small.lock()
    read = next(dep["md5"] for dep in lock["train"]["deps"] if dep["path"] == "data")
    text = (small.root / "dvc.lock").read_text()
    before, train = text.split("  train:\n")
    (small.root / "dvc.lock").write_text(f"{before}  train:\n{train.replace(read, 'f' * 32 + '.dir')}")
    small.commit()
    (line,) = stale(small)
    assert line.startswith("train: data ")
    assert " make " in line


@pytest.mark.parametrize(
    ("content", "said"), [(None, "has no dvc.lock"), ("stages: [", "not a lock file of DVC"), ("{}", "not a lock file")]
)
def test_a_lock_that_is_none_is_one_line(small, content: str | None, said: str) -> None:
    path = small.root / "dvc.lock"
    path.unlink()
    if content is not None:
        path.write_text(content)
    small.commit()
    done = small.command("verify", "--quick", code=2)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
