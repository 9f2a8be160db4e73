"""Months such as '2013-01', splits of months, and folders of monthly files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import Annotated

import pyarrow as pa
from pydantic import Field, model_validator

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_parquet_metadata, read_table
from flight_delay.core.params import Parameters, load_params

MONTH_PATTERN = r"^\d{4}-(0[1-9]|1[0-2])$"
Month = Annotated[str, Field(pattern=MONTH_PATTERN, description="a month, as in '2013-01'")]


def months_between(first: str, last: str) -> list[str]:
    """List all months from `first` to `last`, none if `last` is before `first`."""
    return [_month_name(index) for index in range(_month_number(first), _month_number(last) + 1)]


def shift_month(month: str, number: int) -> str:
    """Return the month that is a number of months later, or earlier if negative."""
    return _month_name(_month_number(month) + number)


def months_later(month: str, later: str) -> int:
    """Count the months from a month to a later one; negative if it is earlier."""
    return _month_number(later) - _month_number(month)


class MonthRange(Parameters):
    """A range of months, both ends included."""

    first: Month
    last: Month

    @model_validator(mode="after")
    def _validate_order(self) -> MonthRange:
        if self.first > self.last:
            raise ValueError(f"first ({self.first}) is after last ({self.last})")
        return self

    def __str__(self) -> str:
        return f"{self.first} … {self.last}" if self.first != self.last else self.first


class Splits(Parameters):
    """Training, validation and test months, in this order and without overlap."""

    train: MonthRange
    validation: MonthRange
    test: MonthRange

    @model_validator(mode="after")
    def _validate_splits(self) -> Splits:
        for earlier, later in (("train", "validation"), ("validation", "test")):
            end, start = getattr(self, earlier).last, getattr(self, later).first
            if start <= end:
                raise ValueError(f"{later}.first ({start}) must be after {earlier}.last ({end})")
        return self

    def by_name(self) -> dict[str, MonthRange]:
        """Return the splits by name, in order of time."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def month_path(folder: Path, month: str) -> Path:
    """Return the path of a month in a folder of monthly files."""
    return folder / f"{month}.parquet"


def month_paths(folder: Path, months: Iterable[str]) -> dict[str, Path]:
    """Return the paths of months in a folder of monthly files."""
    return {month: month_path(folder, month) for month in months}


def list_months(folder: Path) -> list[str]:
    """List the months of a folder of monthly files, in order.

    Raises:
        UserError: there are none.
    """
    months = sorted(path.stem for path in folder.iterdir() if path.match("[0-9]*.parquet")) if folder.is_dir() else []
    if not months:
        raise UserError(f"{folder}: no monthly files (YYYY-MM.parquet); `dvc repro` makes them")
    return months


def require_months(folder: Path, parameter: str, split: MonthRange) -> list[str]:
    """List the months of a split that a folder has.

    Both ends must be present. Months between them may be missing if fetch_raw.allow_gaps permits it.

    Args:
        folder: of monthly files.
        parameter: name of the split in params.yaml, for an error.
        split: range of months.

    Raises:
        UserError: the first or the last month is missing.
    """
    present = list_months(folder)
    missing = [month for month in dict.fromkeys((split.first, split.last)) if month not in present]
    if missing:
        raise UserError(
            f"{folder}: no data for {', '.join(missing)} of {parameter} "
            f"(months are {present[0]} … {present[-1]}); change {parameter} or fetch_raw.last_month in params.yaml"
        )
    return [month for month in present if split.first <= month <= split.last]


def load_splits(folder: Path) -> dict[str, list[str]]:
    """List the months of each split in params.yaml that a folder has, in order.

    Raises:
        UserError: parameters are invalid, or the first or the last month of a split is missing.
    """
    splits = load_params("splits", Splits).by_name()
    return {name: require_months(folder, f"splits.{name}", split) for name, split in splits.items()}


def require_no_gaps(months: Sequence[str], source: str) -> None:
    """Check that a source has all months between the first and the last.

    Raises:
        UserError: months are missing.
    """
    missing = sorted(set(months_between(min(months), max(months))) - set(months)) if months else []
    if missing:
        raise UserError(
            f"{source}: no rows of {', '.join(missing)}, between months that there are; add them, or set "
            "fetch_raw.allow_gaps in params.yaml"
        )


def iterate_months(folder: Path, months: Sequence[str], schema: pa.Schema) -> Iterator[tuple[str, pa.Table]]:
    """Read monthly files one at a time, so that memory holds one month."""
    for month in months:
        yield month, read_table(month_path(folder, month), schema)


def sampling_step(folder: Path, months: Sequence[str], max_rows: int) -> int:
    """Compute how many rows lie between two of an evenly spaced sample.

    Args:
        folder: of monthly files.
        months: months of the sample.
        max_rows: maximum number of rows of all months together.

    Returns:
        1 if the months have no more rows: all are in the sample.
    """
    rows: int = sum(read_parquet_metadata(month_path(folder, month)).num_rows for month in months)
    return max(1, ceil(rows / max_rows))


def take_every(table: pa.Table, step: int) -> pa.Table:
    """Take the first row of a table and every `step`-th one after it."""
    return table if step == 1 else table.take(pa.array(range(0, table.num_rows, step), pa.int64()))


def _month_number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _month_name(index: int) -> str:
    return f"{index // 12:04d}-{index % 12 + 1:02d}"
