"""vcs: shallow and partial clones, damaged repositories, replaced commits, other owners, a locked index of DVC."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Any

import pygit2
import pytest
import yaml
from dvc.repo import Repo
from dvc_data.index import DataIndex, DataIndexDirError
from repositories import Repository

from flight_delay.core.errors import UserError
from flight_delay.vcs.commit_files import CommitFiles
from flight_delay.vcs.git import GitError, cut_off_commits, git, read_blobs, repo_root, resolve_revision
from flight_delay.vcs.history import last_change, previous_pipeline_commit
from flight_delay.vcs.lock import pipeline_digest


def lock(model: str) -> str:
    return yaml.safe_dump({"stages": {"train": {"cmd": "train", "outs": [{"path": "model.ubj", "md5": model}]}}})


def digest(model: str) -> str:
    return pipeline_digest(yaml.safe_load(lock(model))["stages"])


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    """Two pipelines, and a commit after each that changes another file."""
    repository = Repository(tmp_path / "origin")
    repository.git("config", "uploadpack.allowFilter", "true")
    for model in ("m1", "m2"):
        repository.commit(lock(model))
        repository.commit(model, "model.txt")
    return repository


@pytest.fixture
def clone(origin: Repository, tmp_path: Path) -> Any:
    def cloned(*options: str) -> Path:
        git("clone", "--quiet", *options, f"file://{origin.root}", str(tmp_path / "clone"))
        return tmp_path / "clone"

    return cloned


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_shallow_clone_knows_the_changes_that_it_has(clone: Any, origin: Repository, depth: int) -> None:
    root = clone("--depth", str(depth))
    assert cut_off_commits(root) == {origin.git("rev-parse", f"HEAD~{depth - 1}")}
    if depth == 3:
        assert last_change("dvc.lock", "HEAD", root) == last_change("dvc.lock", "HEAD", origin.root)
    else:
        with pytest.raises(UserError):
            last_change("dvc.lock", "HEAD", root)


@pytest.mark.parametrize(("depth", "warnings"), [(1, 1), (2, 1), (3, 0)])
def test_a_baseline_before_a_shallow_clone_is_missed_with_a_warning(
    clone: Any, origin: Repository, depth: int, warnings: int, caplog: pytest.LogCaptureFixture
) -> None:
    root = clone("--depth", str(depth))
    with caplog.at_level(logging.WARNING):
        nearest = previous_pipeline_commit(digest("m2"), "HEAD", root)
    assert nearest == (None if warnings else origin.git("rev-parse", "HEAD~2"))
    assert len(caplog.records) == warnings


def test_no_earlier_pipeline_in_a_whole_history_is_no_warning(
    origin: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    assert previous_pipeline_commit(digest("m1"), "HEAD~2", origin.root) is None
    assert caplog.records == []


def test_a_partial_clone_reads_what_it_has(clone: Any) -> None:
    root = clone("--filter=blob:none")
    assert CommitFiles.at("HEAD", root).lock["train"]["outs"][0]["md5"] == "m2"
    with pytest.raises(UserError, match=r"^commit [^\n]*--refetch"):
        CommitFiles.at("HEAD~2", root)
    git("fetch", "--quiet", "--refetch", "--no-filter", cwd=root)
    assert CommitFiles.at("HEAD~2", root).lock["train"]["outs"][0]["md5"] == "m1"


def test_a_partial_clone_without_its_remote_does_not_hide_commits(clone: Any, origin: Repository) -> None:
    root = clone("--filter=blob:none")
    origin.root.rename(origin.root.with_name("moved"))
    assert [name for name, _, _ in read_blobs(["HEAD:dvc.lock", "HEAD:none"], root)] == ["HEAD:dvc.lock"]
    with pytest.raises(GitError):
        list(read_blobs(["HEAD:dvc.lock", "HEAD~2:dvc.lock", "HEAD~1:dvc.lock"], root))


def test_a_missing_object_is_not_a_missing_lock(origin: Repository) -> None:
    blob = origin.git("rev-parse", "HEAD:dvc.lock")
    (origin.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(UserError, match=r"^commit [^\n]*git fsck"):
        CommitFiles.at("HEAD", origin.root)
    with pytest.raises(GitError) as failed:
        _ = CommitFiles(origin.git("rev-parse", "HEAD"), origin.root).lock
    assert failed.value.reason


@pytest.mark.parametrize("damage", ["[broken", "[core]\n    repositoryformatversion = 99"])
def test_an_error_of_git_is_given_as_it_is(origin: Repository, damage: str) -> None:
    (origin.root / ".git/config").write_text(damage)
    for work in (repo_root, lambda cwd: resolve_revision("HEAD", cwd)):
        with pytest.raises(GitError) as failed:
            work(origin.root)
        assert failed.value.reason.startswith("fatal: ")
        assert failed.value.reason in str(failed.value)


def test_a_commit_is_what_its_id_stands_for(origin: Repository) -> None:
    parent = origin.git("rev-parse", "HEAD~1")
    origin.git("replace", "HEAD", "HEAD~2")
    (origin.root / ".git/info/grafts").write_text(f"{git('rev-parse', 'HEAD', cwd=origin.root)}\n")
    assert resolve_revision("HEAD~1", origin.root) == parent
    assert CommitFiles.at("HEAD", origin.root).lock["train"]["outs"][0]["md5"] == "m2"


def test_a_path_is_not_a_pattern(origin: Repository) -> None:
    changed = origin.commit("1", "a[1].csv")
    origin.commit("2", "a1.csv")
    change = last_change("a[1].csv", "HEAD", origin.root)
    assert change is not None
    assert change.commit == changed


def test_the_owner_of_a_repository_does_not_matter(origin: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setattr(pygit2.settings, "owner_validation", True)
    (origin.root / ".dvc").mkdir()
    origin.commit("", ".dvc/config")
    assert CommitFiles.at("HEAD", origin.root).read_text("model.txt") == "m2"
    assert not pygit2.settings.owner_validation  # libgit2 has no such variable


def test_files_are_read_while_another_process_locks_the_index_of_dvc(small: Any) -> None:
    with Repo(str(small.root)) as repo:
        index = Path(repo.site_cache_dir) / "index/data/db.db"
        index.parent.mkdir(parents=True)
        opened = DataIndex.open(str(index))
        opened.commit()
        opened.close()
    other = sqlite3.connect(index, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert CommitFiles.at().read_text("data/rows.txt") == "row\n" * 3
    finally:
        other.close()


def test_a_damaged_list_of_a_folder_is_the_cause(small: Any) -> None:
    md5 = next(out["md5"] for out in CommitFiles.at().lock["make"]["outs"])
    path = small.root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    path.chmod(0o644)
    path.write_text("junk")
    with pytest.raises(UserError) as refused:
        CommitFiles.at().files("data")
    assert isinstance(refused.value.__cause__, DataIndexDirError)
    assert str(refused.value.__cause__.__cause__) in str(refused.value)
