"""Predictions beside what came about: what models and baselines hand to evaluation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from flight_delay.core.files import read_table, write_table
from flight_delay.core.months import month_path
from flight_delay.features.columns import Column, columns_from_table
from flight_delay.model.examples import Examples, Outcome

Probability = np.ndarray[tuple[int], np.dtype[Any]]

PREDICTIONS = pa.schema(
    [
        pa.field("flight_id", pa.string()),
        pa.field("flight_date", pa.date32()),
        pa.field("late", pa.bool_()),
        pa.field("probability", pa.float32()),
    ]
)


@dataclass(frozen=True)
class Predictions:
    """Probabilities of being late, with keys and outcomes; every array has the shape (rows,)."""

    flight_id: Column
    flight_date: Column
    late: Outcome
    probability: Probability

    def __len__(self) -> int:
        return len(self.late)

    @staticmethod
    def of(examples: Examples, probability: Probability) -> Predictions:
        """Put probabilities beside the examples that they were predicted for."""
        return Predictions(examples.flight_id, examples.flight_date, examples.late, probability.astype(np.float32))

    def with_probability(self, probability: Probability) -> Predictions:
        """The same flights with other probabilities, such as calibrated ones."""
        return Predictions(self.flight_id, self.flight_date, self.late, probability)

    @staticmethod
    def concat(parts: Iterable[Predictions]) -> Predictions:
        """Join predictions, such as those of the months of a window."""
        columns = zip(*((p.flight_id, p.flight_date, p.late, p.probability) for p in parts), strict=True)
        return Predictions(*(np.concatenate(column) for column in columns))

    def write(self, folder: Path, month: str) -> None:
        """Write to the month's file in a folder."""
        write_table(month_path(folder, month), pa.Table.from_pydict(vars(self), schema=PREDICTIONS))

    @staticmethod
    def read(folder: Path, month: str) -> Predictions:
        """Read the month's file in a folder.

        Raises:
            UserError: it is missing or damaged.
        """
        columns = columns_from_table(read_table(month_path(folder, month), PREDICTIONS))
        return Predictions(**{**columns, "late": columns["late"].astype(bool)})
