"""The predictions database: SQLite by default, or PostgreSQL."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from flight_delay.core.errors import UserError
from flight_delay.serving.schema import create_engine, migrate, reason
from flight_delay.serving.tables import OUTCOMES, PREDICTIONS, REQUESTS

SQLITE_FILE = "predictions.db"


class Outcome(NamedTuple):
    """Outcome of a flight, and when it became known, in UTC without zone.

    `arrival_delay_minutes` is None if it did not arrive.
    """

    flight_id: str
    arrival_delay_minutes: int | None
    cancelled: bool
    diverted: bool
    known_at: datetime.datetime


class OutcomeCounts(NamedTuple):
    """Numbers of first outcomes, of corrections, and of repetitions."""

    new: int
    corrected: int
    unchanged: int


class StoredRequest(NamedTuple):
    """An answered request with its predictions, in the order of its flights."""

    request: dict[str, Any]
    predictions: list[dict[str, Any]]


def open_database(url: str) -> sa.Engine:
    """Open a database and bring its schema up to date.

    Args:
        url: 'sqlite:///FILE' or 'postgresql+psycopg2://…'.

    Raises:
        UserError: it cannot be reached or is in memory, or its schema is of a later version.
    """
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).parent.mkdir(parents=True, exist_ok=True)
    try:
        migrate(engine)
    except sa.exc.DatabaseError as error:
        engine.dispose()
        raise UserError(f"database {engine.url!r}: {reason(error)}; start it, or correct the URL") from None
    except UserError:
        engine.dispose()
        raise
    return engine


def insert_answers(
    connection: sa.Connection, requests: Sequence[dict[str, Any]], predictions: Sequence[dict[str, Any]]
) -> None:
    """Append answered requests and their predictions."""
    connection.execute(_INSERT_REQUESTS, requests)
    if predictions:
        connection.execute(_INSERT_PREDICTIONS, predictions)


def insert_outcomes(connection: sa.Connection, outcomes: Sequence[Outcome]) -> OutcomeCounts:
    """Append outcomes, without repetitions of the latest one of a flight.

    The same outcome is no repetition if it was known earlier than that one: it changes labels as of the time between.

    Args:
        connection: on which no transaction has begun.
        outcomes: up to some 10,000, in order of receipt.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    # Two transactions that both read the latest outcome and then append would store a repetition.
    connection.exec_driver_sql(
        "BEGIN IMMEDIATE" if is_sqlite else f"LOCK TABLE {OUTCOMES.name} IN SHARE ROW EXCLUSIVE MODE"
    )
    new, rows, now = 0, [], utc_now()
    latest = read_outcomes(connection, {outcome.flight_id for outcome in outcomes})
    for outcome in outcomes:
        before = latest.get(outcome.flight_id)
        if before and before[:-1] == outcome[:-1] and before.known_at <= outcome.known_at:
            continue
        new += before is None
        latest[outcome.flight_id] = outcome
        rows.append({**outcome._asdict(), "received_at": now})
    if rows:
        connection.execute(sa.insert(OUTCOMES), rows)
    return OutcomeCounts(new, len(rows) - new, len(outcomes) - len(rows))


def read_outcomes(connection: sa.Connection, flight_ids: Collection[str]) -> dict[str, Outcome]:
    """Read the latest outcomes of flights, by flight."""
    latest = sa.select(sa.func.max(OUTCOMES.c.id)).where(OUTCOMES.c.flight_id.in_(flight_ids))
    columns = [OUTCOMES.c[name] for name in Outcome._fields]
    query = sa.select(*columns).where(OUTCOMES.c.id.in_(latest.group_by(OUTCOMES.c.flight_id)))
    return {row.flight_id: Outcome(*row) for row in connection.execute(query).all()}


def read_request(engine: sa.Engine, request_id: str) -> StoredRequest:
    """Read an answered request.

    Raises:
        UserError: the database has no such request.
    """
    with engine.connect() as connection:
        request = connection.execute(sa.select(REQUESTS).where(REQUESTS.c.request_id == request_id)).mappings().first()
        query = sa.select(PREDICTIONS).where(PREDICTIONS.c.request_id == request_id).order_by(PREDICTIONS.c.row)
        predictions = connection.execute(query).mappings().all()
    if request is None:
        raise UserError(f"request {request_id}: not in the database; answers contain their request_id")
    return StoredRequest(dict(request), [dict(row) for row in predictions])


def utc_now() -> datetime.datetime:
    """Return the present time in UTC, without zone."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


_INSERT_REQUESTS, _INSERT_PREDICTIONS = sa.insert(REQUESTS), sa.insert(PREDICTIONS)
