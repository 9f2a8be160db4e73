"""Migrations of the predictions database in SQLite and PostgreSQL: once, completely, and no row is lost."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from answers_database import NOON, prediction, request

from flight_delay.core.errors import UserError
from flight_delay.serving import database
from flight_delay.serving.database import Outcome, insert_answers, insert_outcomes, open_database, read_outcomes
from flight_delay.serving.tables import METADATA, OUTCOMES, VERSION_TABLE

FLIGHT, OTHER = "2013-03-05-UA-1-EWR-0600", "2013-03-05-UA-2-EWR-0625"
HOUR = dt.timedelta(hours=1)
JOINED = sa.text("SELECT COUNT(*) FROM predictions JOIN requests USING (request_id)")
COUNT = sa.select(sa.func.count()).select_from(OUTCOMES)


@pytest.fixture
def of_version_1(empty_database: str) -> Iterator[sa.Engine]:
    """A database as version 1 made it, with an answer, and an outcome that was corrected."""
    engine = sa.create_engine(empty_database)
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).with_name("migrations")))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.commit()
    old = sa.Table("outcomes", sa.MetaData(), autoload_with=engine)
    reported = [(FLIGHT, 3, NOON), (OTHER, None, NOON + HOUR), (FLIGHT, 30, NOON + 2 * HOUR)]
    with engine.begin() as connection:
        assert "known_at" not in old.c
        insert_answers(connection, [request("a")], [prediction("a")])
        for flight_id, delay, received_at in reported:
            values = {"arrival_delay_minutes": delay, "cancelled": delay is None, "diverted": False}
            connection.execute(sa.insert(old), [{"flight_id": flight_id, **values, "received_at": received_at}])
    yield engine
    engine.dispose()


def stored(engine: sa.Engine) -> list[tuple[object, ...]]:
    """All outcomes, in order, with the columns of version 1."""
    names = ("id", "flight_id", "arrival_delay_minutes", "cancelled", "diverted", "received_at")
    with engine.connect() as connection:
        return [
            tuple(row) for row in connection.execute(sa.select(*(OUTCOMES.c[name] for name in names)).order_by("id"))
        ]


def test_outcomes_of_version_1_were_known_when_they_were_received(of_version_1: sa.Engine, empty_database: str) -> None:
    before = stored(of_version_1)
    engine = open_database(empty_database)
    assert stored(engine) == before
    with engine.connect() as connection:
        assert connection.execute(sa.select(OUTCOMES).where(OUTCOMES.c.known_at != OUTCOMES.c.received_at)).all() == []
        assert connection.execute(COUNT).scalar() == 3
        assert connection.execute(JOINED).scalar()
    with engine.begin() as connection:
        assert insert_outcomes(connection, [Outcome(FLIGHT, 31, False, False, NOON)]) == (0, 1, 0)
        assert connection.execute(sa.select(sa.func.max(OUTCOMES.c.id))).scalar() == 4
        assert read_outcomes(connection, [OTHER]) == {OTHER: Outcome(OTHER, None, True, False, NOON + HOUR)}
    engine.dispose()


def test_a_migration_that_breaks_off_changes_nothing_and_is_repeated(
    of_version_1: sa.Engine, empty_database: str
) -> None:
    before = stored(of_version_1)

    def break_off(*arguments: object) -> None:
        if str(arguments[2]).startswith("UPDATE outcomes"):
            raise KeyboardInterrupt

    sa.event.listen(sa.Engine, "after_cursor_execute", break_off)
    try:
        with pytest.raises(KeyboardInterrupt):
            open_database(empty_database)
    finally:
        sa.event.remove(sa.Engine, "after_cursor_execute", break_off)
    assert "known_at" not in {column["name"] for column in sa.inspect(of_version_1).get_columns("outcomes")}
    engine = open_database(empty_database)
    assert stored(engine) == before
    engine.dispose()


def test_a_database_is_migrated_once_and_keeps_its_rows(empty_database: str) -> None:
    for _ in range(2):
        engine = open_database(empty_database)
        with engine.begin() as connection:
            insert_outcomes(connection, [Outcome(FLIGHT, 3, False, False, NOON)])
            assert connection.execute(sa.select(sa.func.count()).select_from(OUTCOMES)).scalar() == 1
        engine.dispose()


def _open(url: str, barrier: Callable[[], object]) -> None:
    barrier()
    open_database(url).dispose()


def test_processes_that_start_at_once_migrate_once(empty_database: str) -> None:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(4)
    processes = [context.Process(target=_open, args=(empty_database, barrier.wait)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * 4


def test_the_migrated_schema_is_that_of_the_tables(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "version_table": VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []


def test_a_schema_of_a_later_version_is_refused(engine: sa.Engine, empty_database: str) -> None:
    with engine.begin() as connection:
        version = connection.execute(sa.text("SELECT version_num FROM predictions_schema_version")).scalar_one()
        connection.execute(sa.text("UPDATE predictions_schema_version SET version_num = '9999'"))
    with pytest.raises(UserError, match="9999"):
        open_database(empty_database)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE predictions_schema_version SET version_num = :old"), {"old": version})
    open_database(empty_database).dispose()
