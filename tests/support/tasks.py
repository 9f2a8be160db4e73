"""Tasks for core.engine, in a module that other processes can import, and a program that runs them.

    python tasks.py FUNCTION ARGUMENT …

maps FUNCTION over three months with these arguments and prints the results."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from flight_delay.core.engine import map_models, map_months
from flight_delay.core.errors import UserError
from flight_delay.core.executors import open_executor
from flight_delay.core.runner import run_with_error_handling
from flight_delay.core.workers import Worker

MONTHS = ("2013-01", "2013-02", "2013-03")


def double(number: int) -> int:
    return 2 * number


def refuse(month: str) -> str:
    if month == MONTHS[1]:
        raise UserError(f"{month}: this month is refused; take another")
    return month


def kind_of(source: Any) -> tuple[str, str]:
    """Type of an argument, and what is printed for it."""
    return type(source).__name__, str(source)


def threads_of(worker: Worker) -> int:
    return worker.n_jobs


def die_once(month: str, marker: str) -> str:
    """Kill the process the first time that the second month is computed."""
    if month == MONTHS[1] and not os.path.exists(marker):  # noqa: PTH110 (a Path would travel as a file)
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return month


def die(month: str) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return month


def work_until_stopped(worker: Worker, begun: str, stopped: str) -> None:
    Path(begun).touch()
    while not worker.stop.is_set():
        time.sleep(0.05)
    Path(stopped).touch()


def wait_for(month: str, begun: str) -> str:
    """Work for ever."""
    Path(begun).touch()
    while True:
        time.sleep(0.05)


def meet(number: int, folder: str, count: int, dies: int) -> int:
    """Wait until all calls run at the same time; one of them may die instead."""
    Path(folder, str(number)).touch()
    while number != dies and len(list(Path(folder).iterdir())) < count:
        time.sleep(0.02)
    if number == dies:
        os.kill(os.getpid(), signal.SIGKILL)
    while dies >= 0:
        time.sleep(0.05)
    return number


def work(name: str, *arguments: str) -> int:
    if name == "meet":
        folder, count, dies = arguments
        executor = open_executor()
        assert executor is not None
        calls = [(number, folder, int(count), int(dies)) for number in range(int(count))]
        print(*executor.run_together(meet, calls))  # noqa: T201
    elif name == "work_until_stopped":
        list(map_models(work_until_stopped, [arguments]))
    else:
        function = {"die_once": die_once, "die": die, "refuse": refuse, "wait_for": wait_for}[name]
        print(*(result for _, result in map_months(function, {month: (month, *arguments) for month in MONTHS})))  # noqa: T201
    return 0


if __name__ == "__main__":
    import tasks  # so that tasks are those of an importable module

    sys.exit(run_with_error_handling("tasks", lambda: tasks.work(*sys.argv[1:])))
