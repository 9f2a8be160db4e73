"""Command: open the runs in MLflow."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "ui",
        help="open the runs in MLflow",
        description="Open the runs of this pipeline in MLflow: on the server in MLFLOW_TRACKING_URI, or else on a "
        "local server of mlflow.db, which runs until Ctrl-C.",
        epilog="example: `flight-delay ui --port 5001`",
    )
    parser.add_argument("--port", type=int, default=5000, help="port of the local server on 127.0.0.1 (default: 5000)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C; the exit code of the server."""
    from flight_delay.core.params import load_params
    from flight_delay.tracking.settings import Publish, apply_settings

    apply_settings()
    from flight_delay.tracking.server.ui import open_ui  # now: mlflow reads its settings while it is imported

    return open_ui(load_params("publish", Publish).experiment, arguments.port)
