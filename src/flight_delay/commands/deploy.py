"""Command: serve the champion of the model registry, or its challenger."""

from __future__ import annotations

import argparse
import os
from typing import Any

from flight_delay.commands.state import add_input_arguments, add_service_argument, parse_date

ALIAS_VARIABLE = "FLIGHT_DELAY_ALIAS"


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "deploy",
        help="serve the champion of the model registry",
        description="Build a state from the version that is `champion`, with `challenger` as shadow, whose answers are "
        "stored and never returned, or the other way round (--alias). Make it the current one, which services load "
        "without a pause. Nothing changes if the current state has these versions, this cut-off and the same feeds. "
        "With --watch, this is repeated whenever an alias moves; while MLflow does not answer, the current state "
        "stays.",
        epilog="examples: `flight-delay deploy --as-of 2013-11-30`, `flight-delay deploy --watch`; after `flight-delay "
        "rollback`, `flight-delay deploy` serves the previous version; exit codes: 0 done, 2 error, the current state "
        "stays, 130 interrupted",
    )
    parser.add_argument(
        "--as-of", type=parse_date, metavar="DATE", help="date of the cut-off (default: that of the current state)"
    )
    parser.add_argument(
        "--alias",
        type=_parse_alias,
        default=os.environ.get(ALIAS_VARIABLE) or "champion",
        metavar="NAME",
        help=f"champion or challenger, which answers (default: ${ALIAS_VARIABLE}, or else champion)",
    )
    parser.add_argument("--watch", action="store_true", help="follow the aliases until interrupted")
    parser.add_argument(
        "--interval", type=float, default=1.0, metavar="SECONDS", help="of --watch (default: %(default)g)"
    )
    add_input_arguments(parser)
    add_service_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Deploy once, or follow the aliases."""
    from flight_delay.core.params import load_params
    from flight_delay.promotion.bounds import Promote
    from flight_delay.serving.deployment import Feeds, deploy, describe_deployment, watch

    states, model = arguments.service / "states", load_params("promote", Promote).model
    feeds = Feeds(arguments.timetable, arguments.outcomes)
    if arguments.watch:
        watch(states, model, arguments.as_of, feeds, arguments.interval, alias=arguments.alias)
    state = deploy(states, model, arguments.as_of, feeds, alias=arguments.alias, has_new_feeds=feeds != Feeds())
    print(describe_deployment(state) if state else f"{model}: the current state has the aliased versions; unchanged")
    return 0


def _parse_alias(text: str) -> str:
    if text not in {"champion", "challenger"}:
        raise argparse.ArgumentTypeError(f"'{text}' is not an alias; give champion or challenger")
    return text
