"""Command: show the registered model, its versions, and who moved which alias when and why."""

from __future__ import annotations

import argparse
from typing import Any


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "registry",
        help="show versions of the registered model and every move of champion and challenger",
        description="Show the versions of the registered model with their figures, then every move of its aliases, the newest "
        "last: who, when, why, from, to. What no move explains, such as an alias that was moved by hand, is said below.",
    )
    parser.add_argument("--json", action="store_true", help="print it as JSON, with the figures of the gate")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the history."""
    from flight_delay.core.params import load
    from flight_delay.promotion.gate import Promote
    from flight_delay.tracking.settings import apply_settings

    apply_settings()
    from flight_delay.tracking.client import connect, reachable, require_database  # now: mlflow reads its settings
    from flight_delay.tracking.registry.history import as_json, history, text

    model = load("promote", Promote).model
    require_database(model)
    with reachable(setting_up=True):
        of = history(connect(), model)
    print(as_json(of) if arguments.json else text(of))
    return 0
