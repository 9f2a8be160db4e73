"""The few questions that are put to git."""

from __future__ import annotations

import subprocess
from pathlib import Path

from flight_delay.core.errors import UserError
from flight_delay.vcs.lock import parse_lock, pipeline_digest


class NoGitError(UserError):
    """Git is not installed."""


def git(*arguments: str, cwd: Path = Path()) -> str:
    """Run git and return what it prints.

    Raises:
        UserError: git refuses, and the message is git's own first line; or there is no git.
    """
    try:
        done = subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NoGitError("there is no git on the PATH; install it") from None
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise UserError(f"git {' '.join(arguments[:2])}: {said}")
    return done.stdout.strip()


def repo_root(cwd: Path = Path()) -> Path:
    """The top folder of the checkout that a folder is in.

    Raises:
        UserError: this is no git repository.
    """
    try:
        return Path(git("rev-parse", "--show-toplevel", cwd=cwd))
    except NoGitError:
        raise
    except UserError:
        raise UserError(f"{cwd.absolute()}: not in a git repository; run it in a checkout of the project") from None


def resolve_revision(revision: str, cwd: Path = Path()) -> str:
    """The commit, 40 hexadecimal digits, that a commit, tag, branch or DVC experiment is.

    Raises:
        UserError: there is none of this name, or this is no git repository.
    """
    repo_root(cwd)
    named = [commit for commit, name in list_experiments(cwd).items() if name == revision]
    for name in (revision, *reversed(named)):  # of several of the same name, on other commits, the newest
        try:
            return git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", cwd=cwd)
        except UserError:
            continue
    raise UserError(
        f"there is no commit '{revision}' here; `git log --oneline` lists them, `git fetch` brings more, "
        "`dvc exp list --all-commits` lists experiments"
    )


def list_experiments(cwd: Path = Path()) -> dict[str, str]:
    """Name by commit of the DVC experiments, the oldest first: DVC keeps them as refs/exps/xx/baseline/name."""
    found = git("for-each-ref", "--sort=committerdate", "--format=%(objectname) %(refname)", "refs/exps", cwd=cwd)
    lines = [line.split(" ", 1) for line in found.splitlines()]
    return {commit: reference.rpartition("/")[2] for commit, reference in lines if reference.count("/") == 4}


def git_author() -> str:
    """Name and address that git would write into a commit made here, or 'unknown'."""
    try:
        return git("var", "GIT_AUTHOR_IDENT").rpartition(">")[0] + ">"
    except UserError:
        return "unknown"


def find_commit_of_lock(wanted_digest: str) -> str | None:
    """The commit that is checked out, if its dvc.lock has this digest; None if not, or if there is no commit."""
    try:
        committed = parse_lock(git("show", "HEAD:dvc.lock"), "HEAD:dvc.lock")
        return git("rev-parse", "HEAD") if pipeline_digest(committed) == wanted_digest else None
    except UserError:
        return None
