"""data.canonical: the same flights are read from every layout, however it writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from flight_delay.data.canonical import COUNTS, ParsedFlights, count_flights, parse_flights
from flight_delay.data.contract import QualityResult, apply_contract
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.dictionary_entries import LAYOUTS, Layout

BTS: tuple[Layout, ...] = ("bts_classic", "bts_current")
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
CANCELLED = {
    "cancelled": True, "departure_delay_minutes": None, "arrival_delay_minutes": None, "actual_elapsed_minutes": None,
    "air_time_minutes": None, "taxi_out_minutes": None, "taxi_in_minutes": None,
}  # fmt: skip

Write = Callable[..., pd.DataFrame]
PassGate = Callable[..., QualityResult]


def read(raw: pd.DataFrame, layout: Layout, dictionary: Dictionary) -> ParsedFlights:
    return parse_flights(raw, layout, dictionary, {"EWR": "America/New_York", "LAX": "America/Los_Angeles"})


def test_every_flight_is_counted_as_what_became_of_it() -> None:
    became = [(False, False)] * 4 + [(True, False)] * 2 + [(False, True)]  # cancelled, diverted
    flights = pd.DataFrame(became, columns=["cancelled", "diverted"])
    flights["scheduled_arrival_utc"] = [None, *[pd.Timestamp("2013-01-01", tz="UTC")] * 6]
    counts = count_flights(flights)
    assert counts == {"scheduled": 7, "completed": 4, "cancelled": 2, "diverted": 1, "unknown_destination": 1}
    assert tuple(counts) == COUNTS


@every_layout
def test_a_flight_keeps_its_values(pass_gate: PassGate, layout: Layout) -> None:
    flight = pass_gate(layout, {}).flights.to_pylist()[0]
    assert flight["flight_id"] == "2013-01-05-UA-7-EWR-0905"
    assert str(flight["flight_date"]) == "2013-01-05"
    assert (flight["scheduled_departure_minutes"], flight["scheduled_arrival_minutes"]) == (545, 735)
    assert flight["scheduled_departure_utc"].isoformat() == "2013-01-05T14:05:00+00:00"
    assert flight["scheduled_arrival_utc"].isoformat() == "2013-01-05T20:15:00+00:00"
    kept = ("carrier", "flight_number", "origin", "destination", "distance_miles", "tail_number")
    assert [flight[name] for name in kept] == ["UA", 7, "EWR", "LAX", 2454, "N1"]
    outcomes = ("departure_delay_minutes", "arrival_delay_minutes", "air_time_minutes", "cancelled", "diverted")
    assert [flight[name] for name in outcomes] == [5, -3, 330, False, False]


@pytest.mark.parametrize("layout", BTS)
def test_what_only_the_bts_reports_is_kept_too(pass_gate: PassGate, layout: Layout) -> None:
    late = {"arrival_delay_minutes": 20, "carrier_delay_minutes": 20, "weather_delay_minutes": 0}
    given, cancelled = pass_gate(
        layout, late, {**CANCELLED, "cancellation_code": "B", "flight_number": 8}
    ).flights.to_pylist()
    names = ("scheduled_elapsed_minutes", "actual_elapsed_minutes", "taxi_out_minutes", "taxi_in_minutes")
    assert [given[name] for name in names] == [370, 362, 20, 12]
    assert [given[name] for name in late] == [20, 20, 0]
    assert given["security_delay_minutes"] is None
    assert (given["cancellation_code"], cancelled["cancellation_code"]) == (None, "B")
    assert given["departure_delayed_label"] is (False if layout == "bts_classic" else None)


@every_layout
def test_a_cancelled_and_a_diverted_flight_are_what_they_are(pass_gate: PassGate, layout: Layout) -> None:
    diverted = {"diverted": True, "arrival_delay_minutes": None, "flight_number": 9}
    gated = pass_gate(layout, {}, {**CANCELLED, "flight_number": 8}, diverted)
    assert gated.reasons == {}
    assert gated.flights["flight_number"].to_pylist() == [7, 8, 9]
    assert gated.flights["cancelled"].to_pylist() == [False, True, False]
    assert gated.flights["diverted"].to_pylist() == [False, False, True]
    assert gated.flights["arrival_delay_minutes"].to_pylist() == [-3, None, None]


@every_layout
def test_missing_values_may_be_written_in_several_ways(write: Write, dictionary: Dictionary, layout: Layout) -> None:
    ways = ["", "NA", " NA ", None]
    raw = write(layout, *({"flight_number": number} for number in range(1, 6))).astype(object)
    for name in ("tail_number", "distance_miles", "departure_delay_minutes"):
        raw.loc[:3, dictionary.layout_columns(layout)[name][0]] = ways
    flights = apply_contract(read(raw, layout, dictionary), dictionary).flights
    assert flights["tail_number"].to_pylist() == [None] * 4 + ["N1"]
    assert flights["distance_miles"].to_pylist() == [None] * 4 + [2454]
    assert flights["departure_delay_minutes"].to_pylist() == [None] * 4 + [5]


@pytest.mark.parametrize("layout", BTS)
def test_numbers_may_be_written_in_several_ways(write: Write, dictionary: Dictionary, layout: Layout) -> None:
    ways = ["12", "12.00", "12.0", " 12 ", "012", "+12", "1.2e1", 12, 12.0]
    raw = write(layout, *[{}] * len(ways)).astype(object)  # text beside numbers: mixed types in a column
    for name in ("taxi_in_minutes", "flight_number"):
        raw[dictionary.layout_columns(layout)[name][0]] = pd.Series(ways, dtype=object)
    reading = read(raw, layout, dictionary)
    assert reading.unreadable == {}
    assert reading.flights["taxi_in_minutes"].tolist() == [12] * len(ways)
    assert reading.flights["flight_id"].tolist() == ["2013-01-05-UA-12-EWR-0905"] * len(ways)


@pytest.mark.parametrize("layout", BTS)
def test_flags_may_be_written_in_several_ways(write: Write, dictionary: Dictionary, layout: Layout) -> None:
    no, yes = ["0", "0.00", 0], ["1", "1.00", "1.0", 1.0, " 1 "]
    raw = write(layout, *[{}] * 8).assign(Cancelled=pd.Series(no + yes, dtype=object))
    assert read(raw, layout, dictionary).flights["cancelled"].tolist() == [False] * 3 + [True] * 5


@pytest.mark.parametrize("layout", BTS)
def test_informative_columns_may_be_absent(write: Write, dictionary: Dictionary, layout: Layout) -> None:
    raw = write(layout, {})
    essential = raw[[name for name in raw if name in dictionary.required_columns[layout]]]
    assert len(essential.columns) < len(raw.columns)
    flights = apply_contract(read(essential, layout, dictionary), dictionary).flights
    assert flights.schema.equals(dictionary.schema)
    for name, column in dictionary.columns.items():
        assert (flights[name].null_count == 1) == (column.informative), name


@every_layout
def test_a_table_without_rows_is_read(write: Write, dictionary: Dictionary, layout: Layout) -> None:
    gated = apply_contract(read(write(layout, {}).iloc[:0], layout, dictionary), dictionary)
    assert gated.reasons == {}
    assert gated.flights.equals(dictionary.schema.empty_table())
    assert set(count_flights(gated.flights.to_pandas()).values()) == {0}


def test_real_flights_are_the_same_in_every_layout(
    write: Write, dictionary: Dictionary, raw_march: pa.Table, zones: dict[str, str]
) -> None:
    names = {name: sources[0] for name, sources in dictionary.layout_columns("nycflights13").items()}
    march = raw_march.to_pandas()  # the clocks change
    diverted = march["dep_time"].notna() & march["arr_delay"].isna()
    raw = march[diverted | (march.index % 97 == 0)].reset_index(drop=True)
    flights = [
        {
            **{name: _whole(row[source]) for name, source in names.items()},
            "flight_date": (row["year"], row["month"], row["day"]),
            "cancelled": pd.isna(row["dep_time"]),
            "diverted": pd.notna(row["dep_time"]) and pd.isna(row["arr_delay"]),
            "scheduled_elapsed_minutes": None,
        }
        for row in raw.to_dict("records")
    ]
    assert any(flight["cancelled"] for flight in flights)
    assert any(flight["diverted"] for flight in flights)
    expected = apply_contract(parse_flights(raw, "nycflights13", dictionary, zones), dictionary)
    assert expected.flights.num_rows == len(raw)
    common = [
        name for name, column in dictionary.columns.items() if "nycflights13" in column.sources or not column.sources
    ]
    for layout in BTS:
        gated = apply_contract(parse_flights(write(layout, *flights), layout, dictionary, zones), dictionary)
        assert gated.reasons == {}
        assert gated.flights.select(common).equals(expected.flights.select(common))


def table_of(write: Write, column: str, values: list[Any]) -> pd.DataFrame:
    """The same flight as often as there are values of a column."""
    return write("table", *[{}] * len(values)).assign(**{column: pd.Series(values, dtype=object)})


def _whole(value: Any) -> Any:
    """A missing value as None, a number as whole."""
    if pd.isna(value):
        return None
    return int(value) if isinstance(value, float) else value


def test_a_table_may_have_clock_times_in_several_ways(write: Write, dictionary: Dictionary) -> None:
    ways = ["905", "0905", 905, "9:05", "09:05", "09:05:00", "2013-01-05 09:05:00.000", "2013-01-05T09:05"]
    reading = read(table_of(write, "scheduled_departure_minutes", ways), "table", dictionary)
    assert reading.unreadable == {}
    assert reading.flights["flight_id"].tolist() == ["2013-01-05-UA-7-EWR-0905"] * len(ways)


def test_seconds_and_time_zones_are_no_clock_times(write: Write, dictionary: Dictionary) -> None:
    wrong = ["09:05:30", "9:5", "24:01", "09:60", "2013-01-05 09:05:00+00:00", "2013-01-05 14:05:00Z"]
    raw = table_of(write, "scheduled_departure_minutes", [*wrong, "09:05"])
    flights = read(raw, "table", dictionary).flights
    assert flights["scheduled_departure_minutes"].isna().tolist() == [True] * len(wrong) + [False]


@pytest.mark.parametrize("layout", BTS)
def test_only_a_table_has_clock_times_with_a_colon(write: Write, dictionary: Dictionary, layout: Layout) -> None:
    raw = write(layout, {})
    raw["CRSDepTime"] = "09:05"
    assert read(raw, layout, dictionary).flights["scheduled_departure_minutes"].isna().all()


def test_a_table_may_have_timestamps_as_dates(write: Write, dictionary: Dictionary) -> None:
    ways = ["2013-01-05", " 2013-01-05 ", "2013-01-05 00:00:00", "2013-01-05T23:59:59.5"]
    dates = read(table_of(write, "flight_date", ways), "table", dictionary).flights["flight_date"]
    assert dates.astype(str).tolist() == ["2013-01-05"] * len(ways)


def test_other_dates_are_none(write: Write, dictionary: Dictionary) -> None:
    wrong = ["2013-1-5", "05.01.2013", "20130105", "2013-01-05 00:00:00+00:00", "2013-02-30", "x"]
    reading = read(table_of(write, "flight_date", [*wrong, "2013-01-05"]), "table", dictionary)
    ((name, failed),) = ((name, failed.tolist()) for (name, _), failed in reading.unreadable.items())
    assert (name, failed) == ("flight_date", [True] * len(wrong) + [False])


def test_a_database_may_write_flags_as_it_does(write: Write, dictionary: Dictionary) -> None:
    raw = table_of(write, "cancelled", ["true", "t", "1", "False", "f", "0"])
    assert read(raw, "table", dictionary).flights["cancelled"].tolist() == [True] * 3 + [False] * 3
