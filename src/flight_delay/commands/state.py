"""Command: build a state, from which predictions are made."""

from __future__ import annotations

import argparse
import datetime
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flight_delay.features.parameters import FeatureParameters
    from flight_delay.serving.inputs import Inputs

SERVICE = Path("service")
SERVICE_VARIABLE = "FLIGHT_DELAY_SERVICE"


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "state",
        help="build a state, from which a service predicts",
        description="Build a state from the model of this checkout, or else of the installed package "
        "`flight-delay-model`, and make it the current one, which services load. It has the outcomes known before DATE "
        "began in UTC, and the timetable of DATE and the days after it; predictions for flights that depart on the "
        "next day in UTC, or before, are final. A state is written completely or not at all, and is never changed; "
        "the same inputs give the same id.",
        epilog="examples: `flight-delay state --as-of 2013-11-30`, `flight-delay state --as-of 2014-01-01 "
        "--timetable january.csv`; exit codes: 0 built and current, 2 error, the current state stays",
    )
    parser.add_argument("--as-of", type=parse_date, required=True, metavar="DATE", help="date of the cut-off")
    add_input_arguments(parser)
    add_service_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Build the state, make it the current one and print it."""
    from flight_delay.serving.builder import build_state
    from flight_delay.serving.model_package import local_model
    from flight_delay.serving.states import activate

    states, model = arguments.service / "states", local_model()
    inputs = open_inputs(arguments, model.parameters)
    state = activate(states, build_state(states, arguments.as_of, inputs, model))
    flights = len(state.timetable["flight_id"])
    print(f"state {state.id}: as of {state.manifest.as_of}, {flights:,} scheduled flights, model {state.model.version}")
    return 0


def add_input_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the feeds."""
    parser.add_argument(
        "--timetable",
        type=Path,
        metavar="FILE",
        help="scheduled flights, CSV or Parquet; replaces the pipeline's timetable of its dates",
    )
    parser.add_argument(
        "--outcomes",
        type=Path,
        metavar="FILE",
        help="flights with outcomes, CSV or Parquet, in addition to the pipeline's (docs/service.md)",
    )


def add_service_argument(parser: argparse.ArgumentParser) -> None:
    """Declare the folder of a service."""
    parser.add_argument(
        "--service",
        type=Path,
        default=Path(os.environ.get(SERVICE_VARIABLE) or SERVICE),
        metavar="FOLDER",
        help=f"states, predictions database and logs (default: ${SERVICE_VARIABLE}, or else {SERVICE})",
    )


def open_inputs(arguments: argparse.Namespace, parameters: FeatureParameters) -> Inputs:
    """Return timetable and outcomes that the arguments name."""
    from flight_delay.serving.inputs import Inputs

    return Inputs(parameters, arguments.timetable, arguments.outcomes)


def parse_date(text: str) -> datetime.date:
    """Parse a date such as 2013-11-30.

    Raises:
        ArgumentTypeError: it is not one.
    """
    with suppress(ValueError):
        date = datetime.date.fromisoformat(text)
        if datetime.MINYEAR < date.year < datetime.MAXYEAR:  # the days before and after it are dates, too
            return date
    raise argparse.ArgumentTypeError(f"'{text}' is not a date such as 2013-11-30")
