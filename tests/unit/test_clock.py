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


def test_clock_times_become_minutes() -> None:
    times = [minute // 60 * 100 + minute % 60 for minute in range(1441)]  # 0000 … 2359, 2400
    assert minutes_after_midnight(pd.Series(times)).tolist() == list(range(1441))
    assert minutes_after_midnight(pd.Series([517])).tolist() == [5 * 60 + 17]


@pytest.mark.parametrize("impossible", [-1, 60, 99, 1275, 2401, 2460, 2500, 9999])
def test_what_is_not_a_clock_time_has_no_minutes(impossible: int) -> None:
    assert minutes_after_midnight(pd.Series([517, impossible, 600])).isna().tolist() == [False, True, False]


def test_rows_keep_their_places_among_several_zones() -> None:
    times = ["NaT", *["2013-03-10 02:30"] * 3, "2013-01-15 12:00"]
    local = pd.Series(pd.to_datetime(times), index=[7, 3, 5, 1, 2])
    zone = pd.Series(["America/New_York", None, "America/New_York", "America/Phoenix", "America/Phoenix"], local.index)
    utc, skipped = local_to_utc(local, zone)
    assert utc.index.tolist() == skipped.index.tolist() == local.index.tolist()
    assert [None if pd.isna(time) else time.hour for time in utc] == [None, None, 7, 9, 19]
    assert skipped.dtype == bool
    assert skipped.tolist() == [False, False, True, False, False]


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
