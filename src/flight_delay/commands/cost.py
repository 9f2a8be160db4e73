"""Command: compute what hosting the service costs."""

from __future__ import annotations

import argparse
import math
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "cost",
        help="compute what hosting the service costs",
        description="Compute machines and storage that a service needs, and their cost a month, from measured figures "
        "(references/measured_costs.yaml), prices (references/prices.yaml) and assumptions (`cost` in params.yaml). "
        "Print, as Markdown, every step, a comparison of providers and numbers of replicas, and the effect of each "
        "number doubled.",
        epilog="examples: `flight-delay cost > docs/hosting-cost.md`, `flight-delay cost --requests-per-day 100000`; "
        "exit codes: 0 printed, 2 error",
    )
    for name, default, meaning in (
        ("--requests-per-day", 2_000_000, "requests to the service; 0 for none"),
        ("--flights-per-day", 20_000, "flights of the timetable, and of each day of history"),
        ("--history-years", 10, "years of flights to learn from, and of archived predictions"),
    ):
        parser.add_argument(
            name, type=_parse_number, default=float(default), metavar="N", help=f"{meaning} (default: %(default)g)"
        )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the page."""
    from pydantic import ValidationError

    from flight_delay.core.errors import UserError
    from flight_delay.core.params import load_params
    from flight_delay.core.references import read_reference
    from flight_delay.hosting.inputs import MEASURED_FILE, PRICES_FILE, Assumptions, Demand, Measured, Prices
    from flight_delay.hosting.page import render_page

    try:
        demand = Demand(**{name: getattr(arguments, name) for name in Demand.model_fields})
    except ValidationError as error:
        (detail, *_) = error.errors()
        option = str(detail["loc"][0]).replace("_", "-")
        raise UserError(f"--{option} {detail['input']:g}: {detail['msg']}; give a number in this range") from None
    assumptions = load_params("cost", Assumptions)
    measured, prices = read_reference(MEASURED_FILE, Measured), read_reference(PRICES_FILE, Prices)
    print(render_page(demand, assumptions, measured, prices), end="")
    return 0


def _parse_number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number, such as 20000")
    return number
