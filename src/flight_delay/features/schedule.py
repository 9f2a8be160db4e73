"""Features of the timetable: airline, airports, times, duration, distance."""

from __future__ import annotations

import numpy as np

from flight_delay.features.columns import Column


def carrier(carrier: Column) -> Column:
    """Return the code of the airline, such as 'UA'."""
    return carrier


def origin(origin: Column) -> Column:
    """Return the code of the airport of departure, such as 'EWR'."""
    return origin


def destination(destination: Column) -> Column:
    """Return the code of the airport of arrival, such as 'LAX'."""
    return destination


def departure_minutes(scheduled_departure_minutes: Column) -> Column:
    """Return the scheduled departure in local minutes after midnight."""
    return scheduled_departure_minutes


def arrival_minutes(scheduled_arrival_minutes: Column) -> Column:
    """Return the scheduled arrival in local minutes after midnight."""
    return scheduled_arrival_minutes


def block_minutes(scheduled_departure_utc: Column, scheduled_arrival_utc: Column) -> Column:
    """Compute scheduled minutes gate to gate; NaN without a known time zone."""
    return (scheduled_arrival_utc - scheduled_departure_utc) / np.timedelta64(1, "m")


def distance_miles(distance_miles: Column) -> Column:
    """Return the distance between the airports in miles."""
    return distance_miles
