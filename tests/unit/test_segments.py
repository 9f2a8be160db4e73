"""features.segments: flights are labelled by what they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.features.segments import SLICE_FEATURES, slice_labels

DATES = np.array(["2013-11-30", "2013-12-01"], "datetime64[D]")


def columns(minutes: list[float]) -> dict[str, Any]:
    names = {"carrier": "UA", "origin": "EWR", "destination": "LAX", "day_of_week": "Sat"}
    labels = {name: np.full(len(minutes), label, object) for name, label in names.items()}
    return {**labels, "departure_minutes": np.array(minutes, np.float32)}


def test_flights_are_labelled_by_carrier_origin_hour_route_day_and_month() -> None:
    assert {name: column.tolist() for name, column in slice_labels(columns([59, 1439]), DATES).items()} == {
        "carrier": ["UA", "UA"], "origin": ["EWR", "EWR"], "hour": ["00:00", "23:00"], "route": ["EWR–LAX", "EWR–LAX"],
        "day_of_week": ["Sat", "Sat"], "month": ["2013-11", "2013-12"],
    }  # fmt: skip
    assert {len(column) for column in slice_labels(columns([]), DATES[:0]).values()} == {0}


@given(st.lists(st.integers(0, 1440), min_size=1))
def test_hours_are_texts_in_order_of_the_clock(minutes: list[int]) -> None:
    hours = slice_labels(columns(minutes), np.full(len(minutes), DATES[0]))["hour"].tolist()
    assert hours == [f"{minute // 60:02d}:00" for minute in minutes]
    assert sorted(hours) == [f"{minute // 60:02d}:00" for minute in sorted(minutes)]


@pytest.mark.parametrize("missing", [feature.name for feature in SLICE_FEATURES])
def test_labels_need_exactly_the_slice_features(missing: str) -> None:
    given_columns = columns([600, 700])
    assert set(given_columns) == {feature.name for feature in SLICE_FEATURES}
    del given_columns[missing]
    with pytest.raises(KeyError, match=missing):
        slice_labels(given_columns, DATES)
