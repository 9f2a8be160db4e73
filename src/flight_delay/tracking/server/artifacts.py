"""Where a server keeps its artifacts: a folder, or a bucket that has to be there. Does not import mlflow."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from flight_delay.core.errors import UserError

PATIENCE_SECONDS = 10


def destination(wanted: str, root: Path) -> str:
    """Where artifacts go, as `mlflow server` takes it.

    Args:
        wanted: a folder, relative to `root` or not, or a URI such as s3://bucket/prefix.
        root: the main checkout.

    Raises:
        UserError: the bucket cannot be used.
        OSError: the folder cannot be made.
    """
    if "://" not in wanted:
        folder = (root / Path(wanted).expanduser()).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)
    if wanted.startswith("s3://"):
        _use_bucket(wanted)
    return wanted


def _use_bucket(uri: str) -> None:
    """List the bucket as MLflow will: with AWS's own variables, and the address that is set for MLflow."""
    try:
        import boto3  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise UserError(f"{uri}: {error.name} is not installed; `make server` installs it") from None
    parts = urlsplit(uri)
    patience = Config(
        connect_timeout=PATIENCE_SECONDS, read_timeout=PATIENCE_SECONDS, retries={"total_max_attempts": 2}
    )
    try:
        client = boto3.client("s3", endpoint_url=os.environ.get("MLFLOW_S3_ENDPOINT_URL") or None, config=patience)
        client.list_objects_v2(Bucket=parts.netloc, Prefix=parts.path.lstrip("/"), MaxKeys=1)
    except (BotoCoreError, ClientError, ValueError) as error:  # ValueError: an address that is none
        said = " ".join(str(error).split())
        raise UserError(
            f"{uri} cannot be used ({said}); make the bucket, or check AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY"
        ) from None
