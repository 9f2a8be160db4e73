"""Command: compare two commits or experiments, as Markdown."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "compare",
        help="compare two commits or experiments: changes, metrics, verdict",
        description="Compare B with A and print Markdown for a pull request: changes of parameters, code and data; "
        "metrics and profit on the rows that both predict, with 95 % intervals over days; the rows that differ most. "
        "The verdict is that of the backtest; the test can only veto 'better'. Reads git and the DVC cache, and "
        "changes nothing.",
        epilog="examples: `flight-delay compare main` (HEAD against main), `flight-delay compare HEAD my-experiment "
        "> comparison.md`; exit codes: 0 compared, 2 not comparable",
    )
    parser.add_argument("a", metavar="A", help="baseline: commit, tag, branch or DVC experiment")
    parser.add_argument("b", nargs="?", default="HEAD", metavar="B", help="compared with the baseline (default: HEAD)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare and print the page."""
    from flight_delay.core.runner import log
    from flight_delay.review.comparison.comparison import compare_pipelines
    from flight_delay.review.comparison.page import render_comparison
    from flight_delay.review.comparison.snapshot import read_snapshot
    from flight_delay.vcs.commit_files import CommitFiles

    snapshots = []
    for label, artefacts in [(label, CommitFiles.at(label)) for label in (arguments.a, arguments.b)]:
        log.info("reading %s (%s)", label, artefacts.commit[:10])
        snapshots.append(read_snapshot(artefacts, label))
    log.info("comparing")
    print(render_comparison(compare_pipelines(*snapshots)), end="")
    return 0
