"""Command: predict all scheduled flights of one date or several."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from flight_delay.commands.state import add_input_arguments, open_inputs, parse_date

_SUFFIXES = (".csv", ".parquet")


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "predict",
        help="predict all scheduled flights of one date or several",
        description="Predict all scheduled flights of one date or several, each as 24 hours before its departure: "
        "probability, prediction, topics of the reasons, state and model version. `days_behind` is 0 for a final "
        "prediction; otherwise so many days of outcomes were missing. The same data and model give the same bytes. The "
        "model is that of this checkout, or else of the installed package `flight-delay-model`.",
        epilog="examples: `flight-delay predict --date 2013-12-01 > predictions.csv`, `flight-delay predict --date "
        "2013-12-01 2013-12-07 --output week.parquet`; exit codes: 0 success, 2 error, no file is written",
    )
    parser.add_argument(
        "--date", type=parse_date, nargs="+", required=True, metavar="DATE", help="a date, or the first and the last"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="a .csv or .parquet file (default: CSV, printed)")
    add_input_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Predict date by date, and print or write the predictions."""
    from flight_delay.core.errors import UserError
    from flight_delay.serving.batch import predict_dates
    from flight_delay.serving.model_package import local_model
    from flight_delay.serving.write import print_csv, write_predictions

    first, last = arguments.date[0], arguments.date[-1]
    if len(arguments.date) > 2 or last < first:
        raise UserError(f"--date {' '.join(map(str, arguments.date))}: give one date, or the first and the last")
    if arguments.output and arguments.output.suffix not in _SUFFIXES:
        raise UserError(f"--output {arguments.output}: unknown format; use {' or '.join(_SUFFIXES)}")
    model = local_model()
    tables = predict_dates(open_inputs(arguments, model.parameters), model, first, last)
    if arguments.output:
        rows = write_predictions(arguments.output, tables)
        print(f"{arguments.output}: {rows:,} flights")
    else:
        print_csv(tables, sys.stdout.buffer)
    return 0
