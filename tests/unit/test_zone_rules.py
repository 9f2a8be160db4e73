"""data.clock with the zones of the airports table: the rules of the tz database at the date apply."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flight_delay.data.canonical import parse_flights
from flight_delay.data.clock import local_to_utc, schedule_to_utc
from flight_delay.data.contract import QualityResult, apply_contract
from flight_delay.data.dictionary import Dictionary

MIDNIGHTS = st.dates(dt.date(1987, 1, 1), dt.date(2030, 12, 30)).map(pd.Timestamp)
# Nights in which clocks change, by the rules since 1967, 1987 and 2007, and in which they did before or do now.
CHANGES = (
    "1987-04-05", "1987-04-26", "1987-10-25", "1988-04-03", "2000-10-29", "2006-03-12", "2006-04-02", "2006-10-29",
    "2007-03-11", "2007-11-04", "2010-11-07", "2015-11-01", "2018-11-04", "2019-01-20",
)  # fmt: skip
LOCAL = st.one_of(MIDNIGHTS, st.sampled_from(CHANGES).map(pd.Timestamp)).flatmap(
    lambda day: st.integers(0, 1440).map(lambda minutes: day + pd.Timedelta(minutes=minutes))
)

SCHEDULE = [
    "flight_date", "scheduled_departure_minutes", "scheduled_arrival_minutes", "scheduled_elapsed_minutes",
    "origin_zone", "destination_zone",
]  # fmt: skip
ENDS = ("EWR", "ORD", "DEN", "PHX", "LAX", "HNL", "GUM", "SJU", "ANC", "IND", "SBN", "BIS", "SDF")
Gate = Callable[..., QualityResult]


def utc_of(local: pd.Timestamp, zone: str) -> dt.datetime:
    """UTC of a local time by the tz database: the first of two, and for one that is skipped the end of the gap."""
    time = local.to_pydatetime().replace(tzinfo=ZoneInfo(zone))
    utc = time.astimezone(dt.UTC)
    if utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == time.replace(tzinfo=None):
        return utc
    before, after = time.replace(fold=1).astimezone(dt.UTC), utc
    while after - before > dt.timedelta(minutes=1):
        middle = before + dt.timedelta(minutes=(after - before) // dt.timedelta(minutes=2))
        late = middle.astimezone(ZoneInfo(zone)).replace(tzinfo=None) > time.replace(tzinfo=None)
        before, after = (before, middle) if late else (middle, after)
    return after


@settings(max_examples=4 * settings.default.max_examples)
@given(data=st.data())
def test_times_of_many_zones_at_once_are_those_of_the_database(zones: dict[str, str], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(LOCAL, st.sampled_from(sorted(set(zones.values())))), min_size=1, max_size=9))
    local, zone = (pd.Series(column) for column in zip(*rows, strict=True))
    utc, skipped = local_to_utc(local, zone)
    assert [time.to_pydatetime() for time in utc] == [utc_of(*row) for row in rows]
    comes_back = [
        time.tz_convert(there).tz_localize(None) == here for time, (here, there) in zip(utc, rows, strict=True)
    ]
    assert skipped.tolist() == [not back for back in comes_back]


# date, from, at, to, at, minutes
SCHEDULES: dict[str, tuple[Any, ...]] = {
    "to Indiana in the summer of 2005": ((2005, 7, 15), "ORD", 900, "IND", 1000, 60),
    "to Indiana in the summer of 2006": ((2006, 7, 15), "ORD", 900, "IND", 1100, 60),
    "from Indiana in the winter of 2005": ((2005, 1, 15), "SBN", 900, "ORD", 850, 50),
    "from Indiana in the summer of 1990": ((1990, 7, 15), "FWA", 900, "ATL", 1135, 95),
    "to Arizona in summer": ((1996, 7, 15), "DFW", 900, "PHX", 935, 155),
    "to Arizona in winter": ((1996, 1, 15), "DFW", 900, "PHX", 1035, 155),
    "over Kentucky": ((1998, 7, 15), "SDF", 900, "OWB", 840, 40),
    "over North Dakota": ((2013, 7, 15), "BIS", 900, "DIK", 850, 50),
    "first weeks of daylight-saving time": ((1988, 4, 4), "EWR", 900, "PHX", 1100, 300),
    "last weeks of daylight-saving time": ((1987, 10, 24), "EWR", 900, "SJU", 1245, 225),
    "date line to yesterday": ((1987, 10, 15), "GUM", 700, "HNL", 1810, 430),
    "date line to tomorrow": ((1987, 10, 15), "HNL", 1400, "GUM", 1755, 475),
    "to Palau": ((1990, 7, 15), "GUM", 2000, "ROR", 2105, 125),
}  # fmt: skip


@pytest.fixture(scope="module")
def gate(write: Callable[..., pd.DataFrame], dictionary: Dictionary, zones: dict[str, str]) -> Gate:
    names = (
        "flight_date", "origin", "scheduled_departure_minutes", "destination", "scheduled_arrival_minutes",
        "scheduled_elapsed_minutes",
    )  # fmt: skip

    def gated(*schedules: tuple[Any, ...]) -> QualityResult:
        numbered = (dict(zip(names, schedule, strict=True)) for schedule in schedules)
        raw = write("bts_classic", *({**flight, "flight_number": row} for row, flight in enumerate(numbered, 1)))
        return apply_contract(parse_flights(raw, "bts_classic", dictionary, zones), dictionary)

    return gated


def test_schedules_fit_their_duration(gate: Gate) -> None:
    assert durations(gate(*SCHEDULES.values())) == [schedule[-1] for schedule in SCHEDULES.values()]


def test_the_duration_tells_which_of_two_repeated_hours_is_meant(gate: Gate) -> None:
    flights = [
        ("EWR", 50, 130, 40), ("EWR", 50, 130, 100), ("ORD", 130, 300, 90), ("ORD", 130, 300, 150),
        ("ORD", 130, 145, 75),
    ]  # fmt: skip
    gated = gate(*(((2013, 11, 3), airport, clock, airport, *arrives) for airport, clock, *arrives in flights))
    assert durations(gated) == [minutes for *_, minutes in flights]


def durations(gated: QualityResult) -> list[float]:
    """Minutes between the times in UTC, of flights of which none is set aside."""
    assert gated.reasons == {}
    flights = gated.flights.sort_by("flight_number").to_pylist()
    return [
        (row["scheduled_arrival_utc"] - row["scheduled_departure_utc"]) / dt.timedelta(minutes=1) for row in flights
    ]


@pytest.mark.parametrize(("zone", "hour"), [("America/New_York", 7), ("America/Anchorage", 11), ("America/Adak", 12)])
def test_a_skipped_time_is_the_end_of_its_gap_west_and_east(zone: str, hour: int) -> None:
    local = pd.Series(pd.to_datetime(["2013-03-10 01:59", "2013-03-10 02:00", "2013-03-10 02:59", "2013-03-10 03:00"]))
    utc, skipped = local_to_utc(local, pd.Series([zone] * 4))
    assert [(time.hour, time.minute) for time in utc] == [(hour - 1, 59), *[(hour, 0)] * 3]
    assert skipped.tolist() == [False, True, True, False]


TRUE_SCHEDULES = st.lists(
    st.tuples(
        st.sampled_from(CHANGES), st.integers(-600, 1740), st.integers(30, 700), *[st.sampled_from(ENDS)] * 2
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@given(TRUE_SCHEDULES)
def test_no_true_schedule_contradicts_its_duration(
    zones: dict[str, str], flights: list[tuple[str, int, int, str, str]]
) -> None:
    rows = []
    for change, departs, elapsed, origin, destination in flights:
        departure = pd.Timestamp(change, tz="UTC") + pd.Timedelta(minutes=departs)
        there = departure.tz_convert(zones[origin])
        arrival = (departure + pd.Timedelta(minutes=elapsed)).tz_convert(zones[destination])
        clocks = [time.hour * 60 + time.minute for time in (there, arrival)]
        date = there.tz_localize(None).normalize()
        rows.append((date, *clocks, elapsed, zones[origin], zones[destination]))
    utc = schedule_to_utc(pd.DataFrame(rows, columns=SCHEDULE))
    duration = utc["scheduled_arrival_utc"] - utc["scheduled_departure_utc"]
    assert (duration.dt.total_seconds() / 60).tolist() == [elapsed for _, _, elapsed, _, _ in flights]
    assert not utc["in_gap"].any()
