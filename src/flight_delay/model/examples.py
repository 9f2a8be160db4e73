"""Examples: labelled rows of processed months, as what models learn from and are judged on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table
from flight_delay.core.months import month_path, read_months
from flight_delay.features.columns import Column, Columns, from_table
from flight_delay.features.feature import DATE, ROW_ID, TARGET, Feature, processed_schema

Outcome = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Examples:
    """Flights with a known outcome; every array has the shape (rows,)."""

    row_id: Column
    date: Column
    features: Columns
    target: Outcome

    def __len__(self) -> int:
        return len(self.target)


def labelled(table: pa.Table, features: Sequence[Feature]) -> Examples:
    """Take the flights that arrived out of a processed table; cancelled and diverted ones have no outcome to learn from."""
    arrived = table.filter(pc.is_valid(table[TARGET]))
    columns = from_table(arrived)
    return Examples(
        row_id=columns[ROW_ID],
        date=columns[DATE],
        features={feature.name: columns[feature.name] for feature in features},
        target=columns[TARGET].astype(bool),
    )


def read_month(folder: Path, features: Sequence[Feature], month: str) -> Examples:
    """Read the examples of one processed month, with some features."""
    return labelled(read_table(month_path(folder, month), processed_schema(tuple(features))), features)


def read_window(folder: Path, features: Sequence[Feature], months: list[str]) -> Examples:
    """Read the examples of several processed months as one, with some features."""
    tables = (table for _, table in read_months(folder, months, processed_schema(tuple(features))))
    return labelled(pa.concat_tables(tables), features)


def require_both_classes(outcomes: Iterable[Outcome], asked_by: str) -> None:
    """Check that there are late flights and flights on time, before anything is learnt from or judged on them.

    Raises:
        UserError: there is only one class.
    """
    target = rows = 0
    for outcome in outcomes:
        target, rows = target + int(outcome.sum()), rows + len(outcome)
    if target in (0, rows):
        said = "no flight at all" if rows == 0 else ("every flight is late" if target else "no flight is late")
        raise UserError(
            f"params.yaml: the target has one class in {asked_by}: {said} (of {rows}); "
            "widen the window or change build_features.late_minutes"
        )
