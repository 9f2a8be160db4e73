"""What git's history says: which commit a pipeline was committed in, and which one last changed a path."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.vcs.git import git, list_experiments, repo_root
from flight_delay.vcs.lock import LOCK_FILE, parse_lock, pipeline_digest


class PipelineCommit(NamedTuple):
    """A commit that holds a pipeline; `experiment` is the name of the DVC experiment that it is, if it is on no branch."""

    commit: str
    experiment: str | None


class PathChange(NamedTuple):
    """A commit and its author, 'name <address>'."""

    commit: str
    author: str


def find_pipeline_commit(digest: str, model_md5: str | None) -> PipelineCommit | None:
    """The commit that brought a pipeline into the history; None if there is none here.

    That is the oldest one on a branch, a tag or a remote branch whose dvc.lock has the digest, or else the oldest such DVC
    experiment.

    Args:
        digest: of the lock file, see `lock.pipeline_digest`.
        model_md5: MD5 of the model, or of any other file that the lock names. Parsing is slow: a lock that does not
            contain it is not parsed.

    Raises:
        UserError: this is no git repository.
    """
    root = repo_root()
    oldest_first = ("--full-history", "--date-order", "--reverse")
    everywhere = ("--branches", "--tags", "--remotes", *_head_commit(root))
    commits = git("rev-list", *oldest_first, *everywhere, "--", str(LOCK_FILE), cwd=root).splitlines()
    found = list_experiments(root)
    for commit in _commits_with_digest([*commits, *found], digest, model_md5, root):
        return PipelineCommit(commit, None if commit in set(commits) else found[commit])
    return None


def previous_pipeline_commit(digest: str, start: str, cwd: Path = Path()) -> str | None:
    """The commit, 40 hexadecimal digits, that holds the pipeline which one was made from: the nearest one of another digest.

    Args:
        digest: of the lock file of the pipeline, see `lock.pipeline_digest`.
        start: commit from which history is followed back, itself included; of a merge, along its first parent.

    Returns:
        None if there is no such commit.

    Raises:
        UserError: there is no commit `start`, or this is no git repository.
    """
    first = git("rev-parse", "--verify", f"{start}^{{commit}}", cwd=cwd)
    before = git("rev-list", "--first-parent", first, "--", str(LOCK_FILE), cwd=cwd).splitlines()
    for commit, _, text in _read_locks([first, *before], cwd):
        if _digest_or_none(text) not in {None, digest}:
            return commit
    return None


def last_change(path: str, commit: str, root: Path) -> PathChange | None:
    """The commit that last changed a file, or a file in a folder, up to and including `commit`; None if git has no such path."""
    said = git("log", "-1", "--format=%H%n%an <%ae>", commit, "--", path, cwd=root)
    return PathChange(*said.split("\n", 1)) if said else None


def _head_commit(root: Path) -> list[str]:
    """HEAD, which may be on no branch, unless nothing is committed yet."""
    try:
        return [git("rev-parse", "--verify", "--quiet", "HEAD", cwd=root)]
    except UserError:
        return []


def _commits_with_digest(commits: Iterable[str], wanted: str, mentioned: str | None, root: Path) -> Iterator[str]:
    """Those commits whose dvc.lock has the digest. Every distinct content is parsed once, and only if it may be it."""
    has: dict[str, bool] = {}
    for commit, blob, text in _read_locks(commits, root):
        if blob not in has:
            has[blob] = (mentioned or "") in text and _digest_or_none(text) == wanted
        if has[blob]:
            yield commit


def _digest_or_none(text: str) -> str | None:
    try:
        return pipeline_digest(parse_lock(text, str(LOCK_FILE)))
    except UserError:
        return None


def _read_locks(commits: Iterable[str], root: Path) -> Iterator[tuple[str, str, str]]:
    """Commit, id and text of every dvc.lock that there is, from one git that answers as long as it is asked."""
    command = ["git", "cat-file", "--batch"]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        asked, answers = process.stdin, process.stdout
        assert asked is not None and answers is not None  # noqa: S101, PT018 (they are pipes)
        for commit in commits:
            asked.write(f"{commit}:{LOCK_FILE}\n".encode())
            asked.flush()
            match answers.readline().decode().split():
                case [blob, "blob", size]:
                    text = answers.read(int(size) + 1).decode(errors="replace")
                    yield commit, blob, text
        asked.close()
