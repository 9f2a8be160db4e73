"""Command: print the ML Test Score as a page."""

from __future__ import annotations

import argparse
from typing import Any


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "ml-test-score",
        help="print the ML Test Score as a page",
        description="Print references/ml_test_score.yaml as Markdown: what is tested of the 28 things that a production "
        "system should test, what proves it, and the score. docs/ml-test-score.md is this page.",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001 (every command takes them)
    """Print the page."""
    from flight_delay.review.ml_test_score import load_score, markdown

    print(markdown(load_score()), end="")
    return 0
