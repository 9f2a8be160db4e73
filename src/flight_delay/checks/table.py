"""What is inspected: a table of flights whose columns are known by their distinct values and how often each occurs, so
that checks count instead of looking at rows. What is good or bad about a column does not stand here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from flight_delay.features.columns import Column, Columns
from flight_delay.features.feature import Kind

Numbers = np.ndarray[Any, np.dtype[Any]]

WINDOWS = ("train", "validation", "test")
OUTCOMES = ("on time", "late", "unknown")
_MILLISECONDS_A_DAY = 86_400_000


@dataclass(frozen=True, eq=False)
class Coded:
    """A column as positions in its distinct values.

    `values` holds numbers (float64, ascending; of dates and times days since 1970) or labels (text, as they appear);
    `codes`, of shape (rows,), the position of each row's value there, and len(values) where it is missing. Infinite
    numbers are taken as missing and counted.
    """

    name: str
    kind: Kind
    codes: Numbers
    values: Numbers
    dates: bool = False
    infinite: int = 0

    @cached_property
    def counts(self) -> Numbers:
        """Rows by value, and of missing ones last; shape (values + 1,)."""
        return self.by(np.zeros(len(self.codes), np.int64), 1)[:, 0]

    def by(self, groups: Numbers, size: int, rows: Numbers | slice = np.s_[:]) -> Numbers:
        """Count rows by value and by a grouping of the rows into 0 … size - 1; shape (values + 1, size)."""
        cells = (len(self.values) + 1) * size
        return np.bincount(self.codes[rows] * size + groups[rows], minlength=cells).reshape(-1, size)

    def text(self, value: Any) -> str:
        """A value in words."""
        if self.kind == "categorical":
            return str(value)
        return str(np.datetime64(int(np.floor(value)), "D")) if self.dates else f"{value:,.6g}"


def code(name: str, column: Column, kind: Kind) -> Coded:
    """Find the distinct values of a column, of any type that Arrow gives."""
    if kind == "categorical":
        codes, labels = pd.factorize(column)
        values = np.array([str(label) for label in labels], object)
        return Coded(name, kind, np.where(codes < 0, len(values), codes), values)
    dates = column.dtype.kind == "M"
    if dates:
        milliseconds = column.astype("datetime64[ms]").astype(np.int64)
        exact = np.where(np.isnat(column), np.nan, milliseconds / _MILLISECONDS_A_DAY)
    else:
        exact = column.astype(np.float64)
    infinite = np.isinf(exact)
    codes, appeared = pd.factorize(np.where(infinite, np.nan, exact))
    order = np.argsort(appeared)
    position = np.append(np.argsort(order), len(order))  # the code -1 of missing values takes the last
    return Coded(name, kind, position[codes], appeared[order], dates, int(infinite.sum()))


@dataclass(frozen=True, eq=False)
class Inspected:
    """Columns of flights, and what is known about every flight. All arrays have the shape (rows,)."""

    columns: Columns
    kinds: Mapping[str, Kind]
    target: Column  # float64: 1 late, 0 not, NaN unknown
    month: Column  # such as '2013-01'
    window: Column  # 'train', 'validation', 'test', or '' for a month in none of them

    def __len__(self) -> int:
        return len(self.target)

    @cached_property
    def coded(self) -> dict[str, Coded]:
        """The columns by name."""
        return {name: code(name, column, self.kinds[name]) for name, column in self.columns.items()}

    @cached_property
    def outcomes(self) -> Numbers:
        """Position in `OUTCOMES` of what became of each flight."""
        return np.where(np.isnan(self.target), 2, self.target == 1).astype(np.int64)

    @cached_property
    def windows(self) -> Numbers:
        """Position in `WINDOWS` of each flight's window; 3 where it is in none."""
        return pd.Index(WINDOWS).get_indexer(pd.Index(self.window)).astype(np.int64) % 4

    @cached_property
    def months(self) -> tuple[Numbers, list[str]]:
        """Position of each flight's month among the months, and these in order."""
        codes, months = pd.factorize(self.month, sort=True)
        return codes.astype(np.int64), [str(month) for month in months]

    @cached_property
    def by_window(self) -> dict[str, Numbers]:
        """Rows by value and window of every column; shape (values + 1, 4), where the last are in no window."""
        return {name: column.by(self.windows, 4) for name, column in self.coded.items()}

    def learnt_from(self, name: str) -> Numbers:
        """Training rows by value of a column, shape (values + 1,); of a table without any, all rows."""
        training = self.by_window[name][:, 0]
        return training if training.any() else self.coded[name].counts
