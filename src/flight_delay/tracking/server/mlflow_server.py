"""The process `mlflow server`: its settings, how many connections it opens, starting it, and upgrading its database. Does not
import mlflow."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from flight_delay.core.errors import UserError
from flight_delay.tracking.server import process

log = logging.getLogger(__name__)

# Starting takes more than a minute on a small machine; stopping lets requests end that are under way.
START_SECONDS, STOP_SECONDS = 180, 10
POOL_SIZE, MAX_OVERFLOW = "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW"
WORKERS = "MLFLOW_WORKERS"
DEFAULTS = {
    # A worker answers 40 requests at once, each with a connection; MLflow's own 5 + 10 made every fifth of 50 clients
    # wait in vain (QueuePool limit).
    POOL_SIZE: "20",
    MAX_OVERFLOW: "30",
    # A worker holds some 300 MiB.
    WORKERS: "2",
    # For judging language models; its processes only take memory.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    # What it says while it sets up a database, a dozen lines for every worker.
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "PYTHONWARNINGS": "ignore",
}
# `mlflow db upgrade`, without the address on the command line.
UPGRADE = (
    sys.executable,
    "-c",
    "import os; from mlflow.db import commands; commands(['upgrade', os.environ['MLFLOW_BACKEND_STORE_URI']])",
)
# A worker of MLflow has a pool for runs and one for registered models.
POOLS_PER_WORKER = 2
# For whoever makes a backup or looks into the database meanwhile, and for PostgreSQL's own use.
RESERVED_CONNECTIONS = 20


def connections(environment: Mapping[str, str]) -> int:
    """How many connections to its database a server may open, with some to spare.

    Raises:
        UserError: a size is not a number.
    """
    try:
        workers, size, overflow = (int(environment[name]) for name in (WORKERS, POOL_SIZE, MAX_OVERFLOW))
    except ValueError as error:
        raise UserError(f"{WORKERS}, {POOL_SIZE} and {MAX_OVERFLOW} are whole numbers ({error}); mend them") from None
    return workers * POOLS_PER_WORKER * (size + overflow) + RESERVED_CONNECTIONS


def start_mlflow(
    host: str, port: int, environment: Mapping[str, str], folder: Path, options: Sequence[str] = ()
) -> process.Process:
    """Start `mlflow server` over MLFLOW_BACKEND_STORE_URI: in the environment, since `ps` shows command lines to all.

    MLflow sets up or checks the database in one process, before there are workers.
    """
    here = ["--host", host, "--port", str(port), "--uvicorn-opts", "--log-level warning"]
    command = [sys.executable, "-m", "mlflow", "server", *here, *options]
    return process.start(command, environment, folder, signal.SIGTERM, STOP_SECONDS)


def upgrade(environment: Mapping[str, str], folder: Path) -> None:
    """Change a database that an older MLflow has made to what this one wants.

    Raises:
        UserError: it cannot be done.
    """
    log.info("upgrading the database")
    upgrading = process.start(UPGRADE, environment, folder, signal.SIGTERM, STOP_SECONDS)
    try:
        code = upgrading.wait()
    finally:
        process.stop(upgrading)
    if code:
        raise UserError("the database could not be upgraded; see above why, and restore your backup")
