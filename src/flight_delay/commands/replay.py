"""Command: repeat a stored answer, and compare it bit for bit."""

from __future__ import annotations

import argparse
import json
from typing import Any

from flight_delay.commands.serve import add_database_argument, database_url
from flight_delay.commands.state import add_service_argument


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "replay",
        help="repeat an answer of the service, and compare it bit for bit",
        description="Repeat the answer to a request from the state that it names, compare every probability bit for "
        "bit, and print its reasons. Answers contain their request_id. Changes nothing.",
        epilog="example: `flight-delay replay 4a64a61bba4244e3a50096293dcfdfd9`; exit codes: 0 repeated, 1 a "
        "probability differs, 2 not possible: request or state is missing, or other code answered",
    )
    parser.add_argument("request_id", metavar="REQUEST_ID")
    parser.add_argument("--json", action="store_true", help="print one JSON object per flight")
    add_database_argument(parser)
    add_service_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Repeat the answer and print it."""
    from flight_delay.serving.database import open_database
    from flight_delay.serving.replay import replay_request

    engine = open_database(database_url(arguments))
    stored, flights = replay_request(engine, arguments.service / "states", arguments.request_id)
    request = stored.request
    if not arguments.json:
        print(
            f"request {request['request_id']}, answered {request['answered_at']:%Y-%m-%d %H:%M:%S} UTC from state "
            f"{request['state']}, model {request['model_version']}, commit {request['git_commit'][:10]}"
        )
    for flight in flights:
        sentences = [reason.sentence for reason in flight.reasons.reasons]
        if arguments.json:
            fields = {"flight_id": flight.flight_id, "recorded": flight.recorded, "repeated": flight.repeated}
            print(json.dumps(fields | {"is_same": flight.is_same, "reasons": sentences}, ensure_ascii=False))
            continue
        verdict = "the same bits" if flight.is_same else f"DIFFERS: now {flight.repeated:.9g}"
        fallback = " (base rate, after the time limit)" if flight.fallback else ""
        print(f"\n{flight.flight_id}  {flight.recorded:.9g}{fallback}  {verdict}")
        for sentence in sentences:
            print(f"  {sentence}")
    return 0 if all(flight.is_same for flight in flights) else 1
