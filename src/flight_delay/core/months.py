"""Months, such as '2013-01', splits of months into training, validation and test, and folders of monthly files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import pyarrow as pa
from pydantic import Field, model_validator

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table
from flight_delay.core.params import Parameters, load_params

Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="a month, as in '2013-01'")]


def months_between(first: str, through: str) -> list[str]:
    """List all months from `first` to `through`, in order; none if `through` is before `first`."""
    return [_month_name(index) for index in range(_month_number(first), _month_number(through) + 1)]


class Window(Parameters):
    """A range of months, both ends included."""

    first: Month
    through: Month

    @model_validator(mode="after")
    def _validate_order(self) -> Window:
        if self.first > self.through:
            raise ValueError(f"first ({self.first}) is after through ({self.through})")
        return self

    def __str__(self) -> str:
        return f"{self.first} … {self.through}" if self.first != self.through else self.first


class Splits(Parameters):
    """Training, validation and test months, in this order and without overlap."""

    train: Window
    validation: Window
    test: Window

    @model_validator(mode="after")
    def _validate_splits(self) -> Splits:
        for earlier, later in (("train", "validation"), ("validation", "test")):
            end, start = getattr(self, earlier).through, getattr(self, later).first
            if start <= end:
                raise ValueError(f"{later}.first ({start}) must be after {earlier}.through ({end})")
        return self

    def by_name(self) -> dict[str, Window]:
        """Return the windows by name, in order of time."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def month_path(folder: Path, month: str) -> Path:
    """Return the path of a month in a folder of monthly files."""
    return folder / f"{month}.parquet"


def list_months(folder: Path) -> list[str]:
    """List the months of a folder of monthly files, in order.

    Raises:
        UserError: there are none.
    """
    months = sorted(path.stem for path in folder.iterdir() if path.match("[0-9]*.parquet")) if folder.is_dir() else []
    if not months:
        raise UserError(f"{folder}: no monthly files (YYYY-MM.parquet); `dvc repro` makes them")
    return months


def require_months(folder: Path, parameter: str, window: Window) -> list[str]:
    """List the months of a window that a folder has.

    Both ends must be present. Months between them may be missing if fetch_raw.allow_gaps permits it.

    Args:
        folder: of monthly files.
        parameter: name of the window in params.yaml, for an error.
        window: range of months.

    Raises:
        UserError: the first or the last month is missing.
    """
    present = list_months(folder)
    missing = [month for month in dict.fromkeys((window.first, window.through)) if month not in present]
    if missing:
        raise UserError(
            f"{folder}: no data for {', '.join(missing)} of {parameter} "
            f"(months are {present[0]} … {present[-1]}); change {parameter} or fetch_raw.through in params.yaml"
        )
    return [month for month in present if window.first <= month <= window.through]


def load_splits(folder: Path) -> dict[str, list[str]]:
    """Read the windows of params.yaml, and list the months of each that a folder has, in order of time.

    Raises:
        UserError: parameters are invalid, or the first or the last month of a window is missing.
    """
    windows = load_params("windows", Splits).by_name()
    return {name: require_months(folder, f"windows.{name}", window) for name, window in windows.items()}


def missing_months(months: Sequence[str]) -> list[str]:
    """List the months that are missing between the first and the last of months in order."""
    return sorted(set(months_between(months[0], months[-1])) - set(months)) if months else []


def iterate_months(folder: Path, months: Sequence[str], schema: pa.Schema) -> Iterator[tuple[str, pa.Table]]:
    """Read monthly files one at a time, so that memory holds one month."""
    for month in months:
        yield month, read_table(month_path(folder, month), schema)


def _month_number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _month_name(index: int) -> str:
    return f"{index // 12:04d}-{index % 12 + 1:02d}"
