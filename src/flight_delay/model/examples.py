"""Examples: rows of processed months with a known target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.core.content import Source
from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table
from flight_delay.core.months import iterate_months, month_path, sampling_step, take_every
from flight_delay.features.columns import Column, Columns, Rows, columns_from_table, shared_values
from flight_delay.features.feature import DATE, ROW_ID, TARGET, Feature, processed_schema

Outcome = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Examples(Rows):
    """Rows with a known target; every array has the shape (rows,)."""

    row_id: Column
    date: Column
    features: Columns
    target: Outcome

    def __len__(self) -> int:
        return len(self.target)


def labelled(table: pa.Table, features: Sequence[Feature]) -> Examples:
    """Select the rows of a processed table whose target is known."""
    known = table.filter(pc.is_valid(table[TARGET]))
    keys = columns_from_table(known, [ROW_ID, DATE, TARGET])
    numbers = columns_from_table(known, [feature.name for feature in features if feature.kind != "categorical"])
    return Examples(
        row_id=keys[ROW_ID],
        date=keys[DATE],
        features={
            feature.name: numbers[feature.name] if feature.name in numbers else shared_values(known[feature.name])
            for feature in features
        },
        target=keys[TARGET].astype(bool),
    )


def read_examples(source: Source, features: Sequence[Feature]) -> Examples:
    """Read the examples of a processed month from its file, with some features."""
    return labelled(read_table(source, processed_schema(tuple(features))), features)


def read_month(files: Path | Mapping[str, Source], features: Sequence[Feature], month: str) -> Examples:
    """Read the examples of a month from a folder, or from its file by month."""
    return read_examples(month_path(files, month) if isinstance(files, Path) else files[month], features)


def read_split(folder: Path, features: Sequence[Feature], months: list[str], max_rows: int | None = None) -> Examples:
    """Read and concatenate the examples of processed months.

    Args:
        folder: of processed months.
        features: features to read.
        months: in order.
        max_rows: of more rows, an evenly spaced sample; None to read all.
    """
    step = sampling_step(folder, months, max_rows) if max_rows else 1
    tables = (table for _, table in iterate_months(folder, months, processed_schema(tuple(features))))
    # Month by month, so that memory does not hold the rows as tables too.
    return Examples.concat(labelled(take_every(table, step), features) for table in tables)


def require_both_classes(targets: Iterable[Outcome], where: str) -> None:
    """Check that there are rows of both classes.

    Raises:
        UserError: there is only one class, or no row.
    """
    rows = positives = 0
    for target in targets:
        rows, positives = rows + len(target), positives + int(target.sum())
    if positives in (0, rows):
        raise UserError(
            f"params.yaml: the target has one class in {where}: {positives} of {rows} rows are positive; "
            "widen the split or change build_features.late_threshold_minutes"
        )
