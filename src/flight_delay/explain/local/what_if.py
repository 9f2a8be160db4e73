"""What the model says of a flight at other times of departure. It is put into the real schedule of its date, which stays
as it is, and all its features are computed again: it says what the model does, not what would happen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from flight_delay.core.errors import UserError
from flight_delay.data.clock import MINUTES_PER_DAY
from flight_delay.explain.reference import HALF_HOUR_MINUTES, Reference, half_hour_of
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.columns import Column, Columns
from flight_delay.features.history import COUNTS
from flight_delay.model.bundle import Bundle

# Of a half hour with fewer training flights from the origin the model has learnt next to nothing.
MIN_FLIGHTS = 100

_MOVED_WITH_DEPARTURE = ("scheduled_departure_utc", "scheduled_arrival_utc")


class Departure(NamedTuple):
    """A time of departure in local minutes after midnight, what the model says of it and whether it would be called late, and
    how many training flights left the origin, and the origin for the destination, in its half hour."""

    minutes: int
    probability: float
    called_late: bool
    flights_from_origin: int
    flights_on_route: int

    @property
    def supported(self) -> bool:
        """Whether there are enough training flights from the origin to go by."""
        return self.flights_from_origin >= MIN_FLIGHTS


class WhatIf(NamedTuple):
    """What the model says of a flight over the times of departure of its date.

    `points` are in order of time, `own` among them; probabilities from `threshold` on are called late.
    """

    flight_id: str
    origin: str
    destination: str
    threshold: float
    own: Departure
    points: tuple[Departure, ...]


def times(own_minutes: int) -> list[int]:
    """Every half hour from 00:00 to 23:30 and the flight's own time, in local minutes after midnight."""
    return sorted({own_minutes, *range(0, MINUTES_PER_DAY, HALF_HOUR_MINUTES)})


def moved(schedule: Columns, row: int, minutes: int) -> Columns:
    """The schedule of a date with one of its flights at another time of the same date, its duration unchanged.

    UTC is moved by as much as the clock: on the two days of a clock change that is an hour off on the other side of it.

    Args:
        schedule: canonical columns of all flights of the date, each of shape (flights,).
        row: the flight.
        minutes: its new departure, local minutes after midnight.
    """
    later = minutes - int(schedule["scheduled_departure_minutes"][row])
    if not later:
        return schedule
    changed = {name: schedule[name].copy() for name in _MOVED_WITH_DEPARTURE}
    for values in changed.values():
        values[row] += np.timedelta64(later, "m")
    departs, arrives = (schedule[f"scheduled_{of}_minutes"].copy() for of in ("departure", "arrival"))
    departs[row], arrives[row] = minutes, (arrives[row] + later) % MINUTES_PER_DAY
    return schedule | changed | {"scheduled_departure_minutes": departs, "scheduled_arrival_minutes": arrives}


def features_at(
    builder: FeatureBuilder,
    schedule: Columns,
    row: int,
    departures: Sequence[int],
    *,
    counts: pa.Table,
    observations: Columns,
) -> Columns:
    """The features of a flight at several times of departure.

    Args:
        builder: computes the features.
        schedule: canonical columns of all flights of its date, each of shape (flights,).
        row: the flight.
        departures: local minutes after midnight.
        counts: of outcomes, as `builder.build` takes them.
        observations: of the weather.

    Returns:
        By name, each of shape (departures,), as `builder.build` gives them.
    """
    # Counting flights takes the whole schedule, anew for each time; what is known of the past takes the flight alone.
    by_schedule, by_past = builder.only({"schedule", "density"}), builder.only({"history", "weather"})
    schedules = [moved(schedule, row, minutes) for minutes in departures]
    each = [by_schedule.build(columns, COUNTS.empty_table(), observations) for columns in schedules]
    alone = {
        name: np.array([columns[name][row] for columns in schedules], values.dtype) for name, values in schedule.items()
    }
    values = by_past.build(alone, counts, observations) | {
        feature.name: np.array([columns[feature.name][row] for columns in each], each[0][feature.name].dtype)
        for feature in by_schedule.features
    }
    return {feature.name: values[feature.name] for feature in builder.features}


def what_if(bundle: Bundle, reference: Reference, flight_id: str, features: Columns) -> WhatIf:
    """Ask the model about a flight at several times of departure.

    Args:
        bundle: the model.
        reference: of the training flights.
        flight_id: the flight, whose last part is its own time of departure (HHMM).
        features: as `features_at` gives them, in order of time.
    """
    said = bundle.predict_probability(features)
    called = said >= np.float32(bundle.decision.threshold)
    origin, destination = str(features["origin"][0]), str(features["destination"][0])
    points = tuple(
        Departure(
            minutes=int(minutes),
            probability=float(probability),
            called_late=bool(late),
            flights_from_origin=reference.support(origin, None, half_hour_of(float(minutes))),
            flights_on_route=reference.support(origin, destination, half_hour_of(float(minutes))),
        )
        for minutes, probability, late in zip(features["departure_minutes"], said, called, strict=True)
    )
    hhmm = int(flight_id.rsplit("-", 1)[1])
    own = next(point for point in points if point.minutes == hhmm // 100 * 60 + hhmm % 100)
    return WhatIf(flight_id, origin, destination, bundle.decision.threshold, own, points)


def require_recorded(features: Columns, at: int, recorded: Columns, row: int) -> None:
    """Check that features computed again are those on record, to the last bit.

    Args:
        features: computed again.
        at: the position of the flight's own time among them.
        recorded: of data/processed.
        row: the position of the flight among these.

    Raises:
        UserError: one differs, so that code or parameters are others than those that data/processed was made with.
    """
    for name, values in recorded.items():
        if not _same(features[name][at : at + 1], values[row : row + 1]):
            raise UserError(
                f"data/processed: '{name}' of this flight is not what code and parameters of this checkout make of it; "
                "`dvc repro` brings them together"
            )


def _same(one: Column, other: Column) -> bool:
    return bool(np.array_equal(one, other, equal_nan=one.dtype != object))
