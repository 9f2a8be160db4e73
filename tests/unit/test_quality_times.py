"""data.contract: schedules across midnight, time zones, the date line and clock changes come through unchanged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from flight_delay.data.contract import QualityResult
from flight_delay.data.dictionary_entries import LAYOUTS, Layout

every_layout = pytest.mark.parametrize("layout", LAYOUTS)

PassGate = Callable[..., QualityResult]

# date, from, at, to, at, minutes from gate to gate; then departure and arrival in UTC
SCHEDULES = {
    "on one day": ((2013, 1, 5), "EWR", 905, "LAX", 1215, 370, "2013-01-05T14:05", "2013-01-05T20:15"),
    "past midnight": ((2013, 1, 5), "EWR", 2330, "ORD", 55, 145, "2013-01-06T04:30", "2013-01-06T06:55"),
    "into a new year": ((2012, 12, 31), "LAX", 2200, "EWR", 615, 315, "2013-01-01T06:00", "2013-01-01T11:15"),
    "west by the clock": ((2013, 1, 5), "EWR", 600, "PHX", 555, 115, "2013-01-05T11:00", "2013-01-05T12:55"),
    "nearly a day": ((2013, 1, 5), "EWR", 1000, "HNL", 1600, 660, "2013-01-05T15:00", "2013-01-06T02:00"),
    "date line to tomorrow": ((2013, 1, 5), "HNL", 1500, "GUM", 1900, 480, "2013-01-06T01:00", "2013-01-06T09:00"),
    "date line to yesterday": ((2013, 1, 5), "GUM", 700, "HNL", 1800, 420, "2013-01-04T21:00", "2013-01-05T04:00"),
    "from 24:00": ((2013, 1, 5), "EWR", 2400, "ORD", 130, 150, "2013-01-06T05:00", "2013-01-06T07:30"),
    "from 0:00": ((2013, 1, 5), "EWR", 0, "ORD", 130, 150, "2013-01-05T05:00", "2013-01-05T07:30"),
    "until 24:00": ((2013, 1, 5), "EWR", 2230, "ORD", 2400, 150, "2013-01-06T03:30", "2013-01-06T06:00"),
    "night of spring change": (
        (2013, 3, 9), "EWR", 2300, "ORD", 100, 180, "2013-03-10T04:00", "2013-03-10T07:00",
    ),
    "after spring change": ((2013, 3, 10), "EWR", 905, "LAX", 1215, 370, "2013-03-10T13:05", "2013-03-10T19:15"),
    "hour that autumn repeats": (
        (2013, 11, 3), "EWR", 130, "ORD", 230, 180, "2013-11-03T05:30", "2013-11-03T08:30",
    ),
    "constant clocks": ((2013, 7, 5), "PHX", 800, "LAX", 925, 85, "2013-07-05T15:00", "2013-07-05T16:25"),
}  # fmt: skip


def flight(schedule: tuple[Any, ...]) -> dict[str, Any]:
    names = (
        "flight_date", "origin", "scheduled_departure_minutes", "destination", "scheduled_arrival_minutes",
        "scheduled_elapsed_minutes",
    )  # fmt: skip
    return dict(zip(names, schedule[:6], strict=True))


@every_layout
def test_a_schedule_is_the_one_that_the_clocks_show(pass_gate: PassGate, layout: Layout) -> None:
    numbered = ({**flight(schedule), "flight_number": row} for row, schedule in enumerate(SCHEDULES.values(), 1))
    gated = pass_gate(layout, *numbered)
    assert gated.reasons == {}  # the minutes from gate to gate agree, where a layout has them
    assert not any(gated.warnings.values())
    names = ("flight_date", "scheduled_departure_utc", "scheduled_arrival_utc")
    kept = gated.flights.sort_by("flight_number").select(names).to_pylist()
    shown = [[f"{row[name]:%Y-%m-%dT%H:%M}" for name in names] for row in kept]
    expected = {name: [f"{dt.date(*date)}T00:00", *utc] for name, (date, _, _, _, _, _, *utc) in SCHEDULES.items()}
    assert dict(zip(SCHEDULES, shown, strict=True)) == expected


@every_layout
def test_a_departure_at_a_time_that_spring_skips_is_moved_and_warned_of(pass_gate: PassGate, layout: Layout) -> None:
    clocks = (159, 200, 230, 259, 300)
    gated = pass_gate(layout, *(flight(((2013, 3, 10), "EWR", clock, "ORD", 400, None)) for clock in clocks))
    assert gated.reasons == {}
    assert sum(gated.warnings.values()) == 3
    departures = gated.flights.sort_by("scheduled_departure_minutes")["scheduled_departure_utc"].to_pylist()
    assert [f"{departure:%H:%M}" for departure in departures] == ["06:59", "07:00", "07:00", "07:00", "07:00"]


@every_layout
def test_a_midnight_is_another_flight_when_it_begins_the_day_and_when_it_ends_it(
    pass_gate: PassGate, layout: Layout
) -> None:
    gated = pass_gate(
        layout, *({"scheduled_departure_minutes": clock, "scheduled_elapsed_minutes": None} for clock in (2400, 0))
    )
    assert gated.reasons == {}
    assert gated.flights["flight_id"].to_pylist() == ["2013-01-05-UA-7-EWR-0000", "2013-01-05-UA-7-EWR-2400"]
    assert gated.flights["scheduled_departure_minutes"].to_pylist() == [0, 1440]


@every_layout
def test_flights_come_in_order_of_departure_in_utc(pass_gate: PassGate, layout: Layout) -> None:
    later_by_the_clock = {"origin": "EWR", "scheduled_departure_minutes": 905, "flight_number": 1}
    earlier_by_the_clock = {
        "origin": "LAX", "destination": "EWR", "scheduled_departure_minutes": 700, "scheduled_arrival_minutes": 1500,
        "scheduled_elapsed_minutes": 300, "flight_number": 2,
    }  # fmt: skip
    gated = pass_gate(layout, earlier_by_the_clock, later_by_the_clock)
    assert gated.flights["flight_number"].to_pylist() == [1, 2]
