"""data.clock: from the clock times of a timetable to UTC."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.data.clock import first_arrival_after, local_to_utc, minutes_after_midnight

ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "America/Phoenix",
    "America/Puerto_Rico",
    "Pacific/Honolulu",
    "Pacific/Auckland",
    "Asia/Tokyo",
    "Europe/London",
)


def utc(local: str, zone: str | None) -> str:
    """UTC of one local time, as text."""
    return str(local_to_utc(pd.Series([pd.Timestamp(local)]), pd.Series([zone], dtype=object))[0][0])


def arrival(departure: str, origin: str, clock: str, destination: str) -> str:
    """Arrival of one flight by the clock of its destination, as text, from local departure and scheduled arrival."""
    hours, minutes = map(int, clock.split(":"))
    when = first_arrival_after(
        local_to_utc(pd.Series([pd.Timestamp(departure)]), pd.Series([origin]))[0],
        pd.Series([hours * 60 + minutes]),
        pd.Series([pd.Timestamp(departure).normalize()]),
        pd.Series([destination]),
    )
    return str(when[0].tz_convert(destination).tz_localize(None))


def test_clock_times_become_minutes() -> None:
    times = [minute // 60 * 100 + minute % 60 for minute in range(1441)]  # 0000 … 2359, 2400
    assert minutes_after_midnight(pd.Series(times)).tolist() == list(range(1441))
    assert minutes_after_midnight(pd.Series([517])).tolist() == [5 * 60 + 17]


@pytest.mark.parametrize("impossible", [-1, 60, 99, 1275, 2401, 2460, 2500, 9999])
def test_what_is_not_a_clock_time_has_no_minutes(impossible: int) -> None:
    assert minutes_after_midnight(pd.Series([517, impossible, 600])).isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("local", "zone", "expected"),
    [
        ("2013-01-15 12:00", "America/New_York", "2013-01-15 17:00:00+00:00"),
        ("2013-07-15 12:00", "America/New_York", "2013-07-15 16:00:00+00:00"),
        ("2013-07-15 12:00", "America/Phoenix", "2013-07-15 19:00:00+00:00"),
        ("2013-01-15 20:00", "Pacific/Honolulu", "2013-01-16 06:00:00+00:00"),
        ("2013-01-15 05:00", "Asia/Tokyo", "2013-01-14 20:00:00+00:00"),
        ("2013-03-10 01:59", "America/New_York", "2013-03-10 06:59:00+00:00"),  # a gap becomes its end
        ("2013-03-10 02:30", "America/New_York", "2013-03-10 07:00:00+00:00"),
        ("2013-03-10 03:00", "America/New_York", "2013-03-10 07:00:00+00:00"),
        ("2013-11-03 01:30", "America/New_York", "2013-11-03 05:30:00+00:00"),  # the first of repeated times
        ("2013-11-03 02:00", "America/New_York", "2013-11-03 07:00:00+00:00"),
        ("2013-01-15 12:00", None, "NaT"),
    ],
)
def test_local_times_become_utc(local: str, zone: str | None, expected: str) -> None:
    assert utc(local, zone) == expected


@pytest.mark.parametrize(
    ("local", "zone", "skipped"),
    [
        ("2013-03-10 01:59", "America/New_York", False),
        ("2013-03-10 02:00", "America/New_York", True),
        ("2013-03-10 02:59", "America/New_York", True),
        ("2013-03-10 03:00", "America/New_York", False),
        ("2013-11-03 01:30", "America/New_York", False),  # repeated, not skipped
        ("2013-03-10 02:30", "America/Phoenix", False),  # no change there
        ("2006-03-12 02:30", "America/New_York", False),  # until 2006 in April
        ("2006-04-02 02:30", "America/New_York", True),
        ("2013-03-31 01:30", "Europe/London", True),
    ],
)
def test_the_hour_that_spring_skips_is_found(local: str, zone: str, skipped: bool) -> None:
    assert local_to_utc(pd.Series([pd.Timestamp(local)]), pd.Series([zone]))[1].tolist() == [skipped]


def test_rows_keep_their_places_among_several_zones() -> None:
    times = ["NaT", *["2013-03-10 02:30"] * 3, "2013-01-15 12:00"]
    local = pd.Series(pd.to_datetime(times), index=[7, 3, 5, 1, 2])
    zone = pd.Series(["America/New_York", None, "America/New_York", "America/Phoenix", "America/Phoenix"], local.index)
    utc, skipped = local_to_utc(local, zone)
    assert utc.index.tolist() == skipped.index.tolist() == local.index.tolist()
    assert [None if pd.isna(time) else time.hour for time in utc] == [None, None, 7, 9, 19]
    assert skipped.dtype == bool
    assert skipped.tolist() == [False, False, True, False, False]


@given(st.datetimes(dt.datetime(1988, 1, 2), dt.datetime(2030, 12, 30)), st.sampled_from(ZONES))  # noqa: DTZ001
def test_a_time_is_skipped_when_it_does_not_come_back_from_utc(local: dt.datetime, zone: str) -> None:
    local = local.replace(second=0, microsecond=0)
    there = local.replace(tzinfo=ZoneInfo(zone))
    comes_back = there.astimezone(dt.UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
    _, skipped = local_to_utc(pd.Series([pd.Timestamp(local)]), pd.Series([zone]))
    assert skipped.tolist() == [not comes_back]


@pytest.mark.parametrize(
    ("departure", "origin", "clock", "destination", "expected"),
    [
        # on the same day; overnight; a red-eye
        ("2013-01-15 06:00", "America/New_York", "09:20", "America/New_York", "2013-01-15 09:20:00"),
        ("2013-01-15 23:30", "America/New_York", "00:40", "America/New_York", "2013-01-16 00:40:00"),
        ("2013-01-31 21:30", "America/Los_Angeles", "05:55", "America/New_York", "2013-02-01 05:55:00"),
        # west, by the clock earlier than the departure
        ("2013-01-15 06:00", "America/New_York", "05:50", "America/Los_Angeles", "2013-01-15 05:50:00"),
        # across the date line, to the day before and to the day after the next
        ("2013-01-15 00:30", "Asia/Tokyo", "12:40", "Pacific/Honolulu", "2013-01-14 12:40:00"),
        ("2013-01-15 23:30", "Pacific/Honolulu", "07:10", "Pacific/Auckland", "2013-01-17 07:10:00"),
        # the midnight that ends the day
        ("2013-01-15 22:50", "America/New_York", "24:00", "America/New_York", "2013-01-16 00:00:00"),
        # at the minute of departure: a day later
        ("2013-01-15 06:00", "America/New_York", "06:00", "America/New_York", "2013-01-16 06:00:00"),
        # through the night in which the clock goes forward
        ("2013-03-09 23:00", "America/New_York", "03:30", "America/New_York", "2013-03-10 03:30:00"),
    ],
)
def test_the_arrival_is_the_next_time_that_the_destination_shows(
    departure: str, origin: str, clock: str, destination: str, expected: str
) -> None:
    assert arrival(departure, origin, clock, destination) == expected


def test_an_unknown_destination_has_no_arrival() -> None:
    minutes, date = pd.Series([60, 60]), pd.Series([pd.Timestamp("2013-05-05")] * 2)
    departure, _ = local_to_utc(date, pd.Series(["America/New_York"] * 2))
    arrivals = first_arrival_after(departure, minutes, date, pd.Series([None, "Asia/Tokyo"]))
    assert arrivals.isna().tolist() == [True, False]


# Between 1:00 and 3:59, clocks go forward or back.
@given(
    st.dates(dt.date(1988, 1, 2), dt.date(2030, 12, 30)),
    st.integers(0, 1439),
    st.integers(4 * 60, 24 * 60),
    st.sampled_from(ZONES),
    st.sampled_from(ZONES),
)
def test_the_arrival_is_the_first_after_departure_at_the_wanted_clock_time(
    date: dt.date, departure_minutes: int, arrival_minutes: int, origin: str, destination: str
) -> None:
    midnight = pd.Series([pd.Timestamp(date)])
    departure, _ = local_to_utc(midnight + pd.Timedelta(minutes=departure_minutes), pd.Series([origin]))
    arrival_time = first_arrival_after(departure, pd.Series([arrival_minutes]), midnight, pd.Series([destination]))[0]

    local = arrival_time.to_pydatetime().astimezone(ZoneInfo(destination))
    assert local.hour * 60 + local.minute == arrival_minutes % 1440
    assert arrival_time > departure[0]
    day_before = (local.replace(tzinfo=None) - dt.timedelta(days=1)).replace(tzinfo=ZoneInfo(destination))
    assert day_before <= departure[0]
