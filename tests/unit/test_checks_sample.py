"""checks.sample: the tables hold the rows of all months, and are split in time."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.checks.sample import SampledMonth, concat_months, split_by_time
from flight_delay.features.feature import Feature, processed_schema

CARRIER = Feature(name="carrier", kind="categorical", group="schedule")
RATE = Feature(name="late_rate_all_3d", kind="quantitative", group="history", effect="increasing")
FEATURES = (CARRIER, RATE)
OUTCOMES = [True, None, False]


def month(name: str, split: str, first: int = 0) -> SampledMonth:
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
    return SampledMonth(name, split, pa.Table.from_pylist(flights, processed_schema(FEATURES)), others)


MONTHS = [month("2013-01", "train"), month("2013-02", "validation", 3), month("2013-03", "", 6)]


def test_features_and_other_columns_are_those_of_the_same_flights() -> None:
    features, others = concat_months(MONTHS, FEATURES)
    assert features.columns["carrier"].tolist() == [f"C{number}" for number in range(9)]
    assert features.columns["late_rate_all_3d"].tolist() == pytest.approx([number / 10 for number in range(9)])
    assert others.columns["tail_number"].tolist() == [f"N{number}" for number in range(9)]
    for table in (features, others):
        np.testing.assert_array_equal(table.target, [1, np.nan, 0] * 3)
        assert table.month.tolist() == np.repeat(["2013-01", "2013-02", "2013-03"], 3).tolist()
        assert table.split.tolist() == np.repeat(["train", "validation", ""], 3).tolist()


def test_only_the_features_asked_for_are_taken_in_their_order() -> None:
    features, _ = concat_months(MONTHS, FEATURES[::-1])
    assert dict(features.kinds) == {"late_rate_all_3d": "quantitative", "carrier": "categorical"}
    assert list(features.columns) == ["late_rate_all_3d", "carrier"]
    only, _ = concat_months(MONTHS, [RATE])
    assert list(only.columns) == ["late_rate_all_3d"]


def test_other_columns_have_the_kind_of_their_type_and_those_without_a_value_are_left_out() -> None:
    _, others = concat_months(MONTHS, FEATURES)
    assert dict(others.kinds) == {
        "tail_number": "categorical", "cancelled": "categorical", "distance": "quantitative",
    }  # fmt: skip
    np.testing.assert_array_equal(others.columns["distance"], [1, np.nan, 0, 1, np.nan, 3, 1, np.nan, 6])


@given(st.lists(st.sampled_from(["train", "validation"]), min_size=2, max_size=15), st.floats(0.01, 0.99), st.data())
def test_months_before_the_test_split_are_divided_in_time_and_neither_part_is_empty(
    splits: list[str], share: float, data: st.DataObject
) -> None:
    every = list(splits)
    for unseen in data.draw(st.lists(st.sampled_from(["test", ""]), max_size=3)):
        every.insert(data.draw(st.integers(0, len(every))), unseen)
    months = [month(f"{2000 + number}-01", split, 3 * number) for number, split in enumerate(every)]
    earlier, later = split_by_time(months, [RATE], share)
    expected = [
        row for part in months if part.split in ("train", "validation")
        for row in part.processed.filter(pc.is_valid(part.processed["late"]))["flight_id"].to_pylist()
    ]  # fmt: skip
    assert [*earlier.row_id, *later.row_id] == expected
    assert min(len(earlier), len(later)) > 0
    assert len(earlier) == pytest.approx(2 * share * len(splits), abs=2)


def test_more_than_half_of_the_months_are_for_training() -> None:
    months = [month(f"2013-{number:02d}", "train") for number in range(1, 10)] + [month("2013-10", "validation")]
    earlier, later = split_by_time([*months, month("2013-11", "test")], [RATE])
    assert [str(examples.date[row])[:7] for examples in (earlier, later) for row in (0, -1)] == [
        "2013-01", "2013-06", "2013-07", "2013-10",
    ]  # fmt: skip
    assert list(earlier.features) == ["late_rate_all_3d"]
    assert later.target.tolist() == [True, False] * 4
