"""Run independent work in this process, in several, or on a cluster.

The environment variable FLIGHT_DELAY_SCHEDULER chooses where, see `core.executors`. It is no parameter, because results
do not depend on it, nor on the number of workers.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from flight_delay.core.executors import open_executor
from flight_delay.core.runner import track_progress
from flight_delay.core.workers import Worker, available_cores

R = TypeVar("R")

# Every model in training holds a matrix of its own, so that memory grows with their number.
PARALLEL_MODELS = 2


def has_other_processes() -> bool:
    """Return whether tasks run in other processes, which share no objects."""
    return open_executor() is not None


def map_months(
    function: Callable[..., R], arguments: Mapping[str, Sequence[Any]], label: str = "month"
) -> Iterator[tuple[str, R]]:
    """Call a function for each month, and yield months and results in order.

    Args:
        function: called with the arguments of a month; must not depend on results of others. In other processes it
            is pickled, and a `Path` among the arguments, also within lists and dictionaries, becomes a
            `core.content.FileContent` where there is no common file system.
        arguments: of each month, in order of time.
        label: precedes the month in a line of progress.
    """
    months = list(arguments)
    executor = open_executor() if months else None
    if executor is None:
        for month in track_progress(months, label):
            yield month, function(*arguments[month])
        return
    waiting, running = iter(months), deque[Any]()
    try:
        for month in track_progress(months, label):
            # Few at a time, since their files are in memory.
            while len(running) < 2 * executor.workers and (following := next(waiting, None)) is not None:
                running.append(executor.submit(function, *arguments[following]))
            result = executor.result(running[0])
            running.popleft()
            yield month, result
    finally:
        executor.cancel(running)


def map_models(function: Callable[..., R], arguments: Sequence[Sequence[Any]]) -> Iterator[R]:
    """Train a model for every element in parallel, and yield results in order.

    The last one starts first: with a growing training window it takes longest.

    Args:
        function: called with a `Worker` and the arguments of the element; see `map_months`.
        arguments: of each model.
    """
    executor = open_executor()
    if executor is None:
        yield from map_in_threads(function, arguments)
        return
    running = [executor.submit_model(function, *args) for args in reversed(arguments)]
    try:
        while running:
            result = executor.result(running[-1])
            running.pop()
            yield result
    finally:
        executor.cancel(running)


def map_in_threads(function: Callable[..., R], arguments: Sequence[Sequence[Any]]) -> Iterator[R]:
    """Do what `map_models` does, in threads of this process.

    At most `PARALLEL_MODELS` run at a time.

    Threads suffice, since XGBoost releases the interpreter's lock: two models of one thread each are faster than one
    after the other of two threads each.
    """
    cores = available_cores()
    parallel = min(PARALLEL_MODELS, cores, len(arguments)) or 1
    stop, failures = threading.Event(), list[Exception]()
    worker = Worker(max(1, cores // parallel), stop)

    def run(args: Sequence[Any]) -> R | None:
        if stop.is_set():
            return None
        try:
            return function(worker, *args)
        except Exception as error:  # noqa: BLE001 (raised below)
            failures.append(error)
            stop.set()  # now, not when the results of the elements before it have been waited for
            return None

    with ThreadPoolExecutor(parallel) as pool:
        futures = [pool.submit(run, args) for args in reversed(arguments)]
        try:
            for future in reversed(futures):
                result = future.result()
                if failures:
                    raise failures[0]
                yield cast("R", result)
        finally:
            stop.set()


@contextmanager
def run_in_background(function: Callable[[Worker], R]) -> Iterator[Future[R]]:
    """Train a model in a thread while the block runs; wait for it at the end.

    Both share all cores. If the block fails, the function is stopped.

    Yields:
        The future result of the function.
    """
    stop = threading.Event()
    worker = Worker(available_cores(), stop)
    with ThreadPoolExecutor(1) as pool:
        try:
            future = pool.submit(function, worker)
            yield future
            future.result()
        except BaseException:
            stop.set()
            raise
