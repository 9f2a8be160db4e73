"""core.months: arithmetic of months, splits, and folders of monthly files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_table
from flight_delay.core.months import (
    MonthRange,
    Splits,
    iterate_months,
    list_months,
    month_path,
    months_between,
    require_months,
    require_no_gaps,
)

MONTH = st.builds("{:04d}-{:02d}".format, st.integers(1900, 2100), st.integers(1, 12))
SCHEMA = pa.schema([("late", pa.bool_())])


def folder_with(folder: Path, *months: str) -> Path:
    for month in months:
        write_table(month_path(folder, month), pa.table({"late": [month.endswith("1")]}, schema=SCHEMA))
    return folder


def splits(
    train: str = "2013-01 2013-09", validation: str = "2013-10 2013-10", test: str = "2013-11 2013-12"
) -> Splits:
    named = {"train": train, "validation": validation, "test": test}
    return Splits.model_validate(
        {name: dict(zip(("first", "last"), ends.split(), strict=True)) for name, ends in named.items()}
    )


@given(MONTH, MONTH)
def test_a_range_has_every_month_once_and_in_order(first: str, last: str) -> None:
    every = (f"{year:04d}-{month:02d}" for year in range(1900, 2101) for month in range(1, 13))
    assert months_between(first, last) == [month for month in every if first <= month <= last]


def test_only_a_gap_is_refused() -> None:
    for months in ([], ["2013-01"], ["2012-12", "2013-01"]):
        require_no_gaps(months, "a source")
    with pytest.raises(UserError, match=r"a source: .* 2013-01, 2013-02,"):
        require_no_gaps(["2012-12", "2013-03"], "a source")


def test_a_split_in_short_names_one_month_once() -> None:
    assert str(MonthRange(first="2013-10", last="2013-10")) == "2013-10"
    assert str(MonthRange(first="2013-10", last="2013-12")) == "2013-10 … 2013-12"


@pytest.mark.parametrize("month", ["2013-1", "2013-00", "2013-13", "201301", "2013-01-01", "13-01", " 2013-01", ""])
def test_what_is_not_a_month_is_refused(month: str) -> None:
    with pytest.raises(ValidationError, match="last"):
        MonthRange(first="0001-01", last=month)


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"train": "2013-01 2013-10"}, r"validation\.first\b.*\b2013-10\b.*train\.last\b.*\b2013-10\b"),
        ({"test": "2013-10 2013-12"}, r"test\.first\b.*\b2013-10\b.*validation\.last\b.*\b2013-10\b"),
        ({"validation": "2014-01 2014-01"}, r"test\.first\b.*\b2013-11\b.*validation\.last\b.*\b2014-01\b"),
        ({"train": "2014-01 2014-02"}, r"validation\.first\b.*\b2013-10\b.*train\.last\b.*\b2014-02\b"),
    ],
)
def test_splits_that_overlap_or_are_out_of_order_are_refused(ranges: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        splits(**ranges)


def test_splits_may_leave_gaps_and_are_in_order_of_time() -> None:
    named = splits(train="2013-01 2013-03").by_name()
    assert [(name, split.first) for name, split in named.items()] == [
        ("train", "2013-01"), ("validation", "2013-10"), ("test", "2013-11"),
    ]  # fmt: skip


def test_only_monthly_files_are_months(tmp_path: Path) -> None:
    folder_with(tmp_path, "2013-02", "2012-12", "2013-01")
    for other in ("airports.parquet", ".2013-03.parquet.partial", "2013-04.csv"):
        (tmp_path / other).touch()
    assert list_months(tmp_path) == ["2012-12", "2013-01", "2013-02"]


def test_the_months_of_a_split_are_those_that_are_there(tmp_path: Path) -> None:
    folder_with(tmp_path, "2012-12", "2013-01", "2013-02", "2013-04", "2013-05")
    for first, last, present in (
        ("2013-01", "2013-02", ["2013-01", "2013-02"]),
        ("2013-01", "2013-04", ["2013-01", "2013-02", "2013-04"]),
        ("2013-05", "2013-05", ["2013-05"]),
    ):
        assert require_months(tmp_path, "splits.test", MonthRange(first=first, last=last)) == present
    for first, last, missing in (("2012-11", "2013-01", "2012-11"), ("2013-03", "2013-04", "2013-03"),
                                 ("2013-05", "2013-06", "2013-06")):  # fmt: skip
        with pytest.raises(UserError, match=f" {missing} of splits.test "):
            require_months(tmp_path, "splits.test", MonthRange(first=first, last=last))


def test_months_are_read_one_at_a_time_in_the_order_asked_for(tmp_path: Path) -> None:
    reading = iterate_months(folder_with(tmp_path, "2013-01", "2013-02"), ["2013-02", "2013-01", "2013-03"], SCHEMA)
    assert [(month, table["late"].to_pylist()) for month, table in (next(reading), next(reading))] == [
        ("2013-02", [False]),
        ("2013-01", [True]),
    ]
    with pytest.raises(UserError, match=r"2013-03\.parquet"):
        next(reading)
