"""Predicted probabilities with the observed target, as evaluation reads them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from flight_delay.core.files import read_table, write_table
from flight_delay.core.months import month_path
from flight_delay.features.columns import Column, Rows, columns_from_table
from flight_delay.features.feature import DATE, ROW_ID, TARGET
from flight_delay.model.examples import Examples, Outcome

Probability = np.ndarray[tuple[int], np.dtype[Any]]

PREDICTIONS = pa.schema(
    [(ROW_ID, pa.string()), (DATE, pa.date32()), (TARGET, pa.bool_()), ("probability", pa.float32())]
)


@dataclass(frozen=True)
class Predictions(Rows):
    """Predicted probabilities with ids, dates and targets; shape (rows,) each.

    Ids are text, which takes ten times as much memory as the rest: where only metrics are computed, `row_id` is None.
    """

    row_id: Column | None
    date: Column
    target: Outcome
    probability: Probability

    def __len__(self) -> int:
        return len(self.target)

    @staticmethod
    def from_examples(examples: Examples, probability: Probability) -> Predictions:
        """Join probabilities to the examples that they were predicted for."""
        return Predictions(examples.row_id, examples.date, examples.target, probability.astype(np.float32))

    def with_probability(self, probability: Probability) -> Predictions:
        """Replace the probabilities, such as by calibrated ones."""
        return replace(self, probability=probability)

    def without_ids(self) -> Predictions:
        """Drop the ids."""
        return replace(self, row_id=None)

    def require_ids(self) -> Column:
        """Return the ids.

        Raises:
            ValueError: they were dropped.
        """
        if self.row_id is None:
            raise ValueError("these predictions have no ids")
        return self.row_id

    def table(self) -> pa.Table:
        """Return a table of the schema `PREDICTIONS`."""
        columns = [self.require_ids(), self.date, self.target, self.probability]
        return pa.Table.from_pydict(dict(zip(PREDICTIONS.names, columns, strict=True)), schema=PREDICTIONS)

    def write(self, folder: Path, month: str) -> None:
        """Write the file of a month into a folder."""
        write_table(month_path(folder, month), self.table())

    @staticmethod
    def read(folder: Path, month: str) -> Predictions:
        """Read the file of a month from a folder.

        Raises:
            UserError: the file is missing or damaged.
        """
        return Predictions.from_table(read_table(month_path(folder, month), PREDICTIONS))

    @staticmethod
    def from_table(table: pa.Table) -> Predictions:
        """Convert a table of the schema `PREDICTIONS`."""
        row_id, date, target, probability = columns_from_table(table, PREDICTIONS.names).values()
        return Predictions(row_id, date, target.astype(bool), probability)


def log_loss_per_row(target: Outcome, probability: Probability) -> Column:
    """Compute the log loss of each row (natural logarithm), shape (rows,).

    Probabilities are clipped as in scikit-learn, so that the loss is finite.
    """
    exact, tiny = probability.astype(np.float64), np.finfo(np.float64).eps
    loss: Column = -np.log(np.clip(np.where(target, exact, 1 - exact), tiny, 1 - tiny))
    return loss
