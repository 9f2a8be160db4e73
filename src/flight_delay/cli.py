"""The command `flight-delay`: what is not a stage."""

from __future__ import annotations

import argparse
import sys

from flight_delay.core.runner import guarded


def main() -> None:
    """Parse the command line, run the command and exit with its code."""
    parser = argparse.ArgumentParser(
        prog="flight-delay",
        description="Commands around the pipeline. The pipeline itself is run by DVC: `dvc repro`.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser(
        "verify",
        help="make every artefact of a commit again and compare it byte for byte",
        description="Clone a commit into a temporary folder, run all stages but `publish` from raw data, without any "
        "cache, and compare every output with the commit's dvc.lock. Takes as long as a first `dvc repro`; your "
        "checkout, your cache and MLflow are not touched.",
        epilog="exit codes: 0 all the same, 1 something is different, 2 it could not be checked",
    )
    check.add_argument(
        "revision", nargs="?", default="HEAD", metavar="REV", help="commit, tag or branch (default: HEAD)"
    )
    check.set_defaults(run=_verify)
    ui = commands.add_parser(
        "ui",
        help="open the runs in MLflow",
        description="Open the runs of this pipeline in MLflow: on the server that MLFLOW_TRACKING_URI names, or else on a "
        "local one over mlflow.db, started here until you press Ctrl-C.",
    )
    ui.add_argument("--port", type=int, default=5000, help="port of the local server on 127.0.0.1 (default: 5000)")
    ui.set_defaults(run=_ui)
    dictionary = commands.add_parser(
        "dictionary",
        help="print the data dictionary as a page",
        description="Print references/data_dictionary.yaml as Markdown: what every column means, when it becomes known, "
        "and what may be wrong with it. docs/data_dictionary.md is this page.",
    )
    dictionary.set_defaults(run=_dictionary)
    arguments = parser.parse_args()
    sys.exit(guarded(f"flight-delay {arguments.command}", lambda: arguments.run(arguments)))


# The commands import what they need when they run, so that `--help` answers at once.
def _verify(arguments: argparse.Namespace) -> int:
    from flight_delay.review.verify import table, verify

    verified = verify(arguments.revision)
    print(table(verified))
    return 0 if verified.same else 1


def _ui(arguments: argparse.Namespace) -> int:
    from flight_delay.core.params import load
    from flight_delay.tracking.settings import Publish, apply_settings

    apply_settings()
    from flight_delay.tracking.ui import open_ui

    return open_ui(load("publish", Publish).experiment, arguments.port)


def _dictionary(arguments: argparse.Namespace) -> int:  # noqa: ARG001 (every command takes them)
    from flight_delay.data.dictionary import load_dictionary
    from flight_delay.report.dictionary import markdown

    print(markdown(load_dictionary()), end="")
    return 0


if __name__ == "__main__":
    main()
