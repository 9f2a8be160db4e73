"""vcs.git: the few questions that are put to git, in a real repository."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flight_delay.core.errors import UserError
from flight_delay.vcs.git import find_commit_of_lock, git, git_author, repo_root
from flight_delay.vcs.lock import pipeline_digest

STAGES = {"train": {"cmd": "train", "outs": [{"path": "model", "md5": "m1"}]}, "publish": {"cmd": "publish"}}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository without a commit, into which the test has changed."""
    monkeypatch.chdir(tmp_path)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada Lovelace")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")
    git("init", "--quiet")
    return tmp_path


def commit_lock(repository: Path, text: str) -> str:
    (repository / "dvc.lock").write_text(text)
    git("add", "dvc.lock")
    git("commit", "--quiet", "--message", "run the pipeline")
    return git("rev-parse", "HEAD")


def test_what_git_refuses_is_said_in_its_own_words(repository: Path) -> None:
    with pytest.raises(UserError, match=r"^git rev-parse nowhere: [^\n]+$"):
        git("rev-parse", "nowhere")


def test_where_there_is_no_git_that_is_said_and_nobody_is_the_author(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(UserError, match=r"\bPATH\b"):
        repo_root()
    assert git_author() == "unknown"


def test_the_author_is_who_would_commit(repository: Path) -> None:
    assert git_author() == "Ada Lovelace <ada@example.org>"


def test_the_commit_is_known_by_its_lock_whatever_publish_left_in_it(repository: Path) -> None:
    commit = commit_lock(repository, yaml.safe_dump({"stages": STAGES}))
    assert find_commit_of_lock(pipeline_digest({"train": STAGES["train"]})) == commit


def test_a_commit_with_another_lock_a_broken_one_or_none_is_not_taken(repository: Path) -> None:
    assert find_commit_of_lock(pipeline_digest(STAGES)) is None
    commit_lock(repository, yaml.safe_dump({"stages": {"train": {"cmd": "train twice"}}}))
    assert find_commit_of_lock(pipeline_digest(STAGES)) is None
    commit_lock(repository, "broken: [")
    assert find_commit_of_lock(pipeline_digest(STAGES)) is None
