"""Training data of a booster: encoded months as matrices of XGBoost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any

import numpy as np
import xgboost as xgb

from flight_delay.core.workers import Worker, single_worker
from flight_delay.model.encode import Encoding, Matrix, encode
from flight_delay.model.examples import Examples, Outcome

# Larger encoded data are kept in a temporary file.
MAX_BYTES_IN_MEMORY = 256 << 20


@dataclass(frozen=True)
class TrainingData:
    """Matrices for models with the same rows, features and bins.

    Attributes:
        encoding: columns of the matrices.
        max_bin: number of bins of a quantitative feature.
        train: training rows.
        validation: rows for early stopping; None to train all rounds.
    """

    encoding: Encoding
    max_bin: int
    train: xgb.QuantileDMatrix
    validation: xgb.DMatrix | None


class _EncodedMonths(xgb.DataIter):
    """Iterate over encoded months; XGBoost does so four times."""

    def __init__(self, months: Sequence[str], read: Callable[[str], Examples], encoding: Encoding) -> None:
        self._description = describe_columns(encoding)
        self._columns = len(encoding)
        self._file = SpooledTemporaryFile(MAX_BYTES_IN_MEMORY)  # noqa: SIM115 (closed with this object)
        self._labels: list[Outcome] = []
        for month in months:
            examples = read(month)
            self._file.write(encode(examples.features, encoding).tobytes())
            self._labels.append(examples.target)
        self._next = 0
        super().__init__(release_data=True)

    def reset(self) -> None:
        self._next = 0
        self._file.seek(0)

    def next(self, input_data: Callable[..., Any]) -> bool:
        if self._next == len(self._labels):
            return False
        label = self._labels[self._next]
        size = len(label) * self._columns * np.dtype(np.float32).itemsize
        matrix = np.frombuffer(self._file.read(size), np.float32).reshape(len(label), self._columns)
        input_data(data=matrix, label=label, **self._description)
        self._next += 1
        return True


def load_training_data(
    encoding: Encoding,
    read: Callable[[str], Examples],
    train_months: Sequence[str],
    validation_months: Sequence[str],
    max_bin: int,
    worker: Worker | None = None,
) -> TrainingData:
    """Read and encode months, each once, and build the matrices.

    Args:
        encoding: columns of the matrices.
        read: reads the examples of a month.
        train_months: months for training.
        validation_months: months for early stopping; may be empty.
        max_bin: parameter of XGBoost.
        worker: limits the number of threads.
    """
    n_jobs = (worker or single_worker()).n_jobs
    months = _EncodedMonths(train_months, read, encoding)
    train = xgb.QuantileDMatrix(months, max_bin=max_bin, nthread=n_jobs)
    if not validation_months:
        return TrainingData(encoding, max_bin, train, None)
    validation_examples = [read(month) for month in validation_months]
    matrix: Matrix = np.concatenate([encode(examples.features, encoding) for examples in validation_examples])
    # With a QuantileDMatrix, the prediction of every round takes three times as long.
    validation = xgb.DMatrix(
        matrix,
        label=np.concatenate([examples.target for examples in validation_examples]),
        nthread=n_jobs,
        **describe_columns(encoding),
    )
    return TrainingData(encoding, max_bin, train, validation)


def describe_columns(encoding: Encoding) -> dict[str, list[str]]:
    """Return names and types of columns as arguments of XGBoost's matrices."""
    return {
        "feature_names": [feature.name for feature in encoding],
        "feature_types": [feature.xgboost_type for feature in encoding],
    }
