"""Finding the run behind a run, a registered model or a logged model. Importing this does not import mlflow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.tracking.settings import apply_settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL_MD5_TAG = "model_md5"
# What MLflow says of an id, a name, a version or an alias that it does not have.
NO_SUCH = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
FORMS = "runs:/RUN_ID, models:/NAME/VERSION, models:/NAME@ALIAS or models:/m-…"


class PublishedRun(NamedTuple):
    """A run of this pipeline: what identifies the pipeline and its model. `uri` is what was asked for."""

    run_id: str
    run_name: str
    digest: str
    model_md5: str | None
    uri: str


def is_mlflow_uri(text: str) -> bool:
    """Whether this is meant for MLflow, as against a path or a commit."""
    return text.startswith(("runs:/", "models:/"))


def find_run(uri: str) -> PublishedRun:
    """Ask the tracking server which run is behind a URI.

    Args:
        uri: 'runs:/<run id>', 'models:/<name>/<version>', 'models:/<name>@<alias>' or 'models:/<model id>'; what follows a
            run id is left aside.

    Raises:
        UserError: it is none of these, there is no such run or model, it is not from this pipeline or not complete, or the
            server does not answer.
    """
    apply_settings()
    from flight_delay.tracking.client import (  # now: mlflow reads its settings
        connect,
        mlflow_errors_as_user_errors,
        require_database,
    )
    from flight_delay.tracking.run_content import DIGEST_TAG

    require_database(uri)
    # A refusal here is not ours: the address, the credentials or the server's age.
    with mlflow_errors_as_user_errors(setting_up=True), _known(uri):
        client = connect()
        run = client.get_run(_run_id(client, uri))
    tags = run.data.tags
    if DIGEST_TAG not in tags:
        raise UserError(
            f"{uri}: run {run.info.run_id} has no tag {DIGEST_TAG}, so it is not from this pipeline; choose one that "
            "`dvc repro` published"
        )
    if run.info.status != "FINISHED":
        raise UserError(
            f"{uri}: run {run.info.run_id} is not complete ({run.info.status}); `dvc repro` or `flight-delay publish` "
            "publishes its pipeline whole"
        )
    return PublishedRun(run.info.run_id, run.info.run_name, tags[DIGEST_TAG], tags.get(MODEL_MD5_TAG), uri)


def _run_id(client: MlflowClient, uri: str) -> str:
    if match := re.fullmatch(r"runs:/+([^/]+)(/.*)?", uri):
        return match[1]
    if match := re.fullmatch(r"models:/+(m-[0-9a-f]+)", uri):
        return str(client.get_logged_model(match[1]).source_run_id or _without_run(uri))
    if match := re.fullmatch(r"models:/+([^/@]+)/(\d+)", uri):
        version = client.get_model_version(match[1], match[2])
    elif match := re.fullmatch(r"models:/+([^/@]+)@([^/@]+)", uri):
        version = client.get_model_version_by_alias(match[1], match[2])
    else:
        raise UserError(f"{uri}: not the name of a run or model; write {FORMS}")
    # A version may have been registered from a logged model, without naming the run.
    return str(version.run_id) if version.run_id else _run_id(client, _source(version.source, uri))


def _source(source: str | None, uri: str) -> str:
    return source if source and is_mlflow_uri(source) else _without_run(uri)


def _without_run(uri: str) -> str:
    raise UserError(f"{uri}: the model was logged without a run, so nothing says what it was made from")


@contextmanager
def _known(uri: str) -> Iterator[None]:
    """Turn the server's answer that there is no such thing into an error that says what to do."""
    from mlflow.exceptions import MlflowException

    from flight_delay.tracking.client import tracking_uri

    try:
        yield
    except MlflowException as error:
        if error.error_code not in NO_SUCH:
            raise
        said = str(error).strip().splitlines()[0].rstrip(".")
        raise UserError(
            f"{uri}: MLflow at {tracking_uri()} has none ({said}); `flight-delay ui` shows what it has"
        ) from None
