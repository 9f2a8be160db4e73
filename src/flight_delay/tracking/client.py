"""Connecting to MLflow: where it is, how long to wait for it, and saying clearly that it is not there."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import requests
import sqlalchemy.exc
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from flight_delay.core.errors import UserError
from flight_delay.tracking.settings import main_checkout

URI_VARIABLE = "MLFLOW_TRACKING_URI"
# What MLflow says when a server or database fails, as against a request that it refuses.
UNREACHABLE = {"INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE"}
# The view of the MLflow UI for trained models (the other is for language-model applications).
MODEL_TRAINING_VIEW = {"mlflow.experimentKind": "custom_model_development"}
HEALTH_SECONDS = 10
# How often to start again when others are at work on the same.
ATTEMPTS = 5
PUBLISHES = "`dvc repro` publishes what is already made"


def tracking_uri() -> str:
    """Where runs are tracked: MLFLOW_TRACKING_URI, or else `mlflow.db` in the main checkout."""
    return os.environ.get(URI_VARIABLE) or f"sqlite:///{main_checkout() / 'mlflow.db'}"


def connect() -> MlflowClient:
    """Point mlflow at the tracking server, and see whether it is there.

    Raises:
        MlflowException: a server does not answer; within `mlflow_errors_as_user_errors` this becomes an error that says what to do.
    """
    # MLflow logs the migrations of a new database, a hundred lines of no use here; urllib3 logs what becomes our error.
    for name, level in {
        "alembic": "WARNING",
        "mlflow.store.db.utils": "CRITICAL",
        "urllib3.connectionpool": "ERROR",
    }.items():
        logging.getLogger(name).setLevel(level)
    uri = tracking_uri()
    mlflow.set_tracking_uri(uri)
    if is_server(uri):
        _ask_for_health(uri)
    with _first_use(uri):
        return MlflowClient()


def require_database(wanted: str) -> None:
    """Check that there are runs to look into before connecting, which would make an empty database file.

    Args:
        wanted: what is looked for, for the message.

    Raises:
        UserError: there is no database where it should be.
    """
    database = tracking_uri().removeprefix("sqlite:///")
    if database != tracking_uri() and not Path(database).exists():
        raise UserError(f"{wanted}: there are no runs yet ({database} is not there); `dvc repro` publishes one")


def is_server(uri: str) -> bool:
    """Whether runs are tracked by a server, as against a file of our own."""
    return uri.startswith(("http://", "https://"))


def _ask_for_health(uri: str) -> None:
    try:
        # Redirected to a page for signing in, say, is an answer, too.
        answer = requests.get(f"{uri.rstrip('/')}/health", timeout=HEALTH_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise MlflowException(_reason(error)) from None
    if answer.status_code >= 500:
        raise MlflowException(f"it answers {answer.status_code} {answer.reason}")


@contextmanager
def _first_use(uri: str) -> Iterator[None]:
    """Make a database file that is not there yet, one process at a time, and whole or not at all.

    MLflow's migrations do not stand two at once, nor being killed half-way: the file would be of no use ever after.
    """
    path = Path(uri.removeprefix("sqlite:///"))
    if not uri.startswith("sqlite:///") or not path.parent.is_dir():
        yield  # a server does this by itself
        return
    with FileLock(f"{path}.lock"):
        if not path.exists():
            partial = path.with_name(f".{path.name}.partial")
            partial.unlink(missing_ok=True)
            store = SqlAlchemyStore(f"sqlite:///{partial}", (main_checkout() / "mlruns").as_uri())
            store.engine.dispose()
            partial.rename(path)
        yield


@contextmanager
def mlflow_errors_as_user_errors(*, setting_up: bool = False, then: str = "run it again") -> Iterator[None]:
    """Turn the failures of a tracking server within the block into an error that says what to do.

    Args:
        setting_up: the block connects for the first time, so that a refusal is the user's address or credentials; later
            it would be a fault of ours.
        then: what to do when the server is back.

    Raises:
        UserError: the server cannot be reached or does not work.
    """
    advice = f"start it or change {URI_VARIABLE}, then {then}"
    try:
        yield
    except MlflowException as error:
        if not setting_up and error.error_code not in UNREACHABLE:
            raise
        raise UserError(f"MLflow at {tracking_uri()} does not answer ({_reason(error)}); {advice}") from None
    except (sqlalchemy.exc.SQLAlchemyError, ModuleNotFoundError) as error:
        raise UserError(f"MLflow at {tracking_uri()} cannot be used ({_reason(error)}); {advice}") from None


def is_unique_violation(error: MlflowException) -> bool:
    """Whether something was inserted twice.

    MLflow looks whether it is there and then inserts it, so that two who write the same at once collide, and so does a request that
    was sent again because its answer was lost.
    """
    return any(said in str(error) for said in ("UNIQUE constraint failed", "UniqueViolation"))


def retry_on_conflict(write: Callable[[], object]) -> None:
    """Write what others may be writing at the same moment, again where it collides with theirs: then it is there and is changed.

    Raises:
        MlflowException: what it raises for another reason, or after `ATTEMPTS` collisions.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            write()
        except MlflowException as error:
            if not is_unique_violation(error) or attempt == ATTEMPTS:
                raise
            time.sleep(0.2 * attempt)
        else:
            return


def experiment_id(client: MlflowClient, name: str) -> str:
    """Find the experiment, or make it.

    Raises:
        UserError: somebody has deleted it.
    """
    found = client.get_experiment_by_name(name)
    if found is None:
        # With a server the server decides where artifacts are; with a file of our own it is beside that file.
        local = not os.environ.get(URI_VARIABLE)
        location = (main_checkout() / "mlruns").as_uri() if local else None
        try:
            return str(client.create_experiment(name, artifact_location=location, tags=MODEL_TRAINING_VIEW))
        except MlflowException:
            found = client.get_experiment_by_name(name)  # another process was first
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        raise UserError(
            f"the MLflow experiment '{name}' is deleted; `mlflow experiments restore -x {found.experiment_id}` "
            "brings it back, or change publish.experiment in params.yaml"
        )
    return str(found.experiment_id)


def _reason(error: BaseException) -> str:
    """What is at the bottom of an error, such as 'Connection refused'; the ones above it only add addresses."""
    while below := error.__cause__ or error.__context__:
        error = below
    said = str(error).strip() or type(error).__name__
    return said.splitlines()[0][:200]
