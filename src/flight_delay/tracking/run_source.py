"""Who made a pipeline, and from what: of the one in this folder, and of one that a commit or DVC experiment holds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flight_delay.core.runner import recorded_runs
from flight_delay.vcs.git import author, experiments, git
from flight_delay.vcs.lock import PUBLISH


@dataclass(frozen=True)
class RunSource:
    """Where a pipeline comes from.

    Attributes:
        author: 'name <address>'.
        start: commit from which its baseline is looked for: the one that was checked out, or the one that holds it.
        experiment: name of the DVC experiment, if it is one.
        experiment_baseline: commit that the experiment started from.
        seconds: that stages took, as far as it is known.
    """

    author: str
    start: str
    experiment: str | None = None
    experiment_baseline: str | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    @staticmethod
    def here() -> RunSource:
        """Of the pipeline that runs in this folder; DVC tells the stages of an experiment what they belong to."""
        baseline = os.environ.get("DVC_EXP_BASELINE_REV")
        return RunSource(
            author=author(),
            start=baseline or "HEAD",
            experiment=os.environ.get("DVC_EXP_NAME"),
            experiment_baseline=baseline,
            seconds={name: of["seconds"] for name, of in recorded_runs().items() if name != PUBLISH},
        )

    @staticmethod
    def of(commit: str, cwd: Path = Path()) -> RunSource:
        """Of the pipeline that a commit holds.

        Raises:
            UserError: there is no such commit.
        """
        experiment = experiments(cwd).get(commit)
        return RunSource(
            author=git("log", "-1", "--format=%an <%ae>", commit, cwd=cwd),
            start=commit,
            experiment=experiment,
            experiment_baseline=git("rev-parse", f"{commit}^", cwd=cwd) if experiment else None,
        )
