"""Columns of a table as numpy arrays, the arguments of feature functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

# Shape (rows,). Text is of type object, dates and times are datetime64 in UTC. A missing number is NaN, a missing text
# None, a missing time NaT.
Column: TypeAlias = np.ndarray[tuple[int], np.dtype[Any]]
Columns: TypeAlias = dict[str, Column]


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
