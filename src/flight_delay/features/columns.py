"""Columns: what feature functions work on. The step between Arrow tables at the edges and numpy arrays inside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

# Shape (rows,). Text as objects, dates and times as datetime64 in UTC, numbers as they are; a missing number is NaN,
# a missing text None, a missing time NaT.
Column: TypeAlias = np.ndarray[tuple[int], np.dtype[Any]]
Columns: TypeAlias = dict[str, Column]


def columns_from_table(table: pa.Table, names: Iterable[str] | None = None) -> Columns:
    """Take columns out of an Arrow table (all of them by default)."""
    return {
        name: table[name].to_numpy(zero_copy_only=False)
        for name in (names if names is not None else table.column_names)
    }
