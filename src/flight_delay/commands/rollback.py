"""Command: move the champion back to the version that was champion before."""

from __future__ import annotations

import argparse
from typing import Any


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "rollback",
        help="move champion back to the version that was champion before",
        description="Move the alias `champion` back to the version that was champion before, in seconds: no gate is asked, and "
        "neither commits nor data are needed. Twice goes back twice.",
        epilog="exit codes: 0 moved, 2 there is nothing to go back to, or the server does not answer",
    )
    parser.add_argument("--why", required=True, metavar="TEXT", help="is written down with the move")
    parser.add_argument(
        "--to", type=int, metavar="VERSION", help="another version that was champion once (default: the one before)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Move it, and say from what to what."""
    from flight_delay.core.params import load
    from flight_delay.promotion.gate import Promote
    from flight_delay.tracking.registry.moves import checked_why
    from flight_delay.tracking.settings import apply_settings

    apply_settings()
    from flight_delay.tracking.client import connect, reachable, require_database  # now: mlflow reads its settings
    from flight_delay.tracking.registry.moving import Intent, roll_back, who

    why, model = checked_why(arguments.why), load("promote", Promote).model
    require_database(model)
    with reachable(setting_up=True):
        move = roll_back(connect(), model, arguments.to, Intent("rollback", who(), why))
    came_from = "none" if move.came_from is None else f"version {move.came_from}"
    print(f"{model}: champion went back from {came_from} to version {move.went_to}")
    return 0
