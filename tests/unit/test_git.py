"""vcs.git: git in a real repository, whatever the caller's environment and configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from repositories import AUTHOR, Repository

from flight_delay.core.errors import UserError
from flight_delay.vcs.git import commit_author, find_commit_of_lock, git, read_blobs, repo_root
from flight_delay.vcs.history import last_change
from flight_delay.vcs.lock import pipeline_digest

STAGES = {"train": {"cmd": "train", "outs": [{"path": "model", "md5": "m1"}]}, "publish": {"cmd": "publish"}}
HOSTILE = """
[alias]
    rev-parse = !false
[core]
    hooksPath = HOOKS
    pager = false
    quotePath = true
    attributesFile = HOOKS/attributes
[diff "lock"]
    textconv = false
[log]
    showSignature = true
[color]
    ui = always
[url "file:///nowhere"]
    insteadOf = /
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository without a commit, into which the test has changed."""
    repository = Repository(tmp_path / "repository")
    monkeypatch.chdir(repository.root)
    return repository


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configuration, hooks and environment that break git for whoever inherits them."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "attributes").write_text("* diff=lock\n")
    (hooks / "post-checkout").write_text("#!/bin/sh\necho hook\nexit 1\n")
    (hooks / "post-checkout").chmod(0o755)
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in (".gitconfig", "system"):
        (tmp_path / name).write_text(HOSTILE.replace("HOOKS", str(hooks)))
    for name, value in {
        "GIT_CONFIG_GLOBAL": str(tmp_path / ".gitconfig"), "GIT_CONFIG_SYSTEM": str(tmp_path / "system"),
        "GIT_DIR": "/nowhere", "GIT_INDEX_FILE": "/nowhere", "GIT_WORK_TREE": "/", "GIT_PAGER": "false",
        "GIT_EXTERNAL_DIFF": "false", "GIT_TRACE": "2", "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("hostile")
def test_environment_and_configuration_of_the_caller_do_not_matter(repository: Repository, tmp_path: Path) -> None:
    repository.git("config", "core.hooksPath", str(tmp_path / "hooks"))
    text = yaml.safe_dump({"stages": STAGES})
    commit = repository.commit(text)
    assert repo_root() == repository.root
    assert find_commit_of_lock(pipeline_digest(STAGES)) == commit
    assert list(read_blobs(["HEAD:dvc.lock", "HEAD:none"], repository.root)) == [
        ("HEAD:dvc.lock", repository.git("rev-parse", "HEAD:dvc.lock"), text.encode())
    ]
    assert commit_author("HEAD") == AUTHOR == last_change("dvc.lock", "HEAD", repository.root).author
    git("clone", "--quiet", str(repository.root), str(tmp_path / "clone"))
    assert git("checkout", "--detach", commit) == ""
    with pytest.raises(UserError, match=r"^git rev-parse nowhere: [^\n]*revision"):
        git("rev-parse", "nowhere")


def test_a_project_is_at_the_top_of_its_repository(repository: Repository) -> None:
    for folder in (".dvc", "docs", "ml/.dvc", "ml/docs"):
        (repository.root / folder).mkdir(parents=True)
    assert repo_root(repository.root / "docs") == repository.root
    for folder in ("ml", "ml/docs"):
        with pytest.raises(UserError, match=rf"^{repository.root}/ml: "):
            repo_root(repository.root / folder)


def test_the_commit_is_known_by_its_lock_without_the_entry_of_publish(repository: Repository) -> None:
    assert find_commit_of_lock(pipeline_digest(STAGES)) is None
    commit = repository.commit(yaml.safe_dump({"stages": STAGES}))
    assert find_commit_of_lock(pipeline_digest({"train": STAGES["train"]})) == commit
    for text in (yaml.safe_dump({"stages": {"train": {"cmd": "train twice"}}}), "broken: ["):
        repository.commit(text)
        assert find_commit_of_lock(pipeline_digest(STAGES)) is None
