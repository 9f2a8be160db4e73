"""Command: explain the predictions of flights, and predict one at other departure times."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from flight_delay.explain.explainer import Explainer
    from flight_delay.explain.local.load import Explained

_FORMATS: dict[str, Literal["png", "svg"]] = {".png": "png", ".svg": "svg"}


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "explain",
        help="explain the predicted probability of a flight",
        description="Print the predicted probability and decision for a flight, the features that move the probability\n"
        "away from the average, and at most four reasons in plain words. The flights are those of data/processed, and\n"
        "are printed month by month. Reads models/, data/ and reports/interpret/, and changes nothing.",
        epilog="examples:\n"
        "  flight-delay explain --flight 2013-11-01-US-1895-EWR-0500\n"
        "  flight-delay explain --flight 2013-11-01-US-1895-EWR-0500 --picture why.png\n"
        "  flight-delay explain --flight 2013-11-01-US-1895-EWR-0500 --what-if departure\n"
        "  flight-delay explain --flights tomorrow.csv --json > reasons.jsonl\n"
        "  cut -d, -f1-5 plan.csv | flight-delay explain --flights -\n\n"
        "a key is date, carrier, flight number, origin and scheduled departure (HHMM), as in the column flight_id of\n"
        "data/processed; a CSV has that column, or flight_date, carrier, flight_number, origin and either\n"
        "scheduled_departure (HHMM) or scheduled_departure_minutes (after midnight)\n\n"
        "exit codes: 0 explained, 2 not possible",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--flight", action="append", metavar="KEY", help="a flight; may be repeated")
    which.add_argument("--flights", metavar="FILE.csv", help="a CSV with one flight per line; - for standard input")
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="also plot one flight: FILE.png or FILE.svg")
    parser.add_argument(
        "--what-if", choices=["departure"], help="predict one flight at every half hour of its date instead"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Find the flights, explain them and print the explanations."""
    from flight_delay.core import paths
    from flight_delay.core.errors import UserError
    from flight_delay.explain.local.flight_ids import find
    from flight_delay.explain.local.load import explained, load_explainer

    keys, source = _read_keys(arguments)
    if len(keys) > 1 and (arguments.picture or arguments.what_if):
        option = "--what-if" if arguments.what_if else "--picture"
        raise UserError(f"{option}: {len(keys):,} flights given; it accepts one")
    if arguments.picture and arguments.picture.suffix not in _FORMATS:
        raise UserError(f"--picture {arguments.picture}: neither .png nor .svg; choose one of these")
    explainer = load_explainer()
    rows = find(paths.PROCESSED, keys, source)
    if arguments.what_if:
        [(month, [position])] = rows.items()
        _print_what_if(arguments, explainer, month, int(position))
        return 0
    for flight in explained(explainer, rows):
        _print_flight(arguments, explainer, flight)
    if not arguments.json:
        from flight_delay.explain.local.text import footnotes

        print(footnotes(explainer.reference, explainer.bundle.manifest.feature_parameters.late_minutes), end="")
    return 0


def _read_keys(arguments: argparse.Namespace) -> tuple[list[str], str]:
    """Return keys of flights, and the name of their source for messages."""
    from flight_delay.core.errors import UserError
    from flight_delay.core.files import read_bytes
    from flight_delay.explain.local.flight_ids import read_keys

    if arguments.flight:
        return [key.strip() for key in arguments.flight], "--flight"
    source = "standard input" if arguments.flights == "-" else arguments.flights
    if arguments.flights != "-" and not Path(source).is_file():
        raise UserError(f"{source}: no such file; give a CSV with a column flight_id")
    content = sys.stdin.buffer.read() if arguments.flights == "-" else read_bytes(Path(source))
    try:
        return read_keys(content.decode(), source), source
    except UnicodeDecodeError:
        raise UserError(f"{source}: not UTF-8 text; save it as a CSV in UTF-8") from None


def _print_flight(arguments: argparse.Namespace, explainer: Explainer, flight: Explained) -> None:
    from flight_delay.explain.local.json_output import flight_record
    from flight_delay.explain.local.text import explained

    smallest, threshold = explainer.topics.smallest_reason, explainer.bundle.decision.threshold
    if arguments.picture:
        from flight_delay.core.files import write_bytes
        from flight_delay.report.plots.flight import waterfall

        write_bytes(arguments.picture, waterfall(flight.reasons, smallest, _FORMATS[arguments.picture.suffix]))
    if arguments.json:
        print(flight_record(flight, explainer))
    else:
        destination, late = flight.destination, flight.late
        print(explained(flight.reasons, destination=destination, late=late, threshold=threshold, smallest=smallest))


def _print_what_if(arguments: argparse.Namespace, explainer: Explainer, month: str, position: int) -> None:
    from flight_delay.explain.local.json_output import what_if_record
    from flight_delay.explain.local.load import other_departures
    from flight_delay.explain.local.text import what_if_text

    answer = other_departures(explainer, month, position)
    if arguments.picture:
        from flight_delay.core.files import write_bytes
        from flight_delay.report.plots.flight import what_if

        write_bytes(arguments.picture, what_if(answer, _FORMATS[arguments.picture.suffix]))
    print(what_if_record(answer) if arguments.json else what_if_text(answer), end="\n" if arguments.json else "")
