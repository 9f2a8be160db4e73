"""Command: explain the prediction for a flight; predict other departures."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from flight_delay.explain.explainer import Explainer
    from flight_delay.explain.local.load import ExplainedFlight
    from flight_delay.explain.local.what_if import WhatIf

_FORMATS: dict[str, Literal["png", "svg"]] = {".png": "png", ".svg": "svg"}


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "explain",
        help="explain the prediction for a flight",
        description="Print the probability that a flight is late, the prediction, contributions to the probability,\n"
        "and at most four reasons. Any flight of data/processed can be explained, also cancelled flights; output is\n"
        "ordered by month. Reads models/, data/ and reports/interpret/, and changes nothing.",
        epilog="examples:\n"
        "  flight-delay explain --flight 2013-11-01-US-1895-EWR-0500\n"
        "  flight-delay explain --flight 2013-11-01-US-1895-EWR-0500 --plot why.png\n"
        "  flight-delay explain --flight 2013-11-01-US-1895-EWR-0500 --what-if departure\n"
        "  flight-delay explain --flights tomorrow.csv --json > reasons.jsonl\n"
        "  cut -d, -f1-5 plan.csv | flight-delay explain --flights -\n\n"
        "FLIGHT_ID is date, carrier, flight number, origin and scheduled departure (HHMM), as in the column flight_id\n"
        "of data/processed. The CSV has that column, or flight_date, carrier, flight_number, origin, and\n"
        "scheduled_departure (HHMM) or scheduled_departure_minutes (after midnight).\n\n"
        "exit codes: 0 success, 2 error",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--flight", action="append", metavar="FLIGHT_ID", help="a flight; may be repeated")
    which.add_argument("--flights", metavar="FILE.csv", help="one flight per line; - for standard input")
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="also draw the explanation of one flight: FILE.png or FILE.svg"
    )
    parser.add_argument("--what-if", choices=["departure"], help="predict one flight at every half hour of its date")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Find the flights, explain them and print the explanations."""
    from flight_delay.core import paths
    from flight_delay.core.errors import UserError
    from flight_delay.explain.local.flight_ids import find_flights
    from flight_delay.explain.local.load import explain_departures, explain_flights, load_explainer

    flight_ids, source = _read_arguments(arguments)
    if len(flight_ids) > 1 and (arguments.plot or arguments.what_if):
        option = "--what-if" if arguments.what_if else "--plot"
        raise UserError(f"{option}: {len(flight_ids):,} flights; give one flight")
    if arguments.plot and arguments.plot.suffix not in _FORMATS:
        raise UserError(f"--plot {arguments.plot}: unknown format; use .png or .svg")
    explainer = load_explainer()
    positions = find_flights(paths.PROCESSED, flight_ids, source)
    if arguments.what_if:
        [(month, [position])] = positions.items()
        return _show_what_if(arguments, explain_departures(explainer, month, int(position)))
    for flight in explain_flights(explainer, positions):
        _show(arguments, explainer, flight)
    if not arguments.json:
        from flight_delay.explain.local.text import format_footnotes

        late_threshold_minutes = explainer.bundle.manifest.feature_parameters.late_threshold_minutes
        print(format_footnotes(explainer.reference, late_threshold_minutes), end="")
    return 0


def _read_arguments(arguments: argparse.Namespace) -> tuple[list[str], str]:
    from flight_delay.core.errors import UserError
    from flight_delay.core.files import read_bytes
    from flight_delay.explain.local.flight_ids import read_flight_ids

    if arguments.flight:
        return [flight_id.strip() for flight_id in arguments.flight], "--flight"
    source = "standard input" if arguments.flights == "-" else arguments.flights
    if arguments.flights != "-" and not Path(source).is_file():
        raise UserError(f"{source}: no such file; give a CSV with a column flight_id")
    content = sys.stdin.buffer.read() if arguments.flights == "-" else read_bytes(Path(source))
    try:
        return read_flight_ids(content.decode(), source), source
    except UnicodeDecodeError:
        raise UserError(f"{source}: not UTF-8 text; save it as a CSV in UTF-8") from None


def _show(arguments: argparse.Namespace, explainer: Explainer, flight: ExplainedFlight) -> None:
    from flight_delay.core.files import write_bytes
    from flight_delay.explain.local.json_output import format_flight_json
    from flight_delay.explain.local.text import format_flight

    smallest, threshold = explainer.topics.smallest_reason, explainer.bundle.decision.threshold
    reasons, destination, late = flight
    if arguments.plot:
        from flight_delay.report.plots.flight import plot_waterfall

        plot = plot_waterfall(reasons, smallest, image_format=_FORMATS[arguments.plot.suffix])
        write_bytes(arguments.plot, plot.content)
    if arguments.json:
        print(format_flight_json(flight, explainer))
    else:
        print(format_flight(reasons, destination=destination, late=late, threshold=threshold, smallest=smallest))


def _show_what_if(arguments: argparse.Namespace, answer: WhatIf) -> int:
    from flight_delay.core.files import write_bytes
    from flight_delay.explain.local.json_output import format_what_if_json
    from flight_delay.explain.local.text import format_what_if

    if arguments.plot:
        from flight_delay.report.plots.flight import plot_what_if

        write_bytes(arguments.plot, plot_what_if(answer, _FORMATS[arguments.plot.suffix]))
    print(format_what_if_json(answer) if arguments.json else format_what_if(answer), end="\n" if arguments.json else "")
    return 0
