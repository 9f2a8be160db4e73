"""review.diff.tables: which rows and columns differ, by how much, and whether it matters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.review.diff.content_difference import ContentDifference
from flight_delay.review.diff.tables import compare_tables

NAN = float("nan")
FLOATS = st.lists(st.floats(width=32) | st.none(), max_size=5)


def compare(before: dict[str, Any], after: dict[str, Any], probability: float = 0.001) -> ContentDifference:
    return compare_tables(pa.table(before), pa.table(after), probability)


def rows(ids: str, probability: list[float | None]) -> dict[str, Any]:
    return {"flight_id": list(ids), "probability": pa.array(probability, pa.float64())}


@pytest.mark.parametrize("value", [None, NAN])
def test_a_missing_probability_matters(value: float | None) -> None:
    assert compare(rows("ab", [0.1, 0.2]), rows("ab", [0.1, value])).matters
    assert not compare(rows("ab", [0.1, value]), rows("ab", [0.1, value])).matters


def test_predictions_have_a_tolerance_of_their_own() -> None:
    before, after = rows("ab", [0.1, 0.5]), rows("ab", [0.1, 0.4921875])
    assert [compare(before, after, within).matters for within in (0.001, 0.0078125)] == [True, False]
    assert compare({"probability": [0.5]}, {"probability": [0.5001]}).matters  # an ordinary column without row ids


def test_the_first_row_that_matters_is_shown_and_columns_that_matter_come_first() -> None:
    before = {"a": [1.0, 2.0], "b": [1.0, 2.0], "c": [1.0, 2.0], "d": ["x", "y"]}
    difference = compare(before, {**before, "b": [1.0000001, 2.0], "c": [1.0000001, 2.5], "d": ["x", "w"]})
    assert difference.matters
    names = [part.partition(" differs")[0] for part in difference.summary.split("; ")]
    assert names == ["c", "d", "b"]
    assert "first row 2: 2 -> 2.5" in difference.summary


@pytest.mark.parametrize(
    ("before", "after", "matters"),
    [(2.0, 2.000002, False), (2.0, 2.000003, True), (1e-9, 5e-7, False), (0.0, 1.2e-6, True), (1e308, np.inf, True)],
)
def test_floats_may_differ_by_a_millionth(before: float, after: float, matters: bool) -> None:
    assert compare({"a": [before]}, {"a": [after]}).matters == matters


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (pa.array([None], pa.float32()), pa.array([NAN], pa.float32()), "None -> nan"),
        (pa.array([0.1], pa.float32()), pa.array([0.2], pa.float32()), "0.1000000015 -> 0.200000003"),
        (pa.array([2**53]), pa.array([2**53 + 1]), f"{2**53} -> {2**53 + 1}"),
        (pa.array([None], pa.int8()), pa.array([0], pa.int8()), "None -> 0"),
        ([True], [False], "True -> False"),
        (np.array(["2013-01-01"], "M8[D]"), np.array(["2013-01-02"], "M8[D]"), "2013-01-01 -> 2013-01-02"),
    ],
)
def test_values_of_every_type_are_compared(before: Any, after: Any, shown: str) -> None:
    difference = compare({"a": before}, {"a": after})
    assert difference.matters
    assert difference.summary.endswith(f" {shown}")


@pytest.mark.parametrize("after", [{"a": [1], "c": [1]}, {"a": ["1"], "b": [1]}, {"b": [1], "a": [1]}])
def test_another_schema_matters(after: dict[str, Any]) -> None:
    difference = compare({"a": [1], "b": [1]}, after)
    assert difference.matters
    assert difference.summary.startswith("schema: ")


def test_other_numbers_of_rows_matter() -> None:
    assert compare({"a": [1]}, {"a": [1, 1]}).matters


@given(FLOATS, FLOATS)
def test_comparing_is_symmetric(before: list[float | None], after: list[float | None]) -> None:
    tables = [{"a": pa.array(values, pa.float32())} for values in (before, after)]
    assert compare(*tables).matters == compare(*tables[::-1]).matters
    assert not compare(tables[0], tables[0]).matters
