"""Author, baseline and durations of a pipeline.

The pipeline is in this folder, in a commit or in a DVC experiment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flight_delay.core.runner import read_timings
from flight_delay.vcs.git import commit_author, git, git_author, list_experiments
from flight_delay.vcs.lock import PUBLISH


@dataclass(frozen=True)
class RunSource:
    """The source of a pipeline.

    Attributes:
        author: 'name <address>'.
        start: commit from which its baseline is searched: the checked-out one, or the one that holds the pipeline.
        experiment: name of the DVC experiment, if it is one.
        experiment_baseline: commit that the experiment started from.
        seconds: duration by stage, as far as it is known.
    """

    author: str
    start: str
    experiment: str | None = None
    experiment_baseline: str | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    @staticmethod
    def of_workspace() -> RunSource:
        """Describe the pipeline in this folder."""
        baseline = os.environ.get("DVC_EXP_BASELINE_REV")
        return RunSource(
            author=git_author(),
            start=baseline or "HEAD",
            experiment=os.environ.get("DVC_EXP_NAME"),
            experiment_baseline=baseline,
            seconds={name: run["seconds"] for name, run in read_timings().items() if name != PUBLISH},
        )

    @staticmethod
    def of_commit(commit: str, cwd: Path = Path()) -> RunSource:
        """Describe the pipeline of a commit.

        Raises:
            UserError: there is no such commit.
        """
        experiment = list_experiments(cwd).get(commit)
        return RunSource(
            author=commit_author(commit, cwd),
            start=commit,
            experiment=experiment,
            experiment_baseline=git("rev-parse", f"{commit}^", cwd=cwd) if experiment else None,
        )
