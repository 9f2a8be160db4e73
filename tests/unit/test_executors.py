"""core.executors: where FLIGHT_DELAY_SCHEDULER runs tasks, and processes of this machine."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from threading import Barrier

import pytest
from tasks import double, kind_of, meet, threads_of
from waiting import PATIENCE

from flight_delay.core import executors
from flight_delay.core.engine import map_models, map_months
from flight_delay.core.errors import UserError
from flight_delay.core.executors import SCHEDULER_VARIABLE, ProcessExecutor, open_executor
from flight_delay.core.months import month_paths


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "two", "tcp://", "tcp://host", "http://host:8786", "host:8786"])
def test_other_values_are_refused(monkeypatch, value) -> None:
    monkeypatch.setenv(SCHEDULER_VARIABLE, value)
    with pytest.raises(UserError, match=SCHEDULER_VARIABLE):
        open_executor()


def test_without_the_variable_tasks_run_here(monkeypatch) -> None:
    for value in ("", " "):
        monkeypatch.setenv(SCHEDULER_VARIABLE, value)
        assert open_executor() is None
    assert list(map_months(lambda number: number, {"2013-01": (1,), "2013-02": (2,)})) == [
        ("2013-01", 1),
        ("2013-02", 2),
    ]


def test_without_tasks_nothing_is_opened(monkeypatch) -> None:
    monkeypatch.setenv(SCHEDULER_VARIABLE, "tcp://127.0.0.1:1")
    assert list(map_months(double, {})) == []


def test_threads_open_the_same_executor(monkeypatch) -> None:
    monkeypatch.setenv(SCHEDULER_VARIABLE, "3")
    both = Barrier(2, timeout=PATIENCE)
    monkeypatch.setattr(executors, "ProcessExecutor", lambda _: (time.sleep(0.1), object())[1])
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: (both.wait(), open_executor())[1], range(2))
    executors._open.cache_clear()
    assert first is second


def test_processes_return_results_in_order(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv(SCHEDULER_VARIABLE, "2")
    assert open_executor() is open_executor()
    numbers = {f"{number}": (number,) for number in range(9)}
    assert list(map_months(double, numbers)) == [(name, 2 * number) for name, (number,) in numbers.items()]
    assert [n_jobs >= 1 for n_jobs in map_models(threads_of, [(), ()])] == [True, True]
    (path,) = month_paths(tmp_path, ["2013-01"]).values()
    # On this machine a path stays one.
    assert [result for _, result in map_months(kind_of, {"2013-01": (path,)})] == [(type(path).__name__, str(path))]


def test_more_calls_than_processes_are_refused() -> None:
    with pytest.raises(UserError, match=SCHEDULER_VARIABLE):
        ProcessExecutor(1).run_together(double, [(1,), (2,)])


def test_the_end_of_a_process_that_starts_slowly_is_noticed(monkeypatch, tmp_path) -> None:
    start = ProcessPoolExecutor._spawn_process
    monkeypatch.setattr(ProcessPoolExecutor, "_spawn_process", lambda pool: (time.sleep(0.5), start(pool))[1])
    executor = ProcessExecutor(2)
    with ThreadPoolExecutor(1) as pool:
        together = pool.submit(executor.run_together, meet, [(0, str(tmp_path), 2, 1), (1, str(tmp_path), 2, 1)])
        try:
            with pytest.raises(UserError, match=SCHEDULER_VARIABLE):
                together.result(timeout=PATIENCE)
        finally:
            for process in executor._pool._processes.values():
                process.kill()
