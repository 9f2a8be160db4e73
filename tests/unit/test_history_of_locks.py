"""vcs.history: which commit brought a lock file, and who last changed a path, in real repositories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from repositories import AUTHOR, Repository

from flight_delay.core.errors import UserError
from flight_delay.vcs import history
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


class LockRepository(Repository):
    def commit_lock(self, model: str, receipt: str = "r", **more: Any) -> str:
        return self.commit(yaml.safe_dump({"stages": lock(model, receipt)}), **more)

    def detached(self) -> None:
        self.git("checkout", "--quiet", "--detach", "main")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LockRepository:
    """Without a commit; the test has changed into it."""
    monkeypatch.chdir(tmp_path)
    return LockRepository(tmp_path)


def find(model: str, mentioned: str | None = None) -> PipelineCommit | None:
    return find_pipeline_commit(pipeline_digest(lock(model)), mentioned)


def previous(model: str, start: str = "HEAD") -> str | None:
    return previous_pipeline_commit(pipeline_digest(lock(model)), start)


def test_the_oldest_commit_with_the_lock_is_found_from_any_folder(
    repository: LockRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find("m1") is None  # nothing is committed
    first = repository.commit_lock("m1")
    second = repository.commit_lock("m2")
    repository.commit_lock("m2", receipt="another")
    repository.commit("text", path="docs/README.md")
    repository.commit_lock("m1")
    monkeypatch.chdir(repository.root / "docs")
    assert find("m1") == PipelineCommit(first, None)
    assert find("m2", "m2") == PipelineCommit(second, None)
    assert find("m3") is None
    assert find("m1", "m9") is None


def test_every_content_is_parsed_once_and_only_if_it_names_the_model(
    repository: LockRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for model in ("m1", "m2", "m1", "m2"):
        repository.commit_lock(model)
    parsed: list[str] = []
    parse = history.parse_lock
    monkeypatch.setattr(history, "parse_lock", lambda text, where: parsed.append(text) or parse(text, where))
    assert find_pipeline_commit("no such digest", "m2") is None
    assert len(parsed) == 1
    assert "m2" in parsed[0]


def test_branches_tags_remote_branches_and_a_detached_head_are_searched(repository: LockRepository) -> None:
    repository.commit("text", path="README.md")
    commits = {}
    for kind in ("heads/other", "tags/v1", "remotes/origin/main"):
        repository.detached()
        commits[kind] = repository.commit_lock(kind)
        repository.git("update-ref", f"refs/{kind}", "HEAD")
    repository.detached()
    commits["detached"] = repository.commit_lock("detached")
    for kind, commit in commits.items():
        assert find(kind) == PipelineCommit(commit, None)


def test_locks_of_one_side_of_a_merge_and_of_the_merge_itself_are_found(repository: LockRepository) -> None:
    repository.commit_lock("m0")
    repository.git("checkout", "--quiet", "-b", "side")
    side = repository.commit_lock("m1")
    repository.git("checkout", "--quiet", "main")
    repository.commit_lock("m2")
    repository.git("merge", "--quiet", "--strategy", "ours", "--no-commit", "side")
    merge = repository.commit_lock("m3")
    assert find("m1") == PipelineCommit(side, None)
    assert find("m3") == PipelineCommit(merge, None)


def test_the_older_of_two_branches_with_the_same_lock_is_found(repository: LockRepository) -> None:
    repository.commit("text", path="README.md", minute=1)
    repository.git("checkout", "--quiet", "-b", "side")
    later = repository.commit_lock("m1", minute=9)
    repository.git("checkout", "--quiet", "main")
    earlier = repository.commit_lock("m1", minute=5)
    assert later != earlier
    assert find("m1") == PipelineCommit(earlier, None)


def test_an_experiment_is_named_when_no_commit_has_its_lock(repository: LockRepository) -> None:
    first = repository.commit_lock("m1")
    commits = {}
    for name, model in (("early-bird", "m2"), ("late-bird", "m2"), ("same", "m1")):
        repository.detached()
        commits[name] = repository.commit_lock(model)
        repository.git("update-ref", f"refs/exps/ab/cdef/{name}", "HEAD")
    repository.git("update-ref", "refs/exps/exec/EXEC_HEAD", repository.commit_lock("m4"))
    repository.git("checkout", "--quiet", "main")
    repository.git("update-ref", "refs/exps/ab/cdef/committed", "main")
    assert find("m2", "m2") == PipelineCommit(commits["early-bird"], "early-bird")
    assert find("m1") == PipelineCommit(first, None)
    assert find("m4") is None


def test_commits_without_a_valid_lock_are_skipped(repository: LockRepository) -> None:
    repository.commit("stages: [ m1")
    (repository.root / "dvc.lock").unlink()
    repository.commit()
    repository.commit("\udcff")  # a byte that is not UTF-8
    commit = repository.commit_lock("m1")
    assert find("m1", "m1") == PipelineCommit(commit, None)
    assert previous("m1") is None


def test_the_last_change_of_a_path_is_the_newest_commit_that_touched_it(repository: LockRepository) -> None:
    first = repository.commit("1", path="src/core/a.py")
    second = repository.commit("1", path="src/core/b.py")
    third = repository.commit("2", path="src/core/a.py")
    repository.commit("1", path="README.md")
    assert last_change("src/core/b.py", "HEAD", repository.root) == PathChange(second, AUTHOR)
    assert last_change("src/core", "HEAD", repository.root) == PathChange(third, AUTHOR)
    assert last_change("src/core/a.py", second, repository.root) == PathChange(first, AUTHOR)
    assert last_change("nowhere", "HEAD", repository.root) is None


def test_the_previous_pipeline_is_the_nearest_commit_with_another_digest(repository: LockRepository) -> None:
    with pytest.raises(UserError):
        previous("a")  # nothing is committed
    first = repository.commit_lock("a")
    assert previous("a", first) is None
    repository.commit_lock("b")
    head = repository.commit("text", path="README.md")
    again = repository.commit_lock("b", receipt="other")
    assert previous("b", again) == previous("b") == first
    assert previous("c") == again
    assert previous("c", head) == head


def test_the_previous_pipeline_of_a_merge_is_on_its_first_parent(repository: LockRepository) -> None:
    repository.commit_lock("a")
    repository.git("switch", "--quiet", "--create", "side")
    repository.commit_lock("b")
    repository.git("switch", "--quiet", "main")
    repository.commit("text", path="README.md")
    repository.git("merge", "--quiet", "--no-ff", "--strategy-option", "theirs", "--message", "merge", "side")
    repository.commit_lock("c")
    assert previous("c") == repository.git("rev-parse", "HEAD~1")
