"""Command: run a tracking server for a team."""

from __future__ import annotations

import argparse
from typing import Any


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "server",
        help="run a tracking server for a team",
        description="Run MLflow with PostgreSQL and proxied artifacts until Ctrl-C. Without further settings it keeps a "
        "PostgreSQL of its own and the artifacts in server/ of this checkout. Settings may also stand in .env.",
        epilog="docs/server.md says how to secure it, back it up and restore it",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=5000, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--database",
        metavar="URL",
        help="a database instead of its own, as postgresql://USER@HOST/NAME; with a password, write it into "
        "FLIGHT_DELAY_SERVER_DATABASE instead, since `ps` shows this line to everybody",
    )
    parser.add_argument(
        "--artifacts",
        metavar="WHERE",
        help="folder or s3://BUCKET/PREFIX (default: FLIGHT_DELAY_SERVER_ARTIFACTS, or else server/artifacts)",
    )
    parser.add_argument(
        "--upgrade", action="store_true", help="first upgrade the database of an older MLflow; make a backup before"
    )
    parser.add_argument(
        "options",
        nargs="*",
        metavar="-- OPTION",
        help="after `--`: handed to `mlflow server` as they are, such as -- --app-name basic-auth",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    from flight_delay.tracking.settings import apply_settings

    apply_settings()
    from flight_delay.tracking.server.server import serve, wanted

    of = wanted(arguments.host, arguments.port, arguments.database, arguments.artifacts)
    return serve(of._replace(upgrade=arguments.upgrade, options=tuple(arguments.options)))
