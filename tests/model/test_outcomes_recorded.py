"""monitoring.labels on a small checkout: outcomes of the pipeline's months and of feeds become labels."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlalchemy as sa
from answers_database import prediction, request
from canonical_flights import known_at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reported_outcomes import forget, labels_before, read_labels, report, rows
from small_service import (
    DAY,
    FIRST,
    LAST,
    PARAMETERS,
    all_dates,
    inputs,
    parse,
    scheduled,
    with_outcomes,
    write_canonical,
    write_feed,
)

from flight_delay.core.errors import UserError
from flight_delay.monitoring import labels as module
from flight_delay.monitoring.labels import record_outcomes
from flight_delay.serving.database import Outcome, insert_answers, open_database
from flight_delay.serving.tables import PREDICTIONS, REQUESTS

AS_OF = dt.date(2013, 3, 5)
ROWS = with_outcomes(scheduled(*all_dates()))
FLIGHTS: list[dict[str, Any]] = parse(ROWS).to_pylist()
EVERY_ID = [flight["flight_id"] for flight in FLIGHTS]
LATE_MINUTES = PARAMETERS.late_threshold_minutes


@pytest.fixture
def engine(small_service: Path) -> Iterator[sa.Engine]:
    engine = open_database(f"sqlite:///{small_service}/service/predictions.db")
    yield engine
    engine.dispose()


def predict(engine: sa.Engine, flight_ids: Iterable[str]) -> None:
    """Store predictions of these flights alone, the first one twice."""
    listed = [*flight_ids]
    predicted = [*listed, *listed[:1]]
    with engine.begin() as connection:
        connection.execute(sa.delete(PREDICTIONS))
        connection.execute(sa.delete(REQUESTS))
        insert_answers(connection, [request("a")], [
            prediction("a", row, flight_id=flight_id, flight_date=dt.date.fromisoformat(flight_id[:10]))
            for row, flight_id in enumerate(predicted)
        ])  # fmt: skip


def outcomes(flights: Iterable[dict[str, Any]]) -> list[Outcome]:
    """Outcomes of flights, in plain Python."""
    names = ("flight_id", "arrival_delay_minutes", "cancelled", "diverted")
    return [Outcome(*(flight[name] for name in names), known_at(flight).replace(tzinfo=None)) for flight in flights]


def midnight(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time())


def test_outcomes_of_predicted_flights_are_recorded_with_the_time_that_training_uses(engine: sa.Engine) -> None:
    predict(engine, EVERY_ID[::3])
    assert record_outcomes(engine, inputs()) == (len(EVERY_ID[::3]), 0, 0)
    assert sorted(rows(engine)) == sorted(outcomes(FLIGHTS[::3]))
    assert {(outcome.cancelled, outcome.diverted) for outcome in rows(engine)} == {
        (False, False), (True, False), (False, True),
    }  # fmt: skip


def test_labels_are_the_outcomes_that_history_counts(engine: sa.Engine) -> None:
    predict(engine, EVERY_ID)
    record_outcomes(engine, inputs())
    counts = inputs().count_outcomes(AS_OF)
    counts = counts.filter(pc.equal(counts["grouping"], "all"))
    since = min(counts["day"].to_pylist())
    before, now = (read_labels(engine, midnight(date), LATE_MINUTES) for date in (since, AS_OF))
    labels = [label for flight_id, label in now.items() if flight_id not in before]
    assert len(labels) == pc.sum(counts["flights"]).as_py() > 0
    assert labels.count(True) == pc.sum(counts["late"]).as_py() > 0
    assert labels.count(None) == len(labels) - pc.sum(counts["arrived"]).as_py() > 0


def test_outcomes_of_some_dates_are_recorded(engine: sa.Engine) -> None:
    predict(engine, EVERY_ID)
    record_outcomes(engine, inputs(), AS_OF, AS_OF + DAY)
    assert {outcome.flight_id[:10] for outcome in rows(engine)} == {str(AS_OF), str(AS_OF + DAY)}
    record_outcomes(engine, inputs(), last=FIRST)
    record_outcomes(engine, inputs(), first=LAST)
    record_outcomes(engine, inputs(), LAST + DAY)
    assert {outcome.flight_id[:10] for outcome in rows(engine)} == {str(FIRST), str(AS_OF), str(AS_OF + DAY), str(LAST)}


def test_without_predictions_nothing_is_recorded(engine: sa.Engine, small_service: Path) -> None:
    shutil.rmtree(small_service / "data/interim")
    assert record_outcomes(engine, inputs()) == (0, 0, 0)
    predict(engine, EVERY_ID)
    assert record_outcomes(engine, inputs()) == (0, 0, 0)


def test_a_feed_replaces_adds_and_corrects(engine: sa.Engine, small_service: Path) -> None:
    predict(engine, EVERY_ID)
    record_outcomes(engine, inputs(), last=AS_OF)
    before = rows(engine)
    changed = with_outcomes(scheduled(AS_OF, AS_OF + DAY), seed=1)
    feed = write_feed(small_service / "feed.csv", changed)
    different = set(outcomes(parse(changed).to_pylist())) - set(before)
    total = len(before) + len(scheduled(AS_OF + DAY))
    new, corrected, unchanged = record_outcomes(engine, inputs(outcomes=feed), last=AS_OF + DAY)
    assert (new, new + corrected, unchanged) == (total - len(before), len(different), total - len(different))
    assert rows(engine)[: len(before)] == before
    assert set(rows(engine)[len(before) :]) == different
    assert record_outcomes(engine, inputs(outcomes=feed), last=AS_OF + DAY) == (0, 0, total)


def test_all_outcomes_can_come_from_a_feed_or_one_by_one(engine: sa.Engine, small_service: Path) -> None:
    predict(engine, EVERY_ID)
    record_outcomes(engine, inputs())
    recorded = rows(engine)
    shutil.rmtree(small_service / "data/interim")
    feed = write_feed(small_service / "feed.csv", ROWS)
    assert record_outcomes(engine, inputs(outcomes=feed)) == (0, 0, len(ROWS))
    forget(engine)
    for outcome in recorded[:30]:
        report(engine, [outcome])
    assert record_outcomes(engine, inputs(outcomes=feed)) == (len(ROWS) - 30, 0, 30)
    assert rows(engine) == recorded


def test_an_invalid_feed_is_refused_and_nothing_is_recorded(engine: sa.Engine, small_service: Path) -> None:
    predict(engine, EVERY_ID)
    feed = write_feed(small_service / "feed.csv", [*ROWS[:20], ROWS[20] | {"arrival_delay_minutes": 99_999}])
    with pytest.raises(UserError, match="feed"):
        record_outcomes(engine, inputs(outcomes=feed))
    assert rows(engine) == []


def break_off_after(batches: int, engine: sa.Engine) -> None:
    """Record outcomes, and break off before the next batch is committed."""
    inserted: list[object] = []

    def break_off(*given: object) -> None:
        if str(given[2]).startswith("INSERT"):
            inserted.append(given[2])
            if len(inserted) > batches:
                raise KeyboardInterrupt

    sa.event.listen(engine, "after_cursor_execute", break_off)
    with pytest.raises(KeyboardInterrupt):
        record_outcomes(engine, inputs())


@pytest.mark.parametrize("batches", [0, 1, 4])
def test_a_run_after_a_crash_goes_on(
    engine: sa.Engine, small_service: Path, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    predict(engine, EVERY_ID)
    record_outcomes(engine, inputs())
    whole = rows(engine)
    forget(engine)
    monkeypatch.setattr(module, "_BATCH_ROWS", 7)
    crashing = sa.create_engine(engine.url)
    break_off_after(batches, crashing)
    crashing.dispose()
    assert rows(engine) == whole[: 7 * batches]
    assert record_outcomes(engine, inputs()) == (len(whole) - 7 * batches, 0, 7 * batches)
    assert rows(engine) == whole


@cache
def as_corrected(seed: int) -> pa.Table:
    """The first flights with other outcomes."""
    return parse(with_outcomes(ROWS[:40], seed))


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seeds=st.lists(st.integers(0, 3), min_size=1, max_size=4),
    predicted=st.sets(st.sampled_from(EVERY_ID[:40]), min_size=1),
    time=st.sampled_from([FIRST, FIRST + DAY, FIRST + 3 * DAY, FIRST + 6 * DAY]).map(midnight),
)
def test_labels_are_those_of_the_data_as_they_were_corrected(
    engine: sa.Engine, small_service: Path, seeds: list[int], predicted: set[str], time: dt.datetime
) -> None:
    forget(engine)
    predict(engine, predicted)
    reports: list[Outcome] = []
    for seed in seeds:
        flights = as_corrected(seed)
        write_canonical(small_service, flights)
        record_outcomes(engine, inputs())
        reports += outcomes(flight for flight in flights.to_pylist() if flight["flight_id"] in predicted)
    labels = read_labels(engine, time, LATE_MINUTES)
    assert labels == labels_before(reports, time)
