"""monitoring.labels in SQLite and PostgreSQL: labels as of a time, whatever is reported in whatever batches."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from answers_database import NOON
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reported_outcomes import (
    BATCH,
    FLIGHTS,
    HOUR,
    LATE_MINUTES,
    REPORTS,
    TIMES,
    forget,
    labels_before,
    read_labels,
    report,
    rows,
)

from flight_delay.serving.database import Outcome

EVERY_TIME = [NOON + hours * HOUR for hours in range(-1, 6)]
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(engine: sa.Engine, time: dt.datetime) -> dict[str, bool | None]:
    return read_labels(engine, time, LATE_MINUTES)


@shared
@given(batches=st.lists(st.lists(REPORTS, max_size=8), max_size=5))
def test_a_label_is_the_last_report_that_was_known_before(engine: sa.Engine, batches: list[list[Outcome]]) -> None:
    forget(engine)
    for batch in batches:
        report(engine, batch)
    reports = [outcome for batch in batches for outcome in batch]
    for time in EVERY_TIME:
        assert read(engine, time) == labels_before(reports, time)


@shared
@given(reports=st.lists(REPORTS, max_size=12), time=TIMES)
def test_a_label_never_depends_on_what_became_known_later(
    engine: sa.Engine, reports: list[Outcome], time: dt.datetime
) -> None:
    labels = []
    for known in (reports, [outcome for outcome in reports if outcome.known_at < time]):
        forget(engine)
        report(engine, known)
        labels.append(read(engine, time))
    assert labels[0] == labels[1]


@shared
@given(batches=st.lists(BATCH, min_size=1, max_size=4))
def test_a_repeated_batch_changes_nothing(engine: sa.Engine, batches: list[list[Outcome]]) -> None:
    forget(engine)
    for batch in batches:
        counts = report(engine, batch)
        assert sum(counts) == len(batch)
        before = rows(engine)
        assert report(engine, batch) == (0, 0, len(batch))
        assert rows(engine) == before


@shared
@given(reports=st.lists(REPORTS, max_size=10), data=st.data())
def test_the_rows_do_not_depend_on_the_batches(engine: sa.Engine, reports: list[Outcome], data: st.DataObject) -> None:
    stored = []
    for _ in range(2):
        forget(engine)
        left = list(reports)
        while left:
            size = data.draw(st.integers(1, len(left)))
            report(engine, left[:size])
            left = left[size:]
        stored.append(rows(engine))
    assert stored[0] == stored[1]


def test_labels_of_some_dates_are_those_of_their_flights(engine: sa.Engine) -> None:
    report(engine, [Outcome(flight_id, 30, False, False, NOON) for flight_id in FLIGHTS])
    for date, expected in ((4, FLIGHTS), (5, FLIGHTS), (6, FLIGHTS[2:]), (7, [])):
        labels = read_labels(engine, NOON + HOUR, LATE_MINUTES, dt.date(2013, 3, date))
        assert labels == dict.fromkeys(expected, True)


def test_a_threshold_belongs_to_the_late_flights(engine: sa.Engine) -> None:
    report(engine, [Outcome(FLIGHTS[0], 20, False, False, NOON)])
    assert [read_labels(engine, NOON + HOUR, minutes)[FLIGHTS[0]] for minutes in (19, 20, 21)] == [True, True, False]


def test_the_same_outcomes_reported_at_once_are_stored_once(engine: sa.Engine) -> None:
    outcomes = [Outcome(f"2013-03-05-UA-{number}-EWR-0600", number, False, False, NOON) for number in range(1, 101)]
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: report(engine, outcomes), range(4)))
    assert sorted(counts) == [(0, 0, 100)] * 3 + [(100, 0, 0)]
    assert rows(engine) == outcomes


def test_outcomes_of_a_batch_are_read_by_one_query(engine: sa.Engine) -> None:
    outcomes = [Outcome(f"2013-03-05-UA-{number}-EWR-0600", number, False, False, NOON) for number in range(1, 10_001)]
    report(engine, outcomes[::2])
    selected: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *given: selected.append(given[2].split()[0]))
    assert report(engine, outcomes) == (5_000, 0, 5_000)
    assert selected.count("SELECT") == 1
    assert len(read(engine, NOON + HOUR)) == 10_000
