"""Command: publish the pipeline of a commit or experiment as an MLflow run."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "publish",
        help="publish a commit or DVC experiment in MLflow, or tag its run with the commit",
        description="Make sure that MLflow has one complete run of the pipeline of a commit or DVC experiment, "
        "tagged with the commit. `dvc repro` and `dvc exp run` publish by themselves: use this for pipelines that "
        "ran elsewhere or without a server, and after committing dvc.lock. Files are read from git and the DVC cache "
        "or remote; no stage is run, and the checkout is not changed.",
        epilog="examples: `flight-delay publish` (after `git commit`), `flight-delay publish --rev my-experiment`",
    )
    parser.add_argument(
        "--rev", default="HEAD", metavar="REV", help="commit, tag, branch or DVC experiment (default: HEAD)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Publish, and print the run."""
    from flight_delay.core.params import load_params
    from flight_delay.tracking.publish_revision import read_revision
    from flight_delay.tracking.settings import Publish, apply_settings

    apply_settings()
    from flight_delay.tracking.publish import publish  # now: mlflow reads its settings while it is imported

    experiment = load_params("publish", Publish).experiment
    with read_revision(arguments.rev) as (content, commit):
        run_id, added = publish(content, experiment, commit)
    committed = f"commit {commit[:10]}" if commit else "not in a commit of a branch yet"
    print(f"{'added' if added else 'already published:'} run {run_id} ({content.name}; {committed})")
    return 0
