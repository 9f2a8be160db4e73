"""Differences of tables in Parquet, column by column."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flight_delay.features.feature import KEYS
from flight_delay.review.diff.content_difference import ContentDifference, format_change, join_differences
from flight_delay.review.diff.documents import compare_text

KEY, PROBABILITY = KEYS[0], "probability"
LAST_DIGITS = 1e-6  # absolute or relative: the effect of another order of summation


def read_parquet(content: bytes) -> pa.Table:
    """Read a Parquet file.

    Raises:
        pa.ArrowException, OSError: it is damaged.
    """
    return pq.read_table(io.BytesIO(content), page_checksum_verification=True)


def compare_tables(before: pa.Table, after: pa.Table, probability: float) -> ContentDifference:
    """Compare schemas, numbers of rows, and columns; rows count from 1.

    Args:
        before: a table.
        after: another.
        probability: absolute differences of predictions (`probability` in a table with row ids) up to this do not
            matter, nor do those of other floats in the last digits. All other differences matter.
    """
    if not before.schema.equals(after.schema):
        difference = compare_text(*(table.schema.to_string(show_schema_metadata=False) for table in (before, after)))
        return ContentDifference(f"schema: {difference.summary}", matters=True)
    differences = []
    if len(before) != len(after):
        differences.append(ContentDifference(f"{len(before):,} -> {len(after):,} rows", matters=True))
    rows = min(len(before), len(after))
    before, after = before.slice(0, rows), after.slice(0, rows)
    row_ids = before.column(KEY) if KEY in before.column_names else None
    for name, column, column_after in zip(before.column_names, before.columns, after.columns, strict=True):
        if not column.equals(column_after):
            is_prediction = row_ids is not None and name == PROBABILITY
            absolute, relative = (probability, 0.0) if is_prediction else (LAST_DIGITS, LAST_DIGITS)
            differences += _compare_columns(name, column, column_after, absolute, relative, row_ids)
    return join_differences(differences, "the same rows, written differently")


def _compare_columns(
    name: str, before: Any, after: Any, absolute: float, relative: float, row_ids: Any
) -> list[ContentDifference]:
    """Compare two columns; floats within a limit do not matter, and NaN is NaN."""
    is_float, is_integer = pa.types.is_floating(before.type), pa.types.is_integer(before.type)
    null_differs = before.is_null().to_numpy() != after.is_null().to_numpy()
    differs = null_differs | pc.fill_null(pc.not_equal(before, after), fill_value=False).to_numpy()
    matters, distances = differs, ""
    if is_float or is_integer:
        x, y = (column.cast(pa.float64(), safe=False).to_numpy() for column in (before, after))
        if is_float:
            differs = null_differs | (differs & ~(np.isnan(x) & np.isnan(y)))
        with np.errstate(invalid="ignore", over="ignore"):
            distance = np.where(differs, np.nan_to_num(np.abs(x - y), nan=np.inf, posinf=np.inf), 0.0)
            allowed = np.maximum(absolute, relative * np.maximum(np.abs(x), np.abs(y)))
        matters = differs & ~(is_float & np.isfinite(distance) & (distance <= allowed))
        distances = f" by up to {distance.max():.3g} (mean {distance.mean():.3g})"
    if not differs.any():
        return []
    row = int(np.flatnonzero(matters if matters.any() else differs)[0])
    row_id = "" if row_ids is None else f" ({row_ids[row].as_py()})"
    summary = (
        f"{name} differs in {differs.sum():,} of {len(differs):,} rows{distances}, first row {row + 1:,}{row_id}: "
        f"{format_change(before[row].as_py(), after[row].as_py())}"
    )
    if matters.any():
        return [ContentDifference(summary, matters=True)]
    return [ContentDifference(f"{summary}, within the tolerance", matters=False)]
