"""Run tasks on a worker of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flight_delay.core.environment import describe_environment, environment_difference
from flight_delay.core.errors import UserError
from flight_delay.core.workers import Worker, available_cores

R = TypeVar("R")


def run_checked(environment: dict[str, str], function: Callable[..., R], *arguments: Any) -> R:
    """Run a task; workers that joined after the client are checked here.

    Raises:
        UserError: this worker has another version.
    """
    if difference := environment_difference(environment, describe_environment()):
        raise UserError(f"a worker has {difference}; start workers from a checkout of the same commit")
    return function(*arguments)


class _Cancelled:
    """Whether the task that creates this was cancelled; see `workers.Stop`."""

    def __init__(self) -> None:
        from distributed import get_worker

        worker = get_worker()
        self._task = worker.state.tasks[worker.get_current_task()]

    def is_set(self) -> bool:
        return bool(self._task.state == "cancelled")


def run_model(function: Callable[..., R], *arguments: Any) -> R:
    """Run a task that gets a `Worker`."""
    return function(Worker(available_cores(), _Cancelled()), *arguments)
