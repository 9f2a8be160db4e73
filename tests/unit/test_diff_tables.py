"""review.diff.tables: which rows and columns differ, by how much, and whether it matters."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.review.diff.content_difference import ContentDifference
from flight_delay.review.diff.files import Difference, Tolerance, compare_files
from flight_delay.review.diff.tables import compare_tables

NAN = float("nan")


def compare(before: dict[str, Any], after: dict[str, Any], probability: float = 0.001) -> ContentDifference:
    return compare_tables(pa.table(before), pa.table(after), probability)


def compare_csv(before: str, after: str) -> Difference:
    (difference,) = compare_files({"a.csv": before.encode()}, {"a.csv": after.encode()}, Tolerance())
    return difference


def rows(ids: str, probability: list[float | None], **others: Any) -> dict[str, Any]:
    return {"flight_id": list(ids), "probability": pa.array(probability, pa.float64()), **others}


def test_predictions_have_their_largest_and_mean_difference() -> None:
    before, after = rows("abcd", [0.1, 0.25, 0.5, 0.75]), rows("abcd", [0.1, 0.25390625, 0.4921875, 0.75])
    for within, matters in ((0.001, True), (0.0078125, False)):
        difference = compare(before, after, within)
        assert difference.matters == matters
        assert difference.summary.startswith("2 of 4 ")
        assert " 2 (b): probability 0.25 -> 0.25390625; " in difference.summary
        assert " 0.00781 (mean 0.00293)" in difference.summary


@pytest.mark.parametrize("value", [None, NAN])
def test_a_missing_probability_matters(value: float | None) -> None:
    difference = compare(rows("ab", [0.1, 0.2]), rows("ab", [0.1, value]))
    assert difference.matters
    assert " inf " in difference.summary
    assert not compare(rows("ab", [0.1, value]), rows("ab", [0.1, value])).matters
    assert compare({"probability": [0.5]}, {"probability": [0.5001]}).matters  # an ordinary column without row ids


def test_the_first_row_that_matters_is_shown() -> None:
    before = {"a": [1.0, 2.0, 3.0], "b": ["x", "y", "z"], "c": [1, 2, 3]}
    difference = compare(before, {"a": [1.0000001, 2.5, 3.0], "b": ["x", "y", "w"], "c": [1, 2, 7]})
    assert difference.matters
    assert difference.summary.startswith("3 of 3 ")
    assert " 2: a 2 -> 2.5; c " in difference.summary
    assert re.search(r" 4 \(mean 1\.33\), a .* 0\.5 \(mean 0\.167\), b$", difference.summary)


def test_rows_are_counted() -> None:
    difference = compare(rows("abc", [0.1] * 3), rows("ac", [0.1] * 2))
    assert difference.matters
    assert "3 -> 2 " in difference.summary
    assert " 2 (b): flight_id 'b' -> " in difference.summary
    assert compare({"a": [1]}, {"a": [1, 1]}).matters


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
        (
            np.array(["2013-01-01"], "datetime64[D]"), np.array(["2013-01-02"], "datetime64[D]"),
            "2013-01-01 -> 2013-01-02",
        ),
    ],
)  # fmt: skip
def test_values_of_every_type_are_compared(before: Any, after: Any, shown: str) -> None:
    difference = compare({"a": before}, {"a": after})
    assert difference.matters
    assert f"a {shown}" in difference.summary


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ({"a": [1], "b": [1]}, {"a": [1], "c": [1]}, "'b: int64' -> 'c: int64'"),
        ({"a": [1]}, {"a": ["1"]}, "'a: int64' -> 'a: string'"),
        ({"a": [1], "b": [1]}, {"b": [1], "a": [1]}, "schema: "),
    ],
)
def test_another_schema_matters(before: dict[str, Any], after: dict[str, Any], shown: str) -> None:
    difference = compare(before, after)
    assert difference.matters
    assert shown in difference.summary


@pytest.mark.parametrize(
    ("before", "after", "matters", "shown"),
    [
        ("a,b\n1,x\n", "a,b\r\n1.0,x\r\n", False, ""),
        ("a,b\n,1\n5,2\n", "a,b\n,1.00\n5.0,2\n", False, ""),
        ("roc_auc,lost\n0.654,1.2198e+06\n", "roc_auc,lost\n0.6549,1.21981e+06\n", False, "lost by up to 10 "),
        ("roc_auc\n0.654\n", "roc_auc\n0.6551\n", True, "roc_auc 0.654 -> 0.6551; "),
        ("lost\n1.2198e+06\n", "lost\n1.2212e+06\n", True, "lost "),
        ("flights\n10\n", "flights\n11\n", True, "flights 10 -> 11; "),
        ("a,b\nx,1\n", "a,b\ny,1\n", True, "a 'x' -> 'y'; "),
        ("a,b\nx,1\n", "a,c\nx,1\n", True, "'b: int64' -> 'c: int64'"),
        ("a\n1\n", "a\nx\n", True, "a: string"),
    ],
)
def test_figures_of_a_csv_have_the_tolerance_of_metrics(before: str, after: str, matters: bool, shown: str) -> None:
    difference = compare_csv(before, after)
    assert difference.matters == matters
    assert shown in difference.summary


@given(st.lists(st.floats(width=32) | st.none(), max_size=5), st.lists(st.floats(width=32) | st.none(), max_size=5))
def test_comparing_is_symmetric(before: list[float | None], after: list[float | None]) -> None:
    tables = [{"a": pa.array(values, pa.float32())} for values in (before, after)]
    assert compare(*tables).matters == compare(*tables[::-1]).matters
    assert not compare(tables[0], tables[0]).matters
