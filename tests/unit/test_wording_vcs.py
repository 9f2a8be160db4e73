"""repository: the exact wording of its messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from repositories import Repository

from flight_delay.core.errors import UserError
from flight_delay.vcs.commit_files import CommitFiles
from flight_delay.vcs.git import git, repo_root, resolve_revision
from flight_delay.vcs.history import last_change, previous_pipeline_commit
from flight_delay.vcs.lock import parse_lock, pipeline_digest, read_lock

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # which every repository has


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (lambda: repo_root(Path("/")), "/: not in a git repository; run it in a checkout of the project"),
        (lambda: read_lock(Path("dvc.lock")), "dvc.lock: no such file; `dvc repro` makes it"),
        (
            lambda: parse_lock("", "HEAD:dvc.lock"),
            "HEAD:dvc.lock: not a lock file of DVC; `git checkout COMMIT dvc.lock` restores that of a commit",
        ),
        (lambda: git("rev-parse", "nowhere"), "git rev-parse nowhere: fatal: "),
        (
            lambda: resolve_revision("nowhere"),
            "there is no commit 'nowhere' here; `git log --oneline` lists them, `git fetch` brings more, "
            "`dvc exp list --all-commits` lists experiments",
        ),
        (
            lambda: CommitFiles(EMPTY_TREE, Path()).lock,
            "commit 4b825dc642 has no dvc.lock; choose one that has (`git log --oneline -- dvc.lock`)",
        ),
        (
            lambda: repo_root(Path("ml")),
            "FOLDER/ml: in a subfolder of the git repository FOLDER; make it a repository of its own",
        ),
    ],
)
def test_what_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any], expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ml/.dvc").mkdir(parents=True)
    git("init", "--quiet")
    with pytest.raises(UserError) as refused:
        work()
    message = str(refused.value).replace(str(tmp_path), "FOLDER")
    assert message.partition("ambiguous")[0] == expected  # what git itself says comes after it


def test_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as refused:
        repo_root()
    assert str(refused.value) == "there is no git on the PATH; install it"


def test_what_an_incomplete_clone_lacks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    origin = Repository(tmp_path / "origin")
    origin.git("config", "uploadpack.allowFilter", "true")
    commits = [origin.commit(text) for text in ("stages: {a: {cmd: a}}", "stages: {b: {cmd: b}}")]
    for name, option in (("shallow", "--depth=1"), ("partial", "--filter=blob:none")):
        git("clone", "--quiet", option, f"file://{origin.root}", str(tmp_path / name))
    for work, expected in (
        (
            lambda: resolve_revision("HEAD~1", tmp_path / "shallow"),
            "there is no commit 'HEAD~1' here; `git log --oneline` lists them, `git fetch --unshallow` brings more, "
            "`dvc exp list --all-commits` lists experiments",
        ),
        (
            lambda: last_change("dvc.lock", "HEAD", tmp_path / "shallow"),
            "dvc.lock: the commit that last changed it is not in this shallow clone, which ends at "
            f"{commits[1][:10]}; `git fetch --unshallow` brings its history",
        ),
        (
            lambda: CommitFiles.at("HEAD~1", tmp_path / "partial"),
            f"commit {commits[0][:10]}: some of its files are missing in this clone; `git fetch --refetch --no-filter` "
            "completes a partial clone, `git fsck` checks another one",
        ),
    ):
        with pytest.raises(UserError) as refused:
            work()
        assert str(refused.value) == expected
    digest = pipeline_digest({"b": {"cmd": "b"}})
    assert previous_pipeline_commit(digest, "HEAD", tmp_path / "shallow") is None
    assert caplog.messages == ["no earlier pipeline in this shallow clone; `git fetch --unshallow` brings its history"]
