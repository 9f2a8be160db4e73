"""Running independent work side by side. Results do not depend on how many workers there are."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from flight_delay.core.runner import track_progress

T = TypeVar("T")
R = TypeVar("R")

# Each model that is trained holds its own matrix, so that more at once would multiply memory on machines with many cores.
MODELS_AT_ONCE = 2


class Worker(NamedTuple):
    """What a function that runs beside others has to respect.

    Attributes:
        n_jobs: number of threads it may use.
        stop: set when the result is no longer wanted; long loops end early then.
    """

    n_jobs: int
    stop: threading.Event


def available_cores() -> int:
    """Count the cores that this process may use; `OMP_NUM_THREADS` lowers the number."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(limit)) if limit.isdigit() and int(limit) > 0 else cores


def single_worker() -> Worker:
    """Describe a worker that has all cores for itself."""
    return Worker(available_cores(), threading.Event())


def map_months(function: Callable[[str], R], months: Sequence[str], label: str = "month") -> Iterator[tuple[str, R]]:
    """Call a function for each month, one after the other, and yield months and results in order, showing progress.

    Args:
        function: takes a month, such as '2013-01'; it must not depend on the months before.
        months: in order.
        label: what a line of progress says before the month.
    """
    for month in track_progress(months, label):
        yield month, function(month)


def map_models(function: Callable[[T, Worker], R], items: Sequence[T]) -> Iterator[R]:
    """Call a function that trains a model for every item, two at once, and yield the results in order.

    Threads suffice, since XGBoost releases the interpreter's lock: two models of one thread each are faster than one after
    the other of two threads each. The last item starts first: with a growing training window it takes longest.

    Args:
        function: takes an item, and a worker with the number of threads that it may use.
        items: independent of each other.
    """
    cores = available_cores()
    at_once = min(MODELS_AT_ONCE, cores, len(items)) or 1
    worker = Worker(max(1, cores // at_once), threading.Event())
    with ThreadPoolExecutor(at_once) as pool:
        futures = [pool.submit(function, item, worker) for item in reversed(items)]
        try:
            for future in reversed(futures):
                yield future.result()
        except BaseException:
            worker.stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


@contextmanager
def run_in_background(function: Callable[[Worker], R]) -> Iterator[Future[R]]:
    """Call a function that trains a model while the block runs, and wait for it at the end of the block.

    The block keeps one core for itself, such as to draw.

    Args:
        function: takes a worker with the number of threads that it may use.

    Yields:
        The result to come; where the block fails, the function is stopped.
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
