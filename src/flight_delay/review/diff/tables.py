"""Differences of tables, row by row and column by column."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from flight_delay.features.feature import KEYS
from flight_delay.review.diff.content_difference import ContentDifference, format_change, join_differences, join_paths
from flight_delay.review.diff.documents import compare_text

KEY, PROBABILITY = KEYS[0], "probability"
LAST_DIGITS = 1e-6  # absolute or relative: the effect of another order of summation


class _Column(NamedTuple):
    """Comparison of two columns; arrays have the shape (rows,).

    They hold whether values differ, whether that matters, and by how much (0 if not numbers).
    """

    name: str
    before: Any
    after: Any
    differs: Any
    matters: Any
    distance: Any


def read_parquet(content: bytes) -> pa.Table:
    """Read a Parquet file.

    Raises:
        pa.ArrowException, OSError: it is damaged.
    """
    return pq.read_table(io.BytesIO(content), page_checksum_verification=True)


def read_csv_pair(before: bytes, after: bytes) -> tuple[pa.Table, pa.Table]:
    """Read two CSV files, integers as floats if the other file has floats.

    Raises:
        pa.ArrowInvalid: one is empty, or has rows of different lengths.
    """
    table, table_after = (pyarrow.csv.read_csv(io.BytesIO(content)) for content in (before, after))
    try:
        schema = pa.unify_schemas([table.schema, table_after.schema], promote_options="permissive")
        return table.cast(schema), table_after.cast(schema)
    except (pa.ArrowTypeError, ValueError):  # other types, other columns
        return table, table_after


def compare_tables(
    before: pa.Table, after: pa.Table, probability: float, absolute: float = LAST_DIGITS, relative: float = LAST_DIGITS
) -> ContentDifference:
    """Compare schemas, numbers of rows, and rows by position, counted from 1.

    Args:
        before: a table.
        after: another.
        probability: absolute differences of predictions (`probability` in a table with row ids) up to this do not
            matter,
        absolute: nor do those of other floats up to this,
        relative: or up to this share of the larger one. All other differences matter.
    """
    if not before.schema.equals(after.schema):
        difference = compare_text(*(table.schema.to_string(show_schema_metadata=False) for table in (before, after)))
        return ContentDifference(f"schema: {difference.summary}", matters=True)
    differences = []
    if len(before) != len(after):
        differences.append(ContentDifference(f"{len(before):,} -> {len(after):,} rows", matters=True))
    rows, has_ids = min(len(before), len(after)), KEY in before.column_names
    pairs = zip(before.slice(0, rows).columns, after.slice(0, rows).columns, strict=True)
    columns = []
    for name, (column, column_after) in zip(before.column_names, pairs, strict=True):
        if not column.equals(column_after):
            is_prediction = has_ids and name == PROBABILITY
            limits = (probability, 0.0) if is_prediction else (absolute, relative)
            columns.append(_compare_columns(name, column, column_after, *limits))
    columns = [column for column in columns if column.differs.any()]  # NaN is NaN
    if columns:
        differences.append(_summarize_columns(columns, before.column(KEY) if has_ids else None))
    return join_differences(differences, "the same rows, written differently")


def _compare_columns(name: str, before: Any, after: Any, absolute: float, relative: float) -> _Column:
    is_float, is_integer = pa.types.is_floating(before.type), pa.types.is_integer(before.type)
    null_differs = before.is_null().to_numpy() != after.is_null().to_numpy()
    differs = null_differs | pc.fill_null(pc.not_equal(before, after), fill_value=False).to_numpy()
    if not (is_float or is_integer):
        return _Column(name, before, after, differs, differs, np.zeros(len(differs)))
    x, y = (column.cast(pa.float64(), safe=False).to_numpy() for column in (before, after))
    if is_float:
        differs = null_differs | (differs & ~(np.isnan(x) & np.isnan(y)))
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.where(differs, np.nan_to_num(np.abs(x - y), nan=np.inf, posinf=np.inf), 0.0)
        allowed = np.maximum(absolute, relative * np.maximum(np.abs(x), np.abs(y)))
    is_close = is_float & np.isfinite(distance) & (distance <= allowed)
    return _Column(name, before, after, differs, differs & ~is_close, distance)


def _summarize_columns(columns: list[_Column], row_ids: Any) -> ContentDifference:
    """Summarize the first row that differs or matters, and each column."""
    matters = any(column.matters.any() for column in columns)
    masks = [column.matters if matters else column.differs for column in columns]
    row = int(np.flatnonzero(np.any(masks, axis=0))[0])
    first = next(column for column, mask in zip(columns, masks, strict=True) if mask[row])
    differs = np.any([column.differs for column in columns], axis=0)
    row_id = "" if row_ids is None else f" ({row_ids[row].as_py()})"
    values = format_change(first.before[row].as_py(), first.after[row].as_py())
    distances = [
        f"{column.name} by up to {column.distance.max():.3g} (mean {column.distance.mean():.3g})"
        if column.distance.any()
        else column.name
        for column in sorted(columns, key=lambda column: -column.distance.max())
    ]
    summary = (
        f"{differs.sum():,} of {len(differs):,} rows differ, first row {row + 1:,}{row_id}: {first.name} {values}; "
        f"{join_paths(distances)}{'' if matters else '; within the tolerance'}"
    )
    return ContentDifference(summary, matters)
