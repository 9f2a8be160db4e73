"""Command: request a review of a model, and do what a machine can of one."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "review",
        help="request a review of the model, and do what a machine can of one",
        description="A review is two pages in docs/reviews/: a request, filled in from the artefacts of a commit, and a "
        "result, in which a machine has done what it can and left questions open for a person. Commit both.",
    )
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    request = parts.add_parser(
        "request",
        help="write docs/reviews/DATE-NAME-request.md",
        description="Write what a reviewer has to know of the model of the checked-out commit: objective, key figures, "
        "inputs, outputs, assumptions, transformations, bias and variance, limits, and experiments to try.",
    )
    request.add_argument("--name", help="of the review: small letters, digits and dashes (default: the branch)")
    request.add_argument("--against", metavar="REV", help="a commit, tag, branch or DVC experiment to compare it with")
    request.set_defaults(run=run_request)
    result = parts.add_parser(
        "run",
        help="write docs/reviews/DATE-NAME-result.md",
        description="Do what a machine can of a review, in a clean clone: make everything of the commit again, ask the "
        "frozen model again, run the experiments of the request (edit them there), list the worst errors with what "
        "brought them about. Nothing of the commit is written to.",
    )
    result.add_argument("request", type=Path, help="the request's page")
    result.add_argument(
        "--minutes", type=_minutes, default=60.0, help="stop after so long, and say what was left out (default: 60)"
    )
    result.add_argument("--fresh-env", action="store_true", help="in an environment built from the commit's own lock")
    result.set_defaults(run=run_review)


def run_request(arguments: argparse.Namespace) -> int:
    """Write the request and say where it is."""
    from flight_delay.review.assessment.request import request_review

    path = request_review(name=arguments.name, against=arguments.against, date=_today())
    print(f"{path}: read it, add what a machine cannot know, and commit it; then `flight-delay review run {path}`")
    return 0


def run_review(arguments: argparse.Namespace) -> int:
    """Review, write the result and say where it is."""
    from flight_delay.repository.git import top
    from flight_delay.review.assessment.forms import read_request
    from flight_delay.review.assessment.pages import refuse_existing, write_new
    from flight_delay.review.assessment.result import result_page
    from flight_delay.review.assessment.trial import TimeBox, run_trial

    request = read_request(arguments.request)
    path = request.path("result")
    why = "answers of a reviewer"
    refuse_existing(top() / path, why)  # before an hour's work, not after it
    trial = run_trial(request, TimeBox(arguments.minutes), fresh_env=arguments.fresh_env)
    write_new(top() / path, result_page(trial, date=_today()), why)
    print(f"{path}: answer the questions at its end, and commit it")
    return 0


def _today() -> str:
    return datetime.datetime.now(tz=datetime.UTC).date().isoformat()


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of minutes above 0")
    return minutes
