"""Convert clock times of timetables, HHMM in a time zone, to minutes and UTC."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from zoneinfo import ZoneInfo

import pandas as pd

MINUTES_PER_DAY = 24 * 60


def minutes_after_midnight(hhmm: pd.Series) -> pd.Series:
    """Convert clock times written as HHMM to minutes after midnight.

    Args:
        hhmm: whole numbers, shape (n,); 517 is 5:17, 2400 is the end of the day.

    Returns:
        Minutes after midnight, shape (n,); NaN for a number that is not a clock time.
    """
    hours, minutes = hhmm // 100, hhmm % 100
    return (hours * 60 + minutes).where((hhmm >= 0) & (minutes <= 59) & (hhmm <= 2400))


def local_to_utc(local: pd.Series, zone: pd.Series, *, first: bool = True) -> tuple[pd.Series, pd.Series]:
    """Convert local times to UTC.

    A time in the gap of the spring change is moved to the end of the gap.

    Args:
        local: times without zone, shape (n,).
        zone: IANA names such as 'America/New_York', null where unknown, shape (n,).
        first: take a time that the autumn change repeats for the first of the two.

    Returns:
        UTC times, null where the time or the zone is unknown, and whether a local time is in a gap; shape (n,) each.
    """
    utc = pd.Series(pd.NaT, index=local.index, dtype="datetime64[ms, UTC]")
    in_gap = pd.Series(False, index=local.index)
    for name, part in local.groupby(zone):
        # pandas shifts times in a gap wrongly in Alaska: https://github.com/pandas-dev/pandas/pull/66820
        known = part.dt.tz_localize(str(name), ambiguous=[first] * len(part), nonexistent="NaT")
        utc.loc[part.index] = known.dt.tz_convert("UTC").dt.as_unit("ms")
        in_gap.loc[part.index] = part.notna() & known.isna()
        for row in part.index[in_gap[part.index]]:
            utc.loc[row] = _end_of_gap(part[row].to_pydatetime(), ZoneInfo(str(name)))
    return utc, in_gap


def _end_of_gap(local: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    after, before = (local.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    minute = dt.timedelta(minutes=1)

    def clock(minutes: int) -> dt.datetime:
        return (before + minutes * minute).astimezone(zone).replace(tzinfo=None)

    return before + bisect_right(range((after - before) // minute), local, key=clock) * minute


def first_arrival_after(
    departure_utc: pd.Series,
    arrival_minutes: pd.Series,
    flight_date: pd.Series,
    zone: pd.Series,
    *,
    first: bool = True,
) -> pd.Series:
    """Compute the scheduled arrival in UTC from its local clock time.

    Timetables give an arrival as a clock time without a date. It may be on the next day, or, flying west, earlier by
    the clock than the departure. The result is the first time after departure at which the destination's clock shows
    the scheduled arrival.
    """
    # Across the date line an arrival may have the local date of the day before.
    arrival = pd.Series(pd.NaT, index=departure_utc.index, dtype="datetime64[ms, UTC]")
    for days in (-1, 0, 1, 2):
        local = flight_date + pd.to_timedelta(arrival_minutes + days * MINUTES_PER_DAY, unit="min")
        candidate, _ = local_to_utc(local, zone, first=first)
        arrival = arrival.where(arrival.notna() | ~(candidate > departure_utc), candidate)
    return arrival


def schedule_to_utc(schedule: pd.DataFrame) -> pd.DataFrame:
    """Convert the local times of a timetable to UTC.

    A time that the autumn change repeats is the one that fits the duration, and the first of the two without one.

    Args:
        schedule: flight_date, scheduled_departure_minutes, scheduled_arrival_minutes, scheduled_elapsed_minutes (NaN
            where unknown), origin_zone and destination_zone, shape (n, 6).

    Returns:
        scheduled_departure_utc, scheduled_arrival_utc, and in_gap for a departure that the spring change skips; shape
        (n, 3).
    """
    minutes = pd.to_timedelta(schedule["scheduled_departure_minutes"], unit="min")
    arrives, elapsed = schedule["scheduled_arrival_minutes"], schedule["scheduled_elapsed_minutes"]

    def convert(rows: pd.Index, first_departure: bool, first_arrival: bool) -> pd.DataFrame:
        date, origin, destination = (
            schedule.loc[rows, name] for name in ("flight_date", "origin_zone", "destination_zone")
        )
        departure, in_gap = local_to_utc(date + minutes[rows], origin, first=first_departure)
        arrival = first_arrival_after(departure, arrives[rows], date, destination, first=first_arrival)
        return pd.DataFrame(
            {"scheduled_departure_utc": departure, "scheduled_arrival_utc": arrival, "in_gap": in_gap}, index=rows
        )

    utc = convert(schedule.index, True, True)
    for firsts in ((True, False), (False, True), (False, False)):
        error = duration_error(utc.assign(scheduled_elapsed_minutes=elapsed))
        wrong = utc.index[error.notna() & (error != 0)]
        other = convert(wrong, *firsts)
        fits = other[duration_error(other.assign(scheduled_elapsed_minutes=elapsed[wrong])) == 0]
        utc.loc[fits.index] = fits
    return utc


def duration_error(flights: pd.DataFrame) -> pd.Series:
    """Compute minutes by which scheduled times exceed the scheduled duration.

    Returns:
        Minutes, shape (n,); NaN where the arrival or the duration is unknown.
    """
    elapsed = flights["scheduled_arrival_utc"] - flights["scheduled_departure_utc"]
    error: pd.Series = elapsed.dt.total_seconds() / 60 - pd.to_numeric(flights["scheduled_elapsed_minutes"])
    return error
