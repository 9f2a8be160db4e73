"""serving.store in a real SQLite database: what is acknowledged is committed, and what cannot be is refused."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from answers_database import prediction, request

from flight_delay.serving import store as module
from flight_delay.serving.database import open_database, read_request
from flight_delay.serving.store import MAX_GROUP, MAX_WAITING, PredictionStore, StoreError
from flight_delay.serving.tables import OUTCOMES


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "predictions.db"


@pytest.fixture
def store(path: Path) -> Iterator[PredictionStore]:
    store = PredictionStore(open_database(f"sqlite:///{path}"))
    yield store
    store.close()


def answered(name: str, flights: int = 2) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A request and its predictions, as rows."""
    return request(name), [prediction(name, row) for row in range(flights)]


def count(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        (rows,) = connection.execute("SELECT COUNT(*) FROM requests").fetchone()
    return int(rows)


def hold(path: Path) -> sqlite3.Connection:
    """Keep others from writing until this connection rolls back or is closed."""
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    return holder


async def append_all(store: PredictionStore, *names: str) -> list[BaseException | None]:
    return await asyncio.gather(*(store.append(*answered(name)) for name in names), return_exceptions=True)


def test_what_is_acknowledged_is_there_also_for_another_process(store: PredictionStore, path: Path) -> None:
    names = [f"{number}" for number in range(3 * MAX_GROUP)]
    assert asyncio.run(append_all(store, *names)) == [None] * len(names)
    asyncio.run(store.append(*answered("none", flights=0)))
    assert count(path) == len(names) + 1
    assert [row["row"] for row in read_request(store.engine, "7").predictions] == [0, 1]


def test_more_requests_than_may_wait_are_refused_and_the_others_stored(store: PredictionStore, path: Path) -> None:
    names = [f"{number}" for number in range(MAX_WAITING + 2 * MAX_GROUP)]
    holder = hold(path)

    async def overflow() -> list[BaseException | None]:
        asyncio.get_running_loop().call_later(0.2, holder.execute, "ROLLBACK")
        return await append_all(store, *names)

    results = asyncio.run(overflow())
    holder.close()
    refused = [result for result in results if result is not None]
    assert MAX_GROUP <= len(refused) <= 2 * MAX_GROUP
    assert all(isinstance(error, StoreError) for error in refused)
    assert count(path) == len(names) - len(refused)


def test_a_database_that_refuses_is_an_error_and_the_next_answer_is_stored(store: PredictionStore, path: Path) -> None:
    asyncio.run(store.append(*answered("1")))
    for _ in range(2):
        with pytest.raises(StoreError):
            asyncio.run(store.append(*answered("1")))  # the same id again
    with pytest.raises(StoreError):
        asyncio.run(store.append(request("2"), [prediction("2", probability=object())]))
    asyncio.run(store.append(*answered("3")))
    assert count(path) == 2


def test_a_loop_that_was_closed_does_not_stop_the_others(
    store: PredictionStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = hold(path)
    monkeypatch.setattr(module, "MAX_SECONDS", 0.1)
    with pytest.raises(StoreError):
        asyncio.run(store.append(*answered("1")))
    holder.close()
    monkeypatch.undo()
    asyncio.run(store.append(*answered("2")))
    assert count(path) == 2


def test_a_client_that_has_gone_does_not_stop_the_others(store: PredictionStore, path: Path) -> None:
    async def leave() -> None:
        leaving = asyncio.create_task(store.append(*answered("1")))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, store.append(*answered("2")), return_exceptions=True)

    asyncio.run(leave())
    asyncio.run(store.append(*answered("3")))
    assert count(path) == 3


def test_a_database_that_does_not_answer_is_an_error_in_time(
    store: PredictionStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SECONDS", 0.1)

    async def ask_while_it_is_held(work: Awaitable[Any]) -> None:
        holder = hold(path)
        asyncio.get_running_loop().call_later(0.5, holder.execute, "ROLLBACK")
        with pytest.raises(StoreError):
            await work
        await asyncio.sleep(0.6)
        holder.close()

    asyncio.run(ask_while_it_is_held(store.append(*answered("1"))))
    asyncio.run(ask_while_it_is_held(store.run(lambda connection: connection.execute(sa.delete(OUTCOMES)))))
    monkeypatch.undo()
    asyncio.run(store.append(*answered("2")))
    assert count(path) == 2  # the first one, too, which was late


def test_closing_commits_what_waits(path: Path) -> None:
    store = PredictionStore(open_database(f"sqlite:///{path}"))

    async def close_early() -> None:
        waiting = [asyncio.create_task(store.append(*answered(f"{number}"))) for number in range(MAX_GROUP + 50)]
        await asyncio.sleep(0)
        await asyncio.to_thread(store.close)
        await asyncio.gather(*waiting)

    asyncio.run(close_early())
    assert count(path) == MAX_GROUP + 50
