"""explain.local.what_if: a flight at another time has the features that the whole pipeline would give it there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.weather import OBSERVATIONS, SOURCES
from flight_delay.explain.local.what_if import (
    departure_times,
    features_at_departures,
    move_departure,
    predict_departures,
    require_same_features,
)
from flight_delay.explain.reference import Reference
from flight_delay.features import history
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.columns import Columns, columns_from_table
from flight_delay.features.parameters import FeatureParameters

Row = dict[str, Any]
AsColumns = Callable[[list[Row]], Columns]
FlightsIn = Callable[[str], st.SearchStrategy[Row]]

PARAMETERS = FeatureParameters(
    late_threshold_minutes=15, horizon_hours=24, history_days=[1, 3], smoothing_flights=20.0, weather="observed"
)
MARCH = dt.datetime(2013, 3, 1, tzinfo=dt.UTC)
WEATHER = columns_from_table(
    pa.Table.from_pylist(
        [
            {
                "airport": airport,
                "observed_utc": MARCH + dt.timedelta(hours=hour),
                **dict.fromkeys(SOURCES, float(hour)),
            }
            for airport in ("EWR", "GUM")
            for hour in range(-48, 96)
        ],
        OBSERVATIONS,
    )
)


@given(data=st.data())
def test_features_at_a_time_are_those_of_the_whole_schedule_with_the_flight_at_that_time(
    data: st.DataObject, flights_in: FlightsIn, as_columns: AsColumns, dictionary: Dictionary
) -> None:
    flights = data.draw(st.lists(flights_in("2013-03"), min_size=3, max_size=10))
    row = data.draw(st.integers(0, len(flights) - 1))
    minutes = data.draw(st.sampled_from([0, 600, 1410]) | st.integers(0, 1439))
    builder = FeatureBuilder.from_dictionary(PARAMETERS, dictionary, WEATHER)
    columns = as_columns(flights)
    counts = history.count_daily_outcomes(columns, 15)
    own = flights[row]["scheduled_departure_minutes"]
    later = dt.timedelta(minutes=minutes - own)
    arrives = (flights[row]["scheduled_arrival_minutes"] + minutes - own) % 1440
    arrival = flights[row]["scheduled_arrival_utc"]
    there = {
        "scheduled_departure_minutes": minutes,
        "scheduled_departure_utc": flights[row]["scheduled_departure_utc"] + later,
        "scheduled_arrival_utc": arrival and arrival + later,
        **({"scheduled_arrival_minutes": arrives} if minutes != own else {}),
    }
    changed = as_columns([*flights[:row], flights[row] | there, *flights[row + 1 :]])
    whole = [builder.build(flights, counts, WEATHER) for flights in (columns, changed)]

    day = np.flatnonzero(columns["flight_date"] == columns["flight_date"][row])
    schedule = {name: values[day] for name, values in columns.items()}
    prepared = builder.prepare(schedule, counts, WEATHER)
    moved = features_at_departures(prepared, schedule, int(np.flatnonzero(day == row)[0]), [own, minutes])
    assert list(moved) == [feature.name for feature in builder.features]
    for name, values in moved.items():
        assert values.dtype == whole[0][name].dtype
        expected = np.array([features[name][row] for features in whole], values.dtype)
        np.testing.assert_array_equal(values, expected, err_msg=name)
    require_same_features(moved, 0, {name: column[row : row + 1] for name, column in whole[0].items()})


SCHEDULE: Columns = {
    "scheduled_departure_minutes": np.array([600, 1435], np.int32),
    "scheduled_arrival_minutes": np.array([1430, 50], np.int32),
    "scheduled_departure_utc": np.array(["2013-03-01T15:00", "2013-03-02T04:55"], "datetime64[ms]"),
    "scheduled_arrival_utc": np.array(["2013-03-02T04:50", "NaT"], "datetime64[ms]"),
}


def test_flights_are_moved_with_their_arrivals() -> None:
    before = {name: column.copy() for name, column in SCHEDULE.items()}
    moved = move_departure(SCHEDULE, [630, 1375])
    assert {name: str(column[0]) for name, column in moved.items()} == {
        "scheduled_departure_minutes": "630", "scheduled_arrival_minutes": "20",
        "scheduled_departure_utc": "2013-03-01T15:30:00.000", "scheduled_arrival_utc": "2013-03-02T05:20:00.000",
    }  # fmt: skip
    assert moved["scheduled_arrival_minutes"][1] == 1430
    assert np.isnat(moved["scheduled_arrival_utc"][1])
    for name, values in SCHEDULE.items():
        np.testing.assert_array_equal(values, before[name])
        assert moved[name].dtype == values.dtype
        np.testing.assert_array_equal(move_departure(SCHEDULE, [600, 1435])[name], values)


def test_departure_times_are_half_hours_and_the_own_time() -> None:
    assert departure_times(630) == list(range(0, 1440, 30))
    assert departure_times(1025)[33:37] == [990, 1020, 1025, 1050]
    assert departure_times(1440)[-2:] == [1410, 1440]


class Clock:
    """A model whose probability is the time of departure as a share of the day."""

    class decision:  # noqa: N801
        threshold = 1025 / 1440

    def predict_probability(self, columns: Columns) -> Any:
        return (columns["departure_minutes"] / 1440).astype(np.float32)


def test_departures_have_predictions_and_counts_of_training_flights() -> None:
    reference = Reference(
        format=1, bundle="", months=(), rows=0, late=0.0, means={}, categories={}, hours={},
        departures={"EWR": {"17:00": 100, "17:30": 99}}, routes={"EWR-LAX": {"17:00": 3}},
    )  # fmt: skip
    columns: Columns = {
        "departure_minutes": np.array([1020, 1025, 1050], np.float32),
        "origin": np.array(["EWR"] * 3, object),
        "destination": np.array(["LAX"] * 3, object),
    }
    answer = predict_departures(Clock(), reference, "2013-03-01-UA-1-EWR-1705", columns)  # type: ignore[arg-type]
    assert [tuple(point) for point in answer.points] == [
        (1020, pytest.approx(1020 / 1440), False, 100, 3), (1025, pytest.approx(1025 / 1440), True, 100, 3),
        (1050, pytest.approx(1050 / 1440), True, 99, 0),
    ]  # fmt: skip
    assert [point.is_supported for point in answer.points] == [True, True, False]
    assert (answer.own, answer.threshold) == (answer.points[1], 1025 / 1440)
    assert (answer.origin, answer.destination) == ("EWR", "LAX")


def test_features_that_differ_from_the_recorded_ones_are_refused_by_name() -> None:
    again = {"a": np.array([1, np.nan], np.float32), "b": np.array(["x", None], object)}
    for at in (0, 1):
        require_same_features(again, at, {name: values[at : at + 1] for name, values in again.items()})
    recorded = {name: values[:1] for name, values in again.items()}
    for name, value in (("a", np.nextafter(np.float32(1), np.float32(2))), ("b", "y")):
        other = recorded | {name: np.array([value], again[name].dtype)}
        with pytest.raises(UserError, match=f"'{name}' .*`dvc repro --force`"):
            require_same_features(again, 0, other)
