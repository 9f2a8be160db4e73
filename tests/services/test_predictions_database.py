"""serving.database and store in SQLite and PostgreSQL: exact rows, outcomes, failures."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from answers_database import NOON, prediction, predictions_url, request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flight_delay.core.errors import UserError
from flight_delay.serving import store as stores
from flight_delay.serving.database import (
    Outcome,
    OutcomeCounts,
    insert_outcomes,
    open_database,
    read_outcomes,
    read_request,
)
from flight_delay.serving.store import MAX_GROUP, PredictionStore, StoreError
from flight_delay.serving.tables import OUTCOMES, PREDICTIONS, REQUESTS
from flight_delay.tracking.server.postgres import running_postgres

HOUR = dt.timedelta(hours=1)
FLIGHTS = ["2013-03-05-UA-1-EWR-0600", "2013-03-05-UA-2-EWR-0625"]


@pytest.fixture
def store(empty_database: str) -> Iterator[PredictionStore]:
    store = PredictionStore(open_database(empty_database))
    yield store
    if store._thread.is_alive():
        store.close()


def rows_in_order(engine: sa.Engine) -> list[str]:
    """Ids of the stored requests in the order in which they were written."""
    place = sa.text("rowid" if engine.dialect.name == "sqlite" else "ctid")
    with engine.connect() as connection:
        return list(connection.execute(sa.select(REQUESTS.c.request_id).order_by(place)).scalars())


@dataclass
class Blocked:
    """A connection that keeps others from writing until `release`."""

    connection: sa.Connection

    @classmethod
    def start(cls, url: str) -> Blocked:
        connection = sa.create_engine(url).connect()
        is_sqlite = connection.dialect.name == "sqlite"
        connection.execute(sa.text("BEGIN IMMEDIATE" if is_sqlite else "LOCK TABLE requests"))
        return cls(connection)

    def release(self) -> None:
        self.connection.rollback()
        self.connection.close()
        self.connection.engine.dispose()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    probabilities=st.lists(st.floats(0, 1, width=32), max_size=5),
    shadow=st.none() | st.floats(0, 1, width=32),
    schedule=st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
)
def test_an_answer_is_read_back_exactly(
    store: PredictionStore, probabilities: list[float], shadow: float | None, schedule: str | None
) -> None:
    name = uuid.uuid4().hex
    rows = [
        prediction(name, row, value, shadow_probability=shadow, schedule=schedule, predicted_late=value > 0.5)
        for row, value in enumerate(probabilities)
    ]
    asyncio.run(store.append(request(name), rows))
    stored = read_request(store.engine, name)
    assert stored.request == request(name)
    assert stored.predictions == rows
    assert [np.float32(row["probability"]).tobytes() for row in stored.predictions] == [
        np.float32(value).tobytes() for value in probabilities
    ]


def test_a_request_that_is_not_there_is_named(engine: sa.Engine) -> None:
    with pytest.raises(UserError, match="abc"):
        read_request(engine, "abc")


TIMES = st.integers(0, 3).map(lambda hours: NOON + hours * HOUR)
OUTCOME = st.builds(
    Outcome, st.sampled_from(FLIGHTS), st.integers(-5, 0), st.just(False), st.just(False), TIMES
) | st.builds(Outcome, st.sampled_from(FLIGHTS), st.none(), st.booleans(), st.booleans(), TIMES)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(OUTCOME, max_size=6), max_size=4))
def test_the_latest_outcome_counts_and_only_changes_are_stored(engine: sa.Engine, batches: list[list[Outcome]]) -> None:
    with engine.begin() as connection:
        connection.execute(sa.delete(OUTCOMES))
    latest: dict[str, Outcome] = {}
    history: list[Outcome] = []
    for batch in batches:
        before = len(history)
        known = set(latest)
        for outcome in batch:
            stored = latest.get(outcome.flight_id)
            if stored is None or stored[:-1] != outcome[:-1] or outcome.known_at < stored.known_at:
                history.append(outcome)
                latest[outcome.flight_id] = outcome
        new = len(set(latest) - known)
        with engine.begin() as connection:
            counts = insert_outcomes(connection, batch)
        added = len(history) - before
        assert counts == OutcomeCounts(new, added - new, len(batch) - added)
    with engine.connect() as connection:
        assert read_outcomes(connection, FLIGHTS) == latest
        columns = [OUTCOMES.c[name] for name in Outcome._fields]
        assert [Outcome(*row) for row in connection.execute(sa.select(*columns).order_by(OUTCOMES.c.id))] == history


def test_a_correction_and_its_correction_are_both_stored(engine: sa.Engine) -> None:
    first, second = Outcome(FLIGHTS[0], 10, False, False, NOON), Outcome(FLIGHTS[0], None, True, False, NOON)
    counts = []
    for outcome in (first, second, first, first):
        with engine.begin() as connection:
            counts.append(insert_outcomes(connection, [outcome]))
    assert counts == [(1, 0, 0), (0, 1, 0), (0, 1, 0), (0, 0, 1)]


def test_an_answer_that_is_not_stored_is_an_error_and_the_next_one_is_stored(store: PredictionStore) -> None:
    def rename(name: str, to: str) -> None:
        with store.engine.begin() as connection:
            connection.execute(sa.text(f"ALTER TABLE {name} RENAME TO {to}"))

    rename("predictions", "away")
    for _ in range(2):
        with pytest.raises(StoreError):
            asyncio.run(store.append(request("a"), [prediction("a")]))
    with pytest.raises(StoreError):
        asyncio.run(store.run(lambda connection: connection.execute(sa.select(PREDICTIONS)).all()))
    assert rows_in_order(store.engine) == []  # a request without its predictions is not stored either
    rename("away", "predictions")
    asyncio.run(store.append(request("a"), [prediction("a")]))
    assert rows_in_order(store.engine) == ["a"]


def test_an_id_is_stored_once(store: PredictionStore) -> None:
    asyncio.run(store.append(request("a"), [prediction("a")]))
    with pytest.raises(StoreError):
        asyncio.run(store.append(request("a"), [prediction("a", probability=0.5)]))
    assert [row["probability"] for row in read_request(store.engine, "a").predictions] == [0.25]


def test_waiting_requests_are_committed_together_and_in_order(store: PredictionStore, empty_database: str) -> None:
    names, commits = [f"{number:03}" for number in range(2 * MAX_GROUP + 50)], []
    sa.event.listen(store.engine, "commit", lambda _: commits.append(1))

    async def append_all() -> None:
        blocked = Blocked.start(empty_database)
        tasks = [asyncio.create_task(store.append(request(name), [prediction(name)])) for name in names]
        await asyncio.sleep(0)
        blocked.release()
        await asyncio.gather(*tasks)

    asyncio.run(append_all())
    assert rows_in_order(store.engine) == names
    assert 3 <= len(commits) <= 5


def test_a_full_queue_is_an_error_of_those_that_do_not_fit(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "MAX_WAITING", 3)
    store = PredictionStore(open_database(empty_database))
    names = [f"{number:03}" for number in range(MAX_GROUP + 4)]

    async def append_all() -> list[BaseException | None]:
        blocked = Blocked.start(empty_database)
        tasks = [asyncio.create_task(store.append(request(name), [prediction(name)])) for name in names]
        await asyncio.sleep(0)
        blocked.release()
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(append_all())
    stored = [name for name, result in zip(names, results, strict=True) if result is None]
    assert {type(result) for result in results} == {type(None), StoreError}
    assert rows_in_order(store.engine) == stored
    store.close()


def test_closing_commits_what_waits(store: PredictionStore, empty_database: str) -> None:
    names = [f"{number:03}" for number in range(150)]

    async def append_and_close() -> None:
        blocked = Blocked.start(empty_database)
        tasks = [asyncio.create_task(store.append(request(name), [prediction(name)])) for name in names]
        await asyncio.sleep(0)
        closing = asyncio.create_task(asyncio.to_thread(store.close))
        await asyncio.sleep(0)
        blocked.release()
        await asyncio.gather(*tasks, closing)

    asyncio.run(append_and_close())
    engine = open_database(empty_database)
    assert rows_in_order(engine) == names
    engine.dispose()


def test_postgresql_may_stop_and_start_again(open_folder: Callable[[str], Path]) -> None:
    folder = open_folder("restarted")
    with ExitStack() as running:
        url = predictions_url(running.enter_context(running_postgres(folder)))
        store = PredictionStore(open_database(url))
        asyncio.run(store.append(request("a"), [prediction("a")]))
        running.close()
        with pytest.raises(StoreError):
            asyncio.run(store.append(request("b"), [prediction("b")]))
        with pytest.raises(UserError):
            open_database(url)
        running.enter_context(running_postgres(folder))
        asyncio.run(store.append(request("c"), [prediction("c")]))
        assert rows_in_order(store.engine) == ["a", "c"]
        store.close()


@pytest.mark.parametrize(
    "url", ["predictions.db", "mysql://host/name", "no url", "postgresql+psycopg2://nobody@127.0.0.1:1/none"]
)
def test_a_url_that_leads_nowhere_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="database"):
        open_database(url)


def test_a_file_that_is_no_database_is_refused_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "predictions.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(UserError, match="predictions"):
        open_database(f"sqlite:///{path}")
    assert path.read_bytes() == b"no database" * 1000
