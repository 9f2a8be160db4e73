"""Store answers before they are given.

A thread commits those of concurrent requests together."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from flight_delay.serving.database import insert_answers
from flight_delay.serving.schema import reason

MAX_WAITING = 1_000  # requests that wait for a commit
MAX_GROUP = 100  # requests of a commit
MAX_SECONDS = 10.0  # of waiting for the database, which may be frozen

T = TypeVar("T")


class StoreError(Exception):
    """The database did not take a row."""


class _Write(NamedTuple):
    request: dict[str, Any]
    predictions: Sequence[dict[str, Any]]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]


class PredictionStore:
    """Appends answers to the predictions database."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._waiting: queue.Queue[_Write | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._commit_groups, name="prediction-store", daemon=True)
        self._thread.start()

    async def append(self, request: dict[str, Any], predictions: Sequence[dict[str, Any]]) -> None:
        """Append an answered request, and return when it is committed.

        Args:
            request: row of `tables.REQUESTS`.
            predictions: rows of `tables.PREDICTIONS`.

        Raises:
            StoreError: the database does not answer in time or is full, or too many requests wait. An answer that
                was late is stored nevertheless if the database goes on.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        try:
            self._waiting.put_nowait(_Write(request, predictions, loop, done))
        except queue.Full:
            raise StoreError(f"{MAX_WAITING} requests wait for the database") from None
        await _in_time(done)

    async def run(self, work: Callable[[sa.Connection], T]) -> T:
        """Run work in a transaction of its own, in another thread.

        Raises:
            StoreError: the database does not answer.
        """

        def transact() -> T:
            try:
                with self.engine.begin() as connection:
                    return work(connection)
            except sa.exc.SQLAlchemyError as error:
                raise StoreError(reason(error)) from error

        return await _in_time(asyncio.to_thread(transact))

    def close(self) -> None:
        """Commit what waits, and close the database."""
        self._waiting.put(None)
        self._thread.join(MAX_SECONDS)
        self.engine.dispose()

    def _commit_groups(self) -> None:
        while (write := self._waiting.get()) is not None:
            group, is_last = [write], False
            while len(group) < MAX_GROUP:
                try:
                    following = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    is_last = True
                    break
                group.append(following)
            error = self._commit(group)
            for loop in {write.loop for write in group}:
                with suppress(RuntimeError):  # the loop is closed: its clients have gone
                    loop.call_soon_threadsafe(_finish, [write.done for write in group if write.loop is loop], error)
            if is_last:
                return

    def _commit(self, group: Sequence[_Write]) -> StoreError | None:
        try:
            with self.engine.begin() as connection:
                rows = [row for write in group for row in write.predictions]
                insert_answers(connection, [write.request for write in group], rows)
        except sa.exc.SQLAlchemyError as error:
            return StoreError(reason(error))
        except Exception as error:  # noqa: BLE001 (the thread must go on, and the requests must be told)
            return StoreError(f"{type(error).__name__}: {error}")
        return None


async def _in_time(result: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(MAX_SECONDS):
            return await result
    except TimeoutError:
        raise StoreError(f"no answer within {MAX_SECONDS:g} s") from None


def _finish(futures: Sequence[asyncio.Future[None]], error: StoreError | None) -> None:
    for future in futures:
        if future.done():  # the client has gone
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
