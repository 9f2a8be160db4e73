"""Command: what a change has done, and whether the model is better for it."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "compare",
        help="say whether one commit or experiment is better than another",
        description="Say whether B is better than A, as Markdown for a pull request: what differs in parameters, code and "
        "data, metrics and profit on the flights that both predict, with intervals over days, and the flights on which "
        "they disagree most. The backtest judges; the test may take a 'better' back, and grants nothing. Reads git and "
        "the DVC cache, runs nothing and changes nothing.",
        epilog="examples: `flight-delay compare main` (the checked-out commit against main), "
        "`flight-delay compare HEAD my-experiment > comparison.md`; "
        "exit codes: 0 compared, whatever the verdict is, 2 it could not be compared",
    )
    parser.add_argument("a", metavar="A", help="commit, tag, branch or DVC experiment to compare with")
    parser.add_argument(
        "b", nargs="?", default="HEAD", metavar="B", help="the one that the verdict speaks of (default: HEAD)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare and print the page."""
    from flight_delay.core.runner import log
    from flight_delay.review.comparison.comparison import compared
    from flight_delay.review.comparison.page import render
    from flight_delay.review.comparison.snapshot import Side
    from flight_delay.vcs.artefacts import Artefacts

    sides = []
    for label, artefacts in [(label, Artefacts.of(label)) for label in (arguments.a, arguments.b)]:
        log.info("reading %s (%s)", label, artefacts.commit[:10])
        sides.append(Side.of(artefacts, label, artefacts.commit))
    log.info("comparing")
    print(render(compared(*sides)), end="")
    return 0
