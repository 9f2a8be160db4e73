"""Training data of a booster: encoded months as matrices of XGBoost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import disk_usage
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import xgboost as xgb

from flight_delay.core.errors import UserError
from flight_delay.core.workers import Worker, single_worker
from flight_delay.model.encode import Encoding, Matrix, encode
from flight_delay.model.examples import Examples, Outcome

# Larger encoded data are kept in a temporary file.
MAX_BYTES_IN_MEMORY = 256 << 20
# Of XGBoost's files to encoded data; 1.4 with the default features, 1.6 with 43 that have few missing values.
MAX_EXTERNAL_MEMORY_RATIO = 2

ReadMonth = Callable[[str], Examples]


class Matrices(NamedTuple):
    """Rows for training and for early stopping, which may have none."""

    train: xgb.DMatrix
    validation: xgb.DMatrix | None


@dataclass(frozen=True)
class TrainingData:
    """Rows, features and bins that models share.

    Attributes:
        encoding: columns of the matrices.
        read: reads the examples of a month.
        train_months: months for training.
        validation_months: months for early stopping; empty to train all rounds.
        max_bin: number of bins of a quantitative feature.
        n_jobs: number of threads that build the matrices.
    """

    encoding: Encoding
    read: ReadMonth
    train_months: Sequence[str]
    validation_months: Sequence[str]
    max_bin: int
    n_jobs: int
    _matrices: dict[bool, Matrices] = field(default_factory=dict, init=False, repr=False)

    def matrices(self, *, external_memory: bool) -> Matrices:
        """Return the matrices; the first call reads and encodes each month once.

        Args:
            external_memory: whether training rows are kept in a temporary folder, until this object is released.

        Raises:
            UserError: the disk of the temporary folder is too small.
        """
        if external_memory not in self._matrices:
            build = ExternalMemoryMatrix if external_memory else xgb.QuantileDMatrix
            months = EncodedMonths(self.train_months, self.read, self.encoding)
            train = build(months, max_bin=self.max_bin, nthread=self.n_jobs)
            self._matrices[external_memory] = Matrices(train, self.validation_matrix(self.validation_months))
        return self._matrices[external_memory]

    def validation_matrix(self, months: Sequence[str]) -> xgb.DMatrix | None:
        """Read and encode months for early stopping; None without any.

        With a QuantileDMatrix, the prediction of every round would take three times as long.

        Args:
            months: all `validation_months`, or those of a shard, which may have none.
        """
        if not self.validation_months:
            return None
        examples = [self.read(month) for month in months]
        no_rows: Matrix = np.empty((0, len(self.encoding)), np.float32)
        matrix: Matrix = np.concatenate([no_rows, *(encode(month.features, self.encoding) for month in examples)])
        target = np.concatenate([np.empty(0, bool), *(month.target for month in examples)])
        return xgb.DMatrix(matrix, label=target, nthread=self.n_jobs, **describe_columns(self.encoding))


class EncodedMonths(xgb.DataIter):
    """Iterate over encoded months; XGBoost does so four times.

    Attributes:
        targets: by month, shape (rows,); without months, one of no rows.
        nbytes: size of the encoded months.
    """

    def __init__(self, months: Sequence[str], read: ReadMonth, encoding: Encoding) -> None:
        self._description = describe_columns(encoding)
        self._file = SpooledTemporaryFile(MAX_BYTES_IN_MEMORY)  # noqa: SIM115 (closed with this object)
        self._starts: list[int] = []
        self.targets: list[Outcome] = []
        for month in months:
            examples = read(month)
            self._starts.append(self._file.tell())
            self._file.write(encode(examples.features, encoding).tobytes())
            self.targets.append(examples.target)
        self.nbytes = self._file.tell()
        if not months:  # XGBoost needs a matrix, also of no rows
            self._starts.append(0)
            self.targets.append(np.empty(0, bool))
        self._columns = len(encoding)
        self._next = 0
        super().__init__(release_data=True)

    def matrix(self, position: int) -> Matrix:
        """Return the encoded month at a position, shape (rows, features)."""
        rows = len(self.targets[position])
        self._file.seek(self._starts[position])
        encoded = self._file.read(rows * self._columns * np.dtype(np.float32).itemsize)
        return np.frombuffer(encoded, np.float32).reshape(rows, self._columns)

    def reset(self) -> None:
        self._next = 0

    def next(self, input_data: Callable[..., Any]) -> bool:
        if self._next == len(self.targets):
            return False
        input_data(data=self.matrix(self._next), label=self.targets[self._next], **self._description)
        self._next += 1
        return True


class ExternalMemoryMatrix(xgb.ExtMemQuantileDMatrix):
    """A matrix in a temporary folder, which is removed after the matrix."""

    def __init__(self, months: EncodedMonths, **options: Any) -> None:
        self._folder = TemporaryDirectory(prefix="flight-delay-matrix-")
        _require_disk_space(Path(self._folder.name), MAX_EXTERNAL_MEMORY_RATIO * months.nbytes)
        months.cache_prefix = str(Path(self._folder.name) / "rows")
        super().__init__(months, **options)

    def __del__(self) -> None:
        super().__del__()  # XGBoost closes the files
        self._folder.cleanup()


def _require_disk_space(folder: Path, required: int) -> None:
    """Check the free space of a folder.

    When a disk is full, XGBoost aborts the process.

    Raises:
        UserError: there is less than required (bytes).
    """
    if (free := disk_usage(folder).free) < required:
        raise UserError(
            f"{folder.parent}: {free >> 20:,} MiB are free, but train_model.external_memory needs {required >> 20:,} "
            "MiB; free some space, or set TMPDIR to a folder on another disk"
        )


def load_training_data(
    encoding: Encoding,
    read: ReadMonth,
    train_months: Sequence[str],
    validation_months: Sequence[str],
    max_bin: int,
    worker: Worker | None = None,
) -> TrainingData:
    """Describe training data; they are read when a model is trained on them.

    Args:
        encoding: columns of the matrices.
        read: reads the examples of a month.
        train_months: months for training.
        validation_months: months for early stopping; may be empty.
        max_bin: parameter of XGBoost.
        worker: limits the number of threads.
    """
    n_jobs = (worker or single_worker()).n_jobs
    return TrainingData(encoding, read, train_months, validation_months, max_bin, n_jobs)


def describe_columns(encoding: Encoding) -> dict[str, list[str]]:
    """Return names and types of columns as arguments of XGBoost's matrices."""
    return {
        "feature_names": [feature.name for feature in encoding],
        "feature_types": [feature.xgboost_type for feature in encoding],
    }
