"""Search git's history for pipelines and for changes of a path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.core.runner import log
from flight_delay.vcs.git import cut_off_commits, git, list_experiments, read_blobs, repo_root
from flight_delay.vcs.lock import LOCK_FILE, parse_lock, pipeline_digest


class PipelineCommit(NamedTuple):
    """A commit that holds a pipeline.

    `experiment` is the name of a DVC experiment, None for a commit on a branch.
    """

    commit: str
    experiment: str | None


class PathChange(NamedTuple):
    """A commit that changed a path, and its author, 'name <address>'."""

    commit: str
    author: str


def find_pipeline_commit(digest: str, model_md5: str | None) -> PipelineCommit | None:
    """Find the oldest commit whose dvc.lock has a digest; None if there is none.

    Branches, tags, remote branches and HEAD are searched first, then DVC experiments.

    Args:
        digest: of the lock file, see `lock.pipeline_digest`.
        model_md5: MD5 of the model, or of any other file that the lock names. A lock that does not contain it is not
            parsed, since parsing is slow.

    Raises:
        UserError: the working directory is not in a git repository.
    """
    root = repo_root()
    options = ("--full-history", "--date-order", "--reverse", "--branches", "--tags", "--remotes")
    commits = git("rev-list", *options, *_head_commit(root), "--", str(LOCK_FILE), cwd=root).splitlines()
    experiments = list_experiments(root)
    is_match: dict[str, bool] = {}  # by content of dvc.lock: each is parsed once
    for commit, blob, text in _read_locks([*commits, *experiments], root):
        if blob not in is_match:
            is_match[blob] = (model_md5 or "") in text and _digest_or_none(text) == digest
        if is_match[blob]:
            return PipelineCommit(commit, None if commit in set(commits) else experiments[commit])
    return None


def previous_pipeline_commit(digest: str, start: str, cwd: Path = Path()) -> str | None:
    """Find the nearest earlier commit that holds another pipeline, or None.

    Args:
        digest: of the lock file of the pipeline, see `lock.pipeline_digest`.
        start: commit to start from, itself included; merges are followed along their first parents.

    Returns:
        40 hexadecimal digits.

    Raises:
        UserError: there is no commit `start`, or the folder is not in a git repository.
    """
    first = git("rev-parse", "--verify", f"{start}^{{commit}}", cwd=cwd)
    before = git("rev-list", "--first-parent", first, "--", str(LOCK_FILE), cwd=cwd).splitlines()
    locks = ((commit, _digest_or_none(text)) for commit, _, text in _read_locks([first, *before], cwd))
    nearest = next((commit for commit, other in locks if other not in {None, digest}), None)
    if not nearest and cut_off_commits(cwd):
        log.warning("no earlier pipeline in this shallow clone; `git fetch --unshallow` brings its history")
    return nearest


def last_change(path: str, commit: str, root: Path) -> PathChange | None:
    """Find the commit that last changed a path or its .dvc file.

    Returns None if git has neither up to and including `commit`.

    Raises:
        UserError: the history of a shallow clone does not go back to it.
    """
    output = git("rev-list", "-1", "--format=%an <%ae>", commit, "--", path, f"{path}.dvc", cwd=root)
    if not output:
        return None
    change = PathChange(*output.removeprefix("commit ").split("\n", 1))
    if change.commit in cut_off_commits(root):
        raise UserError(
            f"{path}: the commit that last changed it is not in this shallow clone, which ends at "
            f"{change.commit[:10]}; `git fetch --unshallow` brings its history"
        )
    return change


def _head_commit(root: Path) -> list[str]:
    """Return HEAD, which may be on no branch; nothing before the first commit."""
    try:
        return [git("rev-parse", "--verify", "--quiet", "HEAD", cwd=root)]
    except UserError:
        return []


def _digest_or_none(text: str) -> str | None:
    try:
        return pipeline_digest(parse_lock(text, str(LOCK_FILE)))
    except UserError:
        return None


def _read_locks(commits: Iterable[str], root: Path) -> Iterator[tuple[str, str, str]]:
    """Read commit, object id and text of every dvc.lock."""
    for name, blob, content in read_blobs((f"{commit}:{LOCK_FILE}" for commit in commits), root):
        yield name.partition(":")[0], blob, content.decode(errors="replace")
