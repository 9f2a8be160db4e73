"""Features of traffic: numbers of flights on the date of a flight.

Each function returns what is shared; `timetable.Timetable` counts all scheduled flights, since cancellations are not
known a day ahead."""

from __future__ import annotations

import numpy as np

from flight_delay.features.columns import Column
from flight_delay.features.timetable import Shared

MINUTES_AN_HOUR = 60


def flights_from_origin_in_hour(flight_date: Column, origin: Column, scheduled_departure_minutes: Column) -> Shared:
    """Count flights that leave the origin in the same hour of its clock."""
    return Shared((flight_date, origin, scheduled_departure_minutes // MINUTES_AN_HOUR))


def flights_to_destination_in_hour(
    flight_date: Column, destination: Column, scheduled_arrival_minutes: Column
) -> Shared:
    """Count flights that reach the destination in the same hour of its clock.

    The dates of departure are the same.
    """
    return Shared((flight_date, destination, scheduled_arrival_minutes // MINUTES_AN_HOUR))


def flights_everywhere_in_hour(flight_date: Column, scheduled_departure_utc: Column) -> Shared:
    """Count flights that leave in the same hour of UTC, wherever from."""
    return Shared((flight_date, scheduled_departure_utc.astype("datetime64[h]")))


def flights_from_origin_on_day(flight_date: Column, origin: Column) -> Shared:
    """Count flights that leave the origin on the date."""
    return Shared((flight_date, origin))


def flights_of_carrier_from_origin_on_day(flight_date: Column, carrier: Column, origin: Column) -> Shared:
    """Count flights of the airline that leave the origin on the date."""
    return Shared((flight_date, carrier, origin))


def flights_on_route_on_day(flight_date: Column, origin: Column, destination: Column) -> Shared:
    """Count flights from the origin to the destination on the date."""
    return Shared((flight_date, origin, destination))


def departures_from_origin_so_far(flight_date: Column, origin: Column, scheduled_departure_minutes: Column) -> Shared:
    """Count flights that leave the origin on the date at an earlier minute."""
    return Shared((flight_date, origin), before=scheduled_departure_minutes.astype(np.float64))
