"""Connect to MLflow, and turn its errors into errors of the user."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import mlflow
import requests
import sqlalchemy.exc
from mlflow import MlflowClient
from mlflow.entities import Experiment
from mlflow.exceptions import MlflowException

from flight_delay.core.errors import UserError
from flight_delay.tracking.database import (
    URI_VARIABLE,
    artifact_root,
    prepared_database,
    require_permanent_artifacts,
    tracking_uri,
)

# Error codes of a server or database that fails, not of a request that is refused.
UNREACHABLE = {"INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE"}
# The UI view for trained models (the other is for language-model applications).
MODEL_TRAINING_VIEW = {"mlflow.experimentKind": "custom_model_development"}
HEALTH_SECONDS = 10
# Attempts when other processes write the same.
ATTEMPTS = 5


def connect() -> MlflowClient:
    """Configure mlflow for the tracking server, and check the server's health.

    Raises:
        MlflowException: a server does not answer; `mlflow_errors_as_user_errors` converts it.
    """
    # MLflow logs a hundred migrations of a new database, and urllib3 logs what becomes our error.
    for name, level in {
        "alembic": "WARNING",
        "mlflow.store.db.utils": "CRITICAL",
        "urllib3.connectionpool": "ERROR",
    }.items():
        logging.getLogger(name).setLevel(level)
    uri = tracking_uri()
    mlflow.set_tracking_uri(uri)
    if is_server(uri):
        _require_healthy(uri)
    with prepared_database(uri):
        return MlflowClient()


def is_server(uri: str) -> bool:
    """Whether a tracking URI is that of a server, not of a database file."""
    return uri.startswith(("http://", "https://"))


def _require_healthy(uri: str) -> None:
    try:
        # A redirection, for example to a login page, is an answer.
        answer = requests.get(f"{uri.rstrip('/')}/health", timeout=HEALTH_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise MlflowException(_reason(error)) from None
    if answer.status_code >= 500:
        raise MlflowException(f"HTTP status {answer.status_code} {answer.reason}")


@contextmanager
def mlflow_errors_as_user_errors(*, setting_up: bool = False) -> Iterator[None]:
    """Convert failures of the tracking server to errors for the user.

    Args:
        setting_up: the block connects for the first time: a refusal is about the user's address or credentials. Later
            it would be a bug, and is not converted.

    Raises:
        UserError: the server cannot be reached or does not work.
    """
    advice = f"start it or change {URI_VARIABLE}, then run it again"
    try:
        yield
    except MlflowException as error:
        if not setting_up and error.error_code not in UNREACHABLE:
            raise
        if "out-of-date database schema" in str(error):
            raise UserError(
                f"MLflow at {tracking_uri()} has a database of another version; back it up and run `mlflow db upgrade "
                f"{tracking_uri()}`, or use the MLflow that wrote it, if that is newer"
            ) from None
        raise UserError(f"MLflow at {tracking_uri()} does not answer ({_reason(error)}); {advice}") from None
    except (sqlalchemy.exc.SQLAlchemyError, ModuleNotFoundError) as error:
        raise UserError(f"MLflow at {tracking_uri()} cannot be used ({_reason(error)}); {advice}") from None
    except ValueError as error:
        if not setting_up:
            raise
        raise UserError(f"a setting of MLflow is invalid ({error}); correct or unset it, then run it again") from None


def is_unique_violation(error: MlflowException) -> bool:
    """Whether an error is the violation of a unique constraint.

    MLflow checks then inserts, so that concurrent writers, and retries after a lost response, can violate a constraint.
    """
    return any(text in str(error) for text in ("UNIQUE constraint failed", "UniqueViolation"))


def retry_on_conflict(write: Callable[[], object]) -> None:
    """Call `write` again if it violates a unique constraint.

    Raises:
        MlflowException: for another reason, or after `ATTEMPTS` violations.
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
    """Find or create an experiment.

    Raises:
        UserError: it is deleted.
    """
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            client.create_experiment(name, artifact_location=artifact_root(tracking_uri()), tags=MODEL_TRAINING_VIEW)
        except MlflowException:
            if client.get_experiment_by_name(name) is None:  # another process created it
                raise
        experiment = client.get_experiment_by_name(name)
    require_active(experiment)
    require_permanent_artifacts(experiment)
    return str(experiment.experiment_id)


def require_active(experiment: Experiment) -> None:
    """Check that an experiment is not deleted.

    Raises:
        UserError: it is.
    """
    if experiment.lifecycle_stage == "deleted":
        raise UserError(
            f"the MLflow experiment '{experiment.name}' is deleted; `mlflow experiments restore -x "
            f"{experiment.experiment_id}` restores it, or change publish.experiment in params.yaml"
        )


def _reason(error: BaseException) -> str:
    """Return the message of an error's root cause, such as 'Connection refused'."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    message = str(error).strip() or type(error).__name__
    return message.splitlines()[0][:200]
