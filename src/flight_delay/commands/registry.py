"""Command: list versions of the registered model, aliases and their moves."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "registry",
        help="list versions of the registered model with aliases, who moved them, when and why",
        description="List the versions of the registered model with aliases and metrics, and how each became "
        "challenger or champion: when, after which version, who moved the alias and why. A champion that was set by "
        "hand is reported.",
        epilog="example: `flight-delay registry --json | jq .versions[-1].events`",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, with the results of the gate")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the list."""
    from flight_delay.core.params import load_params
    from flight_delay.promotion.bounds import Promote
    from flight_delay.tracking.settings import apply_settings

    apply_settings()
    # now: mlflow reads its settings
    from flight_delay.tracking.client import connect, mlflow_errors_as_user_errors
    from flight_delay.tracking.database import require_database
    from flight_delay.tracking.registry.listing import versions_json, versions_text
    from flight_delay.tracking.registry.versions import list_versions

    model = load_params("promote", Promote).model
    require_database(model)
    with mlflow_errors_as_user_errors(setting_up=True):
        versions = list_versions(connect(), model)
    print(versions_json(model, versions) if arguments.json else versions_text(model, versions))
    return 0
