"""Columns of a table as numpy arrays, the arguments of feature functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias

import numpy as np
import pyarrow as pa

# Shape (rows,). Text is of type object, dates and times are datetime64 in UTC. A missing number is NaN, a missing text
# None, a missing time NaT.
Column: TypeAlias = np.ndarray[tuple[int], np.dtype[Any]]
Columns: TypeAlias = dict[str, Column]


@dataclass(frozen=True)
class Rows:
    """Base of frozen dataclasses whose fields are columns of the same rows.

    A field may also be a mapping of columns, or None.
    """

    def take(self, rows: Column) -> Self:
        """Take rows by position, shape (rows,)."""
        return self._apply(lambda columns: columns[0][rows], [self])

    @classmethod
    def concat(cls, parts: Iterable[Self]) -> Self:
        """Concatenate rows, such as those of several months.

        A field that is None in one part is None in the result.
        """
        return cls._apply(np.concatenate, list(parts))

    @classmethod
    def _apply(cls, function: Callable[[list[Column]], Column], parts: list[Self]) -> Self:
        """Call a function with the same column of all parts."""
        fields: dict[str, Any] = {}
        for field, value in vars(parts[0]).items():
            columns = [getattr(part, field) for part in parts]
            if isinstance(value, dict):
                fields[field] = {name: function([part[name] for part in columns]) for name in value}
            else:
                fields[field] = None if any(column is None for column in columns) else function(columns)
        return replace(parts[0], **fields)


def columns_from_table(table: pa.Table, names: Iterable[str] | None = None) -> Columns:
    """Convert columns of an Arrow table, all by default."""
    return {
        name: table[name].to_numpy(zero_copy_only=False)
        for name in (names if names is not None else table.column_names)
    }


def shared_values(column: pa.ChunkedArray) -> Column:
    """Convert text, with one object for all rows that have the same value.

    Otherwise every row has its own, of some 50 bytes.
    """
    encoded = column.combine_chunks().dictionary_encode()
    values = np.array([*encoded.dictionary.to_pylist(), None], object)
    rows: Column = values[encoded.indices.fill_null(len(values) - 1).to_numpy()]
    return rows
