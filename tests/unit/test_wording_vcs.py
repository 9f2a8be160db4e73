"""repository: the exact wording of its messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flight_delay.core.errors import UserError
from flight_delay.vcs.commit_files import CommitFiles
from flight_delay.vcs.git import git, repo_root, resolve_revision
from flight_delay.vcs.lock import parse_lock, read_lock

BEFORE_GIT: list[tuple[Callable[[], Any], str]] = [
    (repo_root, "FOLDER: not in a git repository; run it in a checkout of the project"),
    (lambda: read_lock(Path("dvc.lock")), "dvc.lock: no such file; `dvc repro` makes it"),
    (
        lambda: parse_lock("", "HEAD:dvc.lock"),
        "HEAD:dvc.lock: not a lock file of DVC; `git checkout COMMIT dvc.lock` restores that of a commit",
    ),
]
IN_GIT: list[tuple[Callable[[], Any], str]] = [
    (lambda: git("rev-parse", "nowhere"), "git rev-parse nowhere: fatal: "),
    (
        lambda: resolve_revision("nowhere"),
        "there is no commit 'nowhere' here; `git log --oneline` lists them, `git fetch` brings more, "
        "`dvc exp list --all-commits` lists experiments",
    ),
    (
        lambda: CommitFiles("c" * 40, Path()).lock,
        "commit cccccccccc has no dvc.lock; choose one that has (`git log --oneline -- dvc.lock`)",
    ),
]


@pytest.mark.parametrize(("work", "expected"), [*BEFORE_GIT, *IN_GIT])
def test_what_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any], expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if (work, expected) in IN_GIT:
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
