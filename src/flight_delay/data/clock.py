"""Convert clock times of timetables, HHMM in a time zone, to minutes and UTC."""

from __future__ import annotations

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


def local_to_utc(local: pd.Series, zone: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Convert local times to UTC.

    A time in the gap of the spring change is moved to the end of the gap. A time that the autumn change repeats is
    taken to be the first of the two, as in timetables.

    Args:
        local: times without zone, shape (n,).
        zone: IANA names such as 'America/New_York', null where unknown, shape (n,).

    Returns:
        UTC times, null where the time or the zone is unknown, and whether a local time is in a gap; shape (n,) each.
    """
    utc = pd.Series(pd.NaT, index=local.index, dtype="datetime64[ms, UTC]")
    in_gap = pd.Series(False, index=local.index)
    for name, part in local.groupby(zone):
        shifted = part.dt.tz_localize(str(name), ambiguous=[True] * len(part), nonexistent="shift_forward")
        utc.loc[part.index] = shifted.dt.tz_convert("UTC").dt.as_unit("ms")
        in_gap.loc[part.index] = part.notna() & (shifted.dt.tz_localize(None) != part)
    return utc, in_gap


def first_arrival_after(
    departure_utc: pd.Series, arrival_minutes: pd.Series, flight_date: pd.Series, zone: pd.Series
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
        candidate, _ = local_to_utc(local, zone)
        arrival = arrival.where(arrival.notna() | ~(candidate > departure_utc), candidate)
    return arrival


def duration_error(flights: pd.DataFrame) -> pd.Series:
    """Compute minutes by which scheduled times exceed the scheduled duration.

    Returns:
        Minutes, shape (n,); NaN where the arrival or the duration is unknown.
    """
    elapsed = flights["scheduled_arrival_utc"] - flights["scheduled_departure_utc"]
    error: pd.Series = elapsed.dt.total_seconds() / 60 - pd.to_numeric(flights["scheduled_elapsed_minutes"])
    return error
