"""A server for a team: MLflow before a PostgreSQL, its own or a given one, which also hands out and takes in artifacts. How
it is started, watched and stopped. Does not import mlflow."""

from __future__ import annotations

import ipaddress
import logging
import os
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from filelock import FileLock, Timeout

from flight_delay.core.errors import UserError
from flight_delay.tracking.server import artifacts, database, process
from flight_delay.tracking.server.mlflow_server import (
    DEFAULTS,
    MAX_OVERFLOW,
    POOL_SIZE,
    START_SECONDS,
    connections,
    start_mlflow,
    upgrade,
)
from flight_delay.tracking.server.postgres import Cluster, open_cluster
from flight_delay.tracking.settings import main_checkout

log = logging.getLogger(__name__)

DATABASE_VARIABLE, ARTIFACTS_VARIABLE = "FLIGHT_DELAY_SERVER_DATABASE", "FLIGHT_DELAY_SERVER_ARTIFACTS"
FOLDER, OWN_DATABASE, OWN_ARTIFACTS = Path("server"), Path("server/postgres"), "server/artifacts"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Wanted(NamedTuple):
    """What a server is to be: `database` is a URL, or None for its own; with `upgrade` an older MLflow's database is changed
    to what this one wants; `options` are handed to `mlflow server`."""

    host: str
    port: int
    database: str | None
    artifacts: str
    upgrade: bool = False
    options: Sequence[str] = ()


def wanted(host: str, port: int, given_database: str | None, given_artifacts: str | None) -> Wanted:
    """Fill in what is not given from the environment, then with the folders of the main checkout."""
    return Wanted(
        host,
        port,
        given_database or os.environ.get(DATABASE_VARIABLE) or None,
        given_artifacts or os.environ.get(ARTIFACTS_VARIABLE) or OWN_ARTIFACTS,
    )


def serve(of: Wanted) -> int:
    """Run a server until it is interrupted or told to end.

    Returns:
        The exit code: 0.

    Raises:
        UserError: something that it needs is not there, or ends.
    """
    heeded = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # not what nohup keeps away
    before = {number: signal.signal(number, _interrupt) for number in heeded}
    try:
        with ExitStack() as parts:
            _run(of, parts)
    except KeyboardInterrupt:
        log.info("stopped")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _run(of: Wanted, parts: ExitStack) -> None:
    """Start the parts in order; `parts` stops them in the other."""
    process.claim(of.host, of.port)
    root = main_checkout()
    (root / FOLDER).mkdir(exist_ok=True)
    environment = {**DEFAULTS, **os.environ}
    # What its clients set is not for the server itself.
    environment.pop("MLFLOW_TRACKING_URI", None)
    environment["MLFLOW_ARTIFACTS_DESTINATION"] = artifacts.destination(of.artifacts, root)
    cluster = None
    if of.database is None:
        cluster = _own_cluster(root, parts, connections(environment))
        url = cluster.url
    else:
        url = of.database
        _use_database(url, connections(environment))
    environment["MLFLOW_BACKEND_STORE_URI"] = database.for_sqlalchemy(url)
    if of.upgrade:
        upgrade(environment, root / FOLDER)
    mlflow = start_mlflow(of.host, of.port, environment, root / FOLDER, of.options)
    parts.callback(process.stop, mlflow)
    process.until_it_answers(mlflow, process.http_url(of.host, of.port), START_SECONDS)
    _say_ready(of, url, environment["MLFLOW_ARTIFACTS_DESTINATION"])
    while mlflow.poll() is None:
        if cluster is not None and cluster.running is not None and cluster.running.poll() is not None:
            log.warning("PostgreSQL has ended; starting it again")
            cluster.start()
            log.warning("PostgreSQL is back")
        time.sleep(0.2)
    raise UserError("the MLflow server has ended; see above why, and start it again")


def _own_cluster(root: Path, parts: ExitStack, max_connections: int) -> Cluster:
    lock = FileLock(root / FOLDER / ".lock")
    try:
        parts.enter_context(lock.acquire(timeout=0))
    except Timeout:
        raise UserError(
            f"another server is at work in {root / FOLDER}; stop it, or name another database in {DATABASE_VARIABLE}"
        ) from None
    cluster = open_cluster(root / OWN_DATABASE, max_connections)
    parts.callback(cluster.stop)
    cluster.start()
    return cluster


def _use_database(url: str, wanted_connections: int) -> None:
    if why := database.why_not(url):
        raise UserError(
            f"the database {database.without_password(url)} lets nobody in ({why}); start it, or mend {DATABASE_VARIABLE}"
        )
    allowed = database.max_connections(url)
    if allowed is not None and allowed < wanted_connections:
        log.warning(
            "the database takes %d connections, this server may want %d: raise max_connections there, or lower %s and %s",
            allowed, wanted_connections, POOL_SIZE, MAX_OVERFLOW,
        )  # fmt: skip


def _say_ready(of: Wanted, database_url: str, destination: str) -> None:
    server = process.http_url(of.host, of.port)
    log.info("the server is ready: %s", server)
    log.info("  database: %s", database.without_password(database_url))
    log.info("  artifacts: %s", destination)
    log.info("  clients have in .env: MLFLOW_TRACKING_URI=%s", server)
    if not _is_loopback(of.host):
        log.warning("others reach it by this machine's name or address, and may do everything: see docs/server.md")
    log.info("  Ctrl-C stops it")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # it is stopping: being told again does not leave half of it running
    raise KeyboardInterrupt
