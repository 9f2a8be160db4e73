"""core.engine: order of results, number of threads, and what happens when something fails."""

from __future__ import annotations

import threading

import pytest

from flight_delay.core import engine
from flight_delay.core.engine import map_models, run_in_background
from flight_delay.core.workers import Worker, available_cores


@pytest.fixture(params=[1, 2, 16])
def cores(request, monkeypatch) -> int:
    monkeypatch.setattr(engine, "available_cores", lambda: request.param)
    return request.param


def test_results_come_in_the_order_of_the_items(cores) -> None:
    assert list(map_models(lambda _, item: item**2, [(number,) for number in range(5)])) == [0, 1, 4, 9, 16]
    assert list(map_models(lambda _, item: item, [])) == []


def test_all_cores_are_shared_out_and_none_is_used_twice(cores) -> None:
    (alone,) = map_models(lambda worker: worker.n_jobs, [()])
    assert alone == cores
    shared = set(map_models(lambda worker: worker.n_jobs, [()] * 4))
    assert shared == {max(1, cores // 2)}


def test_two_items_run_at_once(monkeypatch) -> None:
    monkeypatch.setattr(engine, "available_cores", lambda: 2)
    both = threading.Barrier(2, timeout=60)
    assert sorted(map_models(lambda _, item: (both.wait(), item)[1], [(1,), (2,)])) == [1, 2]


def test_a_failure_stops_the_others_and_starts_no_more(monkeypatch) -> None:
    monkeypatch.setattr(engine, "available_cores", lambda: 2)
    begun: list[int] = []
    running = threading.Event()

    def work(worker: Worker, item: int) -> bool:
        begun.append(item)
        if item == 9:
            assert running.wait(60)
            raise KeyError(item)
        running.set()
        return worker.stop.wait(60)

    # Results are taken from the first item on, which starts last; 9 fails while 8 runs.
    with pytest.raises(KeyError):
        list(map_models(work, [(number,) for number in range(10)]))
    assert set(begun) == {8, 9}


def test_the_background_works_while_the_block_runs(cores) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work(worker: Worker) -> int:
        begun.set()
        assert go_on.wait(60)
        return worker.n_jobs

    with run_in_background(work) as result:
        assert begun.wait(60)
        assert not result.done()
        go_on.set()
    assert result.result() == cores


def test_a_block_that_fails_stops_the_background() -> None:
    stopped = []
    with pytest.raises(KeyError), run_in_background(lambda worker: stopped.append(worker.stop.wait(60))):
        raise KeyError
    assert stopped == [True]


def test_a_failure_in_the_background_is_raised_at_the_end_of_the_block() -> None:
    def fail(_: Worker) -> None:
        raise KeyError

    ended = []
    with pytest.raises(KeyError), run_in_background(fail):
        ended.append("block")
    assert ended == ["block"]


@pytest.mark.parametrize(("value", "limit"), [("1", 1), ("", None), ("0", None), ("many", None)])
def test_the_limit_of_openmp_limits_the_cores(monkeypatch, value, limit) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    every = available_cores()
    assert every >= 1
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert available_cores() == (limit or every)
