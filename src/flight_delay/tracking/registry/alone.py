"""One at a time: MLflow has no lock, but of a registered model's name there can be one only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from flight_delay.core.runner import log

# What is done alone takes a second. Who has held it for so long was killed, and is not waited for any more.
PATIENCE_SECONDS = 15.0
POLL_SECONDS = 0.1


@contextmanager
def alone(client: MlflowClient, model: str, who: str) -> Iterator[None]:
    """Let nobody else who asks the same be within the block: for so long there is a registered model `<model>.lock`.

    A lock that somebody who was killed has left is broken after `PATIENCE_SECONDS` of looking at the very same one, so that no
    clock of another machine matters.

    Args:
        client: connected.
        model: name of the registered model that is worked on.
        who: is told to those who wait, and to those who look at it in MLflow.
    """
    name = f"{model}.lock"
    seen, since = None, time.monotonic()
    while True:
        try:
            own = client.create_registered_model(name, description=f"{who} is moving an alias of {model}")
            break
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        holder = _holder(client, name)
        if holder != seen:
            seen, since = holder, time.monotonic()
        elif holder is not None and time.monotonic() - since > PATIENCE_SECONDS:
            log.info("%s was left by somebody who was killed (%s)", name, holder[1])
            _remove(client, name)
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        if _holder(client, name) == (own.creation_timestamp, own.description):  # not that of somebody who has broken it
            _remove(client, name)


def _holder(client: MlflowClient, name: str) -> tuple[int, str] | None:
    """When the lock was made, by its server, and by whom; None if it is gone."""
    try:
        found = client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None
    return found.creation_timestamp, found.description or ""


def _remove(client: MlflowClient, name: str) -> None:
    try:
        client.delete_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
