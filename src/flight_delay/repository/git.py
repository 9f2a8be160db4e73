"""The few questions that are put to git."""

from __future__ import annotations

import subprocess
from pathlib import Path

from flight_delay.core.errors import UserError
from flight_delay.repository.lock import digest, parse_lock


def git(*arguments: str, cwd: Path = Path()) -> str:
    """Run git and return what it prints.

    Raises:
        UserError: git refuses; the message is git's own first line.
    """
    done = subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise UserError(f"git {' '.join(arguments[:2])}: {said}")
    return done.stdout.strip()


def top() -> Path:
    """The top folder of the checkout that this is called in.

    Raises:
        UserError: this is no git repository.
    """
    return Path(git("rev-parse", "--show-toplevel"))


def resolve(revision: str) -> str:
    """The commit, 40 hexadecimal digits, that a commit, tag, branch or DVC experiment is.

    Raises:
        UserError: there is none of this name, or this is no git repository.
    """
    top()
    for name in (revision, *_experiments(revision)):
        try:
            return git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        except UserError:
            continue
    raise UserError(
        f"there is no commit '{revision}' here; `git log --oneline` lists them, `git fetch` brings more, "
        "`dvc exp list --all-commits` lists experiments"
    )


def _experiments(name: str) -> list[str]:
    """References of the DVC experiments of this name, the newest first: DVC keeps them as refs/exps/xx/baseline/name."""
    found = git("for-each-ref", "--sort=-committerdate", "--format=%(refname)", "refs/exps")
    return [
        reference
        for reference in found.splitlines()
        if reference.count("/") == 4 and reference.rpartition("/")[2] == name
    ]


def author() -> str:
    """Name and address that git would write into a commit made here, or 'unknown'."""
    try:
        return git("var", "GIT_AUTHOR_IDENT").rpartition(">")[0] + ">"
    except UserError:
        return "unknown"


def commit_with_lock(wanted_digest: str) -> str | None:
    """The commit that is checked out, if its dvc.lock has this digest; None if not, or if there is no commit."""
    try:
        committed = parse_lock(git("show", "HEAD:dvc.lock"), "HEAD:dvc.lock")
        return git("rev-parse", "HEAD") if digest(committed) == wanted_digest else None
    except UserError:
        return None
