"""Features of the density of the schedule.

They count all scheduled flights of a date, since cancellations are not known a day ahead: the columns must hold the
whole schedule of every date in them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from flight_delay.features.columns import Column

MINUTES_AN_HOUR = 60


def flights_from_origin_in_hour(flight_date: Column, origin: Column, scheduled_departure_minutes: Column) -> Column:
    """Count flights that leave the origin in the same hour of its clock."""
    return _group_size(flight_date, origin, scheduled_departure_minutes // MINUTES_AN_HOUR)


def flights_to_destination_in_hour(
    flight_date: Column, destination: Column, scheduled_arrival_minutes: Column
) -> Column:
    """Count flights of a date that reach the destination in the same hour.

    The date is that of departure; the hour is that of the destination's clock.
    """
    return _group_size(flight_date, destination, scheduled_arrival_minutes // MINUTES_AN_HOUR)


def flights_everywhere_in_hour(flight_date: Column, scheduled_departure_utc: Column) -> Column:
    """Count flights of the date that leave any airport in the same UTC hour."""
    return _group_size(flight_date, scheduled_departure_utc.astype("datetime64[h]"))


def flights_from_origin_on_day(flight_date: Column, origin: Column) -> Column:
    """Count flights that leave the origin on the date."""
    return _group_size(flight_date, origin)


def flights_of_carrier_from_origin_on_day(flight_date: Column, carrier: Column, origin: Column) -> Column:
    """Count flights of the airline that leave the origin on the date."""
    return _group_size(flight_date, carrier, origin)


def flights_on_route_on_day(flight_date: Column, origin: Column, destination: Column) -> Column:
    """Count flights from the origin to the destination on the date."""
    return _group_size(flight_date, origin, destination)


def departures_from_origin_so_far(flight_date: Column, origin: Column, scheduled_departure_minutes: Column) -> Column:
    """Count flights that leave the origin on the date at an earlier minute."""
    frame = pd.DataFrame({"date": flight_date, "origin": origin, "minutes": scheduled_departure_minutes})
    rank: Column = frame.groupby(["date", "origin"])["minutes"].rank(method="min").to_numpy()
    return rank - 1


def _group_size(*parts: Column) -> Column:
    """Count the rows that equal each row, itself included; shape (rows,)."""
    group = pd.DataFrame(dict(enumerate(parts))).groupby(list(range(len(parts))), dropna=False, sort=False).ngroup()
    counts: Column = np.bincount(group)[group]
    return counts.astype(np.float32)
