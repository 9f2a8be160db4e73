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
    "flights_everywhere_in_hour": (lambda of: of["scheduled_departure_utc"].replace(minute=0),),
    "flights_from_origin_on_day": (value("origin"),),
    "flights_of_carrier_from_origin_on_day": (value("carrier", "origin"),),
    "flights_on_route_on_day": (value("origin", "destination"),),
}
SO_FAR = "departures_from_origin_so_far"
NAMES = (*TOGETHER, SO_FAR)
every_name = pytest.mark.parametrize("name", NAMES)


def computed(name: str, columns: Columns) -> Column:
    function = getattr(traffic, name)
    result: Column = function(*(columns[read] for read in inspect.signature(function).parameters))
    return result


def counted(name: str, flights: list[Flight], of: Flight) -> int:
    """The count of a feature for a flight, one by one."""
    same_date = [flight for flight in flights if flight["flight_date"] == of["flight_date"]]
    if name == SO_FAR:
        from_there = [flight for flight in same_date if flight["origin"] == of["origin"]]
        return sum(flight["scheduled_departure_minutes"] < of["scheduled_departure_minutes"] for flight in from_there)
    return sum(all(part(flight) == part(of) for part in TOGETHER[name]) for flight in same_date)


def test_these_are_all_traffic_features() -> None:
    public = {name for name, of in inspect.getmembers(traffic, inspect.isfunction) if not name.startswith("_")}
    assert public == set(NAMES)


@given(st.data())
def test_counts_are_those_of_counting_one_by_one(
    flights_in: FlightsIn, as_columns: AsColumns, data: st.DataObject
) -> None:
    flights = data.draw(st.lists(flights_in("2013-03"), min_size=1, max_size=25))
    for name in NAMES:
        assert computed(name, as_columns(flights)).tolist() == [counted(name, flights, of) for of in flights], name


@given(st.data())
def test_flights_of_other_dates_change_nothing(
    flights_in: FlightsIn, as_columns: AsColumns, data: st.DataObject
) -> None:
    flights = data.draw(st.lists(flights_in("2013-03"), min_size=1, max_size=20))
    dates = {flight["flight_date"] for flight in flights}
    more = data.draw(st.lists(flights_in("2013-03").filter(lambda of: of["flight_date"] not in dates), max_size=20))
    for name in NAMES:
        among_more = computed(name, as_columns([*flights, *more]))[: len(flights)]
        assert among_more.tolist() == computed(name, as_columns(flights)).tolist(), name


@given(st.data())
def test_the_order_of_flights_does_not_matter(
    flights_in: FlightsIn, as_columns: AsColumns, data: st.DataObject
) -> None:
    flights = data.draw(st.lists(flights_in("2013-03"), min_size=1, max_size=25))
    order = data.draw(st.permutations(range(len(flights))))
    shuffled = as_columns([flights[place] for place in order])
    for name in NAMES:
        assert computed(name, shuffled).tolist() == computed(name, as_columns(flights))[list(order)].tolist(), name


@given(st.data())
def test_whatever_became_of_the_flights_they_are_counted(
    flights_in: FlightsIn, outcomes: st.SearchStrategy[Flight], as_columns: AsColumns, data: st.DataObject
) -> None:
    flights = data.draw(st.lists(flights_in("2013-03"), min_size=1, max_size=20))
    otherwise = [{**flight, **data.draw(outcomes)} for flight in flights]
    for name in NAMES:
        assert computed(name, as_columns(otherwise)).tolist() == computed(name, as_columns(flights)).tolist(), name


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
    return {name: of if isinstance(of, np.ndarray) else np.array(of, object) for name, of in made.items()}


@every_name
def test_a_flight_alone_is_the_only_one(name: str) -> None:
    assert computed(name, columns(545)).tolist() == [0 if name == SO_FAR else 1]


@every_name
def test_no_flight_at_all_has_no_counts(name: str, as_columns: AsColumns) -> None:
    assert computed(name, as_columns([])).shape == (0,)


@pytest.mark.parametrize("name", ["flights_from_origin_in_hour", "flights_to_destination_in_hour"])
def test_an_hour_of_the_clock_ends_before_the_next_begins(name: str) -> None:
    assert computed(name, columns(0, 59, 60, 119, 1439, 1440)).tolist() == [2, 2, 2, 2, 1, 1]


def test_an_hour_everywhere_is_one_of_utc_among_flights_of_one_local_date() -> None:
    times = ["2013-01-05T13:00", "2013-01-05T13:59", "2013-01-05T14:00", "2013-01-06T13:00", "2013-01-05T13:30"]
    dates = ["2013-01-05"] * 4 + ["2013-01-06"]
    departure = {
        "flight_date": np.array(dates, "datetime64[D]"),
        "scheduled_departure_utc": np.array(times, "datetime64[ms]"),
    }
    assert computed("flights_everywhere_in_hour", departure).tolist() == [2, 2, 1, 1, 1]


def test_flights_that_leave_at_the_same_minute_do_not_leave_one_before_the_other() -> None:
    assert computed(SO_FAR, columns(1440, 600, 0, 600)).tolist() == [3, 1, 0, 1]


@every_name
def test_a_missing_airport_or_time_of_one_flight_leaves_the_counts_of_others(name: str) -> None:
    column = columns(
        600, None, 605, origin=["EWR", None, "EWR"], destination=["LAX", None, "LAX"], carrier=["UA", None, "UA"]
    )
    whole = computed(name, columns(600, 605)).tolist()
    counts = computed(name, column)
    assert counts[[0, 2]].tolist() == whole
    np.testing.assert_array_equal(counts[1], np.nan if name == SO_FAR else 1)
