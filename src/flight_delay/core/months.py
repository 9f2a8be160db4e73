"""Months are the unit of data: names ('2013-01'), ranges, the windows that a model is trained and judged on, and
reading a window from a folder of monthly Parquet files."""

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
    """All months from `first` through `through`, in order; empty where `through` comes before `first`."""
    return [_month_name(index) for index in range(_month_number(first), _month_number(through) + 1)]


class Window(Parameters):
    """A range of whole months, both ends included."""

    first: Month
    through: Month

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        if self.first > self.through:
            raise ValueError(f"first ({self.first}) is after through ({self.through})")
        return self

    def __str__(self) -> str:
        return f"{self.first} … {self.through}" if self.first != self.through else self.first


class Splits(Parameters):
    """What a model learns from, is tuned on, and is judged on: in that order in time, without overlap."""

    train: Window
    validation: Window
    test: Window

    @model_validator(mode="after")
    def _in_order(self) -> Splits:
        for earlier, later in (("train", "validation"), ("validation", "test")):
            end, start = getattr(self, earlier).through, getattr(self, later).first
            if start <= end:
                raise ValueError(
                    f"{later}.first ({start}) must come after {earlier}.through ({end}): "
                    "windows overlap or are out of order"
                )
        return self

    def by_name(self) -> dict[str, Window]:
        """The windows by name, in order of time."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def month_path(folder: Path, month: str) -> Path:
    """Where a folder of monthly files keeps a month."""
    return folder / f"{month}.parquet"


def list_months(folder: Path) -> list[str]:
    """The months for which a folder has a file, in order.

    Raises:
        UserError: the folder has none.
    """
    months = sorted(path.stem for path in folder.iterdir() if path.match("[0-9]*.parquet")) if folder.is_dir() else []
    if not months:
        raise UserError(f"{folder}: no monthly files (YYYY-MM.parquet); `dvc repro` makes them")
    return months


def require_months(folder: Path, asked_by: str, window: Window) -> list[str]:
    """The months of a window that a folder has, checked before long work begins.

    Both ends must be there. What is missing between them was missing in the source, and fetch_raw.allow_gaps let it pass.

    Raises:
        UserError: the first or the last month is missing.
    """
    present = list_months(folder)
    missing = [month for month in dict.fromkeys((window.first, window.through)) if month not in present]
    if missing:
        raise UserError(
            f"{folder}: no data for {', '.join(missing)}, which {asked_by} asks for "
            f"(there are {present[0]} … {present[-1]}); change {asked_by} or fetch_raw.through in params.yaml"
        )
    return [month for month in present if window.first <= month <= window.through]


def load_splits(folder: Path) -> dict[str, list[str]]:
    """Read the windows of params.yaml and list the months of each that a folder has, in order of time.

    Raises:
        UserError: parameters do not fit, or a folder lacks the first or the last month of a window.
    """
    windows = load_params("windows", Splits).by_name()
    return {name: require_months(folder, f"windows.{name}", window) for name, window in windows.items()}


def missing_months(months: Sequence[str]) -> list[str]:
    """The months that are missing between the first and the last of some months in order."""
    return sorted(set(months_between(months[0], months[-1])) - set(months)) if months else []


def iterate_months(folder: Path, months: Sequence[str], schema: pa.Schema) -> Iterator[tuple[str, pa.Table]]:
    """Read monthly files one after the other, so that memory holds one month."""
    for month in months:
        yield month, read_table(month_path(folder, month), schema)


def _month_number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _month_name(index: int) -> str:
    return f"{index // 12:04d}-{index % 12 + 1:02d}"
