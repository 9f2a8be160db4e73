"""review.difference.tables, columns and cells: which rows and columns of a table differ, and by how much."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_delay.review.difference.cells import by_value, read_cells
from flight_delay.review.difference.tables import compare_tables, read_parquet
from flight_delay.review.difference.wording import Said

SAME = compare_tables(pa.table({"a": [1]}), pa.table({"a": [1]}), 0)
NAN = float("nan")
SHOWN = re.compile(r"'\w+'|[\d.]+")  # ids and numbers


def compared(then: dict[str, Any], now: dict[str, Any], probability: float = 0.001) -> Said:
    return compare_tables(pa.table(then), pa.table(now), probability)


def cells(then: str, now: str) -> Said:
    return compare_tables(*by_value(read_cells(then.encode()), read_cells(now.encode())), probability=0.001)


def flights(ids: str, probability: list[float | None], **others: Any) -> dict[str, Any]:
    return {"flight_id": list(ids), "probability": pa.array(probability, pa.float64()), **others}


def test_the_largest_difference_of_probabilities_is_said_with_its_flight() -> None:
    then, now = flights("abcd", [0.1, 0.25, 0.5, 0.75]), flights("abcd", [0.1, 0.25390625, 0.4921875, 0.75])
    for within, matters in ((0.001, True), (0.0078125, False)):
        said = compared(then, now, within)
        assert said.matters == matters
        assert said.words.startswith("probability 0.5 -> 0.4921875 ")
        assert SHOWN.findall(said.words) == ["0.5", "0.4921875", "'c'", "3", "2", "4", str(within)]


def test_flights_are_matched_by_their_id() -> None:
    said = compared(flights("abc", [0.1, 0.2, 0.3]), flights("acd", [0.1, 0.5, 0.4]))
    count, gone, new, changed, _ = map(SHOWN.findall, said.words.split("; "))
    assert count == ["3", "3"]
    assert (gone, new) == (["1", "2", "'b'"], ["1", "3", "'d'"])
    assert changed == ["0.3", "0.5", "'c'", "3"]
    turned = compared(flights("ab", [0.1, 0.2]), flights("ba", [0.2, 0.1]))
    assert turned.matters
    assert SHOWN.findall(turned.words) == []


def test_ids_that_are_not_unique_are_matched_by_position() -> None:
    said = compared(flights("aab", [0.1, 0.2, 0.3]), flights("aa", [0.1, 0.5]))
    shown = [SHOWN.findall(part) for part in said.words.split("; ")]
    assert shown == [["3", "2"], ["1", "3", "'b'"], ["0.2", "0.5", "'a'", "2"], ["1", "2", "0.001"]]


@pytest.mark.parametrize("value", [None, NAN])
def test_a_probability_that_is_missing_matters_most(value: float | None) -> None:
    said = compared(flights("ab", [0.1, 0.2]), flights("ab", [0.9, value]))
    shown = "nothing" if value is None else "nan"
    assert said.words.startswith(f"probability 0.2 -> {shown} ")
    assert "'b'" in said.words
    assert said.matters


def test_without_flights_a_probability_is_a_column_like_others() -> None:
    assert compared({"probability": [0.5]}, {"probability": [0.5001]}).matters


def test_other_columns_of_predictions_matter_and_come_first() -> None:
    said = compared(flights("ab", [0.1, 0.2], late=[True, False]), flights("ab", [0.1, 0.2001], late=[True, True]))
    assert said.matters
    assert "'b': late False -> True; " in said.words
    assert said.words.index(" late ") < said.words.index("probability ")


def test_the_first_row_that_matters_is_shown_and_the_largest_difference_if_another() -> None:
    then = {"a": [1.0, 2.0, 3.0], "b": ["x", "y", "z"], "c": [1, 2, 3]}
    now = {"a": [1.0000001, 2.5, 3.0], "b": ["x", "y", "z"], "c": [1, 2, 7]}
    said = compared(then, now)
    first, count, largest = said.words.split("; ")
    assert said.matters
    assert first.endswith(" 2: a 2.0 -> 2.5")
    assert (SHOWN.findall(count), count[-5:]) == (["3", "3"], " a, c")
    assert " 4: c 3 -> 7 " in largest
    assert largest.endswith(" 3")


def test_floats_near_zero_may_differ_by_a_millionth() -> None:
    then, now = pa.table({"shap": [1e-9, -1e-7]}), pa.table({"shap": [5e-7, 1e-7]})
    assert not compare_tables(then, now, 0.001).matters
    assert compare_tables(then, pa.table({"shap": [1.2e-6, 0.0]}), 0.001).matters


def test_floats_within_a_millionth_do_not_matter() -> None:
    said = compared({"a": [2.0, 1.0]}, {"a": [2.000002, 1.0]})
    assert not said.matters
    assert "a 2.0 -> 2.000002; " in said.words
    assert " 2e-06; " in said.words
    assert compared({"a": [2.0]}, {"a": [2.000003]}).matters
    assert not compared({"a": [1.0]}, {"a": [1.0000010000005]}).matters
    assert compared({"a": [0.0]}, {"a": [1e-5]}).matters
    assert compared({"a": [1e308]}, {"a": [float("inf")]}).matters


@pytest.mark.parametrize("column", [[None, 1.0], [NAN, 1.0], [None, "a"], [[1], None], [None, True], [float("inf")]])
def test_what_is_missing_is_the_same_as_what_is_missing(column: list[Any]) -> None:
    assert compared({"a": column}, {"a": column}) == SAME


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        (pa.array([None], pa.float32()), pa.array([NAN], pa.float32()), "nothing -> nan"),
        (pa.array([0.1], pa.float32()), pa.array([0.2], pa.float32()), "0.1 -> 0.2"),
        (pa.array([2**53]), pa.array([2**53 + 1]), f"{2**53} -> {2**53 + 1}"),
        (["a"], ["\n"], r"'a' -> '\n'"),
        ([["a"]], [["a", "b"]], "['a'] -> ['a', 'b']"),
        (pa.array([None], pa.int8()), pa.array([0], pa.int8()), "nothing -> 0"),
        (np.array(["2013-01-01"], "datetime64[D]"), np.array(["2013-01-02"], "datetime64[D]"), "2013-01-01 -> 2013-01-02"),
        (pa.array([0], pa.timestamp("us")), pa.array([2**62], pa.timestamp("us")), "1970-01-01 00:00:00 -> "),
    ],
)  # fmt: skip
def test_values_of_every_type_are_told_apart(then: Any, now: Any, words: str) -> None:
    said = compared({"a": then}, {"a": now})
    assert said.words.startswith(f"row 1: a {words}")
    assert said.matters


@pytest.mark.parametrize(
    ("then", "now", "shown"),
    [
        ({"a": [1], "b": [1]}, {"a": [1, 1], "c": [1, 2]}, (": b; ", ": c; ", "1 -> 2 ")),
        ({"a": [1], "b": [1]}, {"b": [1], "a": [1]}, ("columns ",)),
        ({"a": [1]}, {"a": ["1"]}, ("columns ", ": a int64 -> string")),
    ],
)
def test_another_schema_matters(then: dict[str, Any], now: dict[str, Any], shown: tuple[str, ...]) -> None:
    said = compared(then, now)
    assert said.matters
    assert [of for of in shown if of not in said.words] == []


def test_whether_a_column_may_hold_nothing_is_part_of_its_type() -> None:
    then, now = (pa.table({"a": [1]}, schema=pa.schema([pa.field("a", pa.int64(), of)])) for of in (True, False))
    assert compare_tables(then, now, 0).words.endswith(" int64 -> int64 not null")


def test_columns_of_the_same_name_are_compared_in_their_order() -> None:
    then, now = (pa.Table.from_arrays([pa.array([1]), pa.array([of])], names=["a", "a"]) for of in (1, 2))
    assert compare_tables(then, now, 0).words.startswith("row 1: a 1 -> 2")
    assert ": 1 -> 2 " in compare_tables(then.select([0]), now, 0).words


def test_a_table_without_rows_is_the_same_however_it_is_compressed() -> None:
    for kept in ([], [1]):
        then, now = (_parquet(pa.table({"a": pa.array(kept, pa.int64())}), kind) for kind in ("zstd", "none"))
        assert compare_tables(read_parquet(then), read_parquet(now), 0) == SAME


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        ("a,b\n1,x\n", "a,b\r\n1.0,x\r\n", SAME),
        ("a,b\n,1\n5,2\n", "a,b\n,1.00\n5.0,2\n", SAME),
        ("a,b\nx,1\ny,2\n", "a,b\nx,5\nz,2\n", (True, ["b 1 -> 5; 2 ", " a, b; ", " 4"])),
        ("a\n0.5\n", "a\n0.50000001\n", (False, ["a 0.5 -> 0.50000001; 1 ", " 1e-08; "])),
        ("a\n30000000\n", "a\n30000001\n", (True, ["a 30000000 -> 30000001; 1 ", " 1"])),
        ("a,b\nx,1\n", "a,b\ny,1\n", (True, ["a 'x' -> 'y'; 1 "])),
        ("a,b\nx,1\n", "a,c\nx,1\n", (True, [": b; ", ": c"])),
        ("a,b\n1,1\n", "a,b\n1,1\n2,2\n", (True, ["1 -> 2 ", "; 1 ", " 2"])),
        ("", "a\n", (True, [": a"])),
    ],
)  # fmt: skip
def test_cells_are_compared_by_value_where_a_column_holds_numbers(
    then: str, now: str, expected: Said | tuple[bool, list[str]]
) -> None:
    said = cells(then, now)
    if isinstance(expected, Said):
        assert said == expected
    else:
        matters, shown = expected
        assert said.matters == matters
        assert [of for of in shown if of not in said.words] == []


def test_cells_of_a_row_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        cells("a\n1\n\n", "a\n1\n\n")


@given(st.lists(st.floats(width=32) | st.none(), max_size=5), st.lists(st.floats(width=32) | st.none(), max_size=5))
def test_either_way_round_it_matters_as_much(then: list[float | None], now: list[float | None]) -> None:
    tables = [{"a": pa.array(values, pa.float32())} for values in (then, now)]
    assert compared(*tables).matters == compared(*tables[::-1]).matters
    assert compared(tables[0], tables[0]) == SAME


def _parquet(table: pa.Table, compression: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression=compression)
    return sink.getvalue()
