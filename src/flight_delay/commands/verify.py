"""Command: make every artefact of a commit again."""

from __future__ import annotations

import argparse
from typing import Any


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "verify",
        help="make every artefact of a commit again and compare it byte for byte",
        description="Clone a commit into a temporary folder, run all stages but `publish` from raw data, without any "
        "cache, and compare every output with the commit's dvc.lock. Takes as long as a first `dvc repro`; your "
        "checkout, your cache and MLflow are not touched.",
        epilog="exit codes: 0 all the same, 1 something is different, 2 it could not be checked",
    )
    parser.add_argument(
        "revision", nargs="?", default="HEAD", metavar="REV", help="commit, tag or branch (default: HEAD)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Verify and print the table."""
    from flight_delay.review.verify import table, verify

    verified = verify(arguments.revision)
    print(table(verified))
    return 0 if verified.same else 1
