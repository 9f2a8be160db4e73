"""vcs.history: which commit brought a lock file, and who last changed a path, in real repositories."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from flight_delay.core.errors import UserError
from flight_delay.vcs import history
from flight_delay.vcs.git import git
from flight_delay.vcs.history import (
    PathChange,
    PipelineCommit,
    find_pipeline_commit,
    last_change,
    previous_pipeline_commit,
)
from flight_delay.vcs.lock import pipeline_digest


def lock(model: str, receipt: str = "r") -> dict[str, Any]:
    return {
        "train": {"cmd": "train", "outs": [{"path": "model.ubj", "md5": model}]},
        "publish": {"cmd": "publish", "outs": [{"path": "receipt.json", "md5": receipt}]},
    }


class Repository:
    """A repository whose commits are a minute apart."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self._monkeypatch, self._minute = root, monkeypatch, 0
        git("init", "--quiet", "--initial-branch", "main")

    def commit(self, text: str | None = None, path: str = "dvc.lock", minute: int | None = None) -> str:
        self._minute = self._minute + 1 if minute is None else minute
        for role in ("AUTHOR", "COMMITTER"):
            self._monkeypatch.setenv(f"GIT_{role}_DATE", f"2026-01-01T00:{self._minute:02}:00Z")
        if text is not None:
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text, errors="surrogateescape")
        git("add", "--all", cwd=self.root)
        git("commit", "--quiet", "--allow-empty", "--message", "change", cwd=self.root)
        return git("rev-parse", "HEAD", cwd=self.root)

    def commit_lock(self, model: str, receipt: str = "r", **more: Any) -> str:
        return self.commit(yaml.safe_dump({"stages": lock(model, receipt)}), **more)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Without a commit; the test has changed into it."""
    monkeypatch.chdir(tmp_path)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada Lovelace")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")
    return Repository(tmp_path, monkeypatch)


def found(model: str, mentioned: str | None = None) -> PipelineCommit | None:
    return find_pipeline_commit(pipeline_digest(lock(model)), mentioned)


def test_the_commit_is_the_one_that_brought_the_lock_whatever_came_after(repository: Repository) -> None:
    first = repository.commit_lock("m1")
    second = repository.commit_lock("m2")
    repository.commit_lock("m2", receipt="another")
    repository.commit("text", path="README.md")
    repository.commit_lock("m1")
    assert found("m1") == PipelineCommit(first, None)
    assert found("m2", "m2") == PipelineCommit(second, None)
    assert found("m3") is None


def test_a_lock_without_the_model_is_not_looked_at(repository: Repository) -> None:
    commit = repository.commit_lock("m1")
    assert found("m1", "m1") == PipelineCommit(commit, None)
    assert found("m1", "m9") is None


def test_every_content_is_parsed_once_and_only_if_it_names_the_model(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for model in ("m1", "m2", "m1", "m2"):
        repository.commit_lock(model)
    parsed = []
    parse = history.parse_lock
    monkeypatch.setattr(history, "parse_lock", lambda text, where: parsed.append(text) or parse(text, where))
    assert find_pipeline_commit("no such digest", "m2") is None
    assert len(parsed) == 1
    assert "m2" in parsed[0]


def test_branches_tags_remote_branches_and_a_detached_head_are_searched(repository: Repository) -> None:
    repository.commit("text", path="README.md")
    commits = {}
    for kind in ("heads/other", "tags/v1", "remotes/origin/main"):
        git("checkout", "--quiet", "--detach", "main")
        commits[kind] = repository.commit_lock(kind)
        git("update-ref", f"refs/{kind}", "HEAD")
    git("checkout", "--quiet", "--detach", "main")
    commits["detached"] = repository.commit_lock("detached")
    for kind, commit in commits.items():
        assert found(kind) == PipelineCommit(commit, None)


def test_a_lock_that_only_one_side_of_a_merge_had_or_the_merge_itself_made_is_found(repository: Repository) -> None:
    repository.commit_lock("m0")
    git("checkout", "--quiet", "-b", "side")
    side = repository.commit_lock("m1")
    git("checkout", "--quiet", "main")
    repository.commit_lock("m2")
    git("merge", "--quiet", "--strategy", "ours", "--no-commit", "side")
    (repository.root / "dvc.lock").write_text(yaml.safe_dump({"stages": lock("m3")}))
    merge = repository.commit()
    git("checkout", "--quiet", "-b", "other")
    other = repository.commit_lock("m4")
    git("checkout", "--quiet", "main")
    git("merge", "--quiet", "--no-ff", "--strategy", "ours", "--message", "keep our lock", "other")
    git("branch", "--quiet", "-D", "side", "other")
    assert found("m4") == PipelineCommit(other, None)
    assert found("m1") == PipelineCommit(side, None)
    assert found("m3") == PipelineCommit(merge, None)


def test_of_two_that_brought_the_same_lock_the_older_one_is_taken(repository: Repository) -> None:
    repository.commit("text", path="README.md", minute=1)
    git("checkout", "--quiet", "-b", "side")
    later = repository.commit_lock("m1", minute=9)
    git("checkout", "--quiet", "main")
    earlier = repository.commit_lock("m1", minute=5)
    assert later != earlier
    assert found("m1") == PipelineCommit(earlier, None)


def test_an_experiment_is_named_when_no_commit_has_its_lock(repository: Repository) -> None:
    repository.commit_lock("m1")
    commits = {}
    for name, model in (("early-bird", "m2"), ("late-bird", "m2"), ("same", "m1")):
        git("checkout", "--quiet", "--detach", "main")
        commits[name] = repository.commit_lock(model)
        git("update-ref", f"refs/exps/ab/cdef/{name}", "HEAD")
    git("update-ref", "refs/exps/exec/EXEC_HEAD", repository.commit_lock("m4"))
    git("checkout", "--quiet", "main")
    git("update-ref", "refs/exps/ab/cdef/committed", "main")
    assert found("m2", "m2") == PipelineCommit(commits["early-bird"], "early-bird")
    assert found("m1") is not None
    assert found("m1").experiment is None
    assert found("m4") is None


def test_commits_with_no_lock_or_a_broken_one_are_passed_over(repository: Repository) -> None:
    repository.commit("stages: [ m1")
    (repository.root / "dvc.lock").unlink()
    repository.commit()
    repository.commit("\udcff")  # a byte that is not UTF-8
    commit = repository.commit_lock("m1")
    assert found("m1", "m1") == PipelineCommit(commit, None)


def test_it_is_found_from_a_folder_within_and_nothing_is_found_where_nothing_is_committed(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found("m1") is None
    commit = repository.commit_lock("m1")
    (repository.root / "docs").mkdir()
    monkeypatch.chdir(repository.root / "docs")
    assert found("m1") == PipelineCommit(commit, None)


def test_outside_of_a_repository_git_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=f"^{re.escape(str(tmp_path))}: "):
        find_pipeline_commit("digest", None)


def test_the_last_change_of_a_path_is_the_newest_commit_that_touched_it(repository: Repository) -> None:
    first = repository.commit("1", path="src/core/a.py")
    second = repository.commit("1", path="src/core/b.py")
    third = repository.commit("2", path="src/core/a.py")
    repository.commit("1", path="README.md")
    ada = "Ada Lovelace <ada@example.org>"
    assert last_change("src/core/b.py", "HEAD", repository.root) == PathChange(second, ada)
    assert last_change("src/core", "HEAD", repository.root) == PathChange(third, ada)
    assert last_change("src/core/a.py", second, repository.root) == PathChange(first, ada)
    assert last_change("nowhere", "HEAD", repository.root) is None


def test_the_pipeline_before_is_the_nearest_that_is_another(repository: Repository) -> None:
    old = repository.commit_lock("a")
    repository.commit_lock("b")
    repository.commit("text", path="README.md")
    again = repository.commit_lock("b", receipt="other")
    assert previous_pipeline_commit(pipeline_digest(lock("b")), again) == old
    assert previous_pipeline_commit(pipeline_digest(lock("b")), "HEAD") == old


def test_the_commit_itself_is_the_pipeline_before_one_that_is_not_committed(repository: Repository) -> None:
    repository.commit_lock("a")
    repository.commit("text", path="README.md")
    head = repository.commit("text", path="LICENSE")
    assert previous_pipeline_commit(pipeline_digest(lock("c")), "HEAD") == head


def test_there_is_no_pipeline_before_the_first(repository: Repository) -> None:
    repository.commit("text", path="README.md")
    first = repository.commit_lock("a")
    assert previous_pipeline_commit(pipeline_digest(lock("a")), first) is None


def test_of_a_merge_its_first_parent_leads_to_the_pipeline_before(repository: Repository) -> None:
    repository.commit_lock("a")
    git("switch", "--quiet", "--create", "side")
    repository.commit_lock("b")
    git("switch", "--quiet", "main")
    repository.commit("text", path="README.md")
    git("merge", "--quiet", "--no-ff", "--strategy-option", "theirs", "--message", "merge", "side")
    repository.commit_lock("c")
    assert previous_pipeline_commit(pipeline_digest(lock("c")), "HEAD") == git("rev-parse", "HEAD~1")


def test_a_lock_file_that_is_none_is_no_pipeline(repository: Repository) -> None:
    old = repository.commit_lock("a")
    repository.commit("not: a lock")
    head = repository.commit_lock("b")
    assert previous_pipeline_commit(pipeline_digest(lock("b")), head) == old


def test_without_a_commit_the_pipeline_before_is_an_error(repository: Repository) -> None:
    with pytest.raises(UserError):
        previous_pipeline_commit(pipeline_digest(lock("a")), "HEAD")
