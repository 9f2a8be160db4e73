"""Command: export closed months of the predictions database, delete old ones."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from flight_delay.commands.serve import add_database_argument, database_url
from flight_delay.commands.state import add_service_argument

MAX_KEEP_DAYS = 36_500


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "archive",
        help="export closed months of predictions and outcomes, delete old ones",
        description="Export each closed month of the predictions database to FOLDER/predictions-<month>.parquet and "
        "FOLDER/outcomes-<month>.parquet. A month that has been exported is not exported again. With --keep-days, "
        "months that ended longer ago are deleted from the database afterwards; the latest outcome of a flight stays.",
        epilog="example, once a day: `flight-delay archive --to /backup/predictions --keep-days 400`; exit codes: 0 "
        "done, 2 error, nothing is deleted",
    )
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="folder of the exported files")
    parser.add_argument("--keep-days", type=int, metavar="DAYS", help="delete months that ended longer ago")
    add_database_argument(parser)
    add_service_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Export, delete, and print numbers."""
    from flight_delay.core.errors import UserError
    from flight_delay.serving.archive import archive
    from flight_delay.serving.database import open_database, utc_now

    if arguments.keep_days is not None and not 0 <= arguments.keep_days <= MAX_KEEP_DAYS:
        raise UserError(f"--keep-days {arguments.keep_days}: give 0 to {MAX_KEEP_DAYS}")
    done = archive(open_database(database_url(arguments)), arguments.to, utc_now().date(), arguments.keep_days)
    print(f"{arguments.to}: {done.months} closed months; {done.deleted:,} predictions deleted")
    return 0
