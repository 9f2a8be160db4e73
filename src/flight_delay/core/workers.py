"""Limits of functions that run in parallel with others."""

from __future__ import annotations

import os
import threading
from typing import NamedTuple, Protocol


class Stop(Protocol):
    """Whether a result is no longer needed."""

    def is_set(self) -> bool:
        """Return true if it is not."""
        ...


class Worker(NamedTuple):
    """Limits of a function that runs in parallel with others.

    Attributes:
        n_jobs: number of threads that it may use.
        stop: set when the result is no longer needed; long loops then end early.
    """

    n_jobs: int
    stop: Stop


def available_cores() -> int:
    """Count the cores that this process may use, at most `OMP_NUM_THREADS`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(limit)) if limit.isdigit() and int(limit) > 0 else cores


def single_worker() -> Worker:
    """Return a worker that may use all cores."""
    return Worker(available_cores(), threading.Event())
