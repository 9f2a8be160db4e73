"""Command: print the data dictionary as a page."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "dictionary",
        help="print the data dictionary as Markdown",
        description="Print references/data_dictionary.yaml as Markdown: meaning, time of availability and known "
        "problems of every column.",
        epilog="example: `flight-delay dictionary > docs/data_dictionary.md`",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001 (the interface of commands)
    """Print the page."""
    from flight_delay.data.dictionary import load_dictionary
    from flight_delay.report.dictionary import markdown

    print(markdown(load_dictionary()), end="")
    return 0
