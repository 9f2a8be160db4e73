"""A database that a server may use: whether it lets us in, how many may be in at once, and its address without the
password. Knows nothing of MLflow."""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from flight_delay.core.errors import UserError

# A database that is silent is to be noticed; psycopg2 itself waits for minutes.
CONNECT_SECONDS = "10"


def for_sqlalchemy(url: str) -> str:
    """The address as SQLAlchemy is to have it: with the driver that is installed, and a limit to how long connecting takes.

    Raises:
        UserError: it is no address of a database.
    """
    try:
        parsed = sqlalchemy.make_url(url)
        if parsed.drivername == "postgresql":  # SQLAlchemy's own choice is psycopg 3
            parsed = parsed.set(drivername="postgresql+psycopg2")
        parsed.get_dialect()
    except SQLAlchemyError:
        raise UserError(
            "FLIGHT_DELAY_SERVER_DATABASE is no address of a database; write postgresql://USER:PASSWORD@HOST:5432/NAME"
        ) from None
    if _is_postgres(parsed) and "connect_timeout" not in parsed.query:
        parsed = parsed.update_query_dict({"connect_timeout": CONNECT_SECONDS})
    return str(parsed.render_as_string(hide_password=False))


def without_password(url: str) -> str:
    """The address as it may be shown, and as PostgreSQL's own programs take it where there is no password."""
    parsed = sqlalchemy.make_url(url)
    return url if parsed.password is None else str(parsed.render_as_string(hide_password=True))


def why_not(url: str) -> str | None:
    """Why a database does not let us in, in one line; None if it does.

    Raises:
        UserError: what speaks to such a database is not installed.
    """
    try:
        _ask(url, "SELECT 1")
    except ModuleNotFoundError as error:
        raise UserError(f"{error.name} is not installed; `make server` installs it") from None
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()
        return said[0] if said else type(error).__name__
    return None


def max_connections(url: str) -> int | None:
    """How many connections a database takes at once; None where it is no PostgreSQL."""
    return int(_ask(url, "SHOW max_connections")) if _is_postgres(sqlalchemy.make_url(url)) else None


def _ask(url: str, statement: str) -> str:
    engine = sqlalchemy.create_engine(for_sqlalchemy(url), poolclass=NullPool)
    with engine.connect() as connection:
        return str(connection.execute(sqlalchemy.text(statement)).scalar_one())


def _is_postgres(url: Any) -> bool:
    return bool(url.get_backend_name() == "postgresql")
