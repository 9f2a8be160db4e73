"""Retrain with later months on a branch of its own, for a review.

The user's checkout is not written to: the pipeline runs in a clone that shares the DVC cache, and the branch is created
when everything is there.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dvc.repo import Repo

from flight_delay.core.errors import UserError
from flight_delay.core.months import MONTH_PATTERN, months_later, shift_month
from flight_delay.core.params import flatten
from flight_delay.core.runner import log
from flight_delay.review.clean_clone import CleanClone, clean_clone
from flight_delay.review.request.forms import Experiment
from flight_delay.review.request.request import request_review
from flight_delay.vcs.git import git, git_author, repo_root, resolve_revision

# Months that move together.
SHIFTED = (
    *(f"splits.{split}.{end}" for split in ("train", "validation", "test") for end in ("first", "last")),
    "backtest.first_test_month",
)


def retrain_experiment(params: Mapping[str, Any], month: str) -> Experiment:
    """Describe the experiment that retrains with a later month.

    The data and the test split end with it; months of the splits and the backtest are shifted by the same number.

    Args:
        params: sections of params.yaml.
        month: as '2014-01'.

    Raises:
        UserError: it is not a month, or not later than the last one.
    """
    if not re.fullmatch(MONTH_PATTERN, month):
        raise UserError(f"'{month}' is not a month; write it as 2014-01")
    before = flatten(params)
    if month <= (last := max(before["fetch_raw.last_month"], before["splits.test.last"])):
        raise UserError(f"{month}: the data and the test split in params.yaml go to {last}; name a later month")
    number = months_later(before["splits.test.last"], month)
    changes: dict[str, Any] = {name: shift_month(before[name], number) for name in SHIFTED}
    changes["fetch_raw.last_month"] = month
    return Experiment(name=f"retrain-{month}", parameters=changes, question=f"Is the model better with {month}?")


def require_branch_possible(name: str, root: Path) -> None:
    """Check that a branch can be made of the checked-out commit.

    Raises:
        UserError: it exists, a change is not committed, or git does not know the author.
    """
    if git("for-each-ref", f"refs/heads/{name}", cwd=root):
        raise UserError(f"branch {name} exists; review it, or delete it with `git branch -D {name}`")
    if changed := git("status", "--porcelain", "--untracked-files=no", cwd=root):
        raise UserError(f"{changed.split()[1]} has uncommitted changes; commit them first: the branch starts at HEAD")
    if "<" not in git_author():
        raise UserError("git does not know who you are; set user.name and user.email with `git config`")


def retrain(experiment: Experiment, date: str, environment: Mapping[str, str]) -> Path:
    """Run an experiment, and make a branch with its results and a request.

    Args:
        experiment: its name is that of the branch.
        date: of the request, YYYY-MM-DD.
        environment: variables of the stages, with MLFLOW_TRACKING_URI.

    Returns:
        Path of the request on the branch.

    Raises:
        UserError: the branch exists or cannot be made, or a stage fails; there is no branch then.
    """
    root, base, name = repo_root(), resolve_revision("HEAD"), experiment.name
    require_branch_possible(name, root)
    author, _, address = git_author().rstrip(">").partition(" <")
    with Repo(str(root)) as repo:
        cache = Path(repo.cache.local_cache_dir)
    with clean_clone(base, cache=cache) as clone:
        for key, value in (("user.name", author), ("user.email", address)):
            git("config", key, value, cwd=clone.root)
        clone.copy_added_data()
        # Unlike verification it runs as the user, and publishes.
        own = {key: clone.environment[key] for key in ("PATH", "DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR")}
        _run(replace(clone, environment={**environment, **own}), experiment)
        _commit_all(clone.root, f"Run the experiment {name}")
        with contextlib.chdir(clone.root):
            page = request_review(name=name, against=base, date=date)
        _commit_all(clone.root, f"Request a review of {name}")
        git("fetch", "--quiet", "--no-tags", str(clone.root), f"HEAD:refs/heads/{name}", cwd=root)
    return page


def _run(clone: CleanClone, experiment: Experiment) -> None:
    settings = [argument for setting in experiment.settings for argument in ("--set-param", setting)]
    log.info("running %s in a clone", experiment.name)
    try:
        sys.stderr.write(clone.dvc("exp", "run", "--name", experiment.name, *settings))
    except subprocess.CalledProcessError as error:
        sys.stderr.write(error.stdout)
        raise UserError(
            f"{experiment.name}: a stage failed (see the log above), so there is no branch; if the month's data are "
            "missing, add them and commit their .dvc file"
        ) from None


def _commit_all(root: Path, message: str) -> None:
    git("add", "--all", cwd=root)
    git("commit", "--quiet", "--no-verify", "--message", message, cwd=root)
