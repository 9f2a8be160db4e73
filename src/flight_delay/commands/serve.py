"""Command: answer predictions over HTTP."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flight_delay.commands.state import add_service_argument

DATABASE_VARIABLE = "FLIGHT_DELAY_DATABASE"
COMMIT_VARIABLE = "FLIGHT_DELAY_COMMIT"  # of an image, which has no repository


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "serve",
        help="answer predictions over HTTP",
        description="Answer predictions from the current state, and take the next one without a pause when "
        "`flight-delay state` or `flight-delay deploy` builds it. Every answer is in the predictions database before "
        "it is given. The API is described at /docs, flights are listed at /.",
        epilog="examples: `flight-delay serve`, `flight-delay serve --workers 2 --port 8080`; SIGTERM ends it after "
        "the requests that it has; exit codes: 0 stopped, 2 error",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="(default: %(default)s)")
    parser.add_argument(
        "--workers", type=_parse_workers, default=1, metavar="N", help="processes (default: %(default)s)"
    )
    add_database_argument(parser)
    parser.add_argument(
        "--keys", type=Path, metavar="FILE", help="SHA-256 of API keys, one per line; without it no key is needed"
    )
    parser.add_argument(
        "--time-limit-ms",
        type=_parse_milliseconds,
        default=1000.0,
        metavar="MS",
        help="for flights outside the timetable; then the base rate is given (default: %(default)g)",
    )
    parser.add_argument("--openapi", action="store_true", help="print the description of the API (OpenAPI), and end")
    add_service_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Start the server, and return when it is stopped."""
    # One row is predicted in a fifth of the time with one thread; Arrow's own allocator keeps 30 MiB; workers have the
    # time zones of tzdata, too.
    os.environ |= {"OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system", "PYTHONTZPATH": ""}
    import uvicorn

    from flight_delay.serving.api.settings import Settings
    from flight_delay.serving.database import open_database
    from flight_delay.tracking.server.mlflow_server import require_port_free

    if arguments.openapi:
        print(_describe_api())
        return 0
    # Errors before the first worker starts.
    key_hashes = read_key_hashes(arguments.keys) if arguments.keys else frozenset()
    require_port_free(arguments.host, arguments.port, "--port ")
    database = database_url(arguments)
    open_database(database).dispose()
    # uvicorn raises the signal again when its requests are answered.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with TemporaryDirectory() as metrics:
        if arguments.workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics
        Settings(
            service=str(arguments.service),
            database=database,
            git_commit=_git_commit(),
            time_limit_ms=arguments.time_limit_ms,
            key_hashes=key_hashes,
        ).export()
        uvicorn.run(
            "flight_delay.serving.api.worker:create_app",
            factory=True,
            host=arguments.host,
            port=arguments.port,
            workers=arguments.workers,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=60,
            server_header=False,
        )
    return 0


def add_database_argument(parser: argparse.ArgumentParser) -> None:
    """Declare the URL of the predictions database."""
    parser.add_argument(
        "--database",
        default=os.environ.get(DATABASE_VARIABLE),
        metavar="URL",
        help="postgresql+psycopg2://USER:PASSWORD@HOST/NAME, better given as $FLIGHT_DELAY_DATABASE (default: SQLite, "
        "predictions.db in the service folder)",
    )


def database_url(arguments: argparse.Namespace) -> str:
    """Return the URL of the predictions database."""
    return arguments.database or f"sqlite:///{arguments.service.resolve() / 'predictions.db'}"


def _parse_workers(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of processes, such as 2")
    return int(text)


def _parse_milliseconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]+(\.[0-9]*)?", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of milliseconds, such as 1000")
    return float(text)


def _describe_api() -> str:
    """Return the OpenAPI document, the same for all settings."""
    from flight_delay.serving.api.app import build_app
    from flight_delay.serving.api.settings import Settings

    app = build_app(Settings(service="", database="", git_commit=""))
    return json.dumps(app.openapi(), indent=2, sort_keys=True, ensure_ascii=False)


def _git_commit() -> str:
    """Return the commit of the code, or 'unknown' outside a repository."""
    if commit := os.environ.get(COMMIT_VARIABLE):
        return commit
    from flight_delay.core.errors import UserError
    from flight_delay.vcs.git import resolve_revision

    try:
        return resolve_revision("HEAD")
    except UserError:
        return "unknown"


def read_key_hashes(path: Path) -> frozenset[str]:
    """Read the SHA-256 of API keys; the rest of a line may name its user.

    Raises:
        UserError: the file is missing, has none, or a line does not begin with one.
    """
    from flight_delay.core.errors import UserError
    from flight_delay.core.files import read_bytes

    advice = "give the output of `printf %s KEY | sha256sum`, one per line"
    if not path.is_file():
        raise UserError(f"{path}: no such file; {advice}")
    lines = [line.split()[0] for line in read_bytes(path).decode(errors="replace").splitlines() if line.strip()]
    if not lines:
        raise UserError(f"{path}: no keys; {advice}")
    for number, line in enumerate(lines, start=1):
        if not re.fullmatch("[0-9a-f]{64}", line):
            raise UserError(f"{path}: line {number}: not a SHA-256; {advice}")
    return frozenset(lines)
