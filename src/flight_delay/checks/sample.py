"""Read a sample of the rows of every month, so that it fits into memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from flight_delay.checks.table import EncodedTable
from flight_delay.core import files, months, paths
from flight_delay.core.runner import track_progress
from flight_delay.features.columns import Columns, columns_from_table
from flight_delay.features.feature import TARGET, Feature, Kind, processed_schema
from flight_delay.model.examples import Examples, labelled


class SampledMonth(NamedTuple):
    """Sampled rows of a month: processed table, other columns, and split."""

    name: str
    split: str
    processed: pa.Table
    others: pa.Table


def read_sample(
    splits: Mapping[str, Sequence[str]], features: Sequence[Feature], others: pa.Schema, max_rows: int
) -> list[SampledMonth]:
    """Read evenly spaced rows of every month.

    Args:
        splits: months by split.
        features: columns of the processed tables.
        others: columns of the canonical tables.
        max_rows: maximum number of rows of all months together.
    """
    split_of_month = {month: split for split, names in splits.items() for month in names}
    every = months.list_months(paths.PROCESSED)
    step, schema = months.sampling_step(paths.PROCESSED, every, max_rows), processed_schema(tuple(features))

    def read(month: str) -> SampledMonth:
        processed = files.read_table(months.month_path(paths.PROCESSED, month), schema)
        canonical = files.read_table(months.month_path(paths.CANONICAL, month), others)
        sampled = (months.take_every(table, step) for table in (processed, canonical))
        return SampledMonth(month, split_of_month.get(month, ""), *sampled)

    return [read(month) for month in track_progress(every, "month")]


def concat_months(sample: Sequence[SampledMonth], features: Sequence[Feature]) -> tuple[EncodedTable, EncodedTable]:
    """Join months to a table of features and one of other, non-empty columns."""
    processed = pa.concat_tables(month.processed for month in sample)
    others = pa.concat_tables(month.others for month in sample)
    lengths = [month.processed.num_rows for month in sample]
    of_rows = (
        processed[TARGET].cast(pa.float64()).to_numpy(),  # NaN where the target is unknown
        np.repeat(np.array([month.name for month in sample], object), lengths),
        np.repeat(np.array([month.split for month in sample], object), lengths),
    )

    def table(columns: Columns, kinds: dict[str, Kind]) -> EncodedTable:
        return EncodedTable(columns, kinds, *of_rows)

    kinds = {
        name: _kind(others.schema.field(name).type)
        for name in others.column_names
        if others[name].null_count < len(others)
    }
    return (
        table(columns_from_table(processed, [f.name for f in features]), {f.name: f.kind for f in features}),
        table(columns_from_table(others, kinds), kinds),
    )


def split_by_time(
    sample: Sequence[SampledMonth], features: Collection[Feature], earlier_share: float = 0.6
) -> tuple[Examples, Examples]:
    """Split training and validation months into earlier and later examples."""
    before_test = [month for month in sample if month.split in ("train", "validation")]
    cut = min(max(round(earlier_share * len(before_test)), 1), len(before_test) - 1)
    earlier, later = (
        labelled(pa.concat_tables(month.processed for month in part), tuple(features))
        for part in (before_test[:cut], before_test[cut:])
    )
    return earlier, later


def _kind(arrow_type: pa.DataType) -> Kind:
    is_label = pa.types.is_string(arrow_type) or pa.types.is_boolean(arrow_type)
    return "categorical" if is_label else "quantitative"
