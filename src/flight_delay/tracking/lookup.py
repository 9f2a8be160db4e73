"""Find the run of an MLflow URI, and the commit of a run.

Importing this does not import mlflow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.tracking.settings import apply_settings
from flight_delay.vcs.history import PipelineCommit, find_pipeline_commit

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL_MD5_TAG = "model_md5"
# Error codes of MLflow for an id, name, version or alias that does not exist.
NOT_FOUND = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
FORMS = "runs:/RUN_ID, models:/NAME/VERSION, models:/NAME@ALIAS or models:/m-…"


class PublishedRun(NamedTuple):
    """A run: digest of its pipeline, MD5 of its model, and the URI looked up."""

    run_id: str
    run_name: str
    digest: str
    model_md5: str | None
    uri: str


def is_mlflow_uri(text: str) -> bool:
    """Whether a text is an MLflow URI, not a path or a commit."""
    return text.startswith(("runs:/", "models:/"))


def find_run(uri: str) -> PublishedRun:
    """Find the run of a URI on the tracking server.

    Args:
        uri: 'runs:/<run id>', 'models:/<name>/<version>', 'models:/<name>@<alias>' or 'models:/<model id>'; a path
            after a run id is ignored.

    Raises:
        UserError: the URI is invalid, there is no such run or model, it is not from this pipeline or not complete, or
            the server does not answer.
    """
    apply_settings()
    # now: mlflow reads its settings
    from flight_delay.tracking.client import connect, mlflow_errors_as_user_errors
    from flight_delay.tracking.database import require_database
    from flight_delay.tracking.run_content import DIGEST_TAG

    require_database(uri)
    # A refusal is about the address, the credentials or the server's version.
    with mlflow_errors_as_user_errors(setting_up=True), _not_found_as_user_error(uri):
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
            f"{uri}: run {run.info.run_id} is not complete ({run.info.status}); publish it again with "
            "`flight-delay publish`"
        )
    return PublishedRun(run.info.run_id, run.info.run_name, tags[DIGEST_TAG], tags.get(MODEL_MD5_TAG), uri)


def require_commit(published: PublishedRun, label: str) -> PipelineCommit:
    """Find the commit that holds the pipeline of a run.

    Args:
        published: the run.
        label: of the run, for the message.

    Raises:
        UserError: there is none in this repository.
    """
    committed = find_pipeline_commit(published.digest, published.model_md5)
    if committed is None:
        raise UserError(
            f"{label}: its pipeline is in no commit here; commit dvc.lock where it was run, or `git fetch` the commit"
        )
    return committed


def _run_id(client: MlflowClient, uri: str) -> str:
    if match := re.fullmatch(r"runs:/+([^/]+)(/.*)?", uri):
        return match[1]
    if match := re.fullmatch(r"models:/+(m-[0-9a-f]+)", uri):
        run_id, source = client.get_logged_model(match[1]).source_run_id, None
    elif match := re.fullmatch(r"models:/+([^/@]+)([/@])(\d+|(?<=@)[^/@]+)", uri):
        by_alias = match[2] == "@"
        version = (client.get_model_version_by_alias if by_alias else client.get_model_version)(match[1], match[3])
        run_id, source = version.run_id, version.source
    else:
        raise UserError(f"{uri}: not a URI of a run or model; write {FORMS}")
    if run_id:
        return str(run_id)
    if source and is_mlflow_uri(source):  # a version registered from a logged model does not name the run
        return _run_id(client, source)
    raise UserError(f"{uri}: the model was logged without a run, so that its origin is unknown")


@contextmanager
def _not_found_as_user_error(uri: str) -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    from flight_delay.tracking.database import tracking_uri

    try:
        yield
    except MlflowException as error:
        if error.error_code not in NOT_FOUND:
            raise
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise UserError(
            f"{uri}: not found in MLflow at {tracking_uri()} ({reason}); `flight-delay ui` lists its runs and models"
        ) from None
