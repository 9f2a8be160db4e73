"""Training data of a booster: months that are read and encoded once, and the matrices that XGBoost makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any

import numpy as np
import xgboost as xgb

from flight_delay.core.engine import Worker, single_worker
from flight_delay.model.encode import Encoding, Matrix, encode
from flight_delay.model.examples import Examples, Outcome

# Encoded months beyond this size are kept in a temporary file.
MAX_BYTES_IN_MEMORY = 256 << 20


@dataclass(frozen=True)
class TrainingData:
    """What models with the same rows, features and bins are trained on; it can be shared by all of them.

    Attributes:
        encoding: columns of the matrices.
        max_bin: number of bins of a quantitative feature.
        train: to learn from.
        validation: to stop on; None to train all rounds.
    """

    encoding: Encoding
    max_bin: int
    train: xgb.QuantileDMatrix
    validation: xgb.DMatrix | None


class _EncodedMonths(xgb.DataIter):
    """Hands XGBoost one encoded month at a time; XGBoost goes through them four times."""

    def __init__(self, months: Sequence[str], read: Callable[[str], Examples], encoding: Encoding) -> None:
        self._description = describe(encoding)
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
    """Read and encode months, each once, and make the matrices of them.

    Args:
        encoding: columns of the matrices.
        read: gives the examples of a month.
        train_months: to learn from.
        validation_months: to stop on, later than those; may be empty.
        max_bin: number of bins of a quantitative feature, as XGBoost's parameter of that name.
        worker: limits the number of threads.
    """
    n_jobs = (worker or single_worker()).n_jobs
    months = _EncodedMonths(train_months, read, encoding)
    train = xgb.QuantileDMatrix(months, max_bin=max_bin, nthread=n_jobs)
    if not validation_months:
        return TrainingData(encoding, max_bin, train, None)
    later = [read(month) for month in validation_months]
    matrix: Matrix = np.concatenate([encode(examples.features, encoding) for examples in later])
    # Not a QuantileDMatrix: to predict from one in every round takes three times as long.
    validation = xgb.DMatrix(
        matrix, label=np.concatenate([examples.target for examples in later]), nthread=n_jobs, **describe(encoding)
    )
    return TrainingData(encoding, max_bin, train, validation)


def describe(encoding: Encoding) -> dict[str, list[str]]:
    """Name the columns of a matrix and their kinds, as arguments of XGBoost's matrices."""
    return {
        "feature_names": [feature.name for feature in encoding],
        "feature_types": [feature.xgboost_type for feature in encoding],
    }
