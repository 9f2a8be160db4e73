"""serving.archive in SQLite and PostgreSQL: closed months are exported once, and only then deleted, as a whole."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from answers_database import prediction, request

from flight_delay.serving import archive as archives
from flight_delay.serving.archive import ANSWERS, REPORTED, Archived, archive
from flight_delay.serving.database import Outcome, insert_answers, read_outcomes
from flight_delay.serving.tables import OUTCOMES, PREDICTIONS, REQUESTS

DAY = dt.timedelta(days=1)
END = dt.datetime.fromisoformat("2013-02-28T23:59:59.999999")
START = dt.datetime.fromisoformat("2013-03-01T00:00")
# Moments of answers, and of outcomes, in four months.
ANSWERED = [dt.datetime.fromisoformat(f"2013-{day}T12:00") for day in ("01-05", "02-10", "03-20", "04-03")]
FLIGHT, OTHER = "2013-01-06-UA-1-EWR-0600", "2013-01-06-UA-2-EWR-0625"
CORRECTED = Outcome(FLIGHT, 30, False, False, ANSWERED[0])
CANCELLED = Outcome(OTHER, None, True, False, ANSWERED[0])


@pytest.fixture
def filled(engine: sa.Engine) -> sa.Engine:
    """A database with two answers at each moment, and an outcome that was corrected."""
    moments = sorted([*ANSWERED, END, START], reverse=True)
    names = [f"{place}" for place in range(len(moments))]
    rows = [prediction(name, row, value) for name in names for row, value in enumerate((0.1, 0.7))]
    values = [np.float32(row["probability"]).item() for row in rows]
    rows = [row | {"probability": value} for row, value in zip(rows, values, strict=True)]
    with engine.begin() as connection:
        insert_answers(connection, [request(*pair) for pair in zip(names, moments, strict=True)], rows)
    report(engine, Outcome(FLIGHT, 3, False, False, ANSWERED[0] - DAY), ANSWERED[0])
    report(engine, CANCELLED, ANSWERED[0])
    report(engine, CORRECTED, ANSWERED[1])
    return engine


def report(engine: sa.Engine, outcome: Outcome, received_at: dt.datetime) -> None:
    with engine.begin() as connection:
        connection.execute(sa.insert(OUTCOMES), [outcome._asdict() | {"received_at": received_at}])


def count(engine: sa.Engine, *tables: sa.Table) -> list[int]:
    with engine.connect() as connection:
        return [connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    return pq.read_table(folder / f"{name}.parquet").to_pylist()


def test_closed_months_are_exported_with_all_columns(filled: sa.Engine, tmp_path: Path) -> None:
    assert archive(filled, tmp_path, dt.date(2013, 4, 3), None) == Archived(3, 0)
    assert set(contents(tmp_path)) == {
        *(f"predictions-2013-{month}.parquet" for month in ("01", "02", "03")),
        *(f"outcomes-2013-{month}.parquet" for month in ("01", "02")),
    } | {path.name for path in tmp_path.glob("predictions.db*")}
    for name, schema in (("predictions-2013-02", ANSWERS), ("outcomes-2013-01", REPORTED)):
        assert pq.read_schema(tmp_path / f"{name}.parquet").equals(schema)
    february = rows(tmp_path, "predictions-2013-02")
    assert [(row["answered_at"].replace(tzinfo=None), row["row"]) for row in february] == [
        (ANSWERED[1], 0), (ANSWERED[1], 1), (END, 0), (END, 1),
    ]  # fmt: skip
    assert [np.float32(row["probability"]) for row in february] == [np.float32(0.1), np.float32(0.7)] * 2
    assert rows(tmp_path, "predictions-2013-03")[0]["answered_at"].replace(tzinfo=None) == START
    with filled.connect() as connection:
        of_day = REQUESTS.c.answered_at == END
        same = PREDICTIONS.c.request_id == REQUESTS.c.request_id
        query = sa.select(PREDICTIONS, REQUESTS).where(same, of_day).order_by(PREDICTIONS.c.row)
        stored = [dict(row) for row in connection.execute(query).mappings()]
    for exported, row in zip(february[2:], stored, strict=True):
        assert exported | {"answered_at": END} == {name: row[name] for name in ANSWERS.names}
    assert [
        (row["arrival_delay_minutes"], row["received_at"].replace(tzinfo=None), row["known_at"].replace(tzinfo=None))
        for row in rows(tmp_path, "outcomes-2013-01")
    ] == [(3, ANSWERED[0], ANSWERED[0] - DAY), (None, ANSWERED[0], ANSWERED[0])]


@pytest.mark.parametrize(("today", "months"), [((3, 31), 2), ((4, 1), 2), ((4, 2), 3), ((1, 31), 0)])
def test_a_month_is_closed_a_day_after_its_end(
    filled: sa.Engine, tmp_path: Path, today: tuple[int, int], months: int
) -> None:
    assert archive(filled, tmp_path / "to", dt.date(2013, *today), None) == Archived(months, 0)
    assert len(list(tmp_path.glob("to/predictions-*"))) == months


def test_a_month_is_exported_once_and_with_the_same_bytes(
    filled: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(filled, tmp_path / "a", dt.date(2013, 4, 3), None)
    monkeypatch.setattr(archives, "_BATCH_ROWS", 1)
    archive(filled, tmp_path / "b", dt.date(2013, 4, 3), None)
    before = contents(tmp_path / "a")
    assert contents(tmp_path / "b") == before
    with filled.begin() as connection:
        insert_answers(connection, [request("late", ANSWERED[0])], [prediction("late")])
    archive(filled, tmp_path / "a", dt.date(2013, 4, 3), None)
    assert contents(tmp_path / "a") == before


@pytest.mark.parametrize(("keep_days", "kept"), [(0, 1), (1, 1), (2, 3), (32, 3), (33, 5), (400, 6)])
def test_whole_months_are_deleted_after_their_export(
    filled: sa.Engine, tmp_path: Path, keep_days: int, kept: int
) -> None:
    today = dt.date(2013, 4, 3)  # March ended 2 days ago, February 33
    done = archive(filled, tmp_path / "to", today, keep_days)
    assert (done.deleted, *count(filled, PREDICTIONS, REQUESTS)) == (12 - 2 * kept, 2 * kept, kept)
    exported = {row["request_id"] for path in tmp_path.glob("to/pred*") for row in pq.read_table(path).to_pylist()}
    with filled.connect() as connection:
        left = set(connection.execute(sa.select(REQUESTS.c.request_id)).scalars())
    assert exported | left == {f"{place}" for place in range(6)}


def test_a_later_run_keeps_the_exports_and_the_latest_outcomes(filled: sa.Engine, tmp_path: Path) -> None:
    archive(filled, tmp_path / "to", dt.date(2013, 4, 3), 0)
    before = contents(tmp_path / "to")
    with filled.connect() as connection:
        assert read_outcomes(connection, [FLIGHT, OTHER]) == {FLIGHT: CORRECTED, OTHER: CANCELLED}
    assert count(filled, OUTCOMES) == [2]
    archive(filled, tmp_path / "to", dt.date(2013, 4, 3), 0)
    assert contents(tmp_path / "to") == before
    report(filled, Outcome(FLIGHT, 31, False, False, END), ANSWERED[3])
    archive(filled, tmp_path / "to", dt.date(2013, 5, 3), 0)
    assert count(filled, OUTCOMES, REQUESTS) == [2, 0]
    assert {name: before[name] for name in before} == {
        name: content for name, content in contents(tmp_path / "to").items() if name in before
    }
    assert set(contents(tmp_path / "to")) - set(before) == {"predictions-2013-04.parquet", "outcomes-2013-04.parquet"}


def test_nothing_is_deleted_if_an_export_fails(filled: sa.Engine, tmp_path: Path) -> None:
    (tmp_path / "to").write_bytes(b"no folder")
    before = count(filled, PREDICTIONS, REQUESTS, OUTCOMES)
    with pytest.raises(OSError, match="to"):
        archive(filled, tmp_path / "to", dt.date(2013, 4, 3), 0)
    assert count(filled, PREDICTIONS, REQUESTS, OUTCOMES) == before


def test_an_empty_database_has_nothing_to_archive(engine: sa.Engine, tmp_path: Path) -> None:
    assert archive(engine, tmp_path / "to", dt.date(2013, 4, 3), 0) == Archived(0, 0)
    assert not (tmp_path / "to").exists()
