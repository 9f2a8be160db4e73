"""Scheduled flights of data/processed with all their features, whatever became of them: what is explained and quoted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flight_delay.core.files import read_parquet_metadata, read_table
from flight_delay.core.months import month_path
from flight_delay.features.columns import Column, Columns, columns_from_table
from flight_delay.features.feature import KEYS, TARGET, processed_schema
from flight_delay.model.bundle import Bundle
from flight_delay.model.examples import Examples


@dataclass(frozen=True)
class Scheduled:
    """Flights of a timetable; every column has the shape (rows,).

    `late` is True, False, or None where there was no arrival. `features` are all that the table has, so that what the
    model does not use can be quoted.
    """

    flight_id: Column
    flight_date: Column
    features: Columns
    late: Column

    def __len__(self) -> int:
        return len(self.flight_id)

    def take(self, positions: Column) -> Scheduled:
        """Some of the flights."""
        features = {name: values[positions] for name, values in self.features.items()}
        return Scheduled(self.flight_id[positions], self.flight_date[positions], features, self.late[positions])

    def arrived(self) -> Examples:
        """Those that arrived, with all features."""
        known = np.flatnonzero(self.late != None)  # noqa: E711 (of every element)
        return self.take(known).examples()

    def examples(self) -> Examples:
        """All of them, as what an explanation takes; those without outcome count as not late, which no prediction depends on."""
        return Examples(self.flight_id, self.flight_date, self.features, (self.late == True).astype(bool))  # noqa: E712


def read_arrived(folder: Path, bundle: Bundle, month: str) -> Examples:
    """Read the flights of a processed month that arrived, with all features; errors are those of `read_month`."""
    return read_month(folder, bundle, month).arrived()


def read_month(folder: Path, bundle: Bundle, month: str) -> Scheduled:
    """Read all flights of a processed month.

    Raises:
        UserError: the file is missing or damaged, or lacks what the model reads.
    """
    path = month_path(folder, month)
    required = read_table(path, processed_schema(bundle.manifest.inputs))
    rest = [name for name in read_parquet_metadata(path).schema.names if name not in required.column_names]
    columns = columns_from_table(required) | columns_from_table(read_table(path, columns=rest))
    return Scheduled(
        flight_id=columns["flight_id"],
        flight_date=columns["flight_date"],
        features={name: of for name, of in columns.items() if name not in (*KEYS, TARGET)},
        late=columns[TARGET].astype(object),
    )
