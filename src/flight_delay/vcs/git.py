"""Run git independently of the caller's environment and configuration."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from flight_delay.core.errors import UserError
from flight_delay.vcs.lock import LOCK_FILE, parse_lock, pipeline_digest

_CONFIG = Path(__file__).with_name("gitconfig")
# The command line overrides the configuration of the repository as well.
_OVERRIDES = ("core.hooksPath=/dev/null", "core.fsmonitor=false", "core.pager=cat", "color.ui=false")
_GIT = ("git", "--no-pager", *(part for setting in _OVERRIDES for part in ("-c", setting)))


class GitError(UserError):
    """Git fails; `reason` is the first line of its own error, empty without one."""

    def __init__(self, command: str, reason: str) -> None:
        super().__init__(f"{command}: {reason or 'no reason given'}")
        self.reason = reason


def git(*arguments: str, cwd: Path = Path()) -> str:
    """Run git and return its output.

    Raises:
        GitError: git fails.
        UserError: git is not installed.
    """
    return _run_git(arguments, cwd, _environment())


def read_blobs(names: Iterable[str], cwd: Path) -> Iterator[tuple[str, str, bytes]]:
    """Read files of commits, one after the other, with one git process.

    Args:
        names: such as 'HEAD:dvc.lock'; those that do not exist are left out.
        cwd: folder in the repository.

    Yields:
        Name, object id and content of each.

    Raises:
        GitError: git ends early, as in a partial clone that cannot reach its remote.
    """
    with subprocess.Popen(
        [*_GIT, "cat-file", "--batch"], cwd=cwd, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        requests, replies = process.stdin, process.stdout
        assert requests is not None and replies is not None  # noqa: S101, PT018 (they are pipes)
        for name in names:
            requests.write(f"{name}\n".encode())
            requests.flush()
            reply = replies.readline()
            if not reply:  # git writes the reason to stderr
                raise GitError(f"git cat-file {name}", "it ended early (see the log above)")
            match reply.decode().split():
                case [blob, "blob", size]:
                    yield name, blob, replies.read(int(size) + 1)[:-1]
        requests.close()


def repo_root(cwd: Path = Path()) -> Path:
    """Return the top folder of the checkout that a folder is in.

    Raises:
        UserError: the folder is not in a git repository, the project is in a subfolder of one, or git fails.
    """
    try:
        root = Path(git("rev-parse", "--show-toplevel", cwd=cwd))
    except GitError as error:
        if "not a git repository" not in error.reason:
            raise
        raise UserError(f"{cwd.absolute()}: not in a git repository; run it in a checkout of the project") from error
    folders = [folder for folder in (cwd.resolve(), *cwd.resolve().parents) if folder.is_relative_to(root)]
    if nested := [folder for folder in folders if folder != root and (folder / ".dvc").is_dir()]:
        raise UserError(f"{nested[-1]}: in a subfolder of the git repository {root}; make it a repository of its own")
    return root


def resolve_revision(revision: str, cwd: Path = Path()) -> str:
    """Return the commit (40 digits) of a commit, tag, branch or experiment.

    Raises:
        UserError: there is none of this name, the folder is not in a git repository, or git fails.
    """
    repo_root(cwd)
    named = [commit for commit, name in list_experiments(cwd).items() if name == revision]
    for name in (revision, *reversed(named)):  # the newest of several experiments of the same name
        try:
            return git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", cwd=cwd)
        except GitError as error:
            if error.reason:  # with --quiet git gives none for an unknown name
                raise
    fetch = "git fetch --unshallow" if cut_off_commits(cwd) else "git fetch"
    raise UserError(
        f"there is no commit '{revision}' here; `git log --oneline` lists them, `{fetch}` brings more, "
        "`dvc exp list --all-commits` lists experiments"
    )


def cut_off_commits(cwd: Path = Path()) -> frozenset[str]:
    """Return the commits of a shallow clone whose parents are missing.

    They seem to add every file.
    """
    shallow = cwd / git("rev-parse", "--git-path", "shallow", cwd=cwd)
    return frozenset(shallow.read_text("utf-8").split()) if shallow.exists() else frozenset()


def list_experiments(cwd: Path = Path()) -> dict[str, str]:
    """List the names of DVC experiments by commit, oldest first.

    DVC stores them as refs/exps/xx/baseline/name.
    """
    refs = git("for-each-ref", "--sort=committerdate", "--format=%(objectname) %(refname)", "refs/exps", cwd=cwd)
    lines = [line.split(" ", 1) for line in refs.splitlines()]
    return {commit: ref.rpartition("/")[2] for commit, ref in lines if ref.count("/") == 4}


def commit_author(commit: str, cwd: Path = Path()) -> str:
    """Return the author of a commit as 'name <address>'."""
    return git("rev-list", "-1", "--format=%an <%ae>", commit, cwd=cwd).partition("\n")[2]


def git_author() -> str:
    """Return the author that git would write into a commit, or 'unknown'.

    The only question that the user's configuration and GIT_AUTHOR_* answer.
    """
    own = {name: value for name, value in os.environ.items() if name.startswith(("GIT_AUTHOR_", "GIT_CONFIG"))}
    environment = {name: value for name, value in _environment().items() if not name.startswith("GIT_CONFIG")}
    try:
        return _run_git(("var", "GIT_AUTHOR_IDENT"), Path(), environment | own).rpartition(">")[0] + ">"
    except UserError:
        return "unknown"


def find_commit_of_lock(digest: str) -> str | None:
    """Return the checked-out commit if its dvc.lock has the digest, else None."""
    name = f"HEAD:{LOCK_FILE}"
    try:
        committed = parse_lock(git("cat-file", "blob", name), name)
        return git("rev-parse", "HEAD") if pipeline_digest(committed) == digest else None
    except UserError:
        return None


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {
        **kept,
        "GIT_CONFIG_GLOBAL": str(_CONFIG),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        # The content and the parents that a commit's id stands for.
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def _run_git(arguments: tuple[str, ...], cwd: Path, environment: dict[str, str]) -> str:
    try:
        done = subprocess.run(
            [*_GIT, *arguments],
            cwd=cwd, env=environment, capture_output=True, check=False, encoding="utf-8", errors="surrogateescape",
        )  # fmt: skip
    except FileNotFoundError:
        raise UserError("there is no git on the PATH; install it") from None
    if done.returncode:
        raise GitError(f"git {' '.join(arguments[:2])}", done.stderr.strip().partition("\n")[0])
    return done.stdout.strip()
