"""Command: why a flight has its probability, and what the model says of it at other times of departure."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from flight_delay.explain.explainer import Explainer
    from flight_delay.explain.local.load import Explained
    from flight_delay.explain.local.what_if import WhatIf

_FORMATS: dict[str, Literal["png", "svg"]] = {".png": "png", ".svg": "svg"}


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "explain",
        help="say why the model gives a flight its probability",
        description="Say how likely a flight is to be late, whether it is called late, what moves its probability away from what\n"
        "is usual, and at most four reasons in plain words. Of any flight of data/processed, also of cancelled ones; flights of\n"
        "several months come month by month. Reads models/, data/ and reports/interpret/, and changes nothing.",
        epilog="examples:\n"
        "  flight-delay explain --flight 2013-11-01-US-1895-EWR-0500\n"
        "  flight-delay explain --flight 2013-11-01-US-1895-EWR-0500 --picture why.png\n"
        "  flight-delay explain --flight 2013-11-01-US-1895-EWR-0500 --what-if departure\n"
        "  flight-delay explain --flights tomorrow.csv --json > reasons.jsonl\n"
        "  cut -d, -f1-5 plan.csv | flight-delay explain --flights -\n\n"
        "a key is date, carrier, flight number, origin and scheduled departure (HHMM), as in the column flight_id of\n"
        "data/processed; a CSV has that column, or flight_date, carrier, flight_number, origin and scheduled_departure (HHMM)\n"
        "or scheduled_departure_minutes (after midnight)\n\n"
        "exit codes: 0 explained, 2 it could not be explained",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--flight", action="append", metavar="KEY", help="a flight; may be given several times")
    which.add_argument("--flights", metavar="FILE.csv", help="flights, a line for each; - for standard input")
    parser.add_argument("--json", action="store_true", help="one JSON object per line, for machines")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help="draw it, too, for one flight: FILE.png or FILE.svg"
    )
    parser.add_argument(
        "--what-if", choices=["departure"], help="what the model says of one flight at every half hour of its date"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Find the flights, explain them and print what there is to say."""
    from flight_delay.core import paths
    from flight_delay.core.errors import UserError
    from flight_delay.explain.local.flight_ids import find
    from flight_delay.explain.local.load import explained, load_explainer, other_departures

    keys, called = _asked_for(arguments)
    if len(keys) > 1 and (arguments.picture or arguments.what_if):
        option = "--what-if" if arguments.what_if else "--picture"
        raise UserError(f"{option}: {len(keys):,} flights asked for; it is for one")
    if arguments.picture and arguments.picture.suffix not in _FORMATS:
        raise UserError(f"--picture {arguments.picture}: neither .png nor .svg; choose one of these")
    explainer = load_explainer()
    found = find(paths.PROCESSED, keys, called)
    if arguments.what_if:
        [(month, [position])] = found.items()
        return _show_what_if(arguments, other_departures(explainer, month, int(position)))
    for flight in explained(explainer, found):
        _show(arguments, explainer, flight)
    if not arguments.json:
        from flight_delay.explain.local.text import footnotes

        print(footnotes(explainer.reference, explainer.bundle.manifest.feature_parameters.late_minutes), end="")
    return 0


def _asked_for(arguments: argparse.Namespace) -> tuple[list[str], str]:
    from flight_delay.core.errors import UserError
    from flight_delay.core.files import read_bytes
    from flight_delay.explain.local.flight_ids import read_keys

    if arguments.flight:
        return [key.strip() for key in arguments.flight], "--flight"
    called = "standard input" if arguments.flights == "-" else arguments.flights
    if arguments.flights != "-" and not Path(called).is_file():
        raise UserError(f"{called}: no such file; give a CSV with a column flight_id")
    content = sys.stdin.buffer.read() if arguments.flights == "-" else read_bytes(Path(called))
    try:
        return read_keys(content.decode(), called), called
    except UnicodeDecodeError:
        raise UserError(f"{called}: not UTF-8 text; save it as a CSV in UTF-8") from None


def _show(arguments: argparse.Namespace, explainer: Explainer, flight: Explained) -> None:
    from flight_delay.core.files import write_bytes
    from flight_delay.explain.local.json_output import flight_record
    from flight_delay.explain.local.text import explained

    smallest = explainer.topics.smallest_reason
    if arguments.picture:
        from flight_delay.report.plots.flight import waterfall

        write_bytes(arguments.picture, waterfall(flight.reasons, smallest, _FORMATS[arguments.picture.suffix]))
    if arguments.json:
        print(flight_record(flight, explainer))
        return
    threshold = explainer.bundle.decision.threshold
    print(
        explained(
            flight.reasons, destination=flight.destination, late=flight.late, threshold=threshold, smallest=smallest
        )
    )


def _show_what_if(arguments: argparse.Namespace, answer: WhatIf) -> int:
    from flight_delay.core.files import write_bytes
    from flight_delay.explain.local.json_output import what_if_record
    from flight_delay.explain.local.text import what_if_text

    if arguments.picture:
        from flight_delay.report.plots.flight import what_if

        write_bytes(arguments.picture, what_if(answer, _FORMATS[arguments.picture.suffix]))
    print(what_if_record(answer) if arguments.json else what_if_text(answer), end="\n" if arguments.json else "")
    return 0
