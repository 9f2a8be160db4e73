"""data.contract, for any source: no row is lost, flights keep the contract, and order does not matter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flight_delay.data.canonical import parse_flights
from flight_delay.data.contract import CONTRADICTIONS, QualityResult, apply_contract, quarantine_rows
from flight_delay.data.dictionary import Dictionary
from flight_delay.data.dictionary_entries import LAYOUTS, Layout
from flight_delay.data.quality_report import count_quality

FEW = settings(max_examples=settings.default.max_examples // 6)  # a table takes long, whatever its length
every_layout = pytest.mark.parametrize("layout", LAYOUTS)
ZONES = {"EWR": "America/New_York", "HNL": "Pacific/Honolulu", "GUM": "Pacific/Guam"}
NASTY = (
    "", "NA", " ", "-", "0", "1", "-1", "1.00", "0.5", "2400", "2500", "1275", "nan", "inf", "-inf", "1e400", "1e300",
    "99999999999999999999", "-2147483649", "0x10", "1_000", "１２", "٣", "TRUE", "YES", "no", "EWR", "EWR\n", "ewr",
    "N7äæ", "\ufffd", "None", "<NA>", "NaT", "2013", "9999", "10000", "1000", "-5", "30", "31", "2100",
)  # fmt: skip

Write = Callable[..., pd.DataFrame]

garbage = st.sampled_from(NASTY) | st.text(max_size=6) | st.integers(-(10**4), 10**4).map(str) | st.none()
anything = garbage | st.integers(-(2**70), 2**70) | st.floats() | st.booleans()
NUMBERS = {"flight_number": st.integers(1, 3), "arrival_delay_minutes": st.none() | st.integers(-9, 99)}


def some(elements: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[list[Any]]:
    """Few or many, equally often: drawn lists are mostly short, and many rows in a table take no longer than few."""
    return st.integers(1, most).flatmap(lambda number: st.lists(elements, min_size=number, max_size=number))


@st.composite
def flights(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> list[tuple[dict[str, Any], dict[int, Any]]]:
    """Some flights, often the same ones, and by number of a column what stands there instead."""
    columns = st.integers(0, 40)
    changed = st.dictionaries(columns, values, max_size=3) | st.dictionaries(columns, values, min_size=35)
    return draw(some(st.tuples(st.fixed_dictionaries({}, optional=NUMBERS), changed), 25))


def written(write: Write, layout: Layout, given_flights: list[tuple[dict[str, Any], dict[int, Any]]]) -> pd.DataFrame:
    raw = write(layout, *(change for change, _ in given_flights)).astype(object)
    for row, (_, changes) in enumerate(given_flights):
        for column, value in changes.items():
            raw.iloc[row, column % len(raw.columns)] = value
    return raw


def assert_keeps_contract(flights: pa.Table, dictionary: Dictionary) -> None:
    """Without the library that the gate uses."""
    assert flights.schema.equals(dictionary.schema)
    for name, column in dictionary.columns.items():
        values = flights[name].drop_null()
        if not column.nullable:
            assert flights[name].null_count == 0, name
        if column.unique:
            assert pc.count_distinct(values).as_py() == len(values), name
        for value in values.to_pylist():
            if column.minimum is not None:
                assert column.minimum <= value <= column.maximum, name
            if column.pattern is not None:
                assert re.fullmatch(column.pattern, value), name
            assert column.allowed is None or value in column.allowed, name


@every_layout
@FEW
@given(data=st.data())
def test_whatever_stands_in_a_source_every_row_is_kept_by_the_contract_or_set_aside_with_its_reasons(
    write: Write, dictionary: Dictionary, layout: Layout, data: st.DataObject
) -> None:
    raw = written(write, layout, data.draw(flights(anything)))
    gated = apply_contract(parse_flights(raw, layout, dictionary, ZONES), dictionary)
    assert gated.flights.num_rows + len(gated.reasons) == len(raw)
    assert set(gated.reasons) <= set(range(len(raw)))
    assert_keeps_contract(gated.flights, dictionary)
    for reasons in gated.reasons.values():
        assert reasons
        assert len(set(reasons)) == len(reasons)
        for reason in reasons:
            name, _, problem = reason.partition(": ")
            assert reason in CONTRADICTIONS or (name in dictionary.columns and problem)
    assert all(0 <= rows <= len(raw) for rows in gated.warnings.values())
    counts = count_quality(layout, gated, quarantine_rows(raw, gated.reasons))
    assert (counts.rows, counts.quarantined) == (len(raw), len(gated.reasons))


@every_layout
@FEW
@given(data=st.data())
def test_the_order_of_rows_does_not_matter(
    write: Write, dictionary: Dictionary, layout: Layout, data: st.DataObject
) -> None:
    raw = written(write, layout, data.draw(flights(garbage)))
    shuffled = raw.iloc[data.draw(st.permutations(range(len(raw))))]
    one, other = (
        apply_contract(parse_flights(table, layout, dictionary, ZONES), dictionary) for table in (raw, shuffled)
    )
    assert other.flights.equals(one.flights)
    assert other.warnings == one.warnings
    assert reasons(other) == reasons(one)


def reasons(gated: QualityResult) -> Counter[tuple[str, ...]]:
    return Counter(map(tuple, gated.reasons.values()))


def test_the_order_of_real_rows_does_not_matter(
    raw_march: pa.Table, gated_march: QualityResult, dictionary: Dictionary, zones: dict[str, str]
) -> None:
    raw = raw_march.to_pandas()
    shuffled = raw.iloc[np.random.default_rng(0).permutation(len(raw))]
    gated = apply_contract(parse_flights(shuffled, "nycflights13", dictionary, zones), dictionary)
    assert gated.flights.equals(gated_march.flights)
    assert gated.warnings == gated_march.warnings
