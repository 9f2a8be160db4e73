"""Command: run a tracking server for a team."""

from __future__ import annotations

import argparse
import os
from typing import Any


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "server",
        help="run a tracking server for a team",
        description="Run MLflow with PostgreSQL and proxied artifacts until Ctrl-C. By default PostgreSQL, started "
        "with pg_ctl, and the artifacts are in server/ of this checkout. Settings may also be in .env.",
        epilog="example: `flight-delay server --host 0.0.0.0`; see docs/server.md for securing it, backing it up, "
        "restoring it, and running it with Docker",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=5000, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--database",
        metavar="URL",
        help="PostgreSQL database instead of its own, as postgresql://USER@HOST/NAME; set a URL with a password in "
        "FLIGHT_DELAY_SERVER_DATABASE, since `ps` shows command lines to every user",
    )
    parser.add_argument(
        "--artifacts",
        metavar="DESTINATION",
        help="folder or s3://BUCKET/PREFIX (default: FLIGHT_DELAY_SERVER_ARTIFACTS, or else server/artifacts)",
    )
    parser.add_argument(
        "--upgrade", action="store_true", help="first migrate the database of an older MLflow; back it up before"
    )
    parser.add_argument(
        "options",
        nargs="*",
        metavar="-- OPTION",
        help="after `--`: passed to `mlflow server`, such as -- --app-name basic-auth",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    from flight_delay.tracking.settings import apply_settings

    apply_settings()
    from flight_delay.tracking.server import server

    return server.serve(
        arguments.host,
        arguments.port,
        arguments.database or os.environ.get(server.DATABASE_VARIABLE) or None,
        arguments.artifacts or os.environ.get(server.ARTIFACTS_VARIABLE) or server.ARTIFACTS,
        upgrade=arguments.upgrade,
        options=arguments.options,
    )
