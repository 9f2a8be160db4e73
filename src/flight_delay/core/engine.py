"""Run independent work in parallel.

Results do not depend on the number of workers.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple, TypeVar, cast

from flight_delay.core.runner import track_progress

T = TypeVar("T")
R = TypeVar("R")

# Every model in training holds a matrix of its own, so that memory grows with their number.
PARALLEL_MODELS = 2


class Worker(NamedTuple):
    """Limits of a function that runs in parallel with others.

    Attributes:
        n_jobs: number of threads that it may use.
        stop: set when the result is no longer needed; long loops then end early.
    """

    n_jobs: int
    stop: threading.Event


def available_cores() -> int:
    """Count the cores that this process may use, at most `OMP_NUM_THREADS`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(limit)) if limit.isdigit() and int(limit) > 0 else cores


def single_worker() -> Worker:
    """Return a worker that may use all cores."""
    return Worker(available_cores(), threading.Event())


def map_months(function: Callable[[str], R], months: Sequence[str], label: str = "month") -> Iterator[tuple[str, R]]:
    """Call a function for each month, and yield months and results in order.

    Args:
        function: must not depend on the months before.
        months: in order.
        label: precedes the month in a line of progress.
    """
    for month in track_progress(months, label):
        yield month, function(month)


def map_models(function: Callable[[T, Worker], R], items: Sequence[T]) -> Iterator[R]:
    """Train a model for every item in parallel, and yield results in order.

    At most `PARALLEL_MODELS` train at a time.

    Threads suffice, since XGBoost releases the interpreter's lock: two models of one thread each are faster than one
    after the other of two threads each. The last item starts first: with a growing training window it takes longest.
    """
    cores = available_cores()
    parallel = min(PARALLEL_MODELS, cores, len(items)) or 1
    worker = Worker(max(1, cores // parallel), threading.Event())
    failures: list[Exception] = []

    def run(item: T) -> R | None:
        if worker.stop.is_set():
            return None
        try:
            return function(item, worker)
        except Exception as error:  # noqa: BLE001 (raised below)
            failures.append(error)
            worker.stop.set()  # now, not when the results of the items before it have been waited for
            return None

    with ThreadPoolExecutor(parallel) as pool:
        futures = [pool.submit(run, item) for item in reversed(items)]
        try:
            for future in reversed(futures):
                result = future.result()
                if failures:
                    raise failures[0]
                yield cast("R", result)
        finally:
            worker.stop.set()


@contextmanager
def run_in_background(function: Callable[[Worker], R]) -> Iterator[Future[R]]:
    """Train a model while the block runs; wait for it at the end.

    The block keeps one core. If it fails, the function is stopped.

    Yields:
        The future result of the function.
    """
    worker = Worker(max(1, available_cores() - 1), threading.Event())
    with ThreadPoolExecutor(1) as pool:
        try:
            future = pool.submit(function, worker)
            yield future
            future.result()
        except BaseException:
            worker.stop.set()
            raise
