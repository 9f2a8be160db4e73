"""data.canonical: the same flights are read from every layout, however it writes them."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
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


@pytest.mark.parametrize("layout", BTS)
def test_only_a_table_has_clock_times_with_a_colon(write: Write, dictionary: Dictionary, layout: Layout) -> None:
    raw = write(layout, {}).assign(CRSDepTime="09:05")
    assert read(raw, layout, dictionary).flights["scheduled_departure_minutes"].isna().all()
    table = write("table", {}).assign(scheduled_departure_minutes="09:05")
    assert read(table, "table", dictionary).flights["scheduled_departure_minutes"].tolist() == [545]
