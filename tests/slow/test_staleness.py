"""`flight-delay verify --quick`: whether a dvc.lock tells the truth about its commit, without data, on a pipeline of
two stages that DVC really runs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkouts import forked_clones

TRUE = "dvc.lock fits the commit"
PREFIX = "dvc.lock does not fit the commit: "


@pytest.fixture(autouse=True)
def _dvc_is_imported(request) -> Iterator[None]:
    """Let DVC run in forks, as it does elsewhere; where its settings matter, it starts as in use."""
    with nullcontext() if "setting" in request.fixturenames else forked_clones():
        yield


@pytest.fixture
def stale() -> Callable[..., list[str]]:
    """Asks the command about a commit; what it says does not fit."""

    def ask(project, *arguments: str) -> list[str]:
        done = project.command("verify", "--quick", *arguments, code=None)
        printed = [line.removeprefix(PREFIX) for line in done.stdout.splitlines() if line.startswith(PREFIX)]
        assert done.returncode == bool(printed), done.stderr
        assert (done.stdout.splitlines()[-1] == TRUE) == (not printed)
        return printed

    return ask


def edit(project, name: str, old: str, new: str) -> None:
    path = project.root / name
    assert path.read_text().count(old) >= 1
    path.write_text(path.read_text().replace(old, new))


def files(project) -> dict[str, Any]:
    return {path: entry for path, entry in project.state().items() if ".git" not in Path(path).parts}


def test_without_data_cache_and_lock_of_others_it_says_the_same(stale, small, tmp_path, project_at) -> None:
    small.run("git", "clone", "--quiet", str(small.root), str(tmp_path / "bare"))
    assert stale(project_at(tmp_path / "bare")) == []
    edit(small, "make.py", "row", "line")
    small.commit()
    small.run("git", "clone", "--quiet", str(small.root), str(tmp_path / "stale"))
    assert stale(project_at(tmp_path / "stale")) == ["make: make.py changed"]


CHANGED = [  # file, text, its replacement, and what is named
    ("make.py", "row", "line", ["make: make.py changed"]),
    ("train.py", "rows / 10", "rows / 5", ["train: train.py changed"]),
    ("requirements.txt", "6.0.3", "6.0.2", ["make: requirements.txt changed", "train: requirements.txt changed"]),
    ("params.yaml", "3", "4, more: 1", ["make: make.rows is 4, was 3", "make: make.more is 1, was absent"]),
    ("dvc.yaml", "python make.py", "python -u make.py", ["make: command changed"]),
    ("metrics.json", "0.3", "0.4", ["train: metrics.json changed after it was written"]),
]
DECLARED = [
    (
        "dvc.yaml",
        "[make.py, requirements.txt]",
        "[make.py, train.py]",
        ["make: train.py is a new dependency", "make: requirements.txt is no longer declared as dependency"],
    ),
    (
        "dvc.yaml",
        "outs: [model.txt]",
        "outs: [curve.txt]",
        ["train: curve.txt is a new output", "train: model.txt is no longer declared as output"],
    ),
    ("dvc.yaml", "params: [make]", "params: []", ["make: make is no longer declared as parameter"]),
]


@pytest.mark.parametrize("edits", [CHANGED, DECLARED])
def test_every_edit_after_the_pipeline_ran_is_named(stale, small, edits) -> None:
    for name, old, new, _ in edits:
        edit(small, name, old, new)
    small.commit()
    assert sorted(stale(small)) == sorted(sentence for *_, sentences in edits for sentence in sentences)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("make.py", "import pathlib", "import json, pathlib"),
        *(edit[:3] for edit in CHANGED[1:]),
        ("dvc.yaml", "[make.py, requirements.txt]", "[make.py]"),
        ("dvc.yaml", "[make.py, requirements.txt]", "[make.py, requirements.txt, train.py]"),
        ("dvc.yaml", "    params: [make]\n", ""),
        ("dvc.yaml", "outs: [model.txt]", "outs: [model.txt, model.txt.copy]"),
        ("dvc.yaml", "    outs: [model.txt]\n", ""),
        ("dvc.yaml", "  train:\n", "  train_again:\n"),
    ],
)
def test_what_the_verdict_suggests_brings_the_lock_up_to_date(stale, small, name, old, new) -> None:
    edit(small, name, old, new)
    if "copy" in new:
        edit(small, "dvc.yaml", "cmd: python train.py", "cmd: python train.py && cp model.txt model.txt.copy")
    small.commit()
    done = small.command("verify", "--quick", code=1)
    *entries, verdict = done.stdout.splitlines()
    if re.search("no longer declared|not in dvc.yaml", "".join(entries)):
        assert "remove" in verdict
        (small.root / "dvc.lock").unlink()
    (command,) = re.findall("`(dvc .*?)`", verdict)
    small.dvc(*shlex.split(command)[1:])
    small.commit("follow the verdict")
    assert stale(small) == []


@pytest.mark.parametrize(
    "setting", ["[core]\nno_scm = true\nautostage = true", "[core]\nremote = nowhere", "[cache]\ntype = none"]
)
def test_the_settings_of_the_user_do_not_matter(stale, small, tmp_path, monkeypatch, setting: str) -> None:
    for name in ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR"):
        monkeypatch.delitem(small.environment, name)
    (tmp_path / "settings/dvc").mkdir(parents=True)
    (tmp_path / "settings/dvc/config").write_text(f"{setting}\n")
    monkeypatch.setitem(small.environment, "XDG_CONFIG_HOME", str(tmp_path / "settings"))
    assert small.run("dvc", "config", "--global", "--list").stdout
    assert stale(small) == []


def test_a_commit_is_judged_not_what_is_edited_and_nothing_is_touched(stale, small) -> None:
    edit(small, "make.py", "row", "line")
    before = files(small)
    assert stale(small) == []
    assert files(small) == before
    small.commit()
    printed = json.loads(small.command("verify", "--quick", "--json", code=1).stdout)
    assert printed["commit"] == small.run("git", "rev-parse", "HEAD").stdout.strip()
    assert (printed["same"], printed["stale"], printed["outputs"]) == (False, ["make: make.py changed"], [])
    assert stale(small, "HEAD~1") == []


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
    ("content", "printed"),
    [(None, "has no dvc.lock"), ("stages: [", "not a lock file of DVC"), ("{}", "not a lock file")],
)
def test_a_lock_that_is_none_is_one_line(small, content: str | None, printed: str) -> None:
    path = small.root / "dvc.lock"
    path.unlink()
    if content is not None:
        path.write_text(content)
    small.commit()
    done = small.command("verify", "--quick", code=2)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert printed in done.stderr
