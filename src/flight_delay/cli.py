"""The command `flight-delay`: what is not a stage. A command has one name: here, and as a file in commands/."""

from __future__ import annotations

import argparse
import os
import sys

from flight_delay.commands import (
    compare,
    dictionary,
    explain,
    promote,
    provenance,
    publish,
    registry,
    review,
    rollback,
    server,
    tune,
    ui,
    verify,
)
from flight_delay.core.runner import guarded

COMMANDS = (
    verify,
    provenance,
    compare,
    explain,
    review,
    tune,
    publish,
    promote,
    rollback,
    registry,
    ui,
    server,
    dictionary,
)


def main() -> None:
    """Parse the command line, run the command and exit with its code."""
    parser = argparse.ArgumentParser(
        prog="flight-delay",
        description="Commands around the pipeline. The pipeline itself is run by DVC: `dvc repro`.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_arguments(commands)
    arguments = parser.parse_args()
    sys.exit(guarded(f"flight-delay {arguments.command}", lambda: _printed(arguments)))


def _printed(arguments: argparse.Namespace) -> int:
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # `head` has seen enough; Python must not find that out again at its exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


if __name__ == "__main__":
    main()
