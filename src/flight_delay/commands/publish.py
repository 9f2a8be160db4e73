"""Command: publish what a commit or DVC experiment holds as an MLflow run."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "publish",
        help="publish a commit or DVC experiment in MLflow, or give its run the commit",
        description="Make sure that MLflow has one complete run of the pipeline that a commit or DVC experiment holds, and "
        "that the run names its commit. `dvc repro` and `dvc exp run` publish by themselves; this is for those that ran "
        "elsewhere or without a server, and for a run whose dvc.lock has been committed since. Files are taken from git and "
        "the DVC cache or remote; nothing is run, and your checkout stays as it is.",
        epilog="examples: `flight-delay publish` (after `git commit`), `flight-delay publish --rev my-experiment`",
    )
    parser.add_argument(
        "--rev", default="HEAD", metavar="REV", help="commit, tag, branch or DVC experiment (default: HEAD)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Publish, and say which run it is."""
    from flight_delay.core.params import load
    from flight_delay.tracking.publish_revision import read_revision
    from flight_delay.tracking.settings import Publish, apply_settings

    apply_settings()
    from flight_delay.tracking.publish import publish  # now: mlflow reads its settings while it is imported

    experiment = load("publish", Publish).experiment
    with read_revision(arguments.rev) as (content, commit):
        run_id, added = publish(content, experiment, commit)
    committed = f"commit {commit[:10]}" if commit else "in no commit of a branch yet"
    print(f"{'added' if added else 'already there:'} run {run_id} ({content.name}; {committed})")
    return 0
