"""features.builder: features are the same for all flights of a date, for one of them and for an unknown one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.data.dictionary import Dictionary
from flight_delay.features import history
from flight_delay.features.builder import FeatureBuilder
from flight_delay.features.columns import Columns
from flight_delay.features.parameters import FeatureParameters

Row = dict[str, Any]
PARAMETERS = FeatureParameters(
    late_threshold_minutes=15, horizon_hours=24, history_days=[1, 3], smoothing_flights=20.0, weather="none"
)
NO_WEATHER: Columns = {"airport": np.array([], object)}


@pytest.fixture(scope="module")
def builder(dictionary: Dictionary) -> FeatureBuilder:
    return FeatureBuilder.from_dictionary(PARAMETERS, dictionary, NO_WEATHER)


def take(columns: Columns, rows: Any) -> Columns:
    return {name: column[rows] for name, column in columns.items()}


@given(data=st.data())
def test_a_flight_has_the_same_features_alone_and_removed_from_the_timetable(
    data: st.DataObject,
    flights_in: Callable[[str], st.SearchStrategy[Row]],
    as_columns: Callable[[list[Row]], Columns],
    builder: FeatureBuilder,
) -> None:
    flights = data.draw(st.lists(flights_in("2013-03"), min_size=2, max_size=15))
    row = data.draw(st.integers(0, len(flights) - 1))
    companion = {
        **flights[row],
        "carrier": "DL",
        "origin": "ANC",
        "destination": "OME",
    }  # the date stays in the timetable
    columns = as_columns([*flights, companion])
    counts = history.count_daily_outcomes(columns, 15)
    flight, others = take(columns, [row]), take(columns, [place for place in range(len(flights) + 1) if place != row])
    prepared = builder.prepare(columns, counts, NO_WEATHER)
    whole = take(prepared.compute(columns), [row])
    for computed in (prepared.compute(flight), builder.prepare(others, counts, NO_WEATHER).compute(flight)):
        assert list(computed) == list(whole)
        for name, values in whole.items():
            assert computed[name].dtype == values.dtype
            np.testing.assert_array_equal(computed[name], values, err_msg=name)


def test_a_flight_on_another_date_than_those_of_the_timetable_is_an_error(
    as_columns: Callable[[list[Row]], Columns], builder: FeatureBuilder
) -> None:
    columns = as_columns([])
    empty = builder.prepare(columns, history.COUNTS.empty_table(), NO_WEATHER)
    assert {len(values) for values in empty.compute(columns).values()} == {0}
    flight = {name: np.zeros(1, column.dtype) for name, column in columns.items()} | {
        name: np.array(["EWR"], object) for name in ("carrier", "origin", "destination", "flight_id")
    }
    flight["scheduled_departure_utc"] = np.array(["2013-03-05T12:00"], "datetime64[ms]")
    with pytest.raises(ValueError, match="timetable"):
        empty.compute(flight)
