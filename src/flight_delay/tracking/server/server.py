"""The team server: MLflow over PostgreSQL, with proxied artifacts.

Does not import mlflow.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from flight_delay.core.errors import UserError
from flight_delay.tracking.server.mlflow_server import DEFAULTS, http_url, require_port_free, running_mlflow
from flight_delay.tracking.server.postgres import running_postgres
from flight_delay.tracking.settings import main_checkout

log = logging.getLogger(__name__)

DATABASE_VARIABLE, ARTIFACTS_VARIABLE = "FLIGHT_DELAY_SERVER_DATABASE", "FLIGHT_DELAY_SERVER_ARTIFACTS"
FOLDER, ARTIFACTS = "server", "server/artifacts"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CONNECT_SECONDS = "10"  # psycopg2 itself waits for minutes
# `mlflow db upgrade`, without the password of the database on the command line.
UPGRADE = "import os; from mlflow.db import commands; commands(['upgrade', os.environ['MLFLOW_BACKEND_STORE_URI']])"


def serve(
    host: str, port: int, database: str | None, artifacts: str, *, upgrade: bool = False, options: Sequence[str] = ()
) -> int:
    """Run a server until it is interrupted or terminated.

    Args:
        host: address to listen on.
        port: port to listen on.
        database: a PostgreSQL URL; None for the server's own.
        artifacts: a folder, relative to the main checkout or absolute, or a URI.
        upgrade: migrate the database first.
        options: further options of `mlflow server`.

    Returns:
        The exit code: 0.

    Raises:
        UserError: the address, the database or the artifacts cannot be used, or MLflow ends.
    """
    for module in ("psycopg2", "boto3"):
        if find_spec(module) is None:
            raise UserError(
                f'{module} is not installed; `make server` installs it, as does `pip install "flight-delay[team]"`'
            )
    require_port_free(host, port)
    with _stopped_by_signals():
        root = main_checkout()
        folder = root / FOLDER
        folder.mkdir(exist_ok=True)
        environment = {**DEFAULTS, **os.environ, "MLFLOW_ARTIFACTS_DESTINATION": _destination(artifacts, root)}
        environment.pop("MLFLOW_TRACKING_URI", None)  # for clients in this checkout
        with nullcontext(database) if database else running_postgres(folder / "postgres") as used:
            url = sqlalchemy_url(used)
            _require_connection(url)
            environment["MLFLOW_BACKEND_STORE_URI"] = url.render_as_string(hide_password=False)
            if upgrade:
                log.info("upgrading the database")
                if subprocess.run([sys.executable, "-c", UPGRADE], env=environment, cwd=folder, check=False).returncode:
                    raise UserError("the database could not be upgraded; see the log above, and restore your backup")
            with running_mlflow(host, port, environment, folder, options) as mlflow:
                log.info("the server is ready: %s", http_url(host, port))
                # Without a password.
                log.info("  database: %s", sqlalchemy.make_url(used).render_as_string() if database else used)
                log.info("  artifacts: %s", environment["MLFLOW_ARTIFACTS_DESTINATION"])
                log.info("  clients have in .env: MLFLOW_TRACKING_URI=%s", http_url(host, port))
                if host not in {"127.0.0.1", "::1", "localhost"}:
                    log.warning("  everybody who can reach this machine has full access: see docs/server.md")
                log.info("  Ctrl-C stops it")
                mlflow.wait()
        raise UserError("the MLflow server has ended; see the log above, and start it again")
    return 0


def sqlalchemy_url(database: str) -> sqlalchemy.URL:
    """Return a PostgreSQL URL with the installed driver and a timeout.

    Raises:
        UserError: it is no such URL.
    """
    try:
        url = sqlalchemy.make_url(database)
    except SQLAlchemyError:
        url = None
    if url is None or url.drivername not in {"postgresql", "postgresql+psycopg2"}:
        raise UserError(f"{DATABASE_VARIABLE} is not a database URL; write postgresql://USER:PASSWORD@HOST:5432/NAME")
    query = {"connect_timeout": CONNECT_SECONDS, **url.query}
    return url.set(drivername="postgresql+psycopg2", query=query)


def _require_connection(url: sqlalchemy.URL) -> None:
    try:
        sqlalchemy.create_engine(url, poolclass=NullPool).connect().close()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise UserError(
            f"cannot connect to database {url.render_as_string()} ({reason}); start it, or correct {DATABASE_VARIABLE}"
        ) from None


def _destination(artifacts: str, root: Path) -> str:
    """Return the destination of artifacts: a folder, created if missing, or URI."""
    if "://" not in artifacts:
        folder = (root / Path(artifacts).expanduser()).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)
    if artifacts.startswith("s3://"):
        _require_bucket(artifacts)
    return artifacts


def _require_bucket(uri: str) -> None:
    import boto3  # type: ignore[import-untyped]
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

    parts = urlsplit(uri)
    try:
        client = boto3.client("s3", endpoint_url=os.environ.get("MLFLOW_S3_ENDPOINT_URL") or None)
        client.list_objects_v2(Bucket=parts.netloc, Prefix=parts.path.lstrip("/"), MaxKeys=1)
    except (BotoCoreError, ClientError, ValueError) as error:  # ValueError: an endpoint that is not a URL
        raise UserError(
            f"{uri} cannot be used ({' '.join(str(error).split())}); create the bucket, or check AWS_ENDPOINT_URL, "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ) from None


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """End the block at the first of SIGNALS, and let it clean up undisturbed."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave PostgreSQL running
        raise KeyboardInterrupt

    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores SIGHUP
            signal.signal(number, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        log.info("stopped")
