"""serving.answers, table, requested and batch: which answers are final, and that all ways to an answer agree."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_service import (
    DAY,
    LAST,
    MAX_DAYS_BEHIND,
    MODEL,
    REPOSITORY,
    Row,
    all_dates,
    inputs,
    scheduled,
    write_feed,
)  # fmt: skip

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import load_dictionary
from flight_delay.features.columns import Columns
from flight_delay.features.feature import ROW_ID
from flight_delay.serving.answers import Answers, days_behind, predict_flights
from flight_delay.serving.batch import PREDICTED, predict_dates
from flight_delay.serving.builder import build_state
from flight_delay.serving.requested import CheckedSchedules, check_schedules
from flight_delay.serving.state import State, load_state
from flight_delay.serving.table import AnswerTable, list_answers, shortest_decimal

AS_OF = dt.date(2013, 3, 5)
SCHEDULE_ONLY = load_dictionary(REPOSITORY / "references/data_dictionary.yaml").schedule_only()


@pytest.fixture(scope="module")
def state(small_service_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """A state with a shadow, and the folder of the checkout as working folder."""
    states = tmp_path_factory.mktemp("states")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(small_service_once)
        yield load_state(states, build_state(states, AS_OF, inputs(), MODEL, MODEL._replace(version="2")))


@pytest.fixture(scope="module")
def table(state: State) -> AnswerTable:
    return AnswerTable.compute(state)


def take(columns: Columns, rows: Any) -> Columns:
    return {name: column[rows] for name, column in columns.items()}


def check(state: State, rows: list[Row]) -> CheckedSchedules:
    return check_schedules(state, SCHEDULE_ONLY, rows)


@given(minutes=st.lists(st.integers(-5 * 24 * 60, 10 * 24 * 60)))
def test_an_answer_is_final_up_to_the_end_of_the_next_utc_day(state: State, minutes: list[int]) -> None:
    midnight = dt.datetime.combine(AS_OF + 2 * DAY, dt.time())
    departures = [midnight + dt.timedelta(minutes=value) for value in minutes]
    flights: Columns = {"scheduled_departure_utc": np.array(departures, "datetime64[ms]")}
    behind = days_behind(state.model, AS_OF, flights).tolist()
    # A flight that departs on UTC day D is predicted from the outcomes before D - 1.
    assert behind == [max((when.date() - DAY - AS_OF).days, 0) for when in departures]
    assert [days == 0 for days in behind] == [when < midnight for when in departures]


def test_an_evening_flight_departs_on_the_next_day_in_utc_and_guam_is_a_day_ahead(state: State) -> None:
    answers = AnswerTable.compute(state).answers
    behind = dict(zip(answers.flight_id.tolist(), answers.days_behind.tolist(), strict=True))
    date = AS_OF + DAY
    assert {name: behind[f"{date}-{name}"] for name in ("UA-1-EWR-0600", "AA-4-LAX-2200", "AA-10-HNL-2355")} == {
        "UA-1-EWR-0600": 0, "AA-4-LAX-2200": 1, "AA-10-HNL-2355": 1,
    }  # fmt: skip
    assert [behind[f"{date + DAY}-UA-{name}"] for name in ("7-GUM-0700", "8-GUM-1130", "1-EWR-0600")] == [0, 1, 1]


def test_answers_end_where_history_is_too_far_behind(state: State) -> None:
    table = AnswerTable.compute(state)
    behind = dict(zip(table.answers.flight_id.tolist(), table.answers.days_behind.tolist(), strict=True))
    assert set(table.by_flight) == {name for name, days in behind.items() if days <= MAX_DAYS_BEHIND}
    assert set(behind) - set(table.by_flight)
    last = AS_OF + (1 + MAX_DAYS_BEHIND) * DAY  # of departure, UTC
    assert f"{last + DAY}-UA-7-GUM-0700" in table.by_flight
    assert f"{last}-AA-4-LAX-2200" not in table.by_flight
    rows = scheduled(*all_dates(AS_OF, last + 2 * DAY))
    checked = check(state, rows)
    assert set(checked.flights[ROW_ID].tolist()) == set(table.by_flight)
    assert {problem.field for problem in checked.problems} == {"flight_date"}
    assert sorted([*checked.rows, *(problem.row for problem in checked.problems)]) == list(range(len(rows)))


def test_later_states_give_the_same_bits_for_final_answers(state: State, tmp_path: Path) -> None:
    final = np.flatnonzero(days_behind(state.model, AS_OF, state.timetable) == 0)
    flights = take(state.timetable, final)
    assert len(final) > 10
    ours = predict_flights(state.model, AS_OF, flights)
    for days in (1, 2):
        later = load_state(tmp_path, build_state(tmp_path, AS_OF + days * DAY, inputs(), MODEL))
        dates = later.timetable["flight_date"]
        common = np.isin(flights["flight_date"], dates)
        again = predict_flights(later.model, later.as_of, take(flights, common))
        assert again.probability.tobytes() == ours.probability[common].tobytes()
        assert common.any()


@given(data=st.data())
def test_a_flight_has_the_same_bits_alone_and_in_any_order(
    state: State, table: AnswerTable, data: st.DataObject
) -> None:
    rows = data.draw(st.permutations(range(len(table.answers.flight_id))))[: data.draw(st.integers(1, 8))]
    answers = predict_flights(state.model, AS_OF, take(state.timetable, rows))
    assert answers.probability.tobytes() == table.answers.probability[rows].tobytes()


def test_a_schedule_has_the_bits_of_the_same_flight_in_the_timetable(state: State, table: AnswerTable) -> None:
    rows = scheduled(*all_dates(AS_OF, AS_OF + 4 * DAY))
    np.random.default_rng(0).shuffle(rows)
    for requested in (rows, rows[:1], rows[7:9]):
        answers = predict_flights(state.model, AS_OF, check(state, requested).flights)
        places = [table.position[name] for name in answers.flight_id.tolist()]
        assert answers.probability.tobytes() == table.answers.probability[places].tobytes()
        assert answers.days_behind.tolist() == table.answers.days_behind[places].tolist()
    assert len(check(state, rows).rows) == len(table.by_flight)


def test_json_gives_the_same_float32_back() -> None:
    bits = np.random.default_rng(0).integers(0, np.float32(1).view(np.int32), 50_000, np.int32, endpoint=True)
    values = bits.view(np.float32)
    text = json.dumps([shortest_decimal(value) for value in values])
    assert np.array(json.loads(text), np.float32).tobytes() == values.tobytes()
    assert max(map(len, text.strip("[]").split(", "))) <= 14


def test_rows_for_the_database_have_exact_probabilities_and_those_of_the_shadow(state: State) -> None:
    answers = predict_flights(state.model, AS_OF, state.timetable)
    listed = list_answers(state, state.timetable, answers)
    for at, answer in enumerate(listed):
        fields = json.loads(answer.json)
        assert np.float32(fields["probability"]).tobytes() == answers.probability[at].tobytes()
        assert answer.row["probability"] == answers.probability[at] == answer.row["shadow_probability"]
        assert answer.row["flight_id"] == fields["flight_id"] == answers.flight_id[at]
        assert (fields["status"] == "final") == (fields["days_behind"] == 0)
        assert answer.row["predicted_late"] == (answers.probability[at] >= np.float32(0.4)) == fields["predicted_late"]
        assert (answer.row["schedule"], answer.row["fallback"], fields["fallback"]) == (None, False, False)
        assert str(answer.row["flight_date"]) == answer.row["flight_id"][:10]
        assert "shadow_probability" not in fields


def test_a_fallback_has_no_shadow_and_a_schedule_is_stored(state: State) -> None:
    row = scheduled(AS_OF)[0]
    flights = check(state, [row]).flights
    answers = Answers(flights[ROW_ID], np.array([0.25], np.float32), np.array([False]), np.array([0]))
    (answer,) = list_answers(state, flights, answers, schedules=[row], fallback=True)
    assert (answer.row["shadow_probability"], answer.row["fallback"]) == (None, True)
    assert json.loads(answer.row["schedule"]) == row


@pytest.fixture
def later_timetable(tmp_path: Path) -> Path:
    """The timetable of dates after those of the data."""
    return write_feed(tmp_path / "timetable.csv", scheduled(*all_dates(LAST + DAY, LAST + 10 * DAY)))


def test_dates_are_predicted_from_the_states_of_their_utc_days(state: State) -> None:
    first, last = AS_OF - DAY, AS_OF + 2 * DAY
    tables = list(predict_dates(inputs(), MODEL, first, last))
    whole = pa.concat_tables(tables)
    assert [table.schema.equals(PREDICTED) for table in tables] == [True] * 4
    assert [set(table["flight_date"].to_pylist()) for table in tables] == [{date} for date in all_dates(first, last)]
    assert set(whole["days_behind"].to_pylist()) == {0}
    states = {}
    for row in whole.to_pylist():
        states.setdefault(row["state"], set()).add(row["scheduled_departure_utc"].date())
    assert all(len(days) == 1 for days in states.values())
    known = {name: answer.row for name, answer in AnswerTable.compute(state).by_flight.items()}
    compared = [
        row for row in whole.to_pylist() if row["flight_id"] in known and not known[row["flight_id"]]["days_behind"]
    ]
    assert len(compared) > 10
    assert [row["probability"] for row in compared] == [known[row["flight_id"]]["probability"] for row in compared]
    assert {row["predicted_late"] for row in compared} == {True, False}


def test_dates_after_the_data_are_provisional_and_then_refused(state: State, later_timetable: Path) -> None:
    feed = inputs(later_timetable)
    tables = list(predict_dates(feed, MODEL, LAST + DAY, LAST + 3 * DAY))
    assert [sorted(set(table["days_behind"].to_pylist())) for table in tables] == [[0], [0, 1], [0, 1, 2]]
    for days in (4, 5, 10):  # of 4, only evening flights are too late
        with pytest.raises(UserError, match=f"flight {LAST + days * DAY}-"):
            list(predict_dates(feed, MODEL, LAST + days * DAY, LAST + days * DAY))
    with pytest.raises(UserError, match=f"{LAST + 11 * DAY}"):
        list(predict_dates(feed, MODEL, LAST + 11 * DAY, LAST + 11 * DAY))


def test_a_flight_from_guam_is_answered_on_its_last_local_date(state: State, tmp_path: Path) -> None:
    date = LAST + 5 * DAY
    guam = [row for row in scheduled(date) if row["scheduled_departure"] == 700]
    (table,) = predict_dates(inputs(write_feed(tmp_path / "guam.csv", guam)), MODEL, date, date)
    assert table["days_behind"].to_pylist() == [MAX_DAYS_BEHIND]
