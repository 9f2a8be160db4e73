"""core.months: arithmetic of months, windows, and folders of monthly files."""

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
    Window,
    Windows,
    month_path,
    months_between,
    months_in,
    read_months,
    require_months,
    shift,
)

MONTH = st.builds("{:04d}-{:02d}".format, st.integers(1900, 2100), st.integers(1, 12))
SCHEMA = pa.schema([("late", pa.bool_())])


def folder_with(folder: Path, *months: str) -> Path:
    for month in months:
        write_table(month_path(folder, month), pa.table({"late": [month.endswith("1")]}, schema=SCHEMA))
    return folder


def windows(
    train: str = "2013-01 2013-09", validation: str = "2013-10 2013-10", test: str = "2013-11 2013-12"
) -> Windows:
    named = {"train": train, "validation": validation, "test": test}
    return Windows.model_validate(
        {name: dict(zip(("first", "through"), ends.split(), strict=True)) for name, ends in named.items()}
    )


@pytest.mark.parametrize(
    ("month", "count", "expected"),
    [("2013-12", 1, "2014-01"), ("2013-01", -1, "2012-12"), ("2013-05", 0, "2013-05"), ("2013-03", -27, "2010-12")],
)
def test_a_month_is_shifted_over_the_turn_of_a_year(month: str, count: int, expected: str) -> None:
    assert shift(month, count) == expected


@given(MONTH, st.integers(-500, 500))
def test_shifting_back_undoes_shifting(month: str, count: int) -> None:
    assert shift(shift(month, count), -count) == month


@given(MONTH, st.integers(0, 60))
def test_a_range_has_every_month_once_and_in_order(first: str, count: int) -> None:
    months = months_between(first, shift(first, count))
    assert months == [shift(first, step) for step in range(count + 1)]
    assert months == sorted(set(months))


def test_a_range_crosses_years() -> None:
    assert months_between("2012-11", "2013-02") == ["2012-11", "2012-12", "2013-01", "2013-02"]


@given(MONTH, st.integers(1, 60))
def test_a_range_that_ends_before_it_starts_is_empty(month: str, count: int) -> None:
    assert months_between(month, shift(month, -count)) == []


def test_a_window_has_both_its_ends() -> None:
    assert Window(first="2012-12", through="2013-02").months == ["2012-12", "2013-01", "2013-02"]
    assert Window(first="2013-10", through="2013-10").months == ["2013-10"]


def test_a_window_in_words_says_one_month_once() -> None:
    assert str(Window(first="2013-10", through="2013-10")) == "2013-10"
    assert str(Window(first="2013-10", through="2013-12")) == "2013-10 … 2013-12"


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"first \(2013-02\) is after through \(2013-01\)"):
        Window(first="2013-02", through="2013-01")


@pytest.mark.parametrize("month", ["2013-1", "2013-00", "2013-13", "201301", "2013-01-01", "13-01", " 2013-01", ""])
def test_what_is_not_a_month_is_refused(month: str) -> None:
    with pytest.raises(ValidationError, match="through"):
        Window(first="0001-01", through=month)


def test_windows_may_leave_gaps() -> None:
    assert windows(train="2013-01 2013-03").train.months == ["2013-01", "2013-02", "2013-03"]


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"train": "2013-01 2013-10"}, r"validation.first \(2013-10\) must come after train.through \(2013-10\)"),
        ({"test": "2013-10 2013-12"}, r"test.first \(2013-10\) must come after validation.through \(2013-10\)"),
        ({"validation": "2014-01 2014-01"}, r"test.first \(2013-11\) must come after validation.through \(2014-01\)"),
        ({"train": "2014-01 2014-02"}, r"validation.first \(2013-10\) must come after train.through \(2014-02\)"),
    ],
)
def test_windows_that_overlap_or_are_out_of_order_are_refused(ranges: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        windows(**ranges)


def test_windows_are_named_in_order_of_time() -> None:
    named = windows().named()
    assert list(named) == ["train", "validation", "test"]
    assert [window.first for window in named.values()] == ["2013-01", "2013-10", "2013-11"]


def test_only_monthly_files_are_months(tmp_path: Path) -> None:
    folder_with(tmp_path, "2013-02", "2012-12", "2013-01")
    for other in ("airports.parquet", ".2013-03.parquet.partial", "2013-04.csv"):
        (tmp_path / other).touch()
    assert months_in(tmp_path) == ["2012-12", "2013-01", "2013-02"]


@pytest.mark.parametrize("name", ["", "missing"])
def test_a_folder_without_months_is_named(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    with pytest.raises(UserError, match=f"{folder}: no monthly files"):
        months_in(folder)


def test_missing_months_and_who_asks_for_them_are_named(tmp_path: Path) -> None:
    folder_with(tmp_path, "2013-02", "2013-03", "2013-05")
    with pytest.raises(UserError) as refused:
        require_months(tmp_path, "windows.test", ["2013-01", "2013-03", "2013-04"])
    message = str(refused.value)
    assert "no data for 2013-01, 2013-04, which windows.test asks for" in message
    assert "2013-02 … 2013-05" in message


def test_months_that_are_there_are_not_complained_about(tmp_path: Path) -> None:
    require_months(folder_with(tmp_path, "2013-02", "2013-03"), "windows.test", ["2013-03"])


def test_months_are_read_one_at_a_time_in_the_order_asked_for(tmp_path: Path) -> None:
    reading = read_months(folder_with(tmp_path, "2013-01", "2013-02"), ["2013-02", "2013-01", "2013-03"], SCHEMA)
    assert [(month, table["late"].to_pylist()) for month, table in (next(reading), next(reading))] == [
        ("2013-02", [False]),
        ("2013-01", [True]),
    ]
    with pytest.raises(UserError, match=r"2013-03\.parquet"):
        next(reading)
