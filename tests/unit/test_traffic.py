"""features.traffic: how much else is scheduled, counted from the timetable of the date alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.features import traffic
from flight_delay.features.columns import Column, Columns
from flight_delay.features.timetable import Timetable

Flight = dict[str, Any]
AsColumns = Callable[[list[Flight]], Columns]
FlightsIn = Callable[[str], st.SearchStrategy[Flight]]


def hour(name: str) -> Callable[[Flight], int]:
    return lambda flight: flight[name] // 60


def value(*names: str) -> Callable[[Flight], tuple[Any, ...]]:
    return lambda flight: tuple(flight[name] for name in names)


TOGETHER: dict[str, tuple[Callable[[Flight], Any], ...]] = {  # what flights of a date must share to be counted together
    "flights_from_origin_in_hour": (value("origin"), hour("scheduled_departure_minutes")),
    "flights_to_destination_in_hour": (value("destination"), hour("scheduled_arrival_minutes")),
    "flights_everywhere_in_hour": (lambda flight: flight["scheduled_departure_utc"].replace(minute=0),),
    "flights_from_origin_on_day": (value("origin"),),
    "flights_of_carrier_from_origin_on_day": (value("carrier", "origin"),),
    "flights_on_route_on_day": (value("origin", "destination"),),
}
SO_FAR = "departures_from_origin_so_far"
NAMES = (*TOGETHER, SO_FAR)
every_name = pytest.mark.parametrize("name", NAMES)


def computed(name: str, columns: Columns) -> Column:
    function = getattr(traffic, name)
    shared = {name: function(*(columns[read] for read in inspect.signature(function).parameters))}
    ids = np.arange(len(columns["origin"])).astype(str).astype(object)
    return Timetable(ids, shared).count(ids, shared)[name]


def counted(name: str, flights: list[Flight], own_flight: Flight) -> int:
    """The count of a feature for a flight, one by one."""
    same_date = [flight for flight in flights if flight["flight_date"] == own_flight["flight_date"]]
    if name == SO_FAR:
        from_there = [flight for flight in same_date if flight["origin"] == own_flight["origin"]]
        return sum(
            flight["scheduled_departure_minutes"] < own_flight["scheduled_departure_minutes"] for flight in from_there
        )
    return sum(all(part(flight) == part(own_flight) for part in TOGETHER[name]) for flight in same_date)


def test_these_are_all_traffic_features() -> None:
    public = {name for name, function in inspect.getmembers(traffic, inspect.isfunction) if not name.startswith("_")}
    assert public == set(NAMES)


@given(st.data())
def test_counts_are_those_of_counting_the_flights_of_a_date_one_by_one(
    flights_in: FlightsIn, as_columns: AsColumns, data: st.DataObject
) -> None:
    flights = data.draw(st.lists(flights_in("2013-03"), min_size=1, max_size=25))
    for name in NAMES:
        expected = [counted(name, flights, flight) for flight in flights]
        assert computed(name, as_columns(flights)).tolist() == expected, name


def columns(*times: int | None, **others: list[Any]) -> Columns:
    """Flights of a day of an airline on a route, that leave and arrive at these minutes."""
    rows = len(times)
    minutes = np.array([np.nan if time is None else time for time in times]) if None in times else np.array(times)
    midnight = np.array(["2013-01-05"] * rows, "datetime64[m]")
    made = {
        "flight_date": midnight.astype("datetime64[D]"),
        "carrier": ["UA"] * rows,
        "origin": ["EWR"] * rows,
        "destination": ["LAX"] * rows,
        "scheduled_departure_minutes": minutes,
        "scheduled_arrival_minutes": minutes,
        "scheduled_departure_utc": midnight + np.nan_to_num(minutes).astype("timedelta64[m]"),
        **others,
    }
    return {
        name: column if isinstance(column, np.ndarray) else np.array(column, object) for name, column in made.items()
    }


@every_name
def test_a_missing_airport_or_time_of_one_flight_leaves_the_counts_of_others(name: str) -> None:
    column = columns(
        600, None, 605, origin=["EWR", None, "EWR"], destination=["LAX", None, "LAX"], carrier=["UA", None, "UA"]
    )
    whole = computed(name, columns(600, 605)).tolist()
    counts = computed(name, column)
    assert counts[[0, 2]].tolist() == whole
    np.testing.assert_array_equal(counts[1], np.nan if name == SO_FAR else 1)


def test_a_missing_airport_at_the_time_of_another_flight_is_not_ordered() -> None:
    counts = computed(SO_FAR, columns(600, 600, 605, origin=["EWR", None, "EWR"]))
    np.testing.assert_array_equal(counts, [0, np.nan, 1])
