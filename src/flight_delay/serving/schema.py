"""Connections and schema of the predictions database."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from filelock import FileLock

from flight_delay.core.errors import UserError

if TYPE_CHECKING:
    from alembic.config import Config

# Any number that no other program uses for the same database.
_MIGRATION_LOCK = 7_180_226
_TIMEOUT_SECONDS = 5


def create_engine(url: str) -> sa.Engine:
    """Prepare connections to a database, without one yet.

    Raises:
        UserError: the URL is invalid, or that of a database in memory.
    """
    advice = "give sqlite:///FILE or postgresql+psycopg2://USER:PASSWORD@HOST/NAME"
    try:
        parsed = sa.make_url(url)
        is_sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"timeout": _TIMEOUT_SECONDS} if is_sqlite else {"connect_timeout": _TIMEOUT_SECONDS}
        engine = sa.create_engine(parsed, connect_args=options, pool_pre_ping=not is_sqlite)
    except (sa.exc.ArgumentError, ValueError, ImportError) as error:  # ValueError: of the port
        raise UserError(f"database: {error}; {advice}") from None
    if is_sqlite and parsed.database in (None, "", ":memory:"):
        raise UserError(f"database {parsed!r}: would be lost at the end; give sqlite:///FILE")
    if is_sqlite:
        sa.event.listen(engine, "connect", _set_pragmas)
    return engine


def require_file(url: str) -> None:
    """Check that the file of an SQLite database exists; connecting would create it.

    Raises:
        UserError: it is missing.
    """
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not path.is_file():
        raise UserError(
            f"{path}: no predictions database; `flight-delay serve` makes it, or give --service or --database"
        )


def migrate(engine: sa.Engine) -> None:
    """Bring the schema up to date.

    Raises:
        UserError: it is of a later version.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from alembic import command
    from alembic.util import CommandError

    config = _migrations()
    with _migration_lock(engine) as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise UserError(f"database {engine.url!r}: {error}; it is of a later version, use that") from None
        connection.commit()


def reason(error: sa.exc.DBAPIError) -> str:
    """Return the first line of what a database driver reports."""
    return str(error.orig).splitlines()[0]


def _migrations() -> Config:
    from alembic.config import Config  # now: Alembic logs when it is imported

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


@contextmanager
def _migration_lock(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Let one process at a time migrate."""
    if engine.url.get_backend_name() == "sqlite":
        with FileLock(f"{engine.url.database}.lock"), engine.connect() as connection:
            yield connection
        return
    with engine.connect() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_lock(_MIGRATION_LOCK)))
        try:
            yield connection
        finally:
            connection.rollback()
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_MIGRATION_LOCK)))


def _set_pragmas(connection: Any, _: Any) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
