"""Reading two CSV files as tables that can be compared: by value where all cells of a column are numbers, else as text."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pyarrow.compute as pc


def read_cells(content: bytes) -> pa.Table:
    """The cells as texts, in columns that have the names of the first line.

    Raises:
        ValueError, csv.Error: it is not UTF-8, or rows have different lengths.
    """
    rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))
    header, *cells = rows or [[]]
    if any(len(row) != len(header) for row in cells):
        raise ValueError("rows of different lengths")
    columns = list(zip(*cells, strict=True)) or [()] * len(header)
    return pa.Table.from_arrays([pa.array(column, pa.string()) for column in columns], names=header)


def by_value(then: pa.Table, now: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Give columns that both tables have in the same place the narrowest type that holds all of both: int, float, text."""
    if then.column_names != now.column_names:
        return then, now
    typed = [_typed(*columns) for columns in zip(then.columns, now.columns, strict=True)]
    tables = (pa.Table.from_arrays([pair[side] for pair in typed], names=then.column_names) for side in (0, 1))
    return next(tables), next(tables)


def _typed(then: pa.ChunkedArray, now: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    for kind in (pa.int64(), pa.float64()):
        try:
            return _cast(then, kind), _cast(now, kind)
        except pa.ArrowInvalid:
            continue
    return then, now


def _cast(texts: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(texts, ""), None, texts).cast(kind)
