"""Command: request a review of a model, and run one."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "review",
        help="request a review of the model, and run one",
        description="A review consists of two pages in docs/reviews/: a request for a commit, and a result with "
        "outcomes of checks and experiments, and questions for a person. Commit both.",
        epilog="example: `flight-delay review request --against main`, then `flight-delay review run "
        "docs/reviews/*-request.md`",
    )
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    request = parts.add_parser(
        "request",
        help="write docs/reviews/DATE-NAME-request.md",
        description="Write a request for the checked-out commit: links to its report, the comparison with another "
        "commit, and experiments to run.",
    )
    request.add_argument("--name", help="of the review: lower-case letters, digits and dashes (default: the branch)")
    request.add_argument("--against", metavar="REV", help="commit, tag, branch or DVC experiment to compare it with")
    request.set_defaults(run=run_request)
    result = parts.add_parser(
        "run",
        help="write docs/reviews/DATE-NAME-result.md",
        description="In a clean clone, verify the commit, replay its recorded predictions with its stored model, and "
        "run the experiments of the request. The checkout gets the new page and is not changed otherwise.",
    )
    result.add_argument("request", type=Path, help="page of the request; its experiments may be edited")
    result.add_argument(
        "--minutes", type=_parse_minutes, default=60.0, help="time limit; later experiments are not run (default: 60)"
    )
    result.add_argument("--fresh-env", action="store_true", help="in an environment built from the commit's own lock")
    result.set_defaults(run=run_review)


def run_request(arguments: argparse.Namespace) -> int:
    """Write the request and print its path."""
    from flight_delay.review.request.request import request_review

    path = request_review(name=arguments.name, against=arguments.against, date=_today())
    print(f"{path}: fill in the reason and commit it; then `flight-delay review run {path}`")
    return 0


def run_review(arguments: argparse.Namespace) -> int:
    """Run the review, write the result and print its path."""
    from flight_delay.core.files import write_text
    from flight_delay.core.references import read_reference
    from flight_delay.review.request.experiments import review_in_clone
    from flight_delay.review.request.forms import REVIEW_FILE, ReviewTemplate, read_request, require_absent
    from flight_delay.review.request.result import result_page
    from flight_delay.vcs.git import repo_root

    request = read_request(arguments.request)
    path = request.path("result")
    require_absent(repo_root() / path)
    questions = read_reference(repo_root() / REVIEW_FILE, ReviewTemplate).questions
    page = result_page(
        review_in_clone(request, arguments.minutes, fresh_env=arguments.fresh_env), questions, date=_today()
    )
    require_absent(repo_root() / path)  # it may have been written in the meantime
    write_text(repo_root() / path, page)
    print(f"{path}: answer the questions at its end, and commit it")
    return 0


def _today() -> str:
    return datetime.datetime.now(tz=datetime.UTC).date().isoformat()


def _parse_minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of minutes above 0")
    return minutes
