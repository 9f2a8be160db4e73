"""The tracking store without a server: URI, database and artifact location."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import sqlalchemy
from filelock import FileLock
from mlflow.entities import Experiment
from mlflow.store.db.db_types import DATABASE_ENGINES
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.uri import get_uri_scheme, is_local_uri
from sqlalchemy.pool import NullPool

from flight_delay.core.errors import UserError
from flight_delay.tracking.settings import main_checkout

URI_VARIABLE = "MLFLOW_TRACKING_URI"
# Columns in which MLflow stores absolute locations of artifacts.
LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
UPDATE = (
    "UPDATE {0} SET {1} = :new || substr({1}, length(:old) + 1) "
    "WHERE {1} = :old OR substr({1}, 1, length(:old) + 1) = :old || '/'"
)


def tracking_uri() -> str:
    """Return MLFLOW_TRACKING_URI, or else that of mlflow.db in the checkout.

    A relative path starts at the checkout, because DVC runs queued experiments in temporary folders.

    Raises:
        UserError: it is an SQLite database without a file.
    """
    uri = os.environ.get(URI_VARIABLE) or sqlite_uri(_own_database())
    file = database_file(uri)
    if file is None:
        return uri
    if file.name in {"", ":memory:"} or str(file).startswith("file:"):
        raise UserError(f"{URI_VARIABLE}={uri}: no file, so that runs are lost; write sqlite:///PATH")
    _, question_mark, options = uri.partition("?")
    return sqlite_uri(main_checkout() / file) + question_mark + options


def sqlite_uri(file: Path) -> str:
    """Return the URI of an SQLite file; its path may have reserved characters."""
    quoted = quote(str(file))
    # For a URI that starts with sqlite:///, MLflow creates the folder of the quoted path as well.
    return f"sqlite:///{file}" if quoted == str(file) else f"sqlite+pysqlite:///{quoted}"


def database_file(uri: str) -> Path | None:
    """Return the path in the URI of an SQLite database; None for another URI."""
    try:
        url = sqlalchemy.make_url(uri)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        return None
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def require_database(wanted: str) -> None:
    """Check that the database file exists; connecting would create an empty one.

    Args:
        wanted: the run or model to find, for the message.

    Raises:
        UserError: it does not exist.
    """
    file = database_file(tracking_uri())
    if file and not file.exists():
        raise UserError(f"{wanted}: there are no runs yet ({file} does not exist); `flight-delay publish` adds one")


def artifact_root(uri: str) -> str | None:
    """Return the location of artifacts for new experiments; a server has its own.

    It is beside the database file, or else in the checkout: MLflow's default is the working folder.
    """
    if get_uri_scheme(uri) not in DATABASE_ENGINES:
        return None
    file = database_file(uri)
    return ((file.parent if file else main_checkout()) / "mlruns").as_uri()


@contextmanager
def prepared_database(uri: str) -> Iterator[None]:
    """Create the database if it does not exist; adapt it if it was moved.

    MLflow's migrations fail if two run at once, and leave an unusable file if they are killed.
    """
    file = database_file(uri)
    if file is None or not file.parent.is_dir():
        yield  # a server creates its own
        return
    with FileLock(f"{file}.lock"):
        if not file.exists():
            partial = file.with_name(f".{file.name}.partial")
            partial.unlink(missing_ok=True)
            store = SqlAlchemyStore(sqlite_uri(partial), artifact_root(uri))
            store.engine.dispose()
            partial.rename(file)
        yield
        if file == _own_database():
            _update_locations(file)


def require_permanent_artifacts(experiment: Experiment) -> None:
    """Check that artifacts of an experiment are not stored in a temporary folder.

    Raises:
        UserError: the location is relative, temporary, or on another machine.
    """
    location = str(experiment.artifact_location)
    if not is_local_uri(location):
        return
    folder = Path(local_file_uri_to_path(location))
    parent = folder.parent if folder.name == "mlruns" else folder.parent.parent
    if not folder.is_absolute() or not parent.is_dir() or "/.dvc/tmp/" in str(folder):
        raise UserError(
            f"the MLflow experiment '{experiment.name}' stores artifacts in {location}, which is not a permanent "
            "folder of this machine; change publish.experiment in params.yaml, or use a tracking server"
        )


def _own_database() -> Path:
    return main_checkout() / "mlflow.db"


def _update_locations(file: Path) -> None:
    """Update the locations of artifacts if the checkout was moved or copied.

    The location of the first experiment, which every database has, tells where it was created.
    """
    engine = sqlalchemy.create_engine(sqlite_uri(file), poolclass=NullPool)
    with engine.begin() as connection:
        query = "SELECT artifact_location FROM experiments WHERE experiment_id = 0"
        first = connection.scalar(sqlalchemy.text(query))
        if first is None or not is_local_uri(first):
            return
        old, new = Path(local_file_uri_to_path(first)).parent, file.with_name("mlruns")
        if old in {new, Path("/")} or not old.is_absolute():
            return
        for table, column in LOCATIONS:
            for before in (old.as_uri(), str(old)):
                update = sqlalchemy.text(UPDATE.format(table, column))
                connection.execute(update, {"old": before, "new": new.as_uri()})
