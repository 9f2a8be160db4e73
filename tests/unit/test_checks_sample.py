"""checks.sample: what is inspected holds the flights of all months, each with what is known about it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.checks.sample import Month, earlier_and_later, evenly_spaced, examples_of, put_together, without
from flight_delay.features.feature import Feature, processed_schema

CARRIER = Feature(name="carrier", kind="categorical", group="schedule")
RATE = Feature(name="late_rate_all_3d", kind="quantitative", group="history", effect="increasing")
FEATURES = (CARRIER, RATE)
OUTCOMES = [True, None, False]


def month(name: str, window: str, first: int = 0) -> Month:
    """A month of three flights, of which one did not arrive; numbers count up from `first`."""
    flights = [
        {
            "flight_id": f"flight {number}",
            "flight_date": dt.date.fromisoformat(f"{name}-05"),
            "carrier": f"C{number}",
            "late_rate_all_3d": number / 10,
            "late": late,
        }
        for number, late in enumerate(OUTCOMES, first)
    ]
    others = pa.table(
        {
            "tail_number": pa.array([f"N{number}" for number in range(first, first + 3)]),
            "cancelled": pa.array([late is None for late in OUTCOMES]),
            "distance": pa.array([1, None, first], pa.int32()),
            "code": pa.nulls(3, pa.string()),
        }
    )
    return Month(name, window, pa.Table.from_pylist(flights, processed_schema(FEATURES)), others)


MONTHS = [month("2013-01", "train"), month("2013-02", "validation", 3), month("2013-03", "", 6)]


@pytest.mark.parametrize(
    ("rows", "step", "expected"), [(5, 1, [0, 1, 2, 3, 4]), (5, 2, [0, 2, 4]), (0, 3, []), (2, 9, [0])]
)
def test_rows_are_evenly_spaced(rows: int, step: int, expected: list[int]) -> None:
    assert evenly_spaced(rows, step).to_pylist() == expected


def test_features_and_other_columns_are_those_of_the_same_flights() -> None:
    features, others = put_together(MONTHS, FEATURES)
    assert features.columns["carrier"].tolist() == [f"C{number}" for number in range(9)]
    assert features.columns["late_rate_all_3d"].tolist() == pytest.approx([number / 10 for number in range(9)])
    assert others.columns["tail_number"].tolist() == [f"N{number}" for number in range(9)]
    for table in (features, others):
        np.testing.assert_array_equal(table.target, [1, np.nan, 0] * 3)
        assert table.month.tolist() == np.repeat(["2013-01", "2013-02", "2013-03"], 3).tolist()
        assert table.window.tolist() == np.repeat(["train", "validation", ""], 3).tolist()


def test_only_the_features_asked_for_are_taken_in_their_order() -> None:
    features, _ = put_together(MONTHS, FEATURES[::-1])
    assert dict(features.kinds) == {"late_rate_all_3d": "quantitative", "carrier": "categorical"}
    assert list(features.columns) == ["late_rate_all_3d", "carrier"]
    only, _ = put_together(MONTHS, [RATE])
    assert list(only.columns) == ["late_rate_all_3d"]


def test_other_columns_have_the_kind_of_their_type_and_those_without_a_value_are_left_out() -> None:
    _, others = put_together(MONTHS, FEATURES)
    assert dict(others.kinds) == {
        "tail_number": "categorical", "cancelled": "categorical", "distance": "quantitative",
    }  # fmt: skip
    np.testing.assert_array_equal(others.columns["distance"], [1, np.nan, 0, 1, np.nan, 3, 1, np.nan, 6])


def test_columns_are_taken_away_and_the_flights_stay() -> None:
    _, others = put_together(MONTHS, FEATURES)
    rest = without(others, ["cancelled", "no such column"])
    assert list(rest.columns) == ["tail_number", "distance"]
    assert len(rest) == len(others)


def test_examples_are_the_flights_that_arrived() -> None:
    examples = examples_of(MONTHS[:2], [RATE])
    assert examples.row_id.tolist() == ["flight 0", "flight 2", "flight 3", "flight 5"]
    assert examples.target.tolist() == [True, False, True, False]
    assert list(examples.features) == ["late_rate_all_3d"]


@given(st.lists(st.sampled_from(["train", "validation"]), min_size=2, max_size=15), st.floats(0.01, 0.99), st.data())
def test_months_before_the_test_window_are_divided_in_time_and_neither_part_is_empty(
    windows: list[str], share: float, data: st.DataObject
) -> None:
    every = list(windows)
    for unseen in data.draw(st.lists(st.sampled_from(["test", ""]), max_size=3)):
        every.insert(data.draw(st.integers(0, len(every))), unseen)
    months = [Month(f"{number:02d}", window, pa.table({}), pa.table({})) for number, window in enumerate(every)]
    earlier, later = earlier_and_later(months, share)
    assert earlier + later == [month for month in months if month.window in ("train", "validation")]
    assert earlier
    assert later
    assert len(earlier) == pytest.approx(share * len(windows), abs=1)


def test_more_than_half_of_the_months_are_learnt_from() -> None:
    months = [month(f"2013-{number:02d}", "train") for number in range(1, 10)] + [month("2013-10", "validation")]
    earlier, later = earlier_and_later([*months, month("2013-11", "test")])
    assert (earlier[-1].name, later[0].name) == ("2013-06", "2013-07")
    assert later[-1].name == "2013-10"
