"""Choose where tasks run: in processes or on a Dask cluster."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import re
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from typing import Any, Protocol, TypeVar

from flight_delay.core.errors import UserError
from flight_delay.core.workers import available_cores, single_worker

R = TypeVar("R")

SCHEDULER_VARIABLE = "FLIGHT_DELAY_SCHEDULER"
_OPENING = threading.Lock()


class Executor(Protocol):
    """Runs functions in other processes."""

    @property
    def workers(self) -> int:
        """Number of tasks that run at the same time."""
        ...

    @property
    def processes(self) -> int:
        """Number of processes of the workers."""
        ...

    @property
    def n_jobs(self) -> int:
        """Number of threads that a function may use in a process."""
        ...

    @property
    def host(self) -> str:
        """Address of this machine that the workers reach."""
        ...

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Start a task and return its future."""
        ...

    def submit_model(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Start a task whose first argument is a `Worker`."""
        ...

    def result(self, future: Any) -> Any:
        """Wait for a result.

        Raises:
            UserError: raised by the function, or the workers are lost.
        """
        ...

    def cancel(self, futures: Iterable[Any]) -> None:
        """Stop tasks whose results are no longer needed."""
        ...

    def run_together(self, function: Callable[..., R], arguments: Sequence[Sequence[Any]]) -> list[R]:
        """Call a function with each element at the same time, and wait for all.

        The calls may wait for each other. If one fails, so do all.

        Raises:
            UserError: raised by the function, or there are too few workers, or one is lost.
        """
        ...


def open_executor() -> Executor | None:
    """Open what FLIGHT_DELAY_SCHEDULER names, once; None for this process.

    The variable is unset, a number of processes, or the address of a Dask scheduler, such as tcp://host:8786.

    Raises:
        UserError: the value is none of these, or the cluster cannot be used.
    """
    with _OPENING:  # interpret trains in a thread beside its months
        return _open(os.environ.get(SCHEDULER_VARIABLE, "").strip())


@cache
def _open(value: str) -> Executor | None:
    if not value:
        return None
    if value.isdecimal() and int(value) > 0:
        return ProcessExecutor(int(value))
    if re.fullmatch(r"(tcp|tls)://.+:\d+", value):
        from flight_delay.core.cluster import connect

        return connect(value)
    raise UserError(
        f"{SCHEDULER_VARIABLE}={value}: neither a number of processes nor an address; "
        "unset it, or set it to a number such as 2 or to an address such as tcp://host:8786"
    )


class ProcessExecutor:
    """Processes of this machine; files are read from the common file system."""

    host = "127.0.0.1"

    def __init__(self, workers: int) -> None:
        self.workers = self.processes = workers
        self.n_jobs = max(1, available_cores() // workers)
        # Forked processes may hang, since XGBoost and Arrow have threads.
        self._pool = ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), _prepare_process, (self.n_jobs,)
        )
        atexit.register(self._pool.shutdown, cancel_futures=True)

    def submit(self, function: Callable[..., R], *arguments: Any) -> Future[R]:
        """Start a task; see `Executor`."""
        try:
            return self._pool.submit(function, *arguments)
        except BrokenProcessPool:
            raise self._lost() from None

    def submit_model(self, function: Callable[..., R], *arguments: Any) -> Future[R]:
        """Start a task with a `Worker`; see `Executor`."""
        return self.submit(_run_model, function, *arguments)

    def result(self, future: Future[R]) -> R:
        """Wait for a result; see `Executor`."""
        try:
            return future.result()
        except BrokenProcessPool:
            raise self._lost() from None

    def cancel(self, futures: Iterable[Future[Any]]) -> None:
        """Cancel tasks that have not started."""
        for future in futures:
            future.cancel()

    def run_together(self, function: Callable[..., R], arguments: Sequence[Sequence[Any]]) -> list[R]:
        """Call a function several times at once; see `Executor`."""
        require_workers(self.workers, len(arguments))
        futures = [self.submit(function, *args) for args in arguments]
        # The pool notices the end of processes that ran before its last `submit`: not of the one started by it.
        self.submit(int)
        done, waiting = wait(futures, return_when=FIRST_EXCEPTION)
        if waiting:  # for the one that failed
            for process in multiprocessing.active_children():
                process.kill()
            done = {future for future in done if future.exception()}
            for future in done:
                self.result(future)
        return [self.result(future) for future in futures]

    def _lost(self) -> UserError:
        return UserError(
            f"{SCHEDULER_VARIABLE}={self.workers}: a process was killed, often for lack of memory; "
            "set a smaller number, or unset it"
        )


def require_workers(workers: int, tasks: int) -> None:
    """Check that tasks can run at the same time.

    Raises:
        UserError: there are fewer workers.
    """
    if workers < tasks:
        raise UserError(f"{SCHEDULER_VARIABLE}: {tasks} tasks need a worker each, but there are {workers}; add workers")


def _run_model(function: Callable[..., R], *arguments: Any) -> R:
    return function(single_worker(), *arguments)


def _prepare_process(threads: int) -> None:
    """Limit the threads of a process; end it with its parent, and on Ctrl-C."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # without the traceback of every process
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
