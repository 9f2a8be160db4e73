"""Reports of outcomes, and labels as of a time, in plain Python."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa
from answers_database import NOON
from hypothesis import strategies as st

from flight_delay.monitoring.labels import LabelReader
from flight_delay.serving.database import Outcome, OutcomeCounts, insert_outcomes
from flight_delay.serving.tables import OUTCOMES

HOUR = dt.timedelta(hours=1)
FLIGHTS = ["2013-03-05-UA-1-EWR-0600", "2013-03-05-UA-2-EWR-0625", "2013-03-06-UA-1-EWR-0600"]
LATE_MINUTES = 15
TIMES = st.integers(0, 4).map(lambda hours: NOON + hours * HOUR)
FATES = st.sampled_from([
    (14, False, False), (15, False, False), (-20, False, False), (None, True, False), (None, False, True),
])  # fmt: skip
REPORTS = st.builds(
    lambda flight_id, fate, known_at: Outcome(flight_id, *fate, known_at), st.sampled_from(FLIGHTS), FATES, TIMES
)
# Of a request or a feed, which has a flight once.
BATCH = st.lists(REPORTS, max_size=3, unique_by=lambda outcome: outcome.flight_id)


def labels_before(reports: Iterable[Outcome], time: dt.datetime) -> dict[str, bool | None]:
    """Labels as of a time: of each flight the last report among those that were known before."""
    labels: dict[str, bool | None] = {}
    for outcome in reports:
        if outcome.known_at < time:
            delay = outcome.arrival_delay_minutes
            labels[outcome.flight_id] = None if delay is None else delay >= LATE_MINUTES
    return labels


def read_labels(
    engine: sa.Engine, time: dt.datetime, late_minutes: int = LATE_MINUTES, first: dt.date = dt.date.min
) -> dict[str, bool | None]:
    """Labels as of a time, as monitoring reads them, of all flights whose outcome was known."""
    reader = LabelReader(engine, late_minutes)
    reader.read(time, first)
    return {name: label for labels in reader._dates.values() for name, (_, label) in labels.items()}


def report(engine: sa.Engine, outcomes: list[Outcome]) -> OutcomeCounts:
    """Report outcomes in a transaction."""
    with engine.begin() as connection:
        return insert_outcomes(connection, outcomes)


def forget(engine: sa.Engine) -> None:
    """Delete all outcomes."""
    with engine.begin() as connection:
        connection.execute(sa.delete(OUTCOMES))


def rows(engine: sa.Engine) -> list[Outcome]:
    """All rows of outcomes, in order."""
    columns = [OUTCOMES.c[name] for name in Outcome._fields]
    with engine.connect() as connection:
        return [Outcome(*row) for row in connection.execute(sa.select(*columns).order_by(OUTCOMES.c.id)).all()]
