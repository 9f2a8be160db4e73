"""Connections and schema of the predictions database."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from filelock import FileLock

from flight_delay.core.errors import UserError
from flight_delay.serving.tables import VERSION_TABLE

if TYPE_CHECKING:
    from alembic.config import Config

# Any number that no other program uses for the same database.
_MIGRATION_LOCK = 7_180_226
_TIMEOUT_SECONDS = 5
_VERSION = sa.select(sa.column("version_num")).select_from(sa.table(VERSION_TABLE))


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
    """Check that the file of an SQLite database exists.

    Connecting would create it.

    Raises:
        UserError: it is missing.
    """
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not path.is_file():
        raise UserError(
            f"{path}: no predictions database; `flight-delay serve` makes it, or give --service or --database"
        )


def check_schema(url: str) -> datetime.datetime | None:
    """Check that a database answers and has the schema of this version.

    Returns:
        Its time in UTC; None for SQLite, which has no clock of its own.

    Raises:
        UserError: it is missing, does not answer, or has no schema or another one.
    """
    from alembic.script import ScriptDirectory  # now: it logs when it is imported

    require_file(url)
    engine = create_engine(url)
    head = ScriptDirectory.from_config(_migrations()).get_current_head()
    try:
        with engine.connect() as connection:
            has_schema = sa.inspect(connection).has_table(VERSION_TABLE)
            version = connection.scalar(_VERSION) if has_schema else None
            is_sqlite = connection.dialect.name == "sqlite"
            now = None if is_sqlite else connection.scalar(sa.select(sa.func.now()))
    except sa.exc.DBAPIError as error:
        raise UserError(f"database {engine.url!r}: {reason(error)}; start it, or correct the URL") from None
    finally:
        engine.dispose()
    if version != head:
        raise UserError(
            f"database {engine.url!r}: schema {version or 'missing'} instead of {head}; start `flight-delay serve` of "
            "this version, which migrates it"
        )
    return now.astimezone(datetime.UTC) if now else None


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


def reason(error: sa.exc.SQLAlchemyError) -> str:
    """Return the first line of what a database or its driver reports."""
    original = getattr(error, "orig", None) or error
    return (str(original).splitlines() or [type(error).__name__])[0]


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
