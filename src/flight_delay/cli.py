"""The command `flight-delay`.

Each of its commands is a module of commands/ with the same name.
"""

from __future__ import annotations

import argparse
import os
import sys

from flight_delay.commands import (
    archive,
    compare,
    cost,
    deploy,
    dictionary,
    download,
    explain,
    health,
    monitor,
    package,
    predict,
    promote,
    provenance,
    publish,
    registry,
    replay,
    retrain,
    review,
    rollback,
    serve,
    server,
    simulate,
    state,
    tune,
    ui,
    verify,
)
from flight_delay.core.errors import UserError
from flight_delay.core.runner import run_with_error_handling

COMMANDS = (
    download,
    verify,
    provenance,
    compare,
    explain,
    predict,
    review,
    tune,
    publish,
    retrain,
    promote,
    rollback,
    registry,
    package,
    state,
    deploy,
    serve,
    replay,
    monitor,
    health,
    archive,
    simulate,
    cost,
    ui,
    server,
    dictionary,
)
# Extra of the package that brings what a command imports; None: the package itself does.
EXTRAS = {command.__name__.rpartition(".")[2]: "team" for command in COMMANDS} | {
    "predict": None,
    "state": None,
    "dictionary": None,
    "serve": "serve",
    "replay": "serve",
    "archive": "serve",
    "cost": "serve",
    "monitor": "monitor",
    "health": "monitor",
    "tune": "tune",
}


def main() -> None:
    """Parse the command line, run the command and exit with its code."""
    parser = argparse.ArgumentParser(
        prog="flight-delay",
        description="Commands for downloading data, and for verifying, comparing, explaining, publishing and serving "
        "the pipeline, which is run by `dvc repro`.",
        epilog="example: `flight-delay compare main`; `flight-delay COMMAND --help` explains a command",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_arguments(commands)
    arguments = parser.parse_args()
    sys.exit(run_with_error_handling(f"flight-delay {arguments.command}", lambda: _run_and_flush(arguments)))


def _run_and_flush(arguments: argparse.Namespace) -> int:
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has closed the pipe; prevent a second error at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
        # Such as a folder in the place of a file that was to be written; the last name is the one that was given.
        path = error.filename2 or error.filename
        raise UserError(f"{path}: {error.strerror}; name another path") from None
    except ModuleNotFoundError as error:
        extra = EXTRAS[arguments.command]
        if extra is None or (error.name or "").startswith("flight_delay"):
            raise
        raise UserError(f'{error.name} is not installed; `pip install "flight-delay[{extra}]"` installs it') from None
    return code


if __name__ == "__main__":
    main()
