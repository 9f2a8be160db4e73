"""Train shards at the same time, each in a process of its own, and what these processes call."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xgboost import collective

from flight_delay.model import sharded
from flight_delay.model.sharded import Shard
from flight_delay.model.training_data import Matrices

# Fewer than there are, so that bins depend on which rows are sampled.
SAMPLE_ROWS = 700

RunTogether = Callable[[Callable[..., Any], Sequence[Sequence[Any]]], list[Any]]


@contextmanager
def processes(number: int) -> Iterator[RunTogether]:
    """Start processes; the first failure of a call ends all of them, and is raised."""
    context = multiprocessing.get_context("spawn")
    with pytest.MonkeyPatch.context() as patch, ProcessPoolExecutor(number, mp_context=context) as pool:
        patch.setenv("OMP_WAIT_POLICY", "passive")  # as in dvc.yaml; processes inherit it

        def run_together(function: Callable[..., Any], arguments: Sequence[Sequence[Any]]) -> list[Any]:
            futures = [pool.submit(function, *call) for call in arguments]
            done, waiting = wait(futures, return_when=FIRST_EXCEPTION)
            if waiting:
                for process in list(pool._processes.values()):
                    process.kill()
            failures = [error for future in done if (error := future.exception())]
            if failures:
                raise failures[0]
            return [future.result() for future in futures]

        yield run_together


def train_late(function: Callable[..., Any], delays: Sequence[float], shard: Shard, files: Mapping[str, Path]) -> Any:
    """Train a shard after a delay in seconds, with bins of a small sample."""
    sharded.MAX_BIN_SAMPLE_ROWS = SAMPLE_ROWS
    time.sleep(delays[shard.rank])
    return function(shard, files)


def fit_until_killed(matrices: Matrices, base_score: float) -> None:
    """Kill the process of one shard while the others wait for it."""
    if collective.get_rank() == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    collective.allreduce(np.zeros(1), collective.Op.SUM)
