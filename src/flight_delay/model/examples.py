"""Examples: labelled rows of processed months, as what models learn from and are judged on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flight_delay.core.errors import UserError
from flight_delay.core.files import read_table
from flight_delay.core.months import month_path, read_months
from flight_delay.features.columns import Column, Columns, from_table
from flight_delay.features.registry import FEATURES, PROCESSED, TARGET

Outcome = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True)
class Examples:
    """Flights with a known outcome; every array has the shape (rows,)."""

    flight_id: Column
    flight_date: Column
    features: Columns
    late: Outcome

    def __len__(self) -> int:
        return len(self.late)


def labelled(table: pa.Table) -> Examples:
    """Take the flights that arrived out of a processed table; cancelled and diverted ones have no outcome to learn from."""
    arrived = table.filter(pc.is_valid(table[TARGET]))
    columns = from_table(arrived)
    return Examples(
        flight_id=columns["flight_id"],
        flight_date=columns["flight_date"],
        features={feature.name: columns[feature.name] for feature in FEATURES},
        late=columns[TARGET].astype(bool),
    )


def read_month(folder: Path, month: str) -> Examples:
    """Read the examples of one processed month."""
    return labelled(read_table(month_path(folder, month), PROCESSED))


def read_window(folder: Path, months: list[str]) -> Examples:
    """Read the examples of several processed months as one."""
    return labelled(pa.concat_tables(table for _, table in read_months(folder, months, PROCESSED)))


def require_both_classes(outcomes: Iterable[Outcome], asked_by: str) -> None:
    """Check that there are late flights and flights on time, before anything is learnt from or judged on them.

    Raises:
        UserError: there is only one class.
    """
    late = rows = 0
    for outcome in outcomes:
        late, rows = late + int(outcome.sum()), rows + len(outcome)
    if late in (0, rows):
        said = "no flight at all" if rows == 0 else ("every flight is late" if late else "no flight is late")
        raise UserError(
            f"params.yaml: the target has one class in {asked_by}: {said} (of {rows}); "
            "widen the window or change build_features.late_minutes"
        )
