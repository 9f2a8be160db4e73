"""Columns as distinct values and their counts."""

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

SPLITS = ("train", "validation", "test")
_MILLISECONDS_PER_DAY = 86_400_000


@dataclass(frozen=True, eq=False)
class EncodedColumn:
    """A column as positions in its distinct values.

    `values` holds numbers (float64, ascending; days since 1970 for dates and times) or labels (text, in order of
    appearance). `codes` holds the position of each row's value in `values`, or len(values) where it is missing; shape
    (rows,). Infinite numbers are treated as missing; `infinite` is their number.
    """

    name: str
    kind: Kind
    codes: Numbers
    values: Numbers
    is_date: bool = False
    infinite: int = 0

    @cached_property
    def counts(self) -> Numbers:
        """Number of rows by value, and of missing ones last; shape (values + 1,)."""
        return self.count_by(np.zeros(len(self.codes), np.int64), 1)[:, 0]

    def count_by(self, groups: Numbers, size: int, rows: Numbers | slice = np.s_[:]) -> Numbers:
        """Count rows by value and by group, 0 … size - 1; shape (values + 1, size)."""
        cells = (len(self.values) + 1) * size
        return np.bincount(self.codes[rows] * size + groups[rows], minlength=cells).reshape(-1, size)

    def text(self, value: Any) -> str:
        """Format a value."""
        if self.kind == "categorical":
            return str(value)
        return str(np.datetime64(int(np.floor(value)), "D")) if self.is_date else f"{value:,.6g}"


def encode_column(name: str, column: Column, kind: Kind) -> EncodedColumn:
    """Encode a column of any type that Arrow gives."""
    if kind == "categorical":
        codes, labels = pd.factorize(column)
        values = np.array([str(label) for label in labels], object)
        return EncodedColumn(name, kind, np.where(codes < 0, len(values), codes), values)
    is_date = column.dtype.kind == "M"
    if is_date:
        milliseconds = column.astype("datetime64[ms]").astype(np.int64)
        exact = np.where(np.isnat(column), np.nan, milliseconds / _MILLISECONDS_PER_DAY)
    else:
        exact = column.astype(np.float64)
    is_infinite = np.isinf(exact)
    codes, appeared = pd.factorize(np.where(is_infinite, np.nan, exact))
    order = np.argsort(appeared)
    position = np.append(np.argsort(order), len(order))  # the code -1 of missing values is the last position
    return EncodedColumn(name, kind, position[codes], appeared[order], is_date, int(is_infinite.sum()))


@dataclass(frozen=True, eq=False)
class EncodedTable:
    """Columns with target, month and split; all arrays have the shape (rows,).

    Attributes:
        columns: by name.
        kinds: by name.
        target: float64: 1 positive, 0 negative, NaN unknown.
        month: such as '2013-01'.
        split: 'train', 'validation', 'test', or '' for a month in none of them.
    """

    columns: Columns
    kinds: Mapping[str, Kind]
    target: Column
    month: Column
    split: Column

    def __len__(self) -> int:
        return len(self.target)

    @cached_property
    def encoded(self) -> dict[str, EncodedColumn]:
        """Encoded columns by name."""
        return {name: encode_column(name, column, self.kinds[name]) for name, column in self.columns.items()}

    @cached_property
    def classes(self) -> Numbers:
        """Class of each row: 0 negative, 1 positive, 2 unknown."""
        return np.where(np.isnan(self.target), 2, self.target == 1).astype(np.int64)

    @cached_property
    def splits(self) -> Numbers:
        """Position in `SPLITS` of each row's split; 3 where it is in none."""
        return pd.Index(SPLITS).get_indexer(pd.Index(self.split)).astype(np.int64) % 4

    @cached_property
    def months(self) -> tuple[Numbers, list[str]]:
        """Position of each row's month among the months, and these in order."""
        codes, months = pd.factorize(self.month, sort=True)
        return codes.astype(np.int64), [str(month) for month in months]

    @cached_property
    def by_split(self) -> dict[str, Numbers]:
        """Rows by value and split (the last: none), shape (values + 1, 4)."""
        return {name: column.count_by(self.splits, 4) for name, column in self.encoded.items()}

    def training_counts(self, name: str) -> Numbers:
        """Count training rows by value, shape (values + 1,); without any, all rows."""
        training = self.by_split[name][:, 0]
        return training if training.any() else self.encoded[name].counts
