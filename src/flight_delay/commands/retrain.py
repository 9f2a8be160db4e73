"""Command: retrain with a new month, on a branch for a review."""

from __future__ import annotations

import argparse
import datetime
import os
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "retrain",
        help="retrain with a new month, on a branch with a review request",
        description="Make the branch retrain-MONTH: data and splits are shifted so that the test split ends with "
        "MONTH, the pipeline has run as a DVC experiment and is published, and docs/reviews/ has a request with the "
        "comparison. It runs in a clone that shares the DVC cache; the checkout stays as it is. `flight-delay promote` "
        "and a person decide what becomes of the branch. Run it for a new month of data, or after a confirmed alarm.",
        epilog="example: `flight-delay retrain 2014-01 --dry-run`; exit codes: 0 the branch is there, 2 error, "
        "there is no branch",
    )
    parser.add_argument("month", metavar="MONTH", help="new last month of the data and of the test split, as 2014-01")
    parser.add_argument("--dry-run", action="store_true", help="print what would be changed and run")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Retrain, and print the branch and what to do next."""
    from flight_delay.core.params import flatten
    from flight_delay.review import retraining
    from flight_delay.tracking.settings import apply_settings
    from flight_delay.vcs.commit_files import CommitFiles

    apply_settings()
    from flight_delay.tracking.database import URI_VARIABLE, tracking_uri  # now: mlflow reads its settings

    head = CommitFiles.at()
    experiment = retraining.retrain_experiment(head.params, arguments.month)
    name, start = experiment.name, head.commit[:10]
    if arguments.dry_run:
        retraining.require_branch_possible(name, head.root)
        before = flatten(head.params)
        print(*(f"{key}: {before[key]} → {value}" for key, value in experiment.parameters.items()), sep="\n")
        print("\nin a clone:", experiment.command, f"git switch --create {name} && git commit --all", sep="\n  ")
        print(f"  flight-delay review request --name {name} --against {start} && git commit")
        return 0
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    page = retraining.retrain(experiment, today, {**os.environ, URI_VARIABLE: tracking_uri()})
    print(
        f"{name}: a branch of {start} with {page}; next: `flight-delay compare {start} {name}`, "
        f"`flight-delay promote {name} --to challenger`"
    )
    return 0
