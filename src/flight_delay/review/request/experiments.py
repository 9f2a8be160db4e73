"""Run a review in a clean clone, within a time limit.

Verify the commit, replay its predictions, and run the experiments.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.core.runner import log
from flight_delay.review.clean_clone import CleanClone, clean_clone
from flight_delay.review.comparison.comparison import PipelineComparison, compare_pipelines
from flight_delay.review.comparison.snapshot import PipelineSnapshot, read_snapshot
from flight_delay.review.request.forms import Experiment, Request
from flight_delay.review.request.replay import ReplayedPredictions, replay
from flight_delay.review.verification.verify import Verification, verify_in_clone
from flight_delay.vcs import git
from flight_delay.vcs.commit_files import CommitFiles

# What a replay reads.
REPLAYED = (
    "models/bundle/model.ubj",
    "models/bundle/manifest.json",
    "models/bundle/decision.json",
    "data/processed",
    "reports/evaluate",
)


class ExperimentResult(NamedTuple):
    """Comparison of an experiment with the reviewed commit, or the error."""

    experiment: Experiment
    seconds: float
    comparison: PipelineComparison | None
    error: str | None = None


class ReviewRun(NamedTuple):
    """Outcome of a review; `replayed` is the error if the replay failed."""

    request: Request
    seconds: float
    verified: Verification
    replayed: ReplayedPredictions | str
    results: Sequence[ExperimentResult]


def review_in_clone(request: Request, minutes: float, *, fresh_env: bool = False) -> ReviewRun:
    """Verify the commit, replay its predictions and run the experiments.

    Args:
        request: front matter of the request.
        minutes: time limit; experiments that exceed it are reported as not run.
        fresh_env: run everything in an environment built from the commit's own locked requirements.

    Raises:
        UserError: the commit is missing, or the time limit ended before verification did.
    """
    start = time.monotonic()
    deadline = start + 60 * minutes
    artefacts = CommitFiles.at(request.commit)
    with clean_clone(artefacts.commit, fresh_env=fresh_env) as clone:
        log.info("review: verifying %s (at most %g minutes)", artefacts.commit[:10], minutes)
        try:
            verified = verify_in_clone(clone, artefacts, timeout_seconds=_remaining(deadline))
        except subprocess.TimeoutExpired:
            raise UserError(f"verification took longer than {minutes:g} minutes; allow more with --minutes") from None
        log.info("review: replaying predictions")
        replayed = replay_recorded(
            artefacts, clone.root, {output.path for output in verified.outputs if output.is_same}
        )
        clone.commit_outputs()
        baseline = cache(lambda: read_snapshot(CommitFiles.at("HEAD", clone.root), "this commit"))
        results = [_run_experiment(experiment, clone, baseline, deadline) for experiment in request.experiments]
        return ReviewRun(request, time.monotonic() - start, verified, replayed, results)


def replay_recorded(artefacts: CommitFiles, verified: Path, reproduced: set[str]) -> ReplayedPredictions | str:
    """Replay the predictions of a commit, or return why that is not possible.

    Args:
        artefacts: of the commit; read if an output was not reproduced.
        verified: folder in which all stages have run.
        reproduced: outputs in this folder that have the MD5 in dvc.lock.
    """
    try:
        if reproduced.issuperset(REPLAYED):
            return replay(verified)
        with TemporaryDirectory() as folder:
            for path in REPLAYED:
                artefacts.copy(path, Path(folder) / path)
            return replay(Path(folder))
    except (UserError, ValueError) as error:
        return str(error)


def _run_experiment(
    experiment: Experiment, clone: CleanClone, baseline: Callable[[], PipelineSnapshot], deadline: float
) -> ExperimentResult:
    """Run an experiment in a temporary folder of its own."""
    if not _remaining(deadline):
        return ExperimentResult(experiment, 0.0, None, "time limit reached")
    log.info("review: %s (%.0f minutes left)", experiment.name, _remaining(deadline) / 60)
    start = time.monotonic()
    settings = [argument for setting in experiment.settings for argument in ("--set-param", setting)]
    command = ("exp", "run", "--temp", "--name", experiment.name, *settings, "evaluate")
    try:
        clone.dvc(*command, timeout_seconds=_remaining(deadline))
        # Among experiments only: a branch may have the same name.
        commits = {name: commit for commit, name in git.list_experiments(clone.root).items()}
        changed = read_snapshot(CommitFiles(commits[experiment.name], clone.root), experiment.name)
        return ExperimentResult(experiment, time.monotonic() - start, compare_pipelines(baseline(), changed))
    except subprocess.TimeoutExpired:
        message = "time limit reached"
    except subprocess.CalledProcessError:
        message = "a stage failed"
    except UserError as error:
        message = str(error)
    log.warning("review: %s: %s", experiment.name, message)
    return ExperimentResult(experiment, time.monotonic() - start, None, message)


def _remaining(deadline: float) -> float:
    """Return the seconds until a deadline of the monotonic clock; 0 after it."""
    return max(0.0, deadline - time.monotonic())
