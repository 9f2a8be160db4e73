"""Train one booster on several workers, each with a shard of the months.

The model has the same bytes for any number of shards, also one. What XGBoost would derive from a shard is derived from
all rows: bins, the base score, and the seed of a round. Rows are not sampled, since every worker draws its own. Sums of
gradients are rounded differently, as they are for numbers of threads, far below the float32 precision of a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from math import ceil
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import numpy as np
import xgboost as xgb
from xgboost import collective
from xgboost.tracker import RabitTracker

from flight_delay.core.content import Source
from flight_delay.core.errors import UserError
from flight_delay.core.executors import open_executor
from flight_delay.model.encode import Matrix, input_features
from flight_delay.model.examples import read_month
from flight_delay.model.training_data import EncodedMonths, Matrices, TrainingData, describe_columns

# Bins of quantitative features are those of an evenly spaced sample of the training rows.
MAX_BIN_SAMPLE_ROWS = 1_000_000

T = TypeVar("T")


class Workers(NamedTuple):
    """Workers of a sharded training.

    Attributes:
        n_workers: number of workers, and of shards.
        run_together: calls a function with the arguments of each worker, all at the same time; the first exception
            ends the other calls, and is raised.
        host: address of this machine that the workers reach.
        n_jobs: number of threads of each worker.
        files: processed months, which travel to their workers; without any, the data's own function reads them.
    """

    n_workers: int
    run_together: Callable[[Callable[..., Any], Sequence[Sequence[Any]]], list[Any]]
    host: str
    n_jobs: int
    files: Mapping[str, Path] = MappingProxyType({})


def open_workers(files: Mapping[str, Path]) -> Workers | None:
    """Return all workers of FLIGHT_DELAY_SCHEDULER; None to train here.

    Args:
        files: processed months of training and early stopping.
    """
    e = open_executor()
    return Workers(e.processes, e.run_together, e.host, e.n_jobs, files) if e else None


class Shard(NamedTuple):
    """Months `rank`, `rank + n_shards`, … of those for training and stopping.

    Attributes:
        rank: from 0.
        n_shards: number of shards.
        trackers: arguments of the two communicators of `train_shard`; empty for a single shard.
    """

    rank: int
    n_shards: int
    trackers: tuple[dict[str, Any], ...] = ()

    def months(self, months: Sequence[str]) -> Sequence[str]:
        """Select the months of this shard."""
        return months[self.rank :: self.n_shards]


Fit = Callable[[Matrices, float], T]


def train_sharded(data: TrainingData, fit: Fit[T], workers: Workers) -> T:
    """Train a model on several workers.

    Args:
        data: the training data; it is pickled, with its function that reads a month.
        fit: trains a model, given matrices and base score; it is pickled, as is its result.
        workers: workers to train on.

    Raises:
        UserError: a worker was lost or failed; XGBoost cannot continue without it.
    """
    with _trackers(workers.n_workers, workers.host) as trackers:
        shards = [Shard(rank, workers.n_workers, trackers) for rank in range(workers.n_workers)]
        train = partial(_train_files, replace(data, n_jobs=workers.n_jobs), fit)
        try:
            models: list[T] = workers.run_together(
                train, [(shard, _files_of(shard, data, workers.files)) for shard in shards]
            )
            return models[0]
        except (BrokenExecutor, xgb.core.XGBoostError) as error:
            raise UserError(
                "params.yaml: train_model.sharded: a worker was lost or failed during training; look in its log for "
                "the reason (often memory), and run the stage again"
            ) from error


def _files_of(shard: Shard, data: TrainingData, files: Mapping[str, Path]) -> dict[str, Path]:
    months = {*shard.months(data.train_months), *shard.months(data.validation_months)}
    return {month: path for month, path in files.items() if month in months}


def _train_files(data: TrainingData, fit: Fit[T], shard: Shard, files: Mapping[str, Source]) -> T:
    read = partial(read_month, files, input_features(data.encoding)) if files else data.read
    return train_shard(replace(data, read=read), fit, shard)


def train_shard(data: TrainingData, fit: Fit[T], shard: Shard) -> T:
    """Train a model together with the other shards; all return the same."""
    months = EncodedMonths(shard.months(data.train_months), data.read, data.encoding)
    with _communicator(shard, 0):
        rows, positives = _count(months, shard, len(data.train_months))
        sample = _sample(months, shard, rows)
    # Between the communicators, since within one XGBoost would merge the bins of all shards.
    bins = _bin_sample(sample, data)
    with _communicator(shard, 1):
        train = xgb.QuantileDMatrix(months, max_bin=data.max_bin, nthread=data.n_jobs, ref=bins)
        validation = data.validation_matrix(shard.months(data.validation_months))
        return fit(Matrices(train, validation), positives / sum(rows))


def _count(months: EncodedMonths, shard: Shard, all_months: int) -> tuple[list[int], int]:
    """Count the rows of every month of all shards, and the positive rows."""
    counts = np.zeros((all_months, 2), np.int64)
    for position, target in zip(range(shard.rank, all_months, shard.n_shards), months.targets, strict=False):
        counts[position] = len(target), target.sum()
    rows, positives = collective.allreduce(counts, collective.Op.SUM).reshape(counts.shape).T
    return rows.tolist(), int(positives.sum())


def _sample(months: EncodedMonths, shard: Shard, rows: Sequence[int]) -> Matrix:
    """Collect evenly spaced rows of all shards, shape (rows, features)."""
    step, start = ceil(sum(rows) / MAX_BIN_SAMPLE_ROWS), 0
    parts = []
    for position, month_rows in enumerate(rows):
        owner = position % shard.n_shards
        part = months.matrix(position // shard.n_shards)[-start % step :: step].copy() if owner == shard.rank else None
        parts.append(collective.broadcast(part, owner))
        start += month_rows
    return np.concatenate(parts)


def _bin_sample(sample: Matrix, data: TrainingData) -> xgb.QuantileDMatrix:
    """Compute bins from a sample and all categories."""
    highest_codes = [len(feature.categories) - 1 if feature.categories else np.nan for feature in data.encoding]
    matrix = np.vstack([sample, np.array([highest_codes], np.float32)])
    target = np.zeros(len(matrix))  # required, and unused
    return xgb.QuantileDMatrix(
        matrix, target, max_bin=data.max_bin, nthread=data.n_jobs, **describe_columns(data.encoding)
    )


@contextmanager
def _trackers(count: int, host: str) -> Iterator[tuple[dict[str, Any], ...]]:
    """Run the trackers of both communicators, which introduce the workers."""
    trackers = [RabitTracker(count, host, sortby="task") for _ in range(2)]
    try:
        for tracker in trackers:
            tracker.start()
        yield tuple(tracker.worker_args() for tracker in trackers)
    finally:
        for tracker in trackers:
            with suppress(xgb.core.XGBoostError):  # of a tracker that workers have not left, because one was lost
                tracker.free()


@contextmanager
def _communicator(shard: Shard, number: int) -> Iterator[None]:
    """Connect this thread to the other shards, if there are any."""
    if not shard.trackers:
        yield
        return
    with collective.CommunicatorContext(**shard.trackers[number], dmlc_task_id=f"{shard.rank:06d}"):
        yield
