"""Command: check the components of an environment."""

from __future__ import annotations

import argparse
import datetime
import os
from typing import Any

from flight_delay.commands.serve import add_database_argument, database_url
from flight_delay.commands.state import add_service_argument, parse_date

COMPONENTS = ("tracking", "database", "state", "service", "disk", "clock")
URL_VARIABLE = "FLIGHT_DELAY_URL"


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "health",
        help="check the components of an environment",
        description="Check tracking server, predictions database, current state (it loads, was built by this code and "
        "is fresh), service, disk and clock (against another component's) at the same time, and print what to do. A "
        "component that does not answer within the time limit is down, and delays no other. Changes nothing.",
        epilog="examples: `flight-delay health`, `flight-delay health --url http://127.0.0.1:8001 --only service "
        "clock`; exit codes: 0 all is well, 1 all answer and a person is needed, 2 a component is down, or error",
    )
    parser.add_argument(
        "--url",
        default=os.environ.get(URL_VARIABLE) or "http://127.0.0.1:8000",
        help=f"address of the service (default: ${URL_VARIABLE}, or else http://127.0.0.1:8000)",
    )
    parser.add_argument("--only", nargs="+", choices=COMPONENTS, default=COMPONENTS, help="components (default: all)")
    parser.add_argument(
        "--date", type=parse_date, metavar="DATE", help="from which the age of the state counts (default: today in UTC)"
    )
    parser.add_argument(
        "--time-limit",
        type=_parse_seconds,
        default=10.0,
        metavar="SECONDS",
        help="of each check (default: %(default)g)",
    )
    add_database_argument(parser)
    add_service_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check, print a table, and return the exit code."""
    from flight_delay.core.params import load_params
    from flight_delay.promotion.bounds import Promote
    from flight_delay.tracking.settings import apply_settings

    apply_settings()
    from flight_delay.monitoring.health import Environment, check_health  # now: mlflow reads its settings

    environment = Environment(
        service=arguments.service,
        database=database_url(arguments),
        url=arguments.url.rstrip("/"),
        model=load_params("promote", Promote).model,
        date=arguments.date or datetime.datetime.now(datetime.UTC).date(),
        seconds=arguments.time_limit,
    )
    results = check_health(environment, arguments.only)
    rows = [("component", "status", "detail", "what to do"), *results]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for *cells, advice in rows:
        print("  ".join([*map(str.ljust, cells, widths), advice]).rstrip())
    statuses = {result.status for result in results}
    return 2 if "down" in statuses else 1 if "warning" in statuses else 0


def _parse_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds up to 3600, such as 10")
    return seconds
