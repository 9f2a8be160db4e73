"""Command: move champion back to an earlier champion."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "rollback",
        help="move champion back to the version that was champion before",
        description="Move the alias `champion` back to the version that it replaced, in seconds: without the gate, "
        "commits or data. Rolling back twice goes back two versions.",
        epilog="example: `flight-delay rollback --reason 'probabilities too high'`; exit codes: 0 moved, 2 there is "
        "no version to go back to, another process moved it, or the server does not answer",
    )
    parser.add_argument("--reason", required=True, metavar="TEXT", help="stored with the version that becomes champion")
    parser.add_argument("--to", type=int, metavar="VERSION", help="another version that was champion once")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Move champion and print both versions."""
    from flight_delay.core.params import load_params
    from flight_delay.promotion.bounds import Promote
    from flight_delay.tracking.settings import apply_settings

    apply_settings()
    # now: mlflow reads its settings
    from flight_delay.tracking.client import connect, mlflow_errors_as_user_errors
    from flight_delay.tracking.database import require_database
    from flight_delay.tracking.registry.aliases import current_user, roll_back, validate_reason
    from flight_delay.tracking.registry.versions import label_version

    reason, model = validate_reason(arguments.reason), load_params("promote", Promote).model
    require_database(model)
    with mlflow_errors_as_user_errors(setting_up=True):
        event = roll_back(connect(), model, arguments.to, current_user(), reason)
    print(f"{model}: champion moved back from {label_version(event.previous)} to version {event.version}")
    return 0
