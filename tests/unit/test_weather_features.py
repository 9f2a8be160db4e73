"""features.weather: the last observation at the origin reported before the prediction, unless it is old."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.data.weather import OBSERVATIONS, SOURCES
from flight_delay.features import weather
from flight_delay.features.columns import Columns, columns_from_table

NOON = dt.datetime(2013, 3, 5, 12, tzinfo=dt.UTC)
HOUR, SECOND = dt.timedelta(hours=1), dt.timedelta(seconds=1)
# For a flight that leaves at noon, predicted a day before: the last observation that counts is that of 11:00.
LIMIT = NOON - 25 * HOUR
Flight = tuple[str | None, dt.datetime]
Observation = tuple[str, dt.datetime, float | None]

AIRPORTS = st.sampled_from(["EWR", "JFK", "LGA"])
MOMENTS = st.integers(-60 * 60, 60 * 60).map(lambda minutes: NOON + minutes * HOUR / 60)
WEATHER = st.lists(st.tuples(AIRPORTS, MOMENTS, st.none() | st.integers(-20, 110).map(float)), max_size=40)


def flights(*rows: Flight) -> Columns:
    origin, departure = zip(*rows, strict=True) if rows else ((), ())
    schema = pa.schema([("origin", pa.string()), ("scheduled_departure_utc", pa.timestamp("ms", tz="UTC"))])
    return columns_from_table(pa.table([list(origin), list(departure)], schema=schema))


def observations(*readings: Observation) -> Columns:
    """Observations of which every measurement is the same number."""
    rows = [{"airport": at, "observed_utc": when, **dict.fromkeys(SOURCES, value)} for at, when, value in readings]
    return columns_from_table(pa.Table.from_pylist(rows, OBSERVATIONS))


def temperature(schedule: Sequence[Flight], readings: Sequence[Observation], horizon: int = 24) -> list[float]:
    values: list[float] = weather.observed_weather(flights(*schedule), observations(*readings), horizon)[
        "observed_temperature"
    ].tolist()
    return values


def looked_up(flight: Flight, readings: Sequence[Observation], horizon: int) -> float:
    """The value by its definition, one observation after the other."""
    until = flight[1] - (horizon + 1) * HOUR
    reported = [
        observation
        for observation in readings
        if observation[0] == flight[0] and until - 6 * HOUR <= observation[1] <= until
    ]
    latest = max((observation[1] for observation in reported), default=None)
    values = [value for _, when, value in reported if when == latest]
    return math.nan if not values or values[-1] is None else values[-1]


@given(st.lists(st.tuples(AIRPORTS, MOMENTS), max_size=20), WEATHER, st.integers(1, 72))
def test_the_weather_is_what_looking_it_up_gives(
    schedule: list[Flight], readings: list[Observation], horizon: int
) -> None:
    expected = [looked_up(flight, readings, horizon) for flight in schedule]
    values = weather.observed_weather(flights(*schedule), observations(*readings), horizon)
    assert list(values) == weather.weather_features()
    for name in weather.weather_features():
        np.testing.assert_array_equal(values[name], np.array(expected, float), err_msg=name)


@pytest.mark.parametrize(
    ("observed_at", "valid"),
    [
        (LIMIT, True),
        (LIMIT + SECOND, False),
        (LIMIT + HOUR, False),
        (NOON, False),
        (LIMIT - 6 * HOUR, True),
        (LIMIT - 6 * HOUR - SECOND, False),
    ],
)
def test_an_observation_counts_from_an_hour_after_it_for_six_hours(observed_at: dt.datetime, valid: bool) -> None:
    value = temperature([("EWR", NOON)], [("EWR", observed_at, 50.0)])
    np.testing.assert_array_equal(value, [50.0 if valid else np.nan])


def test_the_weather_is_that_of_the_origin_and_missing_where_it_is_not_observed() -> None:
    readings = [("EWR", LIMIT, 50.0), ("JFK", LIMIT, 60.0)]
    schedule = [("JFK", NOON), ("SFO", NOON), ("EWR", NOON), ("", NOON), (None, NOON)]
    np.testing.assert_array_equal(temperature(schedule, readings), [60.0, np.nan, 50.0, np.nan, np.nan])


def test_of_two_observations_of_one_hour_the_one_that_stands_later_counts() -> None:
    readings = [("EWR", LIMIT, 1.0), ("EWR", LIMIT - HOUR, 3.0), ("EWR", LIMIT, 2.0)]
    assert temperature([("EWR", NOON)], readings) == [2.0]
    assert temperature([("EWR", NOON)], readings[::-1]) == [1.0]


def test_every_measurement_is_in_a_column_of_its_name() -> None:
    row: dict[str, Any] = {
        "airport": "EWR",
        "observed_utc": LIMIT,
        **{name: place for place, name in enumerate(SOURCES)},
    }
    values = weather.observed_weather(
        flights(("EWR", NOON)), columns_from_table(pa.Table.from_pylist([row], OBSERVATIONS)), 24
    )
    assert {name: column.tolist() for name, column in values.items()} == {
        f"observed_{name}": [place] for place, name in enumerate(SOURCES)
    }
