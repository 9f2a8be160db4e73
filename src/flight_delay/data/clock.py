"""Clock times of timetables: from HHMM and a time zone to minutes and UTC."""

from __future__ import annotations

import pandas as pd

MINUTES_PER_DAY = 24 * 60


def minutes_after_midnight(hhmm: pd.Series) -> pd.Series:
    """Turn clock times written as HHMM (517 is 5:17, 2400 is the midnight that ends the day) into minutes.

    Args:
        hhmm: whole numbers, shape (n,).

    Returns:
        Minutes, shape (n,); NaN for what is not a clock time.
    """
    hours, minutes = hhmm // 100, hhmm % 100
    return (hours * 60 + minutes).where((hhmm >= 0) & (minutes <= 59) & (hhmm <= 2400))


def local_to_utc(local: pd.Series, zone: pd.Series) -> pd.Series:
    """Turn local times into UTC.

    A time that the spring change skips is moved to the first one that exists; of a time that the autumn change repeats
    the first is taken, as timetables do.

    Args:
        local: times without zone, shape (n,).
        zone: IANA names such as 'America/New_York', null where not known, shape (n,).

    Returns:
        UTC times, shape (n,), null where the time or the zone is not known.
    """
    utc = pd.Series(pd.NaT, index=local.index, dtype="datetime64[ms, UTC]")
    for name, part in local.groupby(zone):
        localized = part.dt.tz_localize(str(name), ambiguous=[True] * len(part), nonexistent="shift_forward")
        utc.loc[part.index] = localized.dt.tz_convert("UTC").dt.as_unit("ms")
    return utc


def in_dst_gap(local: pd.Series, zone: pd.Series) -> pd.Series:
    """Whether local times are among those that the spring change skips; arguments as of `local_to_utc`, shape (n,)."""
    skipped = pd.Series(False, index=local.index)
    for name, part in local.groupby(zone):
        exists = part.dt.tz_localize(str(name), ambiguous=[True] * len(part), nonexistent="NaT").notna()
        skipped.loc[part.index] = part.notna() & ~exists
    return skipped


def first_arrival_after(
    departure_utc: pd.Series, arrival_minutes: pd.Series, flight_date: pd.Series, zone: pd.Series
) -> pd.Series:
    """The first time after departure at which the destination's clock shows the scheduled arrival, in UTC.

    Timetables give an arrival as a clock time without a date; it may be on the next day, or, flying west, earlier by
    the clock than the departure.
    """
    # Starting a day early also finds arrivals on the day before by local date, across the date line.
    arrival = pd.Series(pd.NaT, index=departure_utc.index, dtype="datetime64[ms, UTC]")
    for days in (-1, 0, 1, 2):
        local = flight_date + pd.to_timedelta(arrival_minutes + days * MINUTES_PER_DAY, unit="min")
        candidate = local_to_utc(local, zone)
        arrival = arrival.where(arrival.notna() | ~(candidate > departure_utc), candidate)
    return arrival
