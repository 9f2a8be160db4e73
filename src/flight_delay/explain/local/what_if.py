"""Predict a flight at other times of departure of its date.

Features are recomputed; other flights are unchanged. The result describes the model; it is not the effect of moving the
flight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from flight_delay.core.errors import UserError
from flight_delay.data.clock import MINUTES_PER_DAY
from flight_delay.explain.reference import HALF_HOUR_MINUTES, Reference, half_hour_of
from flight_delay.features.builder import PreparedFeatures
from flight_delay.features.columns import Columns
from flight_delay.model.bundle import Bundle

_UTC = ("scheduled_departure_utc", "scheduled_arrival_utc")
# With fewer training flights from the origin in a half hour, a prediction is unreliable.
MIN_FLIGHTS = 100


class Departure(NamedTuple):
    """Prediction for a time of departure, in local minutes after midnight.

    Numbers of training flights are those of its half hour.
    """

    minutes: int
    probability: float
    predicted_late: bool
    flights_from_origin: int
    flights_on_route: int  # from the origin to the destination

    @property
    def is_supported(self) -> bool:
        """Whether there are enough training flights from the origin."""
        return self.flights_from_origin >= MIN_FLIGHTS


class WhatIf(NamedTuple):
    """Predictions for a flight over times of departure.

    `points` are in order of time, and `own` is one of them.
    """

    flight_id: str
    origin: str
    destination: str
    threshold: float
    own: Departure
    points: tuple[Departure, ...]


def departure_times(own_minutes: int) -> list[int]:
    """List half hours of a day and the own time, in minutes after midnight."""
    return sorted({own_minutes, *range(0, MINUTES_PER_DAY, HALF_HOUR_MINUTES)})


def move_departure(flights: Columns, departures: Sequence[int]) -> Columns:
    """Move flights to other times of their dates, with the same duration.

    UTC is moved by the same difference, which is an hour off across a clock change.

    Args:
        flights: canonical columns, each of shape (flights,).
        departures: new departure of each, local minutes after midnight.

    Returns:
        The columns of scheduled times.
    """
    shift = np.array(departures) - flights["scheduled_departure_minutes"]
    utc = {name: flights[name] + shift.astype("timedelta64[m]") for name in _UTC}
    arrival = flights["scheduled_arrival_minutes"]
    # 24:00 stays for a flight that is not moved.
    arrival = np.where(shift == 0, arrival, (arrival + shift) % MINUTES_PER_DAY).astype(arrival.dtype)
    departure = np.array(departures, flights["scheduled_departure_minutes"].dtype)
    return {**utc, "scheduled_departure_minutes": departure, "scheduled_arrival_minutes": arrival}


def features_at_departures(
    prepared: PreparedFeatures, schedule: Columns, row: int, departures: Sequence[int]
) -> Columns:
    """Compute the features of a flight at several times of departure.

    Args:
        prepared: features of its date.
        schedule: canonical columns, each of shape (flights,).
        row: the flight.
        departures: local minutes after midnight.

    Returns:
        By name, each of shape (departures,).
    """
    own = {name: column[[row] * len(departures)] for name, column in schedule.items()}
    return prepared.compute(own | move_departure(own, departures))


def predict_departures(bundle: Bundle, reference: Reference, flight_id: str, features: Columns) -> WhatIf:
    """Predict a flight at several times of departure.

    Args:
        bundle: the model.
        reference: of the training flights.
        flight_id: the flight, whose last part is its own time of departure (HHMM).
        features: from `features_at_departures`, in order of time.
    """
    probability = bundle.predict_probability(features)
    is_late = probability >= np.float32(bundle.decision.threshold)
    origin, destination = str(features["origin"][0]), str(features["destination"][0])
    points = []
    for minutes, *prediction in zip(
        features["departure_minutes"].tolist(), probability.tolist(), is_late.tolist(), strict=True
    ):
        half_hour = half_hour_of(minutes)
        counts = (reference.count_training_flights(origin, to, half_hour) for to in (None, destination))
        points.append(Departure(int(minutes), *prediction, *counts))
    hhmm = int(flight_id.rsplit("-", 1)[1])
    own = next(point for point in points if point.minutes == hhmm // 100 * 60 + hhmm % 100)
    return WhatIf(flight_id, origin, destination, bundle.decision.threshold, own, tuple(points))


def require_same_features(features: Columns, at: int, recorded: Columns) -> None:
    """Check that recomputed features equal the recorded ones to the last bit.

    Args:
        features: recomputed.
        at: position of the flight's own time among them.
        recorded: of the flight in data/processed, each of shape (1,).

    Raises:
        UserError: one differs, because data/processed was built with other code or parameters.
    """
    for name, values in recorded.items():
        if not np.array_equal(features[name][at : at + 1], values, equal_nan=values.dtype != object):
            raise UserError(
                f"data/processed: '{name}' of this flight differs from what this checkout computes; run "
                "`dvc repro --force`"
            )
