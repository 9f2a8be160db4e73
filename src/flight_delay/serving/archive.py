"""Export closed months of the predictions database, and delete old ones."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import sqlalchemy as sa

from flight_delay.core.files import write_table
from flight_delay.core.months import shift_month
from flight_delay.core.runner import track_progress
from flight_delay.serving.tables import OUTCOMES, PREDICTIONS, REQUESTS

ANSWERS = pa.schema(
    [
        pa.field("request_id", pa.string()),
        pa.field("row", pa.int32()),
        pa.field("answered_at", pa.timestamp("us", tz="UTC")),
        pa.field("flight_id", pa.string()),
        pa.field("flight_date", pa.date32()),
        pa.field("schedule", pa.string()),
        pa.field("probability", pa.float32()),
        pa.field("predicted_late", pa.bool_()),
        pa.field("days_behind", pa.int16()),
        pa.field("fallback", pa.bool_()),
        pa.field("state", pa.string()),
        pa.field("model_version", pa.string()),
        pa.field("shadow_version", pa.string()),
        pa.field("shadow_probability", pa.float32()),
        pa.field("git_commit", pa.string()),
    ]
)
REPORTED = pa.schema(
    [
        pa.field("id", pa.int64()),
        pa.field("flight_id", pa.string()),
        pa.field("arrival_delay_minutes", pa.int32()),
        pa.field("cancelled", pa.bool_()),
        pa.field("diverted", pa.bool_()),
        pa.field("received_at", pa.timestamp("us", tz="UTC")),
        pa.field("known_at", pa.timestamp("us", tz="UTC")),
    ]
)
_BATCH_ROWS = 10_000


class Archived(NamedTuple):
    """Numbers of closed months, and of deleted predictions."""

    months: int
    deleted: int


def archive(engine: sa.Engine, folder: Path, today: datetime.date, keep_days: int | None) -> Archived:
    """Export closed months, and delete old ones.

    A month is the one in which answers were given and outcomes received, in UTC. It is closed a day after its end,
    is exported once, and is deleted as a whole.

    Args:
        engine: of the predictions database.
        folder: for predictions-<month>.parquet and outcomes-<month>.parquet.
        today: date in UTC.
        keep_days: delete months that ended longer ago; none if None.
    """
    with engine.connect() as connection:
        months = _list_months(connection, f"{today - datetime.timedelta(days=1):%Y-%m}")
        for month in track_progress(months, "month"):
            _export(connection, folder, month)
    if keep_days is None:
        return Archived(len(months), 0)
    oldest = f"{today - datetime.timedelta(days=keep_days + 1):%Y-%m}"
    return Archived(len(months), _delete_before(engine, _start(oldest)))


def _start(month: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(f"{month}-01")


def _list_months(connection: sa.Connection, before: str) -> list[str]:
    months: set[str] = set()
    for column in (REQUESTS.c.answered_at, OUTCOMES.c.received_at):
        first = sa.select(sa.func.min(column))
        time = connection.scalar(first)
        while time is not None and (month := f"{time:%Y-%m}") < before:
            months.add(month)
            time = connection.scalar(first.where(column >= _start(shift_month(month, 1))))
    return sorted(months)


def _export(connection: sa.Connection, folder: Path, month: str) -> None:
    start, end = _start(month), _start(shift_month(month, 1))
    columns = [PREDICTIONS.c[name] if name in PREDICTIONS.c else REQUESTS.c[name] for name in ANSWERS.names]
    answers = (
        sa.select(*columns)
        .select_from(PREDICTIONS)
        .join(REQUESTS, PREDICTIONS.c.request_id == REQUESTS.c.request_id)
        .where(REQUESTS.c.answered_at >= start, REQUESTS.c.answered_at < end)
        .order_by(REQUESTS.c.answered_at, PREDICTIONS.c.request_id, PREDICTIONS.c.row)
    )
    outcomes = (
        sa.select(*(OUTCOMES.c[name] for name in REPORTED.names))
        .where(OUTCOMES.c.received_at >= start, OUTCOMES.c.received_at < end)
        .order_by(OUTCOMES.c.id)
    )
    for name, query, schema in (("predictions", answers, ANSWERS), ("outcomes", outcomes, REPORTED)):
        path = folder / f"{name}-{month}.parquet"
        if path.exists():
            continue
        rows = connection.execution_options(yield_per=_BATCH_ROWS).execute(query).mappings()
        parts = [pa.Table.from_pylist([dict(row) for row in part], schema=schema) for part in rows.partitions()]
        if parts:
            write_table(path, pa.concat_tables(parts))


def _delete_before(engine: sa.Engine, moment: datetime.datetime) -> int:
    old = sa.select(REQUESTS.c.request_id).where(REQUESTS.c.answered_at < moment)
    with engine.begin() as connection:
        deleted: int = connection.execute(sa.delete(PREDICTIONS).where(PREDICTIONS.c.request_id.in_(old))).rowcount
        connection.execute(sa.delete(REQUESTS).where(REQUESTS.c.answered_at < moment))
        # The latest outcome of a flight counts, however old it is.
        latest = sa.select(sa.func.max(OUTCOMES.c.id)).group_by(OUTCOMES.c.flight_id)
        connection.execute(sa.delete(OUTCOMES).where(OUTCOMES.c.received_at < moment, OUTCOMES.c.id.not_in(latest)))
    return deleted
